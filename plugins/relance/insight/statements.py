"""A payer's statement of account for the people who ask for it: the same sheet and page that go with messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
import sqlalchemy as sa

from relance.cases.disputed import parts_on
from relance.config.policy import Policy
from relance.config.values import nearest
from relance.delivery import statement as sheets
from relance.delivery.envelopes import Seller
from relance.delivery.extras import Attachment
from relance.delivery.templates import Templates
from relance.delivery.view import build
from relance.errors import UsageError
from relance.ledger.snapshot import Snapshot
from relance.store.schema import outcome, plan
from relance.store.uow import UnitOfWork

Format = Literal["xlsx", "pdf"]
_LEVEL = "level_1"
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*")  # a folder's name, and nothing that leads elsewhere
_COLUMNS = (
    "invoice_id", "level", "demand", "issue_date", "due_date", "days_late", "amount", "open", "currency", "po_number",
    "description", "document", "state", "in_dispute",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Decided:
    """What the newest plan says of an item: what may be asked for it, and what holds it."""

    to_demand: int
    held: str | None


def statement(
    uow: UnitOfWork,
    *,
    policy: Policy,
    entity: str,
    payer_id: str,
    snapshot: Snapshot,
    templates: Templates,
    form: Format = "xlsx",
    language: str | None = None,
) -> Attachment:
    """Every open invoice of the payer on the snapshot's day, as a workbook or as PDF/A.

    What is late and nothing holds is to pay: less the payer's credit, as the newest plan reckons it. `language`: else the
    payer's own, else the region's first.

    Raises:
        UsageError: for an unknown entity or payer.
        PermanentError: where the words are missing in that language, or the page does not compile.
    """
    one = policy.entity(entity)
    customers = snapshot.customers.filter(pl.col("customer_id") == payer_id)
    if customers.is_empty():
        guess = nearest(payer_id, snapshot.customers["customer_id"].to_list())
        raise UsageError(
            f"There is no payer {payer_id!r} in {entity}.", hint=f"Did you mean {guess}?" if guess else None
        )
    payer = customers.row(0, named=True)
    view = build(_contact(uow, policy, payer, snapshot), one)
    words = templates.language(
        _spoken(policy, entity, templates, language or payer["language"]), view.template
    )
    if form == "xlsx":
        return sheets.xlsx(view, words)
    seller = Seller.of(one, policy.region_of(entity).country)
    return sheets.pdf(view, words, seller=seller, templates=templates.directory)


def _contact(uow: UnitOfWork, policy: Policy, payer: Mapping[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """The payer's account in the shape of a stored contact, from which a view is built."""
    payer_id, as_of = payer["customer_id"], snapshot.as_of
    items = snapshot.items.filter(pl.col("payer_id") == payer_id).sort("due_date", "invoice_id")
    decided = _decided(uow, snapshot, payer_id)
    parts = parts_on(uow, snapshot.entity, payer_id, as_of)
    rows = [
        _row(item, decided.get(item["invoice_id"]), snapshot, parts.get(item["invoice_id"], 0))
        for item in items.iter_rows(named=True)
    ]
    demanded: dict[str, int] = {}
    for row in rows:
        if row["demand"]:
            demanded[row["currency"]] = demanded.get(row["currency"], 0) + row["demand"]
    credit = snapshot.credits.filter(pl.col("payer_id") == payer_id).sort("currency")
    names = ("customer_id", "name", "country", "vat_no")
    return {
        "key": "", "entity": snapshot.entity, "payer_id": payer_id, "as_of": as_of, "level": _LEVEL,
        "channel": "email", "recipient": None,
        "content": {
            "template": _template(policy, snapshot.entity), "payer": {name: payer[name] for name in names},
            "totals": [{"currency": name, "amount": demanded[name]} for name in sorted(demanded)],
            "credit": [
                {"currency": name, "amount": amount}
                for name, amount in credit.select("currency", "credit").iter_rows()
            ],
            "items": {"columns": list(_COLUMNS), "rows": [[row[name] for name in _COLUMNS] for row in rows]},
        },
    }  # fmt: skip


def _row(item: Mapping[str, Any], decided: _Decided | None, snapshot: Snapshot, part: int) -> dict[str, Any]:
    part = part if part < item["open"] else 0
    days = (snapshot.as_of - item["due_date"]).days
    held = decided.held if decided else None
    rest = item["open"] - part
    asked = (min(decided.to_demand, rest) if decided else rest) if days > 0 and held is None else None
    return {
        **item, "days_late": days, "demand": asked or None, "level": _LEVEL if asked else None,
        "state": held or ("due" if days >= 0 else "not_due"), "in_dispute": part or None,
    }  # fmt: skip


def _decided(uow: UnitOfWork, snapshot: Snapshot, payer_id: str) -> dict[str, _Decided]:
    """By item what the newest live plan until the day says."""
    newest = (
        sa.select(plan.c.plan_id)
        .where(plan.c.entity == snapshot.entity, plan.c.as_of <= snapshot.as_of, plan.c.live)
        .order_by(plan.c.as_of.desc(), plan.c.plan_id.desc())
        .limit(1)
    )
    number = uow.execute(newest).scalar()
    if number is None:
        return {}
    query = sa.select(outcome.c.invoice_id, outcome.c.to_demand, outcome.c.holds).where(
        outcome.c.plan_id == number, outcome.c.payer_id == payer_id
    )
    return {
        row.invoice_id: _Decided(row.to_demand, row.holds[0]["reason"] if row.holds else None)
        for row in uow.execute(query)
    }


def _template(policy: Policy, entity: str) -> str:
    """Any template will do: a statement's words are the same in all."""
    scenario = policy.scenario(policy.entity(entity).default_scenario)
    return next(step.template for step in scenario.steps if step.template)


def _spoken(policy: Policy, entity: str, templates: Templates, wanted: str | None) -> str:
    """The language asked for where there are words in it, else the region's first."""
    if wanted and _TAG.fullmatch(wanted):
        primary = wanted.replace("_", "-").split("-")[0].lower()
        if any((templates.directory / name).is_dir() for name in (wanted, primary)):
            return wanted
    return str(policy.region_of(entity).languages[0])
