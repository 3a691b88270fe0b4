"""Whom to write to and call: an address that is nobody's of the payer, and a person that the ledger lacks.

Both are kept beside the ledger, never in it: marks (`reach_mark`) and given persons (`contact_correction`). Planning uses them
from the next plan on; both can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.cases.addresses import (
    CHANNEL_OF,
    SERVES,
    find_number,
    given_to,
    mark_wrong,
    read_phone,
    use_again,
)
from relance.cases.reading import Case, find_case, list_cases
from relance.cases.record import Draft, Journal, change_case, close_case, open_cases
from relance.cases.standing import Condition, Worked, work_standing
from relance.cases.verbs import begin, check_open, checked_text, finish
from relance.config.models import ROLES
from relance.config.policy import Policy
from relance.errors import AlreadyDoneError, CaseError
from relance.ledger.cells import CellError, read_email, read_language
from relance.ledger.corrections import ADDRESSES, GIVEN, people_of
from relance.ledger.snapshot import Snapshot
from relance.planning.people import persons_for
from relance.store.inbound import marks_in, normal_address
from relance.store.schema import contact, contact_correction, dunning_case, reach_mark
from relance.store.uow import UnitOfWork

KIND = "no_contact"
TO_CALL = "call"
"""The subject of a case for a payer that is to be called and has no number."""
_LONGEST = 200


def wrong_contact(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    channel: str,
    address: str,
    contact_id: str | None = None,
    note: str | None = None,
) -> Case:
    """Note that an address of the payer is not its own: nothing is planned for it any more; gives the case. Doesn't commit.

    A telephone number is wrong for calls and SMS alike, a postal address for letters of either kind. A call that was to go there
    is shown with the next person's number.

    Raises:
        CaseError: no such channel, or an address that is not this payer's.
        AlreadyDoneError: somebody said so before; says who and when.
        NotAllowedError: `by` may not correct contacts.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="contact")
    words = checked_text(note, "note", needed=False)
    channels = _channels(channel)
    told = normal_address(channel, address)
    _check_theirs(journal, case, channel, told, contact_id)
    if not mark_wrong(journal, channels=channels, address=told):
        raise _marked_already(journal, channels, told)
    body: dict[str, Any] = {"channel": channel, "contact_id": contact_id, "wrong": True}
    if words:
        body["note"] = words
    _tell(journal, case, "contact", body)
    _show_next_number(journal, policy, case, told)
    return finish(journal, case_id)


def right_contact(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    channel: str,
    address: str,
) -> Case:
    """Take back that an address is wrong; gives the case. Marks of other kinds (bounced, opted out) stand. Doesn't commit.

    Raises:
        CaseError: no such channel, or nobody has said that the address is wrong.
        NotAllowedError: `by` may not correct contacts.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="contact")
    if not use_again(journal, channels=_channels(channel), address=address):
        raise CaseError("Nobody has said that this address is wrong.", key="contact_not_wrong")
    _tell(journal, case, "end_contact", {"channel": channel})
    return finish(journal, case_id)


def give_contact(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    name: str,
    role: str,
    email: str | None = None,
    phone: str | None = None,
    whatsapp: str | None = None,
    language: str | None = None,
) -> Case:
    """Give the payer of a case a person that the ledger lacks; gives the case. Doesn't commit.

    Planning may write to and call that person from now on, until the ledger itself has the address: then the ledger's person
    counts. The payer's `no_contact` cases are closed.

    Raises:
        CaseError: a name, role, e-mail, number or language that can't be one, no address at all, or one that is known already, or
            marked as one that takes no messages.
        AlreadyDoneError: somebody gave the address before; says who and when.
        NotAllowedError: `by` may not correct contacts.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="contact")
    person = {
        "name": _name(name), "role": _role(role), "email": _read(email, read_email, "email"),
        "phone": _read(phone, read_phone, "phone"), "whatsapp": _read(whatsapp, read_phone, "whatsapp"),
        "language": _read(language, read_language, "language"),
    }  # fmt: skip
    if not any(person[column] for column in ADDRESSES):
        raise CaseError("A contact needs an e-mail or a number.", key="contact_no_address")
    _check_new(journal, case, person)
    row = {
        "entity": case.entity, "customer_id": case.payer_id, "case_id": case.case_id, "by": by, "on_date": on_date, **person,
    }  # fmt: skip
    made = sa.insert(contact_correction).values(row).returning(contact_correction.c.correction_id)
    given = f"{GIVEN}{uow.execute(made).scalar_one()}"
    channels = [channel for column, channel in CHANNEL_OF.items() if person[column]]
    _tell(journal, case, "contact", {"contact_id": given, "role": person["role"], "channels": channels})
    _show_next_number(journal, policy, case, None)
    for one in list_cases(uow, entity=case.entity, kind=KIND, payer_id=case.payer_id, lock=True):
        close_case(journal, one, one.facts, reason="contact_given", body={"contact_id": given})
    return finish(journal, case_id)


def withdraw_contact(
    uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date, contact_id: str
) -> Case:
    """Take back a person that somebody gave the payer of a case; gives the case. Doesn't commit.

    Raises:
        CaseError: nobody has given such a person, or it was taken back before.
        NotAllowedError: `by` may not correct contacts.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="contact")
    number = contact_id.removeprefix(GIVEN)
    table = contact_correction
    withdrawn = 0
    if number.isascii() and number.isdecimal():
        own = sa.update(table).where(
            table.c.correction_id == int(number), table.c.entity == case.entity, table.c.customer_id == case.payer_id,
            table.c.withdrawn_on.is_(None),
        )  # fmt: skip
        values = {"withdrawn_on": on_date, "withdrawn_at": sa.func.now(), "withdrawn_by": by}
        withdrawn = uow.execute(own.values(**values)).rowcount
    if not withdrawn:
        raise CaseError(
            f"Nobody has given {case.payer_id} a contact {contact_id!r} that stands.", key="contact_not_given"
        )
    _tell(journal, case, "end_contact", {"contact_id": contact_id})
    return finish(journal, case_id)


def work_no_number(journal: Journal, *, snapshot: Snapshot) -> Worked:
    """Close the cases of payers that were to be called and had no number, once they have one or nothing is open."""
    table = dunning_case.c
    query = sa.select(table.payer_id).where(
        table.entity == journal.entity, table.kind == KIND, table.subject == TO_CALL, table.state == "open"
    )
    payers = sorted(journal.uow.execute(query).scalars())
    if not payers:
        return Worked()
    people = snapshot.contacts.filter(pl.col("customer_id").is_in(payers))
    reached = persons_for(people, ("call",), ROLES)["payer_id"].unique()
    items = snapshot.items.filter(
        pl.col("payer_id").is_in(payers), ~pl.col("payer_id").is_in(reached.implode())
    )
    told = {payer: {"held": KIND} for payer in payers}
    condition = Condition(KIND, items, over="contact_given", subject=TO_CALL, by_payer=told)
    return work_standing(journal, condition, snapshot=snapshot)


def open_no_contact(journal: Journal, case: Case) -> None:
    """Somebody must find a number: a case of its own, unless the payer has one already."""
    if list_cases(journal.uow, entity=case.entity, kind=KIND, payer_id=case.payer_id):
        return
    facts = {
        name: value
        for name, value in case.facts.items()
        if name not in {"call", "step", "scenario", "demanded"}
    }
    open_cases(
        journal, [Draft(case.payer_id, KIND, {**facts, "held": KIND}, body={"held": KIND}, subject=TO_CALL)]
    )


def _channels(channel: str) -> tuple[str, ...]:
    if channel not in SERVES:
        raise CaseError(f"There is no channel {channel!r}.", hint=f"Give one of {', '.join(sorted(SERVES))}.")
    return SERVES[channel]


def _check_theirs(journal: Journal, case: Case, channel: str, address: str, contact_id: str | None) -> None:
    """The address must be one that the ledger or a message of ours names for this payer."""
    people = people_of(journal.uow, case.entity, case.payer_id, journal.on)
    if contact_id is not None and contact_id not in set(people["contact_id"]):
        raise CaseError(f"{case.payer_id} has no contact {contact_id!r}.", key="contact_unknown")
    columns = [name for name in (*ADDRESSES, "address") if name in people.columns]
    listed = {normal_address(channel, value) for column in columns for value in people[column].drop_nulls()}
    if address and address in listed:
        return
    written = sa.select(contact.c.recipient).where(
        contact.c.entity == case.entity, contact.c.payer_id == case.payer_id, contact.c.recipient.is_not(None)
    )
    used = {normal_address(channel, value) for value in journal.uow.execute(written.distinct()).scalars()}
    if not address or address not in used:
        raise CaseError(
            f"This is no address of {case.payer_id}.", hint="Give one that the ledger or a message names.",
            key="contact_not_theirs",
        )  # fmt: skip


def _marked_already(journal: Journal, channels: Sequence[str], address: str) -> AlreadyDoneError:
    table = reach_mark.c
    query = sa.select(table.source, table.on_date).where(
        table.entity == journal.entity, table.channel.in_(channels), table.mark == "wrong", table.lifted_on.is_(None),
        table.address.in_({normal_address(channel, address) for channel in channels}),
    )  # fmt: skip
    row = journal.uow.execute(query.limit(1)).one()
    who = row.source.split(",", 1)[0]
    return AlreadyDoneError(
        f"{who} has said that this address is wrong already, on {row.on_date}.", key="contact_marked_already", who=who,
        on=row.on_date,
    )  # fmt: skip


def _show_next_number(journal: Journal, policy: Policy, case: Case, wrong: str | None) -> None:
    """A call of the payer that waits is to go to a number that can be used: not to `wrong`, nor (None) to none at all."""
    call = find_case(journal.uow, entity=case.entity, payer_id=case.payer_id, kind="call", lock=True)
    if call is None:
        return
    phone = call.details.get("phone")
    if (wrong is None and phone) or (wrong is not None and normal_address("call", phone or "") != wrong):
        return
    further = find_number(
        journal, policy, call, scenario=call.facts.get("scenario"), step=call.facts.get("step")
    )
    shown = further or {"contact_id": None, "person": None, "phone": None}
    change_case(
        journal, call, "contact", {"contact_id": shown["contact_id"]}, details={**call.details, **shown}
    )


def _check_new(journal: Journal, case: Case, person: dict[str, str | None]) -> None:
    """None of the addresses may be the payer's already, nor marked."""
    marks = set(marks_in(journal.uow, case.entity, journal.on).iter_rows())
    people = people_of(journal.uow, case.entity, case.payer_id, journal.on)
    for column, channel in CHANNEL_OF.items():
        value = person[column]
        if not value:
            continue
        told = normal_address(channel, value)
        known = next((row for row in people.iter_rows(named=True) if _is(row[column], channel, told)), None)
        if known is not None:
            raise _known(journal, case, known, channel)
        if (channel, told) in marks:
            raise CaseError(
                f"This address is marked: it takes no {channel} any more.",
                hint=f"If it is right after all: relance reach clear {case.entity} ADDRESS --channel {channel}",
                key="contact_marked",
            )


def _is(value: str | None, channel: str, told: str) -> bool:
    return value is not None and normal_address(channel, value) == told


def _known(journal: Journal, case: Case, row: dict[str, Any], channel: str) -> CaseError:
    """Who has the address already: a person that somebody gave, or the ledger's own."""
    given = next(
        (
            one
            for one in given_to(journal.uow, case.entity, case.payer_id)
            if one["contact_id"] == row["contact_id"]
        ),
        None,
    )
    if given is not None:
        return AlreadyDoneError(
            f"{given['by']} has given this address already, on {given['on_date']}.", key="contact_given_already",
            who=given["by"], on=given["on_date"],
        )  # fmt: skip
    shut = channel in (row["opt_out"] or "").split("|")
    why = (
        "it is opted out there"
        if shut
        else "it is no longer active there"
        if row["active"] is False
        else None
    )
    return CaseError(
        f"The ledger has this address already: {row['contact_id']}{f'; {why}' if why else ''}.",
        hint="What the ledger says of it stands.", key="contact_known", contact=row["contact_id"],
    )  # fmt: skip


def _tell(journal: Journal, case: Case, verb: str, body: dict[str, Any]) -> None:
    """Note it on the case, which a contact can be corrected from even when it is closed."""
    if verb == "contact":
        check_open(journal.uow, case)
    change_case(journal, case, verb, body)


def _name(name: str) -> str:
    words = " ".join((checked_text(name, "name") or "").split())
    if len(words) > _LONGEST:
        raise CaseError(
            f"The name has {len(words)} characters.", hint=f"Write {_LONGEST} at most.", key="too_long"
        )
    return words


def _role(role: str) -> str:
    if role not in ROLES:
        raise CaseError(f"{role!r} is no role.", hint=f"Give one of {', '.join(ROLES)}.", key="contact_role")
    return role


def _read(text: str | None, reader: Callable[[str], str], what: str) -> str | None:
    words = (text or "").strip()
    if not words:
        return None
    try:
        return reader(words)
    except CellError as error:
        raise CaseError(f"This {error}.", key=f"contact_{what}") from error
