"""Which open cases wait for somebody, list by list: read light, sorted, and only what is shown read whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from relance.cases.permissions import allowed, roles_of, same_person
from relance.cases.reading import Case
from relance.config.policy import Policy
from relance.config.roles import Permission
from relance.slack.homedata import LISTS, PAGE, TOP, HomeFilter, HomeList
from relance.store.schema import dunning_case, slack_user
from relance.store.uow import UnitOfWork

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Light:
    """An open case, as far as lists need it. `overdue`: minor units over all currencies, for the order only."""

    case_id: int
    entity: str
    kind: str
    owner: str | None
    due_on: date | None
    opened_on: date
    snoozed_until: date | None
    collector: str | None
    sales_owner: str | None
    oldest_due: date | None
    overdue: int
    promised: date | None

    def score(self, today: date) -> tuple[bool, bool, int]:
        """What comes first: what doesn't rest, what is due, then money times lateness."""
        late = max(1, (today - self.oldest_due).days) if self.oldest_due else 1
        due = self.promised or self.due_on
        return (self.snoozed_until is None, due is not None and due <= today, self.overdue * late)


@dataclass(frozen=True)
class Viewer:
    """Who looks: their e-mail and roles, and those of the people of the same roles."""

    email: str
    roles: frozenset[str]
    team: frozenset[str]
    seeing: Sequence[Permission] = field(default_factory=tuple)

    def may_see(self, one: Light) -> bool:
        """Whether a row of the table lets them see the case."""
        return any(self._fits(row, one) for row in self.seeing)

    def _fits(self, row: Permission, one: Light) -> bool:
        own = any(same_person(self.email, person) for person in (one.owner, one.collector, one.sales_owner))
        return (
            (not row.entity or one.entity in row.entity)
            and (not row.kind or one.kind in row.kind)
            and (own or not row.own_accounts)
        )

    def is_whose(self, whose: str, one: Light) -> bool:
        """Whether the case is theirs, their team's, or anybody's."""
        if whose == "all":
            return True
        if whose == "team":
            return one.owner is not None and one.owner.casefold() in self.team
        return same_person(self.email, one.owner)


def viewer_of(uow: UnitOfWork, policy: Policy, email: str) -> Viewer:
    """Who looks, by the table of roles."""
    roles = roles_of(uow, policy, email)
    seeing = tuple(row for row in policy.roles.permissions if row.role in roles and "see" in row.may)
    return Viewer(email, roles, _team(uow, policy, email, roles), seeing)


def _team(uow: UnitOfWork, policy: Policy, email: str, roles: frozenset[str]) -> frozenset[str]:
    """The people of the roles that the table names for this person, by name and by user group; themselves too."""
    named = [policy.roles.roles[name] for name in sorted(roles) if name in policy.roles.roles]
    groups = {group.strip() for role in named for group in role.slack_groups}
    people = {person.casefold() for role in named for person in role.people}
    if groups:
        table = slack_user.c
        query = sa.select(sa.func.lower(table.email)).where(
            table.email.is_not(None), table.groups.overlap(sorted(groups))
        )
        people.update(uow.execute(query).scalars())
    return frozenset({*people, email.casefold()})


def read_light(uow: UnitOfWork) -> list[Light]:
    """All open cases, with the few facts that lists need."""
    table = dunning_case.c
    facts = sa.cast(table.facts, JSONB)
    empty = sa.cast(sa.literal("[]"), JSONB)
    total = sa.func.jsonb_array_elements(sa.func.coalesce(facts["totals"], empty)).table_valued("value")
    given = sa.func.jsonb_array_elements(sa.func.coalesce(facts["promises"], empty)).table_valued("value")
    overdue = sa.select(
        sa.func.coalesce(
            sa.func.sum(sa.cast(sa.cast(total.c.value, JSONB)["overdue"].astext, sa.BigInteger)), 0
        )
    )
    promised = sa.select(sa.func.min(sa.cast(given.c.value, JSONB)["due_on"].astext)).where(
        sa.cast(given.c.value, JSONB)["state"].astext.in_(("open", "broken"))
    )
    query = sa.select(
        table.case_id,
        table.entity,
        table.kind,
        table.owner,
        table.due_on,
        table.opened_on,
        table.snoozed_until,
        facts["payer"]["collector"].astext.label("collector"),
        facts["payer"]["sales_owner"].astext.label("sales_owner"),
        sa.cast(facts["oldest_due"].astext, sa.Date).label("oldest_due"),
        overdue.scalar_subquery().label("overdue"),
        sa.cast(promised.scalar_subquery(), sa.Date).label("promised"),
    ).where(table.state == "open")
    return [Light(**{**row, "overdue": int(row["overdue"])}) for row in uow.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cases of each list, in its order."""

    lists: Mapping[str, Sequence[Light]]
    kinds: tuple[str, ...]

    def shown(self, look: HomeFilter) -> dict[str, Sequence[Light]]:
        """Of each list what the Home tab shows: a page of the one looked at, the first ones of the others."""
        shown: dict[str, Sequence[Light]] = {}
        for name in LISTS:
            rows = self.lists[name]
            last = max(0, (len(rows) - 1) // PAGE)
            start = min(look.page, last) * PAGE
            shown[name] = rows[start : start + PAGE] if name == look.list else rows[:TOP]
        return shown


def choose(
    uow: UnitOfWork, policy: Policy, viewer: Viewer, look: HomeFilter, today: Callable[[str], date]
) -> Chosen:
    """The lists of a viewer. `today`: the date where an entity is."""
    seen = [one for one in read_light(uow) if one.entity in policy.entities and viewer.may_see(one)]
    kinds = tuple(sorted({one.kind for one in seen}))
    fitting = [
        one for one in seen if look.kind in {"", one.kind} and look.entity in {"", one.entity}
    ]  # fmt: skip
    whose = [one for one in fitting if viewer.is_whose(look.whose, one)]
    on = {entity: today(entity) for entity in {one.entity for one in fitting}}
    lists: dict[str, Sequence[Light]] = {
        "worklist": sorted(whose, key=lambda one: (one.score(on[one.entity]), -one.case_id), reverse=True),
        "approvals": _answerable(uow, policy, viewer, [one for one in fitting if one.kind == "approval"]),
        "promises_today": _promises(whose, on, lambda left: left <= timedelta()),
        "promises_week": _promises(whose, on, lambda left: timedelta() < left <= WEEK),
        "calls": sorted(
            (one for one in whose if one.kind == "call"),
            key=lambda one: (one.due_on or date.max, one.case_id),
        ),
        "disputes": sorted(
            (one for one in whose if one.kind == "dispute"), key=lambda one: (one.opened_on, one.case_id)
        ),
        "unassigned": sorted(
            (one for one in fitting if one.owner is None and one.kind != "approval"),
            key=lambda one: (one.score(on[one.entity]), -one.case_id),
            reverse=True,
        ),
    }
    return Chosen(lists, kinds)


def _promises(
    rows: Sequence[Light], on: Mapping[str, date], fits: Callable[[timedelta], bool]
) -> list[Light]:
    due = [one for one in rows if one.kind == "promise" and one.promised is not None]
    return sorted(
        (one for one in due if one.promised is not None and fits(one.promised - on[one.entity])),
        key=lambda one: (one.promised or date.max, one.case_id),
    )


def _answerable(uow: UnitOfWork, policy: Policy, viewer: Viewer, rows: Sequence[Light]) -> list[Light]:
    """The questions that this viewer may answer, the oldest first."""
    cases = read_cases(uow, [one.case_id for one in rows])
    may = {
        number: allowed(uow, policy, by=viewer.email, case=case, roles=viewer.roles)
        for number, case in cases.items()
    }
    answerable = [one for one in rows if "approve" in may[one.case_id]]
    return sorted(answerable, key=lambda one: (one.opened_on, one.case_id))


def read_cases(uow: UnitOfWork, numbers: Sequence[int]) -> dict[int, Case]:
    """Whole cases by number."""
    if not numbers:
        return {}
    query = sa.select(dunning_case).where(dunning_case.c.case_id.in_(sorted(set(numbers))))
    return {row["case_id"]: Case(**row) for row in uow.execute(query).mappings()}


__all__ = ["Chosen", "HomeList", "Light", "Viewer", "choose", "read_cases", "read_light", "viewer_of"]
