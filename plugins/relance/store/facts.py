"""Whether what a day's live plan rested on is still so: a short text of imports, holds and marks, kept beside the day."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.store.schema import day_facts
from relance.store.uow import UnitOfWork

_NOW = sa.text(
    """
    SELECT concat_ws(' ',
      (SELECT coalesce(max(import_id), 0) FROM import_run WHERE entity = :entity AND status = 'done'),
      (SELECT concat_ws(',', count(*), count(ended_on), coalesce(max(hold_id), 0)) FROM hold WHERE entity = :entity),
      (SELECT concat_ws(',', count(*), count(lifted_on), coalesce(max(mark_id), 0)) FROM reach_mark WHERE entity = :entity))
    """
)


def facts_now(uow: UnitOfWork, entity: str) -> str:
    """Imports, holds and marks of an entity as they are now, in short; another text means that something came or went."""
    return str(uow.execute(_NOW, {"entity": entity}).scalar_one())


def keep_facts(uow: UnitOfWork, entity: str, as_of: date, facts: str) -> None:
    """Remember what the day's live plan rests on, in this transaction."""
    wish = insert(day_facts).values(entity=entity, as_of=as_of, facts=facts)
    uow.execute(wish.on_conflict_do_update(index_elements=["entity", "as_of"], set_={"facts": facts}))


def kept_facts(uow: UnitOfWork, entity: str, as_of: date) -> str | None:
    """What the day's live plan rested on; None when there is none."""
    query = sa.select(day_facts.c.facts).where(day_facts.c.entity == entity, day_facts.c.as_of == as_of)
    return uow.execute(query).scalar()
