"""Cards: what they say, and that Slack takes them whatever the data."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance.slack import limits
from relance.slack.cards import KINDS, Scene, card, reply
from relance.slack.cards.listed import listed
from relance.slack.speech import Voice
from relance.slack.words import WORDS, locale_of
from tests.unit.slack.judge import refusals
from tests.unit.slack.scenes import case, comment, facts, hostile_scenes, promise_case, promised, scene

ALLOWED_ANGLE = re.compile(
    r"<(!date\^-?\d+\^\{date_short\}\|[^<>|]*|https://(erp\.)?lumen\.example/[^<>|]*\|[^<>|]*)>"
)


def words(one: Scene) -> str:
    return json.dumps(card(one).payload(), ensure_ascii=False)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile_scenes())
def test_every_card_stays_inside_slacks_limits_whatever_the_data(one: Scene) -> None:
    drawn = card(one)
    assert refusals(drawn.payload()) == []
    said = reply(one)
    if said is not None:
        assert refusals(said.payload()) == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile_scenes())
def test_ledger_text_pings_nobody_and_links_nowhere(one: Scene) -> None:
    texts = [card(one).text]
    for block in card(one).blocks:
        objects = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        texts += [found["text"] for found in objects if found and found["type"] == "mrkdwn"]
    for text in texts:
        assert not re.search(r"[<>]", ALLOWED_ANGLE.sub("", re.sub(r"(?m)^>", "", text)))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(hostile_scenes(), max_size=4), st.integers(1, 40))
def test_every_list_of_cases_stays_inside_slacks_limits_whatever_the_data(
    some: list[Scene], times: int
) -> None:
    scenes = [
        replace(one, case=replace(one.case, case_id=10**9 + 100 * turn + place))
        for turn in range(times)
        for place, one in enumerate(some)
    ]
    drawn = listed(scenes, company="<!channel>", voice=Voice("fr"), limit=1)
    assert refusals(drawn.payload()) == []


@pytest.mark.parametrize("letter", ["<", "&", "x", "\U0001f6a8", "\u05d0"])
def test_the_fullest_card_is_inside_the_budget_of_12000_characters(letter: str) -> None:
    long = letter * 5000
    items = [
        {
            "invoice_id": long,
            "due_date": "1990-01-01",
            "open": 10**15,
            "currency": "JPY",
            "delivery_status": None,
        }
    ] * 5
    one = promised("broken", speak="broken", by=long, amount=10**15, paid=10**15, invoices=10_000)
    full = facts(
        payer={"customer_id": "C1", "name": long, "country": "FR", "collector": None, "sales_owner": None},
        totals=[{"currency": "TND", "open": 10**15, "overdue": 10**15, "credit": 10**15}] * 30,
        items=items, about=10_000, promises=[one] * 8, more_promises=10_000, speak="broken",
        next={"what": "wait", "step": long, "on": "2026-03-16"},
    )  # fmt: skip
    for locale in WORDS:
        drawn = scene(case("promise", facts=full, owner=long), locale, comment=comment(long, long))
        assert refusals(card(replace(drawn, company=long)).payload()) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("letter", ["<", "&", "\U0001f6a8", "\u05d0"])
def test_the_fullest_card_of_every_kind_is_inside_the_budget(kind: str, letter: str) -> None:
    long, much = letter * 700, 10**15
    demanded = [{"currency": "TND", "amount": much}] * 30
    item = {
        "invoice_id": long,
        "due_date": "1990-01-01",
        "open": much,
        "currency": "JPY",
        "delivery_status": None,
    }
    told = facts(
        payer={"customer_id": "C1", "name": long, "country": "FR", "collector": None, "sales_owner": None},
        totals=[{"currency": "TND", "open": much, "overdue": much, "credit": much}] * 30, items=[item] * 5, about=10_000,
        role=long, what=long, step=long, level=long, expires_on="2026-03-17", demanded=demanded, refused=True,
        undelivered={"what": "bounced", "channel": long, "address": long, "on": "2026-03-10", "why": long},
        promises=[promised("broken", speak="broken", by=long, amount=much, paid=much, invoices=10_000)] * 8,
        more_promises=10_000, speak="broken", next={"what": "wait", "step": long, "on": "2026-03-16"},
        risk=[{"what": "signal", "on": "2026-03-10", "owner": long, "note": long}] * 9,
        task={"kind": long, "step": long, "text": long, "demanded": demanded},
    )  # fmt: skip
    said = {
        "reason": long, "currency": "TND", "amounts": {f"{n}{long}": much for n in range(30)}, "evidence": [long] * 20,
        "text": long, "person": long, "phone": long, "step": long, "next_on": "2026-03-17", "asks": "write_off",
        "attempts": [{"on": "2026-03-10", "by": long, "outcome": long, "note": long}] * 9, "why": long, "invoices": [long] * 30,
        "votes": [{"by": long}] * 9, "snooze": {"by": long, "reason": long}, "written_off": {"approved_by": long},
        "announced": [
            {"state": "open", "expected_on": "2026-03-17", "amount": much, "currency": "TND", "reference": long, "by": long}
        ] * 20,
    }  # fmt: skip
    one = case(
        kind, facts=told, details=said, owner=long, watchers=[long] * 50, requested_by=long, due_on=case().facts_on,
        snoozed_until=case().facts_on, revision=2**31, case_id=2**60,
    )  # fmt: skip
    links = {f"{n}{long}": "https://lumen.example/" + "x" * 200 for n in range(20)}
    for locale in WORDS:
        drawn = replace(
            scene(one, locale, comment=comment(long, long, edited=True)), company=long, links=links
        )
        assert refusals(card(drawn).payload()) == []


def test_the_judge_sees_what_it_must() -> None:
    text = {"type": "mrkdwn", "text": "x"}
    section = {"type": "section", "text": text}
    assert refusals({"text": "x", "blocks": [section]}) == []
    assert refusals({"text": "x", "blocks": [section] * 51}) == ["over 50 blocks"]
    assert refusals({"text": "", "blocks": [section]}) == ["empty text"]
    assert "field text over 2,000" in refusals(
        {"text": "x", "blocks": [{"type": "section", "fields": [{**text, "text": "x" * 2001}]}]}
    )
    assert refusals({"text": "x", "blocks": [{"type": "nonsense"}]}) == ["unknown block nonsense"]
    long = {"type": "section", "text": {**text, "text": "x" * 3001}}
    assert any("3000" in why for why in refusals({"text": "x", "blocks": [long]}))


@pytest.mark.parametrize("locale", sorted(WORDS))
def test_the_overdue_card_shows_payer_amounts_lateness_level_owner_contact_and_what_happens_next(
    locale: str,
) -> None:
    said = words(scene(case(), locale, comment=comment("asked for a copy")))
    amount = {
        "en": "€12,345.50",
        "fr": "12\u202f345,50\xa0€",
        "de": "12.345,50\xa0€",
        "es": "12.345,50\xa0€",
    }[locale]
    for part in (
        "Brasserie du Port SARL",
        amount,
        "90",
        "F-100",
        "collector@lumen.example",
        WORDS[locale]["step.formal"],
        "asked for a copy",
    ):
        assert part in said
    for key in ("level.level_2", "last_contact", "next", "oldest"):
        assert WORDS[locale][key] in said


def test_long_lists_end_with_how_many_more() -> None:
    assert "and 9995 more" in words(scene(case(facts=facts(about=10_000))))


@pytest.mark.parametrize(
    ("locale", "watching"),
    [("en", "1 watching"), ("fr", "1 autre"), ("es", "1 observa"), ("de", "1 beobachtet")],
)
def test_one_is_said_as_one(locale: str, watching: str) -> None:
    assert watching in words(scene(case(watchers=["sales@lumen.example"]), locale))


@pytest.mark.parametrize(
    ("locale", "late"), [("en", "1 of 1 overdue"), ("fr", "1 échue sur 1"), ("es", "1 vencida de 1")]
)
def test_one_late_invoice_is_said_as_one(locale: str, late: str) -> None:
    assert late in words(scene(case(facts={**facts(), "late_invoices": 1, "invoices": 1}), locale))


@pytest.mark.parametrize("locale", sorted(WORDS))
def test_a_payer_whom_nobody_can_reach_is_no_hold_for_long(locale: str) -> None:
    held = {**facts(), "held": "no_contact"}
    drawn = words(scene(case(kind="no_contact", facts=held), locale))
    assert WORDS[locale]["no_contact.said"] in drawn
    assert WORDS[locale]["no_contact.title"].split("{")[0] in drawn
    assert WORDS[locale]["review.title"].split("{")[0] not in drawn
    asked = words(scene(case(kind="question", facts={**held, "held": "stopped"}), locale))
    assert WORDS[locale]["review.title"].split("{")[0] in asked


@pytest.mark.parametrize(
    ("speak", "reason", "title"),
    [
        (None, None, "Promise to pay"),
        ("eve", None, "Promised for Mar 12, 2026"),
        ("today", None, "Promised for today"),
        ("broken", None, "Promise broken"),
        (None, "kept", "Promise kept"),
        (None, "partly_kept", "Promise partly kept"),
        (None, "paid_late", "Promise paid late"),
        (None, "replaced", "Promise replaced"),
    ],
)
def test_the_promise_card_says_how_the_promise_stands(
    speak: str | None, reason: str | None, title: str
) -> None:
    drawn = card(scene(promise_case(speak, reason=reason)))
    assert title in drawn.blocks[0]["text"]["text"]
    assert "€1,200.00" in json.dumps(drawn.blocks, ensure_ascii=False)
    assert "€200.00" in json.dumps(drawn.blocks, ensure_ascii=False)


def test_a_closed_card_says_why_and_that_nothing_comes_next() -> None:
    drawn = words(scene(case(state="closed", closed_on=case().facts_on, closed_reason="written_off")))
    assert "written off" in drawn
    assert WORDS["en"]["next.closed"] in drawn


def test_the_link_is_there_only_when_an_address_is_configured() -> None:
    assert "|Open>" not in words(scene(case()))
    linked = words(scene(case(payer_id="C/1|<x>"), link="https://lumen.example/{entity}/{payer_id}"))
    assert "<https://lumen.example/FR01/C%2F1%7C%3Cx%3E|Open>" in linked


def test_the_thread_says_a_promises_hour_once_and_only_then() -> None:
    assert reply(scene(case())) is None
    assert reply(scene(promise_case())) is None
    assert reply(scene(promise_case("eve", reason="kept"))) is None
    said = {speak: reply(scene(promise_case(speak))) for speak in ("eve", "today", "broken")}
    assert all(one is not None and "Brasserie du Port SARL" in one.text for one in said.values())
    today = said["today"]
    assert today is not None
    assert "€1,000.00" in today.text


def test_equal_looks_have_equal_digests() -> None:
    one = case()
    assert card(scene(one)).digest == card(scene(one)).digest
    assert card(scene(one)).digest != card(scene(replace(one, owner=None))).digest


def test_all_locales_have_the_same_words_with_the_same_blanks() -> None:
    def blanks(key: str, text: str) -> list[str]:
        found = set(re.findall(r"\{(\w+)\}", text))
        return sorted(
            found - {"count"} if key.endswith(".one") else found
        )  # "one" may be said without its figure

    english = WORDS["en"]
    for locale, own in WORDS.items():
        assert set(own) == set(english), locale
        assert [key for key in english if blanks(key, own[key]) != blanks(key, english[key])] == [], locale


def test_the_locale_is_the_languages_primary_tag_else_english() -> None:
    assert [locale_of(tag) for tag in ("fr-BE", "de_AT", "ES", "pt", None)] == ["fr", "de", "es", "en", "en"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("A & B", "A &amp; B"),
        ("*bold* _it_ ~no~ `x`", "∗bold∗ \uff3fit\uff3f ∼no∼ 'x'"),
        ("INV_2026_001", "INV_2026_001"),
        ("two\nlines\tand\x00nul", "two lines andnul"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("שלום", "\u2068שלום\u2069"),
        ("x" * 50, "x" * 19 + "…"),
    ],
)
def test_ledger_text_is_escaped_clipped_and_kept_in_its_direction(raw: str, shown: str) -> None:
    assert limits.data(raw, 20 if len(raw) == 50 else 60) == shown


def test_whole_lines_are_kept_and_the_rest_is_counted() -> None:
    lines = [f"line {n}" for n in range(10)]
    assert limits.lines_within(lines, limit=29, more="+{count}") == "line 0\nline 1\nline 2\n+7"
    assert limits.lines_within(lines, limit=1000, more="+{count}") == "\n".join(lines)
