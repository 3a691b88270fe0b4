"""`/relance help`, and what is said when a call can't be understood or nothing is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from relance.config.roles import Action
from relance.slack import limits
from relance.slack.answers.model import Found, MineAnswer
from relance.slack.answers.parts import answer, title
from relance.slack.cards.model import Block, Card
from relance.slack.home import row_text
from relance.slack.limits import clean, data
from relance.slack.modals.parts import context
from relance.slack.speech import Voice

MINE = 15
NEAREST = 3
MANY = 10


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One subcommand: what it takes (as shown), an example, and what one must be allowed."""

    name: str
    takes: str
    example: str
    need: Action


SUBCOMMANDS: tuple[Subcommand, ...] = (
    Subcommand("customer", "NAME", "brasserie", "see"),
    Subcommand("invoice", "NUMBER", "F-1001", "see"),
    Subcommand("why", "NUMBER", "F-1001", "see"),
    Subcommand("plan", "[ENTITY]", "FR01", "see"),
    Subcommand("kpi", "[ENTITY]", "FR01", "see"),
    Subcommand("forecast", "[ENTITY]", "FR01", "see"),
    Subcommand("statement", "NAME [pdf]", "brasserie pdf", "see"),
    Subcommand("mine", "", "", "see"),
    Subcommand("assign", "CASE @PERSON", "42 @sales", "assign"),
    Subcommand("help", "", "", "see"),
)


def help_(may: frozenset[Action], voice: Voice, *, command: str = "/relance") -> Card:
    """What one may ask, each with an example; what isn't allowed is left out."""
    lines = [_usage(one, voice, command) for one in SUBCOMMANDS if one.need in may or one.name == "help"]
    return answer(
        voice("answer.help"),
        [title(voice("answer.help"))],
        [lines],
        [context(voice("answer.help.tip"))],
        voice,
    )


def _usage(one: Subcommand, voice: Voice, command: str) -> str:
    call = f"`{' '.join(filter(None, (command, one.name, one.takes)))}`"
    example = (
        f"   _{voice('modal.example', example=f'{command} {one.name} {one.example}')}_" if one.example else ""
    )
    return f"{call}  {voice(f'answer.help.{one.name}')}" + (f"\n{example}" if example else "")


def unknown(typed: str, voice: Voice, *, command: str = "/relance") -> Card:
    """There is no such subcommand; the nearest one."""
    names = [one.name for one in SUBCOMMANDS]
    near = get_close_matches(typed.strip().casefold(), names, n=1, cutoff=0.5)
    told = voice("answer.unknown", typed=f"`{data(typed, limits.ID) or '–'}`")
    hint = (
        voice("answer.unknown.near", call=f"`{command} {near[0]}`")
        if near
        else voice("answer.unknown.help", call=f"`{command} help`")
    )
    return answer(told, [], [[told, hint]], [], voice)


def missing(name: str, voice: Voice, *, command: str = "/relance") -> Card:
    """A subcommand needs something that was not given."""
    one = next(one for one in SUBCOMMANDS if one.name == name)
    told = voice("answer.missing", call=f"`{command} {one.name} {one.takes}`")
    return answer(told, [], [[told, _usage(one, voice, command)]], [], voice)


def no_such(typed: str, nearest: Sequence[Found], voice: Voice, *, what: str = "payer") -> Card:
    """Nothing fits what was typed; `what` is payer, invoice or entity. `nearest`: three that are written alike."""
    told = voice(f"answer.no_such.{what}", typed=f"`{data(typed, limits.ID) or '–'}`")
    lines = [_found(one) for one in nearest[:NEAREST]]
    near = [voice("answer.no_such.near"), *lines] if lines else [voice("answer.no_such.none")]
    return answer(told, [], [[told], near], [], voice)


def several(typed: str, found: Sequence[Found], total: int, voice: Voice) -> Card:
    """More than one payer fits: they are listed with the numbers by which to ask again."""
    told = voice("answer.several", count=total, typed=f"`{data(typed, limits.ID)}`")
    lines = [_found(one) for one in found[:MANY]]
    more = [f"_{voice('more', count=total - len(lines))}_"] if total > len(lines) else []
    return answer(told, [], [[told], [*lines, *more]], [context(voice("answer.several.tip"))], voice)


def _found(one: Found) -> str:
    return f"• {data(one.name, 80)} · `{data(one.payer_id, limits.ID)}` · {data(one.entity, limits.ID)}"


def mine(said: MineAnswer, voice: Voice) -> Card:
    """One's cases by score."""
    heading = voice("home.list.worklist.mine")
    if not said.rows:
        return answer(heading, [title(heading)], [[voice("home.empty.mine")]], [], voice)
    lines = [row_text(voice, row, said.as_of) for row in said.rows[:MINE]]
    more = [f"_{voice('more', count=said.total - len(lines))}_"] if said.total > len(lines) else []
    tail: list[Block] = [context(voice("answer.mine.tip"))]
    return answer(
        clean(f"{heading} · {said.total}", 100),
        [title(f"{heading} · {said.total}")],
        [[*lines, *more]],
        tail,
        voice,
    )
