"""A process killed anywhere never sends twice and never loses a message."""

from __future__ import annotations

import logging
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from relance.delivery import intend
from relance.store import timeline
from relance.store.database import Database
from relance.store.schema import contact, outbox
from relance.store.uow import UnitOfWork
from tests.integration.delivery.conftest import DAY, TEMPLATES, World, add_contacts, make_policy, port_of

pytestmark = pytest.mark.integration
KILLS = int(os.environ.get("RELANCE_KILLS", "100"))  # 500 for the figures in docs/benchmarks.md
log = logging.getLogger("relance")
SCRIPT = Path(__file__).with_name("sender_process.py")
KEY = re.compile(rb"^X-Relance-Key: (\S+)", re.MULTILINE)


class Sender:
    """The process that forks children, one a command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, command: str) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return int(self._line())

    def ended(self) -> int:
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def sender(database: Database, home: Path, port: int, senders: int = 4) -> Iterator[Sender]:
    arguments = [sys.executable, str(SCRIPT), database.url, str(home), str(port), str(senders)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Sender(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


def kill_until_done(
    one: Sender, draw: random.Random, *, kills: int, progress: Callable[[], int], stride: int
) -> int:
    """Start, let a random number of messages pass, wait a random moment, kill; again; at last let it finish."""
    killed = 0
    for _ in range(kills):
        target, moment = progress() + draw.randint(0, stride), draw.uniform(0, 0.008)
        pid = one.start("send")
        ended = threading.Event()
        result: list[int] = []
        watcher = threading.Thread(
            target=lambda result=result, ended=ended: (result.append(one.ended()), ended.set())
        )
        watcher.start()
        while progress() < target and not ended.is_set():
            time.sleep(0.001)
        ended.wait(moment)
        if not ended.is_set():
            os.kill(pid, signal.SIGKILL)
        watcher.join()
        killed += result[0] == -signal.SIGKILL
        if result[0] == 0:
            break
    one.start("send")
    assert one.ended() == 0
    return killed


def prepare(database: Database, messages: int) -> list[str]:
    keys = add_contacts(database, [f"P{number:04}" for number in range(messages)])
    with UnitOfWork(database) as uow:
        intend(uow, policy=make_policy(), templates=TEMPLATES, entity="FR01", as_of=DAY)
        uow.commit()
    return keys


def chains_hold(database: Database, keys: list[str]) -> None:
    """Every payer's timeline is whole, and says the end of its contact once."""
    with UnitOfWork(database) as uow:
        payers = {row.payer_id: row.key for row in uow.execute(sa.select(contact.c.payer_id, contact.c.key))}
        for payer, key in payers.items():
            rows = [dict(row) for row in timeline.read(uow, "FR01", payer)]
            assert timeline.verify(rows) is None
            assert [row["subject"] for row in rows] == [key]
    assert len(payers) == len(keys)


def mail_survives(
    database, world, tmp_path, mailbox, server, *, messages: int, kills: int, seed: int, senders: int = 4
) -> tuple[int, int]:
    keys = prepare(database, messages)
    stride = max(2, messages // kills)
    with sender(database, tmp_path, port_of(server), senders) as one:
        killed = kill_until_done(
            one, random.Random(seed), kills=kills, progress=lambda: len(mailbox.envelopes), stride=stride
        )
    arrived = Counter(KEY.search(envelope.original_content)[1].decode() for envelope in mailbox.envelopes)
    states = world.states(outbox)
    sent = {key for key, state in states.items() if state == "sent"}
    doubt = {key for key, state in states.items() if state == "in_doubt"}
    assert max(arrived.values()) == 1, "a message was sent twice"
    assert sent | doubt == set(keys), "a message was lost"
    assert sent <= set(arrived), "a message is said to be sent and was not"
    assert set(arrived) <= sent | doubt
    assert len(doubt) <= killed * senders  # each sender has at most one open
    assert world.states() == states
    chains_hold(database, keys)
    return killed, len(doubt)


def folder_survives(
    database, world, tmp_path, *, messages: int, kills: int, seed: int, senders: int = 4
) -> int:
    keys = prepare(database, messages)
    folder = tmp_path / "outbox" / "FR01" / DAY.isoformat() / "email"
    stride = max(2, messages // kills)
    with sender(database, tmp_path, 0, senders) as one:
        killed = kill_until_done(
            one,
            random.Random(seed),
            kills=kills,
            progress=lambda: sum(1 for _ in folder.glob("*.eml")) if folder.exists() else 0,
            stride=stride,
        )
    assert set(world.states(outbox).values()) == {"sent"}
    assert world.states() == dict.fromkeys(keys, "sent")
    assert {path.name for path in folder.iterdir()} == {f"{key}.eml" for key in keys}
    with UnitOfWork(database) as uow:
        bodies = {row.key: row.body for row in uow.execute(sa.select(outbox.c.key, outbox.c.body))}
    assert all((folder / f"{key}.eml").read_bytes() == body for key, body in bodies.items())
    chains_hold(database, keys)
    return killed


def test_mail_killed_at_random_points_is_never_sent_twice_and_never_lost(
    database, world, tmp_path, mailbox, server
):
    killed, _ = mail_survives(
        database, world, tmp_path, mailbox, server, messages=200, kills=16, seed=20260302
    )
    assert killed >= 8


def test_a_folder_killed_at_random_points_has_every_message_once_and_no_doubt(
    database, world: World, tmp_path
):
    assert folder_survives(database, world, tmp_path, messages=200, kills=16, seed=20260303) >= 8


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_mails_survive_kills_without_number(database, world, tmp_path, mailbox, server):
    killed, doubt = mail_survives(
        database, world, tmp_path, mailbox, server, messages=4 * KILLS, kills=KILLS, seed=500, senders=1
    )
    log.info("%d kills over %d messages: none twice, none lost, %d in doubt", killed, 4 * KILLS, doubt)
    assert killed >= 0.7 * KILLS


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_files_survive_kills_without_number(database, world: World, tmp_path):
    killed = folder_survives(database, world, tmp_path, messages=4 * KILLS, kills=KILLS, seed=501, senders=1)
    log.info("%d kills over %d files: each there once, none in doubt", killed, 4 * KILLS)
    assert killed >= 0.7 * KILLS


def test_intending_killed_in_the_middle_leaves_all_or_nothing(database, world: World, tmp_path):
    keys = add_contacts(database, [f"P{number:04}" for number in range(200)])
    draw = random.Random(7)
    with sender(database, tmp_path, 0) as one:
        for _ in range(6):
            pid = one.start("intend")
            time.sleep(draw.uniform(0.05, 0.6))
            with suppress(ProcessLookupError):  # it was quicker
                os.kill(pid, signal.SIGKILL)
            one.ended()
            states = set(world.states().values())
            assert states in ({"planned"}, {"sending"})
            assert len(world.states(outbox)) == (0 if states == {"planned"} else 200)
        one.start("intend")
        assert one.ended() == 0
    assert world.states() == dict.fromkeys(keys, "sending")
    assert len(world.states(outbox)) == 200
