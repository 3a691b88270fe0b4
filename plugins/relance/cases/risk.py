"""`risk`: a good payer drifts, or a customer is at risk of leaving; somebody who knows them should see it.

A case opens with what the weekly look at payers shows and with signals, and closes when a person has seen it. What was seen
once never opens another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.reading import Case
from relance.cases.record import Draft, Journal, open_cases, touch, update_case
from relance.cases.standing import Worked
from relance.ledger.snapshot import Snapshot
from relance.store.schema import dunning_case

KIND = "risk"
GOOD = ("good", "automatic")
"""Profiles from which a payer drifts; every other one is worse."""
SIGNAL = "churn_risk"
_NOTE = 300

Sign = dict[str, Any]
"""What shows a risk: `what` (drift | churn_risk), `on`, and of a drift `was` and `now`, of a signal `owner` and `note`."""


def work_risks(journal: Journal, *, snapshot: Snapshot) -> Worked:
    """Open a case for each payer with a sign that nobody has seen, and bring open ones to the day."""
    signs = _signs(journal, snapshot)
    cases = _cases(journal)
    open_ones = {payer: case for payer, (case, _) in cases.items() if case is not None}
    fresh = {
        payer: new
        for payer, found in signs.items()
        if payer not in open_ones and (new := _unseen(found, cases.get(payer, (None, []))[1]))
    }
    current = {payer: case for payer, case in open_ones.items() if case.facts_on <= journal.on}
    facts = _facts(journal, snapshot, fresh.keys() | current.keys())
    drafts = [
        Draft(payer, KIND, facts[payer] | {"risk": found}, body={"risk": found})
        for payer, found in sorted(fresh.items())
    ]
    opened = open_cases(journal, drafts)
    unchanged = []
    for payer, case in current.items():
        shown = _together(case.facts.get("risk") or [], _unseen(signs.get(payer, []), cases[payer][1]))
        if not update_case(journal, case, facts[payer] | {"risk": shown}):
            unchanged.append(case)
    touch(journal.uow, unchanged, journal.on)
    return Worked(opened=len(opened), updated=len(current) - len(unchanged))


def _signs(journal: Journal, snapshot: Snapshot) -> dict[str, list[Sign]]:
    """By payer of an open invoice what shows a risk on the day, in the order of their days."""
    found: dict[str, list[Sign]] = {}
    payers = set(snapshot.items["payer_id"].unique())
    values = {"entity": journal.entity, "on": journal.on}
    for payer, on, was, now in journal.uow.execute(_DRIFTS, values):
        if payer in payers and was in GOOD and now not in GOOD:
            sign = {"what": "drift", "on": on.isoformat(), "was": was, "now": now}
            found.setdefault(payer, []).append(sign)
    for row in _signals(snapshot, journal.on).iter_rows(named=True):
        if row["payer"] in payers:
            note = (row["note"] or "")[:_NOTE] or None
            sign = {"what": SIGNAL, "on": row["from_date"].isoformat(), "owner": row["owner"], "note": note}
            found.setdefault(row["payer"], []).append(sign)
    return {payer: sorted(signs, key=_key) for payer, signs in found.items()}


def _signals(snapshot: Snapshot, on: date) -> pl.DataFrame:
    """Signals that stand on the day, with the payer of their customer."""
    stands = pl.col("until").is_null() | (pl.col("until") >= on)
    payer = pl.coalesce("payer_id", "customer_id").alias("payer")
    return snapshot.signals.filter((pl.col("kind") == SIGNAL) & (pl.col("from_date") <= on) & stands).join(
        snapshot.customers.select("customer_id", payer), on="customer_id"
    )


_DRIFTS = sa.text(
    """
    SELECT n.payer_id, w.as_of, o.profile AS was, n.profile AS now
    FROM (SELECT week, as_of, lead(week) OVER (ORDER BY week DESC) AS before
          FROM profile_week WHERE entity = :entity AND as_of <= :on ORDER BY week DESC LIMIT 5) w
    JOIN payer_profile n ON n.entity = :entity AND n.week = w.week
    JOIN payer_profile o ON o.entity = :entity AND o.week = w.before AND o.payer_id = n.payer_id
    WHERE o.profile IS DISTINCT FROM n.profile AND o.profile IS NOT NULL AND n.profile IS NOT NULL
    """
)
"""Profiles in force that changed with one of the last looks: a day that was not worked loses none."""


def _key(sign: Mapping[str, Any]) -> tuple[str, str]:
    return sign["on"], sign["what"]


def _unseen(found: Iterable[Sign], seen: Iterable[Mapping[str, Any]]) -> list[Sign]:
    known = {_key(one) for one in seen}
    return [one for one in found if _key(one) not in known]


def _together(shown: Iterable[Sign], more: Iterable[Sign]) -> list[Sign]:
    """Signs of an open case: what it showed stays until it is seen."""
    return sorted({_key(one): one for one in (*shown, *more)}.values(), key=_key)


def _cases(journal: Journal) -> dict[str, tuple[Case | None, list[Mapping[str, Any]]]]:
    """By payer the open case, and the signs that closed ones showed."""
    table = dunning_case
    query = sa.select(table).where(table.c.entity == journal.entity, table.c.kind == KIND)
    found: dict[str, tuple[Case | None, list[Mapping[str, Any]]]] = {}
    for row in journal.uow.execute(query.order_by(table.c.case_id).with_for_update()).mappings():
        case = Case(**row)
        opened, seen = found.get(case.payer_id, (None, []))
        if case.state == "open":
            found[case.payer_id] = case, seen
        else:
            found[case.payer_id] = opened, [*seen, *(case.facts.get("risk") or ())]
    return found


def _facts(journal: Journal, snapshot: Snapshot, payers: Iterable[str]) -> dict[str, dict[str, Any]]:
    wanted = set(payers)
    own = snapshot.items.filter(pl.col("payer_id").is_in(sorted(wanted)))
    history = read_history(journal.uow, journal.entity, wanted, journal.on, items=set(own["invoice_id"]))
    return payer_facts(snapshot, wanted, history)
