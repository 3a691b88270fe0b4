"""Which cases a person may see, where they are read for that person."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from relance.cases.permissions import allowed, check_allowed, check_person, roles_of
from relance.cases.reading import Case
from relance.config.policy import Policy
from relance.store.schema import import_run, plan
from relance.store.uow import UnitOfWork


def seen_by(uow: UnitOfWork, policy: Policy, *, by: str, cases: Iterable[Case]) -> list[Case]:
    """Those of the cases that this person may see, in their order.

    Raises:
        CaseError: `by` is not a person's e-mail.
        NotAllowedError: they may see none of them; says why, and who could.
    """
    check_person(by)
    all_, roles = list(cases), roles_of(uow, policy, by)
    seen = [one for one in all_ if "see" in allowed(uow, policy, by=by, case=one, roles=roles)]
    if all_ and not seen:
        check_allowed(uow, policy, by=by, action="see", entity=all_[0].entity, case=all_[0])
    return seen


def is_untouched(uow: UnitOfWork, entity: str) -> bool:
    """Whether nothing was ever imported or planned for the entity in this database."""
    for table in (import_run, plan):
        query = sa.select(sa.literal(1)).where(table.c.entity == entity).limit(1)
        if uow.execute(query).first() is not None:
            return False
    return True
