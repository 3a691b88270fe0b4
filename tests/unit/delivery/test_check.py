"""Words that would fail at a customer are found before, with file and line."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from relance.config import Problem, load_policy
from relance.config.models import Region, Scenario
from relance.config.policy import Policy
from relance.delivery.check import check_words, uses_of
from relance.settings import REPOSITORY
from tests.unit.delivery.examples import DIRECTORY, entity

STEPS = [
    {"id": "first", "level": "level_1", "day": 3, "kind": "message", "channels": ["email", "sms"], "template": "first"},
    {"id": "call", "level": "level_2", "day": 9, "kind": "call", "channels": ["call"], "template": "call"},
    {
        "id": "formal", "level": "level_3", "day": 30, "kind": "message", "channels": ["letter", "email"],
        "template": "formal_notice", "charges": ["interest", "compensation"], "tone": "formal",
    },
]  # fmt: skip


def policy(languages: tuple[str, ...] = ("fr", "en"), **changes) -> Policy:
    return Policy(
        entities={"FR01": entity(**changes)},
        regions={
            "fr": Region.model_validate({"region": "fr", "country": "FR", "languages": list(languages)})
        },
        scenarios={"standard": Scenario.model_validate({"scenario": "standard", "steps": STEPS})},
    )


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A copy of the templates that a test spoils."""
    for language in ("fr", "en", "_layout"):
        shutil.copytree(DIRECTORY / language, tmp_path / language)
    return tmp_path


def spoil(path: Path, old: str, new: str) -> int:
    """Replace what stands once; gives its line."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def only(problems: list[Problem]) -> tuple[str, int, str, str]:
    errors = [one for one in problems if one.severity == "error"]
    assert len(errors) == 1, "\n".join(map(str, problems)) or "no problem"
    return Path(errors[0].file).as_posix(), errors[0].line, errors[0].message, errors[0].mend


def test_the_shipped_words_have_no_problem_and_are_checked_in_seconds():
    shipped = load_policy(REPOSITORY / "config")
    began = time.perf_counter()
    assert [str(one) for one in check_words(shipped, DIRECTORY)] == []
    assert time.perf_counter() - began < 10  # 1.2 s alone on the machine
    began = time.perf_counter()
    check_words(shipped, DIRECTORY)
    assert time.perf_counter() - began < 0.5  # the same words are not looked at twice


def test_all_languages_have_no_problem():
    everything = policy(("fr", "en", "de", "es", "it", "nl", "pt"))
    assert [str(one) for one in check_words(everything, DIRECTORY)] == []


def test_a_missing_word_is_found_where_it_should_stand(words):
    path = words / "fr" / "words.yaml"
    spoil(path, "columns: {invoice: Facture, dates: Dates, ", "columns: {invoice: Facture, ")
    file, line, message, mend = only(check_words(policy(), words))
    assert (file, message, mend) == (
        path.as_posix(),
        "there is no word 'columns.dates'",
        "write columns.dates: …",
    )
    assert path.read_text(encoding="utf-8").splitlines()[line - 1].startswith("columns:")


def test_a_word_that_only_another_language_has_is_a_warning(words):
    path = words / "en" / "words.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "postscript: By the way.\n", encoding="utf-8")
    (problem,) = check_words(policy(), words)
    assert (problem.severity, problem.message) == ("warning", "postscript is missing, which en has")
    assert problem.file == (words / "fr" / "words.yaml").as_posix()


def test_a_missing_wording_is_found(words):
    path = words / "en" / "first" / "wording.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("request:", "requests:"), encoding="utf-8")
    assert only(check_words(policy(), words))[::2] == (path.as_posix(), "there is no word 'request'")


def test_a_name_that_words_do_not_have_is_found_with_its_line_even_where_it_is_not_written_now(words):
    path = words / "fr" / "first" / "wording.yaml"
    spoil(path, "Il s’agit sans doute", "{% if late > 9999 %}{{ nobody }}{% endif %} Il s’agit sans doute")
    file, line, message, mend = only(check_words(policy(), words))
    assert (file, message) == (path.as_posix(), "opening: there is no 'nobody' to write here")
    assert path.read_text(encoding="utf-8").splitlines()[line - 1].startswith("opening:")
    assert "docs/templates.md" in mend


def test_a_misspelt_name_is_mended(words):
    path = words / "fr" / "words.yaml"
    spoil(path, "compte client {{ customer_id }}", "compte client {{ custmer_id }}")
    file, _, message, mend = only(check_words(policy(), words))
    assert (file, message, mend) == (
        path.as_posix(), "footer: there is no 'custmer_id' to write here", "write customer_id",
    )  # fmt: skip


def test_what_fails_only_when_written_is_found_in_its_word(words):
    path = words / "fr" / "formal_notice" / "wording.yaml"
    spoil(path, "soit au plus tard le {{ deadline }}.\nrequest", "soit le {{ m.no_such_fact }}.\nrequest")
    file, line, message, _ = only(check_words(policy(), words))
    assert file == path.as_posix()
    assert "no_such_fact" in message
    assert path.read_text(encoding="utf-8").splitlines()[line - 1].startswith("opening:")


def test_a_word_that_is_no_jinja_is_found(words):
    path = words / "en" / "call" / "wording.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("{{ late }}", "{{ late }", 1), encoding="utf-8")
    file, line, message, _ = only(check_words(policy(), words))
    assert file == path.as_posix()
    assert message.startswith("purpose can't be read")
    assert path.read_text(encoding="utf-8").splitlines()[line - 1].startswith("purpose:")


def test_words_that_do_what_none_may_are_found(words):
    path = words / "en" / "call" / "wording.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("{{ late }}", "{{ m.__class__ }}", 1), encoding="utf-8"
    )
    assert only(check_words(policy(), words))[2].startswith("purpose can't be read")


def test_a_fault_of_a_layout_is_found_with_its_line(words):
    path = words / "_layout" / "sms.txt.j2"
    path.write_text("{# a\nb #}\n{{ m.no_such_fact }}\n", encoding="utf-8")
    file, line, message, mend = only(check_words(policy(), words))
    assert (file, line, mend) == (path.as_posix(), 3, "mend the layout")
    assert "no_such_fact" in message


def test_words_that_follow_the_tone_in_one_language_only_are_a_warning(words):
    path = words / "en" / "first" / "wording.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("request:"), text.index("sms:")
    path.write_text(text[:start] + "request: Please pay.\n" + text[end:], encoding="utf-8")
    (problem,) = check_words(policy(), words)
    assert problem.severity == "warning"
    assert (
        problem.message == "request is the same in a firm or formal or friendly tone, which it is not in fr"
    )


def test_an_sms_of_more_than_one_part_is_a_warning(words):
    path = words / "fr" / "first" / "wording.yaml"
    spoil(path, "sms: >-\n", "sms: >-\n  " + "Bonjour à tous et merci. " * 5 + "\n")
    problems = check_words(policy(), words)
    assert {one.severity for one in problems} == {"warning"}
    assert "take 2 parts" in problems[0].message
    assert path.read_text(encoding="utf-8").splitlines()[problems[0].line - 1] == "sms: >-"


def test_the_length_of_the_sellers_name_counts():
    named = policy(sender={"email": "a@lumen.example", "name": "Lumière " * 11})
    problems = check_words(named, DIRECTORY)
    assert problems
    assert {one.severity for one in problems} == {"warning"}


def test_only_scenarios_languages_and_channels_in_use_are_looked_at():
    spare = Scenario.model_validate({"scenario": "spare", "steps": [STEPS[1] | {"channels": ["call"]}]})
    here = policy(("fr",))
    used = {(one.language, one.words.template, one.words.channel) for one in uses_of(here)}
    assert used == {
        ("fr", "first", "email"), ("fr", "first", "sms"), ("fr", "call", "call"), ("fr", "formal_notice", "letter"),
        ("fr", "formal_notice", "email"),
        ("fr", "promise_confirmed", "email"), ("fr", "promise_confirmed", "sms"),  # of no step: sent when a promise is noted
    }  # fmt: skip
    more = here.model_copy(update={"scenarios": here.scenarios | {"spare": spare}})
    assert uses_of(more) == uses_of(here)


def test_words_that_only_a_letter_or_a_call_by_machine_says_are_found(words):
    spoken = STEPS[0] | {"channels": ["voice"]}
    calling = policy().model_copy(
        update={
            "scenarios": {"standard": Scenario.model_validate({"scenario": "standard", "steps": [spoken]})}
        }
    )
    path = words / "fr" / "words.yaml"
    spoil(path, 'voice_mail: "', 'voice_post: "')
    assert only(check_words(calling, words))[::2] == (path.as_posix(), "there is no word 'voice_mail'")
    assert {one.severity for one in check_words(policy(), words)} == {"warning"}
    spoil(path, 'voice_post: "', 'voice_mail: "')
    spoil(path, "  page: Page {page} sur {pages}\n", "")
    assert only(check_words(policy(), words))[::2] == (path.as_posix(), "there is no word 'statement.page'")


def test_the_words_of_evidence_are_compared_too(words):
    for language, text in (("fr", "title: Dossier\n"), ("en", "title: File\nindex: Index\n")):
        (words / language / "evidence.yaml").write_text(text, encoding="utf-8")
    (problem,) = check_words(policy(), words)
    assert (problem.file, problem.severity) == ((words / "fr" / "evidence.yaml").as_posix(), "warning")
    assert problem.message == "index is missing, which en has"
