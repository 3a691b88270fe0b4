"""What has to be written for cards that look different: gathered, then written in bulk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.cases.among import among
from relance.cases.reading import Case
from relance.slack.cards import Card
from relance.store.schema import slack_card, slack_outbox
from relance.store.uow import UnitOfWork

Row = Mapping[Any, Any]


@dataclass(slots=True)
class Changes:
    """`cards`: bindings by case; `waiting`: the newest unfinished card row of each case."""

    cards: Mapping[int, Row]
    waiting: Mapping[int, Row]
    new_cards: list[dict[str, Any]] = field(default_factory=list)
    rendered: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    coalesced: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)

    def add_new(self, case: Case, drawn: Card, channel: str) -> None:
        """A case that has no card yet."""
        self.new_cards.append({"case_id": case.case_id, "channel": channel, "revision": case.revision})
        self.rows.append(_row(case, drawn, channel, verb="card", digest=drawn.digest))

    def add(self, case: Case, drawn: Card, said: Card | None) -> None:
        """A case whose card is known: nothing is written when it looks as it did, and nothing for a deleted one."""
        known = self.cards[case.case_id]
        if known["gone"]:
            return
        if known["revision"] != case.revision:
            self.rendered.append({"b_case_id": case.case_id, "b_revision": case.revision})
        self._keep(case, drawn, known)
        # A card that isn't in Slack yet speaks for itself when it is posted.
        if said is not None and known["ts"]:
            digest = hashlib.sha256(hour_of(case).encode()).hexdigest()
            self.replies.append(_row(case, said, known["channel"], verb="reply", digest=digest))

    def _keep(self, case: Case, drawn: Card, known: Row) -> None:
        waiting, shown = self.waiting.get(case.case_id), known["render_digest"]
        if (shown if waiting is None else waiting["digest"]) == drawn.digest:
            return
        if waiting is None or waiting["state"] != "pending":
            self.rows.append(_row(case, drawn, known["channel"], verb="card", digest=drawn.digest))
        elif shown == drawn.digest:
            self.skipped.append(waiting["row_id"])
        else:
            self.coalesced.append(
                {"b_row_id": waiting["row_id"], "b_payload": drawn.payload(), "b_digest": drawn.digest}
            )

    def drop_told(self, told: set[str]) -> None:
        """Keep only those replies that were not said before."""
        self.replies = [row for row in self.replies if row["digest"] not in told]

    def store(self, uow: UnitOfWork) -> int:
        """Write all; gives how many rows have to be sent. A card that somebody else made meanwhile is left to them."""
        self._store_cards(uow)
        if self.coalesced:
            _coalesce(uow, self.coalesced)
        if self.skipped:
            statement = sa.update(slack_outbox).where(among(slack_outbox.c.row_id, self.skipped))
            uow.execute(statement.values(state="skipped", done_at=sa.func.now()))
        if self.rows or self.replies:
            uow.execute(sa.insert(slack_outbox), [*self.rows, *self.replies])
        return len(self.rows) + len(self.replies) + len(self.coalesced)

    def _store_cards(self, uow: UnitOfWork) -> None:
        if self.new_cards:
            statement = insert(slack_card).on_conflict_do_nothing().returning(slack_card.c.case_id)
            made = set(uow.execute(statement, self.new_cards).scalars())
            lost = {row["case_id"] for row in self.new_cards} - made
            self.rows = [row for row in self.rows if row["case_id"] not in lost]
        if self.rendered:
            where = slack_card.c.case_id == sa.bindparam("b_case_id")
            uow.execute(
                sa.update(slack_card).where(where).values(revision=sa.bindparam("b_revision")), self.rendered
            )


def hour_of(case: Case) -> str:
    """What tells one hour of a promise from another: said once."""
    return f"{case.case_id}:{case.facts['promises'][0]['promise_id']}:{case.facts['speak']}"


def _coalesce(uow: UnitOfWork, looks: list[dict[str, Any]]) -> None:
    table = slack_outbox
    values = {
        "payload": sa.bindparam("b_payload", type_=table.c.payload.type),
        "digest": sa.bindparam("b_digest"),
    }
    uow.execute(sa.update(table).where(table.c.row_id == sa.bindparam("b_row_id")).values(values), looks)


def _row(case: Case, drawn: Card, channel: str, *, verb: str, digest: str) -> dict[str, Any]:
    return {
        "case_id": case.case_id, "entity": case.entity, "channel": channel, "verb": verb,
        "payload": drawn.payload(), "digest": digest, "state": "pending",
    }  # fmt: skip
