"""What people said on cases can be erased: a case's words go, its shape, codes, dates and amounts stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("dunning_case", "case_comment", "case_event", "slack_outbox")
# Names under which people and their words stand, whatever is under them.
WORDS = (
    "address", "email", "evidence", "message", "name", "note", "person", "phone", "question", "recipient", "reference",
    "text", "title", "whatsapp", "why", "words", "wrong",
)  # fmt: skip
# Names under which a text says which item, step or colleague it was, and is kept as it is.
MARKS = (
    "about", "asked_role", "by", "collector", "contact_id", "country", "customer_id", "invoice", "invoice_id", "invoices",
    "invoices_asked", "key", "keys", "next_step", "owner", "payer_id", "role", "sales_owner", "scenario", "step", "whole",
    "withdrawn",
)  # fmt: skip


def upgrade() -> None:
    for table in TABLES:
        op.add_column(
            table, sa.Column("erased_on", sa.Date(), nullable=True, comment="the day its content was erased")
        )
    # Any other text stays only where it is a code, a date or a currency: what nobody thought of is erased, not kept.
    op.execute(
        f"""
        CREATE FUNCTION relance_without_words(value jsonb, mark text DEFAULT '') RETURNS jsonb
        LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN
            IF mark IN ({_texts(WORDS)}) THEN
                RETURN 'null';
            END IF;
            CASE jsonb_typeof(value)
            WHEN 'object' THEN
                RETURN (SELECT coalesce(jsonb_object_agg(k, relance_without_words(v, k)), '{{}}')
                        FROM jsonb_each(value) AS e (k, v));
            WHEN 'array' THEN
                RETURN (SELECT coalesce(jsonb_agg(w ORDER BY n) FILTER (WHERE w <> 'null'), '[]')
                        FROM (SELECT n, relance_without_words(v, mark) AS w
                              FROM jsonb_array_elements(value) WITH ORDINALITY AS e (v, n)) AS kept);
            WHEN 'string' THEN
                IF mark IN ({_texts(MARKS)})
                   OR value #>> '{{}}' ~ '^([a-z][a-z0-9_-]*|[A-Z]{{3}}|\\d{{4}}-\\d\\d-\\d\\d([T ][0-9:.+Z-]*)?)$'
                THEN
                    RETURN value;
                END IF;
                RETURN 'null';
            ELSE
                RETURN value;
            END CASE;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION relance_only_erasing_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.erased_on IS NULL AND NEW.erased_on IS NOT NULL AND to_jsonb(NEW) = to_jsonb(OLD)
               || jsonb_build_object('body', relance_without_words(OLD.body), 'erased_on', NEW.erased_on)
            THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'relance: % is append-only: its content may be erased, nothing else', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute("DROP TRIGGER append_only ON case_event")
    op.execute(
        "CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON case_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION relance_append_only()"
    )
    op.execute(
        "CREATE TRIGGER only_erasing BEFORE UPDATE ON case_event "
        "FOR EACH ROW EXECUTE FUNCTION relance_only_erasing_words()"
    )


def _texts(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
