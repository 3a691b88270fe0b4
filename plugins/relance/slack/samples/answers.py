"""What `/relance` answers about the made-up payer and its company."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from relance.config.roles import ACTIONS
from relance.money import Money
from relance.slack import answers
from relance.slack.cards import Card
from relance.slack.samples.cases import COLLECTOR, COMPANY, DAY, EN, FACTS, ITEMS, SALES
from relance.slack.samples.home import MINE
from relance.speech.explain import Paragraph

_PLANNED = tuple(
    answers.Planned(payer, channel, step, "level_2", (Money("EUR", minor),))
    for payer, channel, step, minor in (
        ("Transports Vidal", "letter", "formal", 1_990_000),
        ("Garage Lemoine", "call", "call", 275_000),
        ("Maison Riva", "email", "second", 198_000),
    )
)
_PLAN = answers.PlanAnswer(
    "FR01", COMPANY, DAY, {"email": 84, "call": 5, "letter": 3}, (Money("EUR", 18_245_000),),
    {"promised": 12, "disputed": 7, "snoozed": 4}, 2, _PLANNED,
)  # fmt: skip
_KPIS = answers.KpiAnswer(
    "FR01", COMPANY, DAY, "EUR", 84_210_000, 19_870_000, 48.2, 51.0, False, 33.4, 0.124, 81.5, 0.75, 12,
    {"dso": 45.0, "cei": 80.0, "overdue_30": 0.15},
)  # fmt: skip
_WEEKS = [
    answers.Week(DAY + timedelta(7 * n - 3), "EUR", 482_000 if n < 2 else 0, 150_000, 2_400_000 + 310_000 * n)
    for n in range(5)
]
_WHY = (
    Paragraph("answer", "Answer", ("Invoice F-2025-1187 is held on 12 March 2026: promised.",)),
    Paragraph(
        "invoice",
        "Invoice",
        (
            "Issued on 31 October 2025, due on 30 November 2025, 102 days late; €4,820.00 is open of €4,820.00.",
        ),
    ),
    Paragraph(
        "steps",
        "Steps",
        (
            "First reminder, level 1: done on 8 December 2025.",
            "Second reminder, level 2: done on 4 March 2026.",
        ),
    ),
    Paragraph("holds", "Holds", ("Promised: until 20 March 2026, and two days of grace.",)),
    Paragraph("next", "Next", ("Last reminder on 23 March 2026, if the promise is not kept.",)),
)
_FOUND = [
    answers.Found("C-1042", "Brasserie du Port SARL", "FR01"), answers.Found("C-1077", "Brasserie du Parc", "FR01"),
    answers.Found("C-2210", "Brauhaus am Tor", "DE01"),
]  # fmt: skip
ANSWERS: Mapping[str, Card] = {
    "customer": answers.customer(
        answers.CustomerAnswer(
            "C-1042",
            "FR01",
            COMPANY,
            DAY,
            FACTS,
            ITEMS,
            [
                answers.CaseLine(42, "overdue_90", "open", DAY, COLLECTOR),
                answers.CaseLine(57, "dispute", "open", DAY - timedelta(19), SALES),
            ],
            [
                answers.ContactLine(date(2026, 3, 4), "email", "level_2", "confirmed"),
                answers.ContactLine(date(2025, 12, 8), "email", "level_1", "sent"),
            ],
        ),
        EN,
    ),
    "invoice": answers.invoice(
        answers.InvoiceAnswer(
            "F-2025-1187",
            "FR01",
            COMPANY,
            DAY,
            "Brasserie du Port SARL",
            "C-1042",
            date(2025, 10, 31),
            date(2025, 11, 30),
            Money("EUR", 482_000),
            482_000,
            102,
            "PO-7731",
            None,
            (_WHY[0].lines[0],),
        ),
        EN,
    ),
    "why": answers.why("F-2025-1187", _WHY, EN, company=COMPANY, as_of=DAY),
    "plan": answers.plan(_PLAN, EN, company=COMPANY, as_of=DAY),
    "kpi": answers.kpi(_KPIS, EN),
    "forecast": answers.forecast(
        answers.ForecastAnswer("FR01", COMPANY, DAY, _WEEKS, (Money("EUR", 9_120_000),)), EN
    ),
    "statement": answers.statement(
        answers.StatementAnswer(
            "C-1042",
            "Brasserie du Port SARL",
            "FR01",
            COMPANY,
            DAY,
            FACTS["totals"],
            3,
            "statement-C-1042.xlsx",
        ),
        EN,
    ),
    "mine": answers.mine(answers.MineAnswer(DAY, MINE, 23), EN),
    "help": answers.help_(frozenset(ACTIONS), EN),
    "unknown": answers.unknown("custmer", EN),
    "no such": answers.no_such("brasery", _FOUND, EN),
    "several": answers.several("brass", _FOUND, 12, EN),
}
