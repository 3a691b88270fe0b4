"""Delivering a day: what was decided is put into words and sent, within the payers' hours and on the facts of the moment."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from relance import delivery
from relance.cases.confirming import cancel_spent
from relance.deciding import decide, in_words
from relance.delivery import IntendReport, SendReport
from relance.delivery.hours import opens_at
from relance.delivery.registry import provider_of
from relance.delivery.templates import Templates
from relance.enclosing import Enclosing
from relance.errors import RelanceError, UsageError
from relance.evidence import handover
from relance.services import Services
from relance.store.contacts import keys_in
from relance.store.facts import facts_now, kept_facts
from relance.store.locks import day_lock
from relance.store.schema import contact, plan
from relance.store.uow import UnitOfWork

log = logging.getLogger("relance")

BATCH = 500
LAST_YES = time(20)
"""On the entity's clock: what is said yes to later is planned anew for the next day."""
ROUNDS = 4
"""How often a day's contacts may look for another person or channel after an address was refused."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Figures of a delivery. `sent` includes `kept` (in a folder); `deferred` wait for another try, `problem` says why.

    `opened` are calls and tasks that became work for people. `held` wait for the payer's contact hours, the first until
    `opens_at` (UTC); `capped` wait because the day's messages of their channel are used up.
    """

    sent: int = 0
    kept: int = 0
    failed: int = 0
    in_doubt: int = 0
    deferred: int = 0
    opened: int = 0
    held: int = 0
    capped: int = 0
    opens_at: datetime | None = None
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain figures; a moment as text."""
        plain = asdict(self)
        return plain | {"opens_at": self.opens_at.isoformat() if self.opens_at else None}


def delivery_batches(services: Services, entity: str, as_of: date, *, size: int = BATCH) -> list[list[str]]:
    """Keys of what is still to deliver for the day, in batches of `size`."""
    with services.unit_of_work() as uow:
        keys = [*keys_in(uow, entity=entity, as_of=as_of, state="planned")]
        keys += keys_in(uow, entity=entity, as_of=as_of, state="sending")
    ordered = sorted(keys)
    log.info("%s %s: %d contacts to deliver", entity, as_of, len(ordered))
    return _batches(ordered, size)


def deliver(
    services: Services,
    entity: str,
    as_of: date,
    keys: list[str] | None = None,
    *,
    alone: bool = True,
    forced: bool = False,
) -> DeliveryReport:
    """Word and send the day's contacts (or those of `keys`), each once; calls and tasks become open work.

    Before anything goes, a last look: what came since the day was decided (money, a dispute, a promise) decides it again.
    A contact whose address is refused for good goes to the next person or channel, as planning finds them; not where others
    deliver the same day beside this (`alone` is False), whose refused addresses would have each wait for the others:
    `deliver_waiting` does it then.

    Raises:
        UsageError: for another day than today that is not `forced` and whose plan nobody has forced.
        BusyError: when the day has to be decided again and others work on it.
    """
    if not forced:
        _refuse_unforced(services, entity, as_of)
    look_again(services, entity, as_of, at_marks=alone)
    with services.unit_of_work() as uow:
        cancel_spent(uow, entity)
        uow.commit()
    report = DeliveryReport()
    for _ in range(ROUNDS):
        with services.database.keeping():
            one, refused = _deliver_once(services, entity, as_of, keys)
        report = _added(report, one)
        if not (alone and refused and look_again(services, entity, as_of)):
            break
    if alone:  # side by side each would write the same files
        _write_handovers(services, entity, as_of)
    log.info("%s %s: delivered: %s", entity, as_of, in_words(report.as_dict()))
    return report


def deliver_waiting(services: Services, entity: str, as_of: date) -> bool:
    """Deliver what waits and may go by now, and write hand-over files; True when nothing more can go on that day.

    What waits for a yes can: it goes with the next call after it, as does what a person's word has planned anew meanwhile.

    Raises:
        BusyError: when the day has to be decided again and others work on it.
    """
    if as_of < services.today(entity):
        _write_handovers(services, entity, as_of)
        return True
    look_again(services, entity, as_of)
    if not delivery_batches(services, entity, as_of):
        _write_handovers(services, entity, as_of)
        return not _awaits_yes(services, entity, as_of)
    report = deliver(services, entity, as_of)
    if report.deferred:
        return False
    zone = ZoneInfo(services.policy.entity(entity).timezone)
    opening = report.opens_at and report.opens_at.astimezone(zone).date()
    if report.held and opening is not None and opening <= as_of:
        return False
    return not _awaits_yes(services, entity, as_of)


def _awaits_yes(services: Services, entity: str, as_of: date) -> bool:
    """Whether something of today waits for a yes that could still send it today: until eight, within its payer's hours."""
    zone, now = ZoneInfo(services.policy.entity(entity).timezone), services.now()
    if as_of != services.today(entity) or now.astimezone(zone).time() >= LAST_YES:
        return False
    asked = sa.select(contact).where(
        contact.c.entity == entity, contact.c.as_of == as_of, contact.c.state == "awaiting_approval"
    )
    with services.unit_of_work() as uow:
        rows = uow.execute(asked).mappings().all()
    for row in rows:
        opening = _opens(services, now, row) if row["kind"] == "message" else now
        if opening is not None and opening.astimezone(zone).date() <= as_of:
            return True
    return False


def look_again(services: Services, entity: str, as_of: date, *, at_marks: bool = True) -> bool:
    """Decide the day again where imports, holds or (`at_marks`) marks have come or gone since; True when it was.

    Nothing is done for a day without a live plan. Messages that wait in the outbox are written anew, on the new facts.

    Raises:
        BusyError: when others work on the day.
    """
    with services.unit_of_work() as uow:
        known = kept_facts(uow, entity, as_of)
        now = facts_now(uow, entity)
        if known is None or known == (now if at_marks else now._replace(marks=known.marks)):
            return False
        live = _live(uow, entity, as_of)
    # A forced run that decides what was decided on the day itself stores no reason of its own.
    forced = None if as_of == services.today(entity) else "last look at the facts of a forced day"
    with day_lock(services.database, entity, as_of, what="last look"), services.unit_of_work() as uow:
        withdrawn = delivery.withdraw(uow, entity=entity, as_of=as_of)
        uow.commit()
    log.info(
        "%s %s: facts have changed since the plan; %d messages are written anew",
        entity,
        as_of,
        len(withdrawn),
    )
    decide(services, entity, as_of, live=True, reason=(live and live.reason) or forced)
    return True


def _live(uow: UnitOfWork, entity: str, as_of: date) -> sa.Row[tuple[str | None]] | None:
    """The reason of the day's newest live plan (None: it was not forced); no row where there is no such plan."""
    latest = sa.select(plan.c.reason).where(plan.c.entity == entity, plan.c.as_of == as_of, plan.c.live)
    return uow.execute(latest.order_by(plan.c.plan_id.desc()).limit(1)).first()


def _refuse_unforced(services: Services, entity: str, as_of: date) -> None:
    """Nothing leaves for another day than today, unless somebody has forced that day's plan and said why."""
    today = services.today(entity)
    if as_of == today:
        return
    with services.unit_of_work() as uow:
        live = _live(uow, entity, as_of)
    if live is not None and live.reason is None:
        raise UsageError(
            f"{as_of} is not {entity}'s today ({today}): nothing is sent for another day.",
            hint="What waited is planned anew with today's run; or force that day: relance run --force --reason TEXT",
        )


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


def _deliver_once(
    services: Services, entity: str, as_of: date, keys: list[str] | None
) -> tuple[DeliveryReport, int]:
    """One round, and how many addresses refused a message for good. While a batch is sent the next one is written."""
    with day_lock(services.database, entity, as_of, what="deliver", shared=True):
        batches = delivery_batches(services, entity, as_of) if keys is None else _batches(keys, BATCH)
        enclosing = Enclosing(services, entity, as_of)
        write = partial(_write, services, entity, as_of, Templates.of(services.settings.templates), enclosing)
        report, refused = DeliveryReport(), 0
        with closing(enclosing), ThreadPoolExecutor(1, thread_name_prefix="writer") as writer:
            written = [writer.submit(write, keys=batch) for batch in batches[:1]]
            for number in range(len(batches)):
                intended = written.pop().result()
                if number + 1 < len(batches):
                    written.append(writer.submit(write, keys=batches[number + 1]))
                sent = delivery.send(
                    services.database, settings=services.settings, policy=services.policy, entity=entity, as_of=as_of,
                    keys=batches[number],
                )  # fmt: skip
                report = _joined(report, _report(intended, sent))
                refused += sent.refused
    return report, refused


def _batches(keys: list[str], size: int) -> list[list[str]]:
    """Few enough at a time that memory doesn't grow with the day."""
    return [keys[at : at + size] for at in range(0, len(keys), size)]


def _write(
    services: Services, entity: str, as_of: date, words: Templates, enclosing: Enclosing, *, keys: list[str]
) -> IntendReport:
    moment = services.now()
    with services.unit_of_work() as uow:
        intended = delivery.intend(
            uow, policy=services.policy, templates=words, entity=entity, as_of=as_of, keys=keys,
            now=moment, hours=partial(_opens, services, moment), extras=enclosing.of,
        )  # fmt: skip
        uow.commit()
    return intended


def _report(intended: IntendReport, sent: SendReport) -> DeliveryReport:
    return DeliveryReport(
        sent=sent.sent, kept=sent.kept, failed=sent.failed + intended.failed, in_doubt=sent.in_doubt,
        deferred=sent.deferred, opened=intended.opened, held=intended.held, capped=sent.capped,
        opens_at=intended.opens_at, problem=sent.problem,
    )  # fmt: skip


def _joined(one: DeliveryReport, other: DeliveryReport) -> DeliveryReport:
    """Figures of two batches."""
    figures = ("sent", "kept", "failed", "in_doubt", "deferred", "opened", "held", "capped")
    openings = [at for at in (one.opens_at, other.opens_at) if at is not None]
    return replace(
        other,
        **{name: getattr(one, name) + getattr(other, name) for name in figures},
        opens_at=min(openings, default=None),
        problem=one.problem or other.problem,
    )


def _write_handovers(services: Services, entity: str, as_of: date) -> None:
    """The file for the agency or lawyer beside each of the day's open hand-overs that has none; one that fails stops no other.

    What failed is tried again whenever the day is delivered.
    """
    home = services.settings.home
    with services.unit_of_work() as uow:
        opened = [
            key
            for key in handover.open_handovers(uow, entity=entity, as_of=as_of)
            if not handover.file_of(home, entity, as_of, key).is_file()
        ]
    if not opened:
        return
    with closing(Enclosing(services, entity, as_of)) as enclosing:
        for key in opened:
            try:
                with services.unit_of_work() as uow:
                    path = handover.write_handover(
                        uow, policy=services.policy, book=services.law, key=key, home=home,
                        templates=services.settings.templates, fetch=enclosing.files.fetch,
                    )  # fmt: skip
                    uow.commit()
                log.info("%s %s: hand-over file written: %s", entity, as_of, path.name)
            except (RelanceError, OSError) as error:
                log.error("%s %s: a hand-over file is not written: %s", entity, as_of, error)  # noqa: TRY400 - the reason is enough


def _opens(services: Services, now: datetime, row: sa.RowMapping) -> datetime | None:
    """When a contact's message may reach its payer; files that stay here wait for nobody's hours."""
    if provider_of(services.settings, services.policy, row["channel"], row["recipient"]) == "folder":
        return now
    payer = row["content"]["payer"]
    return opens_at(
        now, channel=row["channel"], policy=services.policy, entity=row["entity"],
        country=payer.get("country"), timezone=payer.get("timezone"),
        any_day=row["as_of"] != services.today(row["entity"]),
    )  # fmt: skip


def _added(before: DeliveryReport, one: DeliveryReport) -> DeliveryReport:
    """Figures of two rounds: what happened adds up, what waits is what waits now."""
    return replace(
        one,
        sent=before.sent + one.sent, kept=before.kept + one.kept, failed=before.failed + one.failed,
        in_doubt=before.in_doubt + one.in_doubt, opened=before.opened + one.opened,
    )  # fmt: skip
