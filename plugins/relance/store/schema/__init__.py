"""The tables, as SQLAlchemy Core; one module a subject. Migrations in `store/migrations` bring a database here."""

from __future__ import annotations

from relance.store.schema.base import APPEND_ONLY, metadata
from relance.store.schema.cases import (
    case_comment,
    case_event,
    dunning_case,
    hold,
    instalment,
    instalment_plan,
    promise,
)
from relance.store.schema.claims import claim_entry
from relance.store.schema.corrections import contact_correction
from relance.store.schema.delivery import day_facts, outbox, pace
from relance.store.schema.inbound import link_revocation, reach_mark, receipt, reply
from relance.store.schema.ledger import (
    LEDGER_TABLES,
    contact_version,
    customer_version,
    import_run,
    invoice_version,
    payment_version,
    quarantine,
    signal_version,
)
from relance.store.schema.plans import (
    contact,
    contact_event,
    outcome,
    plan,
    plan_contact,
    policy_version,
)
from relance.store.schema.profiles import payer_profile, profile_week
from relance.store.schema.slack import (
    digest,
    slack_card,
    slack_direct,
    slack_intent,
    slack_outbox,
    slack_user,
)
from relance.store.schema.timeline import timeline, timeline_head

__all__ = [
    "APPEND_ONLY",
    "LEDGER_TABLES",
    "case_comment",
    "case_event",
    "claim_entry",
    "contact",
    "contact_correction",
    "contact_event",
    "contact_version",
    "customer_version",
    "day_facts",
    "digest",
    "dunning_case",
    "hold",
    "import_run",
    "instalment",
    "instalment_plan",
    "invoice_version",
    "link_revocation",
    "metadata",
    "outbox",
    "outcome",
    "pace",
    "payer_profile",
    "payment_version",
    "plan",
    "plan_contact",
    "policy_version",
    "profile_week",
    "promise",
    "quarantine",
    "reach_mark",
    "receipt",
    "reply",
    "signal_version",
    "slack_card",
    "slack_direct",
    "slack_intent",
    "slack_outbox",
    "slack_user",
    "timeline",
    "timeline_head",
]
