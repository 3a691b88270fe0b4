"""A payment that is said to be on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from relance.cases.announcing import LONGEST_DAYS
from relance.money import Money
from relance.slack.actions import ANNOUNCE
from relance.slack.modals.form import Form, ids_of
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import context, currency, day, field, invoices, open_of, text, view
from relance.slack.parsing import notation_of

LONGEST_REFERENCE = 140
"""Characters of a SEPA transfer's remittance information."""


@dataclass(frozen=True, slots=True)
class AnnounceEntry(Entry):
    """The day the money should be here, how much, under which reference, and for which invoices (None: all)."""

    expected_on: date
    amount: Money | None
    reference: str | None
    invoices: tuple[str, ...] | None


def build(scene: ModalScene) -> View:
    """Date, amount, reference, invoices."""
    voice = scene.voice
    first = next(iter(open_of(scene)), "EUR")
    example = voice("modal.example", example=notation_of(scene.tag).example(first))
    blocks = [
        field("expected_on", voice("modal.announce.expected_on"), day(scene.prefill.get("expected_on"))),
        field("amount", voice("modal.announce.amount"), text(longest=100, placeholder=example), optional=True),
        currency(scene),
        field("reference", voice("modal.announce.reference"), text(longest=LONGEST_REFERENCE), optional=True),
        *invoices(scene, required=False, label=voice("modal.invoices"), hint=voice("modal.invoices.none_all")),
        context(voice("modal.announce.note")),
    ]  # fmt: skip
    return view(
        scene, ANNOUNCE, blocks, title=voice("modal.announce.title"), submit=voice("modal.announce.submit")
    )


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """A date from today on; the payer may pay more than is open."""
    form = Form(values, locale, today)
    expected = form.day("expected_on", since=today, until=today + timedelta(LONGEST_DAYS))
    amount = form.amount("amount", required=False, limit={})
    reference = form.text("reference", required=False, longest=LONGEST_REFERENCE)
    chosen = form.invoices()
    return form.errors or AnnounceEntry(expected or today, amount, reference, ids_of(chosen))


MODAL = Modal(ANNOUNCE, build, read)
