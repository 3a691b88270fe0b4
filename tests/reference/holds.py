"""What stands against a step, and what credit covers (`spec/planning.md`, What stands against it)."""

from __future__ import annotations

from datetime import date, timedelta

from tests.reference import calendar
from tests.reference.ledger import Item, Row, day, text
from tests.reference.people import reach
from tests.reference.policy import threshold
from tests.reference.world import TASK_KINDS, Entry, Hold, Payer, Step, World, is_completed

# "Holds in this order"
GRAVE = ["insolvency", "in_litigation", "stale_ledger"]
OF_THE_INVOICE = [
    "not_delivered",
    "disputed",
    "promised",
    "instalment_plan",
    "snoozed",
    "payment_announced",
    "direct_debit",
    "covered_by_credit",
    "below_minimum",
    "too_recent",
    "awaiting_approval",
    "call_open",
]
OF_THE_PAYER = ["commercial_hold", "non_business_day", "in_flight", "cooldown", "frequency_cap", "no_contact"]
AFTER_JOINING = ["capacity", "address_cap", "daily_cap"]
ORDER = GRAVE + OF_THE_INVOICE + OF_THE_PAYER + AFTER_JOINING


def grave_holds(payer: Payer) -> list[Hold]:
    """'Payer, grave.'"""
    found, world = [], payer.world
    # The page says: "insolvency (status, or an `insolvency_notice` signal, which doesn't lapse)"
    if text(payer.row, "status") == "insolvency":
        found.append(Hold("insolvency", None, "customer.status"))
    for signal in world.signals[payer.payer_id]:
        if signal["kind"] == "insolvency_notice":
            found.append(Hold("insolvency", None, f"signal:insolvency_notice:{day(signal, 'from')}"))
    # The page says: "in_litigation (status, or a hand-over of ours done and its `handover` case not closed)"
    if text(payer.row, "status") == "litigation":
        found.append(Hold("in_litigation", None, "customer.status"))
    for entry in payer.history:
        if entry["kind"] == "handoff" and is_completed(entry):
            closed_on = entry.get("handover_closed_on")
            if closed_on is None or closed_on > world.today:
                found.append(Hold("in_litigation", None, f"handover:{entry['key']}"))
    # The page says: "stale_ledger (the extract is more than `max_ledger_age_days` older than D)"
    if (world.today - world.ledger.extract_date).days > world.entity["max_ledger_age_days"]:
        found.append(Hold("stale_ledger", None, f"extract:{world.ledger.extract_date}"))
    return found


def delivery_holds(item: Item) -> list[Hold]:
    """'not_delivered (`draft`, `rejected`)'"""
    if item.delivery_status in ("draft", "rejected"):
        return [Hold("not_delivered", None, f"delivery_status:{item.delivery_status}")]
    return []


def dispute_holds(world: World, item: Item) -> list[Hold]:
    """'disputed (an open dispute, or `refused`, `disputed` by the platform)'; of a part, where nothing
    undisputed is left of the invoice."""
    whole, parts = dispute_rows(world, item)
    if parts and sum(row["amount"] for row in parts) >= item.open:
        whole = whole + parts
    found = [Hold("disputed", row["until"], row["source"]) for row in whole]
    if item.delivery_status in ("refused", "disputed"):
        found.append(Hold("disputed", None, f"delivery_status:{item.delivery_status}"))
    return found


def dispute_rows(world: World, item: Item) -> tuple[list[Row], list[Row]]:
    """Disputes that stand on the day: of all of the invoice, and of a part of it (`amount`)."""
    standing = [
        row
        for row in world.holds
        if row["reason"] == "disputed"
        and concerns(row, item)
        and (row["until"] is None or world.today <= row["until"])
    ]
    parts = [row for row in standing if row.get("amount") is not None and row["invoice_id"] is not None]
    return [row for row in standing if row not in parts], parts


def disputed_part(world: World, item: Item) -> int:
    """'The undisputed rest goes on': what of an invoice is not demanded because a part of it is in dispute;
    nothing where the whole is held."""
    if dispute_holds(world, item):
        return 0
    return sum(row["amount"] for row in dispute_rows(world, item)[1])


def case_holds(world: World, item: Item, reason: str, grace: int) -> list[Hold]:
    """What people entered for the invoice, or for all of the payer's."""
    rows = [row for row in world.holds if row["reason"] == reason and concerns(row, item)]
    ends = [None if row["until"] is None else row["until"] + timedelta(days=grace) for row in rows]
    return [
        Hold(reason, until, row["source"])
        for row, until in zip(rows, ends, strict=True)
        if until is None or world.today <= until
    ]


def concerns(row: Row, item: Item) -> bool:
    """'Of the invoice or all of the payer's.'"""
    return row["payer_id"] == item.payer_id and row["invoice_id"] in (None, item.invoice_id)


def plan_holds(payer: Payer, item: Item) -> list[Hold]:
    """'instalment_plan (every instalment due so far paid within its grace)'"""
    today = payer.world.today
    return [
        Hold("instalment_plan", row["until"], row["source"])
        for row in payer.world.holds
        if row["reason"] == "instalment_plan"
        and concerns(row, item)
        and (row["until"] is None or today <= row["until"])
        and plan_is_kept(payer, row)
    ]


def plan_is_kept(payer: Payer, row: Row) -> bool:
    grace = timedelta(days=payer.scenario["promise_grace_days"])
    return all(
        instalment["due"] + grace >= payer.world.today
        if instalment["paid_on"] is None
        else instalment["paid_on"] <= instalment["due"] + grace
        for instalment in row.get("instalments", [])
    )


def direct_debit_holds(payer: Payer, item: Item) -> list[Hold]:
    """'direct_debit (payment method `direct_debit` or `bill_of_exchange`: until due date +
    `collection_grace_days`, or until the collection is refused: a negative payment on this invoice)'"""
    until = item.due_date + timedelta(days=payer.scenario["collection_grace_days"])
    method = text(payer.row, "payment_method")
    if (
        method not in ("direct_debit", "bill_of_exchange")
        or item.refused_on is not None
        or payer.world.today > until
    ):
        return []
    return [Hold("direct_debit", until, f"payment_method:{method}")]


def too_recent_holds(payer: Payer, item: Item) -> list[Hold]:
    """'too_recent (less than `min_days_after_issue` days since issue)'"""
    until = item.issue_date + timedelta(days=payer.scenario["min_days_after_issue"] - 1)
    return [Hold("too_recent", until, f"issue_date:{item.issue_date}")] if payer.world.today <= until else []


def waiting_holds(world: World, item: Item) -> list[Hold]:
    """'awaiting_approval (a contact or task that acts for it waits for a person) · call_open (a call that
    acts for it is not made yet)'"""
    found = []
    for entry, _ in world.acts[item.invoice_id]:
        state, is_task = entry["state"], entry["kind"] in TASK_KINDS
        if state == "awaiting_approval" or (is_task and state in ("planned", "sending", "open", "in_doubt")):
            found.append(Hold("awaiting_approval", None, f"contact:{entry['key']}"))
        if state == "open" and entry["kind"] == "call":
            found.append(Hold("call_open", None, f"contact:{entry['key']}"))
    return found


def holds_of_invoice(payer: Payer, item: Item) -> list[Hold]:
    """'Invoice:', all but the two that rest on credit."""
    world, grace = payer.world, payer.scenario["promise_grace_days"]
    return (
        delivery_holds(item)
        + dispute_holds(world, item)
        + case_holds(world, item, "promised", grace)  # "until promised date + `promise_grace_days`"
        + plan_holds(payer, item)
        + case_holds(world, item, "snoozed", 0)
        + case_holds(world, item, "payment_announced", 0)
        + direct_debit_holds(payer, item)
        + too_recent_holds(payer, item)
        + waiting_holds(world, item)
    )


def lay_out_credit(payer: Payer) -> dict[str, int]:
    """'A payer's credit covers, per currency, its open invoices that no other hold of the invoice stops, in
    the order due_date, issue_date, invoice_id; overdue and coming due alike.' Gives what is left to demand
    of each."""
    left = {
        cur: amount
        for (payer_id, cur), amount in payer.world.ledger.credits.items()
        if payer_id == payer.payer_id
    }
    demands = {item.invoice_id: item.open - disputed_part(payer.world, item) for item in payer.items}
    for item in sorted(payer.items, key=lambda i: (i.due_date, i.issue_date, i.invoice_id)):
        if payer.invoice_holds[item.invoice_id]:
            continue
        used = min(left.get(item.currency, 0), demands[item.invoice_id])
        demands[item.invoice_id] -= used
        left[item.currency] = left.get(item.currency, 0) - used
    return demands


def credit_holds(payer: Payer, item: Item) -> list[Hold]:
    """'covered_by_credit (nothing left to demand) · below_minimum (the payer's outstanding total in that
    currency is under the scenario's `minimum`; none listed, none)'"""
    found = []
    if payer.demands[item.invoice_id] == 0:
        found.append(Hold("covered_by_credit", None, "credit"))
    least = threshold(payer.scenario["minimum"], item.currency)
    if least is not None and payer.outstanding_total.get(item.currency, 0) < least:
        found.append(Hold("below_minimum", None, "minimum"))
    return found


def commercial_holds(payer: Payer, item: Item) -> list[Hold]:
    """'commercial_hold (signals `support_ticket`, `negotiation`, `commercial_hold` of the payer, for all;
    of the invoice's customer, for that invoice; or a person's hold)'"""
    found = case_holds(payer.world, item, "commercial_hold", 0)
    for customer_id in sorted({payer.payer_id, item.customer_id}):
        for signal in payer.world.signals[customer_id]:
            if signal["kind"] in ("support_ticket", "negotiation", "commercial_hold"):
                source = f"signal:{signal['kind']}:{customer_id}:{day(signal, 'from')}"
                found.append(Hold("commercial_hold", day(signal, "until"), source))
    return found


def non_business_day_holds(payer: Payer) -> list[Hold]:
    """'non_business_day (D closed)'; 'every `until` is the last day on which a hold stands'."""
    today = payer.world.today
    if not payer.closed(today):
        return []
    open_again = calendar.on_or_after(payer.world.region, payer.country, today)
    return [Hold("non_business_day", open_again - timedelta(days=1), "calendar")]


def in_flight_holds(payer: Payer) -> list[Hold]:
    """'in_flight (a contact planned before D is neither sent, completed, not made, bounced, failed,
    cancelled, rejected nor waiting for a person, approver or caller)'"""
    settled = ("sent", "confirmed", "completed", "not_made", "bounced", "failed", "cancelled", "rejected")
    waiting = ("awaiting_approval", "open")
    # An approved contact is no longer one: "On approval its invoices are planned anew in that day's plan."
    return [
        Hold("in_flight", None, f"contact:{entry['key']}")
        for entry in payer.history
        if entry["kind"] not in TASK_KINDS and entry["state"] not in (*settled, *waiting, "approved")
    ]


def contacts_counted(payer: Payer) -> list[Entry]:
    """'Cool-down and cap count contacts on every channel, sent or made, of any scenario … `not_made` calls
    and tasks don't count. A hard-bounced message counts.'"""
    return [
        entry
        for entry in payer.history
        if entry["kind"] not in TASK_KINDS
        and (entry["state"] in ("sent", "confirmed", "bounced") or is_completed(entry))
    ]


def counted_against(payer: Payer, step: Step) -> list[date]:
    """'A preventive contact counts only against preventive steps.'"""
    return sorted(
        entry["acted_on"]
        for entry in contacts_counted(payer)
        if entry["level"] != "preventive" or step["level"] == "preventive"
    )


def cooldown_holds(payer: Payer, step: Step) -> list[Hold]:
    """'cooldown (`min_days_between_contacts` days from the last contact)'"""
    counted = counted_against(payer, step)
    if not counted:
        return []
    until = counted[-1] + timedelta(days=payer.scenario["min_days_between_contacts"] - 1)
    return [Hold("cooldown", until, f"contact:{counted[-1]}")] if payer.world.today <= until else []


def frequency_cap_holds(payer: Payer, step: Step) -> list[Hold]:
    """'frequency_cap (`max_contacts_per_30_days` contacts in D−29 … D)'"""
    today, cap = payer.world.today, payer.scenario["max_contacts_per_30_days"]
    window = [d for d in counted_against(payer, step) if today - timedelta(days=29) <= d <= today]
    if len(window) < cap:
        return []
    # It ends when enough of them have left the window: the oldest of the last `cap` ones is in it for 30
    # days.
    until = window[len(window) - cap] + timedelta(days=29) if cap > 0 else None
    return [Hold("frequency_cap", until, "contacts")]


def no_contact_holds(payer: Payer, step: Step) -> list[Hold]:
    """'no_contact (nobody can be reached for the invoice's own step on any of its channels)'"""
    return [] if reach(payer, step) else [Hold("no_contact", None, "contacts")]


def in_order(holds: list[Hold]) -> list[Hold]:
    """'Holds in the order above, then until (null last), then source.'"""
    return sorted(
        holds, key=lambda h: (ORDER.index(h.reason), h.until is None, h.until or date.min, h.source)
    )


def holds_without_step(payer: Payer, item: Item) -> list[Hold]:
    """'For `wait` and `exhausted` too, the grave ones, those of the invoice and `commercial_hold`: the
    others belong to a step.'"""
    return (
        grave_holds(payer)
        + payer.invoice_holds[item.invoice_id]
        + credit_holds(payer, item)
        + commercial_holds(payer, item)
    )


def holds_of_step(payer: Payer, step: Step) -> list[Hold]:
    """'Tasks are not held by `non_business_day`, `in_flight`, `cooldown`, `frequency_cap`, `no_contact` or
    the caps.'"""
    if step["kind"] in TASK_KINDS:
        return []
    return (
        non_business_day_holds(payer)
        + in_flight_holds(payer)
        + cooldown_holds(payer, step)
        + frequency_cap_holds(payer, step)
        + no_contact_holds(payer, step)
    )
