"""Which profile figures show, at the very edge of each threshold, and when a profile changes (docs/profiles.md)."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from relance.config.profiles import PROFILES, Profiles
from relance.planning.behaviour import FIGURES
from relance.planning.profiles import STATE, after_week, with_profile

NOTHING = {
    name: 0 if kind == pl.Int64 else False if kind == pl.Boolean else None for name, kind in FIGURES.items()
}
ENOUGH = NOTHING | {"invoices": 10, "settled": 10}

EXAMPLES: dict[str, dict[str, Any]] = {
    "automatic": {
        "mandate": True,
        "collected": 0.80,
        "collections": 21,
        "returns": 1,
        "returns_share": 1 / 21,
    },
    "insolvent": {"median_delay": 61, "in_part": 1, "volume_change": -0.30},
    "litigious": {"disputed_share": 0.25, "disputed": 3, "disputed_after_due": 0.50},
    "administrative": {"explained": 0.50, "spread": 10, "median_delay": 20},
    "bad": {
        "median_delay": 16,
        "dunned": 3,
        "reached_level_2": 0.60,
        "paid_after_firm": 0.50,
        "promises_kept": 0.59,
    },
    "negligent": {"median_delay": 3, "dunned": 3, "answered": 0.50},
    "good": {"median_delay": 2, "on_time": 0.90},
}


def shown(*, thresholds: dict[str, Any] | None = None, **figures: Any) -> str | None:
    row = {"payer_id": "C1", **ENOUGH, **figures}
    frame = pl.DataFrame([row], schema={"payer_id": pl.String, **FIGURES})
    return with_profile(frame, Profiles.model_validate(thresholds or {}))["profile"].item()


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_is_shown_at_its_thresholds(profile):
    assert shown(**EXAMPLES[profile]) == profile


@pytest.mark.parametrize("profile", PROFILES)
def test_with_fewer_than_six_settled_it_is_unknown(profile):
    assert shown(**EXAMPLES[profile], settled=6) == profile
    assert shown(**EXAMPLES[profile], settled=5) is None


@pytest.mark.parametrize(
    ("profile", "figures"),
    [
        ("automatic", {"mandate": False}),
        ("automatic", {"collected": 0.79}),
        ("automatic", {"collected": None}),
        ("automatic", {"returns_share": 0.05}),
        ("insolvent", {"median_delay": 60}),
        ("insolvent", {"in_part": 0}),
        ("insolvent", {"volume_change": -0.29}),
        ("insolvent", {"volume_change": None}),
        ("litigious", {"disputed_share": 0.24}),
        ("litigious", {"disputed_after_due": 0.49}),
        ("litigious", {"disputed_after_due": None}),
        ("administrative", {"explained": 0.49}),
        ("administrative", {"explained": None}),
        ("administrative", {"spread": 11}),
        ("bad", {"median_delay": 15}),
        ("bad", {"dunned": 2}),
        ("bad", {"reached_level_2": 0.59}),
        ("bad", {"paid_after_firm": 0.49}),
        ("bad", {"paid_after_firm": None}),
        ("bad", {"disputed": 1}),
        ("bad", {"promises_kept": 0.60}),
        ("negligent", {"median_delay": 2}),
        ("negligent", {"median_delay": 16}),
        ("negligent", {"dunned": 2}),
        ("negligent", {"answered": 0.49}),
        ("good", {"median_delay": 3}),
        ("good", {"on_time": 0.89}),
        ("good", {"promises_broken": 1}),
    ],
)
def test_a_step_beyond_a_threshold_it_is_not(profile, figures):
    assert shown(**(EXAMPLES[profile] | figures)) is None


@pytest.mark.parametrize(
    ("profile", "figures"),
    [
        ("insolvent", {"insolvency": True}),
        ("insolvent", {"recent_returns": 2}),
        ("insolvent", {"plans": 1}),
        ("litigious", {"recent_disputes": 3, "disputed": 1, "disputed_after_due": 1.0}),
        ("administrative", {"by_procedure": True, "spread": 0, "median_delay": 40}),
        ("bad", EXAMPLES["bad"] | {"promises_kept": None}),
        ("negligent", EXAMPLES["negligent"] | {"median_delay": 15}),
        ("good", EXAMPLES["good"] | {"median_delay": -20}),
    ],
)
def test_other_ways_to_the_same_profile(profile, figures):
    assert shown(**figures) == profile


def test_first_match_wins():
    figures: dict[str, Any] = {}
    for profile in reversed(PROFILES):
        figures |= EXAMPLES[profile]
        assert shown(**figures) == profile or profile in ("insolvent", "automatic")
    everything = {
        "mandate": True,
        "collected": 1.0,
        "returns_share": 0.0,
        "insolvency": True,
        "by_procedure": True,
    }
    assert shown(**everything, spread=0, median_delay=0, on_time=1.0) == "automatic"
    assert shown(insolvency=True, by_procedure=True, spread=0, median_delay=0, on_time=1.0) == "insolvent"
    assert shown(by_procedure=True, spread=0, median_delay=0, on_time=1.0) == "administrative"


def test_thresholds_are_the_policys():
    assert shown(**EXAMPLES["good"], settled=5, thresholds={"min_settled": 5}) == "good"
    assert shown(median_delay=4, on_time=0.9, thresholds={"good": {"delay_to": 4}}) == "good"


def test_nothing_known_is_unknown():
    assert shown() is None
    assert with_profile(pl.DataFrame(schema={"payer_id": pl.String, **FIGURES}), Profiles()).is_empty()


def states(*rows: tuple[str, str | None, int, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=STATE, orient="row")


def score(**profiles: str | None) -> pl.DataFrame:
    rows = list(profiles.items())
    return pl.DataFrame(rows, schema={"payer_id": pl.String, "profile": pl.String}, orient="row")


def weeks(
    *scores: dict[str, str | None], evidence: int = 2
) -> list[dict[str, tuple[str | None, int, str | None]]]:
    """State by payer after each week; a week without a score (None) is a gap."""
    state, said, follows = states(), [], False
    for given in scores:
        if given is None:
            follows = False
            continue
        state = after_week(state, score(**given), follows=follows, weeks_of_evidence=evidence)
        said.append({row[0]: row[1:] for row in state.iter_rows()})
        follows = True
    return said


def test_a_profile_counts_after_two_weeks_of_evidence():
    assert weeks({"C1": "good"}, {"C1": "good"}) == [
        {"C1": ("good", 1, None)},
        {"C1": ("good", 2, "good")},
    ]


def test_one_odd_week_changes_nothing():
    said = weeks({"C1": "good"}, {"C1": "good"}, {"C1": "bad"}, {"C1": "good"}, {"C1": "bad"})
    assert [week["C1"][2] for week in said] == [None, "good", "good", "good", "good"]
    assert said[2]["C1"] == ("bad", 1, "good")


def test_two_weeks_against_it_change_it():
    said = weeks({"C1": "good"}, {"C1": "good"}, {"C1": "bad"}, {"C1": "bad"})
    assert said[3]["C1"] == ("bad", 2, "bad")


def test_different_evidence_in_a_row_is_no_evidence_for_either():
    said = weeks({"C1": "good"}, {"C1": "good"}, {"C1": "bad"}, {"C1": "negligent"}, {"C1": "negligent"})
    assert [week["C1"][2] for week in said[2:]] == ["good", "good", "negligent"]


def test_weeks_in_a_row_means_without_a_gap():
    said = weeks({"C1": "good"}, None, {"C1": "good"}, {"C1": "good"})
    assert [week["C1"][1:] for week in said] == [(1, None), (1, None), (2, "good")]


def test_unknown_takes_two_weeks_too():
    said = weeks({"C1": "good"}, {"C1": "good"}, {"C1": None}, {}, {"C1": "good"})
    assert said[2] == {"C1": (None, 1, "good")}
    assert said[3] == {}
    assert said[4] == {"C1": ("good", 1, None)}


def test_one_week_of_evidence_is_enough_where_the_policy_says_so():
    assert weeks({"C1": "good"}, {"C1": "bad"}, evidence=1)[1] == {"C1": ("bad", 1, "bad")}


def test_payers_do_not_touch_one_another():
    said = weeks({"C1": "good", "C2": "bad"}, {"C2": "bad", "C1": "good", "C3": "good"})
    assert said[1] == {"C1": ("good", 2, "good"), "C2": ("bad", 2, "bad"), "C3": ("good", 1, None)}
