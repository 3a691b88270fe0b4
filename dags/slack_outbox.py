"""What waits for Slack, sent every few minutes where no bot runs; built by relance.orchestration."""

from __future__ import annotations

from relance.orchestration.slack_outbox import slack_outbox_dag

dag = slack_outbox_dag()
