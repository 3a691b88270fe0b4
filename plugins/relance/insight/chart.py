"""The ageing of what is open as a picture, for the weekly digest. Pure: figures in, PNG out; no name of anybody is in it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.numbers import format_compact_decimal, format_decimal

from relance.ledger.balance import BUCKETS
from relance.money import to_decimal
from relance.slack.digest_weekly import ALT_TEXT, bucket_label
from relance.slack.limits import clip
from relance.slack.speech import Voice

NOW, BEFORE = "#0072B2", "#E69F00"
"""Blue and orange of Okabe and Ito's palette: told apart by people who don't see red or green, and in grey as well."""
_INCHES, _DOTS = (8.0, 4.2), 100


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG and what it shows, in words."""

    content: bytes
    alt: str


def ageing_chart(now: Mapping[str, Any], before: Mapping[str, Any] | None, voice: Voice) -> Picture | None:
    """Bars by ageing bucket of the currency in which most is open, beside those of the digest before; None of nothing.

    `now`, `before`: `Figures.as_dict()`. Amounts are in thousands and millions, as the locale writes them.
    """
    rows = now["currencies"]
    if not rows:
        return None
    row = max(rows, key=lambda one: (to_decimal(one["open"], one["currency"]), one["currency"]))
    currency = row["currency"]
    last = (
        next((one for one in before["currencies"] if one["currency"] == currency), None) if before else None
    )
    labels = [bucket_label(voice, bucket) for bucket in BUCKETS]
    series = [(date.fromisoformat(now["as_of"]), [row["ageing"][one] for one in BUCKETS], NOW)]
    if before is not None and last is not None:
        series.insert(
            0, (date.fromisoformat(before["as_of"]), [last["ageing"][one] for one in BUCKETS], BEFORE)
        )
    bars = ", ".join(
        f"{label} {voice.amount(amount, currency)}"
        for label, amount in zip(labels, series[-1][1], strict=True)
    )
    title = voice("digest.chart.title", currency=currency)
    alt = voice("digest.chart.alt", currency=currency, bars=bars)
    drawn = [
        (voice.plain_day(day), [float(to_decimal(one, currency)) for one in amounts], colour)
        for day, amounts, colour in series
    ]
    return Picture(_png(title, labels, drawn, voice), clip(alt, ALT_TEXT))


def _png(
    title: str, labels: Sequence[str], series: Sequence[tuple[str, list[float], str]], voice: Voice
) -> bytes:
    from matplotlib.figure import (
        Figure,
    )  # Figure draws with Agg by itself: no window system, and nothing global

    figure = Figure(figsize=_INCHES, dpi=_DOTS, layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / len(series)
    for number, (name, heights, colour) in enumerate(series):
        places = [place - 0.4 + width * (number + 0.5) for place in range(len(labels))]
        bars = axes.bar(places, heights, width * 0.95, label=name, color=colour)
        told = [_short(height, voice) if height else "" for height in heights]
        axes.bar_label(bars, labels=told, fontsize=8, padding=2)
    axes.set_xticks(range(len(labels)), [_folded(label) for label in labels], fontsize=9)
    axes.yaxis.set_major_formatter(lambda value, _: _short(value, voice))
    axes.tick_params(axis="y", labelsize=9)
    axes.set_title(title, fontsize=12, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    if len(series) > 1:
        # above the bars, beside the title: whatever bar is the highest, it hides none
        axes.legend(
            frameon=False, fontsize=9, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0
        )
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _short(value: float, voice: Voice) -> str:
    """662345 → 662.3K; grouped whole numbers where the locale has no short form of thousands (German)."""
    short = format_compact_decimal(value, locale=voice.locale, fraction_digits=1 if value % 1000 else 0)
    if value < 1000 or any(one.isalpha() for one in short):
        return short
    return format_decimal(round(value), locale=voice.locale)


def _folded(label: str) -> str:
    """A label in two lines, broken at the blank nearest to its middle."""
    blanks = [place for place, letter in enumerate(label) if letter == " "]
    if len(label) <= 10 or not blanks:
        return label
    middle = min(blanks, key=lambda place: abs(place - len(label) // 2))
    return f"{label[:middle]}\n{label[middle + 1 :]}"
