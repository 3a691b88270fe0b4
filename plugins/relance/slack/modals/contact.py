"""Whom to reach: addresses that are wrong, and the right person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel import Locale

from relance.slack.actions import CONTACT
from relance.slack.limits import clean, length
from relance.slack.modals.form import Form
from relance.slack.modals.modal import (
    Block,
    Entry,
    Errors,
    KnownContact,
    Modal,
    ModalScene,
    StateValues,
    View,
)
from relance.slack.modals.parts import (
    OPTION,
    OPTIONS,
    VALUE,
    choice,
    field,
    option,
    section,
    several,
    text,
    view,
    word,
)

ROLES = ("accounts_payable", "finance_lead", "executive", "buyer", "legal")
"""What a person may be at the payer, as the ledger has it."""
LANGUAGES = ("fr", "en", "de", "es", "it", "nl", "pt")
"""Languages that letters are written in."""
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>.,;]+")
_PHONE = re.compile(r"\+[1-9](?:[\s()./-]*\d){6,14}")


@dataclass(frozen=True, slots=True)
class WrongContact:
    """An address that reaches nobody or the wrong person."""

    contact_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class GivenContact:
    """A person at the payer; `phone` as +33123456789."""

    name: str
    role: str
    email: str | None
    phone: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class ContactEntry(Entry):
    """What is wrong, and who is right; at least one of them."""

    wrong: tuple[WrongContact, ...]
    given: GivenContact | None
    note: str | None


def build(scene: ModalScene) -> View:
    """The known addresses to mark, and a new person."""
    voice = scene.voice
    blocks = [*_known(scene), section(f"*{voice('modal.contact.right')}*"), *_person(scene)]
    return view(
        scene, CONTACT, blocks, title=voice("modal.contact.title"), submit=voice("modal.contact.submit")
    )


def _known(scene: ModalScene) -> list[Block]:
    options = [_option(scene, one) for one in scene.contacts if length(_value(one)) <= VALUE][:OPTIONS]
    if not options:
        return []
    voice = scene.voice
    marked = several(
        options, initial=scene.prefill.get("wrong") or (), placeholder=voice("modal.contact.choose")
    )
    note = text(longest=500)
    return [
        field(
            "wrong", voice("modal.contact.wrong"), marked, optional=True, hint=voice("modal.contact.wrong.hint")
        ),
        field("note", voice("modal.contact.note"), note, optional=True),
    ]  # fmt: skip


def _value(one: KnownContact) -> str:
    return f"{one.channel}:{one.contact_id}"


def _option(scene: ModalScene, one: KnownContact) -> dict[str, Any]:
    told = [scene.voice.named("channel", one.channel), clean(one.address, 40) or "–"]
    if one.name:
        told.append(clean(one.name, 20))
    return option(_value(one), clean(" · ".join(told), OPTION))


def _person(scene: ModalScene) -> list[Block]:
    voice = scene.voice
    roles = [option(one, word(scene, "contact_role", one)) for one in ROLES]
    languages = [option(one, _language(one, voice.locale)) for one in LANGUAGES]
    country = str(scene.payer.get("country") or "").lower()
    own = country if country in LANGUAGES else None
    ask = voice("modal.choose")
    return [
        field("name", voice("modal.contact.name"), text(longest=120), optional=True),
        field("role", voice("modal.contact.role"), choice(roles, initial=ROLES[0], placeholder=ask), optional=True),
        field("email", voice("modal.contact.email"), {"type": "email_text_input"}, optional=True),
        field("phone", voice("modal.contact.phone"), text(longest=30, placeholder="+33 1 23 45 67 89"), optional=True),
        field("language", voice("modal.contact.language"), choice(languages, initial=own, placeholder=ask), optional=True),
    ]  # fmt: skip


def _language(code: str, locale: str) -> str:
    return str(Locale.parse(code).get_display_name(locale) or code).capitalize()


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """Something wrong or somebody right; a person needs a name, and an e-mail or a phone number."""
    form = Form(values, locale, today)
    wrong = tuple(
        WrongContact(contact_id=one.partition(":")[2], channel=one.partition(":")[0])
        for one in form.choices("wrong")
    )
    given = _given(form)
    note = form.text("note", required=False, longest=500)
    if not wrong and given is None and not form.errors:
        form.fail("name", "form.contact.nothing")
    return form.errors or ContactEntry(wrong, given, note)


def _given(form: Form) -> GivenContact | None:
    name = form.text("name", required=False, longest=120)
    email = form.text("email", required=False, longest=254)
    phone = form.text("phone", required=False, longest=30)
    if not (name or email or phone):
        return None
    if not name:
        form.fail("name", "form.contact.name")
    if not (email or phone):
        form.fail("email", "form.contact.reach")
    if email and not _EMAIL.fullmatch(email):
        form.fail("email", "form.contact.email")
    if phone:
        # (0) is how the trunk prefix is written that callers from abroad leave out
        phone = re.sub(r"(?<=\d)\s*\(0\)", "", f"+{phone[2:]}" if phone.startswith("00") else phone)
        if not _PHONE.fullmatch(phone):
            form.fail("phone", "form.contact.phone")
        phone = re.sub(r"[^\d+]", "", phone)
    role = form.choice("role", required=False) or ROLES[0]
    return GivenContact(name or "", role, email, phone, form.choice("language", required=False))


MODAL = Modal(CONTACT, build, read)
