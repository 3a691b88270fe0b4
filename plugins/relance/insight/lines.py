"""Cases as lines of a digest, and the days by which something must be done about them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from relance.cases.overdue import days_late
from relance.cases.reading import Case
from relance.insight.disputed import KIND as DISPUTE
from relance.insight.disputed import disputed_amounts
from relance.slack.digest import Deadline, Line, sums_of

TOP = 5
"""Payers that a digest names as the largest."""
_BROKEN = ("open", "broken")


def line_of(case: Case, *, on: date, currency: str) -> Line:
    """A case in a list: a dispute with what is contested, any other with what its payer is overdue by.

    `currency`: that of the books, whose amount goes first.
    """
    if case.kind == DISPUTE:
        found = [(amount, code) for code, amount in disputed_amounts(case).items() if amount]
        amounts = tuple(sorted(found, key=lambda one: (one[1] != currency, one[1])))
    else:
        amounts = sums_of(case.facts.get("totals") or (), "overdue", currency)
    return Line(
        case_id=case.case_id, kind=case.kind, payer=payer_name(case), payer_id=case.payer_id, amounts=amounts,
        owner=case.owner, reason=case.closed_reason if case.state == "closed" else None,
        days_late=days_late(case.facts, on),
    )  # fmt: skip


def payer_name(case: Case) -> str:
    """The payer's name as the ledger has it, else its id; of a case about no payer (data) the entity."""
    return str((case.facts.get("payer") or {}).get("name") or case.payer_id or case.entity)


def weight(line: Line, currency: str) -> tuple[int, int]:
    """What makes a line go before others: the amount in the books' currency, then the largest other. No rate is guessed."""
    own = next((minor for minor, code in line.amounts if code == currency), 0)
    return own, max((minor for minor, code in line.amounts if code != currency), default=0)


def heaviest_first(lines: Iterable[Line], currency: str) -> list[Line]:
    """Lines by weight, the heaviest first."""
    return sorted(lines, key=lambda one: (tuple(-part for part in weight(one, currency)), one.case_id))


def largest(cases: Iterable[Case], *, on: date, currency: str) -> tuple[Line, ...]:
    """The payers with most overdue, each once, under the first of its cases."""
    by_payer: dict[str, Line] = {}
    for case in cases:
        if case.kind != DISPUTE and case.payer_id not in by_payer:
            by_payer[case.payer_id] = line_of(case, on=on, currency=currency)
    overdue = [one for one in by_payer.values() if one.amounts]
    return tuple(heaviest_first(overdue, currency)[:TOP])


def deadlines(cases: Iterable[Case], *, on: date, currency: str) -> tuple[Deadline, ...]:
    """What must come or be done on the day, or should have been: the longest waited for first.

    A case that somebody lets rest waits for nobody.
    """
    found = [
        Deadline(line_of(case, on=on, currency=currency), what, day)
        for case in cases
        if not is_resting(case, on)
        for what, day in _due(case)
        if day <= on
    ]
    return tuple(sorted(found, key=lambda one: (one.on, one.line.case_id)))


def is_resting(case: Case, on: date) -> bool:
    """Whether somebody lets the case rest on that day."""
    return case.snoozed_until is not None and case.snoozed_until >= on


def overdue_by_currency(cases: Sequence[Case]) -> dict[str, int]:
    """What the payers of these cases are overdue by, each payer once."""
    sums: dict[str, int] = {}
    for case in {case.payer_id: case for case in cases}.values():
        for row in case.facts.get("totals") or ():
            if row.get("overdue"):
                sums[row["currency"]] = sums.get(row["currency"], 0) + int(row["overdue"])
    return dict(sorted(sums.items()))


def _due(case: Case) -> Iterator[tuple[str, date]]:
    """The days of a case, each with what is to happen by then."""
    if case.kind == "promise":
        days = [one["due_on"] for one in case.facts.get("promises") or () if one["state"] in _BROKEN]
        yield from (("promise", date.fromisoformat(min(days))),) if days else ()
    elif case.kind == "approval" and case.facts.get("expires_on"):
        yield "approval", date.fromisoformat(case.facts["expires_on"])
    elif case.kind == "call":
        # A call is to be made from the day on which its case opens; `due_on` is the last day on which it still may.
        again = case.details.get("next_on")
        yield "call", date.fromisoformat(again) if again else case.opened_on
    elif case.due_on is not None:
        yield DISPUTE if case.kind == DISPUTE else "case", case.due_on
