"""What the summary of a hand-over says: words and figures for a Typst file that only places them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from relance.config.models import Entity
from relance.delivery.typesetting import breakable
from relance.evidence.debt import Debt, Line
from relance.evidence.index import frame, hexadecimal
from relance.evidence.record import Record
from relance.evidence.words import Words
from relance.money import Money

Rows = list[list[str]]
Block = dict[str, Any]


def summary_data(
    debt: Debt, record: Record | None, documents: Sequence[tuple[str, str]], words: Words, *, seller: Entity
) -> dict[str, Any]:
    """Everything that is printed, as data of `_evidence/handover.typ`; `documents`: invoice and what became of its file."""
    writer = _Writer(debt, words, seller)
    say = words.say
    head = record.head if record else ""
    blocks: list[Block] = [
        writer.block("claims", "claim_columns", writer.claims("claimed"), laws=writer.laws()),
        writer.block("totals", "total_columns", writer.totals(), note=say("handover.total_note")),
        writer.block("notes", None, [[one] for one in writer.notes()]),
        writer.block("disputed", "claim_columns", writer.claims("disputed")),
        writer.block("not_due", "claim_columns", writer.claims("not_due")),
        writer.block("interest", "rate_columns", writer.rates()),
        writer.block("payments", "payment_columns", writer.payments()),
        writer.block("agreements", None, [[one] for one in writer.agreements()], none="no_agreements"),
        writer.block("said", "said_columns", writer.said(record), none="nothing_said"),
        writer.block("documents", None, [list(one) for one in documents], none="no_documents"),
    ]
    return {
        **frame(words, title=say("handover.title"), author=seller.name, head=head),
        "subtitle": say("handover.between", seller=seller.name, payer=str(debt.customer["name"])),
        "as_of": say("handover.as_of", date=words.formats.long_date(debt.as_of)),
        "creditor": {"heading": say("handover.creditor"), "rows": writer.creditor()},
        "debtor": {"heading": say("handover.debtor"), "rows": writer.debtor()},
        "contacts": writer.block("contacts", "contact_columns", writer.contacts()),
        "blocks": [one for one in blocks if one["rows"] or one["none"]],
        "proof": {
            "heading": say("handover.proof"),
            "text": say("handover.proof_text", head=hexadecimal(head), entries=len(record.entries)),
        }
        if record
        else None,
    }  # fmt: skip


class _Writer:
    """Rows of the summary."""

    def __init__(self, debt: Debt, words: Words, seller: Entity) -> None:
        self._debt = debt
        self._words = words
        self._seller = seller

    def block(
        self, name: str, columns: str | None, rows: Rows, *, none: str | None = None, note: str | None = None,
        laws: Sequence[str] = (),
    ) -> Block:  # fmt: skip
        """A table with its heading; `none`: the words where it is empty, without which it is left out."""
        return {
            "name": name,
            "heading": self._words.say(f"handover.{name}"),
            "columns": self._words.columns(f"handover.{columns}") if columns else [],
            "rows": [[breakable(cell) for cell in row] for row in rows],
            "none": self._words.say(f"handover.{none}") if none else None,
            "note": note,
            "laws": list(laws),
        }

    def creditor(self) -> Rows:
        """Who claims."""
        seller = self._seller
        bank = f"{seller.bank.holder or seller.name}, {_iban(seller.bank.iban)}" if seller.bank else None
        sender = seller.sender
        pairs = [
            ("name", f"{seller.name} ({seller.entity})"), ("bank", bank),
            ("contacts", (sender.reply_to or sender.email) if sender else None),
        ]  # fmt: skip
        return self._pairs(pairs)

    def debtor(self) -> Rows:
        """Who owes."""
        own = self._debt.customer
        form = own.get("legal_form")
        pairs = [
            ("name", own["name"]), ("number", self._debt.payer_id), ("registration", own.get("registration_no")),
            ("vat", own.get("vat_no")), ("form", self._words.named("handover.forms", form) if form else None),
            ("country", own.get("country")),
        ]  # fmt: skip
        return self._pairs(pairs)

    def contacts(self) -> Rows:
        """Who can be reached there."""
        return [
            [
                str(one.get("name") or "–"), self._words.named("handover.roles", one.get("role")), str(one.get("email") or "–"),
                str(one.get("phone") or "–"), " ".join(str(one.get("address") or "–").split()),
            ]
            for one in self._debt.contacts
        ]  # fmt: skip

    def claims(self, standing: str) -> Rows:
        """The invoices that stand so."""
        return [
            [
                line.invoice_id, self._words.day(line.issue_date), self._words.day(line.due_date), self._money(line.amount),
                self._money(line.paid), self._money(line.open), self._sums(line.interest), self._sums(line.compensation),
            ]
            for line in self._debt.of(standing)
        ]  # fmt: skip

    def totals(self) -> Rows:
        """A line a currency."""
        names = ("principal", "interest", "compensation", "total")
        return [
            [one["currency"], *(self._money(Money(one["currency"], one[name])) for name in names)]
            for one in self._debt.totals()
        ]

    def laws(self) -> list[str]:
        """The laws that the sums rest on."""
        found = {line.law for line in self._debt.of("claimed") if line.law and line.interest is not None}
        return [self._words.say("handover.law", law=one) for one in sorted(found)]

    def rates(self) -> Rows:
        """How the interest on each invoice was reckoned."""
        return [
            [
                line.invoice_id, self._words.day(one.start), self._words.day(one.end), str(one.days),
                self._words.percent(one.rate), self._money(Money(given.currency, one.base)),
                self._money(Money(given.currency, one.interest)),
            ]
            for line, given in self._given()
            for one in given.rate_periods
        ]  # fmt: skip

    def payments(self) -> Rows:
        """Money that came on these invoices."""
        return [
            [
                str(one["invoice_id"]), self._words.day(one["date"]), self._money(Money(one["currency"], one["amount"])),
                str(one["method"] or "–"),
            ]
            for one in self._debt.payments
        ]  # fmt: skip

    def notes(self) -> Iterator[str]:
        """What a reader must know before he claims anything."""
        say, debt = self._words.say, self._debt
        if debt.is_insolvent:
            yield say("handover.insolvent")
        for line in debt.lines:
            if line.missing:
                yield say("handover.rate_missing", invoice=line.invoice_id, reason=line.missing)
            if line.compensation_missing:
                yield say(
                    "handover.compensation_missing", invoice=line.invoice_id, reason=line.compensation_missing
                )
            yield from self._waivers(line)
        given = [one for _, one in self._given()]
        if any(one.provisional for one in given):
            yield say("handover.provisional")
        if figures := sorted({figure for one in given for figure in one.unverified}):
            yield say("handover.unverified", figures=", ".join(figures))
        for money in debt.credits:
            yield say("handover.credit", amount=self._money(money))

    def agreements(self) -> Iterator[str]:
        """Disputes, promises and instalment plans, oldest first within each."""
        say, words = self._words.say, self._words
        for case in self._debt.disputes:
            yield say("handover.dispute", date=words.day(case.opened_on), state=self._state(case.state))
        for promise in self._debt.promises:
            amount = self._money(Money(promise.currency, promise.amount))
            yield say(
                "handover.promise", amount=amount, due=words.day(promise.due_on), date=words.day(promise.made_on),
                state=self._state(promise.state),
            )  # fmt: skip
        for plan in self._debt.plans:
            yield say(
                "handover.plan",
                date=words.day(plan.made_on),
                parts=len(plan.parts),
                state=self._state(plan.state),
            )
            for part in plan.parts:
                yield say(
                    "handover.part", due=words.day(part.due_on), amount=self._money(Money(plan.currency, part.amount)),
                    paid=self._money(Money(plan.currency, part.paid)),
                )  # fmt: skip

    def said(self, record: Record | None) -> Rows:
        """Each message and each answer, by day."""
        if record is None:
            return []
        words, zone = self._words, ZoneInfo(self._seller.timezone)
        rows: list[tuple[Any, list[str]]] = []
        for one in record.messages:
            what = f"{one['step']} ({words.named('levels', one['level'])})"
            outcome = words.named("states", one["state"])
            if one["sent_at"]:
                outcome = f"{outcome}, {words.moment(one['sent_at'], zone)[:-3]}"
            rows.append((one["on_date"], [words.named("channels", one["channel"]), what, outcome]))
        for one in record.replies:
            text = words.named("replies", one["kind"])
            rows.append(
                (one["on_date"], [words.named("channels", one["channel"]), text, self._text(one["body"])])
            )
        rows.sort(key=lambda row: row[0])
        return [[words.day(day), *cells] for day, cells in rows]

    def _given(self) -> Iterator[tuple[Line, Any]]:
        for line in self._debt.of("claimed"):
            given = line.found.accrual.given if line.found else None
            if given is not None and line.interest is not None:
                yield line, given

    def _waivers(self, line: Line) -> Iterator[str]:
        for claim in line.found.claims if line.found else ():
            for one in claim.waivers:
                yield self._words.say(
                    "handover.waived", invoice=line.invoice_id, amount=self._money(one.amount),
                    kind=self._words.named("handover.kinds", claim.kind), date=self._words.day(one.on),
                )  # fmt: skip

    def _pairs(self, pairs: Sequence[tuple[str, Any]]) -> Rows:
        return [
            [self._words.say(f"handover.{name}"), breakable(str(value))] for name, value in pairs if value
        ]

    def _state(self, state: str) -> str:
        return self._words.named("handover.case_states", state)

    def _text(self, body: Mapping[str, Any]) -> str:
        return " ".join(str(body.get("text") or body.get("date") or "–").split())[:600]

    def _money(self, money: Money) -> str:
        return self._words.formats.money(money)

    def _sums(self, amounts: tuple[Money, ...] | None) -> str:
        return self._words.money(list(amounts)) if amounts else "–"


def _iban(iban: str) -> str:
    plain = iban.replace(" ", "")
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
