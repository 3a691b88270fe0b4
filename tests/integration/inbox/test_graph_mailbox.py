"""Bounces from a mailbox of Microsoft 365."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from relance.delivery.port import ChannelDownError, ChannelRefusedError
from relance.inbox.graph import GraphMailbox
from relance.inbox.mailbox import MailboxReport, read_mailbox
from relance.settings import Graph
from relance.store.database import Database
from tests.integration.delivery import microsoft
from tests.integration.delivery.conftest import DAY, World, make_policy, make_settings
from tests.integration.delivery.microsoft import Entra, Fault, Mailbox
from tests.integration.inbox.test_mailbox import sent_to
from tests.slack_emulator import server as node
from tests.unit.inbox import samples

pytestmark = pytest.mark.integration
There = tuple[Mailbox, Graph]


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    try:
        with microsoft.entra(tmp_path_factory.mktemp("entra")) as one:
            yield one
    except node.EmulatorError as why:
        pytest.skip(f"MICROSOFT GRAPH IS NOT TESTED: {why}")


@pytest.fixture
def there(entra: Entra) -> Iterator[There]:
    with microsoft.graph(entra) as both:
        yield both


def read(database: Database, there: There) -> MailboxReport:
    settings = replace(make_settings(Path("/nonexistent")), graph=there[1])
    return read_mailbox(
        database, settings=settings, policy=make_policy(), entity="FR01", as_of=DAY + timedelta(days=1)
    )


def test_unread_mail_is_filed_and_marked_as_read(database: Database, there: There) -> None:
    sent_to(database)
    there[0].inbox = {"AAk/1=": samples.EXCHANGE, "AAk2=": samples.AWAY}
    assert read(database, there).filed == {"absence": 1, "bounced": 1}
    assert there[0].read == {"AAk/1=", "AAk2="}
    assert list(World(database).states().values()) == ["bounced"]
    assert read(database, there).read == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("inbox/messages$", 429, retry_after="5"), ChannelDownError),
        (Fault(r"\$value$", 500), ChannelDownError),
        (Fault(r"\$value$"), ChannelDownError),
        (Fault("inbox/messages$", 403, "ErrorAccessDenied"), ChannelRefusedError),
        (Fault("PATCH", 400, "ErrorInvalidRequest"), ChannelRefusedError),
    ],
)
def test_a_mailbox_that_fails_stops_the_reading_and_loses_nothing(
    database: Database, there: There, fault: Fault, error: type[Exception]
) -> None:
    sent_to(database)
    there[0].inbox = {"AAk1=": samples.EXCHANGE}
    there[0].faults = [fault]
    with pytest.raises(error):
        read(database, there)
    assert there[0].read == set()
    assert sum(read(database, there).filed.values()) == 1
    assert list(World(database).states().values()) == ["bounced"]


def test_a_mail_that_somebody_deleted_meanwhile_stops_nothing(database: Database, there: There) -> None:
    there[0].inbox = {"AAk1=": samples.EXCHANGE}
    there[0].faults = [Fault(r"\$value$", 404, "ErrorItemNotFound")]
    assert read(database, there).read == 0
    there[0].faults = [Fault("PATCH", 404, "ErrorItemNotFound")]
    assert read(database, there).filed == {"unmatched": 1}


def test_more_unread_mail_than_graph_gives_at_once_is_paged_through(there: There) -> None:
    there[0].inbox = {f"AAk{number:04d}=": b"" for number in range(2300)}
    mailbox = GraphMailbox(there[1], microsoft.MAILBOX)
    assert mailbox.unseen() == sorted(there[0].inbox)
    mailbox.close()
