"""Comments: written, edited and deleted; the table holds how they read now, and each change of them is an event."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from relance.cases.permissions import check_person, same_person
from relance.cases.reading import Case, Comment
from relance.cases.record import Journal, change_case
from relance.cases.verbs import begin, checked_text, finish
from relance.config.policy import Policy
from relance.errors import NotAllowedError
from relance.store.schema import case_comment
from relance.store.uow import UnitOfWork


def comment(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    text: str,
    source: str | None = None,
) -> Case:
    """Put a comment on a case, open or closed; gives the case. Doesn't commit.

    `source`: the message it is, as channel:ts; a second comment of one message changes nothing.

    Raises:
        CaseError: no such case, no words, too many, or `by` is not a person's e-mail.
        NotAllowedError: `by` may not comment on it.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="comment")
    words = checked_text(text, "comment")
    put_comment(journal, case, words or "", source=source)
    return finish(journal, case_id)


def put_comment(journal: Journal, case: Case, text: str, *, source: str | None = None) -> bool:
    """Write a comment in the name of the journal's actor, and tell; gives whether its message had none yet."""
    row = {
        "case_id": case.case_id, "author": journal.actor, "text": text, "on_date": journal.on, "source": source,
    }  # fmt: skip
    statement = insert(case_comment).values(row).on_conflict_do_nothing(index_elements=["source"])
    number = journal.uow.execute(statement.returning(case_comment.c.comment_id)).scalar()
    if number is None:
        return False
    change_case(journal, case, "comment", {"comment": number, "text": text})
    return True


def edit_comment(
    uow: UnitOfWork, *, policy: Policy, source: str, text: str, by: str, on_date: date
) -> Case | None:
    """Let the comment of a message read as the message does now; gives the case. Doesn't commit.

    A message that is no comment, words that are the same, and a comment whose words are erased change nothing: None and the case.

    Raises:
        CaseError: no words, too many, or `by` is not a person's e-mail.
        NotAllowedError: the comment is somebody else's, or `by` may not comment on the case any more.
    """
    found = _of_message(uow, source, policy=policy, by=by, on_date=on_date)
    if found is None:
        return None
    said, case, journal = found
    words = checked_text(text, "comment") or ""
    if said.deleted_at is not None or said.erased_on is not None or words == said.text:
        return case
    _set(uow, said, text=words, edited_at=sa.func.now())
    change_case(journal, case, "edit_comment", {"comment": said.comment_id, "text": words})
    return finish(journal, case.case_id)


def delete_comment(uow: UnitOfWork, *, policy: Policy, source: str, by: str, on_date: date) -> Case | None:
    """Take back the comment of a message: it reads nowhere any more; gives the case. Doesn't commit.

    A message that is no comment, and one that is deleted already, change nothing: None and the case.

    Raises:
        CaseError: `by` is not a person's e-mail.
        NotAllowedError: the comment is somebody else's, or `by` may not comment on the case any more.
    """
    found = _of_message(uow, source, policy=policy, by=by, on_date=on_date)
    if found is None:
        return None
    said, case, journal = found
    if said.deleted_at is not None:
        return case
    _set(uow, said, text="", deleted_at=sa.func.now())
    change_case(journal, case, "delete_comment", {"comment": said.comment_id})
    return finish(journal, case.case_id)


def _of_message(
    uow: UnitOfWork, source: str, *, policy: Policy, by: str, on_date: date
) -> tuple[Comment, Case, Journal] | None:
    """The comment that a message is, with its case, locked, once this person may change it."""
    check_person(by)
    query = sa.select(case_comment).where(case_comment.c.source == source)
    row = uow.execute(query).mappings().first()
    if row is None:
        return None
    case, journal = begin(
        uow, policy=policy, case_id=row["case_id"], by=by, on_date=on_date, action="comment"
    )
    said = Comment(**uow.execute(query.with_for_update()).mappings().one())
    if not same_person(said.author, by):
        raise NotAllowedError(
            f"{by} may not change the words of {said.author}.", hint="Write a comment of your own.",
            key="not_your_comment", author=said.author,
        )  # fmt: skip
    return said, case, journal


def _set(uow: UnitOfWork, said: Comment, **values: object) -> None:
    table = case_comment
    uow.execute(sa.update(table).where(table.c.comment_id == said.comment_id).values(**values))
