"""Reading the mailbox that bounces and replies come back to.

A mail is marked as seen only when what it says is committed; what is read twice changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Protocol

from sqlalchemy.exc import DataError

from relance.config.policy import Policy
from relance.inbox.bounces import read_mail
from relance.inbox.filing import Filing
from relance.inbox.graph import GraphMailbox
from relance.inbox.imap import ImapMailbox
from relance.settings import Settings
from relance.store.database import Database
from relance.store.uow import UnitOfWork

log = logging.getLogger("relance")
MOST = 1000
"""Mails filed in one run; the others wait for the next."""
LOOKED_AT = 5000
"""Mails read in one run to find those: what is another entity's is left where it is, and must not hide what lies behind."""


class Source(Protocol):
    """A mailbox."""

    def unseen(self) -> list[str]:
        """Identifiers of the mail that nobody has seen, oldest first."""
        ...

    def read(self, identifier: str) -> bytes:
        """A mail's bytes."""
        ...

    def seen(self, identifier: str) -> None:
        """Mark a mail as seen."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


@dataclass(slots=True)
class MailboxReport:
    """Figures of one reading: mails by what became of them, those that could not be read, those left for the next run."""

    read: int = 0
    filed: dict[str, int] = field(default_factory=dict)
    broken: int = 0
    left: int = 0
    configured: bool = True

    def as_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return asdict(self)


def read_mailbox(
    database: Database,
    *,
    settings: Settings,
    policy: Policy,
    entity: str,
    as_of: date,
    source: Source | None = None,
) -> MailboxReport:
    """File what came back for an entity, as of its business day `as_of`; nothing where no mailbox is set.

    The mailbox may serve several entities: what is about another's message stays unseen for that one's run.

    Raises:
        UsageError: for an unknown entity.
        ChannelDownError: the mailbox can't be reached; what was filed stays filed.
        ChannelRefusedError: it does not let us in.
    """
    one = policy.entity(entity)
    if source is None:
        source = _source(settings, one.sender.email if one.sender else None)
        if source is None:
            return MailboxReport(configured=False)
    report, filed = MailboxReport(), Counter[str]()
    filing = Filing(policy, entity, as_of)
    try:
        waiting = source.unseen()
        report.left = len(waiting)
        for identifier in _turn(waiting, as_of):
            if report.read - filed["others"] >= MOST:
                break
            report.left -= 1
            if not (raw := source.read(identifier)):
                continue  # somebody has deleted it
            report.read += 1
            what = _one(database, filing, raw)
            filed[what] += what != "broken"
            report.broken += what == "broken"
            if what != "others":
                source.seen(identifier)
    finally:
        source.close()
        report.filed = dict(sorted((+filed).items()))
        told = ", ".join(f"{count} {what}" for what, count in report.filed.items()) or "nothing of ours"
        log.info("%s %s: mailbox: %d read: %s; %d broken", entity, as_of, report.read, told, report.broken)
    return report


def _turn(waiting: list[str], as_of: date) -> list[str]:
    """What a run looks at: all that waits, oldest first; of more than `LOOKED_AT` each day another stretch."""
    if len(waiting) <= LOOKED_AT:
        return waiting
    start = as_of.toordinal() * LOOKED_AT % len(waiting)
    return (waiting[start:] + waiting[:start])[:LOOKED_AT]


def _one(database: Database, filing: Filing, raw: bytes) -> str:
    """What became of a mail, committed; "broken" where it can't be read, or holds what no table takes.

    What a stranger may write must never stop the day; what is the database's or ours (no connection, no right) still does.
    """
    try:
        mail = read_mail(raw)
        with UnitOfWork(database) as uow:
            what = filing.file(uow, mail)
            uow.commit()
    except (DataError, ValueError, LookupError) as error:
        # Not the error's own words: they may quote the mail.
        log.warning(
            "a mail is broken (%s, sha256 %s)", type(error).__name__, hashlib.sha256(raw).hexdigest()[:16]
        )
        return "broken"
    return what


def _source(settings: Settings, sender: str | None) -> Source | None:
    """The mailbox that is set: by IMAP, else the one of Microsoft 365 that we write from."""
    if settings.mailbox.host:
        return ImapMailbox(settings.mailbox)
    owner = settings.graph.mailbox or sender
    return GraphMailbox(settings.graph, owner) if settings.graph.tenant and owner else None
