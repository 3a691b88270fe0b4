"""What a template sees of a contact: rows in groups, totals, bank details, names. Pure; built from the stored contact.

All text that comes from a ledger is cleaned here once: one line, no control characters, no direction overrides.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from relance.config.models import Entity
from relance.delivery.extras import NOTHING, ChargeLine, Extras
from relance.delivery.offices import is_office
from relance.delivery.payment import Payment, payment_of
from relance.money import Money
from relance.planning.content import items_of

NOTICE_DAYS = 8
"""Days that a formal notice gives to pay; usual in France for a *mise en demeure*."""

MOST_ROWS = 200
"""Of a group, in e-mails and letters: a list of thousands is cut off by mail programs, and nobody prints it."""

_TELLABLE = frozenset(
    {
        "due",
        "not_due",
        "disputed",
        "promised",
        "instalment_plan",
        "payment_announced",
        "direct_debit",
        "covered_by_credit",
    }
)
_LONGEST = 300
_BY_DUE = attrgetter("due_date", "issue_date", "invoice_id")


@dataclass(frozen=True, slots=True)
class Row:
    """One invoice as the payer sees it; `demand` is what is asked for (open less credit), None where nothing is.

    `in_dispute`: the part that the payer contests, where it is not all of it; nothing of it is asked for.
    """

    invoice_id: str
    po_number: str | None
    description: str | None
    issue_date: date
    due_date: date
    days_late: int
    amount: Money
    open: Money
    demand: Money | None
    level: str | None
    state: str
    in_dispute: Money | None = None

    @property
    def covered(self) -> Money | None:
        """What the payer's credit takes off a demanded row, or None."""
        contested = self.in_dispute.minor if self.in_dispute else 0
        if self.demand is None or self.demand.minor + contested >= self.open.minor:
            return None
        return Money(self.open.currency, self.open.minor - contested - self.demand.minor)


@dataclass(frozen=True, slots=True)
class Party:
    """A name with what identifies it."""

    name: str
    customer_id: str
    country: str | None
    vat_no: str | None


@dataclass(frozen=True, slots=True)
class Bank:
    """Where to pay; `iban` in groups of four."""

    holder: str
    iban: str
    bic: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """An amount that the payer has promised, and by when."""

    amount: Money
    due_date: date


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the words of a contact may name.

    `lead`: demanded rows of the contact's own level; `lower`: the other demanded ones; `announced`: not yet due;
    `mentioned`: shown with their state, not demanded. `totals` are of all demanded rows, `lead_totals` of the lead ones.
    `personal`: `person` is a human's name, so that one can be greeted by it; not that of an office ("Accounts payable").
    `charge_lines`: sums charged by invoice; `charges_missing`: why there are none although the step charges.
    `promise`: what a confirmation confirms, by date; all others have none.
    """

    key: str
    template: str
    level: str
    tone: str
    channel: str
    on_date: date
    deadline: date
    payer: Party
    person: str | None
    entity: str
    sender: str
    signatory: str
    reply_to: str | None
    bank: Bank | None
    recipient: str
    lead: tuple[Row, ...]
    lower: tuple[Row, ...]
    announced: tuple[Row, ...]
    mentioned: tuple[Row, ...]
    totals: tuple[Money, ...]
    lead_totals: tuple[Money, ...]
    announced_totals: tuple[Money, ...]
    credit: tuple[Money, ...]
    charges: frozenset[str]
    charge_lines: tuple[ChargeLine, ...] = ()
    charges_missing: str | None = None
    payment: Payment | None = None
    attachments: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    link: str | None = None
    card_link: str | None = None
    personal: bool = False
    promise: tuple[Part, ...] = ()

    @property
    def promised_totals(self) -> tuple[Money, ...]:
        """What the payer has promised, per currency."""
        return _totals(part.amount for part in self.promise)

    @property
    def most_rows(self) -> int:
        """How many rows of a group a message lists."""
        return MOST_ROWS

    @property
    def all_rows_in(self) -> str:
        """Where the rows are that a message does not list: "attached" with its statement, else "on_request"."""
        ends = tuple(
            f"_{self.on_date.isoformat()}.{ending}" for ending in ("pdf", "xlsx")
        )  # see statement.py
        return "attached" if any(name.endswith(ends) for name in self.attachments) else "on_request"

    @property
    def interest_totals(self) -> tuple[Money, ...]:
        """Interest charged, per currency."""
        return _totals([line.interest for line in self.charge_lines if line.interest])

    @property
    def compensation_totals(self) -> tuple[Money, ...]:
        """Fixed sums charged, per currency."""
        return _totals([line.compensation for line in self.charge_lines if line.compensation])

    @property
    def grand_totals(self) -> tuple[Money, ...]:
        """Everything that is asked for: demanded rows and charges, per currency."""
        if not self.charge_lines:
            return self.totals
        return _totals([*self.totals, *self.interest_totals, *self.compensation_totals])

    @property
    def rows(self) -> tuple[Row, ...]:
        """What the message is about: the lead rows, or what it announces where nothing is demanded."""
        return self.lead or self.announced

    @property
    def rows_totals(self) -> tuple[Money, ...]:
        """Totals of `rows`, per currency."""
        return self.lead_totals if self.lead else self.announced_totals

    @property
    def days_late(self) -> int:
        """The greatest lateness of what is demanded at this level, at least 0."""
        return max((row.days_late for row in self.lead), default=0)

    @property
    def due_date(self) -> date:
        """The earliest due date of `rows`."""
        return min((row.due_date for row in self.rows), default=self.on_date)

    @property
    def reference(self) -> str:
        """What the payer writes on the transfer: the one invoice's number, else the customer's."""
        return _reference(self.lead + self.lower or self.announced, self.payer)


def clean(text: object) -> str:
    """A ledger's text as one safe line: control and direction characters out, white space single, 300 characters at most."""
    line = text if isinstance(text, str) else str(text)
    if not line.isascii():
        line = unicodedata.normalize("NFC", line)
    # What can be printed, as nearly all text, has none of the characters that are looked for one by one.
    line = " ".join((line if line.isprintable() else _printable(line)).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _printable(text: str) -> str:
    kept = []
    for character in unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8")):
        category = unicodedata.category(character)
        if category in {"Cc", "Zl", "Zp", "Zs"}:
            kept.append(" ")
        elif category not in {"Cf", "Cs", "Co", "Cn"} or character in "\u200d\u200c":
            kept.append(character)
    return "".join(kept)


def build(contact: Mapping[str, Any], entity: Entity, extras: Extras = NOTHING) -> View:
    """The view of a stored contact (a row of `contact`).

    Raises:
        KeyError, ValueError: when the contact's content lacks what a message needs; the caller fails that contact alone.
    """
    content = contact["content"]
    rows = [_row(item) for item in items_of(content)]
    demanded = [row for row in rows if row.demand]
    lead = _by_due(row for row in demanded if row.level == contact["level"])
    announced = _by_due(row for row in rows if row.level and not row.demand)
    lower = _by_due(row for row in demanded if row.level != contact["level"])
    totals = _totals(row.demand for row in demanded if row.demand)
    announced_totals = _totals(row.open for row in announced)
    payer = _party(content["payer"])
    promise = _promise(content)
    sums = [sum_ for line in extras.charges for sum_ in (line.interest, line.compensation) if sum_]
    payment = payment_of(
        entity=entity,
        payer=payer.name,
        reference=_reference(lead + lower or announced, payer),
        totals=_totals(one.amount for one in promise[:1]) or _totals([*totals, *sums]) or announced_totals,
    )
    return View(
        key=contact["key"],
        template=content["template"],
        level=contact["level"],
        tone=content.get("tone") or "neutral",
        channel=contact["channel"] or "internal",
        on_date=contact["as_of"],
        deadline=contact["as_of"] + timedelta(days=NOTICE_DAYS),
        payer=payer,
        person=_person(content.get("person")),
        entity=clean(entity.name),
        sender=clean((entity.sender and entity.sender.name) or entity.name),
        signatory=clean((entity.sender and entity.sender.signatory) or entity.name),
        reply_to=(entity.sender.reply_to or entity.sender.email) if entity.sender else None,
        bank=_bank(entity),
        recipient=clean(contact["recipient"] or ""),
        lead=lead,
        lower=lower,
        announced=announced,
        mentioned=_by_due(row for row in rows if not row.level),
        totals=totals,
        lead_totals=_totals(row.demand for row in lead if row.demand),
        announced_totals=announced_totals,
        credit=tuple(Money(one["currency"], one["amount"]) for one in content.get("credit") or ()),
        charges=frozenset(content.get("charges") or ()),
        charge_lines=extras.charges,
        charges_missing=extras.charges_missing,
        payment=payment,
        attachments=tuple(one.name for one in extras.attachments),
        left_out=extras.left_out,
        link=extras.link,
        card_link=extras.card_link,
        personal=_is_personal(content.get("person")),
        promise=promise,
    )


def _reference(rows: Sequence[Row], payer: Party) -> str:
    return rows[0].invoice_id if len(rows) == 1 else payer.customer_id


def _row(item: Mapping[str, Any]) -> Row:
    currency = item["currency"]
    state = item["state"]
    return Row(
        invoice_id=clean(item["invoice_id"]),
        po_number=_optional(item.get("po_number")),
        description=_optional(item.get("description")),
        issue_date=_date(item["issue_date"]),
        due_date=_date(item["due_date"]),
        days_late=item["days_late"],
        amount=Money(currency, item["amount"]),
        open=Money(currency, item["open"]),
        demand=None if item["demand"] is None else Money(currency, item["demand"]),
        level=item["level"],
        # Why we rest inside the house (snoozed, waiting for a yes …) is not the payer's to read.
        state=state if state in _TELLABLE else ("due" if item["days_late"] >= 0 else "not_due"),
        in_dispute=Money(currency, item["in_dispute"]) if item.get("in_dispute") else None,
    )


def _promise(content: Mapping[str, Any]) -> tuple[Part, ...]:
    told = content.get("promise") or {}
    parts = [
        Part(Money(one["currency"], one["amount"]), _date(one["due_on"])) for one in told.get("parts") or ()
    ]
    return tuple(sorted(parts, key=attrgetter("due_date")))


def _by_due(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=_BY_DUE))


def _totals(amounts: Iterable[Money]) -> tuple[Money, ...]:
    sums: dict[str, int] = {}
    for money in amounts:
        sums[money.currency] = sums.get(money.currency, 0) + money.minor
    return tuple(Money(currency, sums[currency]) for currency in sorted(sums))


def _date(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _optional(text: object) -> str | None:
    return (clean(text) or None) if text is not None else None


def _party(payer: Mapping[str, Any]) -> Party:
    return Party(
        name=clean(payer["name"]),
        customer_id=clean(payer["customer_id"]),
        country=payer.get("country"),
        vat_no=_optional(payer.get("vat_no")),
    )


def _person(person: Mapping[str, Any] | None) -> str | None:
    return _optional(person.get("name")) if person else None


def _is_personal(person: Mapping[str, Any] | None) -> bool:
    name = _person(person)
    return bool(person and name) and not is_office(name or "", (person or {}).get("role"))


def _bank(entity: Entity) -> Bank | None:
    if entity.bank is None:
        return None
    iban = entity.bank.iban.replace(" ", "")
    groups: Sequence[str] = [iban[start : start + 4] for start in range(0, len(iban), 4)]
    return Bank(holder=clean(entity.bank.holder or entity.name), iban=" ".join(groups), bic=entity.bank.bic)
