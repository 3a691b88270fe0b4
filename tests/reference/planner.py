"""Who is chased today, how, and why not: `spec/planning.md`, sentence by sentence, slow and obvious.

It is written from the specification alone and shares no code with the product's planner, so that agreement
between the two means something. Plain dicts and dataclasses; one function a rule, in the order of the page;
the sentence it stands for is quoted at each.

History is a list of dicts `{"key", "payer_id", "as_of" (its plan date), "kind", "channel", "state",
"acted_on" (or None), "scenario", "step", "level", "acts": [{"invoice_id", "step", "level"}]}`. States:
planned, sending, awaiting_approval, approved, open (a call or a task waits for a person), in_doubt, sent,
confirmed, bounced, failed, cancelled, rejected, completed, not_made. Optional: `handover_closed_on` (a
hand-over's case), `totals` (of an approved contact).

Holds are rows `{"reason", "payer_id", "invoice_id" (or None: all of the payer's), "from", "until" (or
None), "source", "amount" (optional: a dispute of a part, in minor units)}`; a promise's `until` is the
promised date, an instalment plan may list `instalments: [{"due", "paid_on"}]`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.reference.holds import (
    delivery_holds,
    holds_of_invoice,
    holds_of_step,
    holds_without_step,
    in_order,
    lay_out_credit,
)
from tests.reference.ledger import Item, Ledger, Row, open_ledger, text
from tests.reference.people import address_for, language_for, reach
from tests.reference.policy import LEVELS, Policy, amounts_by_currency, with_defaults
from tests.reference.segments import scenario_of, total_to_demand
from tests.reference.steps import due_step, rule_1_step_date, rule_6_furthest, rule_7_next, rule_7_passed_over
from tests.reference.world import TASK_KINDS, Entry, Hold, Payer, Step, World


@dataclass
class Decision:
    """What planning decided for one invoice."""

    item: Item
    payer: Payer
    outcome: str
    holds: list[Hold]
    step: int | None = None
    next_step: int | None = None
    next_on: date | None = None
    passed_over: list[int] = field(default_factory=list)
    reached: int | None = None
    contact_key: str | None = None


@dataclass
class Joined:
    """A contact or a task of today."""

    key: str
    payer: Payer
    step: Step
    decisions: list[Decision]
    person: Row | None = None
    channel: str | None = None


def prepare(payer: Payer) -> None:
    """What the decisions on a payer's invoices rest on, in the order in which one rests on the other."""
    # "the segment table, which comes before any hold"
    payer.scenario_id = scenario_of(payer)
    payer.invoice_holds = {item.invoice_id: holds_of_invoice(payer, item) for item in payer.items}
    payer.demands = lay_out_credit(payer)
    payer.outstanding_total = total_to_demand(payer, overdue_only=False)
    payer.overdue_total = total_to_demand(payer, overdue_only=True)


# --- one decision an invoice ----------------------------------------------------------------------


def decide(payer: Payer, item: Item) -> Decision:
    """'Every open invoice gets exactly one outcome a day', before the caps."""
    furthest = rule_6_furthest(payer, item)
    common = {
        "item": item,
        "payer": payer,
        "passed_over": rule_7_passed_over(payer, item),
        "reached": furthest if furthest >= 0 else None,
    }
    place = due_step(payer, item, payer.world.today)
    if place is None:
        holds, coming = in_order(holds_without_step(payer, item)), rule_7_next(payer, item)
        if coming is None:
            return Decision(outcome="exhausted", holds=holds, **common)
        return Decision(outcome="wait", holds=holds, next_step=coming[0], next_on=coming[1], **common)
    holds = in_order(holds_without_step(payer, item) + holds_of_step(payer, payer.steps[place]))
    return Decision(outcome="hold" if holds else "act", holds=holds, step=place, **common)


# --- one contact a payer a day --------------------------------------------------------------------


def lead_of(decisions: list[Decision]) -> Decision:
    """'The lead is the invoice with the highest level, then the latest step in order, then the lowest
    invoice_id.'"""
    steps = decisions[0].payer.steps
    return min(decisions, key=lambda d: (-LEVELS.index(steps[d.step]["level"]), -d.step, d.item.invoice_id))


def join_contacts(world: World, decisions: list[Decision]) -> list[Joined]:
    """'Invoices whose step may act are joined per payer … The contact takes the lead's step.'"""
    per_payer: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.outcome == "act" and decision.payer.steps[decision.step]["kind"] not in TASK_KINDS:
            per_payer[decision.payer.payer_id].append(decision)
    joined = []
    for payer_id, of_payer in sorted(per_payer.items()):
        payer = world.payers[payer_id]
        step = payer.steps[lead_of(of_payer).step]
        person, channel = reach(payer, step)
        # "A contact's key is a hash of entity, payer and D"
        key = f"{world.ledger.entity}:{payer_id}:{world.today}"
        joined.append(Joined(key, payer, step, of_payer, person, channel))
    return joined


def join_tasks(world: World, decisions: list[Decision]) -> list[Joined]:
    """'Those of tasks: per payer and step, apart.'"""
    per_step: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for decision in decisions:
        if decision.outcome == "act" and decision.payer.steps[decision.step]["kind"] in TASK_KINDS:
            per_step[decision.payer.payer_id, decision.payer.steps[decision.step]["id"]].append(decision)
    return [
        # "a task's, of entity, payer, D and step"
        Joined(
            f"{world.ledger.entity}:{payer_id}:{world.today}:{step_id}",
            world.payers[payer_id],
            of_step[0].payer.steps[of_step[0].step],
            of_step,
        )
        for (payer_id, step_id), of_step in sorted(per_step.items())
    ]


def cap_order(contact: Joined) -> tuple[int, int, str]:
    """'Contacts in the order level (highest first), greatest days_late of the acts, payer_id.'"""
    late = max(contact.payer.days_late(decision.item) for decision in contact.decisions)
    return -LEVELS.index(contact.step["level"]), -late, contact.payer.payer_id


def cut(contact: Joined, reason: str, source: str) -> None:
    """'What is cut is held whole, until D.'"""
    for decision in contact.decisions:
        decision.outcome = "hold"
        decision.holds = [Hold(reason, contact.payer.world.today, source)]


def cap(contacts: list[Joined], reason: str, group: Any, most: int | None) -> list[Joined]:
    """Lets the first `most` of each group pass; contacts whose group is None aren't counted by this cap."""
    passed: list[Joined] = []
    counts: dict[Any, int] = defaultdict(int)
    for contact in sorted(contacts, key=cap_order):
        name = group(contact)
        if name is not None and most is not None:
            if counts[name] >= most:
                cut(contact, reason, str(name))
                continue
            counts[name] += 1
        passed.append(contact)
    return passed


def collector_of_call(contact: Joined) -> str | None:
    """'calls a collector a day (customers without a collector share one more)'"""
    if contact.step["kind"] != "call":
        return None
    return f"collector:{text(contact.payer.row, 'collector') or ''}"


def address_of_email(contact: Joined) -> str | None:
    """'e-mails beyond `max_messages_per_address_per_day` to one address'"""
    return address_for(contact.person, "email") if contact.channel == "email" else None


def caps(world: World, contacts: list[Joined]) -> list[Joined]:
    """'The caps come one after another, each on what the one before left.'"""
    left = cap(contacts, "capacity", collector_of_call, world.entity["call_capacity"])
    left = cap(left, "address_cap", address_of_email, world.entity["max_messages_per_address_per_day"])
    left = cap(left, "daily_cap", lambda _: "entity", world.entity["max_contacts_per_day"])
    return sorted(left, key=lambda contact: contact.payer.payer_id)


# --- what a contact says --------------------------------------------------------------------------


def demanded(joined: Joined) -> list[dict[str, Any]]:
    """'demands: the joined invoices that are due, with the amount to demand'; 'Due: days_late ≥ 0'."""
    return [
        {
            "invoice_id": decision.item.invoice_id,
            "amount": joined.payer.demands[decision.item.invoice_id],
            "currency": decision.item.currency,
        }
        for decision in by_invoice(joined)
        if joined.payer.days_late(decision.item) >= 0
    ]


def by_invoice(joined: Joined) -> list[Decision]:
    """'Lists of invoices by invoice_id.'"""
    return sorted(joined.decisions, key=lambda decision: decision.item.invoice_id)


def acts_of(joined: Joined) -> list[dict[str, Any]]:
    """'acts: each joined invoice with its own step and level.'"""
    return [
        {
            "invoice_id": decision.item.invoice_id,
            "step": joined.payer.steps[decision.step]["id"],
            "level": joined.payer.steps[decision.step]["level"],
        }
        for decision in by_invoice(joined)
    ]


def announced(joined: Joined) -> list[str]:
    """'announces: joined invoices not yet due.'"""
    return [d.item.invoice_id for d in by_invoice(joined) if joined.payer.days_late(d.item) < 0]


def mentioned(joined: Joined) -> list[str]:
    """'mentions: the payer's other open delivered items.'"""
    own = {decision.item.invoice_id for decision in joined.decisions}
    others = [item for item in joined.payer.items if item.invoice_id not in own and not delivery_holds(item)]
    return sorted(item.invoice_id for item in others)


def totals_of(joined: Joined) -> dict[str, int]:
    """'totals: of the demands, per currency.'"""
    totals: dict[str, int] = defaultdict(int)
    for demand in demanded(joined):
        totals[demand["currency"]] += demand["amount"]
    return totals


def approval_of(joined: Joined) -> str | None:
    """'approval of the step: always, or when the demanded total in a listed currency is greater than
    `over`, or demanded in a currency not listed.'"""
    wanted = joined.step["approval"]
    if wanted is None or was_approved(joined):
        return None
    over = amounts_by_currency(wanted.get("over") or [])
    if not over:
        return wanted["role"]
    needed = any(
        currency not in over or total > over[currency] for currency, total in totals_of(joined).items()
    )
    return wanted["role"] if needed else None


def was_approved(joined: Joined) -> bool:
    """'On approval its invoices are planned anew in that day's plan, under all holds, without a second
    approval unless level or total grew.'"""
    own = {decision.item.invoice_id for decision in joined.decisions}
    totals = totals_of(joined)
    for entry in joined.payer.history:
        if entry["state"] != "approved" or not own & {act["invoice_id"] for act in entry["acts"]}:
            continue
        agreed = {total["currency"]: total["amount"] for total in entry.get("totals", [])}
        level_grew = LEVELS.index(joined.step["level"]) > LEVELS.index(entry["level"])
        if not level_grew and all(total <= agreed.get(currency, 0) for currency, total in totals.items()):
            return True
    return False


# --- the plan as JSON -----------------------------------------------------------------------------


def iso(d: date | None) -> str | None:
    return None if d is None else d.isoformat()


def totals_json(joined: Joined) -> list[dict[str, Any]]:
    """'Totals by currency.'"""
    return [{"currency": cur, "amount": amount} for cur, amount in sorted(totals_of(joined).items())]


def outcome_json(decision: Decision) -> dict[str, Any]:
    """One outcome, with the table of `commands.md` of what is set and what is null."""
    payer, item = decision.payer, decision.item
    step = None if decision.step is None else payer.steps[decision.step]
    return {
        "invoice_id": item.invoice_id,
        "payer_id": item.payer_id,
        "outcome": decision.outcome,
        # "the first is the reason"
        "reason": decision.holds[0].reason if decision.outcome == "hold" else None,
        "holds": [{"reason": h.reason, "until": iso(h.until), "source": h.source} for h in decision.holds],
        "scenario": payer.scenario_id,
        "step": step["id"] if step else None,
        "level": step["level"] if step else None,
        "step_date": iso(rule_1_step_date(payer, item, step)) if step else None,
        "next_step": None if decision.next_step is None else payer.steps[decision.next_step]["id"],
        "next_on": iso(decision.next_on),
        # "`level_reached` is the level of the furthest done step, or null."
        "level_reached": None if decision.reached is None else payer.steps[decision.reached]["level"],
        "passed_over": [payer.steps[place]["id"] for place in decision.passed_over],
        "open": item.open,
        "to_demand": payer.demands[item.invoice_id],
        "currency": item.currency,
        "days_late": payer.days_late(item),
        "contact_key": decision.contact_key,
    }


def contact_json(contact: Joined) -> dict[str, Any]:
    return {
        "key": contact.key,
        "payer_id": contact.payer.payer_id,
        "kind": contact.step["kind"],
        "channel": contact.channel,
        "contact_id": contact.person["contact_id"],
        "to": address_for(contact.person, contact.channel),
        "language": language_for(contact.payer, contact.person),
        "scenario": contact.payer.scenario_id,
        "step": contact.step["id"],
        "level": contact.step["level"],
        "acts": acts_of(contact),
        "demands": demanded(contact),
        "announces": announced(contact),
        "mentions": mentioned(contact),
        "totals": totals_json(contact),
        "approval": approval_of(contact),
        "score": None,
    }


def task_json(task: Joined) -> dict[str, Any]:
    return {
        "key": task.key,
        "payer_id": task.payer.payer_id,
        "kind": task.step["kind"],
        "scenario": task.payer.scenario_id,
        "step": task.step["id"],
        "level": task.step["level"],
        "acts": acts_of(task),
        "demands": demanded(task),
        "totals": totals_json(task),
        "approval": approval_of(task),
    }


def plan(
    ledger: dict[str, Any] | Ledger, policy: Policy, history: list[Entry], holds: list[Row], as_of: date
) -> dict[str, Any]:
    """'plan(ledger as of D, policy, history, D) → outcomes, contacts, tasks', as `plan --json` gives it."""
    as_known = ledger if isinstance(ledger, Ledger) else open_ledger(ledger, as_of)
    world = World(as_known, with_defaults(policy), history, holds, as_of)
    for payer in world.payers.values():
        prepare(payer)
    decisions = [decide(world.payers[item.payer_id], item) for item in as_known.items]
    contacts = caps(world, join_contacts(world, decisions))
    tasks = join_tasks(world, decisions)
    for joined in [*contacts, *tasks]:
        for decision in joined.decisions:
            decision.contact_key = joined.key
    return {
        "entity": as_known.entity,
        "as_of": as_of.isoformat(),
        "policy_version": "reference",
        # "Outcomes by invoice_id; contacts by payer_id; tasks by payer_id, then step"
        "outcomes": [outcome_json(d) for d in sorted(decisions, key=lambda d: d.item.invoice_id)],
        "contacts": [contact_json(contact) for contact in contacts],
        "tasks": [task_json(task) for task in tasks],
    }
