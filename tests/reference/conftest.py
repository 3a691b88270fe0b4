"""Every example worked out by hand asks both planners: the plain reference and the product's."""

from __future__ import annotations

import pytest

from tests.reference import build, fast, planner

MEASURED_BY_CASES = "test_instalment_plan_while_every_instalment_due_so_far_is_paid_within_its_grace"
_ASKING = ("planned", "outcome")
"""What asks a planner for a small example; a module without it asks the reference itself."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask both where a module has examples, the reference alone elsewhere."""
    if "asked" in metafunc.fixturenames:
        both = any(hasattr(metafunc.module, name) for name in _ASKING)
        metafunc.parametrize("asked", ["reference", "product"] if both else ["reference"], indirect=True)


@pytest.fixture(autouse=True)
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which planner `build.planned` asks."""
    if request.param == "product":
        if request.node.originalname == MEASURED_BY_CASES:
            pytest.skip("instalments are measured where they are kept, by cases; planning is given the hold")
        monkeypatch.setattr(build, "plan", fast.plan)
    else:
        monkeypatch.setattr(build, "plan", planner.plan)
    return str(request.param)
