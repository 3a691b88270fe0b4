"""An explanation in words: short paragraphs, each about one thing, for Slack, the portal of our people and the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from relance.planning.explanation import (
    CreditUse,
    Decision,
    Explanation,
    InvoiceFacts,
    Joined,
    NotOpen,
    Settlement,
    Wait,
)
from relance.speech.holds import hold_line
from relance.speech.steps import earlier_line, step_line
from relance.speech.voice import Voice

_LISTED = 10
"""Of longer lists of invoices the rest is counted."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines about one topic; `topic` is stable, `heading` and `lines` are in the reader's language."""

    topic: str
    heading: str
    lines: tuple[str, ...]


def explain(explanation: Explanation, language: str | None = None) -> tuple[Paragraph, ...]:
    """What was decided for the invoice that day and why, in the reader's language (English where there are no words)."""
    voice = Voice.of(language)
    if explanation.not_open is not None:
        lines = _not_open(explanation, explanation.not_open, voice)
        return tuple(_paragraphs(voice, [("answer", lines)]))
    invoice, decision = explanation.invoice, explanation.decision
    assert invoice is not None
    assert decision is not None
    parts = [
        ("answer", [_answer(explanation, decision, voice)]),
        ("invoice", _facts(invoice, voice)),
        ("rule", _rule(explanation, invoice, decision, voice)),
        ("credit", _credit(invoice, decision.credit, voice)),
        ("steps", _steps(decision, voice)),
        ("waits", [_wait(wait, voice) for wait in decision.waits]),
        ("holds", [hold_line(hold, voice, entity=explanation.entity) for hold in decision.holds]),
        ("contact", _contact(explanation.invoice_id, decision.contact, voice)),
        ("next", [_next(invoice, decision, voice)]),
    ]
    return tuple(_paragraphs(voice, parts))


def _paragraphs(voice: Voice, parts: Iterable[tuple[str, Sequence[str]]]) -> Iterable[Paragraph]:
    return (Paragraph(topic, voice(f"topic.{topic}"), tuple(lines)) for topic, lines in parts if lines)


def _step(voice: Voice, step: str | None, level: str | None) -> str:
    return voice("step", step=step, level=voice.named("level", level))


def _answer(explanation: Explanation, decision: Decision, voice: Voice) -> str:
    values: dict[str, object] = {"day": voice.day(explanation.as_of), "invoice": explanation.invoice_id}
    if decision.outcome == "exhausted":
        return voice("answer.exhausted", **values)
    if decision.outcome == "wait":
        assert decision.next_on is not None
        step = _step(voice, decision.next_step, decision.next.level)
        return voice("answer.wait", step=step, on=voice.day(decision.next_on), **values)
    values["step"] = _step(voice, decision.step, decision.level)
    if decision.outcome == "hold":
        assert decision.step_date is not None
        key = "answer.hold_today" if decision.step_date == explanation.as_of else "answer.hold"
        reason = voice.named("short", decision.reason)
        return voice(key, since=voice.day(decision.step_date), reason=reason, **values)
    contact = decision.contact
    assert contact is not None
    return voice(f"answer.{contact.kind}", channel=voice.named("channel", contact.channel), **values)


def _known_as(name: str | None, identifier: str) -> str:
    return f"{name} ({identifier})" if name else identifier


def _facts(invoice: InvoiceFacts, voice: Voice) -> list[str]:
    payer = _known_as(invoice.payer, invoice.payer_id)
    late = invoice.days_late
    lateness = (
        voice("facts.due_today")
        if late == 0
        else voice.count("facts.late" if late > 0 else "facts.early", abs(late))
    )
    lines = [
        voice(
            "facts.whole" if invoice.open == invoice.amount else "facts",
            payer=payer,
            open=voice.amount(invoice.open),
            amount=voice.amount(invoice.amount),
            issued=voice.day(invoice.issue_date),
            due=voice.day(invoice.due_date),
            late=lateness,
        )
    ]
    if invoice.customer_id != invoice.payer_id:
        customer = _known_as(invoice.customer, invoice.customer_id)
        lines.append(voice("facts.billed_to", customer=customer, payer=payer))
    if invoice.reopened_on is not None:
        lines.append(voice("facts.reopened", on=voice.day(invoice.reopened_on)))
    if invoice.in_dispute is not None:
        who = ", ".join(_said_by(source, voice) for source in invoice.disputed_by)
        lines.append(voice("facts.in_dispute", part=voice.amount(invoice.in_dispute), who=who))
    return lines


def _said_by(source: str, voice: Voice) -> str:
    """Who put a hold and when, with the day in words; whatever else a source says, as it is."""
    who, _, when = source.rpartition(", ")
    try:
        return f"{who}, {voice.day(date.fromisoformat(when))}"
    except ValueError:
        return source


def _rule(explanation: Explanation, invoice: InvoiceFacts, decision: Decision, voice: Voice) -> list[str]:
    segment = decision.segment
    values = {"payer": _known_as(invoice.payer, invoice.payer_id), "scenario": segment.scenario}
    if segment.rule is not None:
        line = voice("rule.named", rule=segment.rule, number=segment.number, **values)
    else:
        key = "rule.default" if segment.rules else "rule.none"
        line = voice(key, entity=explanation.entity, **values)
    if segment.profile is None:
        return [line]
    return [line, voice("rule.profile", profile=voice.named("profile", segment.profile))]


def _credit(invoice: InvoiceFacts, credit: CreditUse | None, voice: Voice) -> list[str]:
    if credit is None:
        return []
    payer = _known_as(invoice.payer, invoice.payer_id)
    lines = [voice("credit.total", payer=payer, credit=voice.amount(credit.credit))]
    if credit.covers:
        parts = [
            voice("credit.item", covered=voice.amount(one.covered), invoice=one.invoice_id)
            for one in credit.covers
        ]
        lines.append(voice("credit.laid", list=voice.listed(parts, most=_LISTED)))
    if not credit.coverable:
        lines.append(voice("credit.kept_off"))
    elif (
        invoice.to_demand.minor + (invoice.in_dispute.minor if invoice.in_dispute else 0)
        == invoice.open.minor
    ):
        lines.append(voice("credit.used_up"))
    elif invoice.to_demand.minor:
        lines.append(voice("credit.partly", rest=voice.amount(invoice.to_demand)))
    return lines


def _steps(decision: Decision, voice: Voice) -> list[str]:
    earlier = [earlier_line(one, voice) for one in decision.earlier]
    return [*earlier, *(step_line(one, voice) for one in decision.steps)]


def _wait(wait: Wait, voice: Voice) -> str:
    return voice(
        f"wait.{wait.why}",
        after=wait.after,
        since=voice.day(wait.since),
        days=voice.count("days", wait.days),
        first=voice.day(wait.first),
    )


def _contact(invoice_id: str, contact: Joined | None, voice: Voice) -> list[str]:
    if contact is None:
        return []
    lines = [_way(contact, voice)]
    own = next(act for act in contact.acts if act.invoice_id == invoice_id)
    if contact.lead == invoice_id:
        lines.append(voice("contact.leads"))
    else:
        lead = _step(voice, contact.step, contact.level)
        lines.append(
            voice("contact.joins", lead=contact.lead, step=lead, own=_step(voice, own.step, own.level))
        )
    with_it = [act.invoice_id for act in contact.acts if act.invoice_id != invoice_id]
    if contact.demands:
        totals = voice.listed(voice.amount(total) for total in contact.totals)
        demanded = voice.listed((one.invoice_id for one in contact.demands), most=_LISTED)
        lines.append(voice("contact.demands", totals=totals, list=demanded))
    named = (("with", with_it), ("announces", contact.announces), ("mentions", contact.mentions))
    lines += [voice(f"contact.{what}", list=voice.listed(ids, most=_LISTED)) for what, ids in named if ids]
    if contact.approval is not None:
        lines.append(voice("contact.approval", role=voice.named("role", contact.approval)))
    return [*lines, voice("contact.key", key=contact.key)]


def _way(contact: Joined, voice: Voice) -> str:
    person = contact.person
    if person is None:
        return voice(f"contact.{contact.kind}")
    key = "contact.person" if person.role else "contact.person_bare"
    name = person.name or person.contact_id
    return voice(
        f"contact.{contact.kind}",
        channel=voice.named("channel", contact.channel),
        language=voice.tongue(contact.language),
        person=voice(key, name=name, role=voice.named("role", person.role), to=person.to),
    )


def _next(invoice: InvoiceFacts, decision: Decision, voice: Voice) -> str:
    following = decision.next
    key = f"next.{following.what}"
    if following.what == "wait" and decision.holds:
        key = "next.wait_held"
    return voice(
        key,
        step=_step(voice, following.step, following.level),
        on=voice.day(following.on) if following.on else "",
        reasons=voice.listed(voice.named("short", reason) for reason in following.reasons),
        open=voice.amount(invoice.open),
    )


def _not_open(explanation: Explanation, why: NotOpen, voice: Voice) -> list[str]:
    settled = why.why == "paid" and any(one.kind == "credit_note" for one in why.settled_by)
    lines = [
        voice(
            f"not_open.{'settled' if settled else why.why}",
            entity=explanation.entity,
            invoice=explanation.invoice_id,
            day=voice.day(explanation.as_of),
            amount=voice.amount(why.amount) if why.amount else "",
            since=voice.day(why.since) if why.since else "",
        )
    ]
    if why.since and why.why in {"cancelled", "written_off", "assigned", "closed_by_source"}:
        lines.append(voice("not_open.since", since=voice.day(why.since)))
    if why.credits:
        lines.append(voice("not_open.credits", credits=why.credits))
    if why.similar:
        lines.append(voice("not_open.similar", list=voice.either(why.similar)))
    return [*lines, *(_settlement(one, voice) for one in why.settled_by)]


def _settlement(one: Settlement, voice: Voice) -> str:
    back = one.kind == "payment" and one.amount.minor < 0
    amount = type(one.amount)(one.amount.currency, abs(one.amount.minor))
    key = "settled.back" if back else f"settled.{one.kind}"
    return voice(key, on=voice.day(one.on), by=one.by, amount=voice.amount(amount))
