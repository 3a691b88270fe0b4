"""What a mail server that nobody here wrote reads in our e-mails."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from relance.delivery import send
from relance.settings import Smtp
from relance.store.schema import contact
from tests.integration.delivery.conftest import DAY, World, add_contacts, make_content, make_settings
from tests.integration.delivery.test_send import _intend
from tests.judges.mail import maildev
from tests.slack_emulator.server import EmulatorError

pytestmark = pytest.mark.integration


def test_another_server_reads_subject_people_texts_and_files(database, policy, world: World, tmp_path):
    content = make_content("A", attach=["statement"], cc=["chef@client.example"])
    content["payer"]["name"] = 'Café "Œuvre" & Söhne, Αθήνα'
    [key] = add_contacts(database, ["A"])
    world.change(sa.update(contact).where(contact.c.key == key).values(content=content))
    _intend(database, policy)
    try:
        with maildev() as judge:
            smtp = Smtp(host="127.0.0.1", port=judge.port, starttls=False, timeout_s=10.0)
            report = send(
                database, settings=make_settings(tmp_path, smtp), policy=policy, entity="FR01", as_of=DAY
            )
            [mail] = judge.mails(1)
    except EmulatorError as error:
        pytest.skip(f"maildev can't be had here: {error}")
    assert (report.sent, report.in_doubt) == (1, 0)
    assert mail["subject"] == "Rappel : facture F-A échue, 120,00\xa0€"
    assert mail["from"] == [{"address": "compta@lumen.example", "name": "Lumen"}]
    assert [one["address"] for one in mail["to"] + mail["cc"]] == ["a@client.example", "chef@client.example"]
    assert mail["headers"]["message-id"] == f"<{key}@lumen.example>"
    assert mail["headers"]["auto-submitted"] == "auto-generated"
    assert "F-A" in mail["text"]
    assert "<bdi>F-A</bdi>" in mail["html"]
    kinds = sorted(one["generatedFileName"].rsplit(".", 1)[1] for one in mail["attachments"])
    assert kinds == ["pdf", "png", "xlsx"]
