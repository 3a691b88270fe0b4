"""Content whose time of keeping has ended is erased; its hash, dates and channel stay, and the chain still holds.

What is content: the bytes of messages, to whom and from whose answers (addresses, texts, what providers said), what an entry
of the chain tells, what a contact, a call or a task was made of, persons whom people gave a payer, what was said on cases that
are closed (`erasing_cases`), files under the home folder.
A payer with an open case, an open debt or a hand-over under way is left as it is until that is settled: the content is needed
for legal claims (GDPR 17(3)(e)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from relance.config.policy import Policy
from relance.evidence import erasing_cases
from relance.evidence.kept_files import days_before, erase_files
from relance.ledger.loading import load_versions
from relance.ledger.snapshot import take_snapshot
from relance.store import timeline as chains
from relance.store.database import Database
from relance.store.schema import contact, contact_correction, dunning_case, outbox, receipt, reply, timeline
from relance.store.uow import UnitOfWork

ERASED = "evidence.erased"
"""The kind of the entry that tells of an erasing; it names nobody and is kept."""
_BATCH = 200
_KINDS = ("messages", "entries", "receipts", "replies", "contacts", "people", *erasing_cases.NAMES)
_NOTHING = sa.literal({}, JSONB)
_SETTLED = ("sent", "confirmed", "failed", "cancelled")
_UNDER_WAY = ("planned", "awaiting_approval", "approved", "sending", "in_doubt")
_HANDING_OVER = ("planned", "awaiting_approval", "approved", "open")


@dataclass(slots=True)
class EraseReport:
    """Figures of an erasing. `before`: content dated earlier is expired; None where nothing expires.

    `payers` had expired content that was (or, in a dry run, would be) erased; `left` have such content and are not settled;
    `old_entries` can't be erased, because their hash covers their body. `slack`: messages to channels and people; `directs`: rows
    that say who was told of a case in a direct message.
    """

    before: date | None = None
    dry_run: bool = False
    payers: int = 0
    left: int = 0
    messages: int = 0
    entries: int = 0
    receipts: int = 0
    replies: int = 0
    contacts: int = 0
    people: int = 0
    cases: int = 0
    comments: int = 0
    events: int = 0
    slack: int = 0
    directs: int = 0
    files: int = 0
    old_entries: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "before": self.before and self.before.isoformat()}


def erase_expired(
    database: Database,
    *,
    policy: Policy,
    entity: str,
    as_of: date,
    home: Path | None = None,
    dry_run: bool = False,
) -> EraseReport:
    """Erase what is older than the region's `retention` on a day. Commits payer batch by batch; may be run again at any time.

    With `home`, files of messages and hand-overs under it are erased too.

    Raises:
        UsageError: for an unknown entity.
    """
    retention = policy.region_of(entity).retention
    if retention is None or retention.messages_years is None:
        return EraseReport(dry_run=dry_run)
    before = years_before(as_of, retention.messages_years)
    report = EraseReport(before=before, dry_run=dry_run)
    with UnitOfWork(database) as uow:
        wanted = _payers_with_expired(uow, entity, before)
        report.old_entries = _old_entries(uow, entity, before)
        files = home is not None and any(days_before(home, entity, before))
        unsettled = _unsettled(uow, entity, as_of) if wanted or files else set()
    settled = sorted(wanted - unsettled)
    report.payers, report.left = len(settled), len(wanted & unsettled)
    for at in range(0, len(settled), _BATCH):
        with UnitOfWork(database) as uow:
            _erase(uow, report, settled[at : at + _BATCH], entity=entity, before=before, as_of=as_of)
            if not dry_run:
                uow.commit()
    with UnitOfWork(database) as uow:
        strangers = sa.and_(reply.c.payer_id.is_(None), reply.c.entity == entity)
        report.replies += _rows(uow, _erase_replies(strangers, before, as_of))
        report.slack += _rows(uow, erasing_cases.of_no_case(entity, before, as_of))
        if not dry_run:
            uow.commit()
    if home is not None and files:
        with UnitOfWork(database) as uow:
            expired = partial(_expired_keys, uow, entity, before, unsettled)
            report.files = erase_files(home, entity, before, expired, dry_run=dry_run)
    return report


def years_before(day: date, years: int) -> date:
    """The same date some years earlier; 28 February for 29 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _expired_messages(entity: str, before: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        outbox.c.entity == entity,
        outbox.c.on_date < before,
        outbox.c.erased_on.is_(None),
        outbox.c.state.in_(_SETTLED),
    )


def _expired_contacts(entity: str, before: date) -> sa.ColumnElement[bool]:
    """Contacts, calls and tasks at their end that have content, whether or not a message was made of them."""
    has_content = sa.or_(contact.c.recipient.is_not(None), sa.cast(contact.c.content, sa.Text) != "{}")
    return sa.and_(_old_contacts(entity, before), has_content)


def _old_contacts(entity: str, before: date) -> sa.ColumnElement[bool]:
    unfinished = sa.exists().where(outbox.c.key == contact.c.key, outbox.c.state.not_in(_SETTLED))
    return sa.and_(
        contact.c.entity == entity,
        contact.c.as_of < before,
        contact.c.state.not_in(_UNDER_WAY),
        ~unfinished,
    )


def _expired_keys(
    uow: UnitOfWork, entity: str, before: date, unsettled: set[str], keys: Sequence[str]
) -> set[str]:
    """Those of some keys whose files may be erased."""
    old = sa.and_(_old_contacts(entity, before), contact.c.key.in_(keys))
    query = sa.select(contact.c.key, contact.c.payer_id).where(old)
    return {row.key for row in uow.execute(query) if row.payer_id not in unsettled}


def _expired_entries(entity: str, before: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        timeline.c.entity == entity,
        timeline.c.on_date < before,
        timeline.c.erased_on.is_(None),
        timeline.c.format > 1,
        timeline.c.kind != ERASED,
    )


def _expired_people(entity: str, before: date) -> sa.ColumnElement[bool]:
    """Persons whom people gave a payer that has nothing open any more, or took back, before that day."""
    given = sa.func.coalesce(contact_correction.c.withdrawn_on, contact_correction.c.on_date)
    return sa.and_(
        contact_correction.c.entity == entity, given < before, contact_correction.c.erased_on.is_(None)
    )


def _payers_with_expired(uow: UnitOfWork, entity: str, before: date) -> set[str]:
    queries = (
        sa.select(outbox.c.payer_id).where(_expired_messages(entity, before)),
        sa.select(contact.c.payer_id).where(_expired_contacts(entity, before)),
        sa.select(timeline.c.payer_id).where(_expired_entries(entity, before)),
        sa.select(contact_correction.c.customer_id).where(_expired_people(entity, before)),
        *(
            sa.select(table.c.payer_id).where(
                table.c.entity == entity, table.c.on_date < before, table.c.erased_on.is_(None),
                table.c.payer_id.is_not(None),
            )
            for table in (receipt, reply)
        ),
        *erasing_cases.payers_with_expired(entity, before),
    )  # fmt: skip
    return set(uow.execute(sa.union(*queries)).scalars())


def _old_entries(uow: UnitOfWork, entity: str, before: date) -> int:
    query = sa.select(sa.func.count()).where(
        timeline.c.entity == entity, timeline.c.on_date < before, timeline.c.format == 1
    )
    return int(uow.execute(query).scalar_one())


def _unsettled(uow: UnitOfWork, entity: str, as_of: date) -> set[str]:
    """Payers with an open case, a hand-over under way, or money open."""
    cases = sa.select(dunning_case.c.payer_id).where(
        dunning_case.c.entity == entity, dunning_case.c.state == "open"
    )
    handing = sa.select(contact.c.payer_id).where(
        contact.c.entity == entity, contact.c.kind == "handoff", contact.c.state.in_(_HANDING_OVER)
    )
    found = set(uow.execute(sa.union(cases, handing)).scalars())
    snapshot = take_snapshot(load_versions(uow.database, entity), as_of)
    return found | set(snapshot.items["payer_id"].unique())


def _erase(
    uow: UnitOfWork, report: EraseReport, payers: Sequence[str], *, entity: str, before: date, as_of: date
) -> None:
    """Erase the expired content of some payers, and tell each chain so."""
    counts: dict[str, dict[str, int]] = {payer: {} for payer in payers}
    for name, statement in _statements(entity, payers, before, as_of).items():
        for payer in uow.execute(statement).scalars():
            counts[payer][name] = counts[payer].get(name, 0) + 1
    for name in _KINDS:
        total = sum(own.get(name, 0) for own in counts.values())
        setattr(report, name, getattr(report, name) + total)
    chains.append(
        uow,
        entity,
        [
            chains.Entry(
                payer_id=payer, at=datetime.now(UTC), on_date=as_of, kind=ERASED, actor="relance",
                subject="retention", body={"before": before.isoformat(), **own},
            )
            for payer, own in counts.items()
            if own
        ],
    )  # fmt: skip


def _statements(entity: str, payers: Sequence[str], before: date, as_of: date) -> dict[str, sa.UpdateBase]:
    """By name the change that erases one kind of content; each gives the payers of its rows."""
    messages = sa.and_(_expired_messages(entity, before), outbox.c.payer_id.in_(payers))
    contacts = sa.and_(_expired_contacts(entity, before), contact.c.payer_id.in_(payers))
    return {
        "contacts": sa.update(contact).where(contacts).values(recipient=None, content={})
        .returning(contact.c.payer_id),
        "messages": sa.update(outbox).where(messages)
        .values(body=b"", recipient="", copies=[], error=None, erased_on=as_of)
        .returning(outbox.c.payer_id),
        "entries": sa.update(timeline)
        .where(_expired_entries(entity, before), timeline.c.payer_id.in_(payers))
        .values(body=_NOTHING, salt=None, erased_on=as_of).returning(timeline.c.payer_id),
        "receipts": sa.update(receipt)
        .where(receipt.c.entity == entity, receipt.c.payer_id.in_(payers), receipt.c.on_date < before,
               receipt.c.erased_on.is_(None))
        .values(detail=_NOTHING, erased_on=as_of).returning(receipt.c.payer_id),
        "people": sa.update(contact_correction)
        .where(_expired_people(entity, before), contact_correction.c.customer_id.in_(payers))
        .values(name=None, email=None, phone=None, whatsapp=None, erased_on=as_of)
        .returning(contact_correction.c.customer_id),
        "replies": _erase_replies(
            sa.and_(reply.c.entity == entity, reply.c.payer_id.in_(payers)), before, as_of
        ),
        **erasing_cases.statements(entity, payers, before, as_of),
    }  # fmt: skip


def _erase_replies(whose: sa.ColumnElement[bool], before: date, as_of: date) -> sa.UpdateBase:
    return (
        sa.update(reply)
        .where(whose, reply.c.on_date < before, reply.c.erased_on.is_(None))
        .values(body=_NOTHING, address="", erased_on=as_of)
        .returning(reply.c.payer_id)
    )


def _rows(uow: UnitOfWork, statement: sa.UpdateBase) -> int:
    return len(uow.execute(statement).scalars().all())
