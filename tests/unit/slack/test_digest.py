"""Digests as blocks: what they say, and that Slack takes them with ten thousand cases and hostile names."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance.cases.transitions import CASE, INSTALMENT_PLAN, PROMISE
from relance.insight.dailies import NOT_DECISIONS
from relance.ledger.balance import BUCKETS
from relance.slack.digest import SHOWN, Daily, Deadline, Line, Said, Total, daily
from relance.slack.digest_weekly import ALT_TEXT, Overall, Weekly, weekly
from relance.slack.speech import Voice
from relance.slack.words import WORDS
from tests.unit.slack.judge import refusals
from tests.unit.slack.scenes import CURRENCIES, MONEY, TEXT

DAY = date(2026, 3, 12)
LOCALES = sorted(WORDS)
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def one(number: int = 1, **other: Any) -> Line:
    return Line(
        number,
        "overdue_90",
        "Brasserie du Port SARL",
        "C1",
        ((123_450, "EUR"),),
        "lead@lumen.example",
        **other,
    )


def a_day(**other: Any) -> Daily:
    return Daily(
        "FR01", "Lumen SAS", DAY, DAY - timedelta(days=1), open=31, change=2, totals=(Total("EUR", 500_000, -10_000),), **other
    )  # fmt: skip


def figures(**other: Any) -> dict[str, Any]:
    row = {
        "currency": "EUR", "open": 1_000_000, "overdue": 400_000, "credit": 0, "invoices": 12, "payers": 4,
        "long_overdue": 50_000, "ageing": {bucket: 100_000 * n for n, bucket in enumerate(BUCKETS)},
    }  # fmt: skip
    return {
        "entity": "FR01", "as_of": "2026-03-09", "since": "2026-03-02", "threshold": 90, "payers": 4, "invoices": 12,
        "long_overdue_payers": 1, "currencies": [row], "open_cases": {"dispute": 2}, "unassigned": 1,
        "disputes": {"open": 3, "new": 2, "resolved": 1, "before": 2, "mean_age": 12.5, "oldest": 30, "beyond": 1,
                     "amounts": {"EUR": 12_000}, "by_reason": {}},
        "promises": {"due_today": 0, "due_this_week": 2, "late": 0, "kept": 4, "partly_kept": 1, "broken": 1, "made": 3},
        "approvals": 2, "oldest_approval": 4, "calls_to_make": 3, "calls_made": 5, "sent": {"email": 12}, "bounced": 1,
        "cash_in": {"EUR": 250_000}, **other,
    }  # fmt: skip


def key_figures(**other: Any) -> dict[str, Any]:
    return {
        "currency": "EUR", "dso": 52.3, "dso_count_back": 48.0, "at_least": False, "overdue_30": 0.08, "cei": 81.2,
        "promises": {"due": 6, "kept": 4, "rate": 0.6667}, "targets": {"dso": 45.0, "overdue_30": 0.1}, **other,
    }  # fmt: skip


def a_week(**other: Any) -> Weekly:
    values: dict[str, Any] = {
        "entity": "FR01", "company": "Lumen SAS", "as_of": DAY, "since": DAY - timedelta(days=7), "now": figures(),
        "before": figures(), "kpis": key_figures(), "long_overdue": (one(days_late=120),), **other,
    }  # fmt: skip
    return Weekly(**values)


def words(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False)


LINES = st.builds(
    Line, st.integers(1, 10**9), st.sampled_from(["dispute", "call", "unheard of"]), TEXT, TEXT,
    st.lists(st.tuples(MONEY, CURRENCIES), max_size=30).map(tuple), st.none() | TEXT, st.none() | TEXT, st.integers(0, 9999),
)  # fmt: skip
MANY = st.lists(LINES, max_size=20).flatmap(
    lambda lines: st.sampled_from([1, 3, 600]).map(lambda times: tuple(lines * times))
)


@QUIET
@given(
    TEXT,
    st.sampled_from(LOCALES),
    MANY,
    MANY,
    MANY,
    st.lists(st.builds(Total, CURRENCIES, MONEY, st.none() | MONEY), max_size=30),
)
def test_every_daily_digest_stays_inside_slacks_limits_whatever_the_data(
    name: str, locale: str, opened: Any, closed: Any, top: Any, totals: Any
) -> None:
    digest = replace(
        a_day(opened=opened, closed=closed, unassigned=closed, top=top[:5]), company=name, entity=name, totals=tuple(totals),
        decided=tuple(Said(line, "promise", line.payer, DAY) for line in top),
        deadlines=tuple(Deadline(line, "promise", DAY - timedelta(days=2)) for line in opened),
    )  # fmt: skip
    assert refusals(daily(digest, Voice(locale), attached=True).payload()) == []


@pytest.mark.parametrize("letter", ["<", "&", '"', "x", "\U0001f6a8", "\u05d0"])
@pytest.mark.parametrize("locale", LOCALES)
def test_ten_thousand_cases_with_the_longest_names_fit(letter: str, locale: str) -> None:
    long = Line(10**9, "dispute", letter * 5000, letter * 5000, ((10**15, "JPY"),) * 30, letter * 5000)
    lists = (long,) * 10_000
    digest = replace(
        a_day(opened=lists, closed=lists, unassigned=lists, top=lists[:5]), company=letter * 500,
        decided=(Said(long, "snooze", letter * 500, DAY),) * 10_000, deadlines=(Deadline(long, "call", DAY),) * 10_000,
    )  # fmt: skip
    drawn = daily(digest, Voice(locale), attached=True)
    assert refusals(drawn.payload()) == []
    assert digest.is_longer_than_shown
    assert words(drawn.payload()).count("10000") >= 5, "each list says how many cases it has"


@pytest.mark.parametrize("locale", LOCALES)
def test_the_fullest_week_fits(locale: str) -> None:
    rows = [
        {**figures()["currencies"][0], "currency": code, "open": 10**15}
        for code in ("EUR", "JPY", "TND", "USD", "HUF") * 6
    ]
    full = figures(
        currencies=rows,
        sent={f"channel {n}": 10**6 for n in range(9)},
        cash_in={"EUR": -(10**15), "JPY": 1, "USD": 2},
    )
    long = Line(10**9, "overdue_90", "<" * 500, "C1", ((10**15, "JPY"),) * 30, "&" * 500, days_late=9999)
    digest = a_week(
        now=full, before=full, company="<!channel>" * 50, long_overdue=(long,) * 10_000,
        entities=("<" * 99,) * 40, overall=(Overall("JPY", 10**15, 10**15, 10**15, -(10**15)),) * 30,
    )  # fmt: skip
    payload = weekly(digest, Voice(locale), attached=True).payload()
    picture = {"type": "image", "slack_file": {"id": "F0123456789"}, "alt_text": "ß" * ALT_TEXT}
    assert refusals({**payload, "blocks": [*payload["blocks"], picture]}) == []


@QUIET
@given(LINES, TEXT)
def test_names_ping_nobody_and_link_nowhere(line: Line, name: str) -> None:
    dated = re.compile(r"<!date\^-?\d+\^\{date_short\}\|[^<>|]*>")
    digest = replace(a_day(opened=(line,), decided=(Said(line, "promise", name, DAY),)), company=name)
    for drawn in (
        daily(digest, Voice("en")),
        weekly(a_week(company=name, entity=name, long_overdue=(line,)), Voice("en")),
    ):
        texts = [drawn.text]
        for block in drawn.blocks:
            objects = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
            texts += [found["text"] for found in objects if found and found["type"] == "mrkdwn"]
        assert not [text for text in texts if re.search(r"[<>]", dated.sub("", text))]


def test_a_list_counts_what_it_does_not_show() -> None:
    digest = a_day(opened=tuple(one(number) for number in range(1, 41)))
    text = next(block["text"]["text"] for block in daily(digest, Voice("en")).blocks if "New" in str(block))
    assert text.startswith("*New (40)*")
    assert text.count("\n") == SHOWN + 1
    assert text.endswith("and 28 more")


def test_the_daily_digest_says_what_changed_since_the_one_before() -> None:
    said = words(daily(a_day(), Voice("en")).payload())
    assert "31 open cases (+2)" in said
    assert "Overdue of these payers: €5,000.00 (−€100.00)" in said
    first = words(
        daily(
            replace(a_day(), since=None, change=None, totals=(Total("EUR", 500_000),)), Voice("en")
        ).payload()
    )
    assert "nothing to compare with" in first
    assert "(+" not in first


def test_a_deadline_says_whether_it_is_today_or_how_late() -> None:
    digest = a_day(
        deadlines=(Deadline(one(), "promise", DAY), Deadline(one(), "dispute", DAY - timedelta(days=3)))
    )
    said = words(daily(digest, Voice("en")).payload())
    assert "*promised*, today" in said
    assert "*answer to the dispute*, 3 days late" in said


def test_the_week_says_totals_by_ageing_bucket_with_deltas() -> None:
    before = figures()
    before["disputes"] = {**before["disputes"], "open": 2}
    before["currencies"][0] = {
        **before["currencies"][0],
        "overdue": 300_000,
        "ageing": dict.fromkeys(BUCKETS, 100_000),
    }
    said = words(weekly(a_week(before=before), Voice("en")).payload())
    assert "*Overdue*: €4,000.00 (+€1,000.00)" in said
    assert "*over 120 days late*\\n€5,000.00 · 33.3 % (+€4,000.00)" in said
    assert "Disputes: *3* open (+1), 2 new, 1 resolved" in said


def test_the_week_says_dso_against_its_target() -> None:
    said = words(weekly(a_week(), Voice("en")).payload())
    assert "DSO: *52.3 days* (target 45 days) :small_red_triangle:" in said
    assert "Overdue by more than 30 days: *8 %* (target 10 %) :white_check_mark:" in said
    bare = key_figures(
        dso=None, dso_count_back=31.0, at_least=True, targets={"dso": None, "overdue_30": None}
    )
    said = words(weekly(a_week(kpis=bare), Voice("en")).payload())
    assert "DSO: –" in said
    assert "at least 31 days" in said


def test_entities_of_one_channel_are_told_together() -> None:
    both = a_week(entities=("DE01", "FR01"), overall=(Overall("EUR", 3_000, 2_000, 1_000, 500),))
    assert "2 entities together" in words(weekly(both, Voice("en")).payload())
    assert "together" not in words(weekly(a_week(entities=("FR01",)), Voice("en")).payload())


@pytest.mark.parametrize("locale", LOCALES)
def test_every_verb_that_a_digest_tells_has_words(locale: str) -> None:
    verbs = {verb for table in (CASE, PROMISE, INSTALMENT_PLAN) for verb in table} - NOT_DECISIONS
    verbs |= {"complete", "instalment_paid", "instalment_returned"}
    assert {"ask", "end_announcement", "write_off"} <= verbs
    assert not sorted(verb for verb in verbs if f"digest.verb.{verb}" not in WORDS[locale])


def test_the_week_says_one_of_a_thing_in_the_singular() -> None:
    said = words(weekly(a_week(), Voice("fr")).payload())
    assert "2 nouveaux, 1 résolu ;" in said
    assert "1 rompue ;" in said


def test_the_weeks_title_names_its_last_day() -> None:
    assert "the week until Mar 11, 2026" in words(weekly(a_week(), Voice("en")).payload())
