"""From the text of a cell to its value: one reader a kind, for one text and for a whole column.

A reader of one text says what is wrong in words; columns are read at once, by distinct values or by
expressions, and the words are asked for only where a cell turned out bad.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl
from babel import Locale

from relance.config.addresses import is_email
from relance.config.places import countries
from relance.ledger.mapping import Mapping
from relance.ledger.tables import Column
from relance.money import digits, is_currency, to_minor

_BOOLEANS = {
    "true": True,
    "yes": True,
    "y": True,
    "1": True,
    "false": False,
    "no": False,
    "n": False,
    "0": False,
}
_EMAIL = (
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$"
)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}|[A-Za-z]{2}|\d{3}))*")
_MOST = 10**15


class CellError(ValueError):
    """A cell that can't be read; the text says what is expected."""


@dataclass(frozen=True, slots=True)
class Formats:
    """How a source writes numbers and dates."""

    decimal: str = "."
    thousands: str = ""
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)

    @classmethod
    def of(cls, mapping: Mapping, *, typed: bool) -> Formats:
        """Those of a mapping; a source with typed cells has had its numbers and dates made plain already."""
        if typed:
            return cls(date_formats=("%Y-%m-%d", *mapping.date_formats))
        return cls(mapping.decimal, mapping.thousands, mapping.date_formats)

    @property
    def number(self) -> str:
        """The pattern of a number."""
        whole = r"\d{1,15}"
        if self.thousands:
            whole = rf"(?:{whole}|\d{{1,3}}(?:{re.escape(self.thousands)}\d{{3}}){{1,4}})"
        return (
            rf"^[+-]?(?:{whole}(?:{re.escape(self.decimal)}\d{{0,18}})?|{re.escape(self.decimal)}\d{{1,18}})$"
        )


# ---------------------------------------------------------------- one text


def read_date(text: str, formats: Formats) -> date:
    """A day, in one of the formats of the source."""
    for pattern in formats.date_formats:
        try:
            day = datetime.strptime(text, pattern).date()  # noqa: DTZ007 — a day has no time zone
        except ValueError:
            continue
        if day.year >= 1900:
            return day
    wanted = " or ".join(datetime(2026, 12, 24).strftime(one) for one in formats.date_formats)  # noqa: DTZ001
    raise CellError(f"is not a date; write it as {wanted}")


def read_bool(text: str) -> bool:
    """True/false, yes/no, y/n, 1/0 in any case."""
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise CellError("is neither yes nor no; write true or false")
    return value


def read_choice(text: str, choices: tuple[str, ...]) -> str:
    """One of a list of words, in any case."""
    if text.lower() not in choices:
        raise CellError(f"is not known here; write one of {', '.join(choices)}")
    return text.lower()


def read_channels(text: str, choices: tuple[str, ...]) -> str:
    """Channels joined by `|`."""
    words = [read_choice(word.strip(), choices) for word in text.split("|") if word.strip()]
    return "|".join(dict.fromkeys(words))


def read_country(text: str) -> str:
    """A country of ISO 3166-1 alpha-2."""
    if text.upper() not in countries():
        raise CellError("is not a country; write its two letters of ISO 3166-1, such as FR")
    return text.upper()


def read_currency(text: str) -> str:
    """A currency of ISO 4217."""
    if not is_currency(text.upper()):
        raise CellError("is not a currency; write its three letters of ISO 4217, such as EUR")
    return text.upper()


def read_language(text: str) -> str:
    """A BCP 47 tag whose language exists."""
    match = _LANGUAGE.fullmatch(text)
    if match is None or match[1].lower() not in Locale("en").languages:
        raise CellError("is not a language; write a BCP 47 tag such as fr or de-AT")
    first, *rest = re.split(r"[-_]", text)
    return "-".join([first.lower(), *(part.title() if len(part) == 4 else part.upper() for part in rest)])


def read_timezone(text: str) -> str:
    """An IANA time zone."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise CellError("is not a time zone; write an IANA name such as Europe/Paris") from error
    return text


def read_email(text: str) -> str:
    """An address that can be one."""
    if not is_email(text):
        raise CellError("can't be an e-mail address; write it as name@company.example")
    return text


def read_iban(text: str) -> str:
    """An account number with right check digits."""
    from stdnum import iban
    from stdnum.exceptions import ValidationError

    try:
        return str(iban.validate(text.upper()))
    except ValidationError as error:
        raise CellError("can't be an IBAN; write it as the bank gives it") from error


def read_whole(text: str) -> int:
    """A whole number."""
    if not re.fullmatch(r"[+-]?\d{1,15}", text):
        raise CellError("is not a whole number; write digits only")
    return int(text)


def read_amount(text: str, currency: str, formats: Formats) -> int:
    """Minor units of a decimal amount, exact."""
    if not re.fullmatch(formats.number, text, re.ASCII):
        raise CellError(f"is not an amount; write it as 1234{formats.decimal}56")
    plain = text.replace(formats.thousands, "").replace(formats.decimal, ".")
    try:
        minor = to_minor(plain, currency)
    except ValueError as error:
        raise CellError(f"has more decimals than {currency} has ({digits(currency)})") from error
    if abs(minor) >= _MOST:
        raise CellError("is more than any ledger holds; write a smaller amount")
    return minor


def reader(column: Column, *, formats: Formats, currency: str | None) -> Callable[[str], object]:
    """The reader of one text of a column. Amounts need their currency; without one they are not judged."""
    match column.kind:
        case "date":
            return lambda text: read_date(text, formats)
        case "choice":
            return lambda text: read_choice(text, column.choices)
        case "channels":
            return lambda text: read_channels(text, column.choices)
        case "amount" | "books_amount":
            return lambda text: read_amount(text, currency or "EUR", formats)
    return _PLAIN_READERS.get(column.kind, str)


_PLAIN_READERS: dict[str, Callable[[str], object]] = {
    "bool": read_bool,
    "country": read_country,
    "currency": read_currency,
    "language": read_language,
    "timezone": read_timezone,
    "email": read_email,
    "iban": read_iban,
    "whole": read_whole,
}

# ---------------------------------------------------------------- a whole column


def read_column(
    cells: pl.Series, column: Column, *, formats: Formats, currencies: pl.Series | None
) -> pl.Series:
    """Values of a column of texts (null where a cell is null or bad), in the column's type.

    Args:
        cells: String.
        column: what they hold.
        formats: how the source writes them.
        currencies: for amounts, the currency of each row; null where it is bad, and the amount then 0.
    """
    match column.kind:
        case "text" | "phone":
            return cells
        case "email":
            fine = cells.str.contains(_EMAIL) & (cells.str.len_bytes() <= 254)
            return cells.set(~fine, None) if not fine.all() else cells
        case "amount" | "books_amount":
            assert currencies is not None
            return _amounts(cells, currencies, formats)
    read = reader(column, formats=formats, currency=None)
    values = {text: _or_none(read, text) for text in cells.drop_nulls().unique()}
    return cells.replace_strict(values, default=None, return_dtype=column.dtype)


def _or_none(read: Callable[[str], object], text: str) -> object:
    try:
        return read(text)
    except CellError:
        return None


@lru_cache(maxsize=512)
def _digits(currency: str) -> int:
    return digits(currency)


def _amounts(cells: pl.Series, currencies: pl.Series, formats: Formats) -> pl.Series:
    """Exact minor units by integer arithmetic, of the whole part and the decimals without end zeros."""
    scales = {currency: _digits(currency) for currency in currencies.drop_nulls().unique()}
    places = currencies.replace_strict(scales, default=None, return_dtype=pl.Int64)
    text = pl.col("text")
    if formats.thousands:
        text = text.str.replace_all(formats.thousands, "", literal=True)
    unsigned = text.str.strip_chars_start("+-")
    parts = unsigned.str.split_exact(formats.decimal, 1)
    decimals = pl.col("decimals").str.strip_chars_end("0")
    frame = (
        pl.DataFrame({"text": cells, "places": places})
        .with_columns(fine=pl.col("text").str.contains(formats.number))
        .with_columns(
            negative=text.str.starts_with("-"),
            whole=parts.struct.field("field_0"),
            decimals=parts.struct.field("field_1").fill_null(""),
        )
        .with_columns(decimals=decimals)
        .with_columns(
            whole=_integer("whole"),
            fraction=_integer("decimals"),
            length=pl.col("decimals").str.len_bytes().cast(pl.Int64),
        )
        .with_columns(fine=pl.col("fine") & (pl.col("length") <= pl.col("places")).fill_null(value=True))
    )
    ten = pl.lit(10, pl.Int64)
    minor = pl.col("whole") * ten.pow(pl.col("places")) + pl.col("fraction") * ten.pow(
        pl.max_horizontal(pl.col("places") - pl.col("length"), 0)
    )
    size = pl.col("whole") < _MOST // ten.pow(pl.col("places"))
    signed = pl.when("negative").then(-minor).otherwise(minor)
    value = (
        pl.when(pl.col("fine") & size).then(signed).when(pl.col("fine") & pl.col("places").is_null()).then(0)
    )
    return frame.select(value.cast(pl.Int64).alias(cells.name)).to_series()


def _integer(column: str) -> pl.Expr:
    cell = pl.col(column)
    return pl.when(cell == "").then(0).otherwise(cell.cast(pl.Int64, strict=False))
