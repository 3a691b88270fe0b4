"""A payer's addresses as people see and correct them: which can be used, whom to call next, what is marked as wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.reading import Case
from relance.cases.record import Journal
from relance.config.models import ROLES
from relance.config.policy import Policy
from relance.ledger.cells import CellError
from relance.ledger.corrections import ADDRESSES, GIVEN, people_of
from relance.planning.people import persons_for
from relance.store.inbound import lift_marks, put_mark
from relance.store.schema import contact_correction
from relance.store.uow import UnitOfWork

NUMBERS = ("call", "sms", "voice")
"""Channels that one telephone number serves."""
SERVES = {
    **dict.fromkeys(NUMBERS, NUMBERS), "whatsapp": ("whatsapp",), "email": ("email",),
    "letter": ("letter", "registered"), "registered": ("letter", "registered"),
}  # fmt: skip
"""By channel, all that an address of it serves."""
CHANNEL_OF = {"email": "email", "phone": "call", "whatsapp": "whatsapp"}
"""By column of a contact, the channel that is meant by it."""
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def addresses_of(uow: UnitOfWork, entity: str, payer_id: str, on: date) -> list[dict[str, Any]]:
    """A payer's persons with the addresses that can be used, for modals and cards: contact_id, name, role, channel, address."""
    people = people_of(uow, entity, payer_id, on).filter(pl.col("active").fill_null(value=True))
    found = []
    for row in people.iter_rows(named=True):
        shut = set((row["opt_out"] or "").split("|"))
        for column, channel in CHANNEL_OF.items():
            if (row[column] or "").strip() and channel not in shut:
                found.append(
                    {name: row[name] for name in ("contact_id", "name", "role")}
                    | {"channel": channel, "address": row[column].strip()}
                )
    return found


def given_to(uow: UnitOfWork, entity: str, payer_id: str) -> Sequence[sa.RowMapping]:
    """Persons that people gave a payer and that stand: `contact_id`, `name`, `role`, addresses, `by`, `on_date`."""
    table = contact_correction.c
    columns = [table[name] for name in ("name", "role", *ADDRESSES, "language", "by", "on_date")]
    number = (sa.literal(GIVEN) + sa.cast(table.correction_id, sa.Text)).label("contact_id")
    query = sa.select(number, *columns).where(
        table.entity == entity,
        table.customer_id == payer_id,
        table.withdrawn_on.is_(None),
        table.erased_on.is_(None),
    )
    return uow.execute(query.order_by(table.correction_id)).mappings().all()


def find_number(
    journal: Journal, policy: Policy, case: Case, *, scenario: str | None, step: str | None
) -> dict[str, Any] | None:
    """Whom of the payer to call now, as a call case keeps it: `contact_id`, `person`, `phone`, `language`; None: nobody."""
    people = people_of(journal.uow, case.entity, case.payer_id, journal.on)
    known = policy.scenarios.get(scenario or "")
    audience = next((one.audience for one in known.steps if one.id == step), ROLES) if known else ROLES
    reached = persons_for(people, ("call",), audience)
    if reached.is_empty():
        return None
    first = reached.row(0, named=True)
    person = people.filter(pl.col("contact_id") == first["contact_id"]).row(0, named=True)
    return {
        "contact_id": first["contact_id"], "person": person["name"], "phone": first["to"],
        "language": first["person_language"] or case.details.get("language"),
    }  # fmt: skip


def mark_wrong(journal: Journal, *, channels: Sequence[str], address: str) -> bool:
    """Use an address no more for these channels, by the word of the journal's actor; False when it was so already."""
    source = f"{journal.actor}, {journal.on.isoformat()}"
    marked = [
        put_mark(
            journal.uow, entity=journal.entity, channel=channel, address=address, mark="wrong", on_date=journal.on,
            source=source,
        )
        for channel in channels
    ]  # fmt: skip
    return any(marked)


def use_again(journal: Journal, *, channels: Sequence[str], address: str) -> int:
    """Lift what `mark_wrong` marked; gives how many marks."""
    return sum(
        lift_marks(
            journal.uow, entity=journal.entity, channel=channel, address=address, on_date=journal.on, by=journal.actor,
            mark="wrong",
        )
        for channel in channels
    )  # fmt: skip


def read_phone(text: str) -> str:
    """A telephone number in E.164, from what people write: blanks, dots, dashes and brackets go, 00 is +.

    Raises:
        CellError: when it can't be one.
    """
    bare = re.sub(r"[\s().\-/\u00a0\u202f]", "", text)
    bare = f"+{bare[2:]}" if bare.startswith("00") else bare
    if not _PHONE.fullmatch(bare):
        raise CellError("can't be a telephone number; write it with + and the country's number")
    return bare
