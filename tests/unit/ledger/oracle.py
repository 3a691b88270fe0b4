"""The ledger on a day, computed slowly and plainly, row by row and day by day: the judge of the fast one."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from tests.unit.ledger.build import Row


def state(  # noqa: C901 — the rules one after another, as the specification has them
    invoices: list[Row], payments: list[Row], payer_of: dict[str, str], on: date
) -> tuple[dict, dict]:
    """Open amount of every known invoice, and credit by payer and currency (also negative sums)."""
    known = [row for row in invoices if row["issue_date"] <= on]
    items = {row["item_id"]: row for row in known if row["kind"] == "invoice"}
    notes = {row["item_id"]: row for row in known if row["kind"] == "credit_note"}
    paid, noted, credit = defaultdict(int), defaultdict(int), defaultdict(int)

    def payer(row: Row) -> str:
        return row.get("payer_id") or payer_of[row["customer_id"]]

    def place(target: str | None, currency: str) -> str | None:
        if target in items and items[target]["currency"] == currency:
            return target
        terms = [
            r
            for r in items.values()
            if r.get("term") and r["invoice_id"] == target and r["currency"] == currency
        ]
        return f"all terms of {target}" if terms else None

    refunds = defaultdict(int)
    for row in payments:
        if row["date"] > on:
            continue
        target = row.get("invoice_id")
        if place(target, row["currency"]):
            paid[place(target, row["currency"]), row["currency"]] += row["amount"]
        elif target in notes and notes[target]["currency"] == row["currency"]:
            refunds[target] += row["amount"]
        else:
            credit[payer_of[row["customer_id"]], row["currency"]] += row["amount"]
    for key, row in notes.items():
        void = row["status"] == "cancelled" or row.get("delivery_status") in ("draft", "rejected", "refused")
        amount = 0 if void else row["amount"]
        value = min(max(amount + refunds[key], 0), amount)
        credit[payer(row), row["currency"]] += max(amount + refunds[key] - amount, 0)
        target = place(row.get("credits_invoice_id"), row["currency"])
        if target:
            noted[target, row["currency"]] += value
        else:
            credit[payer(row), row["currency"]] += value

    money = {}
    for key, row in items.items():
        at = key, row["currency"]
        money[key] = max(paid[at], 0) if row["status"] == "cancelled" else paid[at] + noted[at]
    for base in {(r["invoice_id"], r["currency"]) for r in items.values() if r.get("term")}:
        terms = [r for r in items.values() if r.get("term") and (r["invoice_id"], r["currency"]) == base]
        terms.sort(key=lambda r: (r["due_date"], r["term"]))
        living = [r for r in terms if r["status"] != "cancelled"]
        at = f"all terms of {base[0]}", base[1]
        pool = paid[at] + noted[at] if living else max(paid[at], 0)
        for row in living:
            had = max(money[row["item_id"]], 0)
            step = min(pool, max(row["amount"] - had, 0)) if pool > 0 else -min(-pool, had)
            money[row["item_id"]] += step
            pool -= step
        credit[payer(terms[0]), base[1]] += max(pool, 0)
    opens = {}
    for key, row in items.items():
        amount = 0 if row["status"] == "cancelled" else row["amount"]
        opens[key] = min(max(amount - money[key], 0), amount)
        credit[payer(row), row["currency"]] += max(money[key] - amount, 0)
    return opens, credit


def reversals(
    row: Row, invoices: list[Row], payments: list[Row], payer_of: dict[str, str], on: date
) -> tuple:
    """(last day on which money of the item went back, last such day on which that opened it again)."""
    item_ids = {r["item_id"] for r in invoices if r["currency"] == row["currency"]}
    names = {row["item_id"]} | ({row["invoice_id"]} - item_ids)
    days = {
        p["date"]
        for p in payments
        if p.get("invoice_id") in names
        and p["currency"] == row["currency"]
        and p["amount"] < 0
        and p["date"] <= on
    }
    opened = set()
    for day in days:
        before, _ = state(invoices, payments, payer_of, day - timedelta(days=1))
        after, _ = state(invoices, payments, payer_of, day)
        if before.get(row["item_id"]) == 0 and after.get(row["item_id"], 0) > 0:
            opened.add(day)
    return max(days, default=None), max(opened, default=None)
