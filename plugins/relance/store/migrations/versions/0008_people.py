"""Cases that people work: comments, details, watchers, deadlines; Slack's people, intents, direct messages, digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _cases()
    _slack()
    _slack_tables()
    op.execute(
        "INSERT INTO case_comment (case_id, author, text, on_date, at) "
        "SELECT case_id, actor, coalesce(body ->> 'text', ''), on_date, at FROM case_event "
        "WHERE verb = 'comment' ORDER BY event_id"
    )
    op.execute("UPDATE slack_card SET render_digest = NULL, revision = NULL WHERE gone IS NULL")


def _cases() -> None:
    text_list = postgresql.ARRAY(sa.Text())
    for column in (
        sa.Column(
            "watchers",
            text_list,
            server_default="{}",
            nullable=False,
            comment="e-mails of who is told of changes",
        ),
        sa.Column(
            "details",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="what people said: reason codes, parts in dispute, calls made; kept when facts are brought to a day",
        ),
        sa.Column("due_on", sa.Date(), comment="the day by which somebody must have acted"),
        sa.Column("snoozed_until", sa.Date(), comment="the last day on which the case and its dunning rest"),
        sa.Column(
            "requested_by",
            sa.Text(),
            comment="an approval that a person asked for: who, and so may not answer",
        ),
    ):
        op.add_column("dunning_case", column)
    op.add_column(
        "hold",
        sa.Column(
            "amount",
            sa.BigInteger(),
            comment="a disputed part of the invoice, minor units of its currency; null: all of it",
        ),
    )
    op.create_table(
        "case_comment",
        sa.Column("comment_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="as it reads now; empty once deleted"),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), comment="the message it is, as channel:ts; null: written elsewhere"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["case_id"], ["dunning_case.case_id"], name="case_comment_case_id_fk"),
        sa.PrimaryKeyConstraint("comment_id", name="case_comment_pk"),
        sa.UniqueConstraint("source", name="case_comment_source_uq"),
        comment="comments as they read now; each change of them is an event",
    )
    op.create_index("case_comment_case_id_ix", "case_comment", ["case_id", "comment_id"])


def _slack() -> None:
    op.create_index("slack_card_channel_id_ts_ix", "slack_card", ["channel_id", "ts"])
    op.alter_column(
        "slack_outbox", "verb", existing_type=sa.Text(), existing_nullable=False,
        comment="card | reply | notice | direct | digest", existing_comment="card | reply | notice",
    )  # fmt: skip
    for column in (
        sa.Column("person", sa.Text(), comment="a direct message: the e-mail of who gets it"),
        sa.Column("file_name", sa.Text(), comment="of what goes with it, in its thread or as its picture"),
        sa.Column("file", sa.LargeBinary()),
        sa.Column("under", sa.BigInteger(), comment="the row in whose thread it is posted"),
        sa.Column("sent_channel_id", sa.Text(), comment="where it stands in Slack, as Slack answered"),
        sa.Column("sent_ts", sa.Text()),
    ):
        op.add_column("slack_outbox", column)


def _slack_tables() -> None:
    text_list = postgresql.ARRAY(sa.Text())
    op.create_table(
        "slack_intent",
        sa.Column("intent_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column(
            "dedupe_key", sa.Text(), nullable=False, comment="tells a click from Slack's repetition of it"
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="what is to be done, versioned: case.snooze.v1"),
        sa.Column("user_id", sa.Text(), nullable=False, comment="who, by Slack's id"),
        sa.Column(
            "payload",
            postgresql.JSONB(),
            nullable=False,
            comment="what its work needs; emptied some days after it is done",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="received | done | refused | failed"),
        sa.Column("answer", postgresql.JSONB(), comment="what the person was told"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text()),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("intent_id", name="slack_intent_pk"),
        sa.UniqueConstraint("dedupe_key", name="slack_intent_dedupe_key_uq"),
    )
    op.create_index(
        "slack_intent_waiting_ix",
        "slack_intent",
        ["intent_id"],
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_table(
        "slack_user",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("locale", sa.Text(), comment="as Slack has it: fr-FR"),
        sa.Column("kind", sa.Text(), nullable=False, comment="member | guest | outsider | bot | gone"),
        sa.Column(
            "groups",
            text_list,
            server_default="{}",
            nullable=False,
            comment="ids and handles of the user's groups",
        ),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="slack_user_pk"),
    )
    op.create_index("slack_user_email_ix", "slack_user", [sa.text("lower(email)")])
    op.create_table(
        "slack_direct",
        sa.Column("person", sa.Text(), nullable=False, comment="an e-mail, in small letters"),
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("person", "case_id", "on_date", name="slack_direct_pk"),
        comment="who was told of which case in a direct message: at most one a day",
    )
    op.create_table(
        "digest",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="daily | weekly"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column(
            "figures",
            postgresql.JSONB(),
            nullable=False,
            comment="what it told, so that the next can say what changed",
        ),
        sa.Column(
            "told", sa.Boolean(), nullable=False, comment="false: nothing was new, and nothing was said"
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "kind", "channel", "as_of", name="digest_pk"),
    )
