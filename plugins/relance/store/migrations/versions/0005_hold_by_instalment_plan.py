"""The holds of an instalment plan are found by it."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("hold_instalment_plan_id_ix", "hold", ["instalment_plan_id"])
