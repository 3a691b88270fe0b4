"""Changed cases become outbox rows, in the transaction that changed them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance.cases.among import among
from relance.cases.reading import Case, last_comments, read_case
from relance.cases.reading import Comment as Stored
from relance.config.policy import Policy
from relance.slack import direct, listing
from relance.slack.cards import KINDS, Comment, Scene, card, reply
from relance.slack.changes import Changes
from relance.slack.routing import channel_for, locale_for
from relance.slack.speech import Voice
from relance.slack.words import locale_of
from relance.store.schema import dunning_case, slack_card, slack_outbox
from relance.store.uow import UnitOfWork

URGENT = ("approval", "dispute", "call", "promise")
"""Kinds of case that get their cards first where a channel takes no more of them in a day."""


def queue(uow: UnitOfWork, *, policy: Policy, entity: str, as_of: date, link: str | None = None) -> int:
    """Render the entity's cases, keep those whose card would look different; gives how many rows. Doesn't commit.

    One pending row a card: a newer look replaces the one that wasn't sent yet, and an unchanged look is
    skipped. Cases that already stand on a later day than `as_of` are left alone, as are cards that Slack
    said can't be changed any more. New cards beyond a channel's daily limit go into its list. `link` is the
    address of a case for people, with {entity}, {payer_id} and {case_id}.

    Raises:
        UsageError: for an unknown entity.
    """
    policy.entity(entity)
    return _Desk(uow, policy, entity, as_of, link).show(_candidates(uow, entity, as_of), whole=True)


def queue_case(uow: UnitOfWork, *, policy: Policy, case_id: int, as_of: date, link: str | None = None) -> int:
    """Render one case's card in the transaction that changed the case; gives how many rows. Doesn't commit.

    Those who are to know of what was done in this transaction get a direct message (`direct.follow`).

    Raises:
        CaseError: there is no such case.
        UsageError: its entity is unknown.
    """
    case = read_case(uow, case_id)
    policy.entity(case.entity)
    written = _Desk(uow, policy, case.entity, as_of, link).show([case_id])
    return written + direct.follow(uow, policy=policy, case=read_case(uow, case_id), on_date=as_of)


def show_case(uow: UnitOfWork, *, policy: Policy, case_id: int, as_of: date, link: str | None = None) -> int:
    """Give a case that its channel's list names a card of its own, whatever the limit. Doesn't commit.

    Raises:
        CaseError: there is no such case.
        UsageError: its entity is unknown.
    """
    case = read_case(uow, case_id)
    policy.entity(case.entity)
    return _Desk(uow, policy, case.entity, as_of, link).show([case_id], beyond_the_limit=True)


def _candidates(uow: UnitOfWork, entity: str, as_of: date) -> list[int]:
    """Open cases, and closed ones whose card doesn't say so yet."""
    table = dunning_case
    stale = sa.and_(
        slack_card.c.case_id.is_not(None), slack_card.c.revision.is_distinct_from(table.c.revision)
    )
    query = (
        sa.select(table.c.case_id)
        .outerjoin(slack_card, slack_card.c.case_id == table.c.case_id)
        .where(
            table.c.entity == entity,
            table.c.kind.in_(KINDS),
            table.c.facts_on <= as_of,
            sa.or_(table.c.state == "open", stale & table.c.erased_on.is_(None)),
        )
        .order_by(table.c.case_id)
    )
    return list(uow.execute(query).scalars())


@dataclass(slots=True)
class _Desk:
    """One entity's cards, drawn and put into the outbox."""

    uow: UnitOfWork
    policy: Policy
    entity: str
    as_of: date
    link: str | None

    def show(self, numbers: Sequence[int], *, whole: bool = False, beyond_the_limit: bool = False) -> int:
        """Draw these cases; `whole`: they are all of the entity's. Cards are locked first, so that the newest look is last."""
        cards = _cards(self.uow, numbers)
        cases = _read(self.uow, numbers)
        scenes = self._scenes(cases)
        changes = Changes(cards, _waiting(self.uow, numbers))
        waiting: dict[str, list[Scene]] = {}
        for case in cases:
            if case.case_id in cards:
                changes.add(case, card(scenes[case.case_id]), reply(scenes[case.case_id]))
            elif case.state == "open" and (channel := channel_for(self.policy, case)):
                waiting.setdefault(channel, []).append(scenes[case.case_id])
        for channel, new in waiting.items():
            self._begin(changes, channel, new, beyond_the_limit=beyond_the_limit)
        changes.drop_told(_replies_told(self.uow, numbers))
        written = changes.store(self.uow)
        if whole:
            self._tell(cases, changes)
        return written + self._lists(waiting, changes, whole=whole)

    def _scenes(self, cases: Iterable[Case]) -> dict[int, Scene]:
        company = self.policy.entity(self.entity).name
        voice = Voice(locale_of(locale_for(self.policy, self.entity)))
        shown = list(cases)
        comments = last_comments(self.uow, [case.case_id for case in shown])
        links = self.policy.slack.links
        return {
            case.case_id: Scene(case, company, voice, _said(comments.get(case.case_id)), self.link, links)
            for case in shown
        }

    def _begin(self, changes: Changes, channel: str, new: Sequence[Scene], *, beyond_the_limit: bool) -> None:
        """Cards for as many new cases as the channel still takes today: what somebody waits for first, then the older."""
        room = len(new) if beyond_the_limit else listing.room(self.uow, self.policy, self.entity, channel)
        for scene in sorted(new, key=lambda one: one.case.kind not in URGENT)[: max(0, room)]:
            changes.add_new(scene.case, card(scene), channel)

    def _lists(self, waiting: Mapping[str, Sequence[Scene]], changes: Changes, *, whole: bool) -> int:
        """Bring the channels' lists of today to what has no card of its own."""
        begun = {row["case_id"] for row in changes.new_cards}
        left = {
            channel: [scene for scene in new if scene.case.case_id not in begun]
            for channel, new in waiting.items()
        }
        if not whole:
            if not any(left.values()) and not listing.is_there(self.uow, self.policy, self.entity):
                return 0
            left = self._uncarded()
        return listing.write(self.uow, policy=self.policy, entity=self.entity, left=left)

    def _uncarded(self) -> dict[str, list[Scene]]:
        """Every open case of the entity without a card, by its channel."""
        table = dunning_case
        query = (
            sa.select(table.c.case_id)
            .outerjoin(slack_card, slack_card.c.case_id == table.c.case_id)
            .where(table.c.entity == self.entity, table.c.state == "open", slack_card.c.case_id.is_(None))
            .order_by(table.c.case_id)
        )
        cases = _read(self.uow, list(self.uow.execute(query).scalars()))
        scenes = self._scenes(cases)
        left: dict[str, list[Scene]] = {}
        for case in cases:
            if channel := channel_for(self.policy, case):
                left.setdefault(channel, []).append(scenes[case.case_id])
        return left

    def _tell(self, cases: Sequence[Case], changes: Changes) -> None:
        """The day's own direct messages: what waits for a yes or is contested from now on, and promises whose hour has come."""
        spoken = {row["case_id"] for row in (*changes.replies, *changes.new_cards)}
        asking = [
            case.case_id for case in cases if case.kind in ("approval", "dispute") and case.state == "open"
        ]
        asked = direct.asked_since(self.uow, asking, self.as_of)
        for case in cases:
            direct.remind(
                self.uow, policy=self.policy, case=case, on_date=self.as_of,
                is_asked=case.case_id in asked, speaks=case.case_id in spoken,
            )  # fmt: skip


def _said(stored: Stored | None) -> Comment | None:
    if stored is None:
        return None
    return Comment(stored.author, stored.text, stored.on_date, edited=stored.edited_at is not None)


def _read(uow: UnitOfWork, numbers: Sequence[int]) -> list[Case]:
    if not numbers:
        return []
    query = sa.select(dunning_case).where(among(dunning_case.c.case_id, numbers))
    rows = uow.execute(query.order_by(dunning_case.c.case_id)).mappings()
    # What is closed and erased keeps the card it has: drawn again it would lack its words.
    return [case for row in rows if (case := Case(**row)).kind in KINDS and case.erased_on is None]


def _cards(uow: UnitOfWork, numbers: Sequence[int]) -> dict[int, Mapping[Any, Any]]:
    query = sa.select(slack_card).where(among(slack_card.c.case_id, numbers)).order_by(slack_card.c.case_id)
    return {row["case_id"]: row for row in uow.execute(query.with_for_update()).mappings()}


def _waiting(uow: UnitOfWork, numbers: Sequence[int]) -> dict[int, Mapping[Any, Any]]:
    """The newest card row of each case that isn't finished."""
    table = slack_outbox
    query = (
        sa.select(table.c.row_id, table.c.case_id, table.c.state, table.c.digest)
        .where(
            among(table.c.case_id, numbers),
            table.c.verb == "card",
            table.c.state.in_(("pending", "sending")),
        )
        .order_by(table.c.row_id)
        .with_for_update()
    )
    return {row["case_id"]: row for row in uow.execute(query).mappings()}


def _replies_told(uow: UnitOfWork, numbers: Sequence[int]) -> set[str]:
    query = sa.select(slack_outbox.c.digest).where(
        among(slack_outbox.c.case_id, numbers), slack_outbox.c.verb == "reply"
    )
    return set(uow.execute(query).scalars())
