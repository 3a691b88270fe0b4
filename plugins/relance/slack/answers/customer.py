"""`/relance customer`: a payer's figures, invoices, cases and contacts; `/relance statement`: the sums of its statement."""

from __future__ import annotations

from datetime import date, timedelta

from relance.slack import limits
from relance.slack.answers.model import CaseLine, ContactLine, CustomerAnswer, StatementAnswer
from relance.slack.answers.parts import answer, columns, foot, link, title
from relance.slack.cards.model import Card
from relance.slack.limits import clean, data
from relance.slack.modals.modal import Item
from relance.slack.speech import Voice

INVOICES = 8
CASES = 6
CONTACTS = 5


def customer(said: CustomerAnswer, voice: Voice) -> Card:
    """Who it is, what is owed, what is going on."""
    name = str((said.facts.get("payer") or {}).get("name") or said.payer_id)
    head = [
        title(clean(name, limits.NAME)),
        *columns(_figures(said, voice)),
    ]
    items = [_item(voice, one, said.as_of) for one in said.items[:INVOICES]]
    hidden = int(said.facts.get("invoices") or 0) - len(items)
    if items and hidden > 0:
        items.append(f"_{voice('more', count=hidden)}_")
    lists = [
        [f"*{voice('invoices')}*", *items] if items else [voice("answer.nothing_open")],
        _titled(voice("answer.cases"), [_case(voice, one) for one in said.cases[:CASES]], voice, len(said.cases)),
        _titled(voice("answer.contacts"), [_contact(voice, one) for one in said.contacts[:CONTACTS]], voice, 0),
    ]  # fmt: skip
    text = voice("answer.customer", payer=clean(name, limits.NAME))
    return answer(text, head, lists, [foot(voice, said.company, said.as_of, _ids(said))], voice)


def _ids(said: CustomerAnswer) -> str:
    return f"`{data(said.payer_id, limits.ID)}` · {data(said.entity, limits.ID)}"


def _titled(heading: str, lines: list[str], voice: Voice, total: int) -> list[str]:
    if not lines:
        return []
    more = [f"_{voice('more', count=total - len(lines))}_"] if total > len(lines) else []
    return [f"*{heading}*", *lines, *more]


def _figures(said: CustomerAnswer, voice: Voice) -> list[tuple[str, str]]:
    facts = said.facts
    totals = list(facts.get("totals") or [])
    payer = facts.get("payer") or {}
    oldest = facts.get("oldest_due")
    late = (said.as_of - date.fromisoformat(oldest)) // timedelta(days=1) if oldest else 0
    level = facts.get("level_reached")
    return [
        (voice("open"), "\n".join(voice.amounts(totals, "open")[:4]) or "–"),
        (voice("overdue"), "\n".join(voice.amounts(totals, "overdue")[:4]) or "–"),
        (voice("credit"), "\n".join(voice.amounts(totals, "credit")[:4])),
        (voice("oldest"), voice("home.late", count=late) if late > 0 else voice("not_late")),
        (voice("level"), voice.named("level", level) if level else voice("no_level")),
        (voice("answer.collector"), data(str(payer.get("collector") or ""), limits.ID)),
        (voice("answer.sales_owner"), data(str(payer.get("sales_owner") or ""), limits.ID)),
    ]


def _item(voice: Voice, one: Item, as_of: date) -> str:
    late = (as_of - one.due_date) // timedelta(days=1)
    told = [
        f"`{data(one.invoice_id, limits.ID)}`",
        voice.amount(one.open, one.currency),
        voice.day(one.due_date),
    ]
    return "• " + " · ".join([*told, voice("home.late", count=late) if late > 0 else voice("answer.not_due")])


def _case(voice: Voice, one: CaseLine) -> str:
    words = f"{voice.named('home.kind', one.kind)} ({one.case_id})"
    told = [link(one.permalink, words), voice("answer.since", day=voice.day(one.opened_on))]
    if one.state == "closed":
        told.append(voice("answer.closed"))
    return "• " + " · ".join([*told, *([data(one.owner, limits.ID)] if one.owner else [])])


def _contact(voice: Voice, one: ContactLine) -> str:
    channel, level = voice.named("channel", one.channel), voice.named("level", one.level)
    return f"• {voice.day(one.on)} · {channel} · {level} · {voice.named('contact_state', one.state)}"


def statement(said: StatementAnswer, voice: Voice) -> Card:
    """The sums of a statement of account; the file follows it."""
    totals = list(said.totals)
    pairs = [
        (voice("open"), "\n".join(voice.amounts(totals, "open")[:6]) or "–"),
        (voice("overdue"), "\n".join(voice.amounts(totals, "overdue")[:6]) or "–"),
        (voice("credit"), "\n".join(voice.amounts(totals, "credit")[:6])),
        (voice("invoices"), str(said.invoices)),
    ]
    payer = clean(said.payer, limits.NAME)
    coming = [voice("answer.statement.file", file=f"`{data(said.file, limits.ID)}`")] if said.file else []
    heading = voice("answer.statement", payer=payer)
    return answer(
        heading, [title(heading), *columns(pairs)], [coming], [foot(voice, said.company, said.as_of)], voice
    )
