"""A payer's promise: how much, until when, for which invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from relance.cases.promising import LONGEST_DAYS
from relance.money import Money
from relance.slack.actions import PROMISE
from relance.slack.modals.form import Chosen, Form, ids_of
from relance.slack.modals.modal import Block, Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import (
    bounded,
    context,
    currency,
    day,
    field,
    invoices,
    open_line,
    open_of,
    text,
    view,
)
from relance.slack.parsing import notation_of


@dataclass(frozen=True, slots=True)
class PromiseEntry(Entry):
    """What was promised; `invoices` None: all of the payer's."""

    amount: Money
    due_on: date
    invoices: tuple[str, ...] | None


def build(scene: ModalScene) -> View:
    """Amount, currency, date, invoices."""
    voice = scene.voice
    blocks = [
        *terms(scene),
        *invoices(
            scene, required=False, label=voice("modal.invoices"), hint=voice("modal.invoices.none_all")
        ),
        context(voice("modal.promise.note")),
    ]
    return view(
        scene, PROMISE, blocks, title=voice("modal.promise.title"), submit=voice("modal.promise.submit")
    )


def terms(scene: ModalScene) -> list[Block]:
    """The fields of an amount until a date."""
    voice = scene.voice
    first = scene.prefill.get("currency") or next(iter(open_of(scene)), "EUR")
    example = voice("modal.example", example=notation_of(scene.tag).example(first))
    amount = text(longest=100, initial=scene.prefill.get("amount"), placeholder=example)
    return [
        field(
            bounded("amount", open_of(scene)), voice("modal.promise.amount"), amount, hint=open_line(scene)
        ),
        currency(scene),
        field("due_on", voice("modal.promise.due_on"), day(scene.prefill.get("due_on"))),
    ]


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """An amount of at most what is open, by a date within 90 days."""
    form = Form(values, locale, today)
    chosen = form.invoices()
    terms = read_terms(form, chosen)
    if form.errors or terms is None:
        return form.errors
    return PromiseEntry(*terms, ids_of(chosen))


def read_terms(form: Form, chosen: Sequence[Chosen] | None) -> tuple[Money, date] | None:
    """The amount and the date; None when something is wrong with them."""
    amount = form.amount("amount")
    due_on = form.day("due_on", since=form.today, until=form.today + timedelta(LONGEST_DAYS))
    if amount is not None and chosen:
        within(form, "amount", amount, chosen)
    return (amount, due_on) if amount is not None and due_on is not None and not form.errors else None


def within(form: Form, name: str, amount: Money, chosen: Sequence[Chosen]) -> None:
    """Refuse an amount above what is open of the chosen invoices in its currency."""
    opened = sum(one.open.minor for one in chosen if one.open.currency == amount.currency)
    if amount.minor > opened:
        form.fail(name, "form.amount.chosen", open=form.voice.amount(opened, amount.currency))


MODAL = Modal(PROMISE, build, read)
