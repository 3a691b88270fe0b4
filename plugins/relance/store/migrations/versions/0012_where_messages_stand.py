"""Find by its place in Slack what was posted there: every message in a thread is looked up so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "slack_outbox_sent_channel_id_sent_ts_ix",
        "slack_outbox",
        ["sent_channel_id", "sent_ts"],
        postgresql_where=sa.text("sent_ts IS NOT NULL"),
    )
