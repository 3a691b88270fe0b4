"""The plain kinds of value that a policy file holds, each with its check and the words that mend it.

Every check refuses through `wrong(what, write)`: what is amiss, and what to write instead. The JSON Schema of
each kind stands beside its check so that an editor says the same. Money, places, times and addresses have
modules of their own, made alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

T = TypeVar("T")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def wrong(what: str, write: str) -> PydanticCustomError:
    """The error of a value: `what` is amiss, and what to `write` instead ("write …")."""
    return PydanticCustomError("policy", "{what}", {"what": what, "mend": write})


def nearest(word: str, known: Iterable[object], *, likeness: float = 0.5) -> str | None:
    """The known word that `word` most likely means, or None."""
    words = {str(one).casefold(): str(one) for one in known}
    found = get_close_matches(word.casefold(), list(words), n=1, cutoff=likeness)
    return words[found[0]] if found else None


def text_of(value: object, *, example: str) -> str:
    """The text that stands here, without blanks around it; refuses what is not text."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | int | float):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        raise wrong(f"{shown} stands where text is wanted", f'write it in quotes: "{shown}"')
    what = "nothing" if value is None else "a list or keys"
    raise wrong(f"{what} stands where text is wanted", f"write text, such as {example}")


def _list(value: object) -> object:
    """A list, or the refusal of a lone value where a list is wanted."""
    if isinstance(value, str | int | float):
        shown = f'"{value}"' if " " in str(value) else value
        raise wrong(f"{value} stands alone where a list is wanted", f"write [{shown}]")
    if not isinstance(value, list | tuple):
        raise wrong("a list is wanted here", "write [] for none, or the values between [ and ]")
    return tuple(value)


def _identifier(value: object) -> str:
    text = text_of(value, example='"FR01"')
    if not _IDENTIFIER.fullmatch(text):
        bare = re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_.-")[:64]
        raise wrong(
            f"{text[:64]!r} is not an id",
            f"write letters, digits, _ and - only{f', such as {bare}' if bare else ''}",
        )
    return text


Identifier = Annotated[
    str,
    PlainValidator(_identifier),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"}),
]


def _name(value: object) -> str:
    text = text_of(value, example='"Lumen SAS"')
    if not text:
        raise wrong("the text is empty", "write some text, or leave the key out if it may be absent")
    return text


Text = Annotated[str, PlainValidator(_name), WithJsonSchema({"type": "string", "minLength": 1})]


def _flag(value: object) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise wrong(f"{str(value)[:20]!r} is neither true nor false", "write true or false")


Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        shown = "nothing" if value is None else repr(value)[:40]
        guess = round(value) if isinstance(value, float) and abs(value) < 1e9 else None
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()):
            guess = int(value)
        raise wrong(
            f"{shown} is not a whole number",
            f"write {guess if guess is not None else 'a whole number, such as 7'}",
        )
    return value


# Bounds keep dates within the calendar and counts within 32 bits of a frame.
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=1_000_000_000)]
Days = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=36_500)]
Day = Annotated[int, BeforeValidator(_whole), Field(ge=-3650, le=3650)]


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        percent = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", str(value).strip())
        mend = (
            f"write {float(percent[1]) / 100:g}"
            if percent and len(percent[1]) < 9
            else "write a number such as 0.05"
        )
        raise wrong(f"{str(value)[:20]!r} is not a share", mend)
    if not 0 <= value <= 1:
        mend = f"write {value / 100:g}" if 1 < value <= 100 else "write a number from 0 to 1"
        raise wrong(f"{value:g} is not between 0 and 1", mend)
    return float(value)


Share = Annotated[
    float,
    PlainValidator(_share),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1, "description": "A share: 0.05 is 5 %."}),
]


AsList = BeforeValidator(_list)


def _no_repeats(values: tuple[T, ...]) -> tuple[T, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise wrong(f"{value} is listed twice", f"write {value} once")
    return values


Once = AfterValidator(_no_repeats)
