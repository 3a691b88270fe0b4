"""A payment that is said to be on its way: dunning rests for it until a few business days after its date; then it is over.

It is kept on the case that it was said on (`details.announced`), and ends when money came, when its days have passed, when a
newer word takes its place, or by hand. Each end is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.calendars import add_business_days
from relance.cases.facts import customers_of
from relance.cases.history import payments_of
from relance.cases.holding import lift_holds, put_hold
from relance.cases.measure import KEPT_PERCENT, Payment, Pledge, paid_towards
from relance.cases.promising import items_named, ledger_on
from relance.cases.reading import Case
from relance.cases.record import Journal, change_case
from relance.cases.verbs import begin, check_open, checked_text, finish
from relance.cases.work import calendar_of
from relance.config.policy import Policy
from relance.errors import AlreadyDoneError, CaseError
from relance.ledger.snapshot import Snapshot
from relance.money import Money
from relance.store.schema import dunning_case
from relance.store.uow import UnitOfWork

REASON = "payment_announced"
PATIENCE_DAYS = 3
"""Business days after the day on which the money is expected until dunning goes on."""
LONGEST_DAYS = 30
"""How far ahead money may be expected; what is later is a promise."""


def announce(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    expected_on: date,
    invoices: Sequence[str] | None = None,
    amount: Money | None = None,
    reference: str | None = None,
    snapshot: Snapshot | None = None,
) -> Case:
    """Note that the payer's payment is on its way, and expected on a day; gives the case. Doesn't commit.

    Dunning rests for these invoices (None: all of the payer's) until `PATIENCE_DAYS` business days of the entity after that
    day. Another word about the same invoices takes the place of the first. `reference` is what a bank or the payer calls it.

    Raises:
        CaseError: no such case, or a date, amount or invoice that can't be; says what would do.
        AlreadyDoneError: the same was noted before, or the case is closed; says by whom.
        NotAllowedError: `by` may not announce a payment on it.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="announce")
    check_open(uow, case)
    _check_date(expected_on, on_date=on_date)
    ledger = snapshot or ledger_on(uow, case.entity, on_date)
    items = items_named(ledger, case.payer_id, invoices)
    _check_amount(amount, items)
    names = None if invoices is None else sorted(items["invoice_id"])
    said: dict[str, Any] = {
        "expected_on": expected_on.isoformat(),
        "invoices": names,
        "amount": amount and amount.minor,
        "currency": amount and amount.currency,
        "reference": checked_text(reference, "reference", needed=False),
    }
    earlier = _announced(case)
    _refuse_same(case, earlier, said)
    until = add_business_days(calendar_of(policy, case.entity), expected_on, PATIENCE_DAYS)
    kept = [
        _ended(journal, one, "replaced") if _is_open(one) and _covers(said, one) else one for one in earlier
    ]
    number = 1 + max((one["number"] for one in earlier), default=0)
    holds = put_hold(
        journal, case.payer_id, names, reason=REASON, until=until, source=f"{by}, {on_date.isoformat()}",
        case_id=case_id,
    )  # fmt: skip
    made = {
        "number": number, "by": by, "on": on_date.isoformat(), **said, "until": until.isoformat(), "holds": holds,
        "state": "open",
    }  # fmt: skip
    told = {name: value for name, value in made.items() if name not in ("holds", "state", "by", "on")}
    change_case(journal, case, "announce", told, details={**case.details, "announced": [*kept, made]})
    return finish(journal, case_id)


def end_announcement(uow: UnitOfWork, *, policy: Policy, case_id: int, by: str, on_date: date) -> Case:
    """Take back that a payment is on its way: dunning goes on today; gives the case. Doesn't commit.

    Raises:
        CaseError: no such case, or nothing is announced on it.
        NotAllowedError: `by` may not.
    """
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="announce")
    numbers = [one["number"] for one in _announced(case) if _is_open(one)]
    if not numbers:
        raise CaseError(
            f"No payment is announced on case {case_id}.", hint="Look at its card again.", key="not_announced"
        )
    _end(journal, case, dict.fromkeys(numbers, "withdrawn"))
    return finish(journal, case_id)


def end_announcements(journal: Journal, *, snapshot: Snapshot) -> int:
    """End what was announced where the money has come or its days have passed by the journal's day; gives how many.

    Done before the day is decided, so that what was not paid is asked for again today. The same day twice changes nothing.
    """
    ended = 0
    for case in _waiting(journal):
        over = {
            one["number"]: why
            for one in _announced(case)
            if _is_open(one)
            and one["on"] <= journal.on.isoformat()
            and (why := _why_over(journal, case, one, snapshot))
        }
        if over:
            _end(journal, case, over)
            ended += len(over)
    return ended


def _end(journal: Journal, case: Case, over: Mapping[int, str]) -> None:
    """End announcements of one case, by number with the reason."""
    now = [
        _ended(journal, one, over[one["number"]]) if one["number"] in over else one
        for one in _announced(case)
    ]
    told = {"announcements": [{"number": number, "reason": why} for number, why in sorted(over.items())]}
    change_case(journal, case, "end_announcement", told, details={**case.details, "announced": now})


def _ended(journal: Journal, one: Mapping[str, Any], why: str) -> dict[str, Any]:
    for number in one["holds"]:
        lift_holds(journal, journal.on, hold_id=number)
    return {**one, "state": why, "ended_on": journal.on.isoformat()}


def _why_over(journal: Journal, case: Case, one: Mapping[str, Any], snapshot: Snapshot) -> str | None:
    """`paid` when the money has come, or nothing is left to pay; `passed` when its days have; None while it is awaited."""
    items = snapshot.items.filter(pl.col("payer_id") == case.payer_id)
    if one["invoices"] is not None:
        items = items.filter(pl.col("invoice_id").is_in(one["invoices"]))
    if items.is_empty() or _has_come(journal, case, one, snapshot):
        return "paid"
    return "passed" if one["until"] < journal.on.isoformat() else None


def _has_come(journal: Journal, case: Case, one: Mapping[str, Any], snapshot: Snapshot) -> bool:
    """Whether money came since it was said: 95 % of the amount; any where none was named."""
    since = date.fromisoformat(one["on"])
    payments = payments_of(
        journal.uow, journal.entity, case.payer_id, since=since, until=journal.on,
        customers=customers_of(snapshot, [case.payer_id])[case.payer_id],
    )  # fmt: skip
    currencies = {one["currency"]} if one["currency"] else {payment.currency for payment in payments}
    for currency in currencies:
        came = _towards(one, payments, currency, since, journal.on)
        if came > 0 and came * 100 >= (one["amount"] or 0) * KEPT_PERCENT:
            return True
    return False


def _towards(
    one: Mapping[str, Any], payments: Sequence[Payment], currency: str, since: date, on: date
) -> int:
    """Minor units that came for it, counted as a promise is."""
    names = None if one["invoices"] is None else frozenset(one["invoices"])
    wanted = one["amount"] or sum(max(payment.amount, 0) for payment in payments)
    return paid_towards([Pledge(0, wanted, currency, since, on, on, names)], payments, until=on)[0]


def _waiting(journal: Journal) -> list[Case]:
    """Cases, open or closed, on which something is announced, locked."""
    open_one = {"announced": [{"state": "open"}]}
    query = (
        sa.select(dunning_case)
        .where(dunning_case.c.entity == journal.entity, dunning_case.c.details.contains(open_one))
        .order_by(dunning_case.c.case_id)
        .with_for_update()
    )
    return [Case(**row) for row in journal.uow.execute(query).mappings()]


def _announced(case: Case) -> list[Mapping[str, Any]]:
    return list(case.details.get("announced") or ())


def _is_open(one: Mapping[str, Any]) -> bool:
    return bool(one["state"] == "open")


def _covers(said: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Whether a new word is about all that an earlier one is about."""
    if said["invoices"] is None or one["invoices"] is None:
        return said["invoices"] is None
    return set(one["invoices"]) <= set(said["invoices"])


def _check_date(expected_on: date, *, on_date: date) -> None:
    if expected_on < on_date:
        raise CaseError(f"{expected_on} has passed.", hint=f"Give {on_date} or a later date.", key="passed")
    latest = on_date + timedelta(days=LONGEST_DAYS)
    if expected_on > latest:
        raise CaseError(
            f"{expected_on} is more than {LONGEST_DAYS} days ahead.",
            hint=f"Give {latest} or an earlier date, or note a promise.", key="too_far", days=LONGEST_DAYS,
        )  # fmt: skip


def _check_amount(amount: Money | None, items: pl.DataFrame) -> None:
    if amount is None:
        return
    opened = int(items.filter(pl.col("currency") == amount.currency)["open"].sum())
    if not 0 < amount.minor <= opened:
        raise CaseError(
            f"{amount} can't be on its way: {Money(amount.currency, opened)} is open.",
            hint="Give an amount above 0 and at most what is open, or none.", key="amount_out_of_range",
        )  # fmt: skip


def _refuse_same(case: Case, earlier: Sequence[Mapping[str, Any]], said: Mapping[str, Any]) -> None:
    for one in earlier:
        if _is_open(one) and all(one[name] == said[name] for name in said):
            raise AlreadyDoneError(
                f"{one['by']} has noted this payment already, on {one['on']}.", hint="Nothing is to be done.",
                key="announced_already", who=one["by"], on=date.fromisoformat(one["on"]), case=case.case_id,
            )  # fmt: skip
