"""Routes of slack.yaml: the first that fits decides who gets a case."""

from __future__ import annotations

from typing import Any

import pytest

from relance.cases.routing import owner_for, route_of, watchers_for
from relance.config.models import Entity, Region
from relance.config.policy import Policy
from relance.config.slack import SlackRules

FACTS: dict[str, Any] = {
    "payer": {"collector": "coll@lumen.example", "sales_owner": "Sales@lumen.example"},
    "totals": [
        {"currency": "EUR", "open": 900_000, "overdue": 500_000, "credit": 0},
        {"currency": "USD", "open": 100, "overdue": 0, "credit": 0},
    ],
}


def _policy(*routes: dict[str, Any]) -> Policy:
    entity = {
        "entity": "FR01", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
        "default_scenario": "standard",
    }  # fmt: skip
    return Policy(
        entities={"FR01": Entity.model_validate(entity)},
        regions={"fr": Region.model_validate({"region": "fr", "country": "FR", "languages": ["fr"]})},
        slack=SlackRules.model_validate({"routes": list(routes)}),
    )


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({}, True),
        ({"entity": ["FR01"]}, True),
        ({"entity": ["DE01"]}, False),
        ({"region": ["fr"]}, True),
        ({"region": ["de"]}, False),
        ({"kind": ["dispute", "call"]}, True),
        ({"kind": ["call"]}, False),
        ({"sales_owner": ["sales@LUMEN.example"]}, True),
        ({"sales_owner": ["other@lumen.example"]}, False),
        ({"over": ["4999.99 EUR"]}, True),
        ({"over": ["5000.00 EUR"]}, False),
        ({"over": ["0.00 USD"]}, False),
        ({"over": ["9000.00 EUR", "10.00 GBP"]}, False),
        ({"entity": ["FR01"], "kind": ["call"]}, False),
        ({"entity": ["FR01"], "kind": ["dispute"], "over": ["1.00 EUR"]}, True),
    ],
)
def test_all_conditions_of_a_route_must_hold(when: dict[str, Any], fits: bool) -> None:
    policy = _policy({"name": "one", "when": when})
    assert (route_of(policy, "FR01", "dispute", FACTS) is not None) is fits


def test_the_first_route_that_fits_decides() -> None:
    policy = _policy(
        {"name": "calls", "when": {"kind": ["call"]}, "channel": "#calls"},
        {"name": "large", "when": {"over": ["1000.00 EUR"]}, "channel": "#large"},
        {"name": "all", "channel": "#all"},
    )
    found = {kind: route_of(policy, "FR01", kind, FACTS) for kind in ("call", "dispute")}
    assert {kind: route.channel for kind, route in found.items() if route} == {
        "call": "#calls", "dispute": "#large",
    }  # fmt: skip
    small = {**FACTS, "totals": []}
    route = route_of(policy, "FR01", "dispute", small)
    assert route is not None
    assert route.channel == "#all"
    assert route_of(_policy(), "FR01", "dispute", FACTS) is None


def test_the_routes_owner_has_the_case_else_the_collector_else_the_sales_owner() -> None:
    sales = _policy({"name": "x", "owner": "sales_owner"})
    named = _policy({"name": "x", "owner": "boss@lumen.example"})
    no_sales = {"payer": {"collector": "coll@lumen.example", "sales_owner": None}}
    assert owner_for(sales, "FR01", "dispute", FACTS) == "Sales@lumen.example"
    assert owner_for(sales, "FR01", "dispute", no_sales) == "coll@lumen.example"
    assert owner_for(named, "FR01", "dispute", FACTS) == "boss@lumen.example"
    for policy in (None, _policy(), _policy({"name": "x"})):
        assert owner_for(policy, "FR01", "dispute", FACTS) == "coll@lumen.example"
        assert (
            owner_for(policy, "FR01", "dispute", {"payer": {"sales_owner": "s@lumen.example"}})
            == "s@lumen.example"
        )
        assert owner_for(policy, "FR01", "dispute", {"payer": {}}) is None


def test_watchers_are_named_once_and_the_owner_is_none_of_them() -> None:
    policy = _policy(
        {"name": "x", "owner": "collector", "watch": ["collector", "sales_owner", "boss@lumen.example"]}
    )
    assert watchers_for(policy, "FR01", "dispute", FACTS) == ("Sales@lumen.example", "boss@lumen.example")
    assert watchers_for(policy, "FR01", "dispute", {"payer": {}}) == ("boss@lumen.example",)
    assert watchers_for(None, "FR01", "dispute", FACTS) == ()
