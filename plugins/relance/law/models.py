"""A country's rule as its YAML file states it: every part of the regime, none of it in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from relance.law.daycount import DayCount
from relance.law.errors import LawError
from relance.money import Money, is_currency

Fixing = Literal["floating", "frozen_at_start", "frozen_at_payment", "fixed"]


def _money(value: object) -> object:
    if isinstance(value, Money):
        return value
    return Money.parse(str(value))


def _decimal(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError('write a plain number such as 8 or 9.2, or "9.2"')  # noqa: TRY004 — pydantic wants ValueError
    return value


def _currency(value: object) -> object:
    if not (isinstance(value, str) and is_currency(value)):
        raise ValueError(f"{value!r} is not an ISO 4217 currency")
    return value


MoneyText = Annotated[Money, BeforeValidator(_money)]
Number = Annotated[Decimal, BeforeValidator(_decimal)]
CurrencyCode = Annotated[str, BeforeValidator(_currency)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Rounding(_Part):
    """`of` what, upwards to the next multiple of `up_to` (points)."""

    of: Literal["reference", "rate"]
    up_to: Annotated[Number, Field(gt=0)]


class Floor(_Part):
    """The lowest contractual rate: `factor` × the series `reference`."""

    reference: str
    factor: Annotated[Number, Field(gt=0)]


class ContractRate(_Part):
    """Whether a contract may set the rate, and how low."""

    allowed: bool = True
    floor: Floor | None = None


class Tier(_Part):
    """A fixed sum for claims under `below`, or up to `up_to` inclusive; the last tier has neither."""

    amount: MoneyText
    below: MoneyText | None = None
    up_to: MoneyText | None = None

    @property
    def limit(self) -> Money | None:
        """The bound, whichever of the two is given."""
        return self.below or self.up_to

    def holds(self, claim: Money) -> bool:
        """Whether a claim in the bound's currency, above the tiers before, falls into this one."""
        if self.below is not None:
            return claim.minor < self.below.minor
        return self.up_to is None or claim.minor <= self.up_to.minor


class Band(_Part):
    """A part of the claim, up to `up_to` inclusive, of which `percent` is due."""

    percent: Annotated[Number, Field(ge=0)]
    up_to: MoneyText | None = None


class PaidIn(_Part):
    """The fixed sum is paid in another currency than it is named in, at a rate from `exchange/`."""

    currency: CurrencyCode
    exchange: str


class Compensation(_Part):
    """The fixed sum for recovery costs: by tiers or by a degressive scale with a minimum and a maximum."""

    tiers: tuple[Tier, ...] = ()
    scale: tuple[Band, ...] = ()
    minimum: MoneyText | None = None
    maximum: MoneyText | None = None
    paid_in: PaidIn | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if bool(self.tiers) == bool(self.scale):
            raise ValueError("write either `tiers` or `scale`")
        bounds = [tier.limit for tier in self.tiers] if self.tiers else [band.up_to for band in self.scale]
        if any(bound is None for bound in bounds[:-1]) or bounds[-1] is not None:
            raise ValueError("every line but the last needs an upper bound, the last has none")
        rising = [bound for bound in bounds if bound is not None]
        if any(a.currency != b.currency or a.minor >= b.minor for a, b in pairwise(rising)):
            raise ValueError("upper bounds must rise, in one currency")
        return self


class Rule(_Part):
    """One regime of late interest, for one kind of debtor over some days. Rates and margins in per cent."""

    law: str = Field(min_length=1)
    source: str = Field(min_length=1)
    reference: str | None = None
    rate: Number | None = None
    margin: Number = Decimal(0)
    rounding: Rounding | None = None
    fixing: Fixing
    compounding: Literal["simple", "yearly"] = "simple"
    day_count: DayCount = "actual/365"
    compensation: Compensation | None
    contract_rate: ContractRate = ContractRate()
    may_waive: bool
    provisional: bool = False
    unverified: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.fixing == "fixed") != (self.rate is not None) or (self.rate is None) == (
            self.reference is None
        ):
            raise ValueError("write `fixing: fixed` with a `rate`, or another fixing with a `reference`")
        if self.compounding == "yearly" and self.fixing == "frozen_at_payment":
            raise ValueError("yearly compounding needs a rate that is known before the payment")
        return self


@dataclass(frozen=True, slots=True)
class Country:
    """A country's rules: for each kind of debtor, (in force from, rule), oldest first."""

    code: str
    name: str
    debtors: Mapping[str, tuple[tuple[date, Rule], ...]]

    def rules(self, debtor: str) -> tuple[tuple[date, Rule], ...]:
        """The dated rules for one kind of debtor; public buyers are as private ones where the file is silent.

        Raises:
            LawError: for a kind of debtor that the country's file doesn't know.
        """
        if debtor in self.debtors:
            return self.debtors[debtor]
        if debtor == "public":
            return self.debtors["private"]
        raise LawError(
            f"{self.name} has no rule for the kind of debtor {debtor!r}.",
            hint=f"Known: {', '.join(sorted({*self.debtors, 'public'}))}.",
        )
