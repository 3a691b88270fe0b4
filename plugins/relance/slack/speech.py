"""Amounts and dates as a channel reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency

from relance.money import to_decimal
from relance.slack.limits import clean, data
from relance.slack.words import WORDS, say, word_or


@dataclass(frozen=True, slots=True)
class Voice:
    """A locale of `words`, and how it writes things."""

    locale: str

    def __call__(self, key: str, **values: object) -> str:
        """The words of `key`."""
        return say(self.locale, key, **values)

    def knows(self, key: str) -> bool:
        """Whether there are words of `key`."""
        return key in WORDS[self.locale]

    def named(self, group: str, name: str | None) -> str:
        """The word for a value such as a level or a reason; the value itself where it has none."""
        return word_or(self.locale, f"{group}.{name}", data(name or "", 40))

    def amount(self, minor: int, currency: str) -> str:
        """1234550, EUR → €12,345.50, in the locale's form."""
        return format_currency(
            to_decimal(minor, currency), currency, locale=self.locale, decimal_quantization=False
        )

    def amounts(self, totals: list[Mapping[str, Any]], column: str) -> list[str]:
        """One line for each currency in which the column isn't 0."""
        return [self.amount(row[column], row["currency"]) for row in totals if row[column]]

    def plain_day(self, day: str | date) -> str:
        """A date in words of the locale, for places where Slack shows text only."""
        return format_date(_date(day), format="medium", locale=self.locale)

    def day(self, day: str | date) -> str:
        """A date that Slack shows in the viewer's own language; noon UTC is the same day nearly everywhere."""
        noon = int(datetime.combine(_date(day), time(12), tzinfo=UTC).timestamp())
        return f"<!date^{noon}^{{date_short}}|{clean(self.plain_day(day), 40)}>"


def _date(day: str | date) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day
