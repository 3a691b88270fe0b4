"""Why one invoice was chased on a day, or why not: the shape of an explanation. Plain data, no words.

`explaining.explanation_of` makes it from the stages that decided; `relance.speech` puts it into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Literal

from relance.money import Money


@dataclass(frozen=True, slots=True)
class Closure:
    """Why one side rests on a day; `names` are the holiday's names by primary language."""

    side: Literal["entity", "payer"]
    why: Literal["weekend", "holiday", "extra_day"]
    country: str | None
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day that is no business day, and for whom."""

    day: date
    closures: tuple[Closure, ...]


StepState = Literal[
    "done", "behind", "today", "next", "passed_over", "lapsed", "superseded", "to_come"
]  # fmt: skip
"""What a step is to the invoice on the day: `behind` a later one was done; `lapsed`: a preventive one past the due date;
`superseded`: a later step of its level has taken its place."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the scenario laid over the invoice.

    `nominal` is due date + day, `on` where closed days (`closed`, in order) moved it. `done_on`: the days on which it was
    done. `required`, `total`: for a passed-over step its `min_overdue` and the payer's overdue total.
    """

    step: str
    level: str
    kind: str
    channels: tuple[str, ...]
    nominal: date
    on: date
    closed: tuple[ClosedDay, ...]
    state: StepState
    done_on: tuple[date, ...] = ()
    required: Money | None = None
    total: Money | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A step done under another scenario, or one that the scenario no longer has; `counts_as` its place in the present one."""

    step: str
    scenario: str
    level: str
    on: date
    counts_as: str | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Rule 5: nothing acts before `first`. `gap`, `catch_up`: days since `after` was done; `reopened`: since a reversal."""

    why: Literal["gap", "catch_up", "reopened"]
    after: str | None
    since: date
    days: int
    first: date


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that stands against the invoice: as in the outcome, with what is known of it.

    `case` tells the kinds of one reason apart (`signal`, `status`, `person` …); `facts` hold who, when and how much, as
    text, numbers, dates, `Money`, or tuples of them.
    """

    reason: str
    until: date | None
    source: str
    case: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Covered:
    """What a payer's credit covers of one invoice, in the order in which it is laid out."""

    invoice_id: str
    due_date: date
    open: Money
    covered: Money


@dataclass(frozen=True, slots=True)
class CreditUse:
    """The payer's credit in the invoice's currency; `coverable`: no other hold of the invoice keeps credit off it."""

    credit: Money
    covers: tuple[Covered, ...]
    coverable: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a contact goes to."""

    contact_id: str
    name: str | None
    role: str | None
    to: str


@dataclass(frozen=True, slots=True)
class Act:
    """An invoice in a contact or task, with its own step."""

    invoice_id: str
    step: str
    level: str


@dataclass(frozen=True, slots=True)
class Demand:
    """An invoice that a contact demands, and how much of it."""

    invoice_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Joined:
    """The contact or task that the invoice is in today."""

    key: str
    kind: str
    lead: str
    step: str
    level: str
    acts: tuple[Act, ...]
    demands: tuple[Demand, ...]
    announces: tuple[str, ...]
    mentions: tuple[str, ...]
    totals: tuple[Money, ...]
    approval: str | None
    channel: str | None = None
    language: str | None = None
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next if nothing else does.

    `after_act`: the step after today's · `after_hold`: today's step once all holds are over · `open_hold`: it waits for
    `reasons` whose end isn't known · `wait`: a step on a date · `nothing`: today's was the last · `decision`: no step left.
    """

    what: Literal["after_act", "after_hold", "open_hold", "wait", "nothing", "decision"]
    step: str | None = None
    level: str | None = None
    on: date | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """The rule of the segment table that gave the scenario; no name: none matched, the entity's default.

    `profile`: the payer's, in force on the day.
    """

    scenario: str
    rule: str | None
    number: int | None
    rules: int
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """The open item as of the day."""

    customer_id: str
    customer: str | None
    payer_id: str
    payer: str | None
    issue_date: date
    due_date: date
    amount: Money
    open: Money
    to_demand: Money
    days_late: int
    reopened_on: date | None
    in_dispute: Money | None = None
    disputed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What planning decided for an open invoice, and all that led to it."""

    outcome: Literal["act", "hold", "wait", "exhausted"]
    reason: str | None
    step: str | None
    level: str | None
    step_date: date | None
    next_step: str | None
    next_on: date | None
    level_reached: str | None
    segment: Segment
    credit: CreditUse | None
    steps: tuple[StepLine, ...]
    earlier: tuple[Earlier, ...]
    waits: tuple[Wait, ...]
    holds: tuple[Hold, ...]
    contact: Joined | None
    next: Next


@dataclass(frozen=True, slots=True)
class Settlement:
    """Money or a credit note that went onto the invoice; negative: money that went back."""

    on: date
    amount: Money
    by: str
    kind: Literal["payment", "credit_note"]


@dataclass(frozen=True, slots=True)
class NotOpen:
    """Why planning says nothing of an invoice.

    `since`: the day it was paid, or the extract that brought the status (None: the first one, or not known).
    `similar`: for an unknown id, known ones that look like it.
    """

    why: Literal[
        "paid", "cancelled", "written_off", "assigned", "closed_by_source", "issued_later", "credit_note",
        "zero", "unknown",
    ]  # fmt: skip
    since: date | None = None
    amount: Money | None = None
    settled_by: tuple[Settlement, ...] = ()
    payer_id: str | None = None
    issue_date: date | None = None
    credits: str | None = None
    similar: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """One invoice on one day: `decision` and `invoice` when it is open, else `not_open`."""

    entity: str
    as_of: date
    invoice_id: str
    policy_version: str
    invoice: InvoiceFacts | None = None
    decision: Decision | None = None
    not_open: NotOpen | None = None


def as_json(value: Any) -> Any:
    """An explanation, or any part of it, as plain JSON data: ISO dates, money as amount (minor units) and currency."""
    if isinstance(value, Money):
        return {"amount": value.minor, "currency": value.currency}
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: as_json(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_json(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(one) for one in value]
    return value
