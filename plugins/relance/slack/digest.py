"""The daily digest of a channel, as blocks: pure, and inside the limits however many cases there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from relance.slack import limits
from relance.slack.cards.model import Block, Card
from relance.slack.limits import data
from relance.slack.speech import Voice

ROOMS = (1800, 1000, 500, 250)
"""Characters of a list, tried in turn until the whole message fits: escaped text may be five times as long."""

SHOWN = 12
"""Cases that a list names; the others are counted, and stand in the file in the thread."""
_AMOUNTS = 3
_NO_KIND = ":white_small_square:"
_ICONS = {
    "dispute": ":warning:", "promise": ":handshake:", "overdue_90": ":rotating_light:", "approval": ":raised_hand:",
    "call": ":telephone_receiver:", "no_contact": ":no_entry_sign:", "delivery": ":mailbox_with_no_mail:",
    "risk": ":chart_with_downwards_trend:", "question": ":speech_balloon:", "handover": ":briefcase:",
    "exhausted": ":checkered_flag:", "data": ":card_index:",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A case in a list. `amounts`: minor units with their currency, the weightiest first; `reason`: why it closed."""

    case_id: int
    kind: str
    payer: str
    payer_id: str
    amounts: tuple[tuple[int, str], ...] = ()
    owner: str | None = None
    reason: str | None = None
    days_late: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody decided about a case since the last digest: the verb, who, and on which day."""

    line: Line
    verb: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day by which something must come or be done: of a promise, a question, a call or a dispute."""

    line: Line
    what: str
    on: date


@dataclass(frozen=True, slots=True)
class Total:
    """Overdue in a currency, and by how much it has changed (None: no earlier digest)."""

    currency: str
    overdue: int
    change: int | None = None


@dataclass(frozen=True, slots=True)
class Daily:
    """What a channel's people read in the morning. `since`: the day of the digest before, None for the first."""

    entity: str
    company: str
    as_of: date
    since: date | None
    open: int
    change: int | None
    totals: tuple[Total, ...]
    opened: tuple[Line, ...] = ()
    closed: tuple[Line, ...] = ()
    decided: tuple[Said, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    unassigned: tuple[Line, ...] = ()
    top: tuple[Line, ...] = ()

    @property
    def is_longer_than_shown(self) -> bool:
        """Whether some list names more cases than a message shows."""
        lists: tuple[Sequence[object], ...] = (
            self.opened, self.closed, self.decided, self.deadlines, self.unassigned,
        )  # fmt: skip
        return any(len(one) > SHOWN for one in lists)


def daily(digest: Daily, voice: Voice, *, attached: bool = False) -> Card:
    """The message of a daily digest; `attached`: the whole list stands in its thread."""
    title = voice(
        "digest.daily.title",
        company=limits.clean(digest.company, limits.NAME),
        day=voice.plain_day(digest.as_of),
    )
    head = [header(title), section(_summary(digest, voice))]
    foot = _foot(digest, voice, attached=attached)
    lists = _lists(digest, voice)
    blocks = fitting(lambda room: [*head, *(one for build in lists for one in build(room)), foot])
    return Card(
        text=limits.clip(f"{limits.escape(title)} {_counts(digest, voice)}", limits.FALLBACK), blocks=blocks
    )


def fitting(draw: Callable[[int], Sequence[Block]], *, apart: int = 0) -> tuple[Block, ...]:
    """The blocks drawn with the most room a list can have while the message stays inside its limits.

    `apart`: characters that are kept free for a block that is added later, a picture.
    """
    drawn: Sequence[Block] = ()
    for room in ROOMS:
        drawn = draw(room)
        if limits.size(list(drawn)) <= limits.WHOLE - apart and len(drawn) < limits.BLOCKS:
            break
    return tuple(drawn)


def header(text: str) -> Block:
    """The title in large letters."""
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": limits.clip(text, limits.HEADER), "emoji": True},
    }


def section(text: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": limits.mrkdwn(text)}


def context(text: str) -> Block:
    """A line in small letters."""
    return {"type": "context", "elements": [limits.mrkdwn(limits.clip(text, limits.CONTEXT_TEXT))]}


def listed(title: str, lines: Iterable[str], *, count: int, voice: Voice, room: int) -> list[Block]:
    """A titled list of at most `SHOWN` lines within `room` characters, with how many more there are; nothing of none."""
    if not count:
        return []
    some = list(islice(lines, SHOWN))
    more = voice("more", count="{count}")
    kept = limits.lines_within(some, limit=room, more=more)
    hidden = count - len(some)
    if hidden:
        whole = kept.split("\n")
        told = len(whole) - (kept != "\n".join(some))  # the last line says how many did not fit
        kept = "\n".join([*whole[:told], voice("more", count=count - told)])
    return [section(f"*{title} ({count})*\n{kept}")]


def pair(voice: Voice, key: str, value: str) -> str:
    """The words of `key`, a colon as the language sets it, and a value."""
    return voice("digest.pair", name=voice(key), value=value)


def signed(voice: Voice, change: int | None, currency: str | None = None) -> str:
    """A change in brackets with its sign, "=" for none; nothing where there is nothing to compare with."""
    if not change:
        return "" if change is None else " (=)"
    size = voice.amount(abs(change), currency) if currency else str(abs(change))
    return f" ({'+' if change > 0 else '−'}{size})"


def line(one: Line, voice: Voice) -> str:
    """A case in one line."""
    parts = [
        f"{_ICONS.get(one.kind, _NO_KIND)} *{data(one.payer, limits.NAME)}* #{one.case_id}",
        voice.named("digest.kind", one.kind),
    ]
    if one.amounts:
        parts.append(amounts(voice, one.amounts))
    if one.reason:
        parts.append(voice.named("end", one.reason))
    elif one.owner:
        parts.append(data(one.owner, limits.ID))
    return " · ".join(parts)


def amounts(voice: Voice, sums: Sequence[tuple[int, str]]) -> str:
    """Amounts one after the other, the first few."""
    told = [voice.amount(minor, currency) for minor, currency in sums[:_AMOUNTS]]
    return ", ".join(told) + (f" {voice('more', count=len(sums) - _AMOUNTS)}" if len(sums) > _AMOUNTS else "")


def _summary(digest: Daily, voice: Voice) -> str:
    cases = voice("digest.open", count=digest.open) + signed(voice, digest.change)
    rows = [f"*{cases}*", _counts(digest, voice)]
    rows += [
        pair(voice, "digest.totals", voice.amount(one.overdue, one.currency))
        + signed(voice, one.change, one.currency)
        for one in digest.totals[:_AMOUNTS]
    ]
    return "\n".join(rows)


def _counts(digest: Daily, voice: Voice) -> str:
    counts = {
        "new": len(digest.opened), "closed": len(digest.closed), "decided": len(digest.decided),
        "due": len(digest.deadlines), "unassigned": len(digest.unassigned),
    }  # fmt: skip
    return " · ".join(voice(f"digest.count.{name}", count=count) for name, count in counts.items())


def _lists(digest: Daily, voice: Voice) -> list[Callable[[int], list[Block]]]:
    """What each list draws in the room it is given, in the order in which they are read."""

    def plain(title: str, cases: Sequence[Line]) -> Callable[[int], list[Block]]:
        return lambda room: listed(
            voice(title), (line(one, voice) for one in cases), count=len(cases), voice=voice, room=room
        )

    def deadlines(room: int) -> list[Block]:
        told = (_deadline(one, digest.as_of, voice) for one in digest.deadlines)
        return listed(voice("digest.deadlines"), told, count=len(digest.deadlines), voice=voice, room=room)

    def decided(room: int) -> list[Block]:
        told = (_said(one, voice) for one in digest.decided)
        return listed(voice("digest.decided"), told, count=len(digest.decided), voice=voice, room=room)

    return [
        deadlines,
        plain("digest.opened", digest.opened),
        plain("digest.closed", digest.closed),
        decided,
        plain("digest.unassigned", digest.unassigned),
        plain("digest.top", digest.top),
    ]


def _deadline(one: Deadline, as_of: date, voice: Voice) -> str:
    late = (as_of - one.on).days
    when = voice("digest.late", count=late) if late > 0 else voice("digest.today")
    return f"{line(one.line, voice)} · *{voice.named('digest.due', one.what)}*, {when}"


def _said(one: Said, voice: Voice) -> str:
    what = voice.named("digest.verb", one.verb)
    return f"{line(one.line, voice)} · *{what}* ({data(one.by, limits.ID)}, {voice.day(one.on)})"


def _foot(digest: Daily, voice: Voice, *, attached: bool) -> Block:
    said = [data(digest.entity, limits.ID)]
    if digest.since is None:
        said.append(voice("digest.first"))
    else:
        said.append(voice("digest.since", day=voice.day(digest.since)))
    if attached:
        said.append(voice("digest.attached"))
    return context(" · ".join(said))


def sums_of(totals: Iterable[Mapping[str, Any]], column: str, first: str) -> tuple[tuple[int, str], ...]:
    """Amounts of a column of a case's totals that aren't 0: those in the currency `first`, then the others by code."""
    found = [(int(row[column]), str(row["currency"])) for row in totals if row.get(column)]
    return tuple(sorted(found, key=lambda one: (one[1] != first, one[1])))
