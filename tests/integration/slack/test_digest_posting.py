"""A weekly digest in the emulated Slack: one message, its picture at its foot, the list in its thread, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relance.insight.kept import File, Message, keep
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY
from tests.integration.slack.desk import DAY, Desk
from tests.slack_emulator.fault_proxy import Fault

pytestmark = pytest.mark.integration
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


def message(channel: str, **other: object) -> Message:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "the week"}}]
    values = {
        "entity": ENTITY, "kind": "weekly", "channel": channel, "as_of": DAY, "is_news": True, "figures": {},
        "payload": {"text": "the week", "blocks": blocks}, **other,
    }  # fmt: skip
    return Message(**values)  # type: ignore[arg-type]


def kept(desk: Desk, one: Message) -> bool:
    with UnitOfWork(desk.database) as uow:
        new = keep(uow, one)
        uow.commit()
    return new


def test_a_digest_has_its_picture_at_its_foot_and_its_list_in_its_thread(desk: Desk) -> None:
    files = {
        "picture": File("ageing.png", PNG, "bars by age"),
        "sheet": File("late.csv", b"a,b\r\n", "All 12 payers"),
    }
    assert kept(desk, message(desk.main, **files))
    report = desk.send()
    assert (report.posted, report.pending, report.problems) == (3, 0, [])
    (posted,) = [
        one for one in desk.messages(desk.main) if "thread_ts" not in one or one["thread_ts"] == one["ts"]
    ]
    section, image = posted["blocks"]
    assert section["text"]["text"] == "the week"
    assert (image["type"], image["alt_text"]) == ("image", "bars by age")
    assert image["slack_file"]["id"].startswith("F")
    assert [row["file"] for row in desk.outbox()] == [None] * 3, "what is in Slack is not kept here as well"
    assert kept(desk, message(desk.main, **files)) is False
    assert desk.send().posted == 0


def test_a_digest_that_is_silent_posts_nothing(desk: Desk) -> None:
    assert kept(desk, message(desk.main, is_news=False))
    assert desk.send().posted == 0
    assert kept(desk, message(desk.main, as_of=DAY + timedelta(days=1)))
    assert desk.send().posted == 1


def test_a_picture_that_slack_will_not_show_in_the_message_stands_in_its_thread(desk: Desk) -> None:
    kept(desk, message(desk.main, picture=File("ageing.png", PNG, "bars by age")))
    desk.proxy.faults += [Fault("error", "chat.update", error="invalid_blocks") for _ in range(3)]
    report = desk.send()
    assert (report.posted, report.pending) == (2, 0)
    (posted,) = [one for one in desk.messages(desk.main) if one.get("thread_ts", one["ts"]) == one["ts"]]
    assert [block["type"] for block in posted["blocks"]] == ["section"]
