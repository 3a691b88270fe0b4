"""One emulator with people for all tests of the bot; channels, a fault proxy and a bot of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.store.database import Database
from tests.integration.bot.office import USERS, Office, opened
from tests.slack_emulator import fault_proxy, server

_NUMBER = itertools.count()
_CHANNELS = [f"#office-{n}" for n in range(160)]


@pytest.fixture(scope="session")
def people_emulator() -> Iterator[server.Slack]:
    try:
        with server.running(_CHANNELS, USERS) as slack:
            yield slack
    except server.EmulatorError as why:
        pytest.skip(f"THE BOT IS NOT TESTED: {why}")


@pytest.fixture
def bot_proxy(people_emulator: server.Slack) -> Iterator[fault_proxy.Proxy]:
    with fault_proxy.in_front_of(people_emulator.base_url) as one:
        yield one


@pytest.fixture
def channels() -> tuple[str, str]:
    """Two channels of this test's own."""
    return _CHANNELS[next(_NUMBER)], _CHANNELS[next(_NUMBER)]


@pytest.fixture
def office(
    database: Database,
    people_emulator: server.Slack,
    bot_proxy: fault_proxy.Proxy,
    tmp_path: Path,
    channels: tuple[str, str],
) -> Iterator[Office]:
    with opened(database, people_emulator, bot_proxy, tmp_path, channels) as one:
        yield one
