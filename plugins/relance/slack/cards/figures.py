"""The payer's figures and who does what next: the two columns, and the invoices below them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from relance.cases.overdue import days_late
from relance.slack import limits
from relance.slack.cards.buttons import menu_beside
from relance.slack.cards.model import Block, Scene
from relance.slack.cards.parts import hidden, section
from relance.slack.limits import data
from relance.slack.speech import Voice

LATENESS = (365, 180, 120, 90, 60, 30)
"""Days after which a card says that it is later: between them it looks the same every day."""


def fields(scene: Scene) -> list[Block]:
    """The figures that there are; a case about no payer has none but its owner's."""
    voice, case = scene.voice, scene.case
    pairs = [*(_ledger(scene) if "totals" in scene.facts else []), (voice("owner"), _owner(scene))]
    if case.due_on is not None and not scene.is_closed:
        pairs.append((voice("deadline"), voice.day(case.due_on)))
    if "next" in scene.facts or scene.is_closed:
        pairs.append((voice("next"), next_of(scene)))
    shown = [limits.mrkdwn(f"*{label}*\n{value}") for label, value in pairs if value]
    return [{"type": "section", "fields": shown[: limits.FIELDS], **menu_beside(scene)}]


def _ledger(scene: Scene) -> list[tuple[str, str]]:
    voice, facts = scene.voice, scene.facts
    level = facts.get("level_reached")
    return [
        (voice("open"), _amounts(voice, facts, "open")),
        (voice("overdue"), _amounts(voice, facts, "overdue")),
        (voice("credit"), _amounts(voice, facts, "credit")),
        (voice("oldest"), lateness(voice, facts, scene.case.facts_on)),
        (voice("invoices"), voice("late_of", count=facts.get("late_invoices", 0), all=facts.get("invoices", 0))),
        (voice("level"), voice.named("level", level) if level else voice("no_level")),
        (voice("last_contact"), _last_contact(voice, facts.get("last_contact"))),
    ]  # fmt: skip


def lateness(voice: Voice, facts: Mapping[str, Any], on: date) -> str:
    """Since when the oldest invoice is late, and how long that is, roughly."""
    late = days_late(facts, on)
    if not late:
        return voice("not_late")
    since = voice("late_since", day=voice.day(facts["oldest_due"]))
    beyond = next((days for days in LATENESS if late > days), None)
    return f"{since}, {voice('later_than', days=beyond)}" if beyond else since


def _amounts(voice: Voice, facts: Mapping[str, Any], column: str) -> str:
    lines = voice.amounts(facts["totals"], column)
    if not lines:
        return "" if column == "credit" else "–"
    rest = [voice("more", count=len(lines) - 8)] if len(lines) > 8 else []
    return limits.lines_within(lines[:8] + rest, limit=400, more=voice("more", count="{count}"))


def _last_contact(voice: Voice, last: Mapping[str, Any] | None) -> str:
    if last is None:
        return voice("no_contact")
    channel, level = voice.named("channel", last["channel"]), voice.named("level", last["level"])
    return voice("contact", channel=channel, level=level, on=voice.day(last["on"]))


def _owner(scene: Scene) -> str:
    case, voice = scene.case, scene.voice
    owner = data(case.owner, limits.ID) if case.owner else voice("nobody")
    watching = len(case.watchers)
    return f"{owner}\n{voice('watchers', count=watching)}" if watching else owner


def next_of(scene: Scene) -> str:
    """What happens next and when, in the step's own words where it has some."""
    voice, coming = scene.voice, scene.facts.get("next")
    if scene.is_closed:
        return voice("next.closed")
    if scene.case.kind == "approval":
        return voice("next.hold", reason=voice.named("reason", "awaiting_approval"))
    if coming is None:
        return voice("next.unknown")
    return _coming(voice, coming)


def _coming(voice: Voice, coming: Mapping[str, Any]) -> str:
    if coming["what"] == "hold":
        reason = voice.named("reason", coming["reason"])
        until = voice.day(coming["until"]) if coming["until"] else None
        return (
            voice("next.hold_until", reason=reason, until=until)
            if until
            else voice("next.hold", reason=reason)
        )
    step = voice.named("step", coming.get("step"))
    if coming["what"] == "act":
        return voice("next.act", step=step)
    if coming["what"] == "wait":
        return voice("next.wait", step=step, on=voice.day(coming["on"]))
    if coming["what"] == "done":
        return voice("next.done", step=step, on=voice.day(coming["on"]))
    return voice("next.exhausted")


def items(scene: Scene, *, most: int) -> list[Block]:
    """The invoices that the case is about, the oldest first; the others are counted."""
    facts, voice, case = scene.facts, scene.voice, scene.case
    if not facts.get("items"):
        return []
    about = "overdue_90" if case.kind == "overdue_90" else "promise"
    lines = [f"*{voice(f'items.{about}', days=facts.get('threshold', 90))}*"]
    lines += [f"• {_item(voice, item, case.facts_on)}" for item in facts["items"][:most]]
    rest = max(0, facts.get("about", 0) - len(facts["items"][:most]))
    return [section(lines + hidden(scene, rest), voice("more", count="{count}"))]


def _item(voice: Voice, item: Mapping[str, Any], on: date) -> str:
    late = date.fromisoformat(item["due_date"]) < on
    return voice(
        "item",
        id=f"`{data(item['invoice_id'], limits.ID)}`",
        amount=voice.amount(item["open"], item["currency"]),
        due=voice("item_late" if late else "item_due", day=voice.day(item["due_date"])),
    )
