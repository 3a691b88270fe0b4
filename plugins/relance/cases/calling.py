"""What came of a call, noted by who made it, and what follows from it.

reached: done. voicemail, no_answer: tried, again another day. wrong_number: the number is used no more, the next person's is
shown. promise, dispute: done, and taken down. refuses: done, and the payer goes before who may decide what is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args

import polars as pl
import sqlalchemy as sa

from relance.calendars import add_business_days
from relance.cases.addresses import NUMBERS, find_number, mark_wrong, use_again
from relance.cases.among import among
from relance.cases.calls import KIND, calendar_for, reopen_work
from relance.cases.commenting import put_comment
from relance.cases.contacting import open_no_contact
from relance.cases.disputing import dispute
from relance.cases.promising import LONGEST_DAYS, ledger_on, promise
from relance.cases.reading import Case
from relance.cases.record import Journal, change_case
from relance.cases.refusing import raise_refusal
from relance.cases.verbs import begin, check_open, checked_text, finish
from relance.config.models import Scenario
from relance.config.policy import Policy
from relance.errors import AlreadyDoneError, CaseError
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store import timeline
from relance.store.contacts import set_state
from relance.store.schema import contact, dunning_case
from relance.store.uow import UnitOfWork

__all__ = ["OUTCOMES", "Outcome", "call_outcome", "reopen_call"]

Outcome = Literal["reached", "voicemail", "no_answer", "wrong_number", "promise", "dispute", "refuses"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_TRIED = ("voicemail", "no_answer")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a person says of a call, checked."""

    outcome: Outcome
    note: str | None
    promised: tuple[Money, date] | None
    disputed: Mapping[str, Any] | None
    next_on: date | None


@dataclass(frozen=True, slots=True)
class _Call:
    """A call case that somebody notes something on, with its contacts, locked."""

    case: Case
    journal: Journal
    policy: Policy
    rows: Sequence[sa.RowMapping]
    ledger: Snapshot | None = None
    """The ledger on the day, where it is at hand."""

    @property
    def open_keys(self) -> list[str]:
        return [row["key"] for row in self.rows if row["state"] == "open"]

    @property
    def invoices(self) -> list[str]:
        return sorted({item for row in self.rows for item in row["invoices"]})

    def attempted(self, said: _Said, **more: object) -> dict[str, Any]:
        """The case's details once this try is among them."""
        attempt = {
            "on": self.journal.on.isoformat(), "by": self.journal.actor, "outcome": said.outcome, "note": said.note,
            "person": self.case.details.get("person"),
        }  # fmt: skip
        attempts = [*self.case.details.get("attempts", ()), attempt]
        return {**self.case.details, "attempts": attempts, "next_on": None, **more}


def call_outcome(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    outcome: str,
    note: str | None = None,
    promised: tuple[Money, date] | None = None,
    disputed: Mapping[str, Any] | None = None,
    next_on: date | None = None,
    snapshot: Snapshot | None = None,
) -> Case:
    """Note what came of a call (one of `OUTCOMES`), and do what follows from it; gives the case. Doesn't commit.

    `promised`: amount and date, of a promise. `disputed`: of a dispute, the parameters of `disputing.dispute`: reason, and where
    they are known invoices (else all that the call is about and is still open), amounts, text, evidence. `next_on`: when to call
    again; without it a payer that did not answer is called on the next business day. `snapshot` is the ledger on `on_date`, read
    when not given and needed.

    Raises:
        CaseError: no such call, an unknown outcome, or what goes with it is missing or can't be.
        AlreadyDoneError: somebody has noted it before; says who and when.
        NotAllowedError: `by` may not note calls, or not what came of this one.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="call")
    if case.kind != KIND:
        raise CaseError(f"Case {case_id} is of kind {case.kind}: it is no call.", key="no_call", case=case_id)
    check_open(uow, case)
    said = _checked(outcome, note, promised, disputed, next_on, on=on_date)
    call = _Call(case, journal, policy, _locked(uow, case), snapshot)
    if not call.open_keys and not case.details.get("agreed"):
        raise CaseError(
            f"The call of case {case_id} no longer waits to be made.", hint="The next run of the day closes its case.",
            key="call_gone", case=case_id,
        )  # fmt: skip
    if said.note:
        put_comment(journal, case, said.note)
    if said.outcome in _TRIED:
        _try_again(call, said)
    elif said.outcome == "wrong_number":
        _wrong_number(call, said)
    elif said.outcome == "reached" and said.next_on is not None:
        _agree_next(call, said)
    else:
        _conclude(call, said)
    return finish(journal, case_id)


def reopen_call(journal: Journal, case: Case) -> None:
    """Take back what a call case was closed with, on the day itself: its calls wait again. The case's own state is the caller's.

    A number that was found wrong with it is used again; a promise or a dispute that was taken down stands on its own case.

    Raises:
        CaseError: the day is over, so that planning has gone on from it; or the call itself was withdrawn.
    """
    if case.closed_on != journal.on:
        raise CaseError(
            f"The call was closed on {case.closed_on}: dunning has gone on since.",
            hint="A call can be taken back on its own day. Note what you know as a comment.",
            key="call_too_late",
            on=case.closed_on,
        )
    takes_back = {"completed", "not_made", *(("cancelled",) if case.closed_reason == "no_contact" else ())}
    back = [row["key"] for row in _locked(journal.uow, case) if row["state"] in takes_back]
    if case.details.get("agreed"):
        back = []  # only the further call is taken back: the step was done before
    elif not back or not case.details.get("attempts"):
        raise CaseError(
            "The call was withdrawn: there is nothing to make any more.", hint="It is planned anew when it is due.",
            key="call_withdrawn",
        )  # fmt: skip
    if case.closed_reason == "no_contact" and case.details.get("wrong"):
        use_again(journal, channels=NUMBERS, address=case.details["wrong"])
    reopen_work(journal, back)
    details = {**case.details, "attempts": list(case.details["attempts"])[:-1], "next_on": None}
    details.pop("wrong", None)
    table = dunning_case
    journal.uow.execute(sa.update(table).where(table.c.case_id == case.case_id).values(details=details))


def _checked(
    outcome: str,
    note: str | None,
    promised: tuple[Money, date] | None,
    disputed: Mapping[str, Any] | None,
    next_on: date | None,
    *,
    on: date,
) -> _Said:
    known = next((one for one in OUTCOMES if one == outcome), None)
    if known is None:
        raise CaseError(f"{outcome!r} is no outcome of a call.", hint=f"Give one of {', '.join(OUTCOMES)}.")
    if (known == "promise") != (promised is not None):
        raise CaseError(
            "A promise needs its amount and date."
            if known == "promise"
            else f"{known} goes with no promise.",
            key="call_promise",
        )
    if (known == "dispute") != (disputed is not None):
        raise CaseError(
            "A dispute needs its reason." if known == "dispute" else f"{known} goes with no dispute.",
            key="call_dispute",
        )
    if next_on is not None:
        if known not in {"reached", *_TRIED}:
            raise CaseError(f"{known} goes with no further call.", key="call_next")
        latest = on + timedelta(days=LONGEST_DAYS)
        if not on <= next_on <= latest:
            raise CaseError(
                f"{next_on} is no day for a further call.",
                hint=f"Give {on} to {latest}.",
                key="call_next_day",
            )
    return _Said(known, checked_text(note, "note", needed=False), promised, disputed, next_on)


def _locked(uow: UnitOfWork, case: Case) -> Sequence[sa.RowMapping]:
    keys = case.details.get("keys") or ()
    query = sa.select(contact).where(among(contact.c.key, keys)).order_by(contact.c.as_of, contact.c.key)
    return uow.execute(query.with_for_update()).mappings().all()


def _try_again(call: _Call, said: _Said) -> None:
    """Nobody was reached: once more on another day, until the policy's number of tries or the call's patience is used up."""
    case, journal = call.case, call.journal
    details = call.attempted(said)
    tries = sum(one["outcome"] in _TRIED for one in details["attempts"])
    if tries >= _most_tries(call):
        _finish(call, said, details, state="not_made", reason="not_made", tries=tries)
        return
    calendar = calendar_for(call.policy, case.entity)
    again = said.next_on or add_business_days(calendar, journal.on, 1)
    if case.due_on is not None and again > case.due_on:
        if said.next_on is not None:
            raise CaseError(
                f"The call has time until {case.due_on} only.", hint=f"Give {case.due_on} or an earlier day.",
                key="call_next_late", on=case.due_on,
            )  # fmt: skip
        again = case.due_on
    details["next_on"] = again.isoformat()
    body = {"outcome": said.outcome, "tries": tries, "next_on": details["next_on"], **_about(call)}
    change_case(journal, case, "call", body, details=details)


def _most_tries(call: _Call) -> int:
    scenario = call.policy.scenarios.get(str(call.case.facts.get("scenario")))
    return scenario.call_attempts if scenario else Scenario.model_fields["call_attempts"].default


def _wrong_number(call: _Call, said: _Said) -> None:
    """The number is nobody's whom we look for: it is used no more, and the next person's is shown, where there is one."""
    case, journal = call.case, call.journal
    phone = case.details.get("phone")
    if not phone:
        raise CaseError("There is no number on this call.", key="call_no_number")
    mark_wrong(journal, channels=NUMBERS, address=phone)
    further = find_number(
        journal, call.policy, case, scenario=case.facts.get("scenario"), step=case.facts.get("step")
    )
    if further is not None:
        details = call.attempted(said, wrong=phone, **further)
        body = {"outcome": said.outcome, "contact_id": further["contact_id"], **_about(call)}
        change_case(journal, case, "call", body, details=details)
        return
    open_no_contact(journal, case)
    _finish(call, said, call.attempted(said, wrong=phone), state="cancelled", reason="no_contact")


def _agree_next(call: _Call, said: _Said) -> None:
    """The payer was reached, so the step is done; a further call was agreed, and the case stays for it."""
    case, journal = call.case, call.journal
    assert said.next_on is not None
    _end_contacts(call, said, "completed")
    calendar = calendar_for(call.policy, case.entity)
    scenario = call.policy.scenarios.get(str(case.facts.get("scenario")))
    patience = (
        scenario.call_patience_days if scenario else Scenario.model_fields["call_patience_days"].default
    )
    details = call.attempted(said, next_on=said.next_on.isoformat(), agreed=True)
    body = {"outcome": said.outcome, "next_on": details["next_on"], **_about(call)}
    due = add_business_days(calendar, said.next_on, patience)
    change_case(journal, case, "call", body, details=details, due_on=due)


def _conclude(call: _Call, said: _Said) -> None:
    """The payer was reached: the step is done; what it said is taken down."""
    made: dict[str, Any] = {}
    if said.promised is not None:
        made["promise_case"] = _take_promise(call, said.promised)
    if said.disputed is not None:
        made["dispute_case"] = _take_dispute(call, said.disputed)
    if said.outcome == "refuses":
        made["raised_to"] = raise_refusal(call.journal, call.policy, call.case, note=said.note)
    _finish(call, said, call.attempted(said), state="completed", reason=said.outcome, **made)


def _finish(
    call: _Call, said: _Said, details: Mapping[str, Any], *, state: str, reason: str, **more: object
) -> None:
    """The call waits no longer, and its case is closed."""
    _end_contacts(call, said, state)
    body = {"reason": reason, "outcome": said.outcome, **_about(call), **more}
    change_case(
        call.journal, call.case, "close", body,
        details=dict(details), closed_on=call.journal.on, closed_reason=reason,
    )  # fmt: skip


def _end_contacts(call: _Call, said: _Said, state: str) -> None:
    journal = call.journal
    done = set_state(
        journal.uow, call.open_keys, state, journal.actor, journal.on, said.outcome, only_from={"open"}
    )  # fmt: skip
    entries = [
        timeline.Entry(
            payer_id=row["payer_id"], at=journal.at, on_date=journal.on, kind=f"contact.{state}", actor=journal.actor,
            subject=row["key"],
            body={"channel": "call", "step": row["step"], "level": row["level"], "outcome": said.outcome},
        )
        for row in call.rows
        if row["key"] in done
    ]  # fmt: skip
    timeline.append(journal.uow, journal.entity, entries)


def _about(call: _Call) -> dict[str, Any]:
    return {"step": call.case.facts.get("step"), "level": call.case.facts.get("level")}


def _take_promise(call: _Call, promised: tuple[Money, date]) -> int:
    amount, due_on = promised
    case, journal = call.case, call.journal
    try:
        return promise(
            journal.uow, policy=call.policy, entity=case.entity, payer_id=case.payer_id, amount=amount, due_on=due_on,
            by=journal.actor, on_date=journal.on, invoices=_named(call, amount), snapshot=call.ledger,
        )  # fmt: skip
    except (
        AlreadyDoneError
    ) as error:  # the payer promised it before; that it did so on this call, too, is noted all the same
        return int(str(error.values["case"]))


def _named(call: _Call, amount: Money) -> list[str] | None:
    """What the call demands, where a promise of this amount can be about it alone; None for all that the payer owes."""
    demanded = {one["currency"]: one["amount"] for one in call.case.facts.get("demanded") or ()}
    if len(demanded) != 1 or amount.minor > demanded.get(amount.currency, -1):
        return None
    still = {item["invoice_id"] for item in call.case.facts.get("items") or ()}
    return call.invoices if still >= set(call.invoices) else None


def _take_dispute(call: _Call, disputed: Mapping[str, Any]) -> int:
    case, journal = call.case, call.journal
    ledger = call.ledger or ledger_on(journal.uow, case.entity, journal.on)
    wanted = {name: value for name, value in disputed.items() if value is not None}
    if not wanted.get("invoices"):
        still = set(ledger.items.filter(pl.col("payer_id") == case.payer_id)["invoice_id"])
        wanted["invoices"] = [name for name in call.invoices if name in still] or call.invoices
    unknown = wanted.keys() - {"reason", "invoices", "amounts", "text", "evidence"}
    if unknown or "reason" not in wanted:
        raise CaseError("A dispute needs its reason.", key="call_dispute")
    made = dispute(
        journal.uow, policy=call.policy, entity=case.entity, payer_id=case.payer_id, by=journal.actor,
        on_date=journal.on, snapshot=ledger, **wanted,
    )  # fmt: skip
    return made.case_id
