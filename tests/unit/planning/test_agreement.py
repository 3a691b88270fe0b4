"""The vectorised planner and the plain reference decide the same, on random nasty ledgers, day after day."""

from __future__ import annotations

import os

import pytest

from tests.reference.compare import differences
from tests.reference.crowd import crowd
from tests.reference.fast import both
from tests.reference.generate import Case, generate

FIRST = int(os.environ.get("RELANCE_AGREEMENT_SEED", "10000"))
CASES = int(os.environ.get("RELANCE_AGREEMENT_CASES", "4"))
DAYS = int(os.environ.get("RELANCE_AGREEMENT_DAYS", "60"))
CROWD = int(os.environ.get("RELANCE_AGREEMENT_CROWD", "8"))
"""More ledgers by hand: RELANCE_AGREEMENT_SEED=30000 RELANCE_AGREEMENT_CASES=3000 pytest -m slow on this file.

A case of the slow run is a policy with the ledgers of RELANCE_AGREEMENT_CROWD seeds; days count from the first.
"""


def _agree(case: Case, days: int) -> None:
    for expected, actual in both(case, days):
        found = differences(expected, actual)
        assert not found, f"seed {case.seed}, {expected['as_of']}:\n" + "\n".join(found[:10])


@pytest.mark.parametrize("seed", range(25))
def test_both_planners_decide_the_same_day_after_day(seed: int) -> None:
    _agree(generate(seed), days=5)


@pytest.mark.slow
@pytest.mark.timeout(1200 + 60 * CASES)
def test_both_planners_decide_the_same_over_sixty_days() -> None:
    for seed in range(FIRST, FIRST + CASES * CROWD, CROWD):
        _agree(crowd(seed, CROWD), DAYS)
