"""E-mail by Microsoft Graph: tokens by the real client from an emulator, a mailbox of ours, our JSON before Microsoft's types."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from relance.delivery.graph import GraphChannel
from relance.delivery.graph.mail import KEY_PROPERTY, draft_of
from relance.delivery.port import (
    ChannelDownError,
    ChannelRefusedError,
    InDoubtError,
    Message,
    RecipientError,
)
from relance.errors import PermanentError, TransientError
from relance.settings import Graph
from tests.integration.delivery import microsoft
from tests.integration.delivery.conftest import DAY
from tests.integration.delivery.microsoft import Entra, Fault, Mailbox
from tests.slack_emulator import server as node

pytestmark = pytest.mark.integration
KEY = hashlib.sha256(b"one").hexdigest()
SENDER = "compta@lumen.example"
MB = 1_000_000


def make_message(*sizes: int, key: str = KEY, copies: tuple[str, ...] = ("chef@client.example",)) -> Message:
    """An e-mail as the outbox holds it, with a picture in its HTML and attachments of these sizes."""
    mail = EmailMessage()
    mail["From"] = "Lumen Comptabilité <compta@lumen.example>"
    mail["To"] = "Marie Durand <marie@client.example>"
    if copies:
        mail["Cc"] = ", ".join(copies)
    mail["Reply-To"] = "relances@lumen.example"
    mail["Subject"] = "Facture F-1 échue"
    mail["Message-ID"] = f"<{key}@lumen.example>"
    mail["In-Reply-To"] = "<two@lumen.example>"
    mail["References"] = "<one@lumen.example> <two@lumen.example>"
    mail["X-Relance-Key"] = key
    mail.set_content("Bonjour, 120,00 € sont échus.")
    mail.add_alternative('<p>Bonjour, 120,00 € sont échus.</p><img src="cid:qr">', subtype="html")
    mail.get_body(("html",)).add_related(b"PNG", "image", "png", cid="<qr>")  # type: ignore[union-attr]
    for number, size in enumerate(sizes, 1):
        mail.add_attachment(b"%PDF" + b"x" * (size - 4), "application", "pdf", filename=f"F-{number}.pdf")
    body = mail.as_bytes()
    return Message(
        key=key, entity="FR01", channel="email", on_date=DAY, sender=SENDER, recipient="marie@client.example",
        copies=copies, message_id=f"<{key}@lumen.example>", media="eml", body=body,
        digest=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    try:
        with microsoft.entra(tmp_path_factory.mktemp("entra")) as one:
            yield one
    except node.EmulatorError as why:
        pytest.skip(f"MICROSOFT GRAPH IS NOT TESTED: {why}")


@pytest.fixture
def there(entra: Entra) -> Iterator[tuple[Mailbox, Graph]]:
    with microsoft.graph(entra) as both:
        yield both


@pytest.fixture
def mailbox(there: tuple[Mailbox, Graph]) -> Mailbox:
    return there[0]


@pytest.fixture
def channel(there: tuple[Mailbox, Graph]) -> Iterator[GraphChannel]:
    one = GraphChannel(there[1])
    yield one
    one.close()


def test_a_message_is_made_a_draft_and_sent(channel: GraphChannel, mailbox: Mailbox) -> None:
    receipt = channel.send(make_message(1000))
    (sent,) = mailbox.sent
    assert (receipt.provider, receipt.reference, receipt.kept) == ("graph", sent["id"], False)
    assert sent["subject"] == "Facture F-1 échue"
    assert sent["body"]["contentType"] == "html"
    assert "120,00 €" in sent["body"]["content"]
    assert sent["from"] == {"emailAddress": {"address": "compta@lumen.example", "name": "Lumen Comptabilité"}}
    assert sent["toRecipients"] == [
        {"emailAddress": {"address": "marie@client.example", "name": "Marie Durand"}}
    ]
    assert sent["ccRecipients"] == [{"emailAddress": {"address": "chef@client.example"}}]
    assert sent["replyTo"] == [{"emailAddress": {"address": "relances@lumen.example"}}]
    assert sent["internetMessageId"] == f"<{KEY}@lumen.example>"
    assert {"name": "x-relance-key", "value": KEY} in sent["internetMessageHeaders"]
    picture, invoice = mailbox.files[sent["id"]]
    assert (picture["isInline"], picture["contentId"], picture["contentType"]) == (True, "qr", "image/png")
    assert (invoice["name"], len(base64.b64decode(invoice["contentBytes"]))) == ("F-1.pdf", 1000)


def test_reminders_stand_in_one_thread(channel: GraphChannel, mailbox: Mailbox) -> None:
    channel.send(make_message())
    kept = {one["id"]: one["value"] for one in mailbox.sent[0]["singleValueExtendedProperties"]}
    assert kept == {
        KEY_PROPERTY: KEY,
        "String 0x1042": "<two@lumen.example>",
        "String 0x1039": "<one@lumen.example> <two@lumen.example>",
    }


def test_one_token_serves_many_messages(channel: GraphChannel, entra: Entra) -> None:
    before = sum(line.startswith("POST") for line in entra.asked)
    for number in range(3):
        channel.send(make_message(key=hashlib.sha256(bytes([number])).hexdigest()))
    assert sum(line.startswith("POST") for line in entra.asked) == before + 1


def test_files_above_three_megabytes_go_up_in_ranges(channel: GraphChannel, mailbox: Mailbox) -> None:
    channel.send(make_message(int(7.5 * MB), int(2.2 * MB), int(2.6 * MB)))
    (sent,) = mailbox.sent
    sizes = {file["name"]: file for file in mailbox.files[sent["id"]]}
    assert len(sizes["F-1.pdf"]["content"]) == int(7.5 * MB)
    assert mailbox.ranges == ["bytes 0-3932159/7500000", "bytes 3932160-7499999/7500000"]
    assert sorted(sizes) == ["F-1.pdf", "F-2.pdf", "F-3.pdf", "attachment-1"]
    assert mailbox.lines("POST .*/attachments$") == 1  # what had no room in the draft, and is below 3 MB


def test_a_token_that_is_no_longer_taken_is_replaced_once(
    channel: GraphChannel, mailbox: Mailbox, entra: Entra
) -> None:
    channel.send(make_message())
    before = sum(line.startswith("POST") for line in entra.asked)
    mailbox.faults = [Fault("POST .*/messages$", 401, "InvalidAuthenticationToken")]
    channel.send(make_message(key="b" * 64))
    assert len(mailbox.sent) == 2
    assert sum(line.startswith("POST") for line in entra.asked) == before + 1


def test_who_is_not_let_in_twice_is_refused(channel: GraphChannel, mailbox: Mailbox) -> None:
    mailbox.faults = [Fault("messages$", 401), Fault("messages$", 401)]
    with pytest.raises(ChannelRefusedError, match="401"):
        channel.send(make_message())


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("line", ["GET .*/messages$", "POST .*/messages$", "POST .*/send$"])
def test_throttling_is_waited_for_as_long_as_asked(
    channel: GraphChannel, mailbox: Mailbox, status: int, line: str
) -> None:
    mailbox.faults = [Fault(line, status, "TooManyRequests", retry_after="37")]
    with pytest.raises(TransientError) as caught:
        channel.send(make_message())
    assert not isinstance(caught.value, ChannelDownError)
    assert caught.value.retry_after == 37
    assert mailbox.sent == []
    assert mailbox.drafts == []  # nothing is left that a person could send
    channel.send(make_message())
    assert len(mailbox.sent) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("POST .*/messages$", 403, "ErrorAccessDenied"), ChannelRefusedError),
        (Fault("POST .*/messages$", 404, "ErrorInvalidUser"), ChannelRefusedError),
        (Fault("POST .*/send$", 403, "ErrorSendAsDenied"), ChannelRefusedError),
        (Fault("POST .*/messages$", 400, "ErrorInvalidRequest"), PermanentError),
        (Fault("POST .*/messages$", 500), TransientError),
        (Fault("POST .*/messages$"), TransientError),
        (Fault("POST .*/send$", 404, "ErrorItemNotFound"), TransientError),
        (Fault("POST .*/send$", 413, "ErrorMessageSizeExceeded"), PermanentError),
        (Fault("PUT .*/upload/0$", 500), TransientError),
        (Fault("PUT .*/upload/0$"), TransientError),
    ],
)
def test_failures_before_sending_are_certain(
    channel: GraphChannel, mailbox: Mailbox, fault: Fault, error: type[Exception]
) -> None:
    mailbox.faults = [fault]
    with pytest.raises(error) as caught:
        channel.send(make_message(*([4 * MB] if "upload" in fault.on else [])))
    assert type(caught.value) is error
    assert mailbox.sent == []
    assert "@" not in str(caught.value)


@pytest.mark.parametrize(
    ("copies", "error"), [((), RecipientError), (("chef@client.example",), PermanentError)]
)
def test_a_recipient_that_is_none_is_the_recipients_fault_only_when_there_is_one(
    channel: GraphChannel, mailbox: Mailbox, copies: tuple[str, ...], error: type[Exception]
) -> None:
    mailbox.faults = [Fault("POST .*/send$", 400, "ErrorInvalidRecipients")]
    with pytest.raises(error) as caught:
        channel.send(make_message(copies=copies))
    assert type(caught.value) is error


@pytest.mark.parametrize("status", [None, 500, 502, 504])
@pytest.mark.parametrize("done", [False, True])
def test_a_lost_answer_to_sending_is_in_doubt_and_the_mailbox_settles_it(
    channel: GraphChannel, mailbox: Mailbox, status: int | None, done: bool
) -> None:
    mailbox.faults = [Fault("POST .*/send$", status, done=done)]
    with pytest.raises(InDoubtError):
        channel.send(make_message())
    assert len(mailbox.sent) == done
    mailbox.age(61)
    receipt = channel.lookup(make_message())
    assert (receipt is not None) is done
    assert mailbox.drafts == []


def test_a_message_that_was_sent_is_not_sent_again(channel: GraphChannel, mailbox: Mailbox) -> None:
    first = channel.send(make_message())
    assert channel.send(make_message()) == first
    assert len(mailbox.messages) == 1


def test_a_young_draft_may_be_on_its_way_out(channel: GraphChannel, mailbox: Mailbox) -> None:
    mailbox.faults = [Fault("POST .*/send$")]
    with pytest.raises(InDoubtError):
        channel.send(make_message())
    mailbox.age(20)
    for ask in (channel.lookup, channel.send):
        with pytest.raises(TransientError) as caught:
            ask(make_message())
        assert caught.value.retry_after == pytest.approx(40, abs=2)
    assert len(mailbox.drafts) == 1


def test_whatever_breaks_each_message_leaves_once(channel: GraphChannel, mailbox: Mailbox) -> None:
    """Faults at random, on every request, carried out or not: tried again on what the mailbox says, and on nothing else."""
    dice = random.Random(4)
    keys = [hashlib.sha256(bytes([number])).hexdigest() for number in range(30)]
    for key in keys:
        message = make_message(key=key)
        for _ in range(20):
            mailbox.faults = [
                Fault(line, dice.choice([None, 429, 500, 503, 504]), done=dice.random() < 0.5)
                for line in ("GET .*/messages$", "POST .*/messages$", "POST .*/send$", "DELETE")
                if dice.random() < 0.3
            ]
            mailbox.age(61)
            try:
                channel.send(message)
                break
            except (TransientError, InDoubtError):
                continue
    mailbox.faults = []
    sent = [one["singleValueExtendedProperties"][0]["value"] for one in mailbox.sent]
    assert sorted(sent) == sorted(keys)
    assert mailbox.lines("POST .*/send$") > len(keys)


def test_nothing_found_is_nothing_sent(channel: GraphChannel) -> None:
    assert channel.lookup(make_message()) is None
    assert channel.limits.askable


def test_a_wrong_secret_or_tenant_refuses_the_channel(there: tuple[Mailbox, Graph]) -> None:
    for wrong in (replace(there[1], client_secret="other"), replace(there[1], client_id="other")):
        channel = GraphChannel(wrong)
        with pytest.raises(ChannelRefusedError, match="token service refuses us: invalid_client"):
            channel.send(make_message())
        channel.close()


def test_a_certificate_nobody_vouches_for_is_not_taken(there: tuple[Mailbox, Graph]) -> None:
    channel = GraphChannel(replace(there[1], ca_file=None))
    with pytest.raises(ChannelDownError, match="ConnectError"):
        channel.send(make_message())
    channel.close()


def test_without_a_mailbox_the_senders_own_is_used(there: tuple[Mailbox, Graph]) -> None:
    channel = GraphChannel(replace(there[1], mailbox=None))
    with pytest.raises(ChannelRefusedError, match="no such mailbox"):
        channel.send(make_message())
    channel.send(replace(make_message(), sender=microsoft.MAILBOX))
    assert len(there[0].sent) == 1
    channel.close()


def test_without_a_secret_there_is_no_channel() -> None:
    with pytest.raises(ChannelRefusedError, match="RELANCE_GRAPH_CLIENT_SECRET"):
        GraphChannel(Graph(tenant="t", client_id="c", mailbox="m@lumen.example"))


def test_an_entity_without_a_sender_is_not_written_for(channel: GraphChannel) -> None:
    with pytest.raises(PermanentError, match="no sender"):
        channel.send(replace(make_message(), sender="x@no-sender.invalid"))


def test_our_json_is_what_microsofts_types_say(tmp_path: Path) -> None:
    """The compiler knows every property and its type: a misspelt key is an error."""
    modules = node._install() / "node_modules"
    draft = draft_of(make_message(1000, 4 * MB))
    item = {"AttachmentItem": draft.files[0].item()}
    assert _compile(tmp_path, modules, draft.body, item) == ""
    wrong = {**draft.body, "toRecipient": draft.body["toRecipients"]}
    assert "toRecipient" in _compile(tmp_path, modules, wrong, item)


def _compile(folder: Path, modules: Path, body: object, item: object) -> str:
    source = re.sub(r'("contentBytes": )"[^"]*"', r'\1"AA=="', json.dumps(body))
    text = (
        'import type { Message, FileAttachment, AttachmentItem } from "@microsoft/microsoft-graph-types";\n'
        'type File = FileAttachment & { "@odata.type": "#microsoft.graph.fileAttachment" };\n'
        'type Draft = Omit<Message, "attachments"> & { attachments?: File[] };\n'
        f"export const draft: Draft = {source};\n"
        f"export const session: {{ AttachmentItem: AttachmentItem }} = {json.dumps(item)};\n"
    )
    (folder / "draft.ts").write_text(text, encoding="utf-8")
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(modules)
    options = {"noEmit": True, "strict": True, "skipLibCheck": True, "types": [], "lib": ["es2022"]}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["draft.ts"]}))
    command = [str(node._node()), str(modules / "typescript" / "bin" / "tsc"), "-p", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr
