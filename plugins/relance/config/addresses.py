"""E-mail addresses, phone numbers, bank accounts and Slack channels."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from relance.config.values import text_of, wrong

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_SLACK_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}|#[^\sA-Z#@,.:;!?()\[\]{}<>\"'/\\]{1,80}")


def _email(value: object) -> str:
    text = text_of(value, example='"ledger@lumen.example"')
    local = text.partition("@")[0]
    if (
        len(text) > 254
        or not _EMAIL.fullmatch(text)
        or local.startswith(".")
        or local.endswith(".")
        or ".." in local
    ):
        raise wrong(f"{text[:60]!r} is not an e-mail address", "write it as ledger@lumen.example")
    return text


Email = Annotated[
    str,
    PlainValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "examples": ["compta@lumen.example"]}),
]


def is_email(text: str) -> bool:
    """Whether `text` is written as an e-mail address."""
    try:
        return bool(_email(text))
    except PydanticCustomError:
        return False


def _phone(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        raise wrong(f"{value} lost its + because it is a number to YAML", f'write it in quotes: "+{value}"')
    text = text_of(value, example='"+33100000000"')
    bare = re.sub(r"[\s().-]", "", text)
    if not _PHONE.fullmatch(text):
        right = _PHONE.fullmatch(bare)
        mend = (
            f'write "{bare}"'
            if right
            else 'write it with + and the country\'s number, such as "+33100000000"'
        )
        raise wrong(f"{text[:30]!r} is not a phone number in E.164", mend)
    return text


Phone = Annotated[
    str,
    PlainValidator(_phone),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\+[1-9]\d{6,14}$",
            "description": "E.164.",
            "examples": ["+33100000000"],
        }
    ),
]


def _iban(value: object) -> str:
    from stdnum import iban
    from stdnum.exceptions import ValidationError

    text = text_of(value, example='"FR7630006000011234567890189"')
    try:
        return str(iban.validate(text.upper()))
    except ValidationError as error:
        raise wrong(
            f"{text[:40]!r} is not an IBAN ({error})", "write the IBAN as the bank gives it, digits checked"
        ) from error


Iban = Annotated[
    str,
    PlainValidator(_iban),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[A-Za-z]{2}[0-9]{2}[A-Za-z0-9 ]{11,40}$",
            "description": "International bank account number; its check digits are checked.",
            "examples": ["FR7630006000011234567890189"],
        }
    ),
]


def _bic(value: object) -> str:
    from stdnum import bic
    from stdnum.exceptions import ValidationError

    text = text_of(value, example='"AGRIFRPP"')
    try:
        return str(bic.validate(text))
    except ValidationError as error:
        raise wrong(
            f"{text[:20]!r} is not a BIC", "write its 8 or 11 characters, such as AGRIFRPP"
        ) from error


Bic = Annotated[
    str,
    PlainValidator(_bic),
    WithJsonSchema(
        {"type": "string", "pattern": "^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$", "examples": ["AGRIFRPP"]}
    ),
]


def _slack_channel(value: object) -> str:
    text = text_of(value, example='"#collections"')
    if not _SLACK_CHANNEL.fullmatch(text):
        bare = re.sub(r"\s+", "-", text.lstrip("#").lower())
        guess = f"#{bare}" if _SLACK_CHANNEL.fullmatch(f"#{bare}") else "#collections"
        raise wrong(f"{text[:40]!r} is not a Slack channel", f'write its id (C0…) or its name, "{guess}"')
    return text


SlackChannel = Annotated[
    str,
    PlainValidator(_slack_channel),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^([CG][A-Z0-9]{2,}|#.{1,80})$",
            "description": "A channel's id (C0…) or its name in quotes.",
            "examples": ["#collections"],
        }
    ),
]

_WEB = re.compile(r"https?://[^\s<>|\"]+")


def _web_address(value: object) -> str:
    text = text_of(value, example='"https://erp.lumen.example/customers/{payer_id}"')
    if not _WEB.fullmatch(text):
        raise wrong(f"{text[:60]!r} is not a web address", 'write it whole, "https://…"')
    return text


WebAddress = Annotated[
    str, PlainValidator(_web_address), WithJsonSchema({"type": "string", "pattern": '^https?://[^\\s<>|"]+$'})
]
