"""Membership in a long list, as one parameter: `IN` would take one a value, and PostgreSQL has 65,535."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY


def among(column: sa.ColumnElement[Any], values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """Whether the column's value is one of `values`, however many."""
    return column == sa.any_(sa.literal(sorted(set(values)), ARRAY(column.type)))
