"""Cards: what a case looks like in Slack, as blocks; pure, and inside the limits whatever the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from relance.cases.overdue import days_late
from relance.cases.reading import Case, Event
from relance.slack import limits
from relance.slack.limits import data
from relance.slack.speech import Voice

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """A message: `text` is what notifications and readers without blocks get."""

    text: str
    blocks: tuple[Block, ...] = ()

    def payload(self) -> dict[str, Any]:
        """The arguments of chat.postMessage and chat.update that carry it."""
        return {"text": self.text, **({"blocks": list(self.blocks)} if self.blocks else {})}

    @property
    def digest(self) -> str:
        """SHA-256 of the payload: equal digests look equal."""
        canonical = json.dumps(self.payload(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Scene:
    """What a card is drawn from: the case and its surroundings; `link` may hold {entity}, {payer_id}, {case_id}."""

    case: Case
    company: str
    voice: Voice
    comment: Event | None = None
    link: str | None = None


def card(scene: Scene) -> Card:
    """The living card of a case."""
    title, icon = _TITLES[scene.case.kind](scene)
    head = [
        _header(f"{icon} {title}"),
        *_ending(scene),
        *_question(scene),
        *_promises(scene),
        *_fields(scene),
    ]
    blocks = [*head, *_items(scene), *_comment(scene, room=600), _foot(scene)]
    if limits.size(blocks) > limits.WHOLE:
        # Escaped text may be five times as long; then the comment, which the timeline keeps whole, gives way.
        blocks = [*head, *_items(scene), *_comment(scene, room=60), _foot(scene)]
    return Card(text=_fallback(scene, title), blocks=tuple(blocks))


def reply(scene: Scene) -> Card | None:
    """What is said once, in the card's thread and in the channel, when a promise's hour comes; else None."""
    speak = scene.case.facts.get("speak")
    promises = scene.case.facts.get("promises") or []
    if scene.case.kind != "promise" or scene.case.state != "open" or speak is None or not promises:
        return None
    voice, first = scene.voice, promises[0]
    text = voice(
        f"reply.{speak}",
        payer=data(_payer_name(scene), limits.NAME),
        amount=voice.amount(first["amount"], first["currency"]),
        missing=voice.amount(first["amount"] - first["paid"], first["currency"]),
        day=voice.day(first["due_on"]),
    )
    return Card(text=text)


def _overdue_title(scene: Scene) -> tuple[str, str]:
    days = scene.case.facts.get("threshold", 90)
    payer = limits.clean(_payer_name(scene), limits.NAME)
    if scene.case.state == "closed":
        return scene.voice("overdue_90.title.closed", payer=payer), ":white_check_mark:"
    return scene.voice("overdue_90.title", days=days, payer=payer), ":rotating_light:"


_PROMISE_ICONS = {
    "made": ":handshake:", "eve": ":hourglass_flowing_sand:", "today": ":bell:", "broken": ":x:",
    "kept": ":white_check_mark:", "partly_kept": ":heavy_division_sign:", "replaced": ":arrows_counterclockwise:",
    "paid_late": ":white_check_mark:",
}  # fmt: skip


def _promise_title(scene: Scene) -> tuple[str, str]:
    case, voice = scene.case, scene.voice
    which = (case.closed_reason if case.state == "closed" else case.facts.get("speak")) or "made"
    if which not in _PROMISE_ICONS:
        which = "made"
    promises = case.facts.get("promises") or []
    day = voice.plain_day(promises[0]["due_on"]) if promises else ""
    payer = limits.clean(_payer_name(scene), limits.NAME)
    return voice(f"promise.title.{which}", payer=payer, day=day), _PROMISE_ICONS[which]


def _plain_title(words: str, icon: str) -> Callable[[Scene], tuple[str, str]]:
    def title(scene: Scene) -> tuple[str, str]:
        payer = limits.clean(_payer_name(scene), limits.NAME)
        if scene.case.state == "closed":
            return scene.voice("overdue_90.title.closed", payer=payer), ":white_check_mark:"
        return scene.voice(words, payer=payer), icon

    return title


_review_title = _plain_title("review.title", ":pause_button:")
_lost_title = _plain_title("delivery.title", ":mailbox_with_no_mail:")
_ASKED_TITLES = {
    "text": _plain_title("question.title.text", ":speech_balloon:"),
    "call_back": _plain_title("question.title.call_back", ":telephone_receiver:"),
    "dispute": _plain_title("dispute.title", ":warning:"),
}


def _asked_title(scene: Scene) -> tuple[str, str]:
    """What the payer itself asks or contests; else the case is a review of a hold."""
    return _ASKED_TITLES.get(scene.case.facts.get("asks", ""), _review_title)(scene)


def _delivery_title(scene: Scene) -> tuple[str, str]:
    """A message that did not arrive; else invoices that did not."""
    return (_lost_title if "undelivered" in scene.case.facts else _review_title)(scene)


_TITLES: Mapping[str, Callable[[Scene], tuple[str, str]]] = {
    "overdue_90": _overdue_title,
    "promise": _promise_title,
    "approval": _plain_title("approval.title", ":raised_hand:"),
    "exhausted": _plain_title("exhausted.title", ":checkered_flag:"),
    "dispute": _asked_title,
    "delivery": _delivery_title,
    "no_contact": _review_title,
    "question": _asked_title,
}
KINDS = tuple(_TITLES)
"""Kinds of case that have a card."""


def _header(text: str) -> Block:
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": limits.clip(text, limits.HEADER), "emoji": True},
    }


def _section(lines: Sequence[str], more: str) -> Block:
    text = limits.lines_within(list(lines), limit=limits.SECTION, more=more)
    return {"type": "section", "text": limits.mrkdwn(text)}


def _ending(scene: Scene) -> list[Block]:
    case, voice = scene.case, scene.voice
    if case.closed_on is None:
        return []
    reason = voice.named("end", case.closed_reason or "other")
    return [_section([f"*{voice('closed', on=voice.day(case.closed_on), reason=reason)}*"], more="")]


def _question(scene: Scene) -> list[Block]:
    """What an approval asks of whom, the hold that somebody should look at, or the message that did not arrive."""
    voice, facts = scene.voice, scene.case.facts
    if scene.case.state == "closed":
        return []
    if scene.case.kind == "approval":
        demanded = [voice.amount(one["amount"], one["currency"]) for one in facts["demanded"][:4]]
        asked = voice(
            "asked",
            role=data(facts["role"], limits.ID),
            what=voice.named("channel", facts["what"]),
            step=data(facts["step"], limits.ID),
            level=voice.named("level", facts["level"]),
            amount=", ".join(demanded) or "–",
            on=voice.day(facts["expires_on"]),
        )
        return [_section([asked], more="")]
    if "held" in facts:
        return [_section([voice("held", reason=voice.named("reason", facts["held"]))], more="")]
    return _undelivered(voice, facts["undelivered"]) if "undelivered" in facts else []


def _undelivered(voice: Voice, lost: Mapping[str, Any]) -> list[Block]:
    told = voice(
        f"undelivered.{lost['what']}",
        channel=voice.named("channel", lost["channel"]),
        address=data(lost["address"] or "–", limits.NAME),
        on=voice.day(lost["on"]),
    )
    why = [f">{data(lost['why'], limits.NAME)}"] if lost["why"] else []
    return [_section([told, *why], more="")]


def _promises(scene: Scene) -> list[Block]:
    """What was promised, the most urgent first, each with who noted it."""
    promises = scene.case.facts.get("promises") or []
    if not promises:
        return []
    voice = scene.voice
    lines = [f"*{voice('promises')}*"]
    for one in promises:
        count = one["invoices"]
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
        lines.append(f"• {told} ({what})\n   _{noted}_")
    return [
        _section(
            lines + _hidden(scene, scene.case.facts.get("more_promises", 0)), voice("more", count="{count}")
        )
    ]


def _fields(scene: Scene) -> list[Block]:
    """The payer's figures and who does what next, two columns."""
    voice, facts, case = scene.voice, scene.case.facts, scene.case
    late = days_late(facts, case.facts_on)
    pairs = [
        (voice("open"), _amounts(voice, facts, "open")),
        (voice("overdue"), _amounts(voice, facts, "overdue")),
        (voice("credit"), _amounts(voice, facts, "credit")),
        (voice("oldest"), voice("days_late", count=late) if late else voice("not_late")),
        (voice("invoices"), voice("late_of", late=facts["late_invoices"], all=facts["invoices"])),
        (
            voice("level"),
            voice.named("level", facts["level_reached"]) if facts["level_reached"] else voice("no_level"),
        ),
        (voice("last_contact"), _last_contact(voice, facts["last_contact"])),
        (voice("owner"), data(case.owner, limits.ID) if case.owner else voice("nobody")),
        (voice("next"), _next(scene)),
    ]
    shown = [limits.mrkdwn(f"*{label}*\n{value}") for label, value in pairs if value]
    return [{"type": "section", "fields": shown[: limits.FIELDS]}]


def _amounts(voice: Voice, facts: Mapping[str, Any], column: str) -> str:
    lines = voice.amounts(facts["totals"], column)
    if not lines:
        return "" if column == "credit" else "–"
    return limits.lines_within(
        lines[:8] + _rest(voice, len(lines) - 8), limit=400, more=voice("more", count="{count}")
    )


def _rest(voice: Voice, count: int) -> list[str]:
    return [voice("more", count=count)] if count > 0 else []


def _last_contact(voice: Voice, last: Mapping[str, Any] | None) -> str:
    if last is None:
        return voice("no_contact")
    channel, level = voice.named("channel", last["channel"]), voice.named("level", last["level"])
    return voice("contact", channel=channel, level=level, on=voice.day(last["on"]))


def _next(scene: Scene) -> str:
    voice, coming = scene.voice, scene.case.facts["next"]
    if scene.case.state == "closed":
        return voice("next.closed")
    if scene.case.kind == "approval":
        return voice("next.hold", reason=voice.named("reason", "awaiting_approval"))
    if coming is None:
        return voice("next.unknown")
    if coming["what"] == "hold":
        return _rests(voice, coming)
    step = data(coming.get("step") or "", limits.ID)
    return {
        "act": lambda: voice("next.act", step=step),
        "wait": lambda: voice("next.wait", step=step, on=voice.day(coming["on"])),
        "exhausted": lambda: voice("next.exhausted"),
    }[coming["what"]]()


def _rests(voice: Voice, coming: Mapping[str, Any]) -> str:
    reason = voice.named("reason", coming["reason"])
    if coming["until"]:
        return voice("next.hold_until", reason=reason, until=voice.day(coming["until"]))
    return voice("next.hold", reason=reason)


def _items(scene: Scene) -> list[Block]:
    facts, voice, case = scene.case.facts, scene.voice, scene.case
    if not facts["items"]:
        return []
    about = "overdue_90" if case.kind == "overdue_90" else "promise"
    title = voice(f"items.{about}", days=facts.get("threshold", 90))
    lines = [f"*{title}*", *(f"• {_item(voice, item, case.facts_on)}" for item in facts["items"])]
    hidden = max(0, facts["about"] - len(facts["items"]))
    return [_section(lines + _hidden(scene, hidden), voice("more", count="{count}"))]


def _item(voice: Voice, item: Mapping[str, Any], on: date) -> str:
    late = (on - date.fromisoformat(item["due_date"])) // timedelta(days=1)
    return voice(
        "item",
        id=f"`{data(item['invoice_id'], limits.ID)}`",
        amount=voice.amount(item["open"], item["currency"]),
        due=voice.day(item["due_date"]),
        late=voice("item_late", count=late) if late > 0 else voice("item_not_due"),
    )


def _hidden(scene: Scene, count: int) -> list[str]:
    return [f"_{scene.voice('more', count=count)}_"] if count > 0 else []


def _comment(scene: Scene, *, room: int) -> list[Block]:
    if scene.comment is None:
        return []
    who = data(scene.comment.actor, limits.ID)
    words = data(str(scene.comment.body.get("text", "")), room)
    said = f"*{scene.voice('comment')}* · {who} · {scene.voice.day(scene.comment.on_date)}"
    return [_section([said, f">{words}"], more="")]


def _foot(scene: Scene) -> Block:
    case, voice = scene.case, scene.voice
    company = data(scene.company, limits.NAME)
    told = [voice("foot", entity=company, on=voice.day(case.facts_on), case=case.case_id)]
    if scene.link:
        told.append(f"<{_url(scene)}|{voice('link')}>")
    return {"type": "context", "elements": [limits.mrkdwn(text) for text in told]}


def _url(scene: Scene) -> str:
    case, url = scene.case, scene.link or ""
    for name, value in (("entity", case.entity), ("payer_id", case.payer_id), ("case_id", str(case.case_id))):
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return limits.escape(url.replace("|", "%7C"))


def _fallback(scene: Scene, title: str) -> str:
    voice, facts = scene.voice, scene.case.facts
    overdue = voice.amounts(facts["totals"], "overdue") or voice.amounts(facts["totals"], "open")
    amounts = limits.lines_within(overdue[:5], limit=200, more="…")
    told = ", ".join(amounts.split("\n")) if amounts else ""
    return limits.escape(limits.clip(f"{title} · {told}" if told else title, 500))


def _payer_name(scene: Scene) -> str:
    return str(scene.case.facts["payer"].get("name") or scene.case.payer_id)
