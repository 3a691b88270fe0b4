"""Letting a case and its dunning rest until a day, and waking it: never for ever, and longer than a role may only by a yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from relance.cases.among import among
from relance.cases.permissions import check_allowed, longest_snooze, roles_of, same_person
from relance.cases.reading import Case
from relance.cases.requesting import ask
from relance.cases.resting import end_rest, end_write_off, put_to_rest, unbroken_since
from relance.cases.verbs import already, begin, check_open, checked_text, finish
from relance.config.policy import Policy
from relance.config.roles import Action
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError
from relance.money import Money
from relance.store.schema import customer_version, invoice_version
from relance.store.uow import UnitOfWork

LONGEST_DAYS = 365
"""For how long anything may rest, with or without a yes: there is no "for ever"."""


def snooze(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    until: date,
    reason: str,
    invoices: Sequence[str] | None = None,
) -> Case:
    """Let a case and the payer's dunning, or that of these invoices only, rest to the end of `until`. Doesn't commit.

    Gives the case; where the rest, with what it goes on from, is longer than the roles of `by` may give, the approval that was
    opened instead: until somebody says yes, nothing changes. Another rest of the same case takes the place of the first; one
    that ends earlier takes what waking it takes.

    Raises:
        CaseError: no such case, no reason, a day that has come or is more than a year away, invoices that aren't the payer's.
        NotAllowedError: `by` may not let it rest at all, or nobody is named to approve more.
        AlreadyDoneError: it rests so already, it was asked for already, or the case is closed.
    """
    days = _checked_days(until, on_date)
    words = checked_text(reason, "reason") or ""
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action="snooze")
    check_open(uow, case)
    if case.kind == "approval":
        raise CaseError(
            "A question that waits for a yes can't rest.", hint="Answer it, or let the payer's other case rest.",
            key="no_rest_for_approvals",
        )  # fmt: skip
    items = None if invoices is None else _items_of(uow, case, invoices)
    _refuse_same(case, until, items)
    longest = longest_snooze(uow, policy, by=by, case=case)
    shorter = _shortens(case, until, items)
    if shorter or _leaves_out(case, until, items):
        check_may_end(uow, policy, case, by=by, on_date=on_date)
    if (
        not shorter
    ):  # 14 days and 14 more are 28: what is compared is the whole rest, whoever gave its first days
        days += (on_date - unbroken_since(journal, case, items)).days
    if longest is not None and days > longest:
        number = ask(
            journal, policy, case, what="snooze", why=words, totals=overdue_of(case), items=items,
            until=until.isoformat(),
        )  # fmt: skip
        return finish(journal, number)
    put_to_rest(journal, case, until=until, reason=words, items=items)
    return finish(journal, case_id)


def wake(
    uow: UnitOfWork,
    *,
    policy: Policy,
    case_id: int,
    by: str,
    on_date: date,
    reason: str | None = None,
    what: Literal["rest", "write_off"] = "rest",
) -> Case:
    """End the rest of a case by hand, and that only: dunning goes on today; gives the case. Doesn't commit.

    `what` "write_off": what was approved to be written off is dunned again instead, which takes the right to write off. Who
    means the one never does the other: each is asked for by its own name.

    Raises:
        CaseError: no such case.
        NotAllowedError: `by` may not let cases like it rest, or write off, and so may not take that back either.
        AlreadyDoneError: it doesn't rest, or nothing of it is to be written off; says who ended that, and when.
    """
    words = checked_text(reason, "reason", needed=False)
    action: Action = "write_off" if what == "write_off" else "snooze"
    case, journal = begin(uow, policy=policy, case_id=case_id, by=by, on_date=on_date, action=action)
    if what == "write_off":
        if not case.details.get("written_off"):
            raise already(
                uow, case, "not to be written off", ("end_write_off", "open"), key="not_written_off"
            )
        end_write_off(journal, case, how="hand", reason=words)
    else:
        if case.snoozed_until is None:
            raise already(uow, case, "awake", ("wake", "open"), key="awake")
        check_may_end(uow, policy, case, by=by, on_date=on_date)
        end_rest(journal, case, how="hand", reason=words)
    return finish(journal, case_id)


def check_may_end(uow: UnitOfWork, policy: Policy, case: Case, *, by: str, on_date: date) -> None:
    """Refuse to cut short what takes more than this person may give: it is theirs, their role's yes, or within their limit.

    Raises:
        NotAllowedError: it is none of these; says who could.
    """
    said = case.details.get("snooze") or {}
    if case.snoozed_until is None or any(same_person(by, said.get(name)) for name in ("by", "approved_by")):
        return
    role = said.get("role")
    onward = policy.roles.onward(role) if role else ()
    if roles_of(uow, policy, by) & set(onward):
        return
    left = max((case.snoozed_until - on_date).days, 0)
    try:
        check_allowed(uow, policy, by=by, action="snooze", entity=case.entity, case=case, days=left)
    except NotAllowedError as refusal:
        if refusal.key != "not_allowed_so":
            raise
        could = [
            *dict.fromkeys([*cast("Sequence[str]", refusal.values["could"]), *onward, str(said.get("by"))])
        ]
        raise NotAllowedError(
            f"{by} may not cut the rest until {case.snoozed_until} short: it goes on for longer than they may give.",
            hint=f"It takes {', '.join(could)}.", key="not_allowed_so", action="snooze", could=could, because=("days",),
        ) from refusal  # fmt: skip


def _shortens(case: Case, until: date, items: Sequence[str] | None) -> bool:
    """Whether a rest stands in which this one lies as a whole."""
    if case.snoozed_until is None or until > case.snoozed_until:
        return False
    had = (case.details.get("snooze") or {}).get("invoices")
    return had is None or (items is not None and set(items) <= set(had))


def _leaves_out(case: Case, until: date, items: Sequence[str] | None) -> bool:
    """Whether a rest stands of which this one, in its place, would end a part."""
    if case.snoozed_until is None:
        return False
    had = (case.details.get("snooze") or {}).get("invoices")
    return until < case.snoozed_until or (items is not None and (had is None or not set(had) <= set(items)))


def overdue_of(case: Case) -> list[Money]:
    """What is overdue of the payer, as the case knows it."""
    return [
        Money(row["currency"], row["overdue"]) for row in case.facts.get("totals") or () if row["overdue"]
    ]


def _checked_days(until: date, on_date: date) -> int:
    """How many days away the end is."""
    days = (until - on_date).days
    if days < 1:
        raise CaseError(
            f"{until} is no day to rest until.", hint=f"Give {on_date + timedelta(days=1)} or a later one.",
            key="snooze_past",
        )  # fmt: skip
    if days > LONGEST_DAYS:
        latest = on_date + timedelta(days=LONGEST_DAYS)
        raise CaseError(
            f"{until} is more than {LONGEST_DAYS} days ahead: nothing rests for ever.", hint=f"Give {latest} or earlier.",
            key="snooze_too_long", latest=latest,
        )  # fmt: skip
    return days


def _refuse_same(case: Case, until: date, items: Sequence[str] | None) -> None:
    said = case.details.get("snooze") or {}
    named = None if items is None else list(items)
    if case.snoozed_until == until and said.get("invoices") == named:
        raise AlreadyDoneError(
            f"Case {case.case_id} rests until {until} already, by {said.get('by')} on {said.get('on')}.",
            key="snoozed", case=case.case_id, until=until, who=said.get("by"), on=said.get("on"),
        )  # fmt: skip


def _items_of(uow: UnitOfWork, case: Case, invoices: Sequence[str]) -> list[str]:
    """The payer's items that are meant, sorted; an invoice names all its terms."""
    wanted = sorted(set(invoices))
    table, customer = invoice_version, customer_version
    named = sa.or_(among(table.c.item_id, wanted), among(table.c.invoice_id, wanted))
    newest = (
        sa.select(table.c.item_id, table.c.invoice_id, table.c.payer_id, table.c.customer_id)
        .where(table.c.entity == case.entity, named)
        .ext(distinct_on(table.c.item_id))
        .order_by(table.c.item_id, table.c.extract_date.desc(), table.c.import_id.desc())
    )
    rows = uow.execute(newest).all()
    payers = sa.select(customer.c.customer_id, customer.c.payer_id).where(
        customer.c.entity == case.entity, among(customer.c.customer_id, {row.customer_id for row in rows})
    )
    ordered = payers.order_by(customer.c.extract_date, customer.c.import_id)
    payer_of = {row.customer_id: row.payer_id or row.customer_id for row in uow.execute(ordered)}
    own = [
        row
        for row in rows
        if (row.payer_id or payer_of.get(row.customer_id, row.customer_id)) == case.payer_id
    ]
    known = {row.item_id for row in own} | {row.invoice_id for row in own}
    unknown = [one for one in wanted if one not in known]
    if unknown or not wanted:
        raise CaseError(
            f"{', '.join(unknown) or 'No invoice'} is not of {case.payer_id}.",
            hint="Give invoices of this payer, or none for all of them.", key="not_the_payers",
        )  # fmt: skip
    return sorted(row.item_id for row in own)
