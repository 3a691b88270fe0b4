"""Who may do what, asked where it is done and nowhere else: the table of `roles.yaml`."""

from __future__ import annotations

from collections.abc import Iterable

from relance.cases.promising import check_person
from relance.config.policy import Policy
from relance.config.roles import Action
from relance.errors import NotAllowedError
from relance.money import Money


def check_allowed(
    policy: Policy,
    *,
    by: str,
    action: Action,
    entity: str,
    totals: Iterable[Money] = (),
    asked: str | None = None,
) -> None:
    """Refuse what no row of the table allows this person.

    `totals`: the amounts at stake, one a currency. `asked`: the role that was asked; those that its questions go on to may
    answer as well.

    Raises:
        CaseError: `by` is not a person's e-mail.
        NotAllowedError: when they may not; says who could.
    """
    check_person(by)
    roles = policy.roles
    mine = set(roles.of(by))
    answering = set(roles.onward(asked)) if asked else set(roles.roles)
    amounts = tuple(totals)
    rows = [row for row in roles.permissions if row.covers(action, entity, amounts) and row.role in answering]
    if any(row.role in mine for row in rows):
        return
    could = ", ".join(sorted({row.role for row in rows}))
    hint = f"It takes {could}." if could else f"No row of roles.yaml allows anybody to {action} this."
    raise NotAllowedError(f"{by} may not {action} this.", hint=hint)
