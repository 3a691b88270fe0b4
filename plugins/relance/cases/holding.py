"""Holds that cases put on dunning: written, and lifted by a later day; a row's end is never changed, replay rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance.cases.record import Journal
from relance.store.schema import hold
from relance.store.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Hold:
    """Dunning rests for an item, or with None for all of a payer's; `amount`: for so many minor units of it only."""

    hold_id: int
    invoice_id: str | None
    reason: str
    from_date: date
    until: date | None
    ended_on: date | None
    source: str
    amount: int | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, dates as ISO text."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
        }


def read_holds(uow: UnitOfWork, case_id: int) -> list[Hold]:
    """The holds that a case has put, oldest first, those that have ended too."""
    columns = [hold.c[field.name] for field in fields(Hold)]
    query = sa.select(*columns).where(hold.c.case_id == case_id).order_by(hold.c.hold_id)
    return [Hold(**row) for row in uow.execute(query).mappings()]


def put_hold(
    journal: Journal,
    payer_id: str,
    items: Iterable[str] | None,
    *,
    reason: str,
    until: date | None,
    source: str,
    parts: Mapping[str, int] | None = None,
    **by: int,
) -> list[int]:
    """Dunning rests from the journal's day to `until` (None: open end) for these items, or for all of the payer's (None).

    `parts`: of an item named there only so many minor units rest, what else is open of it goes on.
    `by`: the columns that say what put it: case_id, promise_id, instalment_plan_id. Gives the numbers of the holds.
    """
    rows = [
        {
            "entity": journal.entity, "payer_id": payer_id, "invoice_id": item, "reason": reason,
            "from_date": journal.on, "until": until, "source": source,
            "amount": (parts or {}).get(item) if item is not None else None, **by,
        }
        for item in ([None] if items is None else items)
    ]  # fmt: skip
    return (
        list(journal.uow.execute(sa.insert(hold).returning(hold.c.hold_id), rows).scalars()) if rows else []
    )


def lift_holds(journal: Journal, ended_on: date, **by: int | str) -> None:
    """What `by` (promise_id, instalment_plan_id, case_id with a reason) has put no longer stands from `ended_on` on."""
    put = [hold.c[column] == value for column, value in by.items()]
    journal.uow.execute(
        sa.update(hold)
        .where(hold.c.entity == journal.entity, hold.c.ended_on.is_(None), *put)
        .values(ended_on=ended_on, ended_at=sa.func.now())
    )
