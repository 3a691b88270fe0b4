"""An internal task or a hand-over is done: its contact row is completed, so that planning counts the step as done."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from relance.cases.calls import reopen_work
from relance.cases.commenting import put_comment
from relance.cases.reading import Case
from relance.cases.record import Journal, change_case
from relance.cases.tasks import is_task, key_of
from relance.cases.verbs import begin, check_open, checked_text, finish
from relance.config.policy import Policy
from relance.errors import CaseError
from relance.store import timeline
from relance.store.contacts import set_state
from relance.store.schema import contact
from relance.store.uow import UnitOfWork

__all__ = ["complete", "reopen_task"]

DONE = "completed"


def complete(
    uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date, note: str | None = None
) -> Case:
    """Note that the task or hand-over of a case is done, on the day; gives the case, closed. Doesn't commit.

    A hand-over that is done holds the payer's dunning (`in_litigation`) until its `handover` case is closed.

    Raises:
        CaseError: the case is no task, or its task was withdrawn.
        AlreadyDoneError: somebody has done it before; says who and when.
        NotAllowedError: `by` may not complete it.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="complete")
    _check_task(case)
    check_open(uow, case)
    words = checked_text(note, "note", needed=False)
    row = _locked(uow, case)
    key = row["key"]
    if not set_state(uow, [key], DONE, by, on_date, note="done", only_from={"open"}):
        raise CaseError(
            f"The task of case {case_id} no longer waits: it is {row['state']}.",
            hint="The next run of the day closes its case.",
            key="task_gone",
            case=case_id,
        )
    if words:
        put_comment(journal, case, words)
    told = {"task": row["kind"], "step": row["step"], "level": row["level"]}
    change_case(
        journal, case, "close", {"reason": DONE, **told}, closed_on=on_date, closed_reason=DONE
    )  # fmt: skip
    entry = timeline.Entry(
        payer_id=case.payer_id, at=journal.at, on_date=on_date, kind="task.completed", actor=by, subject=key,
        body={**told, "channel": row["channel"], "invoices": list(row["invoices"])},
    )  # fmt: skip
    timeline.append(uow, case.entity, [entry])
    return finish(journal, case_id)


def reopen_task(journal: Journal, case: Case) -> None:
    """Take back that a task is done, on the day itself: it waits again. The case's own state is the caller's.

    Raises:
        CaseError: the case is no task, the day is over, so that planning has gone on from it, or the task was withdrawn.
    """
    _check_task(case)
    if case.closed_on != journal.on:
        raise CaseError(
            f"The task was done on {case.closed_on}: dunning has gone on since.",
            hint="It can be taken back on its own day. Note what you know as a comment.",
            key="task_too_late",
            on=case.closed_on,
        )
    row = _locked(journal.uow, case)
    if row["state"] != DONE:
        raise CaseError(
            "The task was withdrawn: there is nothing to do any more.", hint="It is planned anew when it is due.",
            key="task_withdrawn",
        )  # fmt: skip
    reopen_work(journal, [row["key"]])


def _check_task(case: Case) -> None:
    if not is_task(case):
        question = case.kind == "question"
        raise CaseError(
            f"Case {case.case_id} is no task.", key="no_task", case=case.case_id,
            hint="It is a question: resolve it with --reason answered." if question else None,
        )  # fmt: skip


def _locked(uow: UnitOfWork, case: Case) -> sa.RowMapping:
    query = sa.select(contact).where(contact.c.key == key_of(case)).with_for_update()
    return uow.execute(query).mappings().one()
