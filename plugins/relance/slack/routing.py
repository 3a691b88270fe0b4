"""Which channel a card goes to, and where it goes when that one does not take it."""

from __future__ import annotations

from relance.cases.reading import Case
from relance.cases.routing import route_of
from relance.config.models import Entity
from relance.config.policy import Policy
from relance.errors import UsageError


def channel_for(policy: Policy, case: Case) -> str | None:
    """The channel of a case's card, as configured: its route's, else the entity's for the kind, else the entity's.

    None where there is none: then the case has no card.

    Raises:
        UsageError: for an unknown entity.
    """
    route = route_of(policy, case.entity, case.kind, case.facts)
    if route is not None and route.channel:
        return route.channel
    return channel_of(policy.entity(case.entity), case.kind)


def channel_of(entity: Entity, kind: str) -> str | None:
    """Where an entity's cards of that kind go unless a route says otherwise: the kind's own channel, else the entity's."""
    if entity.slack is None:
        return None
    own: str | None = getattr(entity.slack, kind, None)
    return own or entity.slack.channel


def instead_of(policy: Policy | None, entity: str, channel: str) -> str | None:
    """Where what `channel` does not take goes: the entity's main channel, else slack.yaml's `fallback`; None: nowhere."""
    if policy is None:
        return None
    known = policy.entities.get(entity)
    main = known.slack.channel if known and known.slack else None
    chain = [one for one in dict.fromkeys((main, policy.slack.fallback)) if one]
    if channel not in chain:
        return chain[0] if chain else None
    following = chain[chain.index(channel) + 1 :]
    return following[0] if following else None


def locale_for(policy: Policy, entity: str) -> str:
    """The language that an entity's channels speak: configured, else the region's first.

    Raises:
        UsageError: for an unknown entity.
    """
    one = policy.entity(entity)
    configured = one.slack.locale if one.slack else None
    return str(configured or policy.region_of(entity).languages[0])


def entity_of(policy: Policy, name: str) -> Entity | None:
    """The entity of that name, or None where the policy has it no more."""
    try:
        return policy.entity(name)
    except UsageError:
        return None
