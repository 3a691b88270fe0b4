"""A yes: what is asked, how much it is about, and that the person means it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.slack import limits
from relance.slack.actions import APPROVE
from relance.slack.limits import data
from relance.slack.modals.form import Form
from relance.slack.modals.modal import Block, Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import field, section, text, view


@dataclass(frozen=True, slots=True)
class ApproveEntry(Entry):
    """A yes, and what is said with it."""

    note: str | None


def build(scene: ModalScene) -> View:
    """The question once more, and a field for a note."""
    voice = scene.voice
    note = text(longest=1000, lines=True)
    blocks = [*question(scene), field("note", voice("modal.approve.note"), note, optional=True)]
    return view(
        scene, APPROVE, blocks, title=voice("modal.approve.title"), submit=voice("modal.approve.submit")
    )


def question(scene: ModalScene) -> list[Block]:
    """What is asked: a step of dunning, or a person's request; and who said yes already."""
    details = scene.case.details
    lines = _request(scene) if details.get("asks") else _step(scene)
    lines += _invoices(scene)
    votes = [data(str(one.get("by", "")), limits.ID) for one in details.get("votes") or []][:5]
    if votes:
        lines.append(scene.voice("modal.approve.votes", people=", ".join(votes)))
    return [section("\n".join(lines))]


def _step(scene: ModalScene) -> list[str]:
    voice, facts = scene.voice, scene.case.facts
    amounts = [voice.amount(one["amount"], one["currency"]) for one in facts.get("demanded") or []][:4]
    what = voice.named("channel", facts.get("what"))
    step = voice.named("step", facts.get("step"))
    level = voice.named("level", facts.get("level"))
    return [
        f"*{voice('modal.approve.step')}* {what} · {step} · {level}",
        f"*{voice('modal.approve.amount')}* {', '.join(amounts) or '–'}",
    ]


def _request(scene: ModalScene) -> list[str]:
    voice, details = scene.voice, scene.case.details
    who = data(scene.case.requested_by or "–", limits.ID)
    lines = [
        voice(f"modal.approve.asks.{'snooze' if details['asks'] == 'snooze' else 'write_off'}", person=who)
    ]
    if details.get("until"):
        lines.append(f"*{voice('modal.approve.until')}* {voice.day(details['until'])}")
    amounts = [voice.amount(one["amount"], one["currency"]) for one in scene.case.facts.get("demanded") or []]
    if amounts:
        lines.append(f"*{voice('modal.approve.amount')}* {', '.join(amounts[:4])}")
    if details.get("why"):
        lines.append(f">{data(str(details['why']), 500)}")
    return lines


def _invoices(scene: ModalScene) -> list[str]:
    asked = scene.case.details.get("invoices") or scene.case.facts.get("invoices_asked") or []
    if not asked:
        return []
    shown = ", ".join(f"`{data(str(one), limits.ID)}`" for one in asked[:5])
    more = f" {scene.voice('more', count=len(asked) - 5)}" if len(asked) > 5 else ""
    return [f"*{scene.voice('modal.invoices')}* {shown}{more}"]


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """The note."""
    form = Form(values, locale, today)
    note = form.text("note", required=False, longest=1000)
    return form.errors or ApproveEntry(note)


MODAL = Modal(APPROVE, build, read)
