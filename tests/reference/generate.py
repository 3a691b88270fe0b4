"""Small nasty ledgers, policies, case holds and histories, made from a seed.

`generate(seed)` gives a `Case`; the same seed gives the same case. `write(case, folder)` lays it out as the
command line wants it: `config/` (YAML) and `extracts/<number>-<date>/` (one CSV a table), so that any
implementation can be asked the same question.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from relance.money import digits, to_decimal, to_minor
from tests.reference.ledger import item_id
from tests.reference.play import play, played

ENTITY = "FR01"
CHANNELS = ["email", "sms", "whatsapp", "voice", "letter", "registered"]
ROLES = ["accounts_payable", "finance_lead", "executive", "buyer", "legal"]
SIGNALS = ["support_ticket", "negotiation", "commercial_hold", "churn_risk", "insolvency_notice"]
DELIVERY = ["draft", "sent", "delivered", "rejected", "refused", "disputed", "approved"]
HOLDS = ["disputed", "promised", "snoozed", "instalment_plan", "payment_announced", "commercial_hold"]
SEGMENTS = ["small", "large"]
METHODS = ["transfer", "direct_debit", "bill_of_exchange", "card", "cheque"]
# Weekends of Friday and Saturday, moved workdays, and a country without holidays are among them.
COUNTRIES = ["FR", "DE", "GB", "IT", "ES", "BE", "SA", "AE", "IL", "JP", "TN", "HU", "AQ"]
CURRENCIES = ["EUR", "USD", "JPY", "TND"]
COLUMNS = {
    "customers": "customer_id name country language segment vip payer_id payment_method collector status",
    "contacts": "contact_id customer_id name role email phone whatsapp address language preferred_channel "
    "opt_out active",
    "invoices": "invoice_id term kind customer_id payer_id ship_to_id issue_date due_date amount currency "
    "status po_number delivery_status credits_invoice_id",
    "payments": "payment_id customer_id date amount currency invoice_id method",
    "signals": "customer_id kind from until owner note",
}

Row = dict[str, Any]


@dataclass
class Case:
    """One question to both implementations."""

    seed: int
    ledger: dict[str, Any]
    policy: dict[str, Any]
    holds: list[Row]
    history: list[Row]
    first: date
    approvals: str = "all"


@dataclass
class Maker:
    """A random source with the words the tables need."""

    rng: random.Random
    first: date
    currencies: list[str]
    customers: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    much: dict[str, float] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def trouble(self, name: str, share: float) -> bool:
        """Whether a trouble strikes: each case has none of it, a little, or much, so that none drowns the
        others."""
        if name not in self.much:
            self.much[name] = self.rng.choice([0, 0.5, 1, 2])
        return self.chance(share * self.much[name])

    def near(self, before: int, after: int) -> date:
        return self.first + timedelta(days=self.rng.randint(-before, after))

    def amount(self, currency: str) -> str:
        units = self.rng.choice([1, 9, 10, 40, 100, 250, 999, 5000, 12000]) * self.rng.randint(1, 9)
        small = 0 if self.chance(0.5) else self.rng.randint(0, 10 ** digits(currency) - 1)
        return str(to_decimal(units * 10 ** digits(currency) + small, currency))

    def money(self, currency: str, most: int) -> str:
        return f"{self.rng.randint(1, most)} {currency}"


def generate(seed: int) -> Case:
    """The case of a seed."""
    rng = random.Random(seed)
    # Leap day, year ends and movable feasts are all within reach.
    first = date(2023, 11, 1) + timedelta(days=rng.randint(0, 850))
    maker = Maker(rng, first, rng.sample(CURRENCIES, rng.choice([1, 1, 2, 3])))
    policy = make_policy(maker)
    ledger = make_ledger(maker)
    case = Case(seed, ledger, policy, [], [], first, rng.choice(["all", "all", "none"]))
    if maker.chance(0.7):
        case.holds = make_holds(maker)
    if maker.chance(0.6):
        case.history = make_history(maker, case)
    return case


# --- policy ---------------------------------------------------------------------------------------


def make_policy(maker: Maker) -> dict[str, Any]:
    rng = maker.rng
    scenarios = ["standard", "gentle", "fast"]
    entity = {
        "entity": ENTITY,
        "name": "Lumen SAS",
        "region": "home",
        "currency": "EUR",
        "timezone": "Europe/Paris",
        "default_scenario": "standard",
        "ledger": {"source": "files", "path": "ledger"},
        "max_ledger_age_days": 20 if maker.chance(0.05) else 3 if maker.chance(0.05) else 1000,
        "call_capacity": rng.choice([20, 2, 1, 1, 0]),
        "max_messages_per_address_per_day": rng.choice([5, 2, 1, 1]),
    }
    if maker.chance(0.35):
        entity["max_contacts_per_day"] = rng.choice([1, 1, 2, 3])
    return {
        "entities": {ENTITY: entity},
        "regions": {"home": make_region(maker)},
        "scenarios": {name: make_scenario(maker, name) for name in scenarios},
        "segments": {"rules": [make_rule(maker, number, scenarios) for number in range(rng.randint(0, 4))]},
    }


def make_region(maker: Maker) -> dict[str, Any]:
    rng = maker.rng
    country, subdivision = rng.choice([("FR", None), ("DE", "BY"), ("GB", "ENG"), ("ES", None), ("IT", None)])
    region: dict[str, Any] = {
        "region": "home",
        "country": country,
        "languages": rng.choice([["fr", "en"], ["de"], ["en-GB", "fr"], ["fr"]]),
    }
    if subdivision and maker.chance(0.5):
        region["subdivision"] = subdivision
    if maker.chance(0.2):
        region["business_days"] = rng.choice(
            [["mon", "tue", "wed", "thu"], ["sun", "mon", "tue", "wed", "thu"], ["mon", "thu"]]
        )
    if maker.chance(0.4):
        region["extra_holidays"] = sorted({maker.near(5, 60).isoformat() for _ in range(3)})
    return region


def make_scenario(maker: Maker, name: str) -> dict[str, Any]:
    rng = maker.rng
    scenario: dict[str, Any] = {
        "scenario": name,
        "min_days_between_levels": rng.choice([7, 7, 3, 10, 1, 0]),
        "min_days_between_contacts": rng.choice([3, 3, 1, 5, 0]),
        "max_contacts_per_30_days": rng.choice([10, 10, 6, 6, 4, 3, 2]),
        "promise_grace_days": rng.choice([2, 0, 4]),
        "collection_grace_days": rng.choice([5, 0, 12]),
        "min_days_after_issue": rng.choice([3, 0, 1, 10]),
        "call_patience_days": rng.choice([5, 5, 9, 1]),
    }
    if maker.chance(0.4):
        scenario["minimum"] = [maker.money(cur, 300) for cur in some(maker, maker.currencies)]
    scenario["steps"] = make_steps(maker)
    return scenario


def make_steps(maker: Maker) -> list[dict[str, Any]]:
    rng = maker.rng
    steps: list[dict[str, Any]] = []
    previous_day = -12
    for level, most in (("preventive", 2), ("level_1", 3), ("level_2", 2), ("level_3", 2), ("litigation", 1)):
        for number in range(rng.choice([0, 1, 2, most]) if level != "litigation" else rng.choice([0, 0, 1])):
            if level == "preventive":
                d = min(0, max(previous_day, rng.choice([-10, -5, -3, -1, 0])))
            else:
                d = max(
                    1,
                    previous_day + rng.choice([0, 1, 2, 3, 5, 7, 12]) + (20 if level == "litigation" else 0),
                )
            previous_day = d
            steps.append(make_step(maker, f"{level}_{'abc'[number]}", level, d))
    if not steps:
        steps.append(make_step(maker, "level_1_a", "level_1", 3))
    return steps


def make_step(maker: Maker, step_id: str, level: str, d: int) -> dict[str, Any]:
    rng = maker.rng
    kind = rng.choice(["message"] * 6 + ["call"] * 3 + ["internal"])
    if level == "litigation":
        kind = rng.choice(["handoff", "handoff", "message", "internal"])
    step: dict[str, Any] = {"id": step_id, "level": level, "day": d, "kind": kind, "template": "first"}
    if kind == "message":
        step["channels"] = rng.choice(
            [["email"], ["email"], ["email"], rng.sample(CHANNELS, 2), rng.sample(CHANNELS, 4)]
        )
    else:
        step["channels"] = ["call"] if kind == "call" else ["internal"]
    if maker.chance(0.25):
        step["audience"] = rng.sample(ROLES, rng.randint(1, 4))
    if level != "preventive" and maker.chance(0.25):
        step["min_overdue"] = [maker.money(cur, 5000) for cur in some(maker, maker.currencies)]
    if maker.chance(0.25):
        step["approval"] = {"role": "finance_lead"}
        if maker.chance(0.6):
            step["approval"]["over"] = [maker.money(cur, 8000) for cur in some(maker, maker.currencies)]
    return step


def some(maker: Maker, values: list[str]) -> list[str]:
    """At least one of them, each once."""
    return maker.rng.sample(values, maker.rng.randint(1, len(values)))


def make_rule(maker: Maker, number: int, scenarios: list[str]) -> dict[str, Any]:
    rng = maker.rng
    conditions = {
        "entity": rng.choice([[ENTITY], ["DE01"]]),
        "region": ["home"],
        "country": rng.sample(COUNTRIES, 4),
        "segment": [rng.choice(SEGMENTS)],
        "profile": ["good"],
        "risk": ["high"],
        "payment_method": rng.sample(METHODS, 2),
        "signal": rng.sample(SIGNALS, 2),
        "vip": rng.choice([True, False]),
        "outstanding_over": [maker.money(cur, 20000) for cur in some(maker, maker.currencies)],
        "overdue_over": [maker.money(cur, 10000) for cur in some(maker, maker.currencies)],
    }
    likely = ["overdue_over", "outstanding_over", "vip", "segment", "country", "payment_method", "signal"]
    names = rng.sample(likely, rng.randint(1, 2)) + (
        [rng.choice(list(conditions))] if maker.chance(0.2) else []
    )
    return {
        "name": f"rule {number}",
        "when": {name: conditions[name] for name in dict.fromkeys(names)},
        "scenario": rng.choice(scenarios),
    }


# --- ledger ---------------------------------------------------------------------------------------


def make_ledger(maker: Maker) -> dict[str, Any]:
    rng = maker.rng
    make_customers(maker)
    people = make_people(maker)
    for number in range(rng.randint(10, 60)):
        make_invoice(maker, number)
    for number in range(rng.choice([0, 0, 2, 4, 8])):
        make_note(maker, number)
    for number in range(rng.choice([0, 0, 1, 3, 6])):
        make_loose_payment(maker, number)
    signals = make_signals(maker)
    for rows in (maker.customers, people, maker.invoices, maker.payments, signals):
        rng.shuffle(rows)
    tables = {
        "customers": maker.customers,
        "contacts": people,
        "invoices": maker.invoices,
        "payments": maker.payments,
        "signals": signals,
    }
    start = maker.first - timedelta(days=rng.choice([50, 50, 2, 0]))
    extracts = [{"extract_date": start, **tables}]
    if maker.chance(0.5):
        for _ in range(rng.randint(1, 4)):
            start += timedelta(days=rng.randint(1, 25))
            extracts.append(next_extract(maker, extracts[-1], start))
    return {"entity": ENTITY, "extracts": extracts}


def make_customers(maker: Maker) -> None:
    rng = maker.rng
    countries = [*rng.sample(COUNTRIES, 2), "FR"]
    payers = [f"P{number:02}" for number in range(rng.randint(3, 12))]
    branches = [f"B{number:02}" for number in range(rng.randint(0, 4))]
    for customer_id in payers + branches:
        row = {"customer_id": customer_id, "name": f"Client {customer_id}", "country": rng.choice(countries)}
        row["language"] = rng.choice(["", "fr", "fr-BE", "en", "de-AT", "ja"])
        row["segment"] = rng.choice(["", *SEGMENTS])
        row["vip"] = rng.choice(["", "yes", "N", "true", "0"])
        row["payment_method"] = rng.choice(METHODS if maker.trouble("method", 0.4) else ["", "transfer"])
        row["collector"] = rng.choice(["", "one@lumen.example", "two@lumen.example"])
        row["status"] = rng.choice(["", "active", "active", "active", "closed"])
        if maker.trouble("status", 0.08):
            row["status"] = rng.choice(["insolvency", "litigation"])
        if customer_id in branches:
            # A branch of a branch shows that only one hop is taken.
            row["payer_id"] = rng.choice(payers + branches)
        maker.customers.append(row)


def make_people(maker: Maker) -> list[Row]:
    rng, people = maker.rng, []
    for customer in maker.customers:
        for _ in range(0 if maker.trouble("alone", 0.07) else rng.choice([1, 2, 3, 4])):
            row: Row = {
                "contact_id": f"C{rng.randint(0, 10**6):07}-{len(people)}",
                "customer_id": customer["customer_id"],
            }
            row["role"] = rng.choice(
                ROLES if maker.trouble("roles", 0.4) else ["", "accounts_payable", "finance_lead"]
            )
            if not maker.trouble("no_email", 0.2):
                shared = maker.trouble("shared", 0.5)
                row["email"] = "shared@pay.example" if shared else f"c{len(people)}@pay.example"
            if not maker.trouble("no_phone", 0.2):
                row["phone"] = f"+3312345{rng.randint(1000, 9999)}"
            if maker.chance(0.3):
                row["whatsapp"] = f"+3361234{rng.randint(1000, 9999)}"
            if maker.chance(0.4):
                row["address"] = f"{rng.randint(1, 99)} rue du Port"
            row["language"] = rng.choice(["", "", "fr", "en-US", "de", "pt"])
            row["preferred_channel"] = rng.choice(["", "", *CHANNELS, "call"])
            row["opt_out"] = "|".join(rng.sample([*CHANNELS, "call"], rng.choice([0, 0, 0, 1, 2])))
            row["active"] = "no" if maker.trouble("inactive", 0.15) else rng.choice(["", "true", "yes", "1"])
            people.append(row)
    return people


def make_invoice(maker: Maker, number: int) -> None:
    rng = maker.rng
    customer = rng.choice(maker.customers)["customer_id"]
    issue = maker.near(70, 35)
    row: Row = {
        "invoice_id": rng.choice([f"F{number:03}", f"f/{number:03}", f"{number:03}"]),
        "customer_id": customer,
        "issue_date": issue,
        "due_date": issue + timedelta(days=rng.choice([0, 8, 14, 14, 30, 30, 45, -5])),
        "currency": rng.choice(maker.currencies),
        "status": rng.choice(["", "open"]),
        "delivery_status": rng.choice(["", "", "sent", "delivered", "approved"]),
    }
    row["kind"] = rng.choice(["", "invoice"])
    if maker.trouble("closed", 0.1):
        row["status"] = rng.choice(["cancelled", "written_off", "assigned"])
    if maker.trouble("platform", 0.15):
        row["delivery_status"] = rng.choice(DELIVERY)
    row["amount"] = "0" if maker.chance(0.02) else maker.amount(row["currency"])
    if maker.trouble("third_party", 0.15):
        row["payer_id"] = rng.choice(maker.customers)["customer_id"]
    if maker.trouble("terms", 0.15):
        make_terms(maker, row)
        return
    maker.invoices.append(row)
    make_payments(maker, row)


def make_terms(maker: Maker, row: Row) -> None:
    rng = maker.rng
    rows = []
    for term in range(1, rng.randint(2, 3) + 1):
        due = row["due_date"] + timedelta(days=rng.choice([0, 30, 15]) * term)
        rows.append(row | {"term": str(term), "due_date": due, "amount": maker.amount(row["currency"])})
    rng.shuffle(rows)
    maker.invoices.extend(rows)
    if maker.chance(0.5):
        paid = maker.amount(row["currency"])
        on = row["issue_date"] + timedelta(days=rng.randint(0, 60))
        add_payment(maker, row, on, paid, row["invoice_id"])
        if maker.chance(0.3):
            # Never more than was paid without a term: what a larger reversal takes back isn't written
            # anywhere.
            add_payment(maker, row, on + timedelta(days=rng.randint(1, 30)), f"-{paid}", row["invoice_id"])
    if maker.chance(0.3):
        term = rng.choice(rows)
        on = row["issue_date"] + timedelta(days=rng.randint(0, 60))
        add_payment(
            maker,
            row,
            on,
            rng.choice([term["amount"], maker.amount(row["currency"])]),
            f"{row['invoice_id']}/{term['term']}",
        )


def make_payments(maker: Maker, row: Row) -> None:
    """Paid in full, in part, too much, in two parts; reversed in full, in part, too much; paid again."""
    rng = maker.rng
    if not maker.trouble("payments", 0.4):
        return
    on = row["issue_date"] + timedelta(days=rng.randint(0, 60))
    paid = rng.choice([row["amount"], row["amount"], maker.amount(row["currency"])])
    add_payment(maker, row, on, paid, row["invoice_id"])
    if maker.chance(0.4):
        back = rng.choice([paid, paid, maker.amount(row["currency"])])
        on += timedelta(days=rng.randint(0, 30))
        add_payment(maker, row, on, f"-{back}", row["invoice_id"])
        if maker.chance(0.3):
            add_payment(maker, row, on + timedelta(days=rng.randint(0, 10)), paid, row["invoice_id"])


def add_payment(
    maker: Maker, row: Row, on: date, amount: str, invoice_id: str, currency: str | None = None
) -> None:
    maker.payments.append(
        {
            "payment_id": f"Z{len(maker.payments):04}",
            "customer_id": row["customer_id"],
            "date": on,
            "amount": amount,
            "currency": currency or row["currency"],
            "invoice_id": invoice_id,
        }
    )


def make_note(maker: Maker, number: int) -> None:
    """Credit notes of each sort: for nothing, for an invoice, for more than it, for one unknown or in other
    money."""
    rng = maker.rng
    of = rng.choice(maker.invoices)
    if of.get("kind") == "credit_note":
        return
    currency = of["currency"] if maker.chance(0.85) else rng.choice(CURRENCIES)
    issue = maker.near(60, 40)
    row: Row = {
        "invoice_id": f"N{number:03}",
        "kind": "credit_note",
        "customer_id": of["customer_id"],
        "issue_date": issue,
        "due_date": issue,
        "amount": maker.amount(currency),
        "currency": currency,
        "status": rng.choice(["open", "open", "open", "", "cancelled"]),
        "delivery_status": rng.choice(
            ["", "", "", "delivered", "sent", "approved", "draft", "rejected", "refused"]
        ),
    }
    own = of["invoice_id"] if not of.get("term") or maker.chance(0.5) else f"{of['invoice_id']}/{of['term']}"
    row["credits_invoice_id"] = rng.choice(["", own, own, own, "UNKNOWN-9"])
    if maker.chance(0.15):
        row["payer_id"] = rng.choice(maker.customers)["customer_id"]
    maker.invoices.append(row)
    if maker.chance(0.25):
        back = rng.choice([row["amount"], maker.amount(currency)])
        add_payment(maker, row, issue + timedelta(days=rng.randint(0, 40)), f"-{back}", row["invoice_id"])


def make_loose_payment(maker: Maker, number: int) -> None:
    """Unallocated money and refunds of it; money for an unknown invoice, or in another currency than its
    invoice."""
    rng = maker.rng
    of = rng.choice([row for row in maker.invoices if row.get("kind") != "credit_note"])
    currency = rng.choice(maker.currencies)
    amount = rng.choice(["", "", "", "-"]) + maker.amount(currency)
    target = rng.choice(["", "", "", "UNKNOWN-1", of["invoice_id"] if of["currency"] != currency else ""])
    add_payment(maker, rng.choice(maker.customers), maker.near(90, 40), amount, target, currency)


def make_signals(maker: Maker) -> list[Row]:
    rng, found = maker.rng, {}
    for _ in range(rng.randint(0, 6)):
        kind = "insolvency_notice" if maker.trouble("notice", 0.04) else rng.choice(SIGNALS[:4])
        start = maker.near(40, 50)
        row: Row = {"customer_id": rng.choice(maker.customers)["customer_id"], "kind": kind, "from": start}
        if maker.chance(0.7):
            row["until"] = start + timedelta(days=rng.randint(0, 30))
        found[row["customer_id"], kind, start] = row
    return list(found.values())


def next_extract(maker: Maker, before: Row, on: date) -> Row:
    """The next full extract: invoices gone and come back, new words of the platform, other dates, other
    parties."""
    rng = maker.rng
    after: Row = {"extract_date": on} | {name: [dict(row) for row in before[name]] for name in COLUMNS}
    # Terms and notes stay: what their going would mean for the rest of them is not written anywhere.
    single = [row for row in after["invoices"] if not row.get("term") and row.get("kind") != "credit_note"]
    for row in rng.sample(single, min(len(single), rng.randint(0, 3))):
        after["invoices"].remove(row)
    present = {row["invoice_id"] for row in after["invoices"]}
    gone = [row for row in maker.invoices if row["invoice_id"] not in present]
    after["invoices"] += [dict(row) for row in gone if maker.chance(0.2)]
    for row in rng.sample(after["invoices"], min(len(after["invoices"]), 3)):
        if row.get("kind") == "credit_note":
            continue
        change = rng.choice(["delivery_status", "due_date", "status"])
        if change == "due_date" and not row.get("term"):
            row["due_date"] += timedelta(days=rng.choice([-10, 5, 20]))
        elif change == "delivery_status":
            row["delivery_status"] = rng.choice(DELIVERY)
    for row in rng.sample(after["customers"], 2):
        row["status"] = rng.choice(["active"] * 5 + ["insolvency", "litigation"])
        row["vip"] = rng.choice(["", "yes", "no"])
        row["segment"] = rng.choice(["", *SEGMENTS])
    for row in rng.sample(after["contacts"], min(len(after["contacts"]), 2)):
        row["active"] = rng.choice(["yes", "no"])
        row["email"] = rng.choice(["", "shared@pay.example", "new@pay.example"])
    return after


# --- what people entered --------------------------------------------------------------------------


def make_holds(maker: Maker) -> list[Row]:
    rng, found = maker.rng, []
    for number in range(rng.randint(2, 10)):
        reason = rng.choice(HOLDS)
        start = maker.near(15, 40)
        invoice = rng.choice(maker.invoices)
        payer_id = own_payer(maker, invoice)
        key = f"{invoice['invoice_id']}/{invoice['term']}" if invoice.get("term") else invoice["invoice_id"]
        until: date | None = start + timedelta(days=rng.randint(0, 25))
        if reason in ("disputed", "instalment_plan", "commercial_hold") and maker.chance(0.6):
            until = None
        wide = reason == "commercial_hold" or (reason != "disputed" and maker.chance(0.4))
        found.append(
            {
                "reason": reason,
                "payer_id": payer_id,
                "invoice_id": None if wide else key,
                "from": start,
                "until": until,
                "source": f"case:{number}",
            }
        )
    return found + parts_in_dispute(maker, found[0]["from"])


def parts_in_dispute(maker: Maker, since: date) -> list[Row]:
    """Disputes of a part of an invoice: a little, most of it, or more than there is; two of one invoice now and then.

    Drawn apart, so that what else a seed gives stays as it was.
    """
    own = random.Random(f"{since} {len(maker.invoices)}")
    found = []
    for number, invoice in enumerate(own.choices(maker.invoices, k=own.randint(2, 6))):
        whole = to_minor(str(invoice["amount"]), invoice["currency"])
        start = since + timedelta(days=own.randint(-10, 10))
        found.append(
            {
                "reason": "disputed",
                "payer_id": own_payer(maker, invoice),
                "invoice_id": item_id(invoice),
                "from": start,
                "until": own.choice([None, start + timedelta(days=own.randint(0, 25))]),
                "source": f"part:{number}",
                "amount": max(1, abs(whole) * own.choice([1, 10, 50, 90, 100, 150]) // 100),
            }
        )
    return found


def own_payer(maker: Maker, invoice: Row) -> str:
    customer = next(row for row in maker.customers if row["customer_id"] == invoice["customer_id"])
    return invoice.get("payer_id") or customer.get("payer_id") or customer["customer_id"]


# --- what was done before -------------------------------------------------------------------------


def make_history(maker: Maker, case: Case) -> list[Row]:
    """A month of contacts before the first day, as a real month is: failed, bounced, late, waiting, of
    older scenarios."""
    rng, history = maker.rng, []
    start = case.first - timedelta(days=rng.randint(5, 30))
    for planned in play(case.ledger, case.policy, [], start, case.first - timedelta(days=1)):
        day = date.fromisoformat(planned["as_of"])
        for entry in planned["contacts"] + planned["tasks"]:
            history.append(disturbed(maker, case, played(entry, day, "all"), entry["totals"]))
    return history


def disturbed(maker: Maker, case: Case, entry: Row, totals: list[Row]) -> Row:
    rng = maker.rng
    message = [
        "sent",
        "confirmed",
        "bounced",
        "failed",
        "cancelled",
        "rejected",
        "in_doubt",
        "planned",
        "awaiting_approval",
    ]
    states = {
        "message": message,
        "call": ["completed", "not_made", "open", "open", "open", "cancelled", "awaiting_approval"],
        "internal": ["completed", "open", "cancelled", "awaiting_approval"],
        "handoff": ["completed", "open", "rejected", "awaiting_approval"],
    }
    entry = dict(entry, totals=totals)
    if maker.chance(0.5):
        entry["state"] = rng.choice(states[entry["kind"]])
    if entry["state"] in ("sent", "confirmed", "bounced", "completed", "not_made"):
        late = rng.choice([0, 0, 0, 1, 3])
        entry["acted_on"] = min(entry["as_of"] + timedelta(days=late), case.first - timedelta(days=1))
    else:
        entry["acted_on"] = None
    if maker.chance(0.2):
        entry["scenario"] = rng.choice(["standard", "gentle", "fast"])
    if maker.chance(0.1):
        renamed = [act | {"step": f"old_{act['step']}"} for act in entry["acts"]]
        entry |= {"step": f"old_{entry['step']}", "acts": renamed}
    return entry


# --- as files -------------------------------------------------------------------------------------


def write(case: Case, folder: Path) -> list[tuple[date, Path]]:
    """`config/` and `extracts/…`; gives the extracts' dates and folders in the order in which to import
    them."""
    config = folder / "config"
    for kind, singular in (("entities", "entity"), ("regions", "region"), ("scenarios", "scenario")):
        (config / kind).mkdir(parents=True, exist_ok=True)
        for value in case.policy[kind].values():
            (config / kind / f"{value[singular]}.yaml").write_text(
                yaml.safe_dump(value, sort_keys=False), "utf-8"
            )
    (config / "segments.yaml").write_text(yaml.safe_dump(case.policy["segments"], sort_keys=False), "utf-8")
    written = []
    for number, extract in enumerate(case.ledger["extracts"]):
        target = folder / "extracts" / f"{number:02}-{extract['extract_date']}"
        target.mkdir(parents=True, exist_ok=True)
        for table, columns in COLUMNS.items():
            with (target / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns.split(), restval="")
                writer.writeheader()
                writer.writerows(extract[table])
        written.append((extract["extract_date"], target))
    return written
