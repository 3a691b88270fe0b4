"""`/relance plan`, `/relance kpi` and `/relance forecast`: an entity's figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from babel.numbers import format_decimal, format_percent

from relance.slack.answers.model import ForecastAnswer, KpiAnswer, PlanAnswer, Planned, Week
from relance.slack.answers.parts import amounts, answer, columns, foot, title
from relance.slack.cards.model import Card
from relance.slack.limits import clean, data
from relance.slack.speech import Voice

TOP = 10
_LOWER_IS_BETTER = frozenset({"dso", "dso_count_back", "overdue_30"})


def plan(said: PlanAnswer | None, voice: Voice, *, company: str, as_of: date) -> Card:
    """What goes out today, what waits, what rests and why."""
    heading = voice("answer.plan", company=clean(company, 80))
    if said is None:
        text = voice("answer.plan.none", day=voice.day(as_of))
        return answer(heading, [title(heading)], [[text]], [], voice)
    sent = [f"{voice.named('channel', name)}: {count}" for name, count in _most(said.contacts) if count] or [
        voice("answer.plan.nobody")
    ]
    pairs = [
        (voice("answer.plan.contacts"), "\n".join(sent)),
        (voice("answer.plan.asked"), amounts(voice, list(said.asked)) if said.asked else ""),
        (voice("answer.plan.waiting"), str(said.waiting) if said.waiting else ""),
    ]
    held = [f"• {voice.named('reason', name)}: {count}" for name, count in _most(said.held)]
    lists = [
        [f"*{voice('answer.plan.top')}*", *(_planned(voice, one) for one in said.top[:TOP])] if said.top else [],
        [f"*{voice('answer.plan.held')}*", *held] if held else [],
    ]  # fmt: skip
    return answer(
        heading, [title(heading), *columns(pairs)], lists, [foot(voice, company, said.as_of)], voice
    )


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:12]


def _planned(voice: Voice, one: Planned) -> str:
    # a call step is done by calling: one word is enough
    what = dict.fromkeys((voice.named("channel", one.channel), voice.named("step", one.step)))
    return "• " + " · ".join([f"*{data(one.payer, 60)}*", *what, amounts(voice, one.amounts, most=2)])


def kpi(said: KpiAnswer, voice: Voice) -> Card:
    """Days, shares and sums, each against its target."""
    heading = voice("answer.kpi", company=clean(said.company, 80))
    shown: list[tuple[str, float | None, Callable[[float], str]]] = [
        ("dso", said.dso, _days(voice)),
        ("dso_count_back", said.dso_count_back, _days(voice, at_least=said.at_least)),
        ("best_dso", said.best_dso, _days(voice)),
        ("overdue_30", said.overdue_30, lambda value: _share(voice, value)),
        ("cei", said.cei, lambda value: _share(voice, value / 100)),
        ("promises_kept", said.promises_kept, lambda value: _share(voice, value)),
    ]
    pairs = [
        (voice("open"), voice.amount(said.receivables, said.currency)),
        (voice("overdue"), voice.amount(said.overdue, said.currency)),
        *(
            (voice(f"answer.kpi.{name}"), _measured(said, voice, name, value, say))
            for name, value, say in shown
        ),
    ]
    unknown = any(value is None for _, value, _ in shown)
    notes = [voice("answer.kpi.unknown")] if unknown else []
    return answer(
        heading, [title(heading), *columns(pairs)], [notes], [foot(voice, said.company, said.as_of)], voice
    )


def _measured(
    said: KpiAnswer, voice: Voice, name: str, value: float | None, say: Callable[[float], str]
) -> str:
    """A figure, and whether it is where it should be."""
    if value is None:
        return "–"
    target = said.targets.get(name)
    if target is None:
        return say(value)
    good = value <= target if name in _LOWER_IS_BETTER else value >= target
    mark = ":white_check_mark:" if good else ":warning:"
    return f"{say(value)} {mark} {voice('answer.kpi.target', target=say(target))}"


def _days(voice: Voice, *, at_least: bool = False) -> Callable[[float], str]:
    key = "answer.kpi.days_at_least" if at_least else "answer.kpi.days"
    return lambda value: voice(key, days=format_decimal(value, format="#,##0.#", locale=voice.locale))


def _share(voice: Voice, value: float) -> str:
    return str(format_percent(value, format=None, locale=voice.locale, decimal_quantization=True))


def forecast(said: ForecastAnswer, voice: Voice) -> Card:
    """What should come in, a line a week and currency."""
    heading = voice("answer.forecast", company=clean(said.company, 80))
    lines = [_week(voice, one) for one in said.weeks if one.promised or one.instalments or one.due]
    late = [voice("answer.forecast.late", amounts=amounts(voice, list(said.overdue)))] if said.overdue else []
    lists = [lines or [voice("answer.forecast.none")], late]
    tail = [foot(voice, said.company, said.as_of, voice("answer.forecast.note"))]
    return answer(heading, [title(heading)], lists, tail, voice)


def _week(voice: Voice, one: Week) -> str:
    total = one.promised + one.instalments + one.due
    parts = [
        voice(f"answer.forecast.{name}", amount=voice.amount(value, one.currency))
        for name, value in (("promised", one.promised), ("instalments", one.instalments), ("due", one.due))
        if value
    ]
    monday = voice("answer.forecast.week", day=voice.day(one.monday))
    return f"• *{monday}* · *{voice.amount(total, one.currency)}* ({', '.join(parts)})"
