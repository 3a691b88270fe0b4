"""Files in the thread of the message that they belong to: an address, the bytes, their place."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from relance.store import schema
from relance.store.uow import UnitOfWork
from tests.integration.slack.desk import Desk
from tests.slack_emulator.fault_proxy import Fault

pytestmark = pytest.mark.integration

FLOW = ["chat.postMessage", "files.getUploadURLExternal", "files.completeUploadExternal"]


def digest(desk: Desk, *files: tuple[str, bytes]) -> None:
    """A digest with files in its thread, as insight keeps them."""
    marks = {"entity": "FR01", "channel": desk.main, "verb": "digest", "state": "pending"}
    with UnitOfWork(desk.database) as uow:
        table = schema.slack_outbox
        first = (
            sa.insert(table)
            .values(**marks, payload={"text": "The week"}, digest="d")
            .returning(table.c.row_id)
        )
        number = uow.execute(first).scalar_one()
        for name, content in files:
            row = {
                **marks,
                "payload": {"text": f"Here: {name}"},
                "digest": name,
                "file_name": name,
                "file": content,
            }
            uow.execute(sa.insert(table).values(**row, under=number))
        uow.commit()


def shared(desk: Desk) -> list[dict[str, Any]]:
    (message,) = desk.messages(desk.main)
    return [file for reply in desk.slack.replies(desk.main, message["ts"]) for file in reply.get("files", [])]


def test_a_digests_picture_and_table_stand_in_its_thread(desk: Desk) -> None:
    digest(desk, ("ageing.png", b"\x89PNG"), ("cases.csv", b"case;payer\n"))
    assert desk.send().posted == 3
    assert [file["name"] for file in shared(desk)] == ["ageing.png", "cases.csv"]
    assert [call.method for call in desk.proxy.calls if not call.method.startswith("upload")] == FLOW + FLOW[
        1:
    ]


def test_a_file_whose_answer_was_lost_is_not_shared_twice(desk: Desk) -> None:
    digest(desk, ("cases.csv", b"case;payer\n"))
    desk.proxy.faults = [Fault("drop", "files.completeUploadExternal", pass_on=True)]
    report = desk.send()
    assert (report.posted, report.skipped, report.pending) == (1, 1, 0)
    assert [file["name"] for file in shared(desk)] == ["cases.csv"]


def test_without_the_scope_for_files_the_digest_stands_alone(desk: Desk) -> None:
    digest(desk, ("cases.csv", b"case;payer\n"))
    desk.proxy.faults = [Fault("error", "files.getUploadURLExternal", error="missing_scope")]
    report = desk.send()
    assert (report.posted, report.dead, report.pending) == (1, 1, 0)
    assert len(desk.messages(desk.main)) == 1


def test_a_file_goes_with_its_digest_to_the_fallback_channel(desk: Desk) -> None:
    digest(desk, ("cases.csv", b"case;payer\n"))
    desk.noise(fallback=desk.own)
    desk.proxy.faults = [Fault("error", "chat.postMessage", error="is_archived")]
    assert desk.send().pending == 0
    (message,) = desk.messages(desk.own)
    assert [
        file["name"] for reply in desk.slack.replies(desk.own, message["ts"]) for file in reply["files"]
    ] == ["cases.csv"]
