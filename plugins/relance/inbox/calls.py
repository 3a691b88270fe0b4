"""A call in progress: Twilio asks what to say, and tells which keys were pressed; what they mean is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from relance.delivery.twilio.addresses import voice_path
from relance.delivery.view import clean
from relance.inbox import signed
from relance.inbox.answers import keep
from relance.inbox.desk import PROVIDER, Account, Desk
from relance.inbox.receipts import News, find, take
from relance.inbox.signed import Parameters, State
from relance.inbox.voice_menu import Script, Turn
from relance.store.inbound import Answer, normal_address
from relance.store.uow import UnitOfWork


class Refused(Exception):  # noqa: N818 - not an error of ours: the request is answered with `status`
    """A request that has no answer."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def answered(desk: Desk, account: Account, key: str, sent: Parameters) -> str:
    """TwiML for a call that was just answered. Commits.

    Raises:
        Refused: 404 for a call that is not ours.
    """
    call = _call(sent)
    with UnitOfWork(desk.database) as uow:
        row = _row(uow, key, call)
        script = Script(_words(row), _following(desk, account, key, call))
        by = clean(sent.get("AnsweredBy") or "")[:40] or None
        picked_up = News(call, f"{call}:picked_up", "accepted", {"answered_by": by or "unknown"})
        take(uow, row, picked_up, on_date=desk.today(row["entity"]), at=desk.clock())
        uow.commit()
    return script.answered(by).twiml


def pressed(
    desk: Desk, account: Account, *, key: str, step: str, state: str, sent: Parameters
) -> tuple[str, str | None]:
    """TwiML after keys were pressed, and the event of an answer to work on. Commits.

    Raises:
        Refused: 404 for a call that is not ours; 403 for a step that we did not offer it, or too long ago.
    """
    call = _call(sent)
    offered = signed.unseal(account.token, key=key, call=call, text=state, now=desk.clock().timestamp())
    if offered is None or offered.step != step:
        raise Refused(403)
    event = None
    with UnitOfWork(desk.database) as uow:
        row = _row(uow, key, call)
        script = Script(_words(row), _following(desk, account, key, call))
        turn = script.pressed(offered, clean(sent.get("Digits") or "")[:20])
        if turn.identified:
            news = News(call, f"{call}:identified", "answered")
            take(uow, row, news, on_date=desk.today(row["entity"]), at=desk.clock())
        if turn.choice:
            event = _keep(desk, uow, row, call, turn)
        uow.commit()
    return turn.twiml, event


def _call(sent: Parameters) -> str:
    call = str(sent.get("CallSid") or "")
    if not call:
        raise Refused(400)
    return call


def _row(uow: UnitOfWork, key: str, call: str) -> sa.RowMapping:
    """The message of a call, locked; another call than the one we made for it hears nothing."""
    row = find(uow, key)
    ours = row is not None and row["channel"] == "voice" and row["provider"] in {None, PROVIDER}
    if row is None or not ours or row["erased_on"] is not None or row["state"] in {"intended", "cancelled"}:
        raise Refused(404)
    if row["state"] not in {"sending", "in_doubt"} and row["receipt"] != call:
        raise Refused(404)
    return row


def _words(row: sa.RowMapping) -> Mapping[str, Any]:
    try:
        words: Mapping[str, Any] = json.loads(bytes(row["body"]))
    except ValueError:
        raise Refused(404) from None
    return words


def _following(desk: Desk, account: Account, key: str, call: str) -> Callable[[State], str]:
    """The addresses of this call's steps, each good for a while and for this call alone."""

    def address(state: State) -> str:
        seal = signed.seal(account.token, key=key, call=call, state=state, now=desk.clock().timestamp())
        return f"{account.public_url}{voice_path(key)}/{state.step}?s={seal}"

    return address


def _keep(desk: Desk, uow: UnitOfWork, row: sa.RowMapping, call: str, turn: Turn) -> str:
    """Keep what was chosen: one of each kind a call, however often its request comes."""
    assert turn.choice is not None
    answer = Answer(
        entity=row["entity"], payer_id=row["payer_id"], key=row["key"], channel="voice",
        address=normal_address("voice", row["recipient"]), kind=turn.choice, provider=PROVIDER,
        event=f"{call}:{turn.choice}", on_date=desk.today(row["entity"]), body=dict(turn.facts or {}),
    )  # fmt: skip
    keep(desk, uow, answer)
    return answer.event
