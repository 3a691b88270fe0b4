"""What people do with a case."""

from __future__ import annotations

from datetime import date

from relance.cases.permissions import check_person
from relance.cases.reading import read_case
from relance.cases.record import Journal, update_case
from relance.errors import CaseError
from relance.store.uow import UnitOfWork

LONGEST_COMMENT = 3000


def comment(uow: UnitOfWork, *, case_id: int, text: str, by: str, on_date: date) -> int:
    """Put a comment on a case; gives the case's number. Doesn't commit.

    Raises:
        CaseError: no such case, no words, too many, or `by` is not a person's e-mail.
    """
    check_person(by)
    words = text.strip()
    if not words:
        raise CaseError("The comment is empty.", hint="Write some words.")
    if len(words) > LONGEST_COMMENT:
        raise CaseError(f"The comment has {len(words)} characters.", hint=f"Write {LONGEST_COMMENT} at most.")
    case = read_case(uow, case_id, lock=True)
    journal = Journal(uow=uow, entity=case.entity, on=on_date, actor=by)
    update_case(journal, case, case.facts, verb="comment", body={"text": words})
    journal.write()
    return case_id
