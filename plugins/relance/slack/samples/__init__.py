"""What people see in Slack, drawn from made-up payers and people: for pictures, and for judges of shapes."""

from __future__ import annotations

from relance.slack.samples.answers import ANSWERS
from relance.slack.samples.cases import CARDS
from relance.slack.samples.home import HOME_VIEWS
from relance.slack.samples.modals import MODAL_VIEWS

__all__ = ["ANSWERS", "CARDS", "HOME_VIEWS", "MODAL_VIEWS"]
