"""Slack as a projection of cases: cards drawn (pure), kept in an outbox, sent in order, or shown as a page."""

from __future__ import annotations

from relance.slack.notice import notice
from relance.slack.queue import queue, queue_case, show_case
from relance.slack.sender import SlackReport, send

__all__ = ["SlackReport", "notice", "queue", "queue_case", "send", "show_case"]
