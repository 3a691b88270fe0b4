"""A contact as a business letter: PDF/A by Typst, with the words of e-mails and the address where windows show it.

The words are put together here; the Typst file only places them. See docs/letters.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relance.delivery.envelopes import Seller, country_line, lines_of, window_of
from relance.delivery.payment.pictures import epc_svg, swiss_svg
from relance.delivery.render import names_for
from relance.delivery.templates import Formats, Language, Speaker
from relance.delivery.typesetting import breakable, typesetter
from relance.delivery.view import MOST_ROWS, Row, View
from relance.money import Money

FILE = "letter.typ"
MEDIA = "pdf"
UNKNOWN = Seller()

_FONTS = re.compile(r'font-family="[^"]*"')
_SIGNATURE_MM = {"registered": 14, "letter": 14}

Block = dict[str, Any]


def pdf(view: View, language: Language, *, seller: Seller = UNKNOWN, templates: Path | None = None) -> bytes:
    """The letter of a contact, PDF/A-2b; the same view gives the same bytes.

    `seller` says which window the address is placed for (without one, the country of the seller's bank account);
    `templates`: a folder with a `_letter` of its own.

    Raises:
        jinja2.TemplateError: for a name or word that is missing.
        PermanentError: when the Typst file does not compile.
    """
    names = names_for(view, language.formats, "letter")
    speaker = language.speaker(names)
    country = seller.country or (view.bank.iban[:2] if view.bank else None)
    address = _address(view, speaker, country, language)
    data = frame(view, speaker, language) | {
        "window": window_of(country).as_data(),
        "margin": window_of(country).margin,
        "sender": [breakable(one) for one in (view.entity, *seller.address, view.reply_to) if one],
        "return_line": " · ".join((view.entity, *seller.address)),
        "address": [breakable(one) for one in address],
        "description": "\n".join(
            address
        ),  # in the metadata: whoever hands the letter over reads there whom it is for
        "registered": speaker.say("letter.registered") if view.channel == "registered" else None,
        "date_line": speaker.say("letter.date", language.formats.long_date(view.on_date)),
        "blocks": Writer(view, speaker, language, names).letter(),
        "swiss": _swiss(view, language),
        "swiss_alt": speaker.say("qr.alt"),
    }
    return typesetter(templates).pdf(FILE, data, on_date=view.on_date)


def frame(view: View, speaker: Speaker, language: Language) -> Block:
    """What every page of any document carries, and its metadata; no window, no payment part."""
    locale = language.formats.locale
    return {
        "title": speaker.say("subject"),
        "author": view.entity,
        "description": None,
        "date": [view.on_date.year, view.on_date.month, view.on_date.day],
        "lang": locale.language,
        "region": locale.territory or None,
        "page": speaker.say("statement.page"),
        "footer": breakable(speaker.say("footer")),
        "window": None,
        "margin": 20,
        "swiss": None,
    }


class Writer:
    """The blocks of a document, in the order in which they are read."""

    def __init__(self, view: View, speaker: Speaker, language: Language, names: Mapping[str, Any]) -> None:
        self._view = view
        self._say = speaker.say
        self._paragraphs = speaker.paragraphs
        self._formats = language.formats
        self._names = names

    def letter(self) -> list[Block]:
        """The whole letter, from its subject to the signature."""
        view = self._view
        formal = self._names["tone"] == "formal" or not view.personal
        subject = f"{self._say('letter.subject')}{self._say('colon')}{self._say('subject')}"
        return [
            {"kind": "title", "text": breakable(subject)},
            _p(self._say("greeting_formal" if formal else "greeting")),
            *(_p(one) for one in self._paragraphs("opening")),
            *self._demanded(),
            *([_p(self._say("credit", self._formats.money(view.credit)))] if view.credit else []),
            *(_p(one) for one in self._paragraphs("request")),
            *self._reserved(),
            *self._pay(),
            *(self._section("announced", view.announced, "announce") if view.lead else []),
            *self._section("mentioned", view.mentioned, "mention"),
            *self._files(),
            *([_p(self._say("already_paid"))] if view.totals else []),
            *([_p(self._say("questions"))] if view.reply_to else []),
            self._sign(),
        ]

    def _demanded(self) -> list[Block]:
        view = self._view
        kind = "demand" if view.lead else "announce"
        blocks = self._invoices(view.rows, kind) if view.rows else []
        return [*blocks, *self._section("lower", view.lower, "demand"), *self._charged(), *self._totals()]

    def _section(self, name: str, rows: Sequence[Row], kind: str) -> list[Block]:
        if not rows:
            return []
        return [
            {"kind": "h", "text": self._say(f"sections.{name}")},
            {"kind": "soft", "text": self._say(f"{name}_intro", len(rows))},
            *self._invoices(rows, kind),
        ]

    def _invoices(self, rows: Sequence[Row], kind: str) -> list[Block]:
        columns = [
            self._say("columns.invoice"),
            *(self._say(f"statement.columns.{one}") for one in ("issued", "due", "amount")),
            self._say("columns.to_pay" if kind == "demand" else "columns.open"),
        ]
        table = {
            "kind": "invoices",
            "head": columns,
            "strong": kind != "mention",
            "rows": [self._row(row, kind) for row in rows[:MOST_ROWS]],
        }
        return [table, *self._more(len(rows))]

    def _more(self, count: int) -> list[Block]:
        """How many rows are not listed, and where they are."""
        more = count - MOST_ROWS
        if more <= 0:
            return []
        return [_p(self._say(f"more.{self._view.all_rows_in}", self._formats.number(more)))]

    def _row(self, row: Row, kind: str) -> Block:
        asked = row.demand if kind == "demand" and row.demand else row.open
        number = self._say("po", row.po_number) if row.po_number else None
        return {
            "number": breakable(row.invoice_id),
            "about": " · ".join(breakable(one) for one in (row.description, number) if one) or None,
            "issued": self._formats.short_date(row.issue_date),
            "due": self._formats.short_date(row.due_date),
            "due_notes": self._due_notes(row, kind),
            "amount": self._formats.money(row.amount),
            "asked": self._formats.money(asked),
            "asked_notes": [
                self._say(word, self._formats.money(amount))
                for word, amount in (("in_dispute", row.in_dispute), ("covered", row.covered))
                if amount
            ],
        }

    def _due_notes(self, row: Row, kind: str) -> list[str]:
        if kind == "mention":
            return [self._say(f"states.{row.state}")]
        if row.days_late > 0:
            return [self._say("late", row.days_late)]
        return [self._say("due_today")] if row.days_late == 0 else []

    def _charged(self) -> list[Block]:
        charged = self._names["charged"]
        if not charged:
            return []
        intro = self._say(f"claims.intro.{charged}", self._formats.long_date(self._view.on_date))
        heading: Block = {"kind": "h", "text": self._say("claims.heading")}
        return [heading, _p(intro), self._charge_table(), *self._more(len(self._view.charge_lines))]

    def _reserved(self) -> list[Block]:
        """Charges without a sum."""
        charges = self._names["charges"]
        told = self._names["charged"] and not self._view.charges_missing
        return [_p(self._say(f"charges.{charges}"))] if charges and not told else []

    def _charge_table(self) -> Block:
        def money(value: Money | None) -> str:
            return self._formats.money(value) if value is not None else "–"

        return {
            "kind": "charges",
            "head": [self._say("columns.invoice"), self._say("claims.interest"), self._say("claims.compensation")],
            "rows": [
                [breakable(line.invoice_id), money(line.interest), money(line.compensation)]
                for line in self._view.charge_lines[:MOST_ROWS]
            ],
        }  # fmt: skip

    def _totals(self) -> list[Block]:
        view = self._view
        parts = (
            ("claims.principal", view.totals if self._names["charged"] else ()),
            ("claims.interest", view.interest_totals),
            ("claims.compensation", view.compensation_totals),
        )
        label = self._say("total" if view.totals else "total_announced")
        asked = view.grand_totals or view.announced_totals
        sums = [(self._say(name), one, False) for name, totals in parts for one in totals]
        sums += [(label, one, True) for one in asked]
        return sums_of(sums, self._formats)

    def _pay(self) -> list[Block]:
        view = self._view
        heading: Block = {"kind": "h", "text": self._say("sections.pay")}
        if view.bank is None:
            return [heading, _p(self._say("no_bank"))]
        rows: list[tuple[str, str | None, str]] = [
            ("bank.holder", view.bank.holder, "text"),
            ("bank.iban", view.bank.iban, "code"),
            ("bank.bic", view.bank.bic, "code"),
            ("bank.reference", self._names["reference"], "code"),
            ("online.see", view.link, "link"),
            ("online.card", view.card_link, "link"),
        ]
        epc, swiss = (view.payment.epc, view.payment.swiss) if view.payment else (None, None)
        box = {
            "kind": "pay",
            "rows": [[self._say(name), breakable(value), how, value] for name, value, how in rows if value],
            "qr": epc_svg(epc) if epc else None,
            "qr_alt": self._say("qr.alt"),
            "qr_label": None,
        }  # fmt: skip
        note = "qr.text" if epc else "qr.swiss" if swiss else None
        notes = [_p(self._say(note))] if note else []
        return [heading, *notes, box]

    def _files(self) -> list[Block]:
        view = self._view
        elsewhere = "files.on_page" if view.link else "files.on_request"
        lists = (("files.attached", view.attachments), (elsewhere, view.left_out))
        return [
            block
            for name, files in lists
            if files
            for block in (
                {"kind": "h", "text": self._say(name)},
                {"kind": "list", "items": [breakable(one) for one in files]},
            )
        ]

    def _sign(self) -> Block:
        view = self._view
        names = [view.signatory] if view.signatory == view.entity else [view.signatory, view.entity]
        return {
            "kind": "sign",
            "closing": self._say(f"closing.{self._names['tone']}"),
            "space": _SIGNATURE_MM.get(view.channel, 4),
            "signatory": [breakable(one) for one in names],
        }


def sums_of(sums: Sequence[tuple[str, Money, bool]], formats: Formats) -> list[Block]:
    """Labels with their sums, the ones that are asked for in bold; of several currencies only the first is labelled."""
    above = ["", *(label for label, _, _ in sums)]
    rows = [
        [label if label != before else "", formats.money(one), heavy]
        for (label, one, heavy), before in zip(sums, above, strict=False)
    ]
    return [{"kind": "sums", "rows": rows}] if rows else []


def _p(text: str) -> Block:
    return {"kind": "p", "text": breakable(text)}


def _address(view: View, speaker: Speaker, country: str | None, language: Language) -> list[str]:
    lines = lines_of(view.recipient)
    abroad = country_line(lines, view.payer.country, country, language.folder)
    person = speaker.say("letter.to") if view.person else None
    return [one for one in (view.payer.name, person, *lines, abroad) if one]


def _swiss(view: View, language: Language) -> str | None:
    """The payment part as SVG, in the one font of those that the guidelines allow which comes along."""
    text = view.payment.swiss if view.payment else None
    return _FONTS.sub('font-family="Liberation Sans"', swiss_svg(text, language.folder)) if text else None
