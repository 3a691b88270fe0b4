"""Which open cases wait for somebody, list by list: sorted in the database, and only what is shown read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from relance.cases.permissions import allowed, roles_of
from relance.cases.reading import Case
from relance.config.policy import Policy
from relance.config.roles import Permission
from relance.slack.homedata import LISTS, PAGE, TOP, HomeFilter, ListName
from relance.store.schema import dunning_case, slack_user
from relance.store.uow import UnitOfWork

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Light:
    """An open case, as far as lists need it. `promised`: the day of its oldest promise that is not kept yet."""

    case_id: int
    promised: date | None


@dataclass(frozen=True)
class Viewer:
    """Who looks: their e-mail and roles, and those of the people of the same roles."""

    email: str
    roles: frozenset[str]
    team: frozenset[str]
    seeing: Sequence[Permission] = field(default_factory=tuple)

    def sees(self, entities: Iterable[str]) -> sa.ColumnElement[bool]:
        """The open cases that a row of the table lets them see."""
        table = dunning_case.c
        rows = [
            sa.and_(
                table.entity.in_(row.entity) if row.entity else sa.true(),
                table.kind.in_(row.kind) if row.kind else sa.true(),
                sa.or_(*map(self._is, _people())) if row.own_accounts else sa.true(),
            )
            for row in self.seeing
        ]
        return sa.and_(table.state == "open", table.entity.in_(sorted(entities)), sa.or_(sa.false(), *rows))

    def whose(self, whose: str, owner: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """The cases that are theirs, their team's, or anybody's."""
        if whose == "all":
            return sa.true()
        return sa.func.lower(owner).in_(sorted(self.team)) if whose == "team" else self._is(owner)

    def _is(self, person: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.func.lower(sa.func.btrim(person)) == self.email.strip().casefold()


def _people() -> tuple[sa.ColumnElement[Any], ...]:
    """Whose account a case is."""
    payer = sa.cast(dunning_case.c.facts, JSONB)["payer"]
    return (dunning_case.c.owner, payer["collector"].astext, payer["sales_owner"].astext)


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


def _light(policy: Policy, viewer: Viewer, look: HomeFilter, today: Callable[[str], date]) -> sa.CTE:
    """The cases that the viewer may see and looks at, with what lists are sorted by; overdue over all currencies."""
    table, facts = dunning_case.c, sa.cast(dunning_case.c.facts, JSONB)
    empty = sa.cast(sa.literal("[]"), JSONB)
    total = sa.func.jsonb_array_elements(sa.func.coalesce(facts["totals"], empty)).table_valued("value")
    given = sa.func.jsonb_array_elements(sa.func.coalesce(facts["promises"], empty)).table_valued("value")
    minor = sa.cast(sa.cast(total.c.value, JSONB)["overdue"].astext, sa.BigInteger)
    overdue = sa.select(sa.func.coalesce(sa.func.sum(minor), 0)).scalar_subquery()
    promised = sa.select(sa.func.min(sa.cast(given.c.value, JSONB)["due_on"].astext)).where(
        sa.cast(given.c.value, JSONB)["state"].astext.in_(("open", "broken"))
    )
    on = {entity: sa.cast(sa.literal(today(entity)), sa.Date) for entity in policy.entities}
    query = sa.select(
        table.case_id, table.entity, table.kind, table.owner, table.due_on, table.opened_on, table.snoozed_until,
        sa.cast(facts["oldest_due"].astext, sa.Date).label("oldest_due"), overdue.label("overdue"),
        sa.cast(promised.scalar_subquery(), sa.Date).label("promised"),
        sa.case(on, value=table.entity).label("today"),
    ).where(viewer.sees(policy.entities))  # fmt: skip
    if look.kind:
        query = query.where(table.kind == look.kind)
    if look.entity:
        query = query.where(table.entity == look.entity)
    return query.cte("light")


def _weight(light: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """What comes first: what doesn't rest, what is due, then money times lateness."""
    late = sa.func.greatest(1, sa.func.coalesce(light.today - light.oldest_due, 1))
    is_due = sa.func.coalesce(sa.func.coalesce(light.promised, light.due_on) <= light.today, sa.false())
    return (
        light.snoozed_until.is_(None).desc(), is_due.desc(), (light.overdue * late).desc(), light.case_id,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """Of each list what the Home tab shows of it, in its order, and how many cases it has."""

    lists: Mapping[str, Sequence[Light]]
    totals: Mapping[str, int]
    kinds: tuple[str, ...]


def choose(
    uow: UnitOfWork, policy: Policy, viewer: Viewer, look: HomeFilter, today: Callable[[str], date]
) -> Chosen:
    """The lists of a viewer: a page of the one looked at, the first cases of the others. `today`: the date where an entity is."""
    lists: dict[str, list[Light]] = {name: [] for name in LISTS}
    totals: dict[str, int] = dict.fromkeys(LISTS, 0)
    if not policy.entities:
        return Chosen(lists, totals, ())
    cte = _light(policy, viewer, look, today)
    for name, count, case_id, promised, _ in uow.execute(_shown(cte, viewer, look)):
        lists[name].append(Light(case_id, promised))
        totals[name] = count
    waiting = sa.select(cte.c.case_id, cte.c.promised).where(cte.c.kind == "approval")
    questions = [Light(*row) for row in uow.execute(waiting.order_by(cte.c.opened_on, cte.c.case_id))]
    answerable = _answerable(uow, policy, viewer, questions)
    totals["approvals"] = len(answerable)
    size = PAGE if look.list == "approvals" else TOP
    start = min(look.page, max(0, len(answerable) - 1) // PAGE) * PAGE if look.list == "approvals" else 0
    lists["approvals"] = answerable[start : start + size]
    kinds = sa.select(dunning_case.c.kind).where(viewer.sees(policy.entities)).distinct()
    return Chosen(lists, totals, tuple(sorted(uow.execute(kinds).scalars())))


def _shown(cte: sa.CTE, viewer: Viewer, look: HomeFilter) -> sa.CompoundSelect[Any]:
    """Name of the list, its length, number and promise of each case that shows, list by list in their order."""
    light = cte.c
    theirs, left = viewer.whose(look.whose, light.owner), light.promised - light.today
    is_promise = sa.and_(light.kind == "promise", theirs)
    lists: dict[ListName, tuple[sa.ColumnElement[bool], tuple[Any, ...]]] = {
        "worklist": (theirs, _weight(light)),
        "promises_today": (sa.and_(is_promise, left <= 0), (light.promised, light.case_id)),
        "promises_week": (
            sa.and_(is_promise, left > 0, left <= WEEK.days), (light.promised, light.case_id)
        ),
        "calls": (
            sa.and_(light.kind == "call", theirs), (light.due_on.asc().nulls_last(), light.case_id)
        ),
        "disputes": (sa.and_(light.kind == "dispute", theirs), (light.opened_on, light.case_id)),
        "unassigned": (sa.and_(light.owner.is_(None), light.kind != "approval"), _weight(light)),
    }  # fmt: skip
    return sa.union_all(*(_page(cte, name, look, *of) for name, of in lists.items())).order_by(
        "list", "place"
    )


def _page(
    cte: sa.CTE, name: ListName, look: HomeFilter, fits: sa.ColumnElement[bool], order: tuple[Any, ...]
) -> sa.Select[Any]:
    """The cases of one list that show: the last page where there is none so far on."""
    placed = (
        sa.select(
            cte.c.case_id, cte.c.promised,
            sa.func.count().over().label("total"), sa.func.row_number().over(order_by=order).label("place"),
        )
        .where(fits)
        .subquery()
    )  # fmt: skip
    page = sa.func.least(look.page, (placed.c.total - 1) // PAGE) if look.list == name else sa.literal(0)
    size = PAGE if look.list == name else TOP
    return sa.select(
        sa.literal(name).label("list"), placed.c.total, placed.c.case_id, placed.c.promised, placed.c.place
    ).where(placed.c.place > page * PAGE, placed.c.place <= page * PAGE + size)


def _answerable(uow: UnitOfWork, policy: Policy, viewer: Viewer, rows: Sequence[Light]) -> list[Light]:
    """Of these questions those that this viewer may answer."""
    cases = read_cases(uow, [one.case_id for one in rows])
    may = {
        number: allowed(uow, policy, by=viewer.email, case=case, roles=viewer.roles)
        for number, case in cases.items()
    }
    return [one for one in rows if "approve" in may.get(one.case_id, ())]


def read_cases(uow: UnitOfWork, numbers: Sequence[int]) -> dict[int, Case]:
    """Whole cases by number."""
    if not numbers:
        return {}
    query = sa.select(dunning_case).where(dunning_case.c.case_id.in_(sorted(set(numbers))))
    return {row["case_id"]: Case(**row) for row in uow.execute(query).mappings()}


__all__ = ["Chosen", "Light", "Viewer", "choose", "read_cases", "viewer_of"]
