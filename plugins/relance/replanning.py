"""Planning a payer's day anew the day on which somebody decided about it: a dispute resolved at ten acts before the evening."""

from __future__ import annotations

import logging
from datetime import date

import sqlalchemy as sa

from relance.delivering import look_again
from relance.errors import BusyError, RelanceError
from relance.services import Services
from relance.store.schema import outcome, plan

log = logging.getLogger("relance")


def replan(services: Services, entity: str, *, payer_id: str, as_of: date) -> bool:
    """Decide the entity's day again where holds have come or gone since its live plan; True when it was. Commits.

    What is planned then goes with the day's next deliveries (`deliver_waiting`, `relance run`). Nothing is done, at the cost
    of two queries, for another day than today, a day without a live plan, a payer that the plan knows nothing of, and where
    nothing has changed. While others work on the day nothing is done either: the last look before each delivery decides it
    again. So does a problem that keeps the day from being decided: it is logged, and what a person did stays done.
    """
    if as_of != services.today(entity) or not _is_planned(services, entity, payer_id, as_of):
        return False
    try:
        return look_again(services, entity, as_of)
    except BusyError as error:
        log.info("%s %s: not planned again now: %s", entity, as_of, error)
    except RelanceError as error:
        log.error("%s %s: not planned again: %s", entity, as_of, error)  # noqa: TRY400 - the reason is enough
    return False


def _is_planned(services: Services, entity: str, payer_id: str, as_of: date) -> bool:
    """Whether the newest live plan of the day decided on an invoice of the payer."""
    newest = (
        sa.select(plan.c.plan_id)
        .where(plan.c.entity == entity, plan.c.as_of == as_of, plan.c.live)
        .order_by(plan.c.plan_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(outcome.c.invoice_id).where(outcome.c.plan_id == newest, outcome.c.payer_id == payer_id)
    with services.unit_of_work() as uow:
        return uow.execute(query.limit(1)).first() is not None
