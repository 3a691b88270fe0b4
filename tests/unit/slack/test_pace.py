"""Slack's rate tiers as data, and the gate that keeps to them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relance.slack import posting
from relance.slack.pace import POST, UPDATE, Gate, seconds_between

NOW = datetime(2026, 3, 12, 8, tzinfo=UTC)


def test_every_method_that_is_called_has_a_pace() -> None:
    source = Path(posting.__file__).read_text(encoding="utf-8")
    called = set(re.findall(r'"((?:chat|conversations|files)\.[a-zA-Z]+)"', source)) | {POST, UPDATE}
    assert len(called) > 6
    assert all(0.5 < seconds_between(method) <= 3 for method in called)


def test_posts_are_paced_by_channel_and_changes_over_all() -> None:
    gate = Gate()
    gate.called(POST, "#one", NOW)
    gate.called(UPDATE, "#one", NOW)
    assert gate.opens(POST, "#other") < NOW
    assert gate.opens(POST, "#one") == NOW + timedelta(seconds=1.05)
    assert gate.opens(UPDATE, "#other") == NOW + timedelta(seconds=1.2)


def test_retry_after_closes_its_method_everywhere_and_a_shorter_one_does_not_open_it() -> None:
    gate = Gate()
    gate.close(POST, NOW + timedelta(seconds=30))
    gate.close(POST, NOW + timedelta(seconds=5))
    assert gate.opens(POST, "#any") == NOW + timedelta(seconds=30)
    assert gate.opens(UPDATE, "#any") < NOW
