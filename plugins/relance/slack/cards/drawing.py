"""The whole card, put together, and what is said once in its thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote as percent

from relance.slack import limits
from relance.slack.cards import parts
from relance.slack.cards.buttons import pressed
from relance.slack.cards.figures import fields, items
from relance.slack.cards.matter import WORDS, matter
from relance.slack.cards.model import Block, Card, Scene
from relance.slack.cards.parts import header, section
from relance.slack.cards.titles import title_of
from relance.slack.limits import data

_SHRINKING = ((600, 5), (60, 5), (60, 2), (60, 0))
"""Characters of the comment and invoices shown, where escaped text, which may be five times as long, leaves less room."""
_TRIMMING = (1500, 800, 400, 200)
"""Characters of a section's whole lines, where even that is not enough: data is hostile then, and the timeline has it whole."""
_LINKS = 5
_LONGEST_LINK = 600


def card(scene: Scene) -> Card:
    """The living card of a case."""
    title, sign = title_of(scene)
    blocks: list[Block] = []
    for room, most in _SHRINKING:
        blocks = _blocks(scene, f"{sign} {title}", room=room, most=most)
        if limits.size(blocks) <= limits.WHOLE:
            break
    for limit in _TRIMMING:
        if limits.size(blocks) <= limits.WHOLE:
            break
        blocks = [_trimmed(block, limit) for block in blocks]
    return Card(text=_fallback(scene, title), blocks=tuple(blocks))


def _blocks(scene: Scene, title: str, *, room: int, most: int) -> list[Block]:
    return [
        header(title),
        *_ending(scene),
        *_rest(scene),
        *matter(scene),
        *fields(scene),
        *items(scene, most=most),
        *_comment(scene, room=room),
        *pressed(scene),
        _foot(scene),
    ]


def _trimmed(block: Block, limit: int) -> Block:
    """A section with as many whole lines as fit; a line is never cut, for that could open or break a mark."""
    if block["type"] != "section" or "text" not in block:
        return block
    text = limits.lines_within(block["text"]["text"].split("\n"), limit=limit, more="…")
    return {**block, "text": limits.mrkdwn(text)}


def reply(scene: Scene) -> Card | None:
    """What is said once, in the card's thread and in the channel, when a promise's hour comes; else None."""
    speak = scene.facts.get("speak")
    promises = scene.facts.get("promises") or []
    if scene.case.kind != "promise" or scene.case.state != "open" or speak is None or not promises:
        return None
    voice, first = scene.voice, promises[0]
    text = voice(
        f"reply.{speak}",
        payer=data(scene.payer, limits.NAME),
        amount=voice.amount(first["amount"], first["currency"]),
        missing=voice.amount(first["amount"] - first["paid"], first["currency"]),
        day=voice.day(first["due_on"]),
    )
    return Card(text=text)


def _ending(scene: Scene) -> list[Block]:
    case, voice = scene.case, scene.voice
    if case.closed_on is None:
        return []
    code = case.closed_reason or "other"
    resolved: Mapping[str, Any] = scene.details.get("resolved") or {}
    group = "resolution" if resolved and voice.knows(f"resolution.{code}") else "end"
    told = f"*{voice('closed', on=voice.day(case.closed_on), reason=voice.named(group, code))}*"
    who = f" · {data(str(resolved['by']), limits.ID)}" if resolved.get("by") else ""
    note = [parts.quote(resolved["note"], WORDS)] if resolved.get("note") else []
    return [section([told + who, *note])]


def _rest(scene: Scene) -> list[Block]:
    """Until when dunning rests, and why: a person's word, a payment said to be on its way, a write-off that was approved."""
    case, voice = scene.case, scene.voice
    if scene.is_closed:
        return []
    lines = []
    if case.snoozed_until is not None:
        snooze: Mapping[str, Any] = scene.details.get("snooze") or {}
        lines.append(f":zzz: {voice('rests', until=voice.day(case.snoozed_until))}{_by(snooze)}")
        lines += [parts.quote(snooze["reason"], WORDS)] if snooze.get("reason") else []
    for one in scene.details.get("announced") or []:
        if one.get("state") == "open":
            lines.append(f":money_with_wings: {_announced(scene, one)}{_by(one)}")
    if written_off := scene.details.get("written_off"):
        lines.append(f":wastebasket: {voice('written_off')}{_by(written_off, 'approved_by')}")
    return [section(lines, voice("more", count="{count}"))] if lines else []


def _by(said: Mapping[str, Any], name: str = "by") -> str:
    return f" · {data(str(said[name]), limits.ID)}" if said.get(name) else ""


def _announced(scene: Scene, one: Mapping[str, Any]) -> str:
    voice = scene.voice
    told = voice("announced", on=voice.day(one["expected_on"]))
    if one.get("amount"):
        told += f" · {voice.amount(int(one['amount']), str(one['currency']))}"
    return told + (f" · {data(str(one['reference']), limits.ID)}" if one.get("reference") else "")


def _comment(scene: Scene, *, room: int) -> list[Block]:
    said, voice = scene.comment, scene.voice
    if said is None:
        return []
    head = f"*{voice('comment')}* · {data(said.author, limits.ID)} · {voice.day(said.on_date)}"
    if said.edited:
        head += f" · _{voice('edited')}_"
    return [section([head, f">{data(said.text, room)}"])]


def _foot(scene: Scene) -> Block:
    """No day stands here: a card that shows the same as yesterday is not sent again."""
    case, voice = scene.case, scene.voice
    company = data(scene.company, limits.NAME)
    told = [voice("foot", entity=company, on=voice.day(case.opened_on), case=case.case_id)]
    if scene.link:
        told.append(f"<{_url(scene, scene.link)}|{voice('link')}>")
    addresses = {name: _url(scene, url) for name, url in scene.links.items()}
    links = [
        f"<{url}|{data(name.replace('|', '/'), 40)}>"
        for name, url in list(addresses.items())[:_LINKS]
        if len(url) <= _LONGEST_LINK
    ]
    elements = [limits.mrkdwn(text) for text in [*told, *links][: limits.CONTEXT_ELEMENTS]]
    return {"type": "context", "elements": elements}


def _url(scene: Scene, template: str) -> str:
    case, url = scene.case, template
    filled = {
        "entity": case.entity,
        "entity_lower": case.entity.lower(),
        "payer_id": case.payer_id,
        "case_id": str(case.case_id),
    }
    for name, value in filled.items():
        url = url.replace(f"{{{name}}}", percent(value, safe=""))
    return limits.escape(url.replace("|", "%7C"))


def _fallback(scene: Scene, title: str) -> str:
    totals = scene.facts.get("totals") or []
    overdue = scene.voice.amounts(totals, "overdue") or scene.voice.amounts(totals, "open")
    amounts = limits.lines_within(overdue[:5], limit=200, more="…")
    told = ", ".join(amounts.split("\n")) if amounts else ""
    return limits.escape(limits.clip(f"{title} · {told}" if told else title, 500))
