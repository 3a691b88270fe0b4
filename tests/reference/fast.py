"""The product's planner behind the reference's interface, so that one example asks both.

Rows become frames directly, without the import: what is compared here is what is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl

from relance.config.models import Entity, Region, Scenario, Segments
from relance.config.policy import Policy
from relance.ledger.snapshot import take_snapshot
from relance.ledger.tables import TABLES, Column, Table
from relance.ledger.versions import LedgerVersions
from relance.money import to_minor
from relance.planning.model import ACT_HISTORY, APPROVALS, CONTACT_HISTORY, HOLDS, History
from relance.planning.plan import plan as plan_fast
from relance.planning.play import after
from relance.planning.present import as_json
from tests.reference.ledger import boolean
from tests.reference.play import play as play_slowly

Row = dict[str, Any]


def plan(ledger: Row, policy: Row, history: list[Row], holds: list[Row], as_of: date) -> Row:
    """As `tests.reference.planner.plan`."""
    snapshot = take_snapshot(versions_of(ledger), as_of)
    return as_json(
        plan_fast(snapshot, policy_of(policy), history_of(history, as_of), holds_of(holds, as_of), as_of)
    )


def both(case: Any, days: int) -> Iterator[tuple[Row, Row]]:
    """Plans of the reference and of the product for the same days of a generated case."""
    last = case.first + timedelta(days=days - 1)
    versions, policy = versions_of(case.ledger), policy_of(case.policy)
    history = history_of(case.history, case.first)
    slow = play_slowly(
        case.ledger,
        case.policy,
        case.holds,
        case.first,
        last,
        history=case.history,
        approvals=case.approvals,
    )
    for expected in slow:
        as_of = date.fromisoformat(expected["as_of"])
        made = plan_fast(take_snapshot(versions, as_of), policy, history, holds_of(case.holds, as_of), as_of)
        yield expected, as_json(made)
        history = after(history, made, approve=case.approvals == "all")


def policy_of(policy: Row) -> Policy:
    """The reference's plain dictionaries as the typed policy."""

    def named(kind: str, word: str, **plain: Any) -> dict[str, Row]:
        return {name: {word: name, **plain, **value} for name, value in policy[kind].items()}

    seller = {"name": "Lumen SAS", "currency": "EUR", "timezone": "Europe/Paris"}
    return Policy(
        entities={k: Entity.model_validate(v) for k, v in named("entities", "entity", **seller).items()},
        regions={k: Region.model_validate(v) for k, v in named("regions", "region").items()},
        scenarios={k: Scenario.model_validate(v) for k, v in named("scenarios", "scenario").items()},
        segments=Segments.model_validate(
            {"rules": [{"name": f"rule {n}", **rule} for n, rule in enumerate(policy["segments"]["rules"])]}
        ).rules,
    )


def history_of(history: list[Row], as_of: date) -> History:
    """Past contacts as planning's frames."""
    contacts = [
        {
            **{name: one.get(name) for name in CONTACT_HISTORY},
            "settled": (one.get("handover_closed_on") or date.max) <= as_of,
        }
        for one in history
    ]
    acts = [
        {"key": one["key"], **{name: act[name] for name in ("invoice_id", "step", "level")}}
        for one in history
        for act in one["acts"]
    ]
    approved = [
        {
            **{name: one.get(name) for name in ("payer_id", "step", "level", "totals")},
            "invoices": [act["invoice_id"] for act in one["acts"]],
        }
        for one in history
        if one["state"] == "approved" and one["as_of"] < as_of
    ]
    return History(
        pl.DataFrame(contacts, schema=CONTACT_HISTORY),
        pl.DataFrame(acts, schema=ACT_HISTORY),
        pl.DataFrame(approved, schema=APPROVALS),
    )


def holds_of(holds: list[Row], as_of: date) -> pl.DataFrame:
    """Holds that have begun by the day."""
    rows = [{name: one.get(name) for name in HOLDS} for one in holds if one["from"] <= as_of]
    return pl.DataFrame(rows, schema=HOLDS)


def versions_of(ledger: Row) -> LedgerVersions:
    """Row versions as the import would keep them."""
    tables = {name: _versions(table, ledger["extracts"]) for name, table in TABLES.items()}
    extracts = tuple(sorted({extract["extract_date"] for extract in ledger["extracts"]}))
    return LedgerVersions(ledger["entity"], tables, extracts)


def _versions(table: Table, extracts: list[Row]) -> pl.DataFrame:
    rows: list[Row] = []
    state: dict[tuple[Any, ...], Row] = {}
    for number, extract in enumerate(extracts, start=1):
        present = _keyed(table, extract.get(table.name) or [])
        if table.name == "invoices" and extract.get("invoices") is not None:
            for key in state.keys() - present.keys():
                present[key] = {**state[key], "closed": True}
        stamp = {"extract_date": extract["extract_date"], "import_id": number}
        rows += [{**stamp, **row} for key, row in present.items() if state.get(key) != row]
        state |= present
    return pl.DataFrame(rows, schema=table.version_schema, orient="row")


def _keyed(table: Table, rows: list[Row]) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        out = {column.name: _cell(column, row) for column in table.columns}
        derived = dict(table.derived)
        if "item_id" in derived:
            out["kind"] = out["kind"] or "invoice"
            out["item_id"] = f"{row['invoice_id']}/{row['term']}" if row.get("term") else row["invoice_id"]
            out["closed"] = False
        if "ordinal" in derived:
            out["ordinal"] = 1
            while tuple(out[name] for name in table.key) in found:
                out["ordinal"] += 1
        found[tuple(out[name] for name in table.key)] = out
    return found


def _cell(column: Column, row: Row) -> Any:
    value = row.get(column.header)
    if value is None or (isinstance(value, str) and not value.strip()):
        return "" if column.required and column.kind == "text" else None
    readers = {
        "date": lambda: value if isinstance(value, date) else date.fromisoformat(value),
        "amount": lambda: to_minor(str(value), row["currency"]),
        "whole": lambda: int(value),
        "bool": lambda: boolean(row, column.header),
    }
    return readers.get(column.kind, lambda: str(value))()
