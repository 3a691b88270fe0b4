"""A scenario's steps in words: when each was or is to come, and how closed days moved it."""

from __future__ import annotations

from collections.abc import Iterable

from relance.planning.explanation import ClosedDay, Closure, Earlier, StepLine
from relance.speech.voice import Voice


def step_line(line: StepLine, voice: Voice) -> str:
    """One step: its channels, its day, how it was moved, and where it stands."""
    how = voice.either(voice.named("channel", channel) for channel in line.channels)
    values = {"step": line.step, "level": voice.named("level", line.level), "how": how}
    if line.on == line.nominal:
        return voice("line", on=voice.day(line.on), state=_state(line, voice), **values)
    return voice(
        "line.moved",
        on=voice.weekday(line.on),
        nominal=voice.weekday(line.nominal),
        causes=causes(line.closed, voice),
        state=_state(line, voice),
        **values,
    )


def _state(line: StepLine, voice: Voice) -> str:
    if line.state == "passed_over":
        if line.required is None or line.total is None:
            return voice("state.passed_over_bare")
        return voice(
            "state.passed_over", total=voice.amount(line.total), required=voice.amount(line.required)
        )
    days = voice.listed(voice.day(day) for day in line.done_on)
    return voice(f"state.{line.state}", days=days)


def earlier_line(one: Earlier, voice: Voice) -> str:
    """A step done under another scenario, and what it counts as now."""
    return voice(
        "earlier" if one.counts_as else "earlier.nothing",
        step=voice("step", step=one.step, level=voice.named("level", one.level)),
        scenario=one.scenario,
        on=voice.day(one.on),
        counts_as=one.counts_as,
    )


def causes(days: Iterable[ClosedDay], voice: Voice) -> str:
    """Why days were closed, each cause once: "weekend; Easter Monday, for us, France"."""
    named = [(name, sides) for day in days for name, sides in _by_name(day.closures, voice).items()]
    weekend = voice("closed.weekend")
    both_rest = any(name == weekend and len(sides) > 1 for name, sides in named)
    said = [weekend if name == weekend and both_rest else _for(name, sides, voice) for name, sides in named]
    return voice("separator").join(dict.fromkeys(said))


def _by_name(closures: tuple[Closure, ...], voice: Voice) -> dict[str, list[Closure]]:
    """What closes one day, by what it is called."""
    found: dict[str, list[Closure]] = {}
    for closure in closures:
        name = voice.holiday(closure.names) if closure.names else voice(f"closed.{closure.why}")
        found.setdefault(name, []).append(closure)
    return found


def _for(name: str, closures: list[Closure], voice: Voice) -> str:
    if len(closures) > 1:
        weekend = closures[0].why == "weekend"
        return name if weekend else voice("closed.for", what=name, side=voice("side.both"))
    closure = closures[0]
    unknown = closure.side == "payer" and closure.country is None
    key = "side.payer_unknown" if unknown else f"side.{closure.side}"
    return voice("closed.for", what=name, side=voice(key, country=voice.country(closure.country)))
