"""Segment rules that can never match: impossible ones, and those whose payers earlier rules take.

A rule is cut into atoms (one entity, vip or not, one value of each list, one amount of each threshold); it is
dead when every atom is taken by some earlier rule. Sound but not complete: what is called dead is dead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from relance.config.document import Document
from relance.config.models import Conditions, SegmentRule
from relance.config.profiles import PROFILES
from relance.config.reading import Reading
from relance.config.values import nearest
from relance.money import Money

_LISTS = ("country", "segment", "profile", "risk", "payment_method", "signal")
_MOST_ATOMS = 20_000


@dataclass(frozen=True, slots=True)
class _Atom:
    """The smallest part of a rule; None in `values` means any."""

    entity: str
    vip: bool
    values: tuple[str | None, ...]
    outstanding: Money | None
    overdue: Money | None


def warn_of_dead_rules(reading: Reading) -> None:
    """Warn of each rule that can never match, and of each name in a condition that doesn't exist."""
    document, segments = reading.single_documents.get("segments"), reading.segments
    entities = {name: str(one.get("region")) for name, one in reading.documents["entities"].items()}
    if document is None or segments is None or not entities:
        return
    earlier: list[SegmentRule] = []
    for position, rule in enumerate(segments.rules):
        _warn_of_unknown_names(document, position, rule, reading)
        fault = _impossible(rule.when, entities) or _taken(rule, earlier, entities)
        if fault:
            what, mend = fault
            document.warn(("rules", position, "when"), f"rule {rule.name!r} can never match: {what}", mend)
        else:
            earlier.append(rule)


def _warn_of_unknown_names(document: Document, position: int, rule: SegmentRule, reading: Reading) -> None:
    for key, folder in (("entity", "entities"), ("region", "regions")):
        known = reading.ids(folder)
        for number, name in enumerate(getattr(rule.when, key) or ()):
            if name not in known:
                guess = nearest(name, known)
                mend = f"write {guess}" if guess else f"write one of {', '.join(known)}"
                place = ("rules", position, "when", key, number)
                document.warn(place, f"rule {rule.name!r}: there is no {key} {name!r}", mend)
    for number, name in enumerate(rule.when.profile or ()):
        if name not in PROFILES:
            mend = f"write {nearest(name, PROFILES) or 'one of ' + ', '.join(PROFILES)}"
            place = ("rules", position, "when", "profile", number)
            document.warn(place, f"rule {rule.name!r}: there is no profile {name!r}", mend)


def _admitted(when: Conditions, entities: dict[str, str]) -> set[str]:
    return {
        name
        for name, region in entities.items()
        if (when.entity is None or name in when.entity) and (when.region is None or region in when.region)
    }


def _impossible(when: Conditions, entities: dict[str, str]) -> tuple[str, str] | None:
    for key in ("entity", "region", *_LISTS):
        if getattr(when, key) == ():
            return f"{key} lists nothing", f"write a value in {key}, or delete {key}"
    if not _admitted(when, entities):
        keys = [key for key in ("entity", "region") if getattr(when, key) is not None]
        return f"no entity fits its {' and '.join(keys)}", f"write {' and '.join(keys)} that belong together"
    return None


def _taken(
    rule: SegmentRule, earlier: Sequence[SegmentRule], entities: dict[str, str]
) -> tuple[str, str] | None:
    admitted = [_admitted(one.when, entities) for one in earlier]
    takers: dict[str, None] = {}
    for atom in _atoms(rule.when, admitted, entities):
        taker = next(
            (
                one.name
                for one, names in zip(earlier, admitted, strict=True)
                if atom.entity in names and _takes(one.when, atom)
            ),
            None,
        )
        if taker is None:
            return None
        takers[taker] = None
    names = " and ".join(repr(name) for name in takers)
    return (
        f"{names} before it {'takes' if len(takers) == 1 else 'take'} every such payer",
        "move it up, or delete it",
    )


def _atoms(when: Conditions, admitted: Sequence[set[str]], entities: dict[str, str]) -> Iterator[_Atom]:
    # Entities that the earlier rules treat alike are one: two hundred of them cost no more than a few.
    alike = {tuple(name in names for names in admitted): name for name in sorted(_admitted(when, entities))}
    axes: list[Sequence[object]] = [list(alike.values()), [True, False] if when.vip is None else [when.vip]]
    axes += [getattr(when, key) or (None,) for key in _LISTS]
    axes += [when.outstanding_over or (None,), when.overdue_over or (None,)]
    if prod(len(axis) for axis in axes) > _MOST_ATOMS:
        # Nobody writes such lists by hand; taken whole, a rule is called dead a little less often.
        axes[2:] = [(None,)] * (len(_LISTS) + 2)
    for entity, vip, *values, outstanding, overdue in product(*axes):
        yield _Atom(
            str(entity),
            vip=bool(vip),
            values=tuple(None if value is None else str(value) for value in values),
            outstanding=outstanding if isinstance(outstanding, Money) else None,
            overdue=overdue if isinstance(overdue, Money) else None,
        )


def _takes(when: Conditions, atom: _Atom) -> bool:
    """Whether every payer of the atom fulfils `when` (entity and region aside)."""
    if when.vip is not None and when.vip != atom.vip:
        return False
    for key, value in zip(_LISTS, atom.values, strict=True):
        listed = getattr(when, key)
        if listed is not None and value not in listed:
            return False
    # What is overdue is outstanding too.
    outstanding = _reaches(when.outstanding_over, atom.outstanding) or _reaches(
        when.outstanding_over, atom.overdue
    )
    return outstanding and _reaches(when.overdue_over, atom.overdue)


def _reaches(thresholds: tuple[Money, ...], amount: Money | None) -> bool:
    """Whether a total above `amount` is above one of the thresholds; none listed, always."""
    if not thresholds:
        return True
    return amount is not None and any(
        one.currency == amount.currency and one.minor <= amount.minor for one in thresholds
    )
