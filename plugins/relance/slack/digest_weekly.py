"""The weekly digest for management, as blocks: pure. Figures come as plain data, as the row of the digest keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from babel.numbers import format_decimal

from relance.ledger.balance import BUCKETS
from relance.slack import limits
from relance.slack.cards.model import Block, Card
from relance.slack.digest import Line, amounts, context, fitting, header, listed, pair, section, signed
from relance.slack.limits import data
from relance.slack.speech import Voice

ALT_TEXT = 700
"""Characters of a picture's words; the message has room for them and the picture's block."""
LATE_SHOWN = 5
"""Long overdue payers that a message names; the others stand in the file in its thread."""
_TOTALS = (("open", "open_amount"), ("overdue", "overdue"), ("long_overdue", "long_overdue"))
CURRENCIES = 3
"""Currencies of which a message shows totals and ageing, that of the books first; the others are counted."""


@dataclass(frozen=True, slots=True)
class Overall:
    """All entities of a channel together, in one currency; `change` against their digests before."""

    currency: str
    open: int
    overdue: int
    long_overdue: int
    change: int | None = None


@dataclass(frozen=True, slots=True)
class Weekly:
    """An entity's week. `now` and `before` are `Figures.as_dict()`, `kpis` is `Kpis.as_dict()`; `before` None: the first.

    `long_overdue`: payers more than the threshold late, the weightiest first. `overall`: the entities that report to the same
    channel, this one included, `entities` of them; empty when it is alone.
    """

    entity: str
    company: str
    as_of: date
    since: date
    now: Mapping[str, Any]
    before: Mapping[str, Any] | None
    kpis: Mapping[str, Any]
    long_overdue: tuple[Line, ...] = ()
    overall: tuple[Overall, ...] = ()
    entities: tuple[str, ...] = field(default=())


def weekly(digest: Weekly, voice: Voice, *, attached: bool = False) -> Card:
    """The message of a weekly digest; `attached`: the list of long overdue payers stands in its thread."""
    company = limits.clean(digest.company, limits.NAME)
    title = voice(
        "digest.weekly.title", company=company, day=voice.plain_day(digest.as_of - timedelta(days=1))
    )
    told = [_totals(digest, voice), *_ageing(digest, voice)]
    rest = [section(_work(digest, voice)), section(_kpis(digest, voice))]
    foot = _foot(digest, voice, attached=attached)
    count = int(digest.now["long_overdue_payers"])

    def draw(room: int) -> Sequence[Block]:
        late = listed(
            voice("digest.long_overdue", days=digest.now["threshold"]),
            (_late(one, voice) for one in digest.long_overdue[:LATE_SHOWN]),
            count=count, voice=voice, room=room,
        )  # fmt: skip
        return [header(title), *told, *late, *rest, *_overall(digest, voice), foot]

    fallback = f"{limits.escape(title)} {_line_of_totals(digest, voice)}"
    return Card(text=limits.clip(fallback, limits.FALLBACK), blocks=fitting(draw, apart=ALT_TEXT + 200))


def _totals(digest: Weekly, voice: Voice) -> Block:
    """Open, overdue and long overdue of the first currency, a line for each other, payers and invoices."""
    now, before = digest.now, _by_currency(digest.before)
    lines = []
    for row in now["currencies"][:1]:
        last = before.get(row["currency"])
        lines += [
            voice("digest.pair", name=f"*{voice(f'digest.{word}', days=now['threshold'])}*",
                  value=voice.amount(row[name], row["currency"]))
            + signed(voice, _change(digest, row, last, name), row["currency"])
            for name, word in _TOTALS
        ]  # fmt: skip
    for row in now["currencies"][1:CURRENCIES]:
        sums = {name: voice.amount(row[name], row["currency"]) for name, _ in _TOTALS}
        change = signed(voice, _change(digest, row, before.get(row["currency"]), "overdue"), row["currency"])
        lines.append(
            voice(
                "digest.other", currency=f"*{data(row['currency'], 10)}*", open=sums["open"],
                overdue=sums["overdue"] + change, long=sums["long_overdue"], days=now["threshold"],
            )
        )  # fmt: skip
    hidden = len(now["currencies"]) - CURRENCIES
    if hidden > 0:
        lines.append(voice("digest.more_currencies", count=hidden))
    counts = voice("digest.payers", payers=now["payers"], invoices=now["invoices"])
    return section("\n".join([*(lines or [voice("digest.nothing_open")]), counts]))


def _ageing(digest: Weekly, voice: Voice) -> list[Block]:
    """The ageing of each currency in two columns, with its share and what has changed; of the others what isn't 0."""
    before = _by_currency(digest.before)
    blocks: list[Block] = []
    for place, row in enumerate(digest.now["currencies"][:CURRENCIES]):
        last, whole = before.get(row["currency"]), sum(row["ageing"].values())
        fields = []
        for bucket in BUCKETS:
            amount = row["ageing"][bucket]
            change = None
            if digest.before is not None:
                change = amount - (last["ageing"][bucket] if last else 0)
            if place and not amount and not change:
                continue
            share = f" · {_percent(voice, amount / whole)}" if whole else ""
            text = f"*{bucket_label(voice, bucket)}*\n{voice.amount(amount, row['currency'])}{share}"
            fields.append(limits.mrkdwn(text + signed(voice, change, row["currency"])))
        if fields:
            blocks.append({"type": "section", "fields": fields[: limits.FIELDS]})
    return blocks


def bucket_label(voice: Voice, bucket: str) -> str:
    """A bucket of the ageing in words."""
    if bucket == "not_due":
        return voice("digest.bucket.not_due")
    if bucket.startswith("over_"):
        return voice("digest.bucket.over", days=bucket.removeprefix("over_"))
    first, _, last = bucket.partition("-")
    return voice("digest.bucket.between", first=first, last=last)


def _work(digest: Weekly, voice: Voice) -> str:
    """Disputes, promises, contacts, money: what was done and what waits."""
    now = digest.now
    disputes, promises = now["disputes"], now["promises"]
    contested = [
        voice.amount(minor, currency) for currency, minor in list(disputes["amounts"].items())[:CURRENCIES]
    ]
    earlier = digest.before["disputes"]["open"] if digest.before else disputes["before"]
    change = disputes["open"] - earlier
    lines = [
        voice("digest.disputes", open=voice("digest.disputes.open", count=disputes["open"]), change=signed(voice, change),
              new=voice("digest.disputes.new", count=disputes["new"]),
              resolved=voice("digest.disputes.resolved", count=disputes["resolved"]), amount=", ".join(contested) or "–"),
        voice("digest.disputes.age", mean=_number(voice, disputes["mean_age"]), oldest=disputes["oldest"],
              beyond=disputes["beyond"]),
        voice("digest.promises", kept=voice("digest.promises.kept", count=promises["kept"]), partly=promises["partly_kept"],
              broken=voice("digest.promises.broken", count=promises["broken"]), coming=promises["due_this_week"]),
        voice("digest.approvals", count=now["approvals"],
              age=voice("digest.approvals.age", count=now["oldest_approval"])),
        voice("digest.calls", made=voice("digest.calls.made", count=now["calls_made"]), waiting=now["calls_to_make"]),
    ]  # fmt: skip
    sent = [f"{voice.named('channel', name)} {count}" for name, count in now["sent"].items()]
    lines.append(voice("digest.sent", channels=", ".join(sent) or "–", bounced=now["bounced"]))
    money = [voice.amount(minor, currency) for currency, minor in list(now["cash_in"].items())[:CURRENCIES]]
    lines.append(voice("digest.cash", amount=", ".join(money) or "–", day=voice.day(digest.since)))
    return "\n".join(f"• {one}" for one in lines)


def _kpis(digest: Weekly, voice: Voice) -> str:
    """Key figures of the books' currency against what the entity wants to reach."""
    kpis, targets = digest.kpis, digest.kpis["targets"]
    lines = [_against(voice, "dso", kpis["dso"], targets["dso"], _days)]
    if kpis["dso_count_back"] is not None:
        days = _days(voice, kpis["dso_count_back"])
        said = voice("digest.at_least", days=days) if kpis["at_least"] else days
        lines.append(pair(voice, "digest.dso_count_back", said))
    lines.append(_against(voice, "overdue_30", kpis["overdue_30"], targets["overdue_30"], _percent))
    if kpis["cei"] is not None:
        lines.append(pair(voice, "digest.cei", f"{_number(voice, kpis['cei'])} %"))
    rate = kpis["promises"]["rate"]
    if rate is not None:
        lines.append(voice("digest.kept_rate", rate=_percent(voice, rate), due=kpis["promises"]["due"]))
    return "\n".join([f"*{voice('digest.kpis', currency=data(kpis['currency'], 10))}*", *lines])


def _against(
    voice: Voice,
    name: str,
    value: float | None,
    target: float | None,
    told: Callable[[Voice, float | None], str],
) -> str:
    """A figure that should be low, beside its target where there is one."""
    if target is None:
        return pair(voice, f"digest.{name}", told(voice, value))
    mark = {True: " :small_red_triangle:", False: " :white_check_mark:", None: ""}[_missed(value, target)]
    said = f"*{told(voice, value)}* {voice('digest.target', target=told(voice, target))}{mark}"
    return pair(voice, f"digest.{name}", said)


def _missed(value: float | None, target: float | None) -> bool | None:
    """Whether a figure that should be low is above its target; None where one of them is not known."""
    return None if value is None or target is None else value > target


def _late(one: Line, voice: Voice) -> str:
    owner = f" · {data(one.owner, limits.ID)}" if one.owner else ""
    days = voice("digest.late", count=one.days_late)
    return f"*{data(one.payer, limits.NAME)}* · {amounts(voice, one.amounts)} · {days}{owner}"


def _overall(digest: Weekly, voice: Voice) -> list[Block]:
    if len(digest.entities) < 2:
        return []
    names = ", ".join(data(name, limits.ID) for name in digest.entities[:8])
    lines = [f"*{voice('digest.overall', count=len(digest.entities))}* ({names})"]
    lines += [
        voice(
            "digest.overall.line",
            open=voice.amount(one.open, one.currency),
            overdue=voice.amount(one.overdue, one.currency) + signed(voice, one.change, one.currency),
            long=voice.amount(one.long_overdue, one.currency),
            days=digest.now["threshold"],
        )
        for one in digest.overall[: CURRENCIES * 2]
    ]
    return [{"type": "divider"}, section("\n".join(lines))]


def _foot(digest: Weekly, voice: Voice, *, attached: bool) -> Block:
    compared = digest.before["as_of"] if digest.before else None
    said = [data(digest.entity, limits.ID)]
    said.append(voice("digest.since", day=voice.day(compared)) if compared else voice("digest.first"))
    if attached:
        said.append(voice("digest.attached"))
    return context(" · ".join(said))


def _line_of_totals(digest: Weekly, voice: Voice) -> str:
    rows = digest.now["currencies"][:CURRENCIES]
    told = [voice.amount(row["overdue"], row["currency"]) for row in rows]
    return pair(voice, "digest.overdue", ", ".join(told) or "–")


def _by_currency(figures: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    return {row["currency"]: row for row in figures["currencies"]} if figures else {}


def _change(digest: Weekly, row: Mapping[str, Any], last: Mapping[str, Any] | None, name: str) -> int | None:
    if digest.before is None:
        return None
    return int(row[name]) - int(last[name] if last else 0)


def _percent(voice: Voice, share: float | None) -> str:
    return "–" if share is None else f"{_number(voice, share * 100)} %"


def _days(voice: Voice, days: float | None) -> str:
    return "–" if days is None else voice("digest.days", days=_number(voice, days))


def _number(voice: Voice, value: float) -> str:
    """One decimal, as the locale writes it; none where it is 0."""
    return format_decimal(value, format="#,##0.#", locale=voice.locale)
