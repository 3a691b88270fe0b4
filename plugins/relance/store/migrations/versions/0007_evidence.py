"""Bodies that can be erased: entries chained by the hash of their body; one kind of change let through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What each table is left with when its content is erased; every other column must stay as it is.
BLANK = {
    "timeline": '{"body": {}, "salt": null}',
    "receipt": '{"detail": {}}',
    "reply": '{"body": {}, "address": ""}',
}


def upgrade() -> None:
    _columns()
    op.execute(
        """
        CREATE FUNCTION relance_only_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            was jsonb := to_jsonb(OLD);
        BEGIN
            IF OLD.erased_on IS NULL AND NEW.erased_on IS NOT NULL AND was ->> 'format' IS DISTINCT FROM '1'
               AND to_jsonb(NEW) = was || TG_ARGV[0]::jsonb || jsonb_build_object('erased_on', NEW.erased_on)
            THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'relance: % is append-only: its content may be erased, nothing else', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table, blank in BLANK.items():
        op.execute(f"DROP TRIGGER append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION relance_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER only_erasing BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION relance_only_erasing('{blank}')"
        )


def _columns() -> None:
    for column in (
        sa.Column(
            "format",
            sa.SmallInteger(),
            server_default="1",
            nullable=False,
            comment="1: hash covers body itself; 2: hash covers body_hash, so that body can be erased",
        ),
        sa.Column(
            "digest", sa.Text(), nullable=True, comment="SHA-256 of the message it tells of; outlives body"
        ),
        sa.Column(
            "salt", sa.LargeBinary(), nullable=True, comment="keeps body from being guessed by its hash"
        ),
        sa.Column(
            "body_hash", sa.LargeBinary(), nullable=True, comment="SHA-256 over salt and canonical body"
        ),
    ):
        op.add_column("timeline", column)
    for table in BLANK:
        op.add_column(
            table,
            sa.Column("erased_on", sa.Date(), nullable=True, comment="the day its content was erased"),
        )
    op.alter_column(
        "timeline",
        "hash",
        comment="SHA-256 over previous and the canonical entry, by format",
        existing_comment="SHA-256 over previous and the canonical entry",
        existing_type=sa.LargeBinary(),
        existing_nullable=False,
    )
