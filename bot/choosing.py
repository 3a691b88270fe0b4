"""Cases to choose from, for a message that is to be put on one: its thread's, then what is searched by name or number."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from bot.asking import fold
from bot.worklists import Viewer, read_cases, viewer_of
from relance.cases.reading import Case
from relance.config.policy import Policy
from relance.config.roles import Action
from relance.errors import NotAllowedError
from relance.slack.modals import CaseChoice
from relance.store.schema import dunning_case
from relance.store.uow import UnitOfWork

MOST = 100
"""Choices that Slack takes (docs.slack.dev, select menu of external data source)."""


def check_ever(uow: UnitOfWork, policy: Policy, by: str, action: Action) -> Viewer:
    """Refuse who may do this to no case at all; gives the viewer.

    Raises:
        NotAllowedError: no row of theirs has it.
    """
    viewer = viewer_of(uow, policy, by)
    rows = [row for row in policy.roles.permissions if action in row.may]
    if not any(row.role in viewer.roles for row in rows):
        could = ", ".join(sorted({row.role for row in rows}))
        raise NotAllowedError(
            f"{by} may not {action}.",
            hint=f"It takes {could}.",
            key="not_allowed",
            action=action,
            could=could,
        )
    return viewer


def search(uow: UnitOfWork, policy: Policy, viewer: Viewer, typed: str) -> list[CaseChoice]:
    """Open cases whose payer's name or number, or own number, has what was typed; the best first."""
    table = dunning_case.c
    named = _folded(sa.cast(table.facts, JSONB)["payer"]["name"].astext).label("name")
    seen = sa.select(table.case_id, table.payer_id, named).where(viewer.sees(policy.entities))
    cte = seen.cte("seen").prefix_with("MATERIALIZED", dialect="postgresql").c  # names are taken apart once
    words, number = fold(typed).split(), typed.strip().lstrip("#")
    numbered, said = sa.cast(cte.case_id, sa.Text), cte.name + " " + sa.func.lower(cte.payer_id)
    fits = [
        sa.or_(
            sa.func.strpos(said, word) > 0,
            numbered == word.lstrip("#") if len(words) == 1 or word[0] == "#" else sa.false(),
        )
        for word in words
    ]
    starts = cte.name.startswith(words[0] if words else "", autoescape=True)
    query = (
        sa.select(cte.case_id)
        .where(*fits)
        .order_by((numbered == number).desc(), starts.desc(), cte.case_id.desc())
        .limit(MOST)
    )
    best = list(uow.execute(query).scalars())
    cases = read_cases(uow, best)
    return [choice_of(cases[number]) for number in best if number in cases]


def _folded(name: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A name as `fold` has it, but for blanks: PostgreSQL's `normalize` takes accents apart as Python does."""
    apart = sa.func.normalize(
        sa.func.replace(sa.func.coalesce(name, ""), "ß", "ss"), sa.literal_column("NFKD")
    )
    return sa.func.lower(sa.func.regexp_replace(apart, "[\u0300-\u036f]", "", "g"))


def choice_of(case: Case) -> CaseChoice:
    """A case as a choice."""
    facts: Any = case.facts
    payer = str((facts.get("payer") or {}).get("name") or case.payer_id)
    opened = {row["currency"]: row["open"] for row in facts.get("totals") or () if row.get("open")}
    return CaseChoice(case.case_id, payer, case.kind, opened)
