"""Digests as use cases: what an entity's digests of a day would say, and posting them when their hour has come."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from relance import slack
from relance.config.slack import DigestKind
from relance.errors import UsageError
from relance.insight.digests import digests
from relance.insight.kept import Message, keep
from relance.ledger.loading import load_versions, snapshot_on
from relance.ledger.snapshot import Snapshot
from relance.ledger.versions import LedgerVersions
from relance.services import Services
from relance.slack import SlackReport
from relance.store.locks import day_lock

log = logging.getLogger("relance")


@dataclass(frozen=True, slots=True)
class DigestReport:
    """What became of a day's digests: `told` are queued, `silent` had nothing new, `known` were kept before."""

    told: int = 0
    silent: int = 0
    known: int = 0

    def as_dict(self) -> dict[str, int]:
        """Plain figures."""
        return asdict(self)


def drawn(services: Services, entity: str, kind: DigestKind, as_of: date) -> list[Message]:
    """The entity's digests of a day, as they would be posted; nothing is written.

    Ledger figures are those of the day, cases as they stand now.

    Raises:
        UsageError: for an unknown entity.
    """
    services.policy.entity(entity)

    def ledger() -> tuple[LedgerVersions, Snapshot]:
        versions = load_versions(services.database, entity)
        return versions, snapshot_on(services.database, versions, as_of)

    with services.unit_of_work() as uow:
        return digests(uow, policy=services.policy, entity=entity, kind=kind, as_of=as_of, ledger=ledger)


def post(services: Services, entity: str, kind: DigestKind, as_of: date) -> tuple[DigestReport, SlackReport]:
    """Keep the entity's digests of today and send what has news, each once a channel and day; where a bot runs, it sends.

    Raises:
        UsageError: for an unknown entity, another day than the entity's today, or a kind that slack.yaml doesn't have.
        BusyError: when another run works on this day.
    """
    today = services.today(entity)
    if as_of != today:
        raise UsageError(
            f"{as_of} is not {entity}'s today ({today}): a digest of another day is never posted.",
            hint="Look at it without --send.",
        )
    if getattr(services.policy.slack.digests, kind) is None:
        raise UsageError(
            f"slack.yaml has no {kind} digest.", hint=f'Add `{kind}: {{at: "0 8 * * 1-5"}}` under `digests`.'
        )
    with day_lock(services.database, entity, as_of, what="digest", scope="digest"):
        messages = drawn(services, entity, kind, as_of)
        with services.unit_of_work() as uow:
            kept = [keep(uow, message) for message in messages]
            uow.commit()
    told = sum(new and one.is_news for new, one in zip(kept, messages, strict=True))
    report = DigestReport(told, sum(kept) - told, len(kept) - sum(kept))
    sent = slack.send_unless_served(
        services.database, settings=services.settings, policy=services.policy, entity=entity
    )
    log.info("%s %s: %s digest: %s", entity, as_of, kind, in_words(report.as_dict() | _posted(sent)))
    return report, sent


def in_words(figures: dict[str, Any]) -> str:
    """Figures as the log has them."""
    return ", ".join(f"{name} {value}" for name, value in figures.items())


def _posted(sent: SlackReport) -> dict[str, int]:
    return {"posted": sent.posted, "pending": sent.pending}
