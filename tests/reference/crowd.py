"""Several generated ledgers in one, each under names of its own: many payers who share a policy, its caps and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tests.reference.generate import COLUMNS, ENTITY, Case, Row, generate

NAMES = {
    "customer_id",
    "payer_id",
    "ship_to_id",
    "invoice_id",
    "contact_id",
    "payment_id",
    "credits_invoice_id",
    "key",
}


def renamed(value: Any, prefix: str, later: timedelta, name: str = "") -> Any:
    """Rows of a case with a prefix to all names, so much later."""
    if isinstance(value, dict):
        return {key: renamed(one, prefix, later, key) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one, prefix, later, name) for one in value]
    if isinstance(value, date):
        return value + later
    return f"{prefix}{value}" if name in NAMES and value else value


def crowd(seed: int, size: int) -> Case:
    """The case of `seed` with the ledgers, holds and histories of the `size − 1` seeds after it."""
    first = generate(seed)
    cases = [first, *(generate(seed + n) for n in range(1, size))]
    moved = [
        renamed(
            {"extracts": case.ledger["extracts"], "holds": case.holds, "history": case.history},
            f"{'ABCDEFGHIJ'[n % 10]}{n}-" if n else "",
            first.first - case.first,
        )
        for n, case in enumerate(cases)
    ]
    known = sorted({extract["extract_date"] for one in moved for extract in one["extracts"]})
    extracts = [_together([one["extracts"] for one in moved], on) for on in known]
    return replace(
        first,
        ledger={"entity": ENTITY, "extracts": extracts},
        holds=[hold for one in moved for hold in one["holds"]],
        history=[entry for one in moved for entry in one["history"]],
    )


def _together(all_extracts: list[list[Row]], on: date) -> Row:
    """One extract of a day: the newest that each ledger has by then, none where it has none yet."""
    found: Row = {"extract_date": on} | {name: [] for name in COLUMNS}
    for extracts in all_extracts:
        present = [extract for extract in extracts if extract["extract_date"] <= on][-1:]
        for extract in present:
            for name in COLUMNS:
                found[name] += extract[name]
    return found
