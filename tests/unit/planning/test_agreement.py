"""The vectorised planner and the plain reference decide the same, on random nasty ledgers, day after day."""

from __future__ import annotations

import os

import pytest

from tests.reference.compare import differences
from tests.reference.fast import both
from tests.reference.generate import generate

FIRST = int(os.environ.get("RELANCE_AGREEMENT_SEED", "0"))
CASES = int(os.environ.get("RELANCE_AGREEMENT_CASES", "150"))
"""More of them by hand: RELANCE_AGREEMENT_SEED=1000 RELANCE_AGREEMENT_CASES=3000 pytest tests/unit/planning -m slow."""


def _agree(seed: int, days: int) -> None:
    for expected, actual in both(generate(seed), days):
        found = differences(expected, actual)
        assert not found, f"seed {seed}, {expected['as_of']}:\n" + "\n".join(found[:10])


@pytest.mark.parametrize("seed", range(25))
def test_both_planners_decide_the_same_day_after_day(seed: int) -> None:
    _agree(seed, days=5)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_both_planners_decide_the_same_over_weeks() -> None:
    for seed in range(FIRST + 10_000, FIRST + 10_000 + CASES):
        _agree(seed, days=12)
