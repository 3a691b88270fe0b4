"""Contacts and tasks after planning: their state moves here and nowhere else, each move with its event."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from relance.errors import StoreError
from relance.store.schema import contact
from relance.store.timeline import GENESIS
from relance.store.uow import UnitOfWork, among

STATES = frozenset(
    {
        "planned",
        "awaiting_approval",
        "sending",
        "sent",
        "confirmed",
        "bounced",
        "failed",
        "in_doubt",
        "cancelled",
    }
    | {"approved", "rejected", "open", "completed", "not_made"}
)


def set_state(  # noqa: PLR0917 - called by other rooms as a sentence: these keys, that state, by whom
    uow: UnitOfWork,
    keys: Sequence[str],
    state: str,
    actor: str,
    acted_on: date | None = None,
    note: str | None = None,
    *,
    only_from: Collection[str] | None = None,
) -> list[str]:
    """Move contacts to `state` and write an event for each, in this transaction; gives the keys that moved, sorted.

    `acted_on` is the day a contact was sent, completed or became not made; None leaves the day it has. With `only_from`,
    contacts in another state stay as they are, so that of two who decide at once one changes nothing.

    Raises:
        StoreError: for a state that contacts don't have.
    """
    if state not in STATES:
        raise StoreError(
            f"contacts have no state {state!r}", hint=f"write one of {', '.join(sorted(STATES))}"
        )
    if not keys:
        return []
    change: dict[str, object] = {"state": state}
    if acted_on is not None:
        change["acted_on"] = acted_on
    moved = sa.update(contact).where(among(contact.c.key, keys)).values(**change).returning(contact.c.key)
    if only_from is not None:
        moved = moved.where(contact.c.state.in_(sorted(only_from)))
    done = sorted(uow.execute(moved).scalars())
    if done:
        uow.execute(_MOVED, {"keys": done, "state": state, "actor": actor, "note": note})
    return done


_MOVED = sa.text(
    """
    INSERT INTO contact_event (key, state, actor, note)
    SELECT key, :state, :actor, :note FROM unnest(CAST(:keys AS text[])) AS key
    """
)

# In one way to the server and back: outbox row, contact, event and the end of the payer's timeline, locked.
_SENT = sa.text(
    """
    WITH done AS (
      UPDATE outbox SET state = 'sent', provider = :provider, receipt = :receipt, error = NULL, sent_at = now(),
        lease_owner = NULL, lease_until = NULL
      WHERE key = :key AND state IN ('sending', 'in_doubt') RETURNING key, claims),
    moved AS (
      UPDATE contact c SET state = 'sent', acted_on = :on_date FROM done
      WHERE c.key = done.key RETURNING c.key, c.payer_id, c.step, c.level, done.claims),
    told AS (INSERT INTO contact_event (key, state, actor, note) SELECT key, 'sent', :actor, :note FROM moved),
    head AS (
      INSERT INTO timeline_head AS h (entity, payer_id, seq, hash)
      SELECT :entity, payer_id, 0, :genesis FROM moved
      ON CONFLICT (entity, payer_id) DO UPDATE SET seq = h.seq RETURNING seq, hash)
    SELECT payer_id, step, level, claims, seq, hash FROM moved, head
    """
)


def message_sent(
    uow: UnitOfWork,
    *,
    key: str,
    entity: str,
    provider: str,
    receipt: str,
    on_date: date,
    actor: str,
    note: str,
) -> sa.Row[*tuple[Any, ...]] | None:
    """A message that was being sent (or in doubt) is out, and its contact with it, from `on_date`.

    Gives `payer_id`, `step`, `level`, `claims`, and `seq`, `hash` of the payer's timeline, whose end is locked. None, and
    nothing is changed, when the message is in another state by now.
    """
    values = {
        "key": key, "entity": entity, "genesis": GENESIS, "provider": provider,
        "receipt": receipt, "on_date": on_date, "actor": actor, "note": note,
    }  # fmt: skip
    return uow.execute(_SENT, values).first()


_SPENT = sa.text(
    """
    SELECT c.key FROM contact c
    LEFT JOIN LATERAL (
      SELECT n.key, n.state FROM contact n
      WHERE n.entity = c.entity AND n.payer_id = c.payer_id AND n.as_of > c.as_of AND n.as_of < :as_of
        AND n.invoices && c.invoices ORDER BY n.as_of DESC, n.key LIMIT 1) followed ON true
    WHERE c.entity = :entity AND c.state = 'approved' AND c.as_of < :as_of
      AND EXISTS (SELECT FROM plan p WHERE p.entity = c.entity AND p.live AND p.as_of < :as_of
                  AND p.at > (SELECT max(e.at) FROM contact_event e WHERE e.key = c.key AND e.state = 'approved'))
      AND NOT coalesce(followed.state = 'cancelled' AND (
        SELECT e.actor FROM contact_event e WHERE e.key = followed.key ORDER BY e.event_id DESC LIMIT 1) = 'relance', false)
    ORDER BY c.key
    """
)
_UNSENT = sa.text(
    """
    SELECT c.key FROM contact c
    WHERE c.entity = :entity AND c.state = 'cancelled' AND c.as_of < :as_of
      AND EXISTS (SELECT FROM contact_event e WHERE e.key = c.key AND e.state = 'approved')
      AND (SELECT e.actor FROM contact_event e WHERE e.key = c.key ORDER BY e.event_id DESC LIMIT 1) = 'relance'
    ORDER BY c.key
    """
)


def spent_approvals(uow: UnitOfWork, *, entity: str, as_of: date) -> list[str]:
    """Keys of approved contacts of which a live plan of an earlier day has made what it would.

    A yes isn't spent by a contact that never left: its day ended before a mail server took it.
    """
    return list(uow.execute(_SPENT, {"entity": entity, "as_of": as_of}).scalars())


def approved_but_unsent(uow: UnitOfWork, *, entity: str, as_of: date) -> list[str]:
    """Keys of contacts of earlier days that were approved on their day and never left: their yes still counts."""
    return list(uow.execute(_UNSENT, {"entity": entity, "as_of": as_of}).scalars())


def keys_in(
    uow: UnitOfWork, *, entity: str, as_of: date, state: str, kinds: Collection[str] | None = None
) -> list[str]:
    """Keys of the entity's contacts planned for that day that are in `state`, sorted."""
    query = sa.select(contact.c.key).where(
        contact.c.entity == entity, contact.c.as_of == as_of, contact.c.state == state
    )
    if kinds is not None:
        query = query.where(contact.c.kind.in_(sorted(kinds)))
    return list(uow.execute(query.order_by(contact.c.key)).scalars())


def lock_planned(
    uow: UnitOfWork, *, entity: str, as_of: date, keys: Sequence[str] | None = None
) -> Sequence[sa.RowMapping]:
    """The entity's contacts in state `planned`, locked for this transaction, by key: of that day, or the keys given."""
    query = sa.select(contact).where(contact.c.entity == entity, contact.c.state == "planned")
    query = query.where(contact.c.as_of == as_of) if keys is None else query.where(among(contact.c.key, keys))
    return uow.execute(query.order_by(contact.c.key).with_for_update()).mappings().all()


def counts(uow: UnitOfWork, *, entity: str, as_of: date) -> dict[str, int]:
    """How many of the day's contacts and tasks are in each state."""
    query = (
        sa.select(contact.c.state, sa.func.count().label("number"))
        .where(contact.c.entity == entity, contact.c.as_of == as_of)
        .group_by(contact.c.state)
        .order_by(contact.c.state)
    )
    return {row["state"]: row["number"] for row in uow.execute(query).mappings()}
