"""Letters by SFTP against paramiko's own server: known hosts only, whole or not there, once a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from relance.delivery.port import ChannelDownError, ChannelRefusedError, InDoubtError, Message
from relance.delivery.sftp import SftpFolder
from relance.settings import Letters
from tests.integration.delivery.sftp_server import OPENSSH, PASSWORD, USER, SftpServer
from tests.unit.delivery.letters.test_handed_over import DAY, KEY, message_of

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
BODY = b"%PDF-1.7 " + b"x" * 100_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    (tmp_path / "root").mkdir()
    made = SftpServer(tmp_path / "root")
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path: Path, server: SftpServer) -> Letters:
    return Letters(
        sftp_host="127.0.0.1", sftp_port=server.port, sftp_user=USER, sftp_password=PASSWORD,
        sftp_known_hosts=server.known_hosts(tmp_path / "known"), timeout_s=5,
    )  # fmt: skip


@pytest.fixture
def folder(settings: Letters) -> Iterator[SftpFolder]:
    made = SftpFolder(settings)
    yield made
    made.close()


@pytest.fixture
def message() -> Message:
    return message_of(BODY)


def test_a_letter_lies_on_the_server_whole_with_its_manifest(
    server: SftpServer, folder: SftpFolder, message: Message
):
    receipt = folder.send(message)
    assert (server.root / receipt.reference).read_bytes() == BODY
    assert json.loads((server.root / DAY / f"{KEY}.json").read_text())["sha256"] == message.digest
    assert {one.name for one in (server.root / DAY).iterdir()} == {f"{KEY}.pdf", f"{KEY}.json"}
    renamed = [path for request, path in server.faults.requests if request == "posix_rename"]
    assert [Path(path).suffix for path in renamed] == [".pdf", ".json"]


def test_a_letter_goes_once_and_can_be_asked_about(server: SftpServer, folder: SftpFolder, message: Message):
    assert folder.limits.askable
    assert folder.lookup(message) is None
    receipt = folder.send(message)
    assert folder.lookup(message) == receipt
    server.faults.requests.clear()
    assert folder.send(message) == receipt
    assert not [one for one in server.faults.requests if one[0] in {"write", "posix_rename"}]
    assert server.connections == 1


def test_a_server_without_the_extension_is_renamed_on_plainly(tmp_path: Path, message: Message):
    plain = SftpServer(tmp_path, extended=False)
    (tmp_path / DAY).mkdir(parents=True)
    (tmp_path / DAY / f"{KEY}.pdf").write_bytes(b"half of an earlier try")
    known = plain.known_hosts(tmp_path / "known")
    folder = SftpFolder(
        Letters(sftp_host="127.0.0.1", sftp_port=plain.port, sftp_user=USER, sftp_password=PASSWORD,
                sftp_known_hosts=known, timeout_s=5)
    )  # fmt: skip
    folder.send(message)
    assert (tmp_path / DAY / f"{KEY}.pdf").read_bytes() == BODY
    folder.close()
    plain.close()


@pytest.mark.skipif(not OPENSSH.exists(), reason="Debian's openssh-sftp-server is not installed")
def test_openssh_s_own_server_takes_letters(tmp_path: Path, message: Message):
    (tmp_path / "root").mkdir()
    server = SftpServer(tmp_path / "root", openssh=True)
    settings = Letters(
        sftp_host="127.0.0.1", sftp_port=server.port, sftp_user=USER, sftp_password=PASSWORD,
        sftp_known_hosts=server.known_hosts(tmp_path / "known"), timeout_s=5,
    )  # fmt: skip
    folder = SftpFolder(settings)
    assert folder.lookup(message) is None
    receipt = folder.send(message)
    assert (server.root / receipt.reference).read_bytes() == BODY
    assert folder.send(message) == folder.lookup(message) == receipt
    assert {one.name for one in (server.root / DAY).iterdir()} == {f"{KEY}.pdf", f"{KEY}.json"}
    # A second letter over what an earlier try left behind: OpenSSH's rename replaces it.
    other = replace(message, key="cd" * 32)
    (server.root / DAY / f"{other.key}.pdf").write_bytes(b"half")
    assert (server.root / folder.send(other).reference).read_bytes() == BODY
    folder.close()
    with pytest.raises(ChannelRefusedError, match="ENOENT"):
        SftpFolder(replace(settings, sftp_folder="no/such")).send(message)
    server.close()


def test_an_unknown_host_is_refused(settings: Letters, tmp_path: Path, message: Message):
    (tmp_path / "empty").write_text("")
    with pytest.raises(ChannelRefusedError, match="is not known"):
        SftpFolder(replace(settings, sftp_known_hosts=str(tmp_path / "empty"))).send(message)
    with pytest.raises(ChannelRefusedError, match="can't be read"):
        SftpFolder(replace(settings, sftp_known_hosts=str(tmp_path / "none"))).send(message)


def test_a_changed_host_key_is_refused(
    server: SftpServer, settings: Letters, tmp_path: Path, message: Message
):
    known = server.known_hosts(tmp_path / "other", paramiko.ECDSAKey.generate())
    with pytest.raises(ChannelRefusedError, match="another host key"):
        SftpFolder(replace(settings, sftp_known_hosts=known)).send(message)
    assert not list(server.root.iterdir())


def test_a_wrong_password_is_refused_and_never_told(settings: Letters, message: Message):
    with pytest.raises(ChannelRefusedError, match="does not let us in") as caught:
        SftpFolder(replace(settings, sftp_password="no-such-thing")).send(message)
    assert "no-such-thing" not in str(caught.value)
    assert "no-such-thing" not in repr(settings)


def test_a_server_that_is_not_there_leaves_the_letter_waiting(
    server: SftpServer, settings: Letters, message: Message
):
    server.close()
    with pytest.raises(ChannelDownError, match="can't be reached"):
        SftpFolder(settings).send(message)


def test_a_line_lost_while_uploading_leaves_no_letter_and_may_be_tried_again(
    server: SftpServer, folder: SftpFolder, message: Message
):
    server.faults.before = lambda request, path: server.hang_up() if request == "write" else None
    with pytest.raises(ChannelDownError):
        folder.send(message)
    assert not [one for one in (server.root / DAY).iterdir() if not one.name.startswith(".")]
    server.faults.before = lambda request, path: None
    assert folder.lookup(message) is None
    assert (server.root / folder.send(message).reference).read_bytes() == BODY


def test_a_line_lost_between_letters_is_opened_again(
    server: SftpServer, folder: SftpFolder, message: Message
):
    folder.send(message)
    server.hang_up()
    assert folder.lookup(message) is not None
    assert server.connections == 2


def test_a_lost_answer_to_the_last_step_is_asked_about(
    server: SftpServer, folder: SftpFolder, message: Message
):
    def after(request: str, path: str) -> None:
        if request == "posix_rename" and path.endswith(".json"):
            server.hang_up()

    server.faults.after = after
    assert folder.send(message).digest == message.digest
    assert (server.root / DAY / f"{KEY}.json").exists()


def test_a_lost_answer_that_can_not_be_asked_about_is_in_doubt(
    server: SftpServer, folder: SftpFolder, message: Message
):
    def after(request: str, path: str) -> None:
        if request == "posix_rename" and path.endswith(".json"):
            server.close()

    server.faults.after = after
    with pytest.raises(InDoubtError):
        folder.send(message)
    assert (server.root / DAY / f"{KEY}.json").exists()


def test_a_last_step_that_was_not_done_is_not_in_doubt(
    server: SftpServer, folder: SftpFolder, message: Message
):
    def before(request: str, path: str) -> None:
        if request == "posix_rename" and path.endswith(".json"):
            server.faults.before = lambda request, path: None
            server.faults.answer = lambda request, path: (
                paramiko.SFTP_FAILURE if "rename" in request else None
            )
            server.hang_up()

    server.faults.before = before
    with pytest.raises(ChannelDownError):
        folder.send(message)
    assert not (server.root / DAY / f"{KEY}.json").exists()


def test_a_full_server_leaves_the_letter_waiting(server: SftpServer, folder: SftpFolder, message: Message):
    server.faults.answer = lambda request, path: paramiko.SFTP_FAILURE if request == "write" else None
    with pytest.raises(ChannelDownError, match="does not take a letter"):
        folder.send(message)
    server.faults.answer = lambda request, path: None
    folder.send(message)
    assert (server.root / DAY / f"{KEY}.pdf").read_bytes() == BODY


def test_a_folder_we_may_not_write_to_is_a_person_s_to_mend(
    server: SftpServer, folder: SftpFolder, message: Message
):
    server.faults.answer = lambda request, path: (
        paramiko.SFTP_PERMISSION_DENIED if request == "open" and ".part" in path else None
    )
    with pytest.raises(ChannelRefusedError, match="EACCES"):
        folder.send(message)


def test_a_base_folder_that_is_missing_is_a_person_s_to_mend(
    server: SftpServer, settings: Letters, message: Message
):
    with pytest.raises(ChannelRefusedError, match="ENOENT"):
        SftpFolder(replace(settings, sftp_folder="no/such")).send(message)
    assert not list(server.root.iterdir())


def test_without_a_server_nothing_is_taken():
    with pytest.raises(ChannelRefusedError, match="RELANCE_LETTERS_SFTP_HOST"):
        SftpFolder(Letters())
