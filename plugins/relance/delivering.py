"""Delivering a day: what was decided is put into words and sent, within the payers' hours and on the facts of the moment."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance import delivery
from relance.deciding import in_words
from relance.services import Services
from relance.store.contacts import keys_in
from relance.store.locks import day_lock
from relance.store.schema import contact

log = logging.getLogger("relance")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Figures of a delivery. `sent` includes `kept` (in a folder); `deferred` wait for another try, `problem` says why.

    `opened` are calls and tasks that became work for people.
    """

    sent: int = 0
    kept: int = 0
    failed: int = 0
    in_doubt: int = 0
    deferred: int = 0
    opened: int = 0
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain figures."""
        return asdict(self)


def delivery_batches(services: Services, entity: str, as_of: date, *, size: int = 500) -> list[list[str]]:
    """Keys of what is still to deliver for the day, in batches of `size`."""
    with services.unit_of_work() as uow:
        keys = [*keys_in(uow, entity=entity, as_of=as_of, state="planned")]
        keys += keys_in(uow, entity=entity, as_of=as_of, state="sending")
    ordered = sorted(keys)
    log.info("%s %s: %d contacts to deliver", entity, as_of, len(ordered))
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


def deliver(services: Services, entity: str, as_of: date, keys: list[str] | None = None) -> DeliveryReport:
    """Word and send the day's contacts (or those of `keys`), each once; calls and tasks become open work."""
    with day_lock(services.database, entity, as_of, what="deliver", shared=True):
        with services.unit_of_work() as uow:
            intended = delivery.intend(
                uow,
                policy=services.policy,
                templates=services.settings.templates,
                entity=entity,
                as_of=as_of,
                keys=keys,
                now=services.now(),
            )
            uow.commit()
        sent = delivery.send(
            services.database,
            settings=services.settings,
            policy=services.policy,
            entity=entity,
            as_of=as_of,
            keys=keys,
        )
    report = DeliveryReport(
        sent=sent.sent,
        kept=sent.kept,
        failed=sent.failed + intended.failed,
        in_doubt=sent.in_doubt,
        deferred=sent.deferred,
        opened=intended.opened,
        problem=sent.problem,
    )
    log.info("%s %s: delivered: %s", entity, as_of, in_words(report.as_dict()))
    return report


def messages_by_channel(services: Services, entity: str, as_of: date) -> list[tuple[str, str, str, int]]:
    """Channel, level, state and number of the day's contacts and tasks, for the summary of a day."""
    query = (
        sa.select(contact.c.channel, contact.c.level, contact.c.state, sa.func.count())
        .where(contact.c.entity == entity, contact.c.as_of == as_of)
        .group_by(contact.c.channel, contact.c.level, contact.c.state)
        .order_by(contact.c.channel, contact.c.level, contact.c.state)
    )
    with services.unit_of_work() as uow:
        return [(row[0], row[1], row[2], row[3]) for row in uow.execute(query)]
