"""Which contacts touched a payer, and which of them were firm."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from relance.config.models import Scenario
from relance.config.policy import Policy
from relance.planning.conduct import TOUCHES, touches_of
from relance.planning.model import ACT_HISTORY, CONTACT_HISTORY, History

ON = date(2026, 3, 10)


def policy() -> Policy:
    plain = {"kind": "message", "channels": ["email"], "template": "first"}
    steps = [
        {"id": "first", "level": "level_1", "day": 3, **plain},
        {"id": "charged", "level": "level_2", "day": 9, "charges": ["interest"], **plain},
    ]
    return Policy(scenarios={"standard": Scenario.model_validate({"scenario": "standard", "steps": steps})})


def touches(**given: str | None) -> list[tuple[str, date, int, bool]]:
    contact = {
        "key": "K", "payer_id": "C1", "as_of": ON, "kind": "message", "channel": "email", "state": "sent",
        "acted_on": ON, "scenario": "standard", "step": "first", "level": "level_1", "settled": False,
    } | given  # fmt: skip
    act = {"key": "K", "invoice_id": "I1", "step": contact["step"], "level": contact["level"]}
    history = History(
        pl.DataFrame([contact], schema=CONTACT_HISTORY), pl.DataFrame([act], schema=ACT_HISTORY)
    )
    return touches_of(history, policy()).rows()


@pytest.mark.parametrize(
    ("kind", "state", "touched"),
    [
        ("message", "sent", True),
        ("message", "confirmed", True),
        ("message", "bounced", False),
        ("message", "failed", False),
        ("message", "planned", False),
        ("call", "completed", True),
        ("call", "not_made", False),
        ("call", "open", False),
        ("internal", "completed", False),
        ("handoff", "completed", False),
    ],
)
def test_messages_that_arrived_and_calls_made_touch_a_payer(kind, state, touched):
    assert bool(touches(kind=kind, state=state)) == touched


def test_a_touch_is_firm_from_level_3_or_with_charges():
    assert touches() == [("I1", ON, 1, False)]
    assert touches(step="charged", level="level_2") == [("I1", ON, 2, True)]
    assert touches(step="old", level="level_3", scenario="gone") == [("I1", ON, 3, True)]
    assert touches(step="before", level="preventive") == [("I1", ON, 0, False)]


def test_no_history_gives_no_touches():
    found = touches_of(History(), policy())
    assert found.is_empty()
    assert found.schema == TOUCHES
    assert touches_of(History(), Policy()).is_empty()
