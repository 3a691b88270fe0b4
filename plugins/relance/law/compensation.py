"""The fixed sum for recovery costs: by size of the claim, in its own currency, never converted unasked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from relance.law.book import LawBook
from relance.law.models import Compensation, PaidIn
from relance.money import Money, round_half_up, to_decimal, to_minor


@dataclass(frozen=True, slots=True)
class FixedSum:
    """What is due, or None with the reason why it can't be said; `unverified`: figures nobody confirmed."""

    amount: Money | None
    missing: str | None = None
    unverified: tuple[str, ...] = ()
    provisional: bool = False


def fixed_sum(
    book: LawBook, rule: Compensation | None, *, claim: Money, due: date, allow_provisional: bool = False
) -> FixedSum:
    """The fixed sum for a claim unpaid on the day after `due`; zero where the law gives none."""
    if rule is None:
        return FixedSum(Money(claim.currency, 0))
    measured_in = _bound_currency(rule)
    if measured_in is not None and measured_in != claim.currency:
        return FixedSum(
            None,
            f"the sum depends on the claim's size in {measured_in}, the claim is in {claim.currency}, "
            "and no conversion is laid down",
        )
    named = _by_tier(rule, claim) if rule.tiers else _by_scale(rule, claim)
    if rule.paid_in is None:
        return FixedSum(named)
    return _exchanged(book, rule.paid_in, named, due, allow_provisional=allow_provisional)


def _bound_currency(rule: Compensation) -> str | None:
    """The currency in which the claim's size is looked at; None for a sum that is the same for all."""
    first = rule.tiers[0].limit if rule.tiers else rule.scale[0].up_to
    if first is not None:
        return first.currency
    return rule.minimum.currency if rule.minimum else None


def _by_tier(rule: Compensation, claim: Money) -> Money:
    return next(tier.amount for tier in rule.tiers if tier.holds(claim))


def _by_scale(rule: Compensation, claim: Money) -> Money:
    total, low = Decimal(0), 0
    for band in rule.scale:
        high = claim.minor if band.up_to is None else min(claim.minor, band.up_to.minor)
        total += Decimal(max(0, high - low)) * band.percent / 100
        low = max(low, high)
    minor = round_half_up(total)
    if rule.minimum is not None:
        minor = max(minor, rule.minimum.minor)
    if rule.maximum is not None:
        minor = min(minor, rule.maximum.minor)
    return Money(claim.currency, minor)


def _exchanged(
    book: LawBook, paid_in: PaidIn, named: Money, due: date, *, allow_provisional: bool
) -> FixedSum:
    rate = book.exchanges[paid_in.exchange].rates.get((due.year, due.month))
    if rate is None or (rate.status == "provisional" and not allow_provisional):
        return FixedSum(
            None,
            f"{named} is paid in {paid_in.currency}, and exchange/{paid_in.exchange}.csv has no usable rate "
            f"for claims due in {due:%Y-%m}",
        )
    exact = to_decimal(named.minor, named.currency) * rate.rate
    scale = to_minor(Decimal(1), paid_in.currency)
    unverified = (f"{paid_in.exchange} {due:%Y-%m}",) if rate.status == "unverified" else ()
    amount = Money(paid_in.currency, round_half_up(exact * scale))
    return FixedSum(amount, unverified=unverified, provisional=rate.status == "provisional")
