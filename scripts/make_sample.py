#!/usr/bin/env python3
"""Makes include/sample: the ledgers of two entities with every kind of trouble, the same bytes each time.

    make sample                 or: python scripts/make_sample.py [--out DIR]

All dates lie around DAY, the day that `make demo` plays. Nothing in it is real: companies are named after
minerals, people are roles, addresses end in `.example`, telephone numbers come from ranges kept
for fiction.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

DAY = date(2026, 6, 16)
SEED = 20260616
OUT = Path(__file__).resolve().parents[1] / "include" / "sample"

COLUMNS = {
    "customers": "customer_id name country language segment vip payer_id group_id payment_method"
    " sales_owner collector status legal_form",
    "contacts": "contact_id customer_id name role email phone opt_out active",
    "invoices": "invoice_id term kind customer_id payer_id ship_to_id issue_date due_date amount currency"
    " status po_number description delivery_status credits_invoice_id",
    "payments": "payment_id customer_id date amount currency invoice_id method",
    "signals": "customer_id kind from until owner note",
}
_STONES = """
Agate Basalt Beryl Calcite Cobalt Diorite Dolomite Feldspar Flint Fluorite Gabbro Galena Garnet
Gneiss Granite Graphite Gypsum Halite Hematite Jasper Kaolin Limestone Magnetite Malachite Marble
Mica Obsidian Olivine Onyx Opal Porphyry Pumice Pyrite Quartz Rutile Sandstone Schist Serpentine
Silica Slate Sodalite Spinel Sulfur Syenite Talc Topaz Tourmaline Travertine Tuff Turquoise Zeolite
Zircon
"""
STONES = _STONES.split()
GOODS = ("Lamps", "Installation", "Maintenance", "Spare parts", "Lighting study")
TRADES = ("Logistics", "Mills", "Foods", "Tools", "Textiles", "Optics")


@dataclass(frozen=True)
class Home:
    """What an entity's own country gives to its customers."""

    entity: str
    country: str
    language: str
    form: str
    phones: str
    phone_digits: int
    delimiter: str
    encoding: str
    count: int


HOMES = (
    Home("FR01", "FR", "fr", "SAS", "+3319900", 4, ",", "utf-8", 240),
    Home("DE01", "DE", "de", "GmbH", "+493023125", 3, ";", "utf-8-sig", 160),
)


@dataclass
class Ledger:
    """The five tables of one entity, filled story by story."""

    home: Home
    rng: random.Random
    rows: dict[str, list[dict[str, str]]] = field(default_factory=lambda: {table: [] for table in COLUMNS})

    def customer(self, **more: str) -> str:
        """A payer with two people to write to; `contacts=none` for one that nobody can reach."""
        number = len(self.rows["customers"]) + 1
        stone, round_ = STONES[(number - 1) % len(STONES)], (number - 1) // len(STONES)
        trade = TRADES[(number + round_) % len(TRADES)]
        key, domain = f"C{number:04d}", f"{stone}-{trade}.example".lower()
        contacts, email = more.pop("contacts", "all"), more.pop("email", f"accounts.payable@{domain}")
        row = {
            "customer_id": key, "name": f"{stone} {trade} {self.home.form}", "country": self.home.country,
            "language": self.home.language, "segment": self.rng.choice(("small", "mid", "mid", "large")),
            "payment_method": "transfer", "sales_owner": f"sales.{1 + number % 3}@lumen.example",
            "collector": f"collector.{1 + number % 2}@lumen.example",
            "status": "active", "legal_form": "company",
        }  # fmt: skip
        self.rows["customers"].append({**row, **more})
        if contacts == "all":
            self.contact(key, 1, "accounts_payable", "Accounts payable", email, phone=number % 6 == 0)
            self.contact(key, 2, "finance_lead", "Head of finance", f"finance@{domain}", phone=True)
        return key

    def contact(
        self,
        customer: str,
        number: int,
        role: str,
        name: str,
        email: str,
        *,
        phone: bool = False,
        **more: str,
    ) -> None:
        """A person, named by role."""
        number_at_home = f"{len(self.rows['contacts']):0{self.home.phone_digits}d}"
        row = {
            "contact_id": f"{customer}-{number}",
            "customer_id": customer,
            "name": name,
            "role": role,
            "email": email,
            "phone": f"{self.home.phones}{number_at_home}" if phone else "",
            "active": "true",
        }
        self.rows["contacts"].append({**row, **more})

    def invoice(
        self, customer: str, late: int, amount: float | None = None, *, days: int = 30, **more: str
    ) -> str:
        """An invoice that is `late` days late on DAY (negative: not due yet), payable `days` after issue."""
        number = (
            sum(row["kind"] == "invoice" and row["term"] in {"", "1"} for row in self.rows["invoices"]) + 1
        )
        due = DAY - timedelta(days=late)
        value = amount if amount is not None else round(self.rng.lognormvariate(7.2, 1.0), 2)
        kind = more.get("kind", "invoice")
        key = more.pop("invoice_id", f"{'CN' if kind == 'credit_note' else self.home.country}-{number:05d}")
        row = {
            "invoice_id": key, "term": "", "kind": "invoice", "customer_id": customer,
            "issue_date": str(due - timedelta(days=days)), "due_date": str(due), "amount": f"{value:.2f}",
            "currency": "EUR", "status": "open", "po_number": f"PO-{self.rng.randrange(10_000, 99_999)}",
            "description": self.rng.choice(GOODS),
            "delivery_status": "delivered",
        }  # fmt: skip
        self.rows["invoices"].append({**row, **more})
        return key

    def credit_note(self, customer: str, amount: float, *, credits_invoice: str = "", **more: str) -> str:
        """A credit note, linked to an invoice or not."""
        number = sum(row["kind"] == "credit_note" for row in self.rows["invoices"]) + 1
        key = f"CN-{self.home.country}-{number:04d}"
        return self.invoice(
            customer,
            5,
            amount,
            days=0,
            kind="credit_note",
            invoice_id=key,
            credits_invoice_id=credits_invoice,
            **more,
        )

    def pay(self, customer: str, ago: int, amount: float, invoice: str = "", **more: str) -> None:
        """Money that came (or, negative, went) `ago` days before DAY."""
        row = {
            "payment_id": f"P{len(self.rows['payments']) + 1:05d}", "customer_id": customer,
            "date": str(DAY - timedelta(days=ago)), "amount": f"{amount:.2f}", "currency": "EUR",
            "invoice_id": invoice, "method": "transfer",
        }  # fmt: skip
        self.rows["payments"].append({**row, **more})

    def signal(self, customer: str, kind: str, since: int, lasts: int | None, note: str) -> None:
        """Something that CRM, support or a registry says."""
        start = DAY - timedelta(days=since)
        until = "" if lasts is None else str(start + timedelta(days=lasts))
        row = {
            "customer_id": customer,
            "kind": kind,
            "from": str(start),
            "until": until,
            "owner": "sales.1@lumen.example",
        }
        self.rows["signals"].append({**row, "note": note})

    def write(self, folder: Path) -> None:
        """The tables as CSV, each in the entity's own dialect."""
        folder.mkdir(parents=True, exist_ok=True)
        for table, columns in COLUMNS.items():
            with (folder / f"{table}.csv").open("w", encoding=self.home.encoding, newline="") as file:
                writer = csv.DictWriter(
                    file, columns.split(), restval="", delimiter=self.home.delimiter, lineterminator="\n"
                )
                writer.writeheader()
                writer.writerows(self.rows[table])


def delivery_and_disputes(book: Ledger) -> None:
    """What the platform says of an invoice stops it, and no other of the same payer."""
    for status, late in (
        ("draft", 12),
        ("rejected", 20),
        ("refused", 25),
        ("disputed", 40),
        ("approved", 9),
        ("sent", 9),
    ):
        payer = book.customer()
        book.invoice(payer, late, delivery_status=status)
        book.invoice(payer, late - 2)
    for status in ("cancelled", "written_off", "assigned"):
        book.invoice(book.customer(), 50, status=status)


def money_in_part(book: Ledger) -> None:
    """Partial payments, credit in all its forms, reversals, refunds."""
    partly = book.customer()
    book.pay(partly, 4, 400.0, book.invoice(partly, 22, 1000.0))
    noted = book.customer()
    book.credit_note(noted, 250.0, credits_invoice=book.invoice(noted, 18, 900.0))
    book.credit_note(noted, 600.0, credits_invoice=book.invoice(noted, 16, 600.0))
    loose = book.customer()
    book.invoice(loose, 15, 300.0)
    book.invoice(loose, 9, 500.0)
    book.credit_note(loose, 450.0)
    over = book.customer()
    book.pay(over, 30, 1500.0, book.invoice(over, 35, 1200.0))
    book.invoice(over, 11, 200.0)
    cash = book.customer()
    book.invoice(cash, 10, 750.0)
    book.pay(cash, 3, 750.0)
    reversed_now, reversed_then = book.customer(), book.customer()
    for payer, ago in ((reversed_now, 3), (reversed_then, 20)):
        one = book.invoice(payer, 28, 880.0)
        book.pay(payer, 26, 880.0, one)
        book.pay(payer, ago, -880.0, one, method="chargeback")
    refunded = book.customer()
    note = book.credit_note(refunded, 120.0)
    book.pay(refunded, 2, -120.0, note, method="refund")
    book.invoice(refunded, 12, 640.0)
    astray = book.customer()
    book.invoice(astray, 13, 410.0)
    book.pay(astray, 6, 90.0, "LOST-00001")
    book.pay(astray, 6, 60.0, book.invoice(astray, 14, 260.0), currency="USD")


def collections_by_bank(book: Ledger) -> None:
    """Direct debits and bills: waited for, collected, refused."""
    waiting, collected, refused, bill = (
        book.customer(payment_method=method)
        for method in ("direct_debit", "direct_debit", "direct_debit", "bill_of_exchange")
    )
    book.invoice(waiting, 2, 320.0)
    book.pay(collected, 3, 520.0, book.invoice(collected, 4, 520.0), method="direct_debit")
    bounced = book.invoice(refused, 9, 470.0)
    book.pay(refused, 9, 470.0, bounced, method="direct_debit")
    book.pay(refused, 6, -470.0, bounced, method="chargeback")
    book.invoice(bill, 3, 2600.0)


def holds_of_the_payer(book: Ledger) -> None:
    """Insolvency, litigation, what sales and support ask for; and what has lapsed."""
    for status in ("insolvency", "litigation", "closed"):
        payer = book.customer(status=status)
        book.invoice(payer, 70)
        book.invoice(payer, 12)
    for kind, since, lasts, note in (
        ("insolvency_notice", 15, 10, "opened proceedings, published in the gazette"),
        ("support_ticket", 5, 20, "half of the lamps flicker"),
        ("negotiation", 10, None, "renewal of the frame contract"),
        ("commercial_hold", 2, 14, "sales asks for two weeks"),
        ("support_ticket", 60, 10, "solved in April"),
        ("churn_risk", 12, None, "asked for terms of notice"),
    ):
        payer = book.customer()
        book.signal(payer, kind, since, lasts, note)
        book.invoice(payer, 17)


def people(book: Ledger) -> None:
    """Nobody to write to, opted out, many payers behind one address."""
    book.invoice(book.customer(contacts="none"), 21, 1300.0)
    gone = book.customer(contacts="none")
    book.contact(
        gone, 1, "accounts_payable", "Accounts payable", "accounts.payable@gone.example", active="false"
    )
    book.invoice(gone, 19, 870.0)
    silent = book.customer(contacts="none")
    book.contact(
        silent,
        1,
        "accounts_payable",
        "Accounts payable",
        "accounts.payable@silent.example",
        opt_out="email|sms",
    )
    book.invoice(silent, 19, 560.0)
    for _ in range(7):
        payer = book.customer(email="invoices@shared-services.example", group_id="G-SHARED", segment="large")
        book.invoice(payer, 8 + book.rng.randrange(4))


def who_pays(book: Ledger) -> None:
    """Billed to one, delivered to another, paid by a third; payable in terms."""
    head = book.customer(segment="large")
    for _ in range(3):
        branch = book.customer(payer_id=head)
        book.invoice(branch, 10 + book.rng.randrange(20), ship_to_id=branch)
    once = book.customer()
    book.invoice(once, 14, payer_id=head)
    terms = book.customer()
    for late in (32, 2):
        key = book.invoice(terms, late, 900.0, term="1")
        for term in (2, 3):
            later = late - 30 * (term - 1)
            book.invoice(terms, later, 900.0, days=30 * term, term=str(term), invoice_id=key)
        book.pay(terms, 20, 1200.0 if late > 30 else 0.0, key)


def currencies_and_sizes(book: Ledger) -> None:
    """Other currencies, other countries, tiny amounts, large ones, VIPs."""
    for country, language, currency, amount in (
        ("GB", "en", "GBP", 1850.0), ("US", "en", "USD", 4200.0), ("CH", "de", "CHF", 990.5),
        ("BE", "fr-BE", "EUR", 730.0), ("JP", "ja", "JPY", 250_000.0), ("LU", "fr", "EUR", 515.0),
    ):  # fmt: skip
        payer = book.customer(country=country, language=language)
        book.invoice(payer, 10, amount, currency=currency)
        if currency == "JPY":
            book.rows["invoices"][-1]["amount"] = f"{amount:.0f}"
        book.invoice(payer, 12, 640.0)
    for amount in (1.2, 4.99, 8.5):
        book.invoice(book.customer(segment="mid"), 26, amount)
    for vip in range(3):
        book.invoice(book.customer(vip="true", segment="large"), 15 + 5 * vip)
    large = book.customer(segment="large")
    book.invoice(large, 24, 61_500.0)
    book.invoice(large, 6, 12_400.0)
    book.invoice(book.customer(), 33, 7_300.0)
    zero = book.customer()
    book.invoice(zero, 12, 0.0, description="Sample without charge")
    book.invoice(zero, 13, 190.0)


def calendar_edges(book: Ledger) -> None:
    """Due in five days, today, yesterday; just issued; long forgotten."""
    for late in (-30, -5, -5, -4, -1, 0, 0, 1, 6, 7, 8):
        book.invoice(book.customer(segment="mid"), late)
    book.invoice(book.customer(), 12, days=-10)
    for late in (91, 95, 120, 180, 260, 410):
        payer = book.customer()
        book.invoice(payer, late, 2000.0 + 10 * late)
        book.invoice(payer, 20)
    for late in (-1, -2):
        book.invoice(book.customer(), late, days=2)
    book.invoice(book.customer(), -40, days=30)


STORIES: tuple[Callable[[Ledger], None], ...] = (
    delivery_and_disputes,
    money_in_part,
    collections_by_bank,
    holds_of_the_payer,
    people,
    who_pays,
    currencies_and_sizes,
    calendar_edges,
)


def ordinary_life(book: Ledger) -> None:
    """The rest: customers of every habit, until the entity has its number of invoices."""
    habits = [(0.45, -2), (0.25, 6), (0.15, 20), (0.15, 200)]
    payers = [(book.customer(), lag) for share, lag in habits for _ in range(round(share * 14))]
    while _invoices(book) < book.home.count:
        payer, lag = book.rng.choice(payers)
        late = book.rng.randrange(-28, 130)
        amount = round(book.rng.lognormvariate(7.2, 1.0), 2)
        key = book.invoice(payer, late, amount)
        if late > lag + (drift := book.rng.randrange(-3, 6)):
            book.pay(payer, late - lag - drift, amount, key)


def bad_rows(book: Ledger) -> None:
    """A few rows that a broken line in an ERP makes: quarantined, one by one, with their place."""
    payer = book.rows["customers"][0]["customer_id"]
    book.contact(payer, 9, "buyer", "Purchasing", "purchasing at agate")
    spoilt: tuple[dict[str, str], ...] = (
        {"customer_id": "C9999"},
        {"due_date": "2026-02-30"},
        {"amount": "-120.00"},
        {"currency": "EURO"},
        {"issue_date": "2027-09-01", "due_date": "2026-05-01"},
    )
    for number, change in enumerate(spoilt, start=1):
        book.invoice(payer, 12, 150.0, invoice_id=f"BAD-{number}")
        book.rows["invoices"][-1].update(change)
    book.pay(payer, 5, 10.0)
    book.rows["payments"][-1]["amount"] = "ten"


def _invoices(book: Ledger) -> int:
    return len({row["invoice_id"] for row in book.rows["invoices"] if row["kind"] == "invoice"})


def build(home: Home) -> Ledger:
    """The whole ledger of one entity."""
    book = Ledger(home, random.Random(f"{SEED} {home.entity}"))  # noqa: S311 — made data, not secrets
    for story in STORIES:
        story(book)
    ordinary_life(book)
    bad_rows(book)
    return book


def main(arguments: Iterable[str] | None = None) -> None:
    """Write the folders."""
    parser = argparse.ArgumentParser(description="Makes the sample ledgers, the same bytes each time.")
    parser.add_argument("--out", type=Path, default=OUT, help="where the entities' folders go")
    out: Path = parser.parse_args(None if arguments is None else list(arguments)).out
    for home in HOMES:
        build(home).write(out / home.entity)


if __name__ == "__main__":
    main()
