"""An instalment plan: a line a part, the first one at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from relance.cases.agreeing import FIRST_WITHIN_DAYS, LONGEST_MONTHS, months_after
from relance.money import Money, is_currency, to_decimal
from relance.slack.actions import INSTALMENTS
from relance.slack.limits import clean
from relance.slack.modals.form import Form, ids_of
from relance.slack.modals.modal import Entry, Errors, Modal, ModalScene, StateValues, View
from relance.slack.modals.parts import (
    bounded,
    context,
    currency,
    field,
    invoices,
    open_line,
    open_of,
    text,
    view,
)
from relance.slack.modals.promise import within
from relance.slack.parsing import Doubt, notation_of, parse_day

MOST = 40
"""Parts of a plan."""
SUGGESTED = 3
_LINE = re.compile(r"(?P<amount>.+?)[\s;@:|=]+(?P<day>\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,4}\.?)")


@dataclass(frozen=True, slots=True)
class InstalmentsEntry(Entry):
    """The parts in the order of their dates, all in one currency; `invoices` None: all of the payer's."""

    parts: tuple[tuple[Money, date], ...]
    invoices: tuple[str, ...] | None


def build(scene: ModalScene) -> View:
    """The parts as lines (a plan of three equal ones at first), the currency, the invoices."""
    voice = scene.voice
    hint = voice("modal.instalments.hint", days=FIRST_WITHIN_DAYS, months=LONGEST_MONTHS)
    lines = text(lines=True, initial=scene.prefill.get("parts") or _suggestion(scene))
    blocks = [
        field(bounded("parts", open_of(scene)), voice("modal.instalments.parts"), lines, hint=hint),
        currency(scene),
        *invoices(
            scene, required=False, label=voice("modal.invoices"), hint=voice("modal.invoices.none_all")
        ),
        context(*filter(None, (open_line(scene), voice("modal.instalments.note")))),
    ]
    return view(
        scene, INSTALMENTS, blocks,
        title=voice("modal.instalments.title"), submit=voice("modal.instalments.submit"),
    )  # fmt: skip


def _suggestion(scene: ModalScene) -> str | None:
    """All that is open in the currency most is owed in, in equal monthly parts from today on, the first with the odd cents."""
    opened = open_of(scene)
    if not opened:
        return None
    code, whole = max(opened.items(), key=lambda one: (one[1], one[0]))
    part, odd = divmod(whole, SUGGESTED)
    if not part:
        return None
    notation = notation_of(scene.tag)
    amounts = [part + odd, *[part] * (SUGGESTED - 1)]
    return "\n".join(
        f"{notation.plain(to_decimal(amount, code), code)}  {months_after(scene.today, number).isoformat()}"
        for number, amount in enumerate(amounts)
    )


def read(values: StateValues, locale: str, today: date) -> Entry | Errors:
    """Two parts or more, the first within days, in order, no more than is open; the first line that is wrong is named."""
    form = Form(values, locale, today)
    code = form.choice("currency", required=False) or ""
    written = form.text("parts")
    chosen = form.invoices()
    if not is_currency(code):
        form.fail("currency", "form.currency")
    if form.errors or written is None:
        return form.errors
    parts = _parts(form, written, code)
    if parts and chosen:
        total = Money(code, sum(amount.minor for amount, _ in parts))
        within(form, "parts", total, chosen)
    return form.errors or InstalmentsEntry(parts, ids_of(chosen))


def _parts(form: Form, written: str, code: str) -> tuple[tuple[Money, date], ...]:
    parts: list[tuple[Money, date]] = []
    for number, line in enumerate(filter(str.strip, written.splitlines()), start=1):
        part = _part(form, number, line.strip(), code)
        if part is None:
            return ()
        parts.append(part)
    _check(form, parts, form.bounds("parts"), code)
    return tuple(parts)


def _part(form: Form, number: int, line: str, code: str) -> tuple[Money, date] | None:
    found = _LINE.fullmatch(line)
    if found is None:
        example = f"{notation_of(form.tag).example(code)} {form.today.isoformat()}"
        form.fail("parts", "form.parts.line", number=number, line=clean(line, 40), example=example)
        return None
    amount = form.parsed(found["amount"], code)
    day = parse_day(found["day"], form.tag)
    for doubt in (amount, day):
        if isinstance(doubt, Doubt):
            told = form.voice(doubt.key, **doubt.values)
            form.fail("parts", "form.parts.wrong", number=number, told=told)
            return None
    return None if isinstance(amount, Doubt) or isinstance(day, Doubt) else (amount, day)


def _check(form: Form, parts: list[tuple[Money, date]], limit: Mapping[str, int], code: str) -> None:
    voice, dates = form.voice, [day for _, day in parts]
    first_by, latest = form.today + timedelta(FIRST_WITHIN_DAYS), months_after(form.today, LONGEST_MONTHS)
    if not 2 <= len(parts) <= MOST:
        form.fail("parts", "form.parts.count", most=MOST)
    elif not form.today <= dates[0] <= first_by:
        form.fail(
            "parts", "form.parts.first", first=voice.plain_day(form.today), last=voice.plain_day(first_by)
        )
    elif any(following <= day for day, following in pairwise(dates)):
        form.fail("parts", "form.parts.order")
    elif dates[-1] > latest:
        form.fail("parts", "form.parts.far", day=voice.plain_day(latest))
    total = sum(amount.minor for amount, _ in parts)
    if total > limit.get(code, total):
        form.fail(
            "parts", "form.parts.open", total=voice.amount(total, code), open=voice.amount(limit[code], code)
        )


MODAL = Modal(INSTALMENTS, build, read)
