"""profiles.yaml: the thresholds of the payer profiles, checked like every other file of the policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.config import load_policy
from relance.config.document import read_document
from relance.config.profiles import PROFILES, Profiles

ROOT = Path(__file__).resolve().parents[3]


def test_absent_file_gives_the_shipped_thresholds(house):
    assert load_policy(house.config).profiles == Profiles()


def test_shipped_file_writes_every_default_out():
    said = read_document(ROOT / "config" / "profiles.yaml").data
    assert said == Profiles().model_dump(mode="json")
    assert list(said)[-7:] == list(PROFILES), (
        "the file lists profiles in the order in which they are looked at"
    )


def test_keys_left_out_keep_their_defaults(house):
    house.write("profiles.yaml", "min_settled: 3\nbad: {delay_over: 20}\n")
    profiles = load_policy(house.config).profiles
    assert (profiles.min_settled, profiles.weeks_of_evidence) == (3, 2)
    assert (profiles.bad.delay_over, profiles.bad.firm_days) == (20, 7)


def test_version_changes_with_a_threshold(house):
    before = load_policy(house.config).version
    house.write("profiles.yaml", "# the same as without the file\nmin_settled: 6\n")
    assert load_policy(house.config).version == before
    house.write("profiles.yaml", "min_settled: 5\n")
    assert load_policy(house.config).version != before


@pytest.mark.parametrize(
    ("text", "line", "message", "mend"),
    [
        ("window_months: 12\nmin_setled: 6\n", 2, "min_setled: unknown key", "write min_settled"),
        ("good:\n  delay_to: 2\n  on_time: 0.9\n", 3, "good.on_time: unknown key", "write on_time_from"),
        ("good: {on_time_from: 90}\n", 1, "good.on_time_from: 90 is not between 0 and 1", "write 0.9"),
        (
            "\nnegligent: {delay_from: 20}\n",
            2,
            "negligent: delay_from 20 is greater than delay_to 15",
            "write delay_from: 15 or less",
        ),
        ("weeks_of_evidence: 0\n", 1, None, None),
        ("administrative: {legal_forms: [public]}\n", 1, None, None),
        ("", 1, "the file is empty", "write its keys, or delete the file"),
    ],
)
def test_problems_name_line_and_mend(house, text, line, message, mend):
    house.write("profiles.yaml", text)
    name, at, severity, said, remedy = house.only()
    assert (name, at, severity) == ("profiles.yaml", line, "error")
    if message is not None:
        assert (said, remedy) == (message, mend)


def test_rule_with_a_profile_that_does_not_exist_is_warned_of(house):
    house.write(
        "segments.yaml", "rules:\n  - {name: a, when: {profile: [good, negligant]}, scenario: gentle}\n"
    )
    said = ("rule 'a': there is no profile 'negligant'", "write negligent")
    assert house.only() == ("segments.yaml", 2, "warning", *said)
