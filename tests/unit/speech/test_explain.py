"""Explanations in words: read by a person once, and held to it; and any outcome of any ledger can be said."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from string import Formatter

import polars as pl
import pytest

from relance.ledger.snapshot import take_snapshot
from relance.planning.explaining import explanation_of
from relance.planning.explanation import Explanation, as_json
from relance.planning.ladder import Ladder
from relance.planning.model import HOLD_ORDER
from relance.planning.plan import Day, day_of
from relance.planning.play import after
from relance.speech import LANGUAGES, explain, language_of
from relance.speech.holds import hold_line
from relance.speech.voice import Voice
from tests.reference import fast
from tests.reference.generate import Case, generate
from tests.unit.speech.explained import CASES, case

GOLDEN = Path(__file__).parent / "golden"
SEEDS = range(int(os.environ.get("RELANCE_EXPLAIN_SEEDS", "12")))


def told(explanation: Explanation, language: str) -> str:
    return "\n".join(
        "\n".join([f"[{one.heading}]", *(f"  {line}" for line in one.lines)])
        for one in explain(explanation, language)
    )


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_what_is_said_is_what_was_read_and_found_good(language: str) -> None:
    text = "".join(f"# {name}\n{told(case(name), language)}\n\n" for name in CASES)
    file = GOLDEN / f"{language}.txt"
    if os.environ.get("RELANCE_GOLDEN") == "write":  # then read the difference, as a reader of the language
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_hold_is_among_the_situations() -> None:
    decisions = [found for name in CASES if (found := case(name).decision) is not None]
    assert {hold.reason for one in decisions for hold in one.holds} == set(HOLD_ORDER)
    assert {one.outcome for one in decisions} == {"act", "hold", "wait", "exhausted"}


def test_each_word_is_in_every_language_with_the_same_blanks() -> None:
    def blanks(word: str | tuple[str, str]) -> set[str]:
        texts = (word,) if isinstance(word, str) else word
        return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}

    english = LANGUAGES["en"]
    for words in LANGUAGES.values():
        assert list(words) == list(english)
        for key, word in words.items():
            assert blanks(word) == blanks(english[key]), key


def test_no_word_is_left_over() -> None:
    package = Path(explain.__code__.co_filename).parent
    code = "".join(file.read_text("utf-8") for file in package.glob("*.py"))
    groups = (
        set(re.findall(r'f"([a-z_]+)\.\{', code)) | set(re.findall(r'named\(\s*"(\w+)"', code)) | {"next"}
    )
    for key in LANGUAGES["en"]:
        assert f'"{key}"' in code or key.split(".")[0] in groups, key


def test_a_language_without_words_is_english() -> None:
    assert [language_of(tag) for tag in ("fr-BE", "de_AT", "EN", "pt", None)] == [
        "fr",
        "de",
        "en",
        "en",
        "en",
    ]


def test_the_first_of_a_french_month_is_an_ordinal() -> None:
    assert Voice("fr").day(case("issued later").as_of) == "1er février 2025"


# --- any ledger ------------------------------------------------------------------------------------


@cache
def played(seed: int) -> list[tuple[Case, Day, list[Explanation]]]:
    return list(_played(seed, days=2))


def _played(seed: int, *, days: int) -> Iterator[tuple[Case, Day, list[Explanation]]]:
    one = generate(seed)
    versions, policy = fast.versions_of(one.ledger), fast.policy_of(one.policy)
    history = fast.history_of(one.history, one.first)
    ids = sorted(set(versions.tables["invoices"]["item_id"]))
    for number in range(days):
        on = one.first + timedelta(days=number)
        day = day_of(take_snapshot(versions, on), policy, history, fast.holds_of(one.holds, on), on)
        yield one, day, [explanation_of(day, item, versions=versions) for item in ids]
        history = after(history, day.plan(), approve=one.approvals == "all")


@pytest.mark.parametrize("seed", SEEDS)
def test_any_outcome_can_be_explained_in_every_language_with_each_hold_and_the_contact(seed: int) -> None:
    for _, day, explanations in played(seed):
        rows = {row["invoice_id"]: row for row in day.outcomes.to_dicts()} if day.outcomes.height else {}
        for one in explanations:
            row = rows.pop(one.invoice_id, None)
            assert (row is None) == (one.decision is None)
            json.dumps(as_json(one))
            for language in LANGUAGES:
                text = told(one, language)
                assert one.invoice_id in text
                assert not re.search(r"\{\w*\}|\bNone\b(?! was left| of it)", text), text
                if row is not None:
                    says_all(one, row, text, language)
        assert not rows


def says_all(one: Explanation, row: dict[str, object], text: str, language: str) -> None:
    assert one.decision is not None
    holds = one.decision.holds
    assert [{"reason": h.reason, "until": h.until, "source": h.source} for h in holds] == row["holds"]
    for hold in holds:
        line = hold_line(hold, Voice(language), entity=one.entity)
        assert line in text
        assert (
            hold.until is None or hold.reason == "non_business_day" or Voice(language).day(hold.until) in line
        )
        assert hold.case != "person" or hold.facts["who"] in line
        assert hold.case != "other"
    if row["contact_key"] is not None:
        assert str(row["contact_key"]) in text
    for step in one.decision.steps:
        assert step.step in text


@pytest.mark.parametrize("seed", SEEDS)
def test_the_wait_that_is_explained_is_the_one_that_was_decided(seed: int) -> None:
    for _, day, explanations in played(seed):
        for one in explanations:
            decision = one.decision
            if decision is None or decision.outcome != "wait":
                continue
            line = next(step for step in decision.steps if step.state == "next")
            number = int(day.items.filter(pl.col("invoice_id") == one.invoice_id)["row"][0])
            ladder = Ladder.of(day, number, day.outcomes.row(number, named=True))
            first = max([line.on, one.as_of + timedelta(days=1), *(wait.first for wait in decision.waits)])
            assert ladder.next_open(first) == decision.next_on
            assert decision.next.on == decision.next_on


@pytest.mark.parametrize("seed", SEEDS)
def test_step_dates_and_reasons_for_moving_are_the_planners(seed: int) -> None:
    for _, _, explanations in played(seed):
        for one in explanations:
            if one.decision is None:
                continue
            for step in one.decision.steps:
                assert (step.on == step.nominal) == (not step.closed)
                assert all(closed.closures for closed in step.closed)
                if step.state == "today":
                    assert step.on == one.decision.step_date
            assert [s.step for s in one.decision.steps if s.state == "today"] == [
                s for s in [one.decision.step] if s
            ]


def test_credit_laid_out_adds_up() -> None:
    for seed in SEEDS:
        for _, _, explanations in played(seed):
            for one in explanations:
                if one.decision is None or one.decision.credit is None:
                    continue
                credit = one.decision.credit
                assert sum(part.covered.minor for part in credit.covers) <= credit.credit.minor
                assert one.invoice is not None
                mine = [part for part in credit.covers if part.invoice_id == one.invoice_id]
                covered = mine[0].covered.minor if mine else 0
                assert covered == one.invoice.open.minor - one.invoice.to_demand.minor
