"""What became of a sum that the law gives: accrued, claimed, waived are three facts, kept apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from relance.errors import UsageError
from relance.law.book import LawBook
from relance.law.errors import LawError
from relance.money import Money


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody gave up a part, on a day, for a reason: an act to be answered for."""

    amount: Money
    actor: str
    reason: str
    on: date


@dataclass(frozen=True, slots=True)
class Claim:
    """Interest or the fixed sum on one invoice, in one currency.

    `accrued`: what the law has given up to now. `claimed`: the running total asked for in letters, a fact
    about the past that nothing takes back. `waivers`: what was given up. Each act returns a new claim.
    """

    kind: Literal["interest", "compensation"]
    country: str
    accrued: Money
    claimed: Money
    waivers: tuple[Waiver, ...] = ()
    debtor: str = "private"

    @classmethod
    def open(
        cls,
        *,
        kind: Literal["interest", "compensation"],
        country: str,
        currency: str,
        debtor: str = "private",
    ) -> Claim:
        """A claim of which nothing has accrued yet."""
        nothing = Money(currency, 0)
        return cls(kind=kind, country=country, accrued=nothing, claimed=nothing, debtor=debtor)

    @property
    def waived(self) -> Money:
        """All that was given up."""
        return Money(self.accrued.currency, sum(waiver.amount.minor for waiver in self.waivers))

    @property
    def claimable(self) -> Money:
        """What may be asked for in all: accrued and not waived."""
        return Money(self.accrued.currency, max(0, self.accrued.minor - self.waived.minor))

    @property
    def payable(self) -> Money:
        """What the debtor was asked for and still owes: claimed, as far as it is not waived."""
        return min(self.claimed, self.claimable)

    def accrue(self, total: Money) -> Claim:
        """The law gives `total` up to now. It may fall, where the last day's rate rules all (Ireland)."""
        self._same_currency(total)
        return replace(self, accrued=total)

    def claim(self, total: Money) -> Claim:
        """A letter asks for `total` in all.

        Raises:
            LawError: when that is more than accrued and not waived.
        """
        self._same_currency(total)
        if total > self.claimable:
            raise LawError(
                f"{total} can't be claimed: {self.accrued} accrued, {self.waived} waived.",
                hint=f"Claim {self.claimable} at most.",
            )
        return replace(self, claimed=max(self.claimed, total))

    def waive(self, amount: Money, *, actor: str, reason: str, on: date, book: LawBook) -> Claim:
        """`actor` gives up `amount` for `reason`, where the law of the claim's country lets a creditor do so.

        Whether this person may is decided by the permissions of cases, before.

        Raises:
            LawError: where the country forbids it on that day, or for more than is left.
            UsageError: without an actor, a reason, or an amount above zero.
        """
        self._same_currency(amount)
        if not actor.strip() or not reason.strip() or amount.minor <= 0:
            raise UsageError(
                "a waiver needs who, why and how much.", hint="Give actor, reason and an amount."
            )
        rule = book.rule(self.country, on, debtor=self.debtor)
        if not rule.may_waive:
            name = book.country(self.country).name
            raise LawError(f"{name} does not let a creditor give up this sum ({rule.law}).")
        if amount > self.claimable:
            raise LawError(f"{amount} can't be waived: only {self.claimable} is left.")
        return replace(self, waivers=(*self.waivers, Waiver(amount, actor, reason, on)))

    def _same_currency(self, money: Money) -> None:
        if money.currency != self.accrued.currency:
            raise UsageError(f"this claim is in {self.accrued.currency}, not in {money.currency}.")
