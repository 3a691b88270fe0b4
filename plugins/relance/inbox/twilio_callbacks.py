"""Twilio's status callbacks, in the house's words."""

from __future__ import annotations

from relance.delivery.twilio import codes
from relance.delivery.view import clean
from relance.inbox.desk import Desk
from relance.inbox.receipts import News, find, take
from relance.inbox.signed import Parameters
from relance.store.inbound import ReceiptKind
from relance.store.uow import UnitOfWork

MESSAGE: dict[str, ReceiptKind] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""`MessageStatus` (https://www.twilio.com/docs/messaging/api/message-resource#message-status-values). Twilio's `sent` means
that a carrier has taken it, not that it arrived."""

CALL: dict[str, ReceiptKind] = {
    "queued": "accepted",
    "initiated": "accepted",
    "ringing": "accepted",
    "in-progress": "accepted",
    "answered": "accepted",
    "completed": "accepted",
    "busy": "failed",
    "no-answer": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""`CallStatus`. That somebody (or a machine) picked up confirms nothing: only who said by key who he is has been told."""


def status(desk: Desk, key: str, sent: Parameters) -> int:
    """Take a status callback of a message or call; gives the HTTP status to answer with.

    404 for a message that we don't have: the callback came before it was written (Twilio calls again), or is not ours.
    """
    news = news_of(sent)
    if news is None:
        return 400
    with UnitOfWork(desk.database) as uow:
        row = find(uow, key)
        if row is None:
            return 404
        if take(uow, row, news, on_date=desk.today(row["entity"]), at=desk.clock()):
            uow.commit()
    return 204


def news_of(sent: Parameters) -> News | None:
    """What a callback's fields tell; None for what is no callback, or a status that Twilio did not have when this was written."""
    called = sent.get("CallSid")
    sid = called or sent.get("MessageSid") or sent.get("SmsSid")
    state = str(sent.get("CallStatus" if called else "MessageStatus") or sent.get("SmsStatus") or "").lower()
    kind = (CALL if called else MESSAGE).get(state)
    if not sid or kind is None:
        return None
    code = _code(sent)
    if kind == "failed" and code and codes.is_dead(code):
        kind = "bounced"
    detail = {"status": state}
    for name, kept in (
        ("AnsweredBy", "answered_by"),
        ("CallDuration", "seconds"),
        ("SipResponseCode", "sip"),
    ):
        if value := clean(sent.get(name) or ""):
            detail[kept] = value[:40]
    return News(sid=sid, event=f"{sid}:{state}", kind=kind, detail=detail, code=code)


def _code(sent: Parameters) -> int | None:
    text = str(sent.get("ErrorCode") or "")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000 else None
