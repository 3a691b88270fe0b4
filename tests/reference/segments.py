"""The segment table, and a payer's totals (`spec/planning.md`, Words)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.reference.holds import delivery_holds, dispute_holds, disputed_part
from tests.reference.ledger import boolean, text
from tests.reference.policy import amounts_by_currency
from tests.reference.world import Payer


def scenario_of(payer: Payer) -> str:
    """'Segment table: rules in order; the first whose conditions all hold gives a payer its scenario.'"""
    for rule in payer.world.policy["segments"]["rules"]:
        if all(condition_holds(payer, name, wanted) for name, wanted in rule["when"].items()):
            return rule["scenario"]
    return payer.world.entity["default_scenario"]  # "none → the entity's default"


def condition_holds(payer: Payer, name: str, wanted: Any) -> bool:
    """One condition of `config.md`: 'each a list: any of', `vip` ('false matches unknown'), the two
    totals."""
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
    """'Only the segment table, which comes before any hold, takes instead: open of the payer's delivered,
    undisputed invoices (for `overdue_over`: the overdue ones) less all its credit in that currency, at
    least 0.'"""
    totals: dict[str, int] = defaultdict(int)
    for item in payer.items:
        if delivery_holds(item) or dispute_holds(payer.world, item):
            continue
        if not overdue_only or payer.days_late(item) > 0:
            totals[item.currency] += item.open - disputed_part(payer.world, item)
    credit = payer.world.ledger.credits
    return {cur: max(total - credit.get((payer.payer_id, cur), 0), 0) for cur, total in totals.items()}


def total_to_demand(payer: Payer, *, overdue_only: bool) -> dict[str, int]:
    """'A payer's outstanding and overdue totals are sums of amounts to demand, per currency, without
    disputed and undelivered invoices.'"""
    totals: dict[str, int] = defaultdict(int)
    for item in payer.items:
        if any(hold.reason in ("disputed", "not_delivered") for hold in payer.invoice_holds[item.invoice_id]):
            continue
        if not overdue_only or payer.days_late(item) > 0:  # "Overdue: days_late > 0."
            totals[item.currency] += payer.demands[item.invoice_id]
    return totals
