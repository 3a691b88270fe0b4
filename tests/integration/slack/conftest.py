"""One emulator for all tests of the sender; a channel of its own and a fault proxy for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.settings import Settings
from relance.store.database import Database
from tests.integration.slack.desk import USERS, Desk
from tests.slack_emulator import fault_proxy, server

_NUMBER = itertools.count()
_CHANNELS = [*(f"#room-{n}" for n in range(180)), "#operations"]


@pytest.fixture(scope="session")
def emulator() -> Iterator[server.Slack]:
    try:
        with server.running(_CHANNELS, USERS) as slack:
            yield slack
    except server.EmulatorError as why:
        pytest.skip(f"SLACK IS NOT TESTED: {why}")


@pytest.fixture
def proxy(emulator: server.Slack) -> Iterator[fault_proxy.Proxy]:
    with fault_proxy.in_front_of(emulator.base_url) as one:
        yield one


@pytest.fixture
def desk(database: Database, emulator: server.Slack, proxy: fault_proxy.Proxy, tmp_path: Path) -> Desk:
    environment = {
        "RELANCE_HOME": str(tmp_path),
        "RELANCE_DATABASE_URL": database.url,
        "RELANCE_SLACK_TOKEN": server.TOKEN,
        "RELANCE_SLACK_BASE_URL": proxy.base_url,
    }
    main, own = _CHANNELS[next(_NUMBER)], _CHANNELS[next(_NUMBER)]
    return Desk(database, emulator, proxy, Settings.from_environment(environment), main=main, own=own)
