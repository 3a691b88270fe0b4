"""A case that a person opens: a question, a payer at risk, one whom nobody reaches. Other kinds have verbs of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.permissions import check_allowed, check_person
from relance.cases.promising import ledger_on
from relance.cases.reading import Case, list_cases, read_case
from relance.cases.record import Draft, Journal, open_cases
from relance.cases.verbs import already, checked_text
from relance.config.policy import Policy
from relance.config.values import nearest
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.store.uow import UnitOfWork

OPENABLE = ("question", "risk", "no_contact")
"""Kinds that a person may open by saying so."""
_OTHERWISE: Mapping[str, str] = {
    "dispute": "Note it with its invoices: relance case dispute ENTITY PAYER --invoice ID --reason CODE.",
    "promise": "Note what was promised: relance case promise ENTITY PAYER --amount AMOUNT --due DATE.",
    "approval": "Ask for a longer rest (relance case snooze) or a write-off (relance case write-off).",
}


def open_case(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    kind: str,
    by: str,
    on_date: date,
    text: str,
    due_on: date | None = None,
    snapshot: Snapshot | None = None,
) -> Case:
    """Put a payer before whom it concerns, in one's own words; gives the case. Doesn't commit.

    Its owner and watchers are those of slack.yaml's routes, as for every case. `due_on`: the day by which somebody must have
    acted. `snapshot` is the ledger on `on_date`, read when not given.

    Raises:
        CaseError: a kind that people don't open this way, a payer that the ledger doesn't have, no words, a day that has passed.
        NotAllowedError: `by` may not open cases of that kind.
        AlreadyDoneError: one is open for the payer; says who opened it, and when.
        UsageError: an unknown entity.
    """
    policy.entity(entity)
    check_person(by)
    _check_kind(kind)
    words = checked_text(text, "text")
    if due_on is not None and due_on < on_date:
        raise CaseError(f"{due_on} has passed.", hint=f"Give {on_date} or a later day.", key="passed")
    ledger = snapshot or ledger_on(uow, entity, on_date)
    _check_payer(ledger, payer_id)
    journal = Journal(uow=uow, entity=entity, on=on_date, actor=by, policy=policy)
    facts = _facts(journal, ledger, payer_id)
    check_allowed(
        uow, policy, by=by, action="open", entity=entity,
        case=_unopened(journal, payer_id=payer_id, kind=kind, facts=facts),
    )  # fmt: skip
    draft = Draft(
        payer_id, kind, facts, body={"text": words}, details={"text": words, "by": by}, due_on=due_on
    )
    if _standing(uow, entity, payer_id, kind) or not (opened := open_cases(journal, [draft])):
        raise _open_already(uow, entity, payer_id, kind)
    journal.write()
    return read_case(uow, opened[payer_id, ""])


def _check_kind(kind: str) -> None:
    if kind not in OPENABLE:
        raise CaseError(
            f"Nobody opens a case of kind {kind!r} by hand.",
            hint=_OTHERWISE.get(kind, f"Give one of {', '.join(OPENABLE)}."), key="not_openable", kind=kind,
        )  # fmt: skip


def _check_payer(ledger: Snapshot, payer_id: str) -> None:
    customer = ledger.customers.filter(pl.col("customer_id") == payer_id)
    if customer.is_empty():
        guess = nearest(payer_id, ledger.customers["customer_id"].to_list())
        raise CaseError(
            f"There is no payer {payer_id!r} in {ledger.entity}.",
            hint=f"Did you mean {guess}?" if guess else "Give the id of a customer.", key="no_payer",
        )  # fmt: skip
    payer = customer["payer_id"][0]
    if payer and payer != payer_id and ledger.items.filter(pl.col("payer_id") == payer_id).is_empty():
        raise CaseError(
            f"{payer_id} doesn't pay for itself.", hint=f"Its payer is {payer}.", key="other_pays"
        )


def _facts(journal: Journal, ledger: Snapshot, payer_id: str) -> dict[str, Any]:
    items = ledger.items.filter(pl.col("payer_id") == payer_id)
    names = set(items["invoice_id"])
    history = read_history(journal.uow, journal.entity, [payer_id], journal.on, items=names)
    return payer_facts(ledger, [payer_id], history)[payer_id]


def _unopened(journal: Journal, *, payer_id: str, kind: str, facts: Mapping[str, Any]) -> Case:
    """The case as it would be, for the table of permissions to look at its kind and its payer."""
    return Case(
        case_id=0, entity=journal.entity, payer_id=payer_id, kind=kind, subject="", state="new", revision=0, owner=None,
        opened_on=journal.on, closed_on=None, closed_reason=None, facts=facts, facts_on=journal.on,
    )  # fmt: skip


def _standing(uow: UnitOfWork, entity: str, payer_id: str, kind: str) -> Case | None:
    """The payer's open case of the kind; tasks and holds to be looked at are questions of other subjects."""
    cases = list_cases(uow, entity=entity, kind=kind, payer_id=payer_id)
    return next((case for case in cases if kind != "question" or not case.subject), None)


def _open_already(uow: UnitOfWork, entity: str, payer_id: str, kind: str) -> CaseError:
    found = _standing(uow, entity, payer_id, kind)
    if found is None:
        return CaseError(
            f"The case of {payer_id} was changed by somebody else.", hint="Try again.", key="try_again"
        )
    return already(uow, found, "open", ("open", "reopen"), key="open")
