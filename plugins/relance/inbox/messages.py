"""SMS and WhatsApp messages that come in: STOP and START at once, everything else a question for a person."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from relance.delivery.view import clean
from relance.inbox import stop
from relance.inbox.answers import keep, tell
from relance.inbox.desk import PROVIDER, Desk
from relance.inbox.signed import Parameters
from relance.inbox.whose import Owner, entity_of, owners
from relance.store.inbound import Answer, lift_marks, normal_address, put_mark
from relance.store.uow import UnitOfWork

log = logging.getLogger("relance")
LONGEST = 2000
"""Characters of a message that are kept."""
_PREFIX = "whatsapp:"


def message(desk: Desk, sent: Parameters) -> str | None:
    """Take an incoming message; gives the event of the answer to work on, or None when nothing follows. Commits.

    Raises:
        ValueError: for what is no message.
    """
    sid, sender = sent.get("MessageSid") or sent.get("SmsSid"), str(sent.get("From") or "")
    if not sid or not sender:
        raise ValueError("a message has an id and a sender")
    channel = "whatsapp" if sender.startswith(_PREFIX) else "sms"
    address = normal_address(channel, sender.removeprefix(_PREFIX))
    text = words_of(str(sent.get("Body") or ""))
    wish = stop.wish(text, sent.get("OptOutType"))
    with UnitOfWork(desk.database) as uow:
        known = owners(uow, channel=channel, address=address) or _nobody(desk, sent)
        if not known:
            log.warning("inbox: a message from a number that nobody knows, to a number of no entity")
            return None
        if wish is None:
            known = [_addressed(desk, known, sent)]
        media = _number(sent.get("NumMedia"))
        body: dict[str, Any] = {"text": text} | ({"media": media} if media else {})
        for entity in dict.fromkeys(one.entity for one in known):
            ours = [one for one in known if one.entity == entity]
            answer = Answer(
                entity=entity, payer_id=ours[0].payer_id, key=ours[0].key, channel=channel, address=address,
                kind=wish or "text", provider=PROVIDER, event=f"{sid}:{entity}" if wish else sid,
                on_date=desk.today(entity), body=body,
            )  # fmt: skip
            if keep(desk, uow, answer) and wish:
                _obey(desk, uow, answer, ours[1:])
        uow.commit()
    return None if wish else sid


def words_of(text: str) -> str:
    """A message as it is kept: one line, no control or direction characters, 2,000 characters at most."""
    parts = [clean(text[start : start + 250]) for start in range(0, min(len(text), LONGEST), 250)]
    return " ".join(part for part in parts if part)


def _nobody(desk: Desk, sent: Parameters) -> list[Owner]:
    """A number that we don't know, writing to a number of an entity: the entity keeps it, for nobody."""
    entity = entity_of(desk, str(sent.get("To") or "").removeprefix(_PREFIX))
    return [Owner(entity, None)] if entity else []


def _addressed(desk: Desk, known: Sequence[Owner], sent: Parameters) -> Owner:
    """Whom a text is for: the entity whose number it was sent to, else whoever has written there last."""
    entity = entity_of(desk, str(sent.get("To") or "").removeprefix(_PREFIX))
    return next((one for one in known if one.entity == entity), known[0])


def _obey(desk: Desk, uow: UnitOfWork, answer: Answer, others: Sequence[Owner]) -> None:
    """Stop writing to the number on this channel, or begin again; every payer of the entity behind it is told of it."""
    if answer.kind == "stop":
        put_mark(
            uow, entity=answer.entity, channel=answer.channel, address=answer.address, mark="opted_out",
            on_date=answer.on_date, source=f"{answer.channel}: STOP", key=answer.key,
        )  # fmt: skip
    else:
        lift_marks(
            uow, entity=answer.entity, channel=answer.channel, address=answer.address, on_date=answer.on_date,
            by=f"{answer.channel}: START", mark="opted_out",
        )  # fmt: skip
    body = {"channel": answer.channel, "address": answer.address, **answer.body}
    for payer_id in (other.payer_id for other in others if other.payer_id):
        tell(desk, uow, answer, payer_id=payer_id, kind=f"reply.{answer.kind}", body=body)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else 0
