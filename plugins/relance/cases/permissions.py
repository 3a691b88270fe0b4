"""Who may do what, asked where it is done and nowhere else: the table of `roles.yaml`, people by e-mail and Slack group."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from relance.cases.reading import Case
from relance.config.policy import Policy
from relance.config.roles import ACTIONS, EVERYBODY, Action, Permission, Roles
from relance.errors import CaseError, NotAllowedError
from relance.money import Money
from relance.store.schema import customer_version, slack_user
from relance.store.uow import UnitOfWork

_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
_ANSWERS = frozenset[Action]({"approve", "reject"})
_GRAVE = frozenset[Action]({"approve", "reject", "write_off", "waive", "instalments"})
"""What gives money or a decision away."""
_DOING: Mapping[Action, str] = {
    "comment": "comment on this", "open": "open such a case", "promise": "note a promise here",
    "announce": "note a payment on its way here", "contact": "correct contacts here", "call": "note calls here",
    "write_off": "ask for a write-off", "instalments": "agree on instalments", "snooze": "let this rest",
}  # fmt: skip
"""What may not be done, in words; the other actions take a plain "this"."""
_KIND_OF: Mapping[str, str] = {"dispute": "dispute", "promise": "promise", "instalments": "promise"}
"""What is done to a payer without a case makes one of this kind."""


def check_person(by: str) -> None:
    """Refuse what can't be a person's e-mail.

    Raises:
        CaseError: when it can't.
    """
    if not _EMAIL.fullmatch(by):
        raise CaseError(
            f"{by!r} is not a person.",
            hint="Give an e-mail, such as collector@lumen.example.",
            key="no_person",
            who=by,
        )


def same_person(one: str | None, other: str | None) -> bool:
    """Whether two e-mails are one person's, in any case."""
    return one is not None and other is not None and one.strip().casefold() == other.strip().casefold()


def roles_of(uow: UnitOfWork, policy: Policy, by: str) -> frozenset[str]:
    """A person's roles: those that name the e-mail, those of the Slack user groups, and `everybody`.

    Guests, people from other workspaces, bots and closed accounts have only roles with `guests: true` that name them. An
    address that Slack knows for a member and for an outsider is an outsider's: other workspaces give addresses as they like.
    """
    table = policy.roles
    kinds, groups = _slack_of(uow, by)
    if kinds - {"member"}:
        return frozenset(name for name in table.of(by) if table.roles[name].guests)
    of_groups = {
        name for name, role in table.roles.items() if groups & {_handle(group) for group in role.slack_groups}
    }
    return frozenset({*table.of(by), *of_groups, EVERYBODY})


def check_allowed(
    uow: UnitOfWork,
    policy: Policy,
    *,
    by: str,
    action: Action,
    entity: str,
    case: Case | None = None,
    payer: Mapping[str, Any] | None = None,
    totals: Iterable[Money] = (),
    days: int | None = None,
    asked: str | None = None,
) -> None:
    """Refuse what no row of the table allows this person.

    `case`: what it is done to, else `payer`: the colleagues of the payer it is done for (`sales_owner`, `collector`). `totals`:
    the amounts at stake, one a currency. `days`: how long a snooze lasts. `asked`: the role that was asked; those that its
    questions go on to may answer as well.

    Raises:
        CaseError: `by` is not a person's e-mail.
        NotAllowedError: when they may not; says why, and who could.
    """
    covering(
        uow, policy, by=by, action=action, entity=entity, case=case, payer=payer, totals=totals, days=days, asked=asked
    )  # fmt: skip


def covering(
    uow: UnitOfWork,
    policy: Policy,
    *,
    by: str,
    action: Action,
    entity: str,
    case: Case | None = None,
    payer: Mapping[str, Any] | None = None,
    totals: Iterable[Money] = (),
    days: int | None = None,
    asked: str | None = None,
) -> tuple[Permission, ...]:
    """`check_allowed`, giving the rows that allow it.

    Raises:
        CaseError: `by` is not a person's e-mail.
        NotAllowedError: when no row does.
    """
    check_person(by)
    question = _Question(action, entity, _kind(action, case), tuple(totals), days, asked)
    mine, own = roles_of(uow, policy, by), _is_own(by, case, payer, action)
    rows = _allowing(policy.roles, question, mine, own=own)
    if not rows:
        raise _refusal(policy.roles, question, by=by, mine=mine, own=own)
    return rows


def sight_of_payers(uow: UnitOfWork, policy: Policy, *, by: str) -> Callable[[str, Mapping[str, Any]], bool]:
    """Which payers this person may see, as a question to ask of thousands: entity and `colleagues_of` give the answer.

    The database is asked once, for the person's roles.

    Raises:
        CaseError: `by` is not a person's e-mail.
        NotAllowedError: they may see no payer at all; says who could.
    """
    check_person(by)
    mine = roles_of(uow, policy, by)
    questions = {entity: _Question("see", entity, None, (), None, None) for entity in policy.entities}
    sees = {
        (entity, own): bool(_allowing(policy.roles, question, mine, own=own))
        for entity, question in questions.items()
        for own in (False, True)
    }
    if not any(sees.values()):
        raise _refusal(policy.roles, next(iter(questions.values())), by=by, mine=mine, own=True)

    def may_see(entity: str, payer: Mapping[str, Any]) -> bool:
        return sees.get((entity, False), False) or (
            sees.get((entity, True), False) and _is_own(by, None, payer, "see")
        )

    return may_see


def allowed(
    uow: UnitOfWork,
    policy: Policy,
    *,
    by: str,
    case: Case,
    roles: frozenset[str] | None = None,
) -> frozenset[Action]:
    """What this person may do with a case, for menus: amounts other than those of an open question are looked at when they come.

    `roles`: the person's, where they are known already (`roles_of`). Who asked a question may not answer it, but take it back.
    """
    mine = roles if roles is not None else roles_of(uow, policy, by)
    found = set()
    for action in ACTIONS:
        if action in _ANSWERS and case.kind != "approval":
            continue
        asks = action in _ANSWERS
        question = _Question(
            action, case.entity, case.kind, demanded(case) if asks else (), None, _role(case) if asks else None
        )  # fmt: skip
        if _allowing(policy.roles, question, mine, own=_is_own(by, case, None, action)):
            found.add(action)
    if case.kind == "approval" and same_person(case.requested_by, by):
        found = (found - _ANSWERS) | {"reject"}
    return frozenset(found)


def longest_snooze(uow: UnitOfWork, policy: Policy, *, by: str, case: Case) -> int | None:
    """For how many days this person may let a case rest: None without a limit of their own, 0 not at all."""
    question = _Question("snooze", case.entity, case.kind, (), None, None)
    rows = _allowing(policy.roles, question, roles_of(uow, policy, by), own=_is_own(by, case, None, "snooze"))
    if any(row.days is None for row in rows):
        return None
    return max((row.days or 0 for row in rows), default=0)


def demanded(case: Case) -> tuple[Money, ...]:
    """The amounts that say who may answer an approval: of what it asks, and of what stands beside it already."""
    rows = [*(case.facts.get("demanded") or ()), *(case.facts.get("beside") or ())]
    return tuple(sum_up([Money(one["currency"], one["amount"]) for one in rows]))


def sum_up(amounts: Iterable[Money]) -> list[Money]:
    """One amount a currency, in the order of the currencies."""
    sums: dict[str, int] = {}
    for one in amounts:
        sums[one.currency] = sums.get(one.currency, 0) + one.minor
    return [Money(currency, sums[currency]) for currency in sorted(sums)]


def colleagues_of(uow: UnitOfWork, entity: str, payer_id: str) -> dict[str, Any]:
    """A payer's `sales_owner` and `collector` as the newest ledger has them, for what is done without a case."""
    table = customer_version.c
    query = (
        sa.select(table.sales_owner, table.collector)
        .where(table.entity == entity, table.customer_id == payer_id)
        .order_by(table.extract_date.desc(), table.import_id.desc())
        .limit(1)
    )
    row = uow.execute(query).mappings().first()
    return dict(row) if row else {}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of the table."""

    action: Action
    entity: str
    kind: str | None
    totals: tuple[Money, ...]
    days: int | None
    asked: str | None


def _allowing(
    table: Roles, question: _Question, mine: frozenset[str], *, own: bool
) -> tuple[Permission, ...]:
    return tuple(
        row
        for row in table.permissions
        if row.role in mine and question.action in row.may and _against(table, row, question, own=own) is None
    )


def _against(table: Roles, row: Permission, question: _Question, *, own: bool) -> tuple[str, str] | None:
    """Why a row with the action does not allow it, as a code and in words; None when it does."""
    faults = (
        (
            question.asked is not None and row.role not in table.onward(question.asked),
            ("asked", f"it was asked of {question.asked}"),
        ),
        (row.entity and question.entity not in row.entity, ("entity", f"only for {', '.join(row.entity)}")),
        (
            row.kind and question.kind not in row.kind,
            ("kind", f"only in cases of kind {', '.join(row.kind)}"),
        ),
        (
            not row.reaches(question.totals),
            ("amount", f"only up to {', '.join(map(str, row.up_to))}"),
        ),
        (
            row.days is not None and (question.days or 0) > row.days,
            ("days", f"for {row.days} days at most"),
        ),
        (row.own_accounts and not own, ("own", "only for accounts that are theirs")),
    )
    return next((why for stands, why in faults if stands), None)


def _refusal(
    table: Roles, question: _Question, *, by: str, mine: frozenset[str], own: bool
) -> NotAllowedError:
    """Why, and who could; `because`: the codes of the reasons, for other languages."""
    having = [row for row in table.permissions if question.action in row.may]
    against = dict.fromkeys(
        why for row in having if row.role in mine and (why := _against(table, row, question, own=own))
    )
    fitting = [row for row in having if _against(table, row, question, own=True) is None]
    roles = sorted({row.role for row in fitting})
    own_only = {row.role for row in fitting if row.own_accounts}
    could = ", ".join(role + (" for their own accounts" if role in own_only else "") for role in roles)
    doing = _DOING.get(question.action, f"{question.action} this")
    key, told = "not_allowed", ""
    if EVERYBODY not in mine:
        key, told = "not_named", ": guests and people from outside may do only what roles.yaml names them for"
    elif against:
        key, told = "not_allowed_so", f": {'; '.join(said for _, said in against)}"
    hint = f"It takes {could}."
    if not could:
        key = "nobody_may"
        nobody = f"No row of roles.yaml allows anybody to {doing}"
        hint = f"{nobody}: add one, and see that `relance config check` takes the file."
    return NotAllowedError(
        f"{by} may not {doing}{told}.", hint=hint, key=key, action=question.action, could=roles,
        because=tuple(dict.fromkeys(code for code, _ in against)),
    )  # fmt: skip


def _slack_of(uow: UnitOfWork, by: str) -> tuple[set[str], set[str]]:
    """The kinds of accounts that Slack has for an address, closed ones only where there are no others; and their groups."""
    table = slack_user.c
    query = sa.select(table.kind, table.groups).where(sa.func.lower(table.email) == by.strip().lower())
    rows = uow.execute(query).all()
    living = [row for row in rows if row.kind != "gone"] or rows
    return {row.kind for row in living}, {_handle(group) for row in living for group in row.groups}


def _handle(group: str) -> str:
    """A user group's id or handle, with or without its @."""
    return group.strip().removeprefix("@").casefold()


def _is_own(by: str, case: Case | None, payer: Mapping[str, Any] | None, action: Action) -> bool:
    """Whether the person is the payer's collector or sales owner, or has the case.

    Having the case counts for everyday actions only: anybody may take a case, and would give themselves what it takes.
    """
    about = payer if payer is not None else (case.facts.get("payer") or {}) if case is not None else {}
    people = [about.get("collector"), about.get("sales_owner")]
    if case is not None and action not in _GRAVE:
        people.append(case.owner)
    return any(same_person(by, person) for person in people)


def _kind(action: Action, case: Case | None) -> str | None:
    return case.kind if case is not None else _KIND_OF.get(action)


def _role(case: Case) -> str | None:
    """The role that was asked first: it may answer as well as those that the question went on to."""
    role = case.facts.get("asked_role") or case.facts.get("role")
    return str(role) if role else None
