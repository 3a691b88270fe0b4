"""The law as loaded: which rule and which rate hold on a day."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from relance.law.errors import LawError
from relance.law.models import Country, Rounding, Rule
from relance.law.rates import Exchange, Series


@dataclass(frozen=True, slots=True)
class Quote:
    """A rate in per cent a year, the unconfirmed figures it rests on, and whether it is provisional."""

    percent: Decimal
    unverified: tuple[str, ...] = ()
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class LawBook:
    """All countries, series and exchange tables of one `law/` folder; frozen and pure."""

    countries: Mapping[str, Country]
    aliases: Mapping[str, str]
    series: Mapping[str, Series]
    exchanges: Mapping[str, Exchange]

    def country(self, code: str) -> Country:
        """The country of a code or alias (UK → GB), in any case.

        Raises:
            LawError: when no file describes it.
        """
        wanted = code.strip().upper()
        found = self.countries.get(self.aliases.get(wanted, wanted))
        if found is None:
            near = difflib.get_close_matches(wanted, [*self.countries, *self.aliases], n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise LawError(
                f"no late-payment law for {code!r}.",
                hint=f"{hint}Known: {', '.join(sorted(self.countries))}.",
            )
        return found

    def rule(self, country: str, day: date, *, debtor: str = "private") -> Rule:
        """The rule in force on `day`.

        Raises:
            LawError: for an unknown country or kind of debtor, or a day before the first rule.
        """
        found = self.country(country)
        in_force = [rule for start, rule in found.rules(debtor) if start <= day]
        if not in_force:
            raise LawError(f"{found.name} has no rule in force on {day}.")
        return in_force[-1]

    def statutory(self, rule: Rule, day: date) -> Quote:
        """The rate that the law gives on `day`.

        Raises:
            LawError: when the reference series has no usable rate for that half-year.
        """
        if rule.rate is not None:
            return Quote(rule.rate)
        reference = self._reference(str(rule.reference), rule, day)
        percent = reference.percent
        if rule.rounding is not None and rule.rounding.of == "reference":
            percent = _round_up(percent, rule.rounding)
        percent += rule.margin
        if rule.rounding is not None and rule.rounding.of == "rate":
            percent = _round_up(percent, rule.rounding)
        return Quote(percent, reference.unverified, reference.provisional)

    def contractual(self, rule: Rule, agreed: Decimal, day: date) -> Quote:
        """The agreed rate, raised to the legal floor where there is one.

        Raises:
            LawError: where a contract can't set the rate, or the floor's series has no usable rate.
        """
        if not rule.contract_rate.allowed:
            raise LawError(
                f"a contract can't set the rate here ({rule.law}).", hint="Leave the contract rate out."
            )
        floor = rule.contract_rate.floor
        if floor is None:
            return Quote(agreed)
        reference = self._reference(floor.reference, rule, day)
        return Quote(
            max(agreed, reference.percent * floor.factor), reference.unverified, reference.provisional
        )

    def _reference(self, name: str, rule: Rule, day: date) -> Quote:
        half, rate = self.series[name].on(day, allow_provisional=rule.provisional)
        unverified = (f"{name} {half}",) if rate.status == "unverified" else ()
        return Quote(rate.percent, unverified, rate.status == "provisional")


def _round_up(percent: Decimal, rounding: Rounding) -> Decimal:
    """Upwards to the next multiple, exactly: 12.25 to the half point is 12.5, 10.5 stays."""
    return math.ceil(Fraction(percent) / Fraction(rounding.up_to)) * rounding.up_to
