"""The first schema: ledger, plans, messages, cases, Slack, timelines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "customer_version",
    "contact_version",
    "invoice_version",
    "payment_version",
    "signal_version",
    "plan",
    "outcome",
    "plan_contact",
    "contact_event",
    "case_event",
    "timeline",
)


def upgrade() -> None:
    _import_run()
    _policy_version()
    _dunning_case()
    _contact()
    _contact_act()
    _contact_event()
    _outcome()
    _plan_contact()
    _timeline()
    _timeline_head()
    _case_event()
    _contact_version()
    _customer_version()
    _invoice_version()
    _outbox()
    _payment_version()
    _plan()
    _promise()
    _quarantine()
    _signal_version()
    _slack_card()
    _slack_outbox()
    _hold()
    op.execute(
        """
        CREATE FUNCTION relance_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'relance: % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    # Compressing these costs a large plan more than all else together, and most are too short to gain by it.
    for table, column in (("contact", "content"), ("plan_contact", "body"), ("outcome", "holds")):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION relance_append_only()"
        )


def _import_run() -> None:
    op.create_table(
        "import_run",
        sa.Column("import_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("extract_date", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="hash of the source's bytes and the mapping"),
        sa.Column("status", sa.Text(), nullable=False, comment="done | refused"),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("import_run_pk")),
    )
    op.create_index(
        "import_run_entity_extract_date_ix", "import_run", ["entity", "extract_date"], unique=False
    )


def _policy_version() -> None:
    op.create_table(
        "policy_version",
        sa.Column("version", sa.Text(), nullable=False, comment="hash of the policy's content"),
        sa.Column(
            "content",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the policy itself, so that a past day can be planned again",
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("policy_version_pk")),
    )


def _dunning_case() -> None:
    op.create_table(
        "dunning_case",
        sa.Column("case_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "subject",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="tells disputes of one payer apart",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="open | closed"),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column(
            "closed_reason",
            sa.Text(),
            nullable=True,
            comment="paid, kept, partly_kept, written_off …; null while open",
        ),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what the card shows, as of facts_on",
        ),
        sa.Column("facts_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("dunning_case_pk")),
    )
    op.create_index(
        "dunning_case_entity_payer_id_kind_ix", "dunning_case", ["entity", "payer_id", "kind"], unique=False
    )
    op.create_index(
        "dunning_case_one_open_uq",
        "dunning_case",
        ["entity", "payer_id", "kind", "subject"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column(
            "key", sa.Text(), nullable=False, comment="hash of entity, payer and day (a task: and step)"
        ),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False, comment="the day of the plan that made it"),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="message | call | internal | handoff"),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column(
            "recipient", sa.Text(), nullable=True, comment="the address, number or postal address it goes to"
        ),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=True, comment="the role that must say yes"),
        sa.Column(
            "content",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=False,
            comment="acts, demands, announces, mentions, totals, score",
        ),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="planned | awaiting_approval | approved | sending | sent | confirmed | bounced | failed | in_doubt | cancelled | rejected | open | completed | not_made",
        ),
        sa.Column(
            "acted_on", sa.Date(), nullable=True, comment="the day it was sent, completed, or became not made"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("contact_pk")),
    )
    op.create_index("contact_entity_as_of_state_ix", "contact", ["entity", "as_of", "state"], unique=False)
    op.create_index(
        "contact_one_a_payer_a_day_uq",
        "contact",
        ["entity", "payer_id", "as_of"],
        unique=True,
        postgresql_where=sa.text("kind IN ('message', 'call')"),
    )


def _contact_act() -> None:
    op.create_table(
        "contact_act",
        sa.Column(
            "key", sa.Text(), nullable=False, comment="of a contact; written and replaced with it alone"
        ),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
    )
    op.create_index("contact_act_key_ix", "contact_act", ["key"], unique=False)


def _contact_event() -> None:
    op.create_table(
        "contact_event",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("contact_event_pk")),
    )
    op.create_index("contact_event_key_ix", "contact_event", ["key"], unique=False)


def _outcome() -> None:
    op.create_table(
        "outcome",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("holds", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("step_date", sa.Date(), nullable=True),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("level_reached", sa.Text(), nullable=True),
        sa.Column("passed_over", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("to_demand", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("days_late", sa.Integer(), nullable=False),
        sa.Column("contact_key", sa.Text(), nullable=True),
    )
    op.create_index("outcome_plan_id_ix", "outcome", ["plan_id"], unique=False, postgresql_using="brin")


def _plan_contact() -> None:
    op.create_table(
        "plan_contact",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("task", sa.Boolean(), nullable=False),
        sa.Column(
            "body",
            sa.Text(),
            nullable=False,
            comment="the contact or task as the plan's JSON has it, to the byte",
        ),
    )
    op.create_index(
        "plan_contact_plan_id_ix", "plan_contact", ["plan_id"], unique=False, postgresql_using="brin"
    )


def _timeline() -> None:
    op.create_table(
        "timeline",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False, comment="the business day it belongs to"),
        sa.Column("kind", sa.Text(), nullable=False, comment="contact.sent, case.opened, promise.made …"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="the contact's key or the case's id"),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column(
            "hash", sa.LargeBinary(), nullable=False, comment="SHA-256 over previous and the canonical entry"
        ),
        sa.PrimaryKeyConstraint("entity", "payer_id", "seq", name=op.f("timeline_pk")),
    )


def _timeline_head() -> None:
    op.create_table(
        "timeline_head",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "payer_id", name=op.f("timeline_head_pk")),
        comment="the end of each chain, locked while an entry is added",
    )


def _case_event() -> None:
    op.create_table(
        "case_event",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["dunning_case.case_id"], name=op.f("case_event_case_id_fk")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("case_event_pk")),
    )
    op.create_index("case_event_case_id_ix", "case_event", ["case_id"], unique=False)


def _contact_version() -> None:
    op.create_table(
        "contact_version",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("extract_date", sa.Date(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("whatsapp", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("preferred_channel", sa.Text(), nullable=True),
        sa.Column("opt_out", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.import_id"], name=op.f("contact_version_import_id_fk")
        ),
        sa.PrimaryKeyConstraint(
            "entity", "contact_id", "extract_date", "import_id", name=op.f("contact_version_pk")
        ),
    )


def _customer_version() -> None:
    op.create_table(
        "customer_version",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("extract_date", sa.Date(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("vip", sa.Boolean(), nullable=True),
        sa.Column("payer_id", sa.Text(), nullable=True),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("sales_owner", sa.Text(), nullable=True),
        sa.Column("collector", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("registration_no", sa.Text(), nullable=True),
        sa.Column("vat_no", sa.Text(), nullable=True),
        sa.Column("legal_form", sa.Text(), nullable=True),
        sa.Column("governing_law", sa.Text(), nullable=True),
        sa.Column(
            "credit_limit",
            sa.BigInteger(),
            nullable=True,
            comment="minor units of the currency of the entity's books",
        ),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("recurring_revenue", sa.BigInteger(), nullable=True, comment="minor units a month"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.import_id"], name=op.f("customer_version_import_id_fk")
        ),
        sa.PrimaryKeyConstraint(
            "entity", "customer_id", "extract_date", "import_id", name=op.f("customer_version_pk")
        ),
    )


def _invoice_version() -> None:
    op.create_table(
        "invoice_version",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("extract_date", sa.Date(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False, comment="invoice_id, or invoice_id/term"),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False, comment="invoice | credit_note"),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=True),
        sa.Column("ship_to_id", sa.Text(), nullable=True),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="minor units of currency, gross"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("po_number", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("delivery_status", sa.Text(), nullable=True),
        sa.Column("credits_invoice_id", sa.Text(), nullable=True),
        sa.Column(
            "closed", sa.Boolean(), nullable=False, comment="closed by the source: gone from a full extract"
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.import_id"], name=op.f("invoice_version_import_id_fk")
        ),
        sa.PrimaryKeyConstraint(
            "entity", "item_id", "extract_date", "import_id", name=op.f("invoice_version_pk")
        ),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False, comment="the day the message is dated"),
        sa.Column(
            "sender", sa.Text(), nullable=True, comment="the envelope's sender: an address or a number"
        ),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column(
            "copies",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="others who get it too",
        ),
        sa.Column(
            "message_id",
            sa.Text(),
            nullable=False,
            comment="derived from the key; the provider can be asked for it",
        ),
        sa.Column("media", sa.Text(), nullable=False, comment="what body is: eml | txt"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the bytes as they leave"),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of body"),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="intended | sending | sent | confirmed | failed | in_doubt | cancelled",
        ),
        sa.Column("provider", sa.Text(), nullable=True, comment="which adapter took it, or was trying to"),
        sa.Column("receipt", sa.Text(), nullable=True, comment="what the provider answered"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True, comment="the sender that works on it"),
        sa.Column(
            "lease_until", sa.DateTime(timezone=True), nullable=True, comment="when another may look after it"
        ),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True, comment="when to try again"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["key"], ["contact.key"], name=op.f("outbox_key_fk")),
        sa.PrimaryKeyConstraint("key", name=op.f("outbox_pk")),
    )
    op.create_index(
        "outbox_entity_payer_id_on_date_ix", "outbox", ["entity", "payer_id", "on_date"], unique=False
    )
    op.create_index(
        "outbox_waiting_ix",
        "outbox",
        ["entity", "on_date", "key"],
        unique=False,
        postgresql_where=sa.text("state IN ('intended', 'sending', 'in_doubt')"),
    )


def _payment_version() -> None:
    op.create_table(
        "payment_version",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("extract_date", sa.Date(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column(
            "amount",
            sa.BigInteger(),
            nullable=False,
            comment="minor units; negative: reversal, refund or chargeback",
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.import_id"], name=op.f("payment_version_import_id_fk")
        ),
        sa.PrimaryKeyConstraint(
            "entity", "payment_id", "extract_date", "import_id", name=op.f("payment_version_pk")
        ),
    )


def _plan() -> None:
    op.create_table(
        "plan",
        sa.Column("plan_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("snapshot_digest", sa.Text(), nullable=False),
        sa.Column(
            "digest",
            sa.Text(),
            nullable=False,
            comment="hash of everything decided: the same plan is stored once",
        ),
        sa.Column(
            "live",
            sa.Boolean(),
            nullable=False,
            comment="its contacts may be sent: not a replay or a backfill",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="why a past day was forced"),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_version"], ["policy_version.version"], name=op.f("plan_policy_version_fk")
        ),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("plan_pk")),
        sa.UniqueConstraint(
            "entity", "as_of", "digest", "live", name=op.f("plan_entity_as_of_digest_live_uq")
        ),
    )


def _promise() -> None:
    op.create_table(
        "promise",
        sa.Column("promise_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("invoices", postgresql.ARRAY(sa.Text()), nullable=True, comment="null: all of the payer's"),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "grace_until", sa.Date(), nullable=False, comment="due_on plus the scenario's promise_grace_days"
        ),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="open | kept | partly_kept | broken | replaced"
        ),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column(
            "paid", sa.BigInteger(), server_default="0", nullable=False, comment="counted towards it so far"
        ),
        sa.Column("concluded_on", sa.Date(), nullable=True, comment="the day it left the state open"),
        sa.Column(
            "dealt_on",
            sa.Date(),
            nullable=True,
            comment="a broken one: the day a new promise, money or a person dealt with it",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["dunning_case.case_id"], name=op.f("promise_case_id_fk")),
        sa.PrimaryKeyConstraint("promise_id", name=op.f("promise_pk")),
    )
    op.create_index("promise_case_id_ix", "promise", ["case_id"], unique=False)
    op.create_index("promise_entity_state_ix", "promise", ["entity", "state"], unique=False)


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column(
            "row_key",
            sa.Text(),
            nullable=True,
            comment="the row's id where it has one: a later import that brings it right clears it",
        ),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "cleared_by", sa.BigInteger(), nullable=True, comment="the import that brought the row right"
        ),
        sa.Column(
            "replaced_by",
            sa.BigInteger(),
            nullable=True,
            comment="the import that brought it again, bad in another way or place",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.import_id"], name=op.f("quarantine_import_id_fk")
        ),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("quarantine_pk")),
    )
    op.create_index(
        "quarantine_entity_ix",
        "quarantine",
        ["entity"],
        unique=False,
        postgresql_where=sa.text("cleared_by IS NULL AND replaced_by IS NULL"),
    )


def _signal_version() -> None:
    op.create_table(
        "signal_version",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("extract_date", sa.Date(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False, comment="tells signals of one kind and day apart"),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.import_id"], name=op.f("signal_version_import_id_fk")
        ),
        sa.PrimaryKeyConstraint(
            "entity",
            "customer_id",
            "kind",
            "from_date",
            "ordinal",
            "extract_date",
            "import_id",
            name=op.f("signal_version_pk"),
        ),
    )


def _slack_card() -> None:
    op.create_table(
        "slack_card",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="as configured: an id or #name"),
        sa.Column("channel_id", sa.Text(), nullable=True, comment="as Slack answered"),
        sa.Column(
            "ts", sa.Text(), nullable=True, comment="the message's id in its channel; null until posted"
        ),
        sa.Column(
            "render_digest", sa.Text(), nullable=True, comment="hash of what the card shows in Slack now"
        ),
        sa.Column(
            "posting_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a post was begun and its end is not known",
        ),
        sa.Column(
            "revision", sa.Integer(), nullable=True, comment="the case's revision that was rendered last"
        ),
        sa.Column(
            "gone",
            sa.Text(),
            nullable=True,
            comment="why the message can't be changed any more; it is not posted again",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["dunning_case.case_id"], name=op.f("slack_card_case_id_fk")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("slack_card_pk")),
    )


def _slack_outbox() -> None:
    op.create_table(
        "slack_outbox",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False, comment="card | reply | notice"),
        sa.Column(
            "payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="text and blocks"
        ),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="pending | sending | sent | skipped | dead"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "begun_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a reply was begun and its end is not known",
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["dunning_case.case_id"], name=op.f("slack_outbox_case_id_fk")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("slack_outbox_pk")),
    )
    op.create_index("slack_outbox_case_id_ix", "slack_outbox", ["case_id", "row_id"], unique=False)
    op.create_index(
        "slack_outbox_state_channel_row_id_ix", "slack_outbox", ["state", "channel", "row_id"], unique=False
    )


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("hold_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=True, comment="null: all of the payer's"),
        sa.Column(
            "reason", sa.Text(), nullable=False, comment="a hold of planning.md that people or promises give"
        ),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True, comment="the last day it stands; null: open end"),
        sa.Column(
            "ended_on", sa.Date(), nullable=True, comment="lifted: it no longer stands from this day on"
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="who or what put it, shown in explanations"),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when we learnt of it",
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="when ended_on was set"),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("promise_id", sa.BigInteger(), nullable=True, comment="the promise that put it"),
        sa.ForeignKeyConstraint(["case_id"], ["dunning_case.case_id"], name=op.f("hold_case_id_fk")),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.promise_id"], name=op.f("hold_promise_id_fk")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("hold_pk")),
    )
    op.create_index("hold_entity_ix", "hold", ["entity"], unique=False)
    op.create_index("hold_promise_id_ix", "hold", ["promise_id"], unique=False)
