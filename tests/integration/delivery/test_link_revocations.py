"""Links of real contacts: opened, revoked for one contact and for a payer, told on the timeline."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relance.cli.main import run as relance
from relance.delivery.links import LinkForgedError, LinkRevokedError, make_link, make_token, open_link
from relance.settings import REPOSITORY, Settings
from relance.store import links, timeline
from relance.store.uow import UnitOfWork
from tests.integration.delivery.conftest import DAY, add_contacts, key_of, make_settings

pytestmark = pytest.mark.integration
SECRET = "s" * 32


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(make_settings(tmp_path), public_url="https://pay.lumen.example", link_secret=SECRET)


@pytest.fixture
def keys(database) -> list[str]:
    return [
        *add_contacts(database, ["A", "B"]),
        *add_contacts(database, ["A"], day=DAY + timedelta(days=7), step="second"),
    ]


def now() -> datetime:
    return datetime.now(UTC)


def opens(database, settings: Settings, token: str) -> bool:
    with UnitOfWork(database) as uow:
        try:
            open_link(uow, settings, token, now=now())
        except LinkRevokedError:
            return False
    return True


def test_a_link_opens_its_payers_page(database, settings, keys):
    with UnitOfWork(database) as uow:
        opened = open_link(uow, settings, make_token(settings, keys[1], issued=now()), now=now())
    assert (opened.entity, opened.payer_id, opened.claims.key) == ("FR01", "B", keys[1])


def test_a_signed_link_of_a_contact_that_is_not_there_opens_nothing(database, settings, keys):
    with UnitOfWork(database) as uow, pytest.raises(LinkForgedError):
        open_link(uow, settings, make_token(settings, key_of("Z"), issued=now()), now=now())


def test_revoked_for_one_contact_the_others_open(database, settings, keys):
    tokens = [make_token(settings, key, issued=now() - timedelta(days=1)) for key in keys]
    with UnitOfWork(database) as uow:
        links.revoke(uow, entity="FR01", payer_id="A", key=keys[0], by="x@lumen.example", reason="r")
        uow.commit()
    assert [opens(database, settings, token) for token in tokens] == [False, True, True]
    # Whenever it was issued: the message itself is what must not open.
    assert not opens(database, settings, make_token(settings, keys[0], issued=now() + timedelta(hours=1)))


def test_revoked_for_a_payer_all_until_now_later_ones_open(database, settings, keys):
    tokens = [make_token(settings, key, issued=now()) for key in keys]
    with UnitOfWork(database) as uow:
        links.revoke(uow, entity="FR01", payer_id="A", key=None, by="x@lumen.example", reason="r")
        uow.commit()
    assert [opens(database, settings, token) for token in tokens] == [False, True, False]
    assert opens(database, settings, make_token(settings, keys[0], issued=now() + timedelta(seconds=2)))


def test_revoked_for_another_entitys_payer_of_the_same_id_it_opens(database, settings, keys):
    with UnitOfWork(database) as uow:
        links.revoke(uow, entity="DE01", payer_id="A", key=None, by="x@lumen.example", reason="r")
        uow.commit()
    assert opens(database, settings, make_token(settings, keys[0], issued=now()))


@pytest.fixture
def shell(database, monkeypatch, capsys, tmp_path: Path):
    monkeypatch.setenv("RELANCE_DATABASE_URL", database.url)
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path))
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))
    monkeypatch.setenv("RELANCE_PUBLIC_URL", "https://pay.lumen.example/")
    monkeypatch.setenv("RELANCE_LINK_SECRET", SECRET)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["relance", "link", *arguments])
        with pytest.raises(SystemExit) as end:
            relance()
        output, error = capsys.readouterr()
        return int(end.value.code or 0), output, error

    return call


WHO = ("--by", "credit@lumen.example", "--reason", "sent to the wrong person")


def test_the_command_says_whose_link_it_is(shell, settings, keys):
    link = make_link(settings, keys[1], issued=now(), scope="card")
    code, output, error = shell("check", str(link), "--json")
    assert code == 0, error
    found = json.loads(output)
    assert (found["entity"], found["payer"], found["key"], found["scope"]) == ("FR01", "B", keys[1], "card")
    assert "FR01" in shell("check", str(link).rpartition("/")[2])[1]


def test_the_command_revokes_one_contacts_and_writes_it_down(shell, database, settings, keys):
    token = make_token(settings, keys[0], issued=now())
    code, output, error = shell("revoke", "--key", keys[0][:12], *WHO)
    assert code == 0, error
    assert f"FR01 A: links of contact {keys[0]} revoked." in output
    code, _, error = shell("check", token)
    assert code == 1
    assert "no longer opens" in error
    with UnitOfWork(database) as uow:
        rows = timeline.read(uow, "FR01", "A")
    assert [(row["kind"], row["actor"], row["body"]["reason"]) for row in rows] == [
        ("link_revoked", "credit@lumen.example", "sent to the wrong person")
    ]
    assert timeline.verify(rows) is None


def test_the_command_revokes_all_of_a_payers(shell, database, settings, keys):
    tokens = [make_token(settings, key, issued=now()) for key in keys]
    assert shell("revoke", "FR01", "A", *WHO)[0] == 0
    assert [opens(database, settings, token) for token in tokens] == [False, True, False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("revoke", *WHO), "Whose links"),
        (("revoke", "FR01", *WHO), "Whose links"),
        (("revoke", "FR01", "Z", *WHO), "never written"),
        (("revoke", "--key", "zz", *WHO), "No contact"),
        (("revoke", "FR01", "A", "--by", "me", "--reason", "r"), "by somebody"),
        (("revoke", "FR01", "A", "--by", "me@lumen.example", "--reason", " "), "by somebody"),
    ],
)
def test_half_a_command_changes_nothing(shell, database, settings, keys, arguments, words):
    code, _, error = shell(*arguments)
    assert code == 2
    assert words in error
    assert opens(database, settings, make_token(settings, keys[0], issued=now()))


def test_another_payers_key_is_refused(shell, keys):
    code, _, error = shell("revoke", "FR01", "B", "--key", keys[0], *WHO)
    assert code == 2
    assert "another payer" in error


def test_a_forged_link_says_so_without_a_trace(shell, keys):
    code, output, error = shell("check", "AAAA")
    assert (code, output) == (1, "")
    assert error.startswith("relance: This link is not complete or not ours.")
