"""A contact as the row of the outbox that it becomes: the one place where messages are written, for sending and for a look."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from jinja2 import TemplateError

from relance.config.models import Entity
from relance.config.policy import Policy
from relance.delivery import letter, mime, render, statement
from relance.delivery.envelopes import Seller
from relance.delivery.extras import Attachment, Extras, claims_json
from relance.delivery.payment.pictures import epc_png
from relance.delivery.templates import Language, Templates
from relance.delivery.twilio.compose import voice_body, whatsapp_body
from relance.delivery.view import View, build
from relance.errors import PermanentError

Contact = Mapping[str, Any] | sa.RowMapping
"""A row of `contact`."""
UNWRITABLE = (TemplateError, PermanentError, KeyError, ValueError, TypeError)
"""What one contact's words may raise; the others go on."""


Steps = Generator[None, None, dict[str, Any]]
"""A message in the making; gives its row of the outbox in the end."""


def finished(steps: Steps) -> dict[str, Any]:
    """Take all steps that are left."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        row: dict[str, Any] = end.value
        return row


@dataclass(frozen=True)
class Writer:
    """Turns contacts of one entity into rows of the outbox.

    `at`: the moment, in the entity's zone; `threads`: per payer, the Message-IDs of its last e-mails, oldest first.
    """

    policy: Policy
    seller: Entity
    templates: Templates
    at: datetime
    threads: Mapping[str, Sequence[str]]

    def write(self, contact: Contact, extras: Extras) -> dict[str, Any]:
        """The row of a contact, with the bytes that leave and their digest.

        Raises:
            UNWRITABLE: when its words can't be written.
        """
        return finished(self.steps(contact, extras))

    def steps(self, contact: Contact, extras: Extras) -> Steps:
        """The same in steps: view, words, bytes. Short messages that are written step by step together take a fifth less time.

        The processor then has what a step needs at hand.

        Raises:
            UNWRITABLE: when its words can't be written.
        """
        language = self.templates.language(contact["language"], contact["content"]["template"])
        if not contact["recipient"]:
            raise PermanentError("the contact has no recipient")
        if contact["channel"] == "email":
            extras = self.with_statement(contact, language, extras)
            view = build(dict(contact), self.seller, extras)
            yield
            words = render.email(view, language)
            yield
            row = self._email(contact, view, words, language.folder, extras)
        else:
            media, body = self._body(contact, build(dict(contact), self.seller, extras), language)
            row = {
                "sender": self._sender(contact["channel"]), "copies": [],
                "message_id": contact["key"], "media": media, "body": body, "recipient": contact["recipient"],
            }  # fmt: skip
        return row | {
            "key": contact["key"], "entity": contact["entity"], "payer_id": contact["payer_id"],
            "channel": contact["channel"], "on_date": contact["as_of"], "state": "intended",
            "digest": hashlib.sha256(row["body"]).hexdigest(), "claims": claims_json(extras.charges),
        }  # fmt: skip

    def _body(self, contact: Contact, view: View, language: Language) -> tuple[str, bytes]:
        """Kind and bytes of a message on another channel than e-mail."""
        channel = contact["channel"]
        if channel in {"letter", "registered"}:
            return "pdf", letter.pdf(
                view, language, seller=self._letterhead, templates=self.templates.directory
            )
        if channel == "whatsapp":
            approved = self.policy.channels.of("whatsapp").templates
            return "json", whatsapp_body(view, language, approved, tag=contact["language"])
        if channel == "voice":
            return "json", voice_body(view, language)
        return "txt", render.text(view, language).encode()

    def with_statement(self, contact: Contact, language: Language, extras: Extras) -> Extras:
        """The statement of account goes before the other files, as a sheet to reckon with and as a page to read."""
        if "statement" not in contact["content"].get("attach", ()):
            return extras
        view = build(dict(contact), self.seller, extras)
        page = statement.pdf(view, language, seller=self._letterhead, templates=self.templates.directory)
        files = (page, statement.xlsx(view, language), *extras.attachments)
        return replace(extras, attachments=files)

    def _sender(self, channel: str) -> str | None:
        """Who a message comes from: an address for letters, a number for what goes by telephone."""
        sender = self.seller.sender
        if sender is None:
            return None
        return sender.email if channel in {"letter", "registered"} else sender.sms

    @property
    def _letterhead(self) -> Seller:
        return Seller.of(self.seller, self.policy.region_of(self.seller).country)

    def _email(
        self, contact: Contact, view: View, email: render.Email, language: str, extras: Extras
    ) -> dict[str, Any]:
        sender = self.seller.sender
        address = sender.email if sender else f"{self.seller.entity.lower()}@{mime.NO_SENDER}"
        copies = tuple(
            dict.fromkeys(one for one in contact["content"].get("cc") or () if one != contact["recipient"])
        )
        headers = mime.Headers(
            key=contact["key"],
            sender=address,
            sender_name=view.sender,
            reply_to=sender.reply_to if sender else None,
            recipient=contact["recipient"],
            recipient_name=view.person,
            copies=copies,
            date=datetime.combine(contact["as_of"], self.at.time().replace(microsecond=0), self.at.tzinfo),
            language=language,
            earlier=self.threads.get(contact["payer_id"], ()),
        )
        return {
            "sender": mime.ascii_address(headers.sender), "recipient": mime.ascii_address(headers.recipient),
            "copies": [mime.ascii_address(one) for one in copies], "media": "eml",
            "message_id": mime.message_id(headers.key, headers.sender),
            "body": mime.compose(email, headers, attachments=extras.attachments, inline=pictures_of(view)),
        }  # fmt: skip


def pictures_of(view: View) -> tuple[Attachment, ...]:
    """The pictures that an e-mail's page shows, by their Content-ID: the code to pay with, where there is one."""
    if view.payment is None or view.payment.epc is None:
        return ()
    return (Attachment("pay.png", "image/png", epc_png(view.payment.epc)),)
