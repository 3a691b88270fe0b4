"""Slack as a projection of cases: cards drawn (pure), kept in an outbox, sent in order, shown without a workspace."""

from __future__ import annotations

from relance.slack.queue import queue
from relance.slack.sender import SlackReport, send

__all__ = ["SlackReport", "queue", "send"]
