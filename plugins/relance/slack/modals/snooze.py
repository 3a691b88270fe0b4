"""Let a case and the dunning of its payer, or of chosen invoices, rest until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from relance.cases.snoozing import LONGEST_DAYS
from relance.slack.actions import SNOOZE
from relance.slack.modals.form import Form, ids_of
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import choice, context, day, field, invoices, option, text, view

DAYS = (1, 3, 7)
PICK = "pick"
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class SnoozeEntry(Entry):
    """The last day of the rest, why, and of which invoices (None: all of the payer's)."""

    until: date
    reason: str
    invoices: tuple[str, ...] | None


def build(scene: ModalScene) -> View:
    """Until when, why, and of what."""
    voice = scene.voice
    picked = day(scene.prefill.get("date"))
    blocks = [
        field("until", voice("modal.snooze.until"), choice(_choices(scene), initial="days:3", radio=True)),
        field("date", voice("modal.snooze.date"), picked, optional=True, hint=voice("modal.snooze.date.hint")),
        field(
            "reason", voice("modal.snooze.reason"),
            text(longest=LONGEST_REASON, lines=True, initial=scene.prefill.get("reason"),
                 placeholder=voice("modal.snooze.reason.placeholder")),
        ),
        *invoices(scene, required=False, label=voice("modal.snooze.invoices"), hint=voice("modal.invoices.none_all")),
        context(_longest(scene)),
    ]  # fmt: skip
    return view(scene, SNOOZE, blocks, title=voice("modal.snooze.title"), submit=voice("modal.snooze.submit"))


def _choices(scene: ModalScene) -> list[dict[str, Any]]:
    voice = scene.voice
    options = [
        option(
            f"days:{count}",
            voice(f"modal.snooze.{count}", day=voice.plain_day(scene.today + timedelta(count))),
        )
        for count in DAYS
    ]
    promised = _promised(scene)
    if promised is not None:
        told = voice("modal.snooze.promise", day=voice.plain_day(promised))
        options.append(option(f"on:{promised.isoformat()}", told))
    return [*options, option(PICK, voice("modal.snooze.pick"))]


def _promised(scene: ModalScene) -> date | None:
    """The first promise that is still to come."""
    dates = [
        date.fromisoformat(one["due_on"])
        for one in scene.case.facts.get("promises") or []
        if one["state"] == "open"
    ]
    return min((one for one in dates if one > scene.today), default=None)


def _longest(scene: ModalScene) -> str:
    longest = scene.longest_snooze
    if longest is None:
        return scene.voice("modal.snooze.any")
    if longest == 0:
        return scene.voice("modal.snooze.none")
    return scene.voice(
        "modal.snooze.longest", count=longest, day=scene.voice.plain_day(scene.today + timedelta(longest))
    )


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """A date to come, a reason, and the invoices."""
    form = Form(values, locale, today)
    until = _until(form)
    reason = form.text("reason", longest=LONGEST_REASON)
    chosen = form.invoices()
    return form.errors or SnoozeEntry(until or today, reason or "", ids_of(chosen))


def _until(form: Form) -> date | None:
    picking = form.choice("until")
    latest = form.today + timedelta(LONGEST_DAYS)
    picked = form.day("date", required=picking == PICK, since=form.today + timedelta(1), until=latest)
    if picking is None or picking == PICK:
        return picked
    if picked is not None:
        form.fail("date", "form.snooze.two")
        return None
    how, _, what = picking.partition(":")
    if how == "days" and what.isdecimal():
        return form.today + timedelta(int(what))
    until = date.fromisoformat(what)
    if until <= form.today:  # a modal left open overnight
        form.fail("until", "form.day.past", day=form.voice.plain_day(form.today + timedelta(1)))
    return until


MODAL = Modal(SNOOZE, build, read)
