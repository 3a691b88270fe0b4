"""What the payer contests: why, which invoices or which part of one, and what shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from datetime import date

from relance.cases.disputing import LONGEST_EVIDENCE, MOST_EVIDENCE, REASONS
from relance.money import Money
from relance.slack.actions import DISPUTE
from relance.slack.modals.form import Chosen, Form, ids_of
from relance.slack.modals.modal import Block, Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import choice, field, invoices, option, person, text, user_of, view, word
from relance.slack.parsing import notation_of

OTHER = "other"
_LINK = re.compile(r"https?://[^\s<>|]+")


@dataclass(frozen=True, slots=True)
class DisputeEntry(Entry):
    """What is contested; `invoices` None: all open ones. `amounts`: the part of an invoice, where not all of it is.

    `owner`: a Slack user id.
    """

    reason: str
    invoices: tuple[str, ...] | None
    amounts: Mapping[str, Money] = default(default_factory=dict)
    text: str | None = None
    evidence: tuple[str, ...] = ()
    owner: str | None = None


def build(scene: ModalScene) -> View:
    """The reason, the invoices and the part, words, links, and who sees to it."""
    voice = scene.voice
    sales = scene.payer.get("sales_owner")
    blocks = [
        *terms(scene),
        field(
            "evidence", voice("modal.dispute.evidence"), text(lines=True, initial=scene.prefill.get("evidence")),
            optional=True, hint=voice("modal.dispute.evidence.hint"),
        ),
        field("owner", voice("modal.assign.owner"), person(user_of(scene, sales), voice("modal.assign.choose")), optional=True),
    ]  # fmt: skip
    return view(
        scene, DISPUTE, blocks, title=voice("modal.dispute.title"), submit=voice("modal.dispute.submit")
    )


def terms(scene: ModalScene) -> list[Block]:
    """The fields of a dispute that a call may bring too."""
    voice = scene.voice
    options = [option(code, word(scene, "dispute_reason", code)) for code in REASONS]
    reason = choice(options, initial=scene.prefill.get("reason"), placeholder=voice("modal.choose"))
    code = next((one.currency for one in scene.items), "EUR")
    example = voice("modal.example", example=notation_of(scene.tag).example(code))
    part = text(longest=100, placeholder=example, initial=scene.prefill.get("part"))
    return [
        field("dispute_reason", voice("modal.dispute.reason"), reason),
        *invoices(scene, required=True, label=voice("modal.dispute.invoices")),
        field("part", voice("modal.dispute.part"), part, optional=True, hint=voice("modal.dispute.part.hint")),
        field(
            "text", voice("modal.dispute.text"), text(lines=True, initial=scene.prefill.get("text")),
            optional=True, hint=voice("modal.dispute.text.hint"),
        ),
    ]  # fmt: skip


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """A reason and invoices; a part only of one invoice, and of no more than is open of it."""
    form = Form(values, locale, today)
    entry = read_terms(form)
    return form.errors or entry


def read_terms(form: Form) -> DisputeEntry:
    """What is contested, as far as it could be read; errors stand in the form."""
    reason = form.choice("dispute_reason")
    chosen = form.invoices(required=True)
    words = form.text("text", required=reason == OTHER)
    return DisputeEntry(
        reason=reason or OTHER, invoices=ids_of(chosen), amounts=_part(form, chosen), text=words,
        evidence=_evidence(form), owner=form.user("owner"),
    )  # fmt: skip


def _part(form: Form, chosen: Sequence[Chosen] | None) -> dict[str, Money]:
    written = form.text("part", required=False, longest=100)
    if written is None:
        return {}
    if chosen is None or len(chosen) != 1:
        form.fail("part", "form.part.one")
        return {}
    only = chosen[0]
    amount = form.money("part", written, only.open.currency, limit={only.open.currency: only.open.minor})
    return {only.invoice_id: amount} if amount is not None and amount != only.open else {}


def _evidence(form: Form) -> tuple[str, ...]:
    lines = [one.strip() for one in (form.text("evidence", required=False) or "").split()]
    wrong = next((one for one in lines if not _LINK.fullmatch(one) or len(one) > LONGEST_EVIDENCE), None)
    if wrong is not None:
        form.fail("evidence", "form.link", text=wrong[:60])
    elif len(lines) > MOST_EVIDENCE:
        form.fail("evidence", "form.links", count=MOST_EVIDENCE)
    return tuple(dict.fromkeys(lines))


MODAL = Modal(DISPUTE, build, read)
