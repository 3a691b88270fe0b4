"""What the command line says of a database that did not do it."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.errors import DeadlockDetected, LockNotAvailable

from relance.cli.main import _of_database


@pytest.mark.parametrize("kind", [DeadlockDetected, LockNotAvailable])
def test_cases_that_others_work_on_are_not_a_database_that_is_away(kind: type[Exception]) -> None:
    told = _of_database(sa.exc.OperationalError("SELECT 1", {}, kind("secret detail")))
    assert "others work on the same cases" in told
    assert "secret" not in told
    assert "can't be reached" in _of_database(psycopg.OperationalError("no route"))
