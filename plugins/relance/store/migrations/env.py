"""Alembic's environment: migrations run in one transaction on the engine that `Database.migrate` hands over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from relance.store.schema import metadata

ENGINE: sa.Engine = context.config.attributes["engine"]

with ENGINE.connect() as connection:
    # Two processes may start on an empty database at once: the second waits here, then finds the work done.
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(7305442011)"))
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
