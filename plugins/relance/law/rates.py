"""Dated tables: reference rates by half-year, exchange rates by due month. What isn't in them is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from relance.law.daycount import Half
from relance.law.errors import LawError

Status = Literal["confirmed", "unverified", "provisional"]
STATUSES: tuple[Status, ...] = ("confirmed", "unverified", "provisional")


@dataclass(frozen=True, slots=True)
class Rate:
    """One published figure: per cent a year, how sure we are of it, and where it was read."""

    percent: Decimal
    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class Series:
    """A reference series, one rate a half-year."""

    name: str
    rates: Mapping[Half, Rate]

    def on(self, day: date, *, allow_provisional: bool) -> tuple[Half, Rate]:
        """The rate of the half-year in which `day` falls.

        Raises:
            LawError: when the half-year has no rate, or a provisional one that the country doesn't accept.
        """
        half = Half.of(day)
        rate = self.rates.get(half)
        if rate is None:
            raise LawError(
                f"no rate of {self.name} for {half}, and none is guessed.",
                hint=f"Add the published rate to law/rates/{self.name}.csv as: {half},RATE,confirmed,SOURCE",
            )
        if rate.status == "provisional" and not allow_provisional:
            raise LawError(
                f"the rate of {self.name} for {half} is provisional.",
                hint="Confirm it in the table, or write `provisional: true` in the country's rule.",
            )
        return half, rate


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """A published mid rate: units of the national currency for one unit of the other."""

    rate: Decimal
    published: date
    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """The exchange rates that a law names, one a due month (year, month)."""

    name: str
    rates: Mapping[tuple[int, int], ExchangeRate]
