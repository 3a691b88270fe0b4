"""Money and currencies as a policy writes them: "120.00 EUR"."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema

from relance.config.values import AsList, text_of, wrong
from relance.money import Money, digits, is_currency

MONEY_PATTERN = r"^\d+(\.\d+)? [A-Z]{3}$"
_SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}


def _money(value: object) -> Money:
    if isinstance(value, Money):
        return value
    if not isinstance(value, str) or len(value) > 40:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else 120
        raise wrong(
            f"{str(value)[:40]} is not money", f'write it with its currency, in quotes: "{number:.2f} EUR"'
        )
    try:
        money = Money.parse(value)
    except ValueError as error:
        what, mend = _money_fault(value, error)
        raise wrong(what, mend) from error
    if money.minor < 0:
        raise wrong(f"{value} is below zero", f'write "{Money(money.currency, -money.minor)}"')
    if money.minor >= 10**15:
        raise wrong(f"{value} is more than any ledger holds", 'write a smaller amount, such as "120.00 EUR"')
    return money


def _money_fault(text: str, error: ValueError) -> tuple[str, str]:
    """What is amiss with money that can't be read, and what to write."""
    currency = text.strip()[-3:]
    if "more decimals" in str(error):
        example = Money(currency, 120 * 10 ** digits(currency))
        return str(error), f'write it with no more decimals than "{example}"'
    guess = _money_guess(text)
    what = f"{text!r} is not money" if "write it as" in str(error) else str(error)
    return what, f'write "{guess}"' if guess else 'write it as "120.00 EUR"'


def _money_guess(text: str) -> str | None:
    """What somebody meant with "120,00 €", "EUR 1 200" or "120.5eur"; None when that is not plain."""
    for symbol, code in _SYMBOLS.items():
        text = text.replace(symbol, code)
    codes = re.findall(r"[A-Za-z]{3,}", text)
    numbers = re.findall(r"\d[\d.,'\u00a0\u202f ]*", text)
    if len(codes) != 1 or len(numbers) != 1 or not is_currency(codes[0].upper()):
        return None
    currency = codes[0].upper()
    scale = digits(currency)
    number = re.sub(r"['\u00a0\u202f ]", "", numbers[0]).rstrip(".,")
    whole, separator, part = number.replace(",", ".").rpartition(".")
    if not separator:
        whole, part = part, ""
    elif len(part) == 3 and number != f"{whole}.{part}":
        # A comma before three digits, or a second separator: thousands.
        whole, part = whole + part, ""
    elif len(part) > scale:
        return None
    decimals = f".{part.ljust(scale, '0')}" if scale else ""
    return f"{int(re.sub('[^0-9]', '', whole) or 0)}{decimals} {currency}"


def _per_currency(amounts: tuple[Money, ...]) -> tuple[Money, ...]:
    currencies = [money.currency for money in amounts]
    twice = sorted({code for code in currencies if currencies.count(code) > 1})
    if twice:
        raise wrong(f"{twice[0]} is listed twice", f"write one amount in {twice[0]}")
    return tuple(sorted(amounts))


MoneyText = Annotated[
    Money,
    PlainValidator(_money),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": MONEY_PATTERN,
            "description": 'An amount, a space and an ISO 4217 currency: "120.00 EUR".',
            "examples": ["120.00 EUR"],
        }
    ),
]
PerCurrency = Annotated[tuple[MoneyText, ...], AsList, AfterValidator(_per_currency)]


def _currency(value: object) -> str:
    text = text_of(value, example='"EUR"')
    if not is_currency(text):
        guess = text.upper() if is_currency(text.upper()) else _SYMBOLS.get(text)
        mend = f"write {guess}" if guess else "write an ISO 4217 code such as EUR, GBP, CHF"
        raise wrong(f"{text!r} is not a currency", mend)
    return text


Currency = Annotated[
    str,
    PlainValidator(_currency),
    WithJsonSchema(
        {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217.", "examples": ["EUR"]}
    ),
]
