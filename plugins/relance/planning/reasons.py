"""Each hold of an outcome with what is known of it: who or what put it, when, and the figures it rests on. Pure.

The holds themselves come from `holds` and `plan`; their `source` names the fact, and here it is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from relance.money import Money
from relance.planning.closures import why_closed
from relance.planning.explanation import Hold
from relance.planning.ladder import Ladder
from relance.planning.model import FROM_PEOPLE

Found = tuple[str, dict[str, Any]]
"""The case of a reason, and its facts."""

_SIGNAL = re.compile(r"signal (\w+) from (\d{4}-\d\d-\d\d)")
_CONTACT = re.compile(r"(.+) of (\d{4}-\d\d-\d\d), (\w+)")
_LAST = re.compile(r"(.+) on (\d{4}-\d\d-\d\d)")
_PERSON = re.compile(r"(.+), (\d{4}-\d\d-\d\d)")


def holds_of(ladder: Ladder) -> tuple[Hold, ...]:
    """All holds of the invoice's outcome, in its order."""
    return tuple(_hold(ladder, **one) for one in ladder.outcome["holds"])


def _hold(ladder: Ladder, reason: str, until: date | None, source: str) -> Hold:
    case, facts = _FINDERS[reason](ladder, until, source)
    return Hold(reason=reason, until=until, source=source, case=case, facts=facts)


def _signalled(ladder: Ladder, source: str) -> dict[str, Any] | None:
    """The signal that a source names: its kind, day, owner and note, and whose it is."""
    match = _SIGNAL.fullmatch(source)
    if match is None:
        return None
    kind, since = match[1], date.fromisoformat(match[2])
    whose = [ladder.item["payer_id"], ladder.item["customer_id"]]
    rows = ladder.day.signals.filter(
        (pl.col("kind") == kind) & (pl.col("from_date") == since) & pl.col("customer_id").is_in(whose)
    ).sort("owner", "note", nulls_last=True)
    row: Mapping[str, Any] = rows.row(0, named=True) if rows.height else {}
    return {"signal": kind, "since": since, "owner": row.get("owner"), "note": row.get("note")}


def _insolvency(ladder: Ladder, _: date | None, source: str) -> Found:
    signal = _signalled(ladder, source)
    return ("signal", signal) if signal else ("status", {})


def _in_litigation(_: Ladder, __: date | None, source: str) -> Found:
    prefix = "handed over on "
    if source.startswith(prefix):
        return "handed_over", {"on": date.fromisoformat(source.removeprefix(prefix))}
    return "status", {}


def _stale_ledger(ladder: Ladder, _: date | None, __: str) -> Found:
    extract = ladder.day.snapshot.extract_date
    assert extract is not None
    age = (ladder.day.as_of - extract).days
    return "extract", {"extract": extract, "age": age, "days": ladder.day.entity.max_ledger_age_days}


def _not_delivered(ladder: Ladder, _: date | None, __: str) -> Found:
    return "platform", {"status": ladder.item["delivery_status"]}


def _from_people(ladder: Ladder, until: date | None, source: str) -> Found:
    match = _PERSON.fullmatch(source)
    who, when = (match[1], date.fromisoformat(match[2])) if match else (source, None)
    mine = ladder.day.people.filter(
        (pl.col("source") == source) & (pl.col("invoice_id") == ladder.item["invoice_id"])
    )
    facts = {"who": who, "when": when, "whole": mine.is_empty()}
    grace = ladder.scenario.promise_grace_days
    return "person", {**facts, "grace": grace, "promised": until and until - timedelta(days=grace)}


def _disputed(ladder: Ladder, until: date | None, source: str) -> Found:
    if source == f"delivery status {ladder.item['delivery_status']}":
        return "platform", {"status": ladder.item["delivery_status"]}
    return _from_people(ladder, until, source)


def _direct_debit(ladder: Ladder, _: date | None, __: str) -> Found:
    facts = {"method": ladder.item["payment_method"], "days": ladder.scenario.collection_grace_days}
    return str(facts["method"]), {**facts, "due": ladder.item["due_date"]}


def _covered(ladder: Ladder, _: date | None, __: str) -> Found:
    currency = ladder.item["currency"]
    given = ladder.day.snapshot.credits.filter(
        (pl.col("payer_id") == ladder.item["payer_id"]) & (pl.col("currency") == currency)
    )
    return "credit", {"credit": Money(currency, int(given["credit"].sum()))}


def _below_minimum(ladder: Ladder, _: date | None, __: str) -> Found:
    currency = ladder.item["currency"]
    limit = next(one for one in ladder.scenario.minimum if one.currency == currency)
    total = Money(currency, int(ladder.day.totals["outstanding"][ladder.row]))
    return "total", {"total": total, "minimum": limit, "scenario": ladder.scenario.scenario}


def _too_recent(ladder: Ladder, _: date | None, __: str) -> Found:
    return "issue", {"issued": ladder.item["issue_date"], "days": ladder.scenario.min_days_after_issue}


def _waiting(ladder: Ladder, _: date | None, source: str) -> Found:
    """A contact or task that waits: for an approver, a caller, or whoever does the task."""
    match = _CONTACT.fullmatch(source)
    if match is None:
        return "other", {}
    step, planned_on, state = match[1], date.fromisoformat(match[2]), match[3]
    rows = ladder.day.history.contacts.filter(
        (pl.col("payer_id") == ladder.item["payer_id"])
        & (pl.col("as_of") == planned_on)
        & (pl.col("step") == step)
    )
    scenario = ladder.day.policy.scenarios.get(rows["scenario"][0]) if rows.height else None
    asked = scenario.step(step) if scenario else None
    role = asked.approval.role if asked and asked.approval else None
    case = "approval" if state == "awaiting_approval" else "work"
    return case, {"step": step, "planned_on": planned_on, "state": state, "role": role}


def _commercial(ladder: Ladder, until: date | None, source: str) -> Found:
    signal = _signalled(ladder, source)
    if signal is None:
        return _from_people(ladder, until, source)
    return str(signal["signal"]), signal


def _closed_day(ladder: Ladder, _: date | None, __: str) -> Found:
    day = ladder.day.as_of
    return "calendar", {"day": day, "closures": why_closed(day, ladder.day.region, ladder.country)}


def _in_flight(ladder: Ladder, until: date | None, source: str) -> Found:
    _, facts = _waiting(ladder, until, source)
    return str(facts.get("state", "other")), facts


def _cooldown(ladder: Ladder, _: date | None, source: str) -> Found:
    match = _LAST.fullmatch(source)
    step, on = (match[1], date.fromisoformat(match[2])) if match else (source, None)
    return "contact", {"step": step, "on": on, "days": ladder.scenario.min_days_between_contacts}


def _frequency_cap(ladder: Ladder, _: date | None, source: str) -> Found:
    count = int(source.split(" ", 1)[0])
    return "contacts", {"count": count, "limit": ladder.scenario.max_contacts_per_30_days}


def _no_contact(ladder: Ladder, _: date | None, __: str) -> Found:
    step = ladder.scenario.step(ladder.outcome["step"])
    active = pl.col("active").fill_null(value=True)
    persons = ladder.day.snapshot.contacts.filter((pl.col("customer_id") == ladder.item["payer_id"]) & active)
    channels = tuple(step.channels) if step else ()
    return "nobody" if persons.is_empty() else "unreachable", {
        "persons": persons.height,
        "channels": channels,
    }


def _cut(ladder: Ladder, cap: str) -> dict[str, Any]:
    return ladder.day.cut[cap].row(by_predicate=pl.col("payer_id") == ladder.item["payer_id"], named=True)


def _capacity(ladder: Ladder, _: date | None, __: str) -> Found:
    collector = _cut(ladder, "capacity")["collector"]
    limit = ladder.day.entity.call_capacity
    return ("collector" if collector else "shared"), {"collector": collector, "limit": limit}


def _address_cap(ladder: Ladder, _: date | None, __: str) -> Found:
    address = _cut(ladder, "address_cap")["to"]
    return "address", {"address": address, "limit": ladder.day.entity.max_messages_per_address_per_day}


def _daily_cap(ladder: Ladder, _: date | None, __: str) -> Found:
    return "entity", {"limit": ladder.day.entity.max_contacts_per_day}


_FINDERS: Mapping[str, Callable[[Ladder, date | None, str], Found]] = {
    **dict.fromkeys(FROM_PEOPLE, _from_people),
    "insolvency": _insolvency,
    "in_litigation": _in_litigation,
    "stale_ledger": _stale_ledger,
    "not_delivered": _not_delivered,
    "disputed": _disputed,
    "direct_debit": _direct_debit,
    "covered_by_credit": _covered,
    "below_minimum": _below_minimum,
    "too_recent": _too_recent,
    "awaiting_approval": _waiting,
    "call_open": _waiting,
    "commercial_hold": _commercial,
    "non_business_day": _closed_day,
    "in_flight": _in_flight,
    "cooldown": _cooldown,
    "frequency_cap": _frequency_cap,
    "no_contact": _no_contact,
    "capacity": _capacity,
    "address_cap": _address_cap,
    "daily_cap": _daily_cap,
}
