"""What the case is about, by kind: what is contested, promised, asked of whom, to be called or mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from relance.slack import limits
from relance.slack.cards.model import Block, Scene
from relance.slack.cards.parts import hidden, invoices_named, quote, section, sum_of
from relance.slack.limits import data

WORDS = 300
"""Characters of a reason or of somebody's words that a card quotes; the timeline keeps them whole."""


def matter(scene: Scene) -> list[Block]:
    """The lines under the title."""
    if scene.is_closed and scene.case.kind != "promise":
        return []
    if scene.case.kind == "no_contact" and "held" in scene.facts:
        return [section([scene.voice("no_contact.said")])]
    if "held" in scene.facts:
        return [section([scene.voice("held", reason=scene.voice.named("reason", scene.facts["held"]))])]
    lines = _LINES.get(scene.case.kind, _said)(scene)
    return [section(lines, scene.voice("more", count="{count}"))] if lines else []


def _said(scene: Scene) -> list[str]:
    """Somebody's words that opened the case, where there are any."""
    text = scene.details.get("text") or scene.details.get("note")
    return [quote(text, WORDS)] if text else []


def _dispute(scene: Scene) -> list[str]:
    """The reason, the part in dispute by invoice, and what was laid before us."""
    voice, details = scene.voice, scene.details
    amounts: Mapping[str, int] = details.get("amounts") or {}
    lines = []
    if details.get("reason"):
        lines.append(voice("dispute.reason", reason=f"*{voice.named('dispute_reason', details['reason'])}*"))
    for invoice, minor in sorted(amounts.items(), key=lambda one: (-int(one[1] or 0), one[0]))[:5]:
        told = (
            voice.amount(
                int(minor), str((details.get("currencies") or {}).get(invoice) or details.get("currency"))
            )
            if minor is not None
            else voice("dispute.all")
        )
        lines.append(f"• {voice('dispute.part', invoice=f'`{data(invoice, limits.ID)}`', amount=told)}")
    lines += hidden(scene, len(amounts) - 5)
    evidence = details.get("evidence") or []
    if evidence:
        lines.append(
            voice("dispute.evidence", files=", ".join(data(str(one), limits.ID) for one in evidence[:5]))
        )
    return lines + _said(scene)


def _approval(scene: Scene) -> list[str]:
    """What is asked, by whom, of whom, and who has said yes so far."""
    asks = scene.details.get("asks")
    lines = _asked_by_person(scene) if asks in {"snooze", "write_off"} else _asked_by_step(scene)
    votes = [_voter(one) for one in scene.details.get("votes") or []]
    if votes:
        who = ", ".join(data(one, limits.ID) for one in votes[:5])
        lines.append(f":white_check_mark: {scene.voice('votes', who=who, count=len(votes))}")
    return lines


def _voter(vote: object) -> str:
    return str(vote.get("by", "")) if isinstance(vote, Mapping) else str(vote)


def _role(name: str) -> str:
    """A role of roles.yaml, as people say it."""
    return data(str(name).replace("_", " "), limits.ID)


def _asked_by_step(scene: Scene) -> list[str]:
    voice, facts = scene.voice, scene.facts
    if "role" not in facts:
        return []
    asked = voice(
        "asked",
        role=_role(facts["role"]),
        what=voice.named("channel", facts["what"]),
        step=voice.named("step", facts["step"]),
        level=voice.named("level", facts["level"]),
        amount=sum_of(voice, facts["demanded"]),
        on=voice.day(facts["expires_on"]),
    )
    return [asked]


def _asked_by_person(scene: Scene) -> list[str]:
    voice, details, facts = scene.voice, scene.details, scene.facts
    who = data(scene.case.requested_by or "–", limits.ID)
    if details["asks"] == "snooze":
        lines = [voice("asks.snooze", who=who, until=_day(scene, details.get("until")))]
    else:
        lines = [
            voice("asks.write_off", who=who, amount=sum_of(voice, facts.get("demanded") or _overdue(facts)))
        ]
    if details.get("invoices"):
        lines.append(invoices_named(voice, list(details["invoices"])))
    if facts.get("role"):
        lines.append(voice("asks.role", role=_role(facts["role"])))
    return lines + ([quote(details["why"], WORDS)] if details.get("why") else [])


def _overdue(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"amount": one["overdue"], "currency": one["currency"]} for one in facts.get("totals") or []]


def _day(scene: Scene, day: str | None) -> str:
    return scene.voice.day(day) if day else "–"


def _call(scene: Scene) -> list[str]:
    """Whom to call, on which number, what for, and what came of earlier tries."""
    voice, details, facts = scene.voice, scene.details, scene.facts
    attempts = details.get("attempts") or []
    person, phone = details.get("person") or facts.get("person"), details.get("phone") or facts.get("phone")
    lines = [
        voice(
            "call.whom",
            person=f"*{data(str(person), limits.NAME)}*" if person else voice("call.anybody"),
            phone=f"`{data(str(phone), limits.ID)}`" if phone else voice("call.no_number"),
        )
    ]
    if details.get("step") or facts.get("step"):
        step = voice.named("step", details.get("step") or facts.get("step"))
        lines.append(
            voice("call.for", step=step, amount=sum_of(voice, facts.get("demanded") or _overdue(facts)))
        )
    for one in attempts[-3:]:
        told = voice(
            "call.attempt", on=_day(scene, one.get("on")), outcome=voice.named("outcome", one.get("outcome"))
        )
        lines.append(f"• {told}" + (f" · {data(str(one['note']), 120)}" if one.get("note") else ""))
    lines += hidden(scene, len(attempts) - 3)
    if details.get("next_on"):
        lines.append(voice("call.again", on=_day(scene, details["next_on"])))
    return lines


def _undelivered(scene: Scene) -> list[str]:
    lost = scene.facts.get("undelivered")
    if not lost:
        return _said(scene)
    told = scene.voice(
        f"undelivered.{lost['what']}",
        channel=scene.voice.named("channel", lost["channel"]),
        address=data(lost["address"] or "–", limits.NAME),
        on=scene.voice.day(lost["on"]),
    )
    return [told, *([quote(lost["why"], limits.NAME)] if lost["why"] else [])]


def _task(scene: Scene) -> list[str]:
    """What a step gave to people to do; else what was asked."""
    task = scene.details.get("task") or scene.facts.get("task")
    if not task:
        return _said(scene)
    voice, told = scene.voice, task if isinstance(task, Mapping) else {"step": task}
    what = f"*{voice.named('step', str(told.get('step') or ''))}*"
    if told.get("kind"):
        what = f"{voice.named('channel', str(told['kind']))} · {what}"
    lines = [voice("task.what", step=what)]
    if told.get("demanded"):
        lines.append(sum_of(voice, told["demanded"]))
    return lines + ([quote(told["text"], WORDS)] if told.get("text") else []) + _said(scene)


def _risks(scene: Scene) -> list[str]:
    """What shows that the payer drifts, or may leave."""
    lines = [_risk(scene, one) for one in (scene.facts.get("risk") or [])[:5]]
    return [*lines, *hidden(scene, len(scene.facts.get("risk") or []) - 5), *_said(scene)]


def _risk(scene: Scene, one: Mapping[str, Any]) -> str:
    voice, on = scene.voice, _day(scene, one.get("on"))
    if one["what"] == "drift":
        names = {name: voice.named("profile", one[name]) for name in ("was", "now")}
        return f"• {voice('risk.drift', on=on, **names)}"
    told = voice("risk.signal", on=on, owner=data(one.get("owner") or "–", limits.NAME))
    return f"• {told}" + (f" · {data(str(one['note']), 120)}" if one.get("note") else "")


def _handed_over(scene: Scene) -> list[str]:
    """When it was handed over, and how many invoices."""
    told = scene.facts.get("handed_over")
    if not told:
        return _task(scene)
    return [scene.voice("handover.since", on=_day(scene, told["on"]), count=told["invoices"]), *_said(scene)]


def _promises(scene: Scene) -> list[str]:
    """What was promised, the most urgent first, each with who noted it."""
    promises = scene.facts.get("promises") or []
    if not promises:
        return []
    lines = [f"*{scene.voice('promises')}*"]
    for one in promises:
        lines += _promise(scene, one)
    if (scene.details.get("confirmation") or {}).get("missing"):
        lines.append(f"_{scene.voice('confirmation.missing')}_")
    return lines + hidden(scene, scene.facts.get("more_promises", 0))


def _promise(scene: Scene, one: Mapping[str, Any]) -> list[str]:
    voice, count = scene.voice, one["invoices"]
    what = voice("promise.all") if count is None else voice("promise.some", count=count)
    told = voice(
        "promise.line",
        amount=f"*{voice.amount(one['amount'], one['currency'])}*",
        due=voice.day(one["due_on"]),
        state=voice(f"state.{one['state']}"),
        paid=voice.amount(one["paid"], one["currency"]),
    )
    noted = voice(
        "promise.from",
        by=data(one["by"], limits.ID), made=voice.day(one["made_on"]), grace=voice.day(one["grace_until"]),
    )  # fmt: skip
    return [f"• {told} ({what})\n   _{noted}_"]


_LINES: Mapping[str, Callable[[Scene], list[str]]] = MappingProxyType(
    {
        "dispute": _dispute,
        "promise": _promises,
        "approval": _approval,
        "call": _call,
        "delivery": _undelivered,
        "question": _task,
        "risk": _risks,
        "handover": _handed_over,
    }
)
