"""A payer's answer: kept once, then worked into what follows from it.

Keeping (`keep`) and working (`work`) are two transactions: what a payer said is safe before a ledger is read for it, and
what could not be worked (a crash in between, a database that was away) is found again by `catch_up`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from relance.cases import answering
from relance.errors import CaseError
from relance.inbox.desk import Desk
from relance.store import timeline
from relance.store.inbound import Answer, add_reply
from relance.store.schema import contact, reply
from relance.store.schema import timeline as entries
from relance.store.uow import UnitOfWork

log = logging.getLogger("relance")
WORKED = "reply.worked"
"""The timeline entry that an answer leaves once everything has followed from it."""
_KINDS = ("promise", "contest", "call_back", "text")
_LOOK_BACK = timedelta(days=30)
_AT_ONCE = 100


def keep(desk: Desk, uow: UnitOfWork, answer: Answer) -> bool:
    """Keep an answer and tell the payer's timeline of it, in this transaction; False when it was kept before."""
    if not add_reply(uow, answer):
        return False
    if answer.payer_id is not None:
        body = {"channel": answer.channel, "address": answer.address, "key": answer.key, **answer.body}
        tell(desk, uow, answer, payer_id=answer.payer_id, kind=f"reply.{answer.kind}", body=body)
    return True


def tell(
    desk: Desk, uow: UnitOfWork, answer: Answer, *, payer_id: str, kind: str, body: Mapping[str, Any]
) -> None:
    """An entry of the payer's timeline about an answer."""
    entry = timeline.Entry(
        payer_id=payer_id, at=desk.clock(), on_date=answer.on_date, kind=kind, actor=answering.PAYER,
        subject=f"reply:{answer.event}", body=body,
    )  # fmt: skip
    timeline.append(uow, answer.entity, [entry])


def work(desk: Desk, *, provider: str, event: str) -> bool:
    """Work a kept answer: a promise, a dispute, a question. False when nothing was left to do. Commits.

    What a payer promised or contested and can't be taken so (it is paid, the date has passed) becomes a question.
    """
    with UnitOfWork(desk.database) as uow:
        query = sa.select(reply).where(reply.c.provider == provider, reply.c.event == event)
        row = uow.execute(query.with_for_update()).mappings().first()
        if row is None or not _is_workable(desk, uow, row):
            return False
        on_date = desk.today(row["entity"])
        done: dict[str, Any] = {"reply": row["kind"]}
        try:
            with uow.connection.begin_nested():
                done["cases"] = _follow(desk, uow, row, on_date)
        except CaseError as error:
            done["cases"] = [_ask(desk, uow, row, on_date)]
            done["problem"] = error.message
        entry = timeline.Entry(
            payer_id=row["payer_id"], at=desk.clock(), on_date=on_date, kind=WORKED, actor="relance",
            subject=_subject(event), body=done,
        )  # fmt: skip
        timeline.append(uow, row["entity"], [entry])
        uow.commit()
    return True


def catch_up(desk: Desk, *, provider: str) -> int:
    """Work a provider's answers of the last 30 days that nothing has followed from yet; gives how many were worked."""
    told = sa.exists().where(
        entries.c.entity == reply.c.entity,
        entries.c.payer_id == reply.c.payer_id,
        entries.c.kind == WORKED,
        entries.c.subject == sa.func.concat("reply:", reply.c.event),
    )
    query = (
        sa.select(reply.c.event)
        .where(reply.c.provider == provider)
        .where(
            reply.c.kind.in_(_KINDS), reply.c.payer_id.is_not(None), reply.c.at > desk.clock() - _LOOK_BACK
        )
        .where(~told)
        .order_by(reply.c.reply_id)
        .limit(_AT_ONCE)
    )
    with UnitOfWork(desk.database) as uow:
        waiting = list(uow.execute(query).scalars())
    return sum(work_quietly(desk, provider=provider, event=event) for event in waiting)


def work_quietly(desk: Desk, *, provider: str, event: str) -> bool:
    """`work`, after the answer was acknowledged: what goes wrong is logged, and left for `catch_up`."""
    try:
        return work(desk, provider=provider, event=event)
    except Exception as error:  # noqa: BLE001 - the answer is kept; whatever went wrong, the next must not wait for it
        # A traceback could quote what the payer wrote.
        log.error("inbox: an answer could not be worked yet (%s); it is kept", type(error).__name__)  # noqa: TRY400
        return False


def _is_workable(desk: Desk, uow: UnitOfWork, row: sa.RowMapping) -> bool:
    if row["kind"] not in _KINDS or row["payer_id"] is None or row["entity"] not in desk.policy.entities:
        return False
    done = sa.select(sa.func.count()).where(
        entries.c.entity == row["entity"],
        entries.c.payer_id == row["payer_id"],
        entries.c.kind == WORKED,
        entries.c.subject == _subject(row["event"]),
    )
    return not uow.execute(done).scalar_one()


def _subject(event: str) -> str:
    return f"reply:{event}"


def _follow(desk: Desk, uow: UnitOfWork, row: sa.RowMapping, on_date: date) -> list[int]:
    about: dict[str, Any] = {
        "policy": desk.policy, "entity": row["entity"], "payer_id": row["payer_id"], "on_date": on_date
    }  # fmt: skip
    if row["kind"] == "promise":
        due = date.fromisoformat(row["body"]["due_on"])
        return answering.promised(uow, due_on=due, invoices=_invoices(uow, row["key"]), **about)
    if row["kind"] == "contest":
        invoices, text = _invoices(uow, row["key"]), row["body"].get("text")
        return [answering.contested(uow, invoices=invoices, text=text, **about)]
    return [_ask(desk, uow, row, on_date)]


def _ask(desk: Desk, uow: UnitOfWork, row: sa.RowMapping, on_date: date) -> int:
    return answering.asked(
        uow, policy=desk.policy, entity=row["entity"], payer_id=row["payer_id"], on_date=on_date,
        asks="text" if row["kind"] == "text" else "call_back", text=row["body"].get("text"),
    )  # fmt: skip


def _invoices(uow: UnitOfWork, key: str | None) -> list[str] | None:
    """What the answered message asked for; None (all of the payer's) when no message is known."""
    if key is None:
        return None
    found = uow.execute(sa.select(contact.c.invoices).where(contact.c.key == key)).scalar()
    return list(found) if found else None
