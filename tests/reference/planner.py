"""Who is chased today, how, and why not: `spec/planning.md`, sentence by sentence, slow and obvious.

It is written from the specification alone and shares no code with the product's planner, so that agreement between the two
means something. Plain dicts and dataclasses; one function a rule, in the order of the page; the sentence it stands for is
quoted at each.

History is a list of dicts `{"key", "payer_id", "as_of" (its plan date), "kind", "channel", "state", "acted_on" (or None),
"scenario", "step", "level", "acts": [{"invoice_id", "step", "level"}]}`. States: planned, sending, awaiting_approval,
approved, open (a call or a task waits for a person), in_doubt, sent, confirmed, bounced, failed, cancelled, rejected,
completed, not_made. Optional: `handover_closed_on` (a hand-over's case), `totals` (of an approved contact).

Holds are rows `{"reason", "payer_id", "invoice_id" (or None: all of the payer's), "from", "until" (or None), "source"}`;
a promise's `until` is the promised date, an instalment plan may list `instalments: [{"due", "paid_on"}]`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from tests.reference import calendar
from tests.reference.ledger import Item, Ledger, Row, boolean, day, open_ledger, text
from tests.reference.policy import LEVELS, Policy, amounts_by_currency, threshold, with_defaults

Step = dict[str, Any]
Entry = dict[str, Any]

TASK_KINDS = ("internal", "handoff")

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


@dataclass(frozen=True)
class Hold:
    reason: str
    until: date | None
    source: str


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


class World:
    """Everything the plan of one day may look at."""

    def __init__(self, ledger: Ledger, policy: Policy, history: list[Entry], holds: list[Row], as_of: date) -> None:
        self.ledger, self.policy, self.today = ledger, policy, as_of
        self.entity = policy["entities"][ledger.entity]
        self.region = policy["regions"][self.entity["region"]]
        # "History for D: contacts and tasks whose plan date is before D, in the state they have when planning."
        self.history = [self.aged(entry) for entry in history if entry["as_of"] < as_of]
        # A row is known from its date on, and "every `until` is the last day on which a hold stands".
        self.holds = [row for row in holds if row["from"] <= as_of]
        self.acts: dict[str, list[tuple[Entry, dict[str, Any]]]] = defaultdict(list)
        for entry in self.history:
            for act in entry["acts"]:
                self.acts[act["invoice_id"]].append((entry, act))
        self.signals: dict[str, list[Row]] = defaultdict(list)
        for signal in ledger.signals:
            if signal_stands(signal, as_of):
                self.signals[signal["customer_id"]].append(signal)
        self.payers = {
            payer_id: Payer(self, payer_id) for payer_id in sorted({item.payer_id for item in ledger.items})
        }

    def aged(self, entry: Entry) -> Entry:
        """'A call not completed within `call_patience_days` business days becomes `not_made`': on the day on which
        these days, from the plan's, are over ('N days from day X cover X … X+N−1')."""
        if entry["kind"] != "call" or entry["state"] != "open":
            return entry
        patience = self.policy["scenarios"].get(entry["scenario"], {"call_patience_days": 5})["call_patience_days"]
        over_on = calendar.entity_business_day_after(self.region, entry["as_of"], patience)
        return entry if self.today < over_on else entry | {"state": "not_made", "acted_on": over_on}


def signal_stands(signal: Row, as_of: date) -> bool:
    """From its day to its `until`; 'an `insolvency_notice` signal, which doesn't lapse'."""
    if day(signal, "from") > as_of:
        return False
    until = day(signal, "until")
    return signal["kind"] == "insolvency_notice" or until is None or as_of <= until


class Payer:
    """'The account that is chased for an invoice', with what the day says of it."""

    def __init__(self, world: World, payer_id: str) -> None:
        self.world, self.payer_id = world, payer_id
        self.row = world.ledger.customers.get(payer_id, {"customer_id": payer_id})
        self.country = (text(self.row, "country") or "").upper() or None
        self.items = [item for item in world.ledger.items if item.payer_id == payer_id]
        self.history = [entry for entry in world.history if entry["payer_id"] == payer_id]
        self.scenario_id = scenario_of(self)
        self.scenario = world.policy["scenarios"][self.scenario_id]
        self.steps: list[Step] = self.scenario["steps"]

    @cached_property
    def invoice_holds(self) -> dict[str, list[Hold]]:
        """Holds of the invoices, those that don't rest on credit."""
        return {item.invoice_id: holds_of_invoice(self, item) for item in self.items}

    @cached_property
    def demands(self) -> dict[str, int]:
        """'Amount to demand: open less what the payer's credit covers of it.'"""
        return lay_out_credit(self)

    @cached_property
    def outstanding_total(self) -> dict[str, int]:
        return total_to_demand(self, overdue_only=False)

    @cached_property
    def overdue_total(self) -> dict[str, int]:
        return total_to_demand(self, overdue_only=True)

    @cached_property
    def contacts_counted(self) -> list[Entry]:
        """'Cool-down and cap count contacts on every channel, sent or made, of any scenario … `not_made` calls and tasks
        don't count. A hard-bounced message counts.'"""
        return [
            entry
            for entry in self.history
            if entry["kind"] not in TASK_KINDS
            and (entry["state"] in ("sent", "confirmed", "bounced") or is_completed(entry))
        ]

    def days_late(self, item: Item) -> int:
        """'D − due_date in calendar days, negative before.'"""
        return (self.world.today - item.due_date).days

    def closed(self, d: date) -> bool:
        return calendar.closed(self.world.region, self.country, d)


# --- words: the segment table, and totals ---------------------------------------------------------------------------


def scenario_of(payer: Payer) -> str:
    """'Segment table: rules in order; the first whose conditions all hold gives a payer its scenario.'"""
    for rule in payer.world.policy["segments"]["rules"]:
        if all(condition_holds(payer, name, wanted) for name, wanted in rule["when"].items()):
            return rule["scenario"]
    return payer.world.entity["default_scenario"]  # "none → the entity's default"


def condition_holds(payer: Payer, name: str, wanted: Any) -> bool:
    """One condition of `config.md`: 'each a list: any of', `vip` ('false matches unknown'), the two totals."""
    if name == "vip":
        return bool(boolean(payer.row, "vip")) == wanted
    if name in ("outstanding_over", "overdue_over"):
        totals = segment_totals(payer, overdue_only=name == "overdue_over")
        # "the payer's total in any listed currency is greater"
        return any(totals.get(currency, 0) > over for currency, over in amounts_by_currency(wanted).items())
    if name == "entity":
        return payer.world.ledger.entity in wanted
    if name == "region":
        return payer.world.entity["region"] in wanted  # "the selling side's"
    if name == "signal":
        return any(signal["kind"] in wanted for signal in payer.world.signals[payer.payer_id])
    if name in ("profile", "risk"):
        return False  # "`profile` and `risk` match nothing while unknown."
    return text(payer.row, name) in wanted


def segment_totals(payer: Payer, *, overdue_only: bool) -> dict[str, int]:
    """'Only the segment table, which comes before any hold, takes instead: open of the payer's delivered, undisputed
    invoices (for `overdue_over`: the overdue ones) less all its credit in that currency, at least 0.'"""
    totals: dict[str, int] = defaultdict(int)
    for item in payer.items:
        if delivery_holds(item) or dispute_holds(payer.world, item):
            continue
        if not overdue_only or payer.days_late(item) > 0:
            totals[item.currency] += item.open
    credit = payer.world.ledger.credits
    return {cur: max(total - credit.get((payer.payer_id, cur), 0), 0) for cur, total in totals.items()}


def total_to_demand(payer: Payer, *, overdue_only: bool) -> dict[str, int]:
    """'A payer's outstanding and overdue totals are sums of amounts to demand, per currency, without disputed and
    undelivered invoices.'"""
    totals: dict[str, int] = defaultdict(int)
    for item in payer.items:
        if any(hold.reason in ("disputed", "not_delivered") for hold in payer.invoice_holds[item.invoice_id]):
            continue
        if not overdue_only or payer.days_late(item) > 0:  # "Overdue: days_late > 0."
            totals[item.currency] += payer.demands[item.invoice_id]
    return totals


# --- which step -----------------------------------------------------------------------------------------------------


def rule_1_step_date(payer: Payer, item: Item, step: Step) -> date:
    """'A step's date S is `due_date + day`, moved off closed days: a preventive step to the previous business day, any
    other to the next.'"""
    d = item.due_date + timedelta(days=step["day"])
    move = calendar.on_or_before if step["level"] == "preventive" else calendar.on_or_after
    return move(payer.world.region, payer.country, d)


def is_completed(entry: Entry) -> bool:
    return entry["state"] == "completed"


def rule_2_done_acts(world: World, item: Item) -> list[tuple[Entry, dict[str, Any]]]:
    """'A step is done for an invoice when the contact that acted for it was sent (a message), completed or `not_made` (a
    call), or completed (a task). Failed, cancelled, rejected, and hard-bounced contacts don't count.'"""
    done = {
        "message": ("sent", "confirmed"),
        "call": ("completed", "not_made"),
        "internal": ("completed",),
        "handoff": ("completed",),
    }
    return [(entry, act) for entry, act in world.acts[item.invoice_id] if entry["state"] in done[entry["kind"]]]


def rule_6_place(payer: Payer, entry: Entry, act: dict[str, Any]) -> int:
    """'A done step whose scenario and id are in the present scenario keeps its place; any other counts as the last step of
    its level or below.' −1: no step of the present scenario is of its level or below."""
    if entry["scenario"] == payer.scenario_id:
        for place, step in enumerate(payer.steps):
            if step["id"] == act["step"]:
                return place
    below = [
        place
        for place, step in enumerate(payer.steps)
        if LEVELS.index(step["level"]) <= LEVELS.index(act["level"])
    ]
    return below[-1] if below else -1


def rule_6_furthest(payer: Payer, item: Item) -> int:
    """'The furthest counts.' −1 where nothing is done."""
    return max((rule_6_place(payer, *done) for done in rule_2_done_acts(payer.world, item)), default=-1)


def still_to_come(payer: Payer, item: Item, on: date) -> list[int]:
    """Steps after the furthest done one; 'a preventive step is no candidate once D is past the due date'."""
    after = range(rule_6_furthest(payer, item) + 1, len(payer.steps))
    return [p for p in after if payer.steps[p]["level"] != "preventive" or on <= item.due_date]


def rule_3_passed_over(payer: Payer, item: Item, place: int) -> bool:
    """'A step whose `min_overdue` (in the invoice's currency; none listed, no threshold) the payer's overdue total doesn't
    reach is passed over for today.'"""
    least = threshold(payer.steps[place]["min_overdue"], item.currency)
    return least is not None and payer.overdue_total.get(item.currency, 0) < least


def rule_3_candidates(payer: Payer, item: Item, on: date) -> list[int]:
    """'Candidates: steps after the furthest done one with S ≤ D', without the passed-over ones: such a step 'neither acts
    nor blocks'."""
    return [
        place
        for place in still_to_come(payer, item, on)
        if rule_1_step_date(payer, item, payer.steps[place]) <= on and not rule_3_passed_over(payer, item, place)
    ]


def rule_4_choice(payer: Payer, item: Item, on: date) -> int | None:
    """'Of the candidates, take the lowest level; within it, the latest in order.'"""
    candidates = rule_3_candidates(payer, item, on)
    if not candidates:
        return None
    lowest = min(LEVELS.index(payer.steps[place]["level"]) for place in candidates)
    return max(place for place in candidates if LEVELS.index(payer.steps[place]["level"]) == lowest)


def rule_5_not_before(payer: Payer, item: Item, place: int) -> date:
    """The first day on which a chosen step may act."""
    return max(rule_5_after_last_act(payer, item, place), rule_5_after_reversal(payer, item))


def rule_5_after_last_act(payer: Payer, item: Item, place: int) -> date:
    """'A step above level_1, of a higher level than the furthest done, waits until the last contact or task that acted for
    this invoice (preventive ones aside) plus `min_days_between_levels`.'"""
    step, furthest = payer.steps[place], rule_6_furthest(payer, item)
    level = LEVELS.index(step["level"])
    if level <= LEVELS.index("level_1"):
        return date.min
    if furthest >= 0 and level <= LEVELS.index(payer.steps[furthest]["level"]):
        return date.min
    acted = [
        (entry["acted_on"], rule_6_place(payer, entry, act))
        for entry, act in rule_2_done_acts(payer.world, item)
        if act["level"] != "preventive"
    ]
    if not acted:
        return date.min
    last_on, last_place = max(acted)
    wait = payer.scenario["min_days_between_levels"]
    if last_place >= 0:
        # "If that one came at least `min_days_between_levels` days after its own S (a catch-up), the wait is the greater
        # of `min_days_between_levels` and the difference of the two steps' `day`."
        last_step = payer.steps[last_place]
        if (last_on - rule_1_step_date(payer, item, last_step)).days >= wait:
            wait = max(wait, step["day"] - last_step["day"])
    return last_on + timedelta(days=wait)


def rule_5_after_reversal(payer: Payer, item: Item) -> date:
    """'Likewise nothing acts before a reversal that opened the invoice again (it was at 0) plus
    `min_days_between_levels`.'"""
    if item.reopened_on is None:
        return date.min
    return item.reopened_on + timedelta(days=payer.scenario["min_days_between_levels"])


def due_step(payer: Payer, item: Item, on: date) -> int | None:
    """The step that rules 1 to 5 let act on a day, or None."""
    place = rule_4_choice(payer, item, on)
    if place is None or on < rule_5_not_before(payer, item, place):
        return None
    return place


def rule_7_next(payer: Payer, item: Item) -> tuple[int, date] | None:
    """'`wait` names the step that would be chosen next, and the first business day on which it could act, by rules 1 to 5
    with today's totals and whatever holds stand (for a task too a business day). No step left, or only passed-over ones:
    `exhausted`.' So: walk over the business days to come until one lets a step act."""
    left = [p for p in still_to_come(payer, item, payer.world.today) if not rule_3_passed_over(payer, item, p)]
    if not left:
        return None
    last = max(
        max(rule_1_step_date(payer, item, payer.steps[place]), rule_5_not_before(payer, item, place))
        for place in left
    )
    d = payer.world.today
    while d <= max(last, payer.world.today) + timedelta(days=60):
        d += timedelta(days=1)
        if not payer.closed(d):
            place = due_step(payer, item, d)
            if place is not None:
                return place, d
    return None


def rule_7_passed_over(payer: Payer, item: Item) -> list[int]:
    """'`passed_over` lists, for every outcome, the steps still to come (S reached or not; preventive ones only until the due
    date) whose `min_overdue` isn't reached today, in order.'"""
    return [p for p in still_to_come(payer, item, payer.world.today) if rule_3_passed_over(payer, item, p)]


# --- what stands against it -----------------------------------------------------------------------------------------


def grave_holds(payer: Payer) -> list[Hold]:
    """'Payer, grave.'"""
    found, world = [], payer.world
    # "insolvency (status, or an `insolvency_notice` signal, which doesn't lapse)"
    if text(payer.row, "status") == "insolvency":
        found.append(Hold("insolvency", None, "customer.status"))
    for signal in world.signals[payer.payer_id]:
        if signal["kind"] == "insolvency_notice":
            found.append(Hold("insolvency", None, f"signal:insolvency_notice:{day(signal, 'from')}"))
    # "in_litigation (status, or a hand-over of ours done and its `handover` case not closed)"
    if text(payer.row, "status") == "litigation":
        found.append(Hold("in_litigation", None, "customer.status"))
    for entry in payer.history:
        if entry["kind"] == "handoff" and is_completed(entry):
            closed_on = entry.get("handover_closed_on")
            if closed_on is None or closed_on > world.today:
                found.append(Hold("in_litigation", None, f"handover:{entry['key']}"))
    # "stale_ledger (the extract is more than `max_ledger_age_days` older than D)"
    if (world.today - world.ledger.extract_date).days > world.entity["max_ledger_age_days"]:
        found.append(Hold("stale_ledger", None, f"extract:{world.ledger.extract_date}"))
    return found


def delivery_holds(item: Item) -> list[Hold]:
    """'not_delivered (`draft`, `rejected`)'"""
    if item.delivery_status in ("draft", "rejected"):
        return [Hold("not_delivered", None, f"delivery_status:{item.delivery_status}")]
    return []


def dispute_holds(world: World, item: Item) -> list[Hold]:
    """'disputed (an open dispute, or `refused`, `disputed` by the platform)'"""
    found = case_holds(world, item, "disputed", 0)
    if item.delivery_status in ("refused", "disputed"):
        found.append(Hold("disputed", None, f"delivery_status:{item.delivery_status}"))
    return found


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
    """'direct_debit (payment method `direct_debit` or `bill_of_exchange`: until due date + `collection_grace_days`, or until
    the collection is refused: a negative payment on this invoice)'"""
    until = item.due_date + timedelta(days=payer.scenario["collection_grace_days"])
    method = text(payer.row, "payment_method")
    if method not in ("direct_debit", "bill_of_exchange") or item.refused_on is not None or payer.world.today > until:
        return []
    return [Hold("direct_debit", until, f"payment_method:{method}")]


def too_recent_holds(payer: Payer, item: Item) -> list[Hold]:
    """'too_recent (less than `min_days_after_issue` days since issue)'"""
    until = item.issue_date + timedelta(days=payer.scenario["min_days_after_issue"] - 1)
    return [Hold("too_recent", until, f"issue_date:{item.issue_date}")] if payer.world.today <= until else []


def waiting_holds(world: World, item: Item) -> list[Hold]:
    """'awaiting_approval (a contact or task that acts for it waits for a person) · call_open (a call that acts for it is not
    made yet)'"""
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
    """'A payer's credit covers, per currency, its open invoices that no other hold of the invoice stops, in the order
    due_date, issue_date, invoice_id; overdue and coming due alike.' Gives what is left to demand of each."""
    left = {cur: amount for (payer_id, cur), amount in payer.world.ledger.credits.items() if payer_id == payer.payer_id}
    demands = {item.invoice_id: item.open for item in payer.items}
    for item in sorted(payer.items, key=lambda i: (i.due_date, i.issue_date, i.invoice_id)):
        if payer.invoice_holds[item.invoice_id]:
            continue
        used = min(left.get(item.currency, 0), item.open)
        demands[item.invoice_id] -= used
        left[item.currency] = left.get(item.currency, 0) - used
    return demands


def credit_holds(payer: Payer, item: Item) -> list[Hold]:
    """'covered_by_credit (nothing left to demand) · below_minimum (the payer's outstanding total in that currency is under the
    scenario's `minimum`; none listed, none)'"""
    found = []
    if payer.demands[item.invoice_id] == 0:
        found.append(Hold("covered_by_credit", None, "credit"))
    least = threshold(payer.scenario["minimum"], item.currency)
    if least is not None and payer.outstanding_total.get(item.currency, 0) < least:
        found.append(Hold("below_minimum", None, "minimum"))
    return found


def commercial_holds(payer: Payer, item: Item) -> list[Hold]:
    """'commercial_hold (signals `support_ticket`, `negotiation`, `commercial_hold` of the payer, for all; of the invoice's
    customer, for that invoice; or a person's hold)'"""
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
    """'in_flight (a contact planned before D is neither sent, completed, not made, bounced, failed, cancelled, rejected nor
    waiting for a person, approver or caller)'"""
    settled = ("sent", "confirmed", "completed", "not_made", "bounced", "failed", "cancelled", "rejected")
    waiting = ("awaiting_approval", "open")
    # An approved contact is no longer one: "On approval its invoices are planned anew in that day's plan."
    return [
        Hold("in_flight", None, f"contact:{entry['key']}")
        for entry in payer.history
        if entry["kind"] not in TASK_KINDS and entry["state"] not in (*settled, *waiting, "approved")
    ]


def counted_against(payer: Payer, step: Step) -> list[date]:
    """'A preventive contact counts only against preventive steps.'"""
    return sorted(
        entry["acted_on"]
        for entry in payer.contacts_counted
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
    # It ends when enough of them have left the window: the oldest of the last `cap` ones is in it for 30 days.
    until = window[len(window) - cap] + timedelta(days=29) if cap > 0 else None
    return [Hold("frequency_cap", until, "contacts")]


def no_contact_holds(payer: Payer, step: Step) -> list[Hold]:
    """'no_contact (nobody can be reached for the invoice's own step on any of its channels)'"""
    return [] if reach(payer, step) else [Hold("no_contact", None, "contacts")]


def in_order(holds: list[Hold]) -> list[Hold]:
    """'Holds in the order above, then until (null last), then source.'"""
    return sorted(holds, key=lambda h: (ORDER.index(h.reason), h.until is None, h.until or date.min, h.source))


def holds_without_step(payer: Payer, item: Item) -> list[Hold]:
    """'For `wait` and `exhausted` too, the grave ones, those of the invoice and `commercial_hold`: the others belong to a
    step.'"""
    return (
        grave_holds(payer)
        + payer.invoice_holds[item.invoice_id]
        + credit_holds(payer, item)
        + commercial_holds(payer, item)
    )


def holds_of_step(payer: Payer, step: Step) -> list[Hold]:
    """'Tasks are not held by `non_business_day`, `in_flight`, `cooldown`, `frequency_cap`, `no_contact` or the caps.'"""
    if step["kind"] in TASK_KINDS:
        return []
    return (
        non_business_day_holds(payer)
        + in_flight_holds(payer)
        + cooldown_holds(payer, step)
        + frequency_cap_holds(payer, step)
        + no_contact_holds(payer, step)
    )


# --- person, channel, language --------------------------------------------------------------------------------------


def address_for(person: Row, channel: str) -> str | None:
    """'What a person needs: `email` an e-mail address; `sms`, `voice`, `call` a phone; `whatsapp` a WhatsApp number; `letter` an
    address; `registered` an address or an e-mail.'"""
    if channel == "email":
        return text(person, "email")
    if channel in ("sms", "voice", "call"):
        return text(person, "phone")
    if channel == "whatsapp":
        return text(person, "whatsapp")
    if channel == "letter":
        return text(person, "address")
    return text(person, "address") or text(person, "email")


def can_receive(person: Row, channel: str) -> bool:
    """'Inactive persons and opted-out channels are out.'"""
    opted_out = {part.strip() for part in (text(person, "opt_out") or "").split("|")}
    return channel not in opted_out and address_for(person, channel) is not None


def persons_in_order(payer: Payer, step: Step) -> list[Row]:
    """'Roles in `audience` order, persons of a role with a `preferred_channel` among the step's first, then by contact_id, at
    last persons without a role.'"""
    # "`active` (bool)"; "blank `active` true"
    persons = [
        row
        for row in payer.world.ledger.contacts
        if row["customer_id"] == payer.payer_id and boolean(row, "active") is not False
    ]
    ordered = []
    for role in [*step["audience"], None]:
        of_role = [row for row in persons if text(row, "role") == role]
        of_role.sort(key=lambda row: (text(row, "preferred_channel") not in step["channels"], row["contact_id"]))
        ordered += of_role
    return ordered


def reach(payer: Payer, step: Step) -> tuple[Row, str] | None:
    """'For each person the first of the step's channels that they can receive.'"""
    for person in persons_in_order(payer, step):
        for channel in step["channels"]:
            if can_receive(person, channel):
                return person, channel
    return None


def language_for(payer: Payer, person: Row) -> str:
    """'The first of the person's and the payer's that the region has (by primary subtag: fr-BE is fr), else the region's
    first.'"""
    for wanted in (text(person, "language"), text(payer.row, "language")):
        for language in payer.world.region["languages"]:
            if wanted and wanted.split("-")[0].lower() == language.split("-")[0].lower():
                return language
    return payer.world.region["languages"][0]


# --- one decision an invoice ----------------------------------------------------------------------------------------


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


# --- one contact a payer a day --------------------------------------------------------------------------------------


def lead_of(decisions: list[Decision]) -> Decision:
    """'The lead is the invoice with the highest level, then the latest step in order, then the lowest invoice_id.'"""
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


# --- what a contact says --------------------------------------------------------------------------------------------


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
    """'approval of the step: always, or when the demanded total in a listed currency is greater than `over`, or demanded in a
    currency not listed.'"""
    wanted = joined.step["approval"]
    if wanted is None or was_approved(joined):
        return None
    over = amounts_by_currency(wanted.get("over") or [])
    if not over:
        return wanted["role"]
    needed = any(currency not in over or total > over[currency] for currency, total in totals_of(joined).items())
    return wanted["role"] if needed else None


def was_approved(joined: Joined) -> bool:
    """'On approval its invoices are planned anew in that day's plan, under all holds, without a second approval unless level
    or total grew.'"""
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


# --- the plan as JSON -----------------------------------------------------------------------------------------------


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
