"""What all tables share."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
    }
)

APPEND_ONLY = (
    "claim_entry",
    "receipt",
    "reply",
    "link_revocation",
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
    "profile_week",
    "payer_profile",
    "timeline",
)
"""Tables that history rests on: a trigger refuses UPDATE and DELETE on them."""


def now() -> sa.sql.functions.now:
    """The database's clock, for columns that record when a row was written; no decision reads them."""
    return sa.func.now()
