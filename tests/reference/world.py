"""What the plan of one day may look at: the ledger as of it, the policy, what was done, what people said."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.reference import calendar
from tests.reference.ledger import Item, Ledger, Row, day, text
from tests.reference.policy import Policy

Step = dict[str, Any]
Entry = dict[str, Any]

TASK_KINDS = ("internal", "handoff")


@dataclass(frozen=True)
class Hold:
    reason: str
    until: date | None
    source: str


class World:
    """Everything the plan of one day may look at."""

    def __init__(
        self, ledger: Ledger, policy: Policy, history: list[Entry], holds: list[Row], as_of: date
    ) -> None:
        self.ledger, self.policy, self.today = ledger, policy, as_of
        self.entity = policy["entities"][ledger.entity]
        self.region = policy["regions"][self.entity["region"]]
        # "History for D: contacts and tasks whose plan date is before D, in the state they have when
        # planning."
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
        payer_ids = sorted({item.payer_id for item in ledger.items})
        self.payers = {payer_id: Payer(self, payer_id) for payer_id in payer_ids}

    def aged(self, entry: Entry) -> Entry:
        """'A call not completed within `call_patience_days` business days becomes `not_made`': on the day
        on which these days, from the plan's, are over ('N days from day X cover X … X+N−1')."""
        if entry["kind"] != "call" or entry["state"] != "open":
            return entry
        patience = self.policy["scenarios"].get(entry["scenario"], {"call_patience_days": 5})[
            "call_patience_days"
        ]
        over_on = calendar.entity_business_day_after(self.region, entry["as_of"], patience)
        return entry if self.today < over_on else entry | {"state": "not_made", "acted_on": over_on}


def is_completed(entry: Entry) -> bool:
    return entry["state"] == "completed"


def signal_stands(signal: Row, as_of: date) -> bool:
    """From its day to its `until`; 'an `insolvency_notice` signal, which doesn't lapse'."""
    if day(signal, "from") > as_of:
        return False
    until = day(signal, "until")
    return signal["kind"] == "insolvency_notice" or until is None or as_of <= until


class Payer:
    """'The account that is chased for an invoice', with what the day says of it.

    What is empty at first is filled by `planner.prepare`, in the order in which one rests on the other.
    """

    def __init__(self, world: World, payer_id: str) -> None:
        self.world, self.payer_id = world, payer_id
        self.row = world.ledger.customers.get(payer_id, {"customer_id": payer_id})
        self.country = (text(self.row, "country") or "").upper() or None
        self.items = [item for item in world.ledger.items if item.payer_id == payer_id]
        self.history = [entry for entry in world.history if entry["payer_id"] == payer_id]
        self.scenario_id = ""
        self.invoice_holds: dict[str, list[Hold]] = {}
        self.demands: dict[str, int] = {}
        self.outstanding_total: dict[str, int] = {}
        self.overdue_total: dict[str, int] = {}

    @property
    def scenario(self) -> dict[str, Any]:
        return self.world.policy["scenarios"][self.scenario_id]

    @property
    def steps(self) -> list[Step]:
        return self.scenario["steps"]

    def days_late(self, item: Item) -> int:
        """'D − due_date in calendar days, negative before.'"""
        return (self.world.today - item.due_date).days

    def closed(self, d: date) -> bool:
        return calendar.closed(self.world.region, self.country, d)
