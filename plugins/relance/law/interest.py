"""Late interest and the fixed sum on one claim: pure, exact, rounded once at the end, half up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from relance.errors import UsageError
from relance.law.balance import Stretch, net_payments, parts_by_payment, stretches
from relance.law.book import LawBook, Quote
from relance.law.compensation import FixedSum, fixed_sum
from relance.law.daycount import ONE_DAY, anniversaries, days_between, half_year_ends, year_fraction
from relance.law.models import Rule
from relance.money import Money, round_half_up


@dataclass(frozen=True, slots=True)
class RatePeriod:
    """Days `start` … `end`, both counted, at one rate (per cent a year) on one base (minor units).

    `interest` is rounded so that the periods of a claim add up to its total.
    """

    start: date
    end: date
    days: int
    rate: Decimal
    base: int
    interest: int


@dataclass(frozen=True, slots=True)
class Interest:
    """What the law gives on one claim. `exact` is the interest before rounding, in minor units.

    `compensation` is in its own currency; None with `compensation_missing` when saying it would be guessing.
    `unverified` names the figures and parts of the rule that nobody has confirmed.
    """

    country: str
    debtor: str
    law: str
    interest: int
    currency: str
    compensation: int | None
    compensation_currency: str | None
    compensation_missing: str | None
    rate_periods: tuple[RatePeriod, ...]
    provisional: bool
    unverified: tuple[str, ...]
    exact: Fraction

    def as_json(self) -> dict[str, Any]:
        """The public form of `relance interest --json`: minor units, per cent, ISO dates."""
        return {
            "country": self.country,
            "debtor": self.debtor,
            "law": self.law,
            "interest": self.interest,
            "compensation": self.compensation,
            "currency": self.currency,
            "compensation_currency": self.compensation_currency,
            "compensation_missing": self.compensation_missing,
            "rate_periods": [
                {
                    "from": period.start.isoformat(),
                    "to": period.end.isoformat(),
                    "days": period.days,
                    "rate": float(period.rate),  # JSON has one kind of number; the shortest form is the rate
                    "base": period.base,
                    "interest": period.interest,
                }
                for period in self.rate_periods
            ],
            "provisional": self.provisional,
            "unverified": list(self.unverified),
        }


@dataclass(frozen=True, slots=True)
class _Accrual:
    """One stretch with its base (capitalised interest included), rate and exact interest."""

    stretch: Stretch
    base: Fraction
    quote: Quote
    interest: Fraction


@dataclass(frozen=True, slots=True)
class _Claim:
    book: LawBook
    country: str
    debtor: str
    amount: Money
    due: date
    until: date
    payments: Sequence[tuple[date, int]]
    contract_rate: Decimal | None
    rule: Rule

    @property
    def floating(self) -> bool:
        """Whether the rate of each day is that day's own."""
        by_contract = self.contract_rate is not None and self.rule.contract_rate.floor is None
        return self.rule.fixing == "floating" and not by_contract

    def quote(self, stretch: Stretch) -> Quote:
        """The rate of a stretch: of its days, of the day interest began, or of the day of payment."""
        if self.rule.fixing == "frozen_at_payment":
            day = stretch.until
        else:
            day = stretch.after + ONE_DAY if self.floating else self.due + ONE_DAY
        rule = self.book.rule(self.country, day, debtor=self.debtor)
        if self.contract_rate is not None:
            return self.book.contractual(rule, self.contract_rate, day)
        return self.book.statutory(rule, day)


def late_interest(
    book: LawBook,
    *,
    country: str,
    amount: Money,
    due: date,
    until: date,
    payments: Sequence[tuple[date, int]] = (),
    contract_rate: Decimal | None = None,
    debtor: str = "private",
) -> Interest:
    """Interest from the day after `due` to `until`, both counted, and the fixed sum for recovery costs.

    Args:
        book: the law as loaded.
        country: code of the country whose law governs, or an alias of it.
        amount: the claim, tax included, as it was on the due date.
        due: the day by which it was to be paid.
        until: the last day that bears interest: today, or the day of payment.
        payments: (value date, minor units); the day of payment still bears interest on the full base.
            Negative amounts take payments back. Payments after `until` have not happened yet.
        contract_rate: the agreed rate in per cent; raised to the legal floor where the law has one.
        debtor: `private`, `public`, or another kind that the country's file describes.

    Raises:
        LawError: when a half-year has no usable rate, or the law knows no such country, debtor or contract.
        UsageError: for a negative claim or rate, or more money taken back than paid.
    """
    if amount.minor < 0 or (contract_rate is not None and contract_rate < 0):
        raise UsageError(
            "a claim and a contract rate are not negative.", hint="Give a credit note as a payment."
        )
    found = book.country(country)
    rule = book.rule(found.code, due + ONE_DAY, debtor=debtor)
    if contract_rate is not None and not rule.contract_rate.allowed:
        book.contractual(rule, contract_rate, due)
    claim = _Claim(
        book, found.code, debtor, amount, due, until, net_payments(payments, until=until), contract_rate, rule
    )
    return _result(claim, list(_accrue(claim)) if until > due else [])


def _accrue(claim: _Claim) -> Iterator[_Accrual]:
    if claim.rule.compounding == "yearly":
        return _compound(claim)
    return _simple(claim)


def _simple(claim: _Claim) -> Iterator[_Accrual]:
    for stretch in _stretches(claim):
        if stretch.principal:
            quote = claim.quote(stretch)
            base = Fraction(stretch.principal)
            yield _Accrual(stretch, base, quote, _interest(claim, stretch, base, quote))


def _compound(claim: _Claim) -> Iterator[_Accrual]:
    """Each year's interest joins the base on the due date's anniversary; payments lower the principal."""
    year_ends = set(anniversaries(claim.due, claim.until))
    capitalised = this_year = Fraction(0)
    for stretch in _stretches(claim, cuts=year_ends):
        base = stretch.principal + capitalised
        if base:
            quote = claim.quote(stretch)
            accrued = _interest(claim, stretch, base, quote)
            this_year += accrued
            yield _Accrual(stretch, base, quote, accrued)
        if stretch.until in year_ends:
            capitalised += this_year
            this_year = Fraction(0)


def _stretches(claim: _Claim, *, cuts: Iterable[date] = ()) -> list[Stretch]:
    if claim.rule.fixing == "frozen_at_payment":
        return parts_by_payment(claim.amount.minor, due=claim.due, until=claim.until, payments=claim.payments)
    changes: list[date] = [*cuts]
    if claim.floating:
        changes += half_year_ends(claim.due, claim.until)
        rules = claim.book.country(claim.country).rules(claim.debtor)
        changes += [start - timedelta(days=1) for start, _ in rules if start > claim.due]
    return stretches(
        claim.amount.minor, due=claim.due, until=claim.until, payments=claim.payments, cuts=changes
    )


def _interest(claim: _Claim, stretch: Stretch, base: Fraction, quote: Quote) -> Fraction:
    years = year_fraction(stretch.after, stretch.until, claim.rule.day_count)
    return base * Fraction(quote.percent) / 100 * years


def _result(claim: _Claim, accruals: Sequence[_Accrual]) -> Interest:
    fixed, late = _fixed_sum(claim)
    exact = sum((accrual.interest for accrual in accruals), Fraction(0))
    rests_on = {figure for accrual in accruals for figure in accrual.quote.unverified} | {*fixed.unverified}
    if late:
        rests_on |= {f"{claim.country} {part}" for part in claim.rule.unverified}
    return Interest(
        country=claim.country,
        debtor=claim.debtor,
        law=claim.rule.law,
        interest=_half_up(exact),
        currency=claim.amount.currency,
        compensation=fixed.amount.minor if fixed.amount else None,
        compensation_currency=fixed.amount.currency if fixed.amount else None,
        compensation_missing=fixed.missing,
        rate_periods=tuple(_periods(claim, accruals)),
        provisional=fixed.provisional or any(accrual.quote.provisional for accrual in accruals),
        unverified=tuple(sorted(rests_on)),
        exact=exact,
    )


def _fixed_sum(claim: _Claim) -> tuple[FixedSum, bool]:
    """The fixed sum, and whether anything was unpaid on the day after the due date."""
    unpaid = claim.amount.minor - sum(paid for day, paid in claim.payments if day <= claim.due)
    if claim.until <= claim.due or unpaid <= 0:
        return FixedSum(Money(claim.amount.currency, 0)), False
    fixed = fixed_sum(
        claim.book,
        claim.rule.compensation,
        claim=Money(claim.amount.currency, unpaid),
        due=claim.due,
        allow_provisional=claim.rule.provisional,
    )
    return fixed, True


def _periods(claim: _Claim, accruals: Sequence[_Accrual]) -> Iterator[RatePeriod]:
    """Rounded along the running total, so that the cents of the periods add up to the claim's."""
    total, shown = Fraction(0), 0
    for accrual in accruals:
        total += accrual.interest
        rounded = _half_up(total)
        stretch = accrual.stretch
        yield RatePeriod(
            start=stretch.after + ONE_DAY,
            end=stretch.until,
            days=days_between(stretch.after, stretch.until, claim.rule.day_count),
            rate=accrual.quote.percent,
            base=_half_up(accrual.base),
            interest=rounded - shown,
        )
        shown = rounded


def _half_up(value: Fraction) -> int:
    """Half up by the house's rule: sixty digits are exact for a tie and far from one for anything else."""
    with localcontext(prec=60):
        return round_half_up(Decimal(value.numerator) / Decimal(value.denominator))
