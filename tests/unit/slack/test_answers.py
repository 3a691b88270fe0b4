"""What `/relance` answers: inside Slack's limits whatever the data, and of use."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance.config.roles import ACTIONS
from relance.money import Money
from relance.slack import answers
from relance.slack.answers import (
    SUBCOMMANDS,
    CaseLine,
    ContactLine,
    CustomerAnswer,
    ForecastAnswer,
    Found,
    InvoiceAnswer,
    KpiAnswer,
    MineAnswer,
    PlanAnswer,
    Planned,
    StatementAnswer,
    Week,
)
from relance.slack.cards import Card
from relance.slack.home import HomeRow
from relance.slack.modals import Item
from relance.slack.speech import Voice
from relance.slack.words import WORDS
from relance.speech.explain import Paragraph
from tests.unit.slack.judge import refusals
from tests.unit.slack.scenes import CURRENCIES, DAY, MONEY, TEXT, facts

EN = Voice("en")
MAY: Any = frozenset(ACTIONS)
_LINK = re.compile(r"<(!date\^-?\d+\^\{date_short\}|https://lumen\.example/[^<>|]*)\|[^<>|]*>")


def customer(**other: Any) -> CustomerAnswer:
    values: dict[str, Any] = {
        "payer_id": "C1", "entity": "FR01", "company": "Lumen SAS", "as_of": DAY, "facts": facts(),
        "items": [Item(f"F-{n}", DAY - timedelta(100 - n), 10_000, "EUR") for n in range(8)],
        "cases": [CaseLine(7, "dispute", "open", DAY, "sales@lumen.example", "https://lumen.example/p1")],
        "contacts": [ContactLine(DAY - timedelta(3), "email", "level_2", "sent")], **other,
    }  # fmt: skip
    return CustomerAnswer(**values)


def invoice(**other: Any) -> InvoiceAnswer:
    values: dict[str, Any] = {
        "invoice_id": "F-1001", "entity": "FR01", "company": "Lumen SAS", "as_of": DAY, "payer": "Brasserie du Port SARL",
        "payer_id": "C1", "issue_date": DAY - timedelta(90), "due_date": DAY - timedelta(60), "amount": Money("EUR", 120_000),
        "open": 120_000, "days_late": 60, "po_number": "PO-7", "told": ("It is held: promised until 20 March.",), **other,
    }  # fmt: skip
    return InvoiceAnswer(**values)


KPI = {
    "entity": "FR01", "as_of": "2026-03-12", "currency": "EUR", "receivables": 10_000_000, "overdue": 2_500_000, "sales": 1,
    "dso": 48.2, "dso_count_back": 51.0, "at_least": True, "best_dso": 31.4, "overdue_30": 0.123, "cei": 81.5,
    "promises": {"due": 12, "kept": 9, "amount_due": 1, "amount_kept": 1, "rate": 0.75}, "history_since": None,
    "targets": {"dso": 45.0, "cei": 80.0},
}  # fmt: skip
PARAGRAPHS = (
    Paragraph("answer", "Answer", ("Invoice F-1001 is held on 12 March 2026: promised.",)),
    Paragraph("rule", "Rule", ("Scenario standard, step second.", "Due + 15 days.")),
)


def all_answers(voice: Voice) -> dict[str, Card]:
    row = HomeRow(
        7, 1, "promise", "Brasserie du Port SARL", "FR01", (Money("EUR", 1_234_550),), 102, due_on=DAY
    )
    planned = Planned("Brasserie du Port SARL", "email", "second", "level_2", (Money("EUR", 10_000),))
    plan = PlanAnswer(
        "FR01",
        "Lumen SAS",
        DAY,
        {"email": 12, "call": 3},
        (Money("EUR", 99_00),),
        {"promised": 4},
        2,
        (planned,),
    )
    weeks = (Week(date(2026, 3, 9), "EUR", 10_000, 5_000, 0), Week(date(2026, 3, 16), "EUR", 0, 0, 70_000))
    found = (Found("C1", "Brasserie du Port SARL", "FR01"), Found("C2", "Brasserie du Parc", "FR01"))
    return {
        "customer": answers.customer(customer(), voice),
        "invoice": answers.invoice(invoice(), voice),
        "why": answers.why("F-1001", PARAGRAPHS, voice, company="Lumen SAS", as_of=DAY),
        "plan": answers.plan(plan, voice, company="Lumen SAS", as_of=DAY),
        "no plan": answers.plan(None, voice, company="Lumen SAS", as_of=DAY),
        "kpi": answers.kpi(KpiAnswer.of("Lumen SAS", KPI), voice),
        "forecast": answers.forecast(ForecastAnswer("FR01", "Lumen SAS", DAY, weeks, (Money("EUR", 2_500_000),)), voice),
        "statement": answers.statement(
            StatementAnswer("C1", "Brasserie du Port SARL", "FR01", "Lumen SAS", DAY, facts()["totals"], 12, "C1.xlsx"), voice
        ),
        "mine": answers.mine(MineAnswer(DAY, (row,), 31), voice),
        "nothing of mine": answers.mine(MineAnswer(DAY), voice),
        "help": answers.help_(MAY, voice),
        "unknown": answers.unknown("custmer", voice),
        "missing": answers.missing("customer", voice),
        "no such": answers.no_such("brasery", found, voice),
        "nothing like it": answers.no_such("zzz", (), voice),
        "several": answers.several("brass", found, 12, voice),
    }  # fmt: skip


def told(card: Card) -> str:
    return json.dumps(card.payload(), ensure_ascii=False)


@pytest.mark.parametrize("locale", sorted(WORDS))
def test_every_answer_in_every_language_is_inside_slacks_limits(locale: str) -> None:
    for name, card in all_answers(Voice(locale)).items():
        assert refusals(card.payload()) == [], name


_HOSTILE_ITEMS = st.lists(st.builds(Item, TEXT, st.just(DAY), MONEY, CURRENCIES), max_size=9)
_AMOUNTS = st.lists(st.builds(Money, CURRENCIES, MONEY), max_size=9)


@st.composite
def hostile_answers(draw: st.DrawFn) -> Card:
    voice = Voice(draw(st.sampled_from(sorted(WORDS))))
    text = draw(TEXT)
    match draw(
        st.sampled_from(
            ["customer", "invoice", "why", "plan", "kpi", "forecast", "statement", "mine", "typed"]
        )
    ):
        case "customer":
            total = st.fixed_dictionaries(
                {"currency": CURRENCIES, "open": MONEY, "overdue": MONEY, "credit": MONEY}
            )
            payer = {"name": text, "collector": draw(TEXT), "sales_owner": draw(TEXT)}
            shown = facts(
                payer=payer,
                totals=draw(st.lists(total, max_size=12)),
                level_reached=draw(st.none() | TEXT),
                invoices=10_000,
            )
            cases = [
                CaseLine(7, draw(TEXT), "open", DAY, draw(st.none() | TEXT), "https://lumen.example/x|y")
            ] * 20
            contacts = [ContactLine(DAY, draw(TEXT), draw(TEXT), draw(TEXT))] * 20
            said = customer(
                facts=shown,
                items=draw(_HOSTILE_ITEMS),
                cases=cases,
                contacts=contacts,
                payer_id=text,
                company=text,
            )
            return answers.customer(said, voice)
        case "invoice":
            return answers.invoice(
                invoice(invoice_id=text, payer=text, po_number=text, told=(text,) * 30, state=text, open=0),
                voice,
            )
        case "why":
            paragraphs = [Paragraph("x", text, (draw(TEXT),) * 20)] * 9
            return answers.why(text, paragraphs, voice, company=text, as_of=DAY)
        case "plan":
            planned = Planned(text, draw(TEXT), draw(TEXT), text, tuple(draw(_AMOUNTS)))
            plan = PlanAnswer(
                text,
                text,
                DAY,
                {draw(TEXT): 9 for _ in range(5)},
                draw(_AMOUNTS),
                {text: 10**9},
                10**9,
                (planned,) * 99,
            )
            return answers.plan(plan, voice, company=text, as_of=DAY)
        case "kpi":
            return answers.kpi(
                KpiAnswer.of(text, {**KPI, "dso": draw(st.none() | st.floats(0, 10**6))}), voice
            )
        case "forecast":
            weeks = [Week(DAY, draw(CURRENCIES), draw(MONEY), draw(MONEY), draw(MONEY))] * draw(
                st.sampled_from([0, 1, 200])
            )
            return answers.forecast(ForecastAnswer(text, text, DAY, weeks, draw(_AMOUNTS)), voice)
        case "statement":
            return answers.statement(
                StatementAnswer(text, text, text, text, DAY, facts()["totals"], 10**6, text), voice
            )
        case "mine":
            row = HomeRow(
                7,
                1,
                text,
                text,
                text,
                tuple(draw(_AMOUNTS)),
                5,
                step=text,
                permalink="https://lumen.example/x|y",
            )
            return answers.mine(MineAnswer(DAY, (row,) * 40, 10_000), voice)
        case _:
            found = [Found(text, draw(TEXT), text)] * 20
            heard = (
                answers.unknown(text, voice),
                answers.no_such(text, found, voice),
                answers.several(text, found, 10**6, voice),
            )
            return draw(st.sampled_from(heard))


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(hostile_answers())
def test_answers_stay_inside_slacks_limits_and_ping_nobody_whatever_the_data(card: Card) -> None:
    assert refusals(card.payload()) == []
    for block in card.blocks:
        objects = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        for one in objects:
            if one and one["type"] == "mrkdwn":
                assert not re.search(r"[<>]", _LINK.sub("", one["text"]))


def test_a_customer_shows_figures_invoices_cases_and_contacts() -> None:
    text = told(answers.customer(customer(), EN))
    for part in (
        "Brasserie du Port SARL",
        "€12,345.50",
        "F-0",
        "and 4 more",
        "dispute (7)",
        "https://lumen.example/p1",
        "level 2",
        "sent",
    ):
        assert part in text


def test_a_customer_with_nothing_open_says_so() -> None:
    nothing = facts(totals=[], invoices=0, oldest_due=None, level_reached=None)
    assert "Nothing is open." in told(
        answers.customer(customer(facts=nothing, items=(), cases=(), contacts=()), EN)
    )


def test_an_invoice_that_is_no_longer_open_says_why() -> None:
    assert "€1,200.00" in told(answers.invoice(invoice(), EN))
    text = told(answers.invoice(invoice(open=0, state="written_off"), EN))
    assert "written off" in text
    assert "60 days late" not in text


def test_why_is_the_explanation_in_paragraphs() -> None:
    text = told(all_answers(EN)["why"])
    assert (
        text.index("*Answer*") < text.index("promised.") < text.index("*Rule*") < text.index("Due + 15 days.")
    )


def test_key_figures_stand_against_their_targets() -> None:
    text = told(all_answers(EN)["kpi"])
    assert "48.2 days :warning: target 45 days" in text
    assert "82% :white_check_mark: target 80%" in text
    assert "at least 51 days" in text
    assert "75%" in text


def test_figures_that_are_not_known_are_no_zero() -> None:
    text = told(answers.kpi(KpiAnswer.of("Lumen SAS", {**KPI, "dso": None}), EN))
    assert "DSO, 90 days*\\n–" in text
    assert "history is too short" in text


def test_help_shows_what_one_may_and_nothing_else() -> None:
    assert all(f"/relance {one.name}" in told(answers.help_(MAY, EN)) for one in SUBCOMMANDS)
    reading = told(answers.help_(frozenset({"see"}), EN))
    assert "/relance customer" in reading
    assert "/relance assign" not in reading
    nothing = told(answers.help_(frozenset(), EN))
    assert "/relance help" in nothing
    assert "/relance customer" not in nothing


@pytest.mark.parametrize(
    ("typed", "meant"), [("custmer", "customer"), ("Forcast", "forecast"), ("kpis", "kpi")]
)
def test_an_unknown_subcommand_names_the_nearest(typed: str, meant: str) -> None:
    assert f"/relance {meant}`?" in told(answers.unknown(typed, EN))


def test_an_unknown_subcommand_like_nothing_leads_to_help() -> None:
    assert "/relance help" in told(answers.unknown("qqqq", EN))


def test_no_such_payer_names_the_nearest_three() -> None:
    found = [Found(f"C{n}", f"Brasserie {n}", "FR01") for n in range(9)]
    text = told(answers.no_such("brasery", found, EN))
    assert all(f"C{n}" in text for n in range(3))
    assert "C3" not in text
