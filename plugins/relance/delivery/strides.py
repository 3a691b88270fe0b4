"""Strides: what came of some messages and the marks of the next ones, written in one statement that commits by itself.

It is the hot path of sending, for messages that have left as they should. All else that may become of one goes through
`records`, which also takes over where a stride does not fit the rows it finds: it then fails as a whole and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors

from relance.delivery.port import Message, Receipt
from relance.delivery.records import ACTOR, sent_entry, words_for
from relance.store import timeline
from relance.store.database import Database

MISFITS = (errors.IntegrityError, errors.CardinalityViolation, errors.DeadlockDetected)
"""What a stride raises whose rows are not as they were when its messages were taken."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A leased message, when it may go, and what its record says of its contact; `end`: of its payer's timeline.

    `charges`: it asks for interest or compensation, which count as claimed when it is out.
    """

    message: Message
    turn: float
    payer_id: str
    step: str
    level: str
    charges: bool
    end: timeline.End


@dataclass(frozen=True, slots=True)
class Mark:
    """A message that is about to be handed over: to whom, and how long its lease lasts at most."""

    key: str
    provider: str
    seconds: float


# A message that was not ours to end any more, or whose payer's timeline has gone on, finds no `moved` or no `head`: its entry
# has no number then, which the table refuses, and with it the whole stride. Heads are locked in payer order. States are looked
# at as `state || ''`, lest the planner go through all that waits, by its index, to find one key.
_STRIDE = f"""
WITH given AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(%(done)s::jsonb) AS g (key text, provider text, receipt text, note text,
    {", ".join(" ".join(column) for column in timeline.COLUMNS)})),
done AS (
  UPDATE outbox o SET state = 'sent', provider = g.provider, receipt = g.receipt, error = NULL, sent_at = now(),
    lease_owner = NULL, lease_until = NULL
  FROM given g WHERE o.key = g.key AND o.state || '' IN ('sending', 'in_doubt') RETURNING o.key),
moved AS (
  UPDATE contact c SET state = 'sent', acted_on = g.on_date
  FROM given g JOIN done ON done.key = g.key WHERE c.key = g.key RETURNING c.key),
told AS (
  INSERT INTO contact_event (key, state, actor, note)
  SELECT g.key, 'sent', g.actor, g.note FROM given g JOIN moved ON moved.key = g.key),
head AS (
  INSERT INTO timeline_head AS h (entity, payer_id, seq, hash)
  SELECT %(entity)s, g.payer_id, g.seq, g.hash FROM given g JOIN moved ON moved.key = g.key ORDER BY g.payer_id
  ON CONFLICT (entity, payer_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE h.seq = excluded.seq - 1
  RETURNING payer_id, seq),
entered AS (
  INSERT INTO timeline (entity, format, {", ".join(name for name, _ in timeline.COLUMNS)})
  SELECT %(entity)s, {timeline.FORMAT},
    {", ".join("head.seq" if name == "seq" else f"g.{name}" for name, _ in timeline.COLUMNS)}
  FROM given g LEFT JOIN head ON head.payer_id = g.payer_id),
next AS (
  SELECT * FROM jsonb_to_recordset(%(begin)s::jsonb) AS n (key text, provider text, seconds float8))
UPDATE outbox o SET state = 'sending', provider = n.provider, attempts = attempts + 1, error = NULL,
  lease_until = now() + make_interval(secs => n.seconds)
FROM next n WHERE o.key = n.key AND o.lease_owner = %(name)s AND o.state || '' = 'intended'
  AND EXISTS (SELECT FROM contact c WHERE c.key = n.key AND c.state = 'sending')
RETURNING o.key, o.body
"""

_ABOUT = """
SELECT o.key, c.payer_id, c.step, c.level, o.claims IS NOT NULL, coalesce(h.seq, 0), coalesce(h.hash, %(genesis)s)
FROM unnest(%(keys)s::text[]) AS k JOIN outbox o ON o.key = k JOIN contact c ON c.key = k
LEFT JOIN timeline_head h ON h.entity = %(entity)s AND h.payer_id = c.payer_id
"""


class Strides:
    """The statements of one sender's connection. `name`: under which it has leased its messages."""

    def __init__(self, connection: psycopg.Connection, *, entity: str, name: str) -> None:
        self._connection = connection
        self._entity = entity
        self._name = name

    def taken(self, batch: Sequence[Message], *, first: float, every_s: float) -> list[Taken]:
        """Leased messages with what their records will need; the first may go at `first`, each further one `every_s` later."""
        given = {"keys": [one.key for one in batch], "entity": self._entity, "genesis": timeline.GENESIS}
        about = {row[0]: row[1:] for row in self._connection.execute(_ABOUT, given, binary=True)}
        taken = []
        for place, one in enumerate(batch):
            payer_id, step, level, charges, seq, digest = about[one.key]
            turn = first + place * every_s
            taken.append(Taken(one, turn, payer_id, step, level, charges, (seq, bytes(digest))))
        return taken

    def make(self, done: Sequence[tuple[Taken, Receipt]], begin: Sequence[Mark]) -> dict[str, bytes]:
        """Write down messages that have gone, mark others as being sent, and commit; gives the bodies of those to hand over.

        Raises:
            MISFITS: when a message of `done` is not as it was; nothing has been changed then.
        """
        given = {
            "done": json.dumps([self._row(one, receipt) for one, receipt in done]), "entity": self._entity,
            "begin": json.dumps([{"key": one.key, "provider": one.provider, "seconds": one.seconds} for one in begin]),
            "name": self._name,
        }  # fmt: skip
        return {key: bytes(body) for key, body in self._connection.execute(_STRIDE, given, binary=True)}

    def _row(self, one: Taken, receipt: Receipt) -> dict[str, Any]:
        entry = sent_entry(one.message, receipt, facts=one)
        row, _ = timeline.chained(self._entity, entry, one.end)
        return row | {
            "key": one.message.key, "provider": receipt.provider, "receipt": receipt.reference,
            "note": words_for(receipt), "actor": ACTOR,
        }  # fmt: skip


@contextmanager
def strides(database: Database, *, entity: str, name: str) -> Iterator[Strides]:
    """Strides on a connection of their own."""
    with database.by_key() as connection:
        yield Strides(connection, entity=entity, name=name)
