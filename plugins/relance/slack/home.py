"""The Home tab: what waits for one person, as blocks. Pure: the bot fills `HomeData` from the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any

from relance.slack import limits
from relance.slack.actions import (
    APPROVE,
    CALL,
    HOME_BACK,
    HOME_ENTITY,
    HOME_KIND,
    HOME_LIST,
    HOME_OPEN,
    HOME_PAGE,
    HOME_REFRESH,
    HOME_WHOSE,
    LINK,
    REJECT,
    Target,
)
from relance.slack.homedata import (
    LISTS,
    PAGE,
    TOP,
    WHOSE,
    HomeData,
    HomeFilter,
    HomeList,
    HomeRow,
    ListName,
)
from relance.slack.limits import clean
from relance.slack.modals.modal import Block, View
from relance.slack.modals.parts import OPTIONS, button, choice, context, option, plain, section
from relance.slack.speech import Voice

__all__ = [
    "LISTS", "PAGE", "TOP", "WHOSE", "HomeData", "HomeFilter", "HomeList", "HomeRow", "ListName", "home", "row_text",
    "texts_of",
]  # fmt: skip

ANY = "*"
"""The option that filters nothing."""
WHOLE = 12_000
"""Characters of all texts: a Home tab may have more, but nobody reads it."""
_BLOCKS = 100
_URL = 3000


@dataclass(frozen=True, slots=True)
class _Room:
    """How much is shown: rows of each list that isn't looked at, characters of a name, amounts of a row."""

    top: int
    name: int
    amounts: int


_ROOMS = (_Room(TOP, 80, 3), _Room(TOP, 40, 2), _Room(1, 40, 1), _Room(0, 20, 1))


def home(data: HomeData, voice: Voice) -> View:
    """The view for `views.publish`: never over 100 blocks or `WHOLE` characters of text."""
    for room in _ROOMS:
        blocks = list(_blocks(data, voice, room))
        if len(blocks) <= _BLOCKS and sum(map(len, texts_of(blocks))) <= WHOLE:
            break
    return {"type": "home", "private_metadata": str(data.filter), "blocks": blocks}


def texts_of(value: Any) -> Iterator[str]:
    """All words in blocks."""
    if isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn"}:
            yield value["text"]
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def _blocks(data: HomeData, voice: Voice, room: _Room) -> Iterator[Block]:
    yield {"type": "header", "text": plain(voice("home.title"), limits.HEADER)}
    yield {"type": "actions", "elements": _filters(data, voice)}
    if data.error:
        yield section(f":warning: {limits.escape(limits.clip(data.error, 1000))}")
        yield _refreshed(data, voice)
        return
    yield from _focus(data, voice, room)
    others = [(name, one) for name in LISTS if name != data.filter.list and (one := _list(data, name)).total]
    for name, one in others:
        yield {"type": "divider"}
        yield from _short(data, voice, room, name, one)
    yield {"type": "divider"}
    yield context(voice("home.tip"))
    yield _refreshed(data, voice)


def _list(data: HomeData, name: str) -> HomeList:
    return data.lists.get(name, HomeList())


def _filters(data: HomeData, voice: Voice) -> list[dict[str, Any]]:
    """Which list, whose, of what kind, of which entity; a choice that has one answer is not asked."""
    look = data.filter
    lists = [
        option(name, voice("home.counted", what=_name(voice, name, look), count=_list(data, name).total))
        for name in LISTS
    ]
    asked = [
        _select(HOME_LIST, lists, look.list),
        _select(HOME_WHOSE, [option(one, voice(f"home.whose.{one}")) for one in WHOSE], look.whose),
    ]
    if len(data.kinds) > 1:
        kinds = [option(one, _kind(voice, one)) for one in data.kinds]
        asked.append(_select(HOME_KIND, [option(ANY, voice("home.kinds")), *kinds], look.kind or ANY))
    if len(data.entities) > 1:
        named = [option(one, f"{one} · {clean(name, 50)}") for one, name in data.entities.items()]
        chosen = [one for one in named if one["value"] == look.entity]
        few = named[: OPTIONS - 2] + [one for one in chosen if one not in named[: OPTIONS - 2]]
        asked.append(_select(HOME_ENTITY, [option(ANY, voice("home.entities")), *few], look.entity or ANY))
    return [*asked, button(HOME_REFRESH, voice("home.refresh"), "refresh")]


def _select(action: str, options: Sequence[dict[str, Any]], chosen: str) -> dict[str, Any]:
    known = chosen if any(one["value"] == chosen for one in options) else options[0]["value"]
    return {**choice(options, initial=known), "action_id": action}


def _name(voice: Voice, name: str, look: HomeFilter) -> str:
    return voice(f"home.list.worklist.{look.whose}") if name == "worklist" else voice(f"home.list.{name}")


def _kind(voice: Voice, kind: str) -> str:
    return voice.named("home.kind", kind)


def _focus(data: HomeData, voice: Voice, room: _Room) -> Iterator[Block]:
    """The list that is looked at: a page of it, or what to do when there is nothing."""
    look = data.filter
    one = _list(data, look.list)
    yield section(f"*{_name(voice, look.list, look)}* · {one.total}")
    if not one.rows:
        yield section(_empty(data, voice))
    for row in one.rows[:PAGE]:
        yield from _row(data, voice, room, look.list, row)
    pages = max(1, -(-one.total // PAGE))
    if pages > 1:
        yield {"type": "actions", "elements": _turning(voice, min(look.page, pages - 1), pages)}
        yield context(voice("modal.page", page=min(look.page, pages - 1) + 1, pages=pages))


def _empty(data: HomeData, voice: Voice) -> str:
    """Why there is nothing, and what may be done: look further, or be glad."""
    look = data.filter
    if look.kind or look.entity:
        return voice("home.empty.filtered")
    if not any(one.total for one in data.lists.values()):
        return voice("home.empty.all" if look.whose == "all" else "home.empty.mine")
    return voice(f"home.empty.{look.list}")


def _turning(voice: Voice, page: int, pages: int) -> list[dict[str, Any]]:
    back = [button(HOME_BACK, voice("home.back"), str(page - 1))] if page > 0 else []
    onward = [button(HOME_PAGE, voice("home.next"), str(page + 1))] if page < pages - 1 else []
    return back + onward


def _short(data: HomeData, voice: Voice, room: _Room, name: ListName, one: HomeList) -> Iterator[Block]:
    """Another list: its first rows, and the way to all of them."""
    head = section(f"*{_name(voice, name, data.filter)}* · {one.total}")
    shown = one.rows[: room.top]
    if one.total > len(shown):
        head["accessory"] = button(HOME_LIST, voice("home.show_all"), name)
    yield head
    for row in shown:
        yield from _row(data, voice, room, name, row)


def _row(data: HomeData, voice: Voice, room: _Room, name: str, row: HomeRow) -> Iterator[Block]:
    text = section(
        "\n".join(
            filter(
                None,
                (
                    _head(voice, room, row),
                    _told(voice, room, row, data.as_of, name, own=data.filter.whose == "mine"),
                ),
            )
        )
    )
    decisions = _decisions(voice, row)
    if not decisions:
        yield {**text, "accessory": _open(voice, row)}
        return
    yield text
    yield {"type": "actions", "elements": [*decisions, _open(voice, row)]}


def row_text(voice: Voice, row: HomeRow, as_of: date) -> str:
    """A case as a line or two of text, with its number and the way to its card."""
    room = _ROOMS[1]
    link = (
        f"<{limits.escape(row.permalink.replace('|', '%7C'))}|{voice('home.open')}>" if row.permalink else ""
    )
    told = " · ".join(filter(None, (_told(voice, room, row, as_of), link)))
    return f"• {_head(voice, room, row)} · {row.case_id}" + (f"\n   {told}" if told else "")


def _head(voice: Voice, room: _Room, row: HomeRow) -> str:
    about = [f"*{limits.data(row.payer, room.name) or '–'}*", _kind(voice, row.kind)]
    step = [voice.named("step", row.step)] if row.step else []
    return " · ".join([*about, *step, limits.data(row.entity, 20)])


def _told(
    voice: Voice, room: _Room, row: HomeRow, as_of: date, name: str = "worklist", *, own: bool = True
) -> str:
    """Amounts, lateness, the day it is due, and who has it where that isn't the viewer."""
    told = [voice.amount(one.minor, one.currency) for one in row.amounts[: room.amounts]]
    if len(row.amounts) > room.amounts:
        told.append("…")
    if row.days_late > 0:
        told.append(voice("home.late", count=row.days_late))
    if row.due_on is not None:
        told.append(_due(voice, row, as_of))
    if name == "disputes" and row.opened_on is not None:
        told.append(voice("home.open_for", count=max(0, (as_of - row.opened_on) // timedelta(days=1))))
    if row.snoozed_until is not None:
        told.append(voice("home.rests", day=voice.day(row.snoozed_until)))
    if row.owner and not (own and name == "worklist"):
        told.append(f"_{limits.data(row.owner, room.name)}_")
    return " · ".join(told)


def _due(voice: Voice, row: HomeRow, as_of: date) -> str:
    assert row.due_on is not None
    kind = "promised" if row.kind == "promise" else "due"
    mark = ":warning: " if row.due_on < as_of else ""
    return f"{mark}{voice(f'home.{kind}', day=voice.day(row.due_on))}"


def _open(voice: Voice, row: HomeRow) -> dict[str, Any]:
    value = str(Target(HOME_OPEN, row.case_id, row.revision))
    if row.permalink and len(row.permalink) <= _URL:
        return button(LINK, voice("home.open"), value, url=row.permalink)
    return button(HOME_OPEN, voice("home.open"), value)


def _decisions(voice: Voice, row: HomeRow) -> list[dict[str, Any]]:
    """What may be done from here at once: answer a question, note a call."""

    def press(action: str, words: str, style: str | None = None) -> dict[str, Any]:
        return button(action, voice(words), str(Target(action, row.case_id, row.revision)), style=style)

    if row.kind == "approval":
        yes = [press(APPROVE, "home.approve", "primary")] if "approve" in row.may else []
        return yes + ([press(REJECT, "home.reject")] if "reject" in row.may else [])
    return [press(CALL, "home.call")] if row.kind == "call" and "call" in row.may else []


def _refreshed(data: HomeData, voice: Voice) -> Block:
    at = data.refreshed_at.astimezone(UTC)
    when = f"<!date^{int(at.timestamp())}^{{time}}|{at:%H:%M} UTC>"
    return context(voice("home.refreshed", day=voice.day(data.as_of), time=when))
