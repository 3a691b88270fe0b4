"""What `/relance` answers, as messages for one person: pure, from plain values."""

from __future__ import annotations

from relance.slack.answers.customer import customer, statement
from relance.slack.answers.figures import forecast, kpi, plan
from relance.slack.answers.helping import SUBCOMMANDS, help_, mine, missing, no_such, several, unknown
from relance.slack.answers.invoice import invoice, why
from relance.slack.answers.model import (
    CaseLine,
    ContactLine,
    CustomerAnswer,
    ForecastAnswer,
    Found,
    InvoiceAnswer,
    KpiAnswer,
    MineAnswer,
    PlanAnswer,
    Planned,
    StatementAnswer,
    Week,
)

__all__ = [
    "SUBCOMMANDS", "CaseLine", "ContactLine", "CustomerAnswer", "ForecastAnswer", "Found", "InvoiceAnswer", "KpiAnswer",
    "MineAnswer", "PlanAnswer", "Planned", "StatementAnswer", "Week", "customer", "forecast", "help_", "invoice", "kpi", "mine",
    "missing", "no_such", "plan", "several", "statement", "unknown", "why",
]  # fmt: skip
