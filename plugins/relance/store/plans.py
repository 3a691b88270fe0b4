"""Plans in the database: what was decided, and the contacts and tasks that came of it.

A plan is stored once, whatever the number of times it is made. A live one's contacts and tasks become rows that
delivery and people work on; a plan of a past day or a backfill is kept for itself alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.store import schema
from relance.store.database import Database, copy_frame
from relance.store.uow import UnitOfWork

NOTICE = "notice"
"""The kind of a message that no plan made: a confirmation. It counts for no rule of planning."""
_UNTOUCHED = ("planned", "awaiting_approval", "cancelled", "rejected")
"""A contact in one of these takes the content of a later plan of its day: nothing has left yet."""


@dataclass(frozen=True)
class PlanRecord:
    """A plan as it is stored.

    `outcomes`, `contacts` and `tasks` are the plan's frames; `contents()` gives `key`, `content` for contacts and tasks, and
    is asked only of a live plan.
    """

    entity: str
    as_of: date
    policy_version: str
    policy_content: dict[str, Any]
    snapshot_digest: str
    digest: str
    outcomes: pl.DataFrame
    contacts: pl.DataFrame
    tasks: pl.DataFrame
    contents: Callable[[], pl.DataFrame]
    live: bool
    reason: str | None
    counts: dict[str, Any]


def save(uow: UnitOfWork, record: PlanRecord) -> tuple[int, bool]:
    """Store a plan; gives its id and whether it is new. The same plan again stores nothing."""
    _save_policy(uow, record)
    values = {
        "entity": record.entity, "as_of": record.as_of, "policy_version": record.policy_version,
        "snapshot_digest": record.snapshot_digest, "digest": record.digest, "live": record.live,
        "reason": record.reason, "counts": record.counts,
    }  # fmt: skip
    made = insert(schema.plan).values(values).on_conflict_do_nothing().returning(schema.plan.c.plan_id)
    plan_id = uow.execute(made).scalar()
    if plan_id is None:
        table = schema.plan.c
        same = sa.select(table.plan_id).where(
            table.entity == record.entity, table.as_of == record.as_of, table.digest == record.digest,
            table.live == record.live,
        )  # fmt: skip
        plan_id, new = uow.execute(same).scalar_one(), False
    else:
        new = True
    with ThreadPoolExecutor(1) as beside:  # contents are put together while the server takes in the outcomes
        wanted = beside.submit(_contact_rows, plan_id, record) if record.live else None
        if new:
            _save_outcomes(uow, plan_id, record.outcomes)
            _save_decided(uow, plan_id, record)
        if wanted:
            _save_contacts(uow, plan_id, record, wanted.result())
    return plan_id, new


_YESES = """
  SELECT d.payer_id, d.facts->>'step' AS step, d.facts->>'level' AS level, (d.facts->'demanded')::text AS totals,
         ARRAY(SELECT jsonb_array_elements_text(d.facts->'invoices_asked')) AS invoices
  FROM dunning_case d JOIN contact c ON c.key = d.subject
  WHERE d.entity = $1 AND d.kind = 'approval' AND d.closed_reason = 'approved' AND c.as_of <= $2::text::date
    AND EXISTS (SELECT FROM case_event v
                WHERE v.case_id = d.case_id AND v.verb = 'close' AND v.at <= $3::text::timestamptz)
    AND (c.as_of = $2::text::date OR 'approved' = (
         SELECT e.state FROM contact_event e WHERE e.key = c.key AND e.at <= $3::text::timestamptz
         ORDER BY e.event_id DESC LIMIT 1))
"""


def yeses(database: Database, entity: str, as_of: date, *, moment: str = "infinity") -> pl.DataFrame:
    """Yeses that count on the day, as planning takes them; with `moment`, those given by then.

    Each is for what its case asked, never for what the contact says now: a later plan of its day may want more of it.
    """
    rows = database.read(_YESES, [entity, as_of.isoformat(), moment])
    totals = [json.loads(text) for text in rows["totals"]]
    kind = pl.List(pl.Struct({"currency": pl.String, "amount": pl.Int64}))
    return rows.with_columns(pl.Series("totals", totals, dtype=kind))


def history_frames(
    database: Database, entity: str, before: date
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Contacts and acts of the entity's days before `before`, and the yeses that count on it, as planning takes them."""
    contacts = database.read(
        "SELECT c.key, c.payer_id, c.as_of, c.kind, c.channel, c.state, c.acted_on, c.scenario, c.step, c.level, "
        "c.kind = 'handoff' AND EXISTS (SELECT 1 FROM dunning_case d WHERE d.entity = c.entity AND "
        "d.payer_id = c.payer_id AND d.kind = 'handover' AND d.state = 'closed' AND d.opened_on >= c.acted_on) AS settled "
        f"FROM contact c WHERE c.entity = $1 AND c.as_of < $2::text::date AND c.kind <> '{NOTICE}'",
        [entity, before.isoformat()],
    )
    acts = database.read(
        "SELECT key, invoices, steps, levels FROM contact WHERE entity = $1 AND as_of < $2::text::date",
        [entity, before.isoformat()],
    )
    return contacts, acts_of(acts), yeses(database, entity, before)


def acts_of(contacts: pl.DataFrame) -> pl.DataFrame:
    """`key`, `invoice_id`, `step`, `level`: what contacts (`key`, `invoices`, `steps`, `levels`) did for which invoice."""
    return (
        contacts.select("key", invoice_id="invoices", step="steps", level="levels")
        .filter(pl.col("invoice_id").list.len() > 0)
        .explode("invoice_id", "step", "level")
    )


def hold_frame(database: Database, entity: str, as_of: date) -> pl.DataFrame:
    """Holds of cases and people that have begun by the day and were not lifted by then."""
    return database.read(
        "SELECT payer_id, invoice_id, reason, until, source, amount FROM hold WHERE entity = $1 "
        "AND from_date <= $2::text::date AND (ended_on IS NULL OR ended_on > $2::text::date)",
        [entity, as_of.isoformat()],
    )


def newest(uow: UnitOfWork, entity: str, as_of: date) -> sa.RowMapping | None:
    """The newest stored plan of the entity's day, live ones first."""
    table = schema.plan
    query = sa.select(table).where(table.c.entity == entity, table.c.as_of == as_of)
    return uow.execute(query.order_by(table.c.live.desc(), table.c.plan_id.desc())).mappings().first()


def _save_policy(uow: UnitOfWork, record: PlanRecord) -> None:
    row = {"version": record.policy_version, "content": record.policy_content}
    uow.execute(insert(schema.policy_version).values(row).on_conflict_do_nothing())


def _save_outcomes(uow: UnitOfWork, plan_id: int, outcomes: pl.DataFrame) -> None:
    if outcomes.is_empty():
        return
    dated = pl.element().struct.with_fields(pl.element().struct.field("until").dt.to_string("%Y-%m-%d"))
    holds = pl.struct(h=pl.col("holds").list.eval(dated)).struct.json_encode().str.slice(5).str.head(-1)
    quoted = pl.concat_str(pl.lit("{"), pl.col("passed_over").list.join(","), pl.lit("}"))
    columns = [column.name for column in schema.outcome.columns]

    def rows(some: pl.DataFrame) -> pl.DataFrame:
        return some.with_columns(
            holds=pl.when(pl.col("holds").list.len() == 0).then(pl.lit("[]")).otherwise(holds),
            passed_over=quoted,
            plan_id=pl.lit(plan_id, dtype=pl.Int64),
        ).select(columns)

    uow.copy(schema.outcome, outcomes, rows)


def _save_decided(uow: UnitOfWork, plan_id: int, record: PlanRecord) -> None:
    for task, frame in ((False, record.contacts), (True, record.tasks)):
        if frame.height:
            uow.copy(schema.plan_contact, frame, partial(_decided_rows, plan_id=plan_id, task=task))


def _decided_rows(frame: pl.DataFrame, *, plan_id: int, task: bool) -> pl.DataFrame:
    body = pl.struct(pl.all()).struct.json_encode()
    return frame.select("key", body=body, plan_id=pl.lit(plan_id), task=pl.lit(task))


def _save_contacts(uow: UnitOfWork, plan_id: int, record: PlanRecord, wanted: pl.DataFrame) -> None:
    """Bring the day's rows to the `wanted` ones of this plan, as far as nothing has left for a payer."""
    connection = uow.connection
    of_the_day = sa.select(schema.contact.c.key).where(
        schema.contact.c.entity == record.entity,
        schema.contact.c.as_of == record.as_of,
        schema.contact.c.kind != NOTICE,
    )
    if connection.execute(of_the_day.limit(1)).first() is None:
        copy_frame(connection, "contact", wanted)
        return
    connection.execute(sa.text("CREATE TEMP TABLE wanted (LIKE contact) ON COMMIT DROP"))
    copy_frame(connection, "wanted", wanted)
    values = {"entity": record.entity, "day": record.as_of, "untouched": list(_UNTOUCHED), "plan": plan_id}
    for statement in _TAKE_OVER:
        connection.execute(sa.text(statement), values)
    connection.execute(sa.text("DROP TABLE wanted"))


_TAKE_OVER = (
    # what this plan no longer wants, and has not left, is withdrawn
    """WITH gone AS (
         UPDATE contact SET state = 'cancelled' WHERE entity = :entity AND as_of = :day AND kind <> 'notice'
         AND state IN ('planned', 'awaiting_approval') AND key NOT IN (SELECT key FROM wanted) RETURNING key)
       INSERT INTO contact_event (key, state, actor, note)
       SELECT key, 'cancelled', 'planning', 'a later plan of the day no longer wants it' FROM gone""",
    # what has left, or is another's by now, keeps its content; what an address refused may go to another one
    """DELETE FROM wanted w USING contact c WHERE c.key = w.key AND NOT (c.state = ANY(:untouched) AND
       (c.state <> 'cancelled' OR (SELECT e.actor FROM contact_event e WHERE e.key = c.key
                                   ORDER BY e.event_id DESC LIMIT 1) = 'planning')
       OR c.state = 'failed' AND (w.channel, w.recipient) IS DISTINCT FROM (c.channel, c.recipient)
          AND EXISTS (SELECT FROM reach_mark m WHERE m.entity = c.entity AND m.key = c.key)
          AND EXISTS (SELECT FROM outbox o WHERE o.key = c.key AND o.state = 'failed'))""",
    # the same content in the same state is left as it is
    """DELETE FROM wanted w USING contact c WHERE c.key = w.key AND c.content::text = w.content::text AND c.state = w.state
       AND c.step = w.step AND c.scenario = w.scenario AND c.invoices = w.invoices AND c.steps = w.steps
       AND c.levels = w.levels AND c.recipient IS NOT DISTINCT FROM w.recipient
       AND c.channel IS NOT DISTINCT FROM w.channel AND c.language IS NOT DISTINCT FROM w.language""",
    """WITH taken AS (
         INSERT INTO contact SELECT * FROM wanted ON CONFLICT (key) DO UPDATE SET
           plan_id = EXCLUDED.plan_id, kind = EXCLUDED.kind, channel = EXCLUDED.channel,
           contact_id = EXCLUDED.contact_id, recipient = EXCLUDED.recipient, language = EXCLUDED.language,
           scenario = EXCLUDED.scenario, step = EXCLUDED.step, level = EXCLUDED.level,
           approval = EXCLUDED.approval, invoices = EXCLUDED.invoices, steps = EXCLUDED.steps,
           levels = EXCLUDED.levels, content = EXCLUDED.content, state = EXCLUDED.state
         RETURNING key, state)
       INSERT INTO contact_event (key, state, actor, note)
       SELECT key, state, 'planning', 'plan ' || :plan FROM taken""",
)


def _contact_rows(plan_id: int, record: PlanRecord) -> pl.DataFrame:
    """Rows of `contact`, in the order of its key, whose index then grows from page to page."""
    groups = [frame for frame in (record.contacts, record.tasks) if not frame.is_empty()]
    columns = [column.name for column in schema.contact.columns if column.name != "content"]
    if not groups:
        return pl.DataFrame(schema=dict.fromkeys([*columns, "content"], pl.String))
    lacking = {name: pl.lit(None, pl.String) for name in ("contact_id", "to", "language")}
    rows = pl.concat(
        [
            frame.with_columns(
                **{name: value for name, value in lacking.items() if name not in frame.columns},
                **({} if "channel" in frame.columns else {"channel": pl.lit("internal")}),
            ).select(
                "key", "payer_id", "kind", "channel", "contact_id", pl.col("to").alias("recipient"), "language",
                "scenario", "step", "level", "approval",
                state=pl.when(pl.col("approval").is_null()).then(pl.lit("planned"))
                .otherwise(pl.lit("awaiting_approval")),
                invoices=_acted("invoice_id"), steps=_acted("step"), levels=_acted("level"),
            )
            for frame in groups
        ]
    )  # fmt: skip
    ready = rows.with_columns(
        entity=pl.lit(record.entity), as_of=pl.lit(record.as_of), plan_id=pl.lit(plan_id),
        acted_on=pl.lit(None, pl.Date),
    )  # fmt: skip
    return ready.select(columns).join(record.contents(), on="key", how="left").sort("key")


def _acted(field: str) -> pl.Expr:
    """A field of each act as the text of a PostgreSQL array."""
    escaped = pl.element().struct.field(field).str.replace_all(r"([\\\"])", r"\${1}")
    quoted = pl.concat_str(pl.lit('"'), escaped, pl.lit('"'))
    return pl.concat_str(pl.lit("{"), pl.col("acts").list.eval(quoted).list.join(","), pl.lit("}"))
