"""Who may do what, asked where it is done and nowhere else: the table of `roles.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from relance.config.policy import Policy
from relance.config.roles import Action
from relance.errors import CaseError, NotAllowedError
from relance.money import Money

_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")


def check_person(by: str) -> None:
    """Refuse what can't be a person's e-mail.

    Raises:
        CaseError: when it can't.
    """
    if not _EMAIL.fullmatch(by):
        raise CaseError(f"{by!r} is not a person.", hint="Give an e-mail, such as collector@lumen.example.")


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
    hint = (
        f"It takes {could}."
        if could
        else (
            f"No row of roles.yaml allows anybody to {action} this: add one, and see that `relance config check` takes the file."
        )
    )
    raise NotAllowedError(f"{by} may not {action} this.", hint=hint)
