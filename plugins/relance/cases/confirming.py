"""A promise or an instalment plan that a person noted is confirmed to the payer in writing, through the same outbox as dunning.

The confirmation is a `contact` of the kind `notice`: it acts for no invoice, counts for no rule of planning, and goes out with
the day's next delivery, or a later day's. It is made in the transaction of the promise, once; what is replaced, broken or past
before it has left is not sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.cases.decided import live_plan
from relance.cases.history import scenario_of
from relance.cases.reading import Case, InstalmentPlan, Promise
from relance.cases.record import SYSTEM, Journal
from relance.config.models import ROLES
from relance.config.policy import Policy
from relance.ledger.corrections import people_of
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.planning.people import language_for, persons_for
from relance.store.contacts import set_state
from relance.store.plans import NOTICE
from relance.store.schema import contact, contact_event, instalment_plan, outbox
from relance.store.schema import promise as promise_table
from relance.store.uow import UnitOfWork

TEMPLATE = "promise_confirmed"
CHANNELS = ("email", "sms")
"""In which a promise is confirmed, the first that anybody of the payer can receive."""
_ITEM = (
    "invoice_id", "issue_date", "due_date", "amount", "open", "currency", "po_number", "description", "document",
)  # fmt: skip
_LEVEL = "preventive"
_NEVER = "the promise stands no longer"
_UNSENT = ("planned", "sending")


def confirm(
    journal: Journal, *, policy: Policy, agreed: Promise | InstalmentPlan, ledger: Snapshot
) -> dict[str, Any] | None:
    """Put the confirmation of what a person has just noted into the day's contacts; gives what the case says of it.

    None for what a payer noted itself. `{"missing": "no_channel"}` for a payer that nothing in writing reaches; else the
    contact's `key`, `channel`, `contact_id` and `language`.
    """
    if "@" not in journal.actor:
        return None
    uow, entity = journal.uow, journal.entity
    cancel_spent(uow, entity)
    people = people_of(uow, entity, agreed.payer_id, journal.on)
    scenario = scenario_of(uow, entity, agreed.payer_id, journal.on) or policy.entity(entity).default_scenario
    reached = _reached(policy, people, scenario)
    if reached is None:
        return {"missing": "no_channel"}
    payer = ledger.customers.filter(pl.col("customer_id") == agreed.payer_id).row(0, named=True)
    language = language_for(
        [reached["person_language"], payer["language"]], policy.region_of(entity).languages
    )
    row = {
        "key": key_of(entity, agreed), "entity": entity, "payer_id": agreed.payer_id, "as_of": journal.on,
        "plan_id": live_plan(uow, entity, journal.on, near=366) or 0, "kind": NOTICE, "channel": reached["channel"],
        "contact_id": reached["contact_id"], "recipient": reached["to"], "language": language, "scenario": scenario,
        "step": TEMPLATE, "level": _LEVEL, "approval": None, "state": "planned", "acted_on": None,
        "content": _content(agreed, payer, _person(people, reached["contact_id"]), ledger),
    }  # fmt: skip
    made = insert(contact).values(row).on_conflict_do_nothing().returning(contact.c.key)
    if uow.execute(made).scalar() is not None:
        told = {
            "key": row["key"],
            "state": "planned",
            "actor": journal.actor,
            "note": "confirms what was promised",
        }
        uow.execute(sa.insert(contact_event).values(told))
    return {name: row[name] for name in ("key", "channel", "contact_id", "language")}


def with_confirmation(
    case: Case, body: Mapping[str, Any], written: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The event's body and the case's details, with what `confirm` says: how it is confirmed, or that nothing can be."""
    if written is None:
        return dict(body), dict(case.details)
    return {**body, "confirmation": dict(written)}, {**case.details, "confirmation": dict(written)}


def carry_over(uow: UnitOfWork, *, entity: str, as_of: date) -> int:
    """Confirmations of days before `as_of` that have not left go out on it; gives how many. Doesn't commit.

    One that waited in the outbox when its day ended was cancelled there and is written anew.
    """
    cancel_spent(uow, entity)
    table = contact.c
    last = (
        sa.select(contact_event.c.actor)
        .where(contact_event.c.key == table.key)
        .order_by(contact_event.c.event_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    unsent = sa.exists().where(outbox.c.key == table.key, outbox.c.state == "cancelled")
    query = sa.select(contact).where(
        table.entity == entity, table.kind == NOTICE, table.as_of < as_of,
        sa.or_(table.state == "planned", (table.state == "cancelled") & (last == SYSTEM) & unsent),
    )  # fmt: skip
    rows = uow.execute(query.with_for_update()).mappings().all()
    keys = _standing(uow, rows, on=as_of)
    if keys:
        uow.execute(sa.update(contact).where(table.key.in_(keys)).values(as_of=as_of))
        set_state(
            uow, keys, "planned", SYSTEM, note=f"goes out on {as_of}", only_from={"planned", "cancelled"}
        )
    past = [row["key"] for row in rows if row["key"] not in keys and row["state"] == "planned"]
    set_state(uow, past, "cancelled", "planning", note=_NEVER, only_from={"planned"})
    return len(keys)


def cancel_spent(uow: UnitOfWork, entity: str) -> list[str]:
    """Take back confirmations, not sent yet, of what stands no longer (replaced, broken, kept); gives their keys.

    Doesn't commit.
    """
    table = contact.c
    query = sa.select(contact).where(
        table.entity == entity, table.kind == NOTICE, table.state.in_(_UNSENT)
    )  # fmt: skip
    rows = uow.execute(query.order_by(table.key)).mappings().all()
    standing = _standing(uow, rows)
    spent = [row["key"] for row in rows if row["key"] not in standing]
    if not spent:
        return []
    free = sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= sa.func.now())
    waiting = sa.update(outbox).where(outbox.c.key.in_(spent), outbox.c.state == "intended", free)
    uow.execute(waiting.values(state="cancelled", error=_NEVER, lease_owner=None, lease_until=None))
    left = sa.select(outbox.c.key).where(outbox.c.key.in_(spent), outbox.c.state != "cancelled")
    gone = set(spent) - set(uow.execute(left).scalars())
    return set_state(uow, sorted(gone), "cancelled", "planning", note=_NEVER, only_from=_UNSENT)


def key_of(entity: str, agreed: Promise | InstalmentPlan) -> str:
    """The identity of a confirmation: one for each promise or plan, whatever the day it goes out on."""
    what, number = _which(agreed)
    return hashlib.sha256(f"notice\n{entity}\n{what}\n{number}".encode()).hexdigest()[:32]


def _reached(policy: Policy, people: pl.DataFrame, scenario: str) -> dict[str, Any] | None:
    """Who of the payer gets it: whom dunning writes to first, by e-mail before SMS, else whoever can be written to."""
    known = policy.scenarios.get(scenario)
    audience = (
        next((step.audience for step in known.steps if step.kind == "message"), ROLES) if known else ROLES
    )
    for channel in CHANNELS:
        for roles in dict.fromkeys((tuple(audience), ROLES)):
            found = persons_for(people, (channel,), roles)
            if found.height:
                return found.row(0, named=True)
    return None


def _person(people: pl.DataFrame, contact_id: str) -> dict[str, Any]:
    return (
        people.filter(pl.col("contact_id") == contact_id)
        .select("contact_id", "name", "role")
        .row(0, named=True)
    )


def _content(
    agreed: Promise | InstalmentPlan, payer: dict[str, Any], person: dict[str, Any], ledger: Snapshot
) -> dict[str, Any]:
    what, number = _which(agreed)
    parts = (
        agreed.terms
        if isinstance(agreed, InstalmentPlan)
        else ((Money(agreed.currency, agreed.amount), agreed.due_on),)
    )
    rows = _items(agreed, ledger, state="instalment_plan" if what == "instalments" else "promised")
    columns = ("invoice_id", "level", "demand", "days_late", "state", *_ITEM[1:])
    asked = {"currency": agreed.currency, "amount": sum(amount.minor for amount, _ in parts)}
    shown = ("customer_id", "name", "country", "language", "vat_no", "legal_form", "timezone")
    return {
        "template": TEMPLATE, "tone": "friendly", "attach": [], "charges": [], "cc": [], "credit": [], "score": None,
        "totals": [asked],
        "payer": {name: payer[name] for name in shown},
        "person": person,
        "promise": {
            "what": what, "number": number,
            "parts": [
                {"amount": amount.minor, "currency": amount.currency, "due_on": due.isoformat()} for amount, due in parts
            ],
        },
        "items": {"columns": list(columns), "rows": [[row[name] for name in columns] for row in rows]},
    }  # fmt: skip


def _items(agreed: Promise | InstalmentPlan, ledger: Snapshot, *, state: str) -> list[dict[str, Any]]:
    """What it is about: the items named, or all of the payer's in the currency."""
    own = ledger.items.filter(
        pl.col("payer_id") == agreed.payer_id, pl.col("currency") == agreed.currency
    )  # fmt: skip
    if agreed.invoices is not None:
        own = own.filter(pl.col("invoice_id").is_in(list(agreed.invoices)))
    found = []
    for row in own.select(_ITEM).sort("invoice_id").iter_rows(named=True):
        late = (ledger.as_of - row["due_date"]).days
        dates = {name: row[name].isoformat() for name in ("issue_date", "due_date")}
        found.append(row | dates | {"level": _LEVEL, "demand": None, "days_late": late, "state": state})
    return found


def _which(agreed: Promise | InstalmentPlan) -> tuple[str, int]:
    if isinstance(agreed, InstalmentPlan):
        return "instalments", agreed.instalment_plan_id
    return "promise", agreed.promise_id


def _standing(uow: UnitOfWork, rows: Sequence[sa.RowMapping], *, on: date | None = None) -> list[str]:
    """Keys of confirmations whose promise or plan runs still; with `on`, whose last date has not passed."""
    if not rows:
        return []
    told = {row["key"]: row["content"]["promise"] for row in rows if row["content"].get("promise")}
    running: set[tuple[str, int]] = set()
    for what, table, number in (
        ("promise", promise_table, promise_table.c.promise_id),
        ("instalments", instalment_plan, instalment_plan.c.instalment_plan_id),
    ):
        wanted = [one["number"] for one in told.values() if one["what"] == what]
        query = sa.select(number).where(number.in_(wanted), table.c.state == "open")
        running |= {(what, found) for found in uow.execute(query).scalars()}
    return sorted(
        key
        for key, one in told.items()
        if (one["what"], one["number"]) in running
        and (on is None or date.fromisoformat(one["parts"][-1]["due_on"]) >= on)
    )
