"""The first schema. (Frozen on the first release; until then it follows the models.)"""

from __future__ import annotations

from alembic import op

from relance.store.schema import APPEND_ONLY, metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
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
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION relance_append_only()"
        )
