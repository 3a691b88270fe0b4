"""A dispute taken down, by a person or by the payer itself: checked, put on a case of its own, and a hold on what is contested.

Of an invoice a part may be contested: dunning rests for the part, and the rest goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.disputed import KIND, PLATFORM, Contested, dispute_facts, disputed_items
from relance.cases.disputes import end_dispute, hold_disputed, reopen_dispute
from relance.cases.holding import lift_holds
from relance.cases.permissions import check_allowed, check_person, colleagues_of
from relance.cases.promising import items_named, ledger_on
from relance.cases.reading import Case, list_cases, lock_payer, read_case
from relance.cases.record import Draft, Journal, open_cases, update_case
from relance.cases.work import calendar_of
from relance.config.policy import Policy
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store.uow import UnitOfWork

__all__ = ["NOT_STATED", "REASONS", "contest", "dispute", "end_dispute", "reopen_dispute"]

REASONS = (
    "price", "quantity", "quality", "not_received", "not_ordered", "duplicate", "already_paid", "wrong_address_or_entity",
    "missing_po", "contract", "other",
)  # fmt: skip
"""Why a payer contests, as a person takes it down."""
NOT_STATED = "not_stated"
"""The reason of a payer that gave none, by keypad or in its own words."""
LONGEST_TEXT = 3000
MOST_EVIDENCE = 20
LONGEST_EVIDENCE = 500
SHOWN = 5
"""Invoices that a refusal names."""
_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is contested: `parts` in minor units by item, each at most what is open; `whole`: items contested in all."""

    reason: str
    items: pl.DataFrame
    parts: Mapping[str, int]
    text: str | None = None
    evidence: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return sorted(self.items["invoice_id"])

    @property
    def whole(self) -> list[str]:
        return [name for name in self.names if name not in self.parts]

    def details(self) -> dict[str, Any]:
        """As the case keeps it."""
        opened = dict(self.items.select("invoice_id", "open").iter_rows())
        currencies = sorted(self.items["currency"].unique())
        return {
            "reason": self.reason,
            "amounts": {name: self.parts.get(name, opened[name]) for name in self.names},
            "whole": self.whole,
            "currency": currencies[0] if len(currencies) == 1 else None,
            "currencies": dict(self.items.sort("invoice_id").select("invoice_id", "currency").iter_rows()),
            "evidence": list(self.evidence),
            "text": self.text,
        }

    def totals(self) -> list[Money]:
        """What is contested, by currency."""
        sums: dict[str, int] = {}
        for name, opened, currency in self.items.select("invoice_id", "open", "currency").iter_rows():
            sums[currency] = sums.get(currency, 0) + self.parts.get(name, opened)
        return [Money(currency, sums[currency]) for currency in sorted(sums)]


def dispute(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    by: str,
    on_date: date,
    reason: str,
    invoices: Sequence[str],
    amounts: Mapping[str, Money] | None = None,
    text: str | None = None,
    evidence: Sequence[str] = (),
    snapshot: Snapshot | None = None,
) -> Case:
    """Note that the payer contests these invoices, or of each only the part in `amounts`; gives the case. Doesn't commit.

    Dunning rests for what is contested until the case is resolved; the rest goes on. `reason` is one of `REASONS`, `evidence`
    names files or links (nothing is fetched), `by` who took it down (an e-mail). The same items again change the case's words
    and parts. `snapshot` is the ledger on `on_date`, read when not given.

    Raises:
        CaseError: a reason, payer, invoice, part or text that can't be taken down; an invoice that another case contests.
        NotAllowedError: `by` may not dispute this.
        UsageError: an unknown entity.
    """
    policy.entity(entity)
    check_person(by)
    if reason not in REASONS:
        raise CaseError(f"{reason!r} is no reason of a dispute.", hint=f"Give one of {', '.join(REASONS)}.")
    ledger = snapshot or ledger_on(uow, entity, on_date)
    items = items_named(ledger, payer_id, list(invoices), needed=True)
    terms = _Terms(
        reason, items, _parts(items, amounts or {}), _checked_text(text), _checked_evidence(evidence)
    )
    check_allowed(
        uow, policy, by=by, action="dispute", entity=entity, totals=terms.totals(), payer=colleagues_of(uow, entity, payer_id)
    )  # fmt: skip
    journal = Journal(uow=uow, entity=entity, on=on_date, actor=by, policy=policy)
    _one_at_a_time(uow, entity, payer_id)
    same = _same(uow, list_cases(uow, entity=entity, kind=KIND, payer_id=payer_id, lock=True), terms.names)
    if same is None:
        number = _open(journal, policy, ledger, payer_id, terms)
    else:
        number = same.case_id
        _restate(journal, policy, ledger, same, terms)
    journal.write()
    return read_case(uow, number)


def contest(journal: Journal, *, policy: Policy, ledger: Snapshot, payer_id: str, items: pl.DataFrame) -> int:
    """The payer contests these open items itself; gives the case's number. What is in dispute in all already stays as it is.

    Nothing of what a payer says is refused: items that a case contests in all are left to that case, and one that contests a
    part of an item contests all of it from now on.
    """
    _one_at_a_time(journal.uow, journal.entity, payer_id)
    cases = list_cases(journal.uow, entity=journal.entity, kind=KIND, payer_id=payer_id, lock=True)
    named = set(items["invoice_id"])
    taken: dict[str, int] = {}
    wider: list[int] = []
    for case in cases:
        parts = disputed_items(journal.uow, case)
        taken |= dict.fromkeys(parts, case.case_id)
        if more := sorted(item for item in named & parts.keys() if parts[item] is not None):
            _widen(journal, policy, ledger, case, parts, more=more)
            wider.append(case.case_id)
    free = items.filter(~pl.col("invoice_id").is_in(sorted(taken)))
    if free.is_empty():
        return min(wider or (taken[item] for item in named))
    return _open(journal, policy, ledger, payer_id, _Terms(NOT_STATED, free, {}))


def _widen(
    journal: Journal,
    policy: Policy,
    ledger: Snapshot,
    case: Case,
    parts: Mapping[str, int | None],
    *,
    more: Sequence[str],
) -> None:
    """The case contests all of these open items, too, where it contested `parts`; its words and its deadline stay."""
    now = {**parts, **dict.fromkeys(more)}
    lift_holds(journal, journal.on, case_id=case.case_id, reason="disputed")
    hold_disputed(journal, case.payer_id, case.case_id, now)
    about = ledger.items.filter(pl.col("invoice_id").is_in(sorted(now)))
    fresh = _Terms(
        NOT_STATED, about, {item: part for item, part in now.items() if part is not None}
    ).details()
    said = {
        name: {**fresh[name], **case.details.get(name, {}), **{item: fresh[name][item] for item in more}}
        for name in ("amounts", "currencies")
    }
    whole = sorted(item for item, part in now.items() if part is None)
    details = {**fresh, **case.details, **said, "whole": whole}
    facts = _facts(journal, policy, ledger, Contested(case.case_id, case.payer_id, now, case.due_on))
    update_case(journal, case, facts, verb="dispute", body=_told(details), details=details)


def _open(journal: Journal, policy: Policy, ledger: Snapshot, payer_id: str, terms: _Terms) -> int:
    """A new case with its facts, and the holds on what it contests."""
    due_on = journal.on + timedelta(days=policy.entity(journal.entity).dispute_days)
    contested = Contested(0, payer_id, {name: terms.parts.get(name) for name in terms.names}, due_on)
    draft = Draft(
        payer_id, KIND, _facts(journal, policy, ledger, contested), body={"asks": "dispute", **_told(terms.details())},
        subject=_subject(terms.names), details=terms.details(), due_on=due_on,
    )  # fmt: skip
    opened = open_cases(journal, [draft])
    if not opened:
        raise CaseError(f"The dispute of {payer_id} was changed by somebody else.", hint="Try again.")
    number = opened[payer_id, draft.subject]
    hold_disputed(journal, payer_id, number, contested.parts)
    return number


def _restate(journal: Journal, policy: Policy, ledger: Snapshot, case: Case, terms: _Terms) -> None:
    """The same items contested again: its words and parts are those of now; what was said before and is not now, stays."""
    fresh = terms.details()
    if case.subject == PLATFORM and terms.parts:
        raise CaseError(
            f"The platform says that all of it is contested: case {case.case_id}.",
            hint="Leave the parts out.",
        )
    known = list(case.details.get("evidence") or ())
    evidence = known + [one for one in fresh["evidence"] if one not in known]
    kept = {"text": fresh["text"] or case.details.get("text"), "evidence": evidence[-MOST_EVIDENCE:]}
    before = disputed_items(journal.uow, case)
    now = {name: terms.parts.get(name) for name in terms.names}
    if before == now:  # what was open of an item contested in all is what it was when that was said
        kept |= {name: case.details[name] for name in ("amounts", "whole") if name in case.details}
    details = {**case.details, **fresh, **kept}
    if details == case.details:
        return
    if before != now:
        lift_holds(journal, journal.on, case_id=case.case_id, reason="disputed")
        hold_disputed(journal, case.payer_id, case.case_id, now)
    facts = case.facts
    if case.subject != PLATFORM:
        facts = _facts(journal, policy, ledger, Contested(case.case_id, case.payer_id, now, case.due_on))
    update_case(journal, case, facts, verb="dispute", body=_told(details), details=details)


def _told(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: details[name] for name in ("reason", "amounts", "currencies", "evidence", "text")}


def _facts(journal: Journal, policy: Policy, ledger: Snapshot, contested: Contested) -> dict[str, Any]:
    calendar = calendar_of(policy, journal.entity)
    return dispute_facts(journal, [contested], snapshot=ledger, calendar=calendar)[contested.number]


def _same(uow: UnitOfWork, cases: Sequence[Case], names: Sequence[str]) -> Case | None:
    """The open case that contests exactly these items.

    Raises:
        CaseError: another case contests one of them.
    """
    wanted = set(names)
    for case in cases:
        if case.subject.startswith("hold:"):
            continue
        contested = set(disputed_items(uow, case))
        if contested == wanted:
            return case
        if both := sorted(contested & wanted):
            raise CaseError(
                f"{', '.join(both[:SHOWN])} is in dispute already: case {case.case_id}.",
                hint="Leave it out, or resolve that case first.",
            )
    return None


def _parts(items: pl.DataFrame, amounts: Mapping[str, Money]) -> dict[str, int]:
    """The part in dispute by item, where it is less than what is open.

    Raises:
        CaseError: a part of what isn't named, of several terms at once, in another currency, of nothing, or of more than is open.
    """
    parts = {}
    for name, amount in sorted(amounts.items()):
        rows = items.filter((pl.col("invoice_id") == name) | (pl.col("base_id") == name))
        if rows.height != 1:
            several = rows.height > 1
            raise CaseError(
                f"{name} has {rows.height} terms." if several else f"{name} is not among the invoices.",
                hint="Give a part of each term." if several else "Give parts of the invoices that are named.",
            )
        item, opened, currency = rows.select("invoice_id", "open", "currency").row(0)
        if amount.currency != currency:
            raise CaseError(f"{name} is in {currency}.", hint=f"Give the part in {currency}.")
        if not 0 < amount.minor <= opened:
            raise CaseError(
                f"{amount} of {name} can't be in dispute.",
                hint=f"Give more than 0 and at most {Money(currency, opened)}.",
            )
        if amount.minor < opened:
            parts[item] = amount.minor
    return parts


def _checked_text(text: str | None) -> str | None:
    words = (text or "").strip()
    if len(words) > LONGEST_TEXT:
        raise CaseError(f"The text has {len(words)} characters.", hint=f"Write {LONGEST_TEXT} at most.")
    return words or None


def _checked_evidence(evidence: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(one.strip() for one in evidence if one.strip()))
    if len(names) > MOST_EVIDENCE or any(len(one) > LONGEST_EVIDENCE for one in names):
        raise CaseError(
            "That is too much evidence.",
            hint=f"Give {MOST_EVIDENCE} names or links at most, of {LONGEST_EVIDENCE} characters at most.",
        )
    return names


def _one_at_a_time(uow: UnitOfWork, entity: str, payer_id: str) -> None:
    """Until this unit of work ends nobody else opens a dispute of the payer: two at once could contest one invoice twice."""
    key = sa.func.hashtextextended(f"relance dispute {entity} {payer_id}", 0)
    lock_payer(uow, entity, payer_id)  # first: who works on one asks for the next dispute behind it
    uow.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _subject(items: Sequence[str]) -> str:
    """What tells disputes of one payer apart: the items contested, or their hash when they are many."""
    names = ", ".join(items)
    return names if len(names) <= _SUBJECT else hashlib.sha256(names.encode()).hexdigest()
