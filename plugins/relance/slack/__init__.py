"""Slack as a projection of cases: cards drawn (pure), kept in an outbox, sent in order, or shown as a page."""

from __future__ import annotations

from relance.slack.notice import notice
from relance.slack.queue import queue, queue_case, show_case
from relance.slack.sender import SlackReport, send
from relance.slack.sending import send_unless_served

__all__ = ["SlackReport", "notice", "queue", "queue_case", "send", "send_unless_served", "show_case"]
