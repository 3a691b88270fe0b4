"""Whether what a day's live plan rested on is still so: a short text of imports, holds and marks, kept beside the day.

With the holds count hand-overs that are closed, and persons whom people gave a payer.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.store.schema import day_facts
from relance.store.uow import UnitOfWork

_NOW = sa.text(
    """
    SELECT
      (SELECT coalesce(max(import_id), 0) FROM import_run WHERE entity = :entity AND status = 'done')::text AS imports,
      (SELECT concat_ws(',', count(*), count(ended_on), coalesce(max(hold_id), 0)) FROM hold WHERE entity = :entity)
        || (SELECT concat(',', count(*)) FROM dunning_case
            WHERE entity = :entity AND kind = 'handover' AND state = 'closed')
        || (SELECT concat(',', count(*), ',', count(withdrawn_on)) FROM contact_correction WHERE entity = :entity) AS holds,
      (SELECT concat_ws(',', count(*), count(lifted_on), coalesce(max(mark_id), 0)) FROM reach_mark WHERE entity = :entity)
        AS marks
    """
)


class Facts(NamedTuple):
    """Imports, holds and marks of an entity in short; another text means that something came or went."""

    imports: str
    holds: str
    marks: str


def facts_now(uow: UnitOfWork, entity: str) -> Facts:
    """The facts as they are now."""
    return Facts(*uow.execute(_NOW, {"entity": entity}).one())


def keep_facts(uow: UnitOfWork, entity: str, as_of: date, facts: Facts) -> None:
    """Remember what the day's live plan rests on, in this transaction."""
    text = " ".join(facts)
    wish = insert(day_facts).values(entity=entity, as_of=as_of, facts=text)
    uow.execute(wish.on_conflict_do_update(index_elements=["entity", "as_of"], set_={"facts": text}))


def kept_facts(uow: UnitOfWork, entity: str, as_of: date) -> Facts | None:
    """What the day's live plan rested on; None when there is none."""
    query = sa.select(day_facts.c.facts).where(day_facts.c.entity == entity, day_facts.c.as_of == as_of)
    text = uow.execute(query).scalar()
    return None if text is None else Facts(*text.split(" "))
