"""What a payer says of itself, by keypad or in a message, becomes a promise, a dispute or a question. Doesn't commit.

The payer is the actor. It needs no permission, for it binds nobody but itself: dunning rests for what it promised or
contests, and a person looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from relance.cases.commenting import put_comment
from relance.cases.disputing import contest
from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.promising import ledger_on, take_down
from relance.cases.reading import find_case, read_case
from relance.cases.record import Draft, Journal, open_cases, update_case
from relance.config.policy import Policy
from relance.errors import CaseError
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store.uow import UnitOfWork

PAYER = "payer"
"""The actor of what a payer does itself. No person's name can be this: those are e-mails."""


def promised(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    due_on: date,
    on_date: date,
    invoices: Sequence[str] | None = None,
) -> list[int]:
    """Note that the payer promised, by `due_on`, what is open of these items (None: all); gives the numbers of its cases.

    Raises:
        CaseError: nothing of it is open any more, or the date can't be promised.
    """
    policy.entity(entity)
    ledger = ledger_on(uow, entity, on_date)
    items = _open(ledger, payer_id, invoices)
    numbers = set()
    for (currency,), of_currency in items.sort("currency").group_by(["currency"], maintain_order=True):
        numbers.add(
            take_down(
                uow,
                policy=policy,
                entity=entity,
                payer_id=payer_id,
                amount=Money(str(currency), int(of_currency["open"].sum())),
                due_on=due_on,
                by=PAYER,
                on_date=on_date,
                invoices=None if invoices is None else sorted(of_currency["invoice_id"]),
                snapshot=ledger,
            )
        )
    return sorted(numbers)


def contested(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    on_date: date,
    invoices: Sequence[str] | None = None,
    text: str | None = None,
) -> int:
    """Open a dispute on what is open of these items (None: all), and let dunning rest for them; gives the case's number.

    The hold has no end: a person ends it with the dispute. What is in dispute in all already stays with its case, and the case
    of a part is about all of it from now on; the same items contested again change nothing but the words.

    Raises:
        CaseError: nothing of it is open any more.
    """
    policy.entity(entity)
    ledger = ledger_on(uow, entity, on_date)
    items = _open(ledger, payer_id, invoices)
    journal = Journal(uow=uow, entity=entity, on=on_date, actor=PAYER, policy=policy)
    number = contest(journal, policy=policy, ledger=ledger, payer_id=payer_id, items=items)
    _comment(journal, number, text)
    journal.write()
    return number


def asked(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    on_date: date,
    asks: str,
    text: str | None = None,
) -> int:
    """Put what the payer asks (`asks`: "call_back" or "text") before a person; gives the number of its question case.

    A second question goes to the open case.

    Raises:
        CaseError: the case was changed by somebody else at the same moment.
    """
    policy.entity(entity)
    ledger = ledger_on(uow, entity, on_date)
    own = ledger.items.filter(pl.col("payer_id") == payer_id)
    journal = Journal(uow=uow, entity=entity, on=on_date, actor=PAYER, policy=policy)
    facts = _facts(journal, ledger, payer_id, own) | {"asks": asks}
    number, opened = _open_or_find(journal, payer_id, facts)
    if not opened:
        case = read_case(uow, number, lock=True)
        update_case(journal, case, facts | _older(case.facts, asks), body={"asks": asks})
    _comment(journal, number, text)
    journal.write()
    return number


def _older(facts: Mapping[str, Any], asks: str) -> dict[str, Any]:
    """Who asked to be called back is still to be called when it writes, too."""
    return {"asks": "call_back"} if "call_back" in {facts.get("asks"), asks} else {}


def _open(ledger: Snapshot, payer_id: str, invoices: Sequence[str] | None) -> pl.DataFrame:
    own = ledger.items.filter(pl.col("payer_id") == payer_id)
    meant = own if invoices is None else own.filter(pl.col("invoice_id").is_in(list(invoices)))
    if meant.is_empty():
        raise CaseError(f"Nothing of it is open for {payer_id}.", hint="It was paid or cleared since.")
    return meant


def _facts(journal: Journal, ledger: Snapshot, payer_id: str, items: pl.DataFrame) -> dict[str, Any]:
    names = set(ledger.items.filter(pl.col("payer_id") == payer_id)["invoice_id"])
    history = read_history(journal.uow, journal.entity, [payer_id], journal.on, items=names)
    return payer_facts(ledger, [payer_id], history, items=items)[payer_id]


def _open_or_find(journal: Journal, payer_id: str, facts: Mapping[str, Any]) -> tuple[int, bool]:
    """The number of the payer's open question, and whether it was opened now."""
    opened = open_cases(journal, [Draft(payer_id, "question", facts, body={"asks": facts["asks"]})])
    if opened:
        return opened[payer_id, ""], True
    found = find_case(journal.uow, entity=journal.entity, payer_id=payer_id, kind="question", lock=True)
    if found is None:
        raise CaseError(f"The question of {payer_id} was changed by somebody else.", hint="Try again.")
    return found.case_id, False


def _comment(journal: Journal, number: int, text: str | None) -> None:
    """The payer's own words, where there are any, as a comment on the case."""
    if text:
        case = read_case(journal.uow, number, lock=True)
        put_comment(journal, case, text)
