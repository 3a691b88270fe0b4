"""Changed cases become outbox rows, in the transaction that changed them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance.cases.among import among
from relance.cases.reading import Case, Event, last_comments, read_case
from relance.config.models import Entity
from relance.config.policy import Policy
from relance.slack.cards import KINDS, Card, Comment, Scene, card, reply
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.schema import dunning_case, slack_card, slack_outbox
from relance.store.uow import UnitOfWork


def queue(uow: UnitOfWork, *, policy: Policy, entity: str, as_of: date, link: str | None = None) -> int:
    """Render the entity's cases, keep those whose card would look different; gives how many. Doesn't commit.

    One pending row a card: a newer look replaces the one that wasn't sent yet, and an unchanged look is
    skipped. Cases that already stand on a later day than `as_of` are left alone, as are cards that Slack
    said can't be changed any more. `link` is the address of a case for people, with {entity}, {payer_id}
    and {case_id}.

    Raises:
        UsageError: for an unknown entity.
    """
    policy.entity(entity)
    return _queue(uow, policy, entity, _candidates(uow, entity, as_of), link)


def queue_case(uow: UnitOfWork, *, policy: Policy, case_id: int, as_of: date, link: str | None = None) -> int:
    """Render one case's card anew in the transaction that changed the case; gives how many rows were written. Doesn't commit.

    Raises:
        CaseError: there is no such case.
        UsageError: its entity is unknown.
    """
    case = read_case(uow, case_id)
    policy.entity(case.entity)
    return _queue(uow, policy, case.entity, [case], link)


def _queue(uow: UnitOfWork, policy: Policy, entity: str, found: Sequence[Case], link: str | None) -> int:
    one = policy.entity(entity)
    cases = [case for case in found if channel_of(one, case.kind)]
    if not cases:
        return 0
    comments = last_comments(uow, [case.case_id for case in cases])
    voice = Voice(locale_of(one.slack.locale if one.slack and one.slack.locale else _language(policy, one)))
    changes = _Changes(one, _cards(uow, cases), _waiting(uow, cases))
    for case in cases:
        scene = Scene(case, one.name, voice, _said(comments.get(case.case_id)), link)
        changes.add(case, card(scene), reply(scene))
    changes.drop_told_replies(_replies_told(uow, cases))
    return changes.store(uow)


def _said(event: Event | None) -> Comment | None:
    return Comment(event.actor, str(event.body.get("text", "")), event.on_date) if event else None


def channel_of(entity: Entity, kind: str) -> str | None:
    """Where cards of that kind go: the kind's own channel, else the entity's; None where there is none."""
    if entity.slack is None:
        return None
    own: str | None = getattr(entity.slack, kind, None)
    return own or entity.slack.channel


def _language(policy: Policy, entity: Entity) -> str:
    return str(policy.region_of(entity).languages[0])


def _candidates(uow: UnitOfWork, entity: str, as_of: date) -> list[Case]:
    """Open cases, and closed ones whose card doesn't say so yet."""
    table = dunning_case
    stale = sa.and_(
        slack_card.c.case_id.is_not(None), slack_card.c.revision.is_distinct_from(table.c.revision)
    )
    query = (
        sa.select(table)
        .outerjoin(slack_card, slack_card.c.case_id == table.c.case_id)
        .where(
            table.c.entity == entity,
            table.c.kind.in_(KINDS),
            table.c.facts_on <= as_of,
            sa.or_(table.c.state == "open", stale),
        )
        .order_by(table.c.case_id)
    )
    return [Case(**row) for row in uow.execute(query).mappings()]


def _cards(uow: UnitOfWork, cases: Sequence[Case]) -> dict[int, Mapping[Any, Any]]:
    numbers = [case.case_id for case in cases]
    query = sa.select(slack_card).where(among(slack_card.c.case_id, numbers)).order_by(slack_card.c.case_id)
    return {row["case_id"]: row for row in uow.execute(query.with_for_update()).mappings()}


def _waiting(uow: UnitOfWork, cases: Sequence[Case]) -> dict[int, Mapping[Any, Any]]:
    """The newest card row of each case that isn't finished."""
    table = slack_outbox
    query = (
        sa.select(table.c.row_id, table.c.case_id, table.c.state, table.c.digest)
        .where(
            among(table.c.case_id, [case.case_id for case in cases]),
            table.c.verb == "card",
            table.c.state.in_(("pending", "sending")),
        )
        .order_by(table.c.row_id)
        .with_for_update()
    )
    return {row["case_id"]: row for row in uow.execute(query).mappings()}


def _replies_told(uow: UnitOfWork, cases: Sequence[Case]) -> set[str]:
    numbers = [case.case_id for case in cases]
    query = sa.select(slack_outbox.c.digest).where(
        among(slack_outbox.c.case_id, numbers), slack_outbox.c.verb == "reply"
    )
    return set(uow.execute(query).scalars())


@dataclass(slots=True)
class _Changes:
    """What has to be written, gathered so that it is written in bulk."""

    entity: Entity
    cards: Mapping[int, Mapping[Any, Any]]
    waiting: Mapping[int, Mapping[Any, Any]]
    new_cards: list[dict[str, Any]] = field(default_factory=list)
    rendered: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    coalesced: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)

    def add(self, case: Case, drawn: Card, said: Card | None) -> None:
        known = self.cards.get(case.case_id)
        if known is not None and known["gone"]:
            return
        channel = known["channel"] if known is not None else channel_of(self.entity, case.kind)
        marks = {"b_case_id": case.case_id, "b_revision": case.revision}
        if known is None:
            self.new_cards.append({"case_id": case.case_id, "channel": channel, "revision": case.revision})
        elif known["revision"] != case.revision:
            self.rendered.append(marks)
        self._keep(case, drawn, channel, shown=known["render_digest"] if known is not None else None)
        # A card that isn't in Slack yet speaks for itself when it is posted.
        if said is not None and known is not None and known["ts"]:
            promise = case.facts["promises"][0]["promise_id"]
            key = f"{case.case_id}:{promise}:{case.facts['speak']}"
            self.replies.append(
                self._row(case, said, channel, verb="reply", digest=hashlib.sha256(key.encode()).hexdigest())
            )

    def _keep(self, case: Case, drawn: Card, channel: str | None, *, shown: str | None) -> None:
        waiting = self.waiting.get(case.case_id)
        pending = waiting is not None and waiting["state"] == "pending"
        if waiting is not None and waiting["digest"] == drawn.digest:
            return
        if waiting is None and shown == drawn.digest:
            return
        if waiting is not None and pending and shown == drawn.digest:
            self.skipped.append(waiting["row_id"])
        elif waiting is not None and pending:
            self.coalesced.append(
                {"b_row_id": waiting["row_id"], "b_payload": drawn.payload(), "b_digest": drawn.digest}
            )
        else:
            self.rows.append(self._row(case, drawn, channel, verb="card", digest=drawn.digest))

    def _row(self, case: Case, drawn: Card, channel: str | None, *, verb: str, digest: str) -> dict[str, Any]:
        return {
            "case_id": case.case_id, "entity": case.entity, "channel": channel, "verb": verb,
            "payload": drawn.payload(), "digest": digest, "state": "pending",
        }  # fmt: skip

    def drop_told_replies(self, told: set[str]) -> None:
        self.replies = [row for row in self.replies if row["digest"] not in told]

    def store(self, uow: UnitOfWork) -> int:
        outbox = slack_outbox
        if self.new_cards:
            uow.execute(sa.insert(slack_card), self.new_cards)
        if self.rendered:
            where = slack_card.c.case_id == sa.bindparam("b_case_id")
            uow.execute(
                sa.update(slack_card).where(where).values(revision=sa.bindparam("b_revision")), self.rendered
            )
        if self.coalesced:
            values = {
                "payload": sa.bindparam("b_payload", type_=outbox.c.payload.type),
                "digest": sa.bindparam("b_digest"),
            }
            statement = sa.update(outbox).where(outbox.c.row_id == sa.bindparam("b_row_id")).values(values)
            uow.execute(statement, self.coalesced)
        if self.skipped:
            statement = sa.update(outbox).where(among(outbox.c.row_id, self.skipped))
            uow.execute(statement.values(state="skipped", done_at=sa.func.now()))
        if self.rows or self.replies:
            uow.execute(sa.insert(outbox), [*self.rows, *self.replies])
        return len(self.rows) + len(self.replies) + len(self.coalesced)
