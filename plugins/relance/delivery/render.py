"""A contact's view in words: each surface with amounts and dates written as that surface wants them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from relance.delivery.templates import Formats, Language, one_line
from relance.delivery.view import View
from relance.money import Money

_SURFACE = {
    "email": "email", "sms": "sms.txt", "whatsapp": "whatsapp.txt", "voice": "voice.txt", "letter": "letter.txt",
    "registered": "letter.txt", "call": "call.txt", "internal": "internal.txt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Email:
    """The three parts of an e-mail."""

    subject: str
    html: str
    text: str


def email(view: View, language: Language) -> Email:
    """Subject, HTML and text of an e-mail.

    Raises:
        jinja2.TemplateError: for a name or word that is missing.
    """
    message = language.message(names_for(view, language.formats, "email"))
    return Email(
        subject=one_line(message.render("email.subject")),
        html=message.render("email.html").strip() + "\n",
        text=_tidy(message.render("email.txt")),
    )


def text(view: View, language: Language, *, channel: str | None = None) -> str:
    """The text of a message on another channel (the view's own unless told), or a collector's guide, or a task.

    Raises:
        jinja2.TemplateError: for a name or word that is missing.
    """
    file = _SURFACE[channel or view.channel]
    return _tidy(language.render(file, names_for(view, language.formats, file.split(".")[0])))


def names_for(view: View, formats: Formats, surface: str) -> Mapping[str, Any]:
    """The names that words may use. Amounts and dates are written for the surface: short for SMS, spoken for voice."""
    money, day = _writers(formats, surface)
    rows = view.rows
    return {
        "m": view,
        "n": len(rows),
        "number": rows[0].invoice_id if rows else view.reference,
        "total": money(view.rows_totals),
        "due": day(view.due_date),
        "one_day": len({row.due_date for row in rows}) <= 1,
        "late": view.days_late,
        "deadline": day(view.deadline),
        "entity": view.entity,
        "sender": view.sender,
        "payer": view.payer.name,
        "customer_id": view.payer.customer_id,
        "person": view.person,
        "contact": view.reply_to,
        "reference": view.payment.reference if view.payment else view.reference,
        "charges": _one_or_both(view.charges),
        "charged": _one_or_both(_charged(view)),
        "tone": _tone(view),
        "promised": money(view.promised_totals),
        "promised_on": day(view.promise[-1].due_date if view.promise else view.on_date),
        "parts": len(view.promise),
    }


def _writers(
    formats: Formats, surface: str
) -> tuple[Callable[[Sequence[Money]], str], Callable[[date], str]]:
    if surface == "sms":
        return formats.money_code, formats.short_date
    if surface == "voice":
        return formats.money_name, formats.long_date
    return formats.money, formats.long_date


def _one_or_both(charges: Collection[str]) -> str | None:
    return "both" if len(charges) > 1 else next(iter(charges), None)


def _charged(view: View) -> list[str]:
    """What is asked for with a sum; the rest is only reserved."""
    kinds = (("interest", view.interest_totals), ("compensation", view.compensation_totals))
    return [kind for kind, totals in kinds if totals]


def _tone(view: View) -> str:
    """The step's tone; from level 3 on never a softer one than firm: a formal notice doesn't close with kind regards."""
    soft = view.tone in ("friendly", "neutral")
    return "formal" if soft and view.level in ("level_3", "litigation") else view.tone


def _tidy(rendered: str) -> str:
    """No trailing blanks, at most one empty line at a time, one line end at the end."""
    text = "\n".join([line.rstrip(" \t") for line in rendered.split("\n")])
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip() + "\n"
