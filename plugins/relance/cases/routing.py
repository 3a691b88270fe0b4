"""Who gets a new case, and where its card goes: the routes of `slack.yaml`, in order; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relance.cases.facts import owner_of
from relance.config.policy import Policy
from relance.config.slack import Person, Route, RouteWhen

COLLEAGUES = ("collector", "sales_owner")


def route_of(policy: Policy, entity: str, kind: str, facts: Mapping[str, Any]) -> Route | None:
    """The first route whose conditions all hold for a case of that kind with these facts; None where none does.

    Raises:
        UsageError: for an unknown entity or region, where a route asks for it.
    """
    return next(
        (route for route in policy.slack.routes if _fits(route.when, policy, entity, kind, facts)), None
    )


def owner_for(policy: Policy | None, entity: str, kind: str, facts: Mapping[str, Any]) -> str | None:
    """Who has a new case: whom its route names, where the ledger has one; else the payer's collector, else the sales owner."""
    route = route_of(policy, entity, kind, facts) if policy is not None else None
    named = _person(route.owner, facts) if route is not None and route.owner else None
    return named or owner_of(facts)


def watchers_for(policy: Policy | None, entity: str, kind: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Who is told of changes of a new case, each once; not who has it, for its owner is told anyway."""
    route = route_of(policy, entity, kind, facts) if policy is not None else None
    if route is None:
        return ()
    owner = owner_for(policy, entity, kind, facts)
    people = (_person(one, facts) for one in route.watch)
    return tuple(dict.fromkeys(one for one in people if one and one != owner))


def _fits(when: RouteWhen, policy: Policy, entity: str, kind: str, facts: Mapping[str, Any]) -> bool:
    payer = facts.get("payer") or {}
    sales_owner = (payer.get("sales_owner") or "").casefold()
    return (
        (not when.entity or entity in when.entity)
        and (not when.region or policy.entity(entity).region in when.region)
        and (not when.kind or kind in when.kind)
        and (not when.sales_owner or sales_owner in {one.casefold() for one in when.sales_owner})
        and (not when.over or _exceeds(when, facts))
    )


def _exceeds(when: RouteWhen, facts: Mapping[str, Any]) -> bool:
    overdue = {row["currency"]: row["overdue"] for row in facts.get("totals") or ()}
    return any(overdue.get(limit.currency, 0) > limit.minor for limit in when.over)


def _person(person: Person, facts: Mapping[str, Any]) -> str | None:
    """The e-mail that a colleague of the payer has, or the one that is named."""
    if person not in COLLEAGUES:
        return person
    found = (facts.get("payer") or {}).get(person)
    return str(found) if found else None
