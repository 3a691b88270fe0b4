"""`/relance invoice` and `/relance why`: an invoice's facts, and the explanation of what was decided for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from relance.slack import limits
from relance.slack.answers.model import InvoiceAnswer
from relance.slack.answers.parts import answer, columns, foot, title
from relance.slack.cards.model import Card
from relance.slack.limits import clean, data
from relance.slack.speech import Voice
from relance.speech.explain import Paragraph

_LINE = 600


def invoice(said: InvoiceAnswer, voice: Voice) -> Card:
    """An invoice as the ledger has it, and what was decided for it."""
    left = voice.amount(said.open, said.amount.currency)
    pairs = [
        (voice("answer.payer"), f"{data(said.payer, limits.NAME)} (`{data(said.payer_id, limits.ID)}`)"),
        (voice("open"), left if said.open else voice.named("answer.state", said.state or "paid")),
        (voice("answer.amount"), voice.amount(said.amount.minor, said.amount.currency)),
        (voice("answer.due"), _due(said, voice)),
        (voice("answer.issued"), voice.day(said.issue_date)),
        (voice("answer.po"), data(said.po_number or "", limits.ID)),
    ]
    number = clean(said.invoice_id, limits.ID)
    heading = voice("answer.invoice", invoice=number)
    told = [data(line, _LINE) for line in said.told]
    tail = [
        foot(
            voice, said.company, said.as_of, voice("answer.why_tip", invoice=data(said.invoice_id, limits.ID))
        )
    ]
    return answer(heading, [title(heading), *columns(pairs)], [told], tail, voice)


def _due(said: InvoiceAnswer, voice: Voice) -> str:
    day = voice.day(said.due_date)
    return f"{day} · {voice('home.late', count=said.days_late)}" if said.open and said.days_late > 0 else day


def why(invoice_id: str, paragraphs: Sequence[Paragraph], voice: Voice, *, company: str, as_of: date) -> Card:
    """What was decided for an invoice on a day, and why: `relance.speech.explain` as blocks."""
    heading = voice("answer.why", invoice=clean(invoice_id, limits.ID))
    lists = [
        [f"*{data(one.heading, limits.NAME)}*", *(data(line, _LINE) for line in one.lines)]
        for one in paragraphs
    ]
    return answer(heading, [title(heading)], lists, [foot(voice, company, as_of)], voice)
