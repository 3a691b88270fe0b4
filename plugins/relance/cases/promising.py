"""A payer's promise, taken down: checked, put on its case, and a hold on dunning until its grace is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases import transitions
from relance.cases.confirming import confirm, with_confirmation
from relance.cases.facts import History, payer_facts
from relance.cases.history import scenario_of
from relance.cases.holding import put_hold
from relance.cases.instalments import deal_with_plan
from relance.cases.permissions import check_allowed, colleagues_of, same_person
from relance.cases.promised import Agreed, promise_facts
from relance.cases.promises import KIND, conclude, deal_with
from relance.cases.reading import (
    Case,
    InstalmentPlan,
    Promise,
    find_case,
    lock_payer,
    read_case,
    read_instalment_plans,
    read_promises,
)
from relance.cases.record import Draft, Journal, open_cases, update_case
from relance.cases.work import calendar_of
from relance.config.policy import Policy
from relance.errors import AlreadyDoneError, CaseError
from relance.ledger.snapshot import Snapshot, take_snapshot
from relance.money import Money
from relance.store.schema import promise as promise_table
from relance.store.uow import UnitOfWork

LONGEST_DAYS = 90
"""How far ahead a promise may lie; what is later is an instalment plan or an approval."""


def promise(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    amount: Money,
    due_on: date,
    by: str,
    on_date: date,
    invoices: Sequence[str] | None = None,
    grace_days: int | None = None,
    snapshot: Snapshot | None = None,
) -> int:
    """Note that the payer promised `amount` by `due_on`; gives the number of its case. Doesn't commit.

    `invoices` are invoices or open items (None: all of the payer's); `by` is who took it down (an e-mail).
    An earlier open promise whose invoices are all in this one is replaced; an instalment plan runs on, a broken
    one is dealt with. `grace_days` default to those of the payer's scenario in the newest plan, else of the
    entity's default scenario. `snapshot` is the ledger on `on_date`, read when not given. The same promise
    twice changes nothing.

    Raises: CaseError: an amount, date, person, payer, currency or invoice that can't be promised; says what
    would do. AlreadyDoneError: somebody else noted the same; says who and when. NotAllowedError: `by` may not
    take it down. UsageError: for an unknown entity.
    """
    policy.entity(entity)
    check_allowed(
        uow, policy, by=by, action="promise", entity=entity, totals=[amount], payer=colleagues_of(uow, entity, payer_id)
    )  # fmt: skip
    return take_down(
        uow, policy=policy, entity=entity, payer_id=payer_id, amount=amount, due_on=due_on, by=by, on_date=on_date,
        invoices=invoices, grace_days=grace_days, snapshot=snapshot,
    )  # fmt: skip


def take_down(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    amount: Money,
    due_on: date,
    by: str,
    on_date: date,
    invoices: Sequence[str] | None = None,
    grace_days: int | None = None,
    snapshot: Snapshot | None = None,
) -> int:
    """`promise`, whoever made it: a person's word goes through there, a payer's own through `answering`.

    What stands already on the same terms is left as it is, with the one confirmation that was written.

    Raises: CaseError: an amount, date, payer, currency or invoice that can't be promised; says what would do.
    AlreadyDoneError: somebody else noted the same; says who and when.
    """
    _check_terms(amount, due_on=due_on, on_date=on_date)
    ledger = snapshot or ledger_on(uow, entity, on_date)
    items = open_items(ledger, payer_id, amount.currency, invoices)
    check_open(ledger, payer_id, amount, items)
    grace = days_of_grace(uow, policy, entity, payer_id, on_date) if grace_days is None else grace_days

    journal = Journal(uow=uow, entity=entity, on=on_date, actor=by, policy=policy)
    case = promise_case(journal, ledger, payer_id)
    earlier = read_promises(uow, entity=entity, payers=[payer_id], case_id=case.case_id)
    for one in earlier:
        if _same(one, amount, due_on=due_on, items=items):
            return leave(journal, case, one)
    kept = [make_way(journal, one, amount.currency, items, how="new_promise") for one in earlier]
    plans = [
        deal_with_plan(journal, one, how="new_promise")
        if one.is_live and one.state == "broken" and covers(one, amount.currency, items)
        else one
        for one in read_instalment_plans(uow, entity=entity, payers=[payer_id], case_id=case.case_id)
    ]
    made = _insert(
        journal, case, amount, due_on=due_on, grace_until=due_on + timedelta(days=grace), items=items
    )
    _hold(journal, made)
    facts = promise_facts(
        journal, snapshot=ledger, calendar=calendar_of(policy, entity),
        agreed={case.case_id: Agreed((*kept, made), tuple(plans))}, cases=[case],
    )[case.case_id]  # fmt: skip
    written = confirm(journal, policy=policy, agreed=made, ledger=ledger)
    body, details = with_confirmation(case, _told(made), written)
    update_case(journal, case, facts, verb="promise", body=body, details=details)
    journal.write()
    return case.case_id


def ledger_on(uow: UnitOfWork, entity: str, on_date: date) -> Snapshot:
    """The entity's ledger on a day, read from the store."""
    from relance.ledger.loading import load_versions

    return take_snapshot(load_versions(uow.database, entity), on_date)


def _check_terms(amount: Money, *, due_on: date, on_date: date) -> None:
    if amount.minor <= 0:
        raise CaseError(f"{amount} can't be promised.", hint="Give an amount above 0.")
    if due_on < on_date:
        raise CaseError(f"{due_on} has passed.", hint=f"Give {on_date} or a later date.")
    latest = on_date + timedelta(days=LONGEST_DAYS)
    if due_on > latest:
        raise CaseError(
            f"{due_on} is more than {LONGEST_DAYS} days ahead.", hint=f"Give {latest} or an earlier date."
        )


def open_items(
    ledger: Snapshot, payer_id: str, currency: str, invoices: Sequence[str] | None
) -> tuple[str, ...] | None:
    """The open items that are meant, sorted; None for all of the payer's.

    Raises:
        CaseError: an unknown payer, one that doesn't pay for itself, what is not open, or not in the currency.
    """
    meant = items_named(ledger, payer_id, invoices)
    currencies = sorted(meant["currency"].unique())
    if currency not in currencies:
        what = f"in {' or '.join(currencies)}" if currencies else "at all"
        raise CaseError(
            f"{payer_id} has nothing open in {currency}.",
            hint=f"What is open is {what}." if currencies else f"Nothing is open {what}.",
        )
    if invoices is None:
        return None
    others = sorted(meant.filter(pl.col("currency") != currency)["invoice_id"])
    if others:
        raise CaseError(
            f"{', '.join(others[:5])} is not in {currency}.", hint="Give invoices of one currency."
        )
    return tuple(sorted(meant["invoice_id"]))


def check_open(ledger: Snapshot, payer_id: str, amount: Money, items: tuple[str, ...] | None) -> None:
    """Refuse more than is open of what is meant (None: all of the payer's).

    Raises:
        CaseError: it is more; says how much is open.
    """
    own = ledger.items.filter(pl.col("payer_id") == payer_id, pl.col("currency") == amount.currency)
    meant = own if items is None else own.filter(pl.col("invoice_id").is_in(list(items)))
    opened = Money(amount.currency, int(meant["open"].sum()))
    if amount.minor > opened.minor:
        raise CaseError(f"{amount} is more than what is open: {opened}.", hint=f"Give {opened} at most.")


def items_named(
    ledger: Snapshot, payer_id: str, invoices: Sequence[str] | None, *, needed: bool = False
) -> pl.DataFrame:
    """The payer's open items that are meant, with the columns of a snapshot; an invoice names all its terms; None: all.

    `needed`: invoices must be named, so the hint doesn't offer to leave them out.

    Raises:
        CaseError: an unknown payer, one that doesn't pay for itself, or what is not open.
    """
    customer = ledger.customers.filter(pl.col("customer_id") == payer_id)
    if customer.is_empty():
        raise CaseError(
            f"There is no payer {payer_id!r} in {ledger.entity}.", hint="Give the id of a customer."
        )
    own = ledger.items.filter(pl.col("payer_id") == payer_id)
    pays_for_it = customer["payer_id"][0]
    if own.is_empty() and pays_for_it and pays_for_it != payer_id:
        raise CaseError(f"{payer_id} doesn't pay for itself.", hint=f"Its payer is {pays_for_it}.")
    meant = own if invoices is None else own.filter(_named(invoices))
    if invoices is not None:
        _check_named(meant, invoices, payer_id, needed=needed)
    return meant


def _named(invoices: Iterable[str]) -> pl.Expr:
    return pl.col("invoice_id").is_in(list(invoices)) | pl.col("base_id").is_in(list(invoices))


def _check_named(meant: pl.DataFrame, invoices: Sequence[str], payer_id: str, *, needed: bool) -> None:
    known = set(meant["invoice_id"]) | set(meant["base_id"])
    unknown = [one for one in invoices if one not in known]
    if unknown or not invoices:
        raise CaseError(
            f"{', '.join(unknown) or 'No invoice'} is not open for {payer_id}.",
            hint=f"Give open invoices of this payer{'' if needed else ', or none for all of them'}.",
        )


def days_of_grace(uow: UnitOfWork, policy: Policy, entity: str, payer_id: str, on_date: date) -> int:
    """Days of grace of the payer's scenario in the newest plan, else of the entity's default scenario."""
    name = scenario_of(uow, entity, payer_id, on_date)
    scenario = policy.scenarios.get(name) if name else None
    return (scenario or policy.scenario(policy.entity(entity).default_scenario)).promise_grace_days


def promise_case(journal: Journal, ledger: Snapshot, payer_id: str) -> Case:
    """The payer's open promise case, locked; opened when there is none."""
    lock_payer(journal.uow, journal.entity, payer_id)
    found = find_case(journal.uow, entity=journal.entity, payer_id=payer_id, kind=KIND, lock=True)
    if found is not None:
        return found

    facts = payer_facts(ledger, [payer_id], History())[payer_id]
    opened = open_cases(journal, [Draft(payer_id, KIND, facts)])
    if opened:
        return read_case(journal.uow, opened[payer_id, ""], lock=True)
    # Somebody else opened it between our look and our insert, and has committed since.
    other = find_case(journal.uow, entity=journal.entity, payer_id=payer_id, kind=KIND, lock=True)
    if other is None:
        raise CaseError(f"The promise case of {payer_id} was changed by somebody else.", hint="Try again.")
    return other


def _same(one: Promise, amount: Money, *, due_on: date, items: tuple[str, ...] | None) -> bool:
    """Whether this is promised already, by whomever it was taken down."""
    terms = (one.amount, one.currency, one.due_on, one.invoices)
    return one.state == "open" and terms == (amount.minor, amount.currency, due_on, items)


def leave(journal: Journal, case: Case, one: Promise | InstalmentPlan) -> int:
    """What stands already on the same terms stays as it is; gives its case's number. The payer itself may say it again.

    Raises:
        AlreadyDoneError: another person notes it now than did before; says who did, and when.
    """
    if "@" in journal.actor and not same_person(journal.actor, one.by):
        raise AlreadyDoneError(
            f"The same was noted already by {one.by} on {one.made_on}: case {case.case_id}.",
            key="already", case=case.case_id, who=one.by, on=one.made_on,
        )  # fmt: skip
    journal.write()
    return case.case_id


def covers(one: Promise | InstalmentPlan, currency: str, items: tuple[str, ...] | None) -> bool:
    """Whether a new agreement on `items` (None: all of the payer's) is about all that an earlier one is about."""
    return one.currency == currency and (
        items is None or (one.invoices is not None and set(one.invoices) <= set(items))
    )


def make_way(
    journal: Journal, one: Promise, currency: str, items: tuple[str, ...] | None, *, how: str
) -> Promise:
    """An earlier promise as it is once the new agreement stands: replaced or dealt with when that covers it."""
    if covers(one, currency, items):
        if one.state == "open":
            return conclude(journal, KIND, one, "replaced", verb="replace", body={})
        if one.state == "broken" and one.dealt_on is None:
            return deal_with(journal, one, how=how)
    return one


def _insert(
    journal: Journal,
    case: Case,
    amount: Money,
    *,
    due_on: date,
    grace_until: date,
    items: tuple[str, ...] | None,
) -> Promise:
    state = transitions.move(transitions.PROMISE, "make", "new")
    values: dict[str, Any] = {
        "case_id": case.case_id, "entity": case.entity, "payer_id": case.payer_id, "amount": amount.minor,
        "currency": amount.currency, "made_on": journal.on, "due_on": due_on, "grace_until": grace_until,
        "state": state, "by": journal.actor, "paid": 0,
    }  # fmt: skip
    row = {**values, "invoices": None if items is None else list(items)}
    statement = sa.insert(promise_table).values(row).returning(promise_table.c.promise_id)
    number = journal.uow.execute(statement).scalar_one()
    return Promise(promise_id=number, invoices=items, concluded_on=None, dealt_on=None, **values)


def _hold(journal: Journal, made: Promise) -> None:
    """Dunning rests for what was promised until its date; planning adds the scenario's days of grace."""
    put_hold(
        journal, made.payer_id, made.invoices, reason="promised", until=made.due_on,
        source=f"{made.by}, {made.made_on.isoformat()}", case_id=made.case_id, promise_id=made.promise_id,
    )  # fmt: skip


def _told(made: Promise) -> dict[str, Any]:
    return {
        "promise": made.promise_id, "amount": made.amount, "currency": made.currency,
        "due_on": made.due_on.isoformat(), "grace_until": made.grace_until.isoformat(),
        "invoices": None if made.invoices is None else list(made.invoices),
    }  # fmt: skip
