"""What goes into planning and what comes out, as frames. All pure data; nothing here reads or writes anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import polars as pl

LEVEL_RANK = {"preventive": 0, "level_1": 1, "level_2": 2, "level_3": 3, "litigation": 4}

GRAVE = ("insolvency", "in_litigation", "stale_ledger")
OF_THE_INVOICE = (
    "not_delivered",
    "disputed",
    "promised",
    "instalment_plan",
    "snoozed",
    "payment_announced",
    "direct_debit",
    "covered_by_credit",
    "below_minimum",
    "too_recent",
    "awaiting_approval",
    "call_open",
)
OF_THE_PAYER = (
    "commercial_hold",
    "non_business_day",
    "in_flight",
    "cooldown",
    "frequency_cap",
    "no_contact",
)
AFTER_JOINING = ("capacity", "address_cap", "daily_cap")
HOLD_ORDER = {
    reason: order for order, reason in enumerate((*GRAVE, *OF_THE_INVOICE, *OF_THE_PAYER, *AFTER_JOINING))
}
"""The order of the specification: the first that stands is the reason."""

FROM_PEOPLE = ("disputed", "promised", "instalment_plan", "snoozed", "payment_announced", "commercial_hold")
"""Holds that cases and people give, as rows of `HOLDS`."""

SENT = ("sent", "confirmed")
DONE_STATES = {
    "message": SENT,
    "call": ("completed", "not_made"),
    "internal": ("completed",),
    "handoff": ("completed",),
}
"""By kind: the states in which the step of a contact or task is done for the invoices it acted for (rule 2)."""
_CONTACT_KINDS = ("message", "call")
COUNTED_STATES = (*SENT, "bounced", "completed")
"""Contacts in these states count against cool-down and cap."""
IN_FLIGHT_STATES = ("planned", "sending", "in_doubt")
"""A message that may or may not have left keeps its payer from another until a person has looked."""
UNFINISHED = ("planned", "sending", "open", "in_doubt")
"""A task in these states waits for the person who does it."""

CONTACT_HISTORY = pl.Schema(
    {
        "key": pl.String,
        "payer_id": pl.String,
        "as_of": pl.Date,
        "kind": pl.String,
        "channel": pl.String,
        "state": pl.String,
        "acted_on": pl.Date,
        "scenario": pl.String,
        "step": pl.String,
        "level": pl.String,
        "settled": pl.Boolean,
    }
)
"""Contacts and tasks. `acted_on`: when sent, completed or became not made. `settled`: a hand-over whose case is closed."""

ACT_HISTORY = pl.Schema({"key": pl.String, "invoice_id": pl.String, "step": pl.String, "level": pl.String})
"""What each contact or task did for which invoice."""

APPROVALS = pl.Schema(
    {
        "payer_id": pl.String(),
        "step": pl.String(),
        "level": pl.String(),
        "totals": pl.List(pl.Struct({"currency": pl.String, "amount": pl.Int64})),
        "invoices": pl.List(pl.String),
    }
)
"""Yeses given: for these invoices, up to this level and these totals, nothing is asked again."""

HOLDS = pl.Schema(
    {
        "payer_id": pl.String,
        "invoice_id": pl.String,
        "reason": pl.String,
        "until": pl.Date,
        "source": pl.String,
        "amount": pl.Int64,
    }
)
"""Holds from cases and people, begun on the day or before; `invoice_id` null for all of the payer's.

`until` is the last day (null: open end); of a promise it is the promised date, to which planning adds the grace. `amount`: of a
dispute of one invoice the part in dispute, in minor units of the invoice's currency (null: all of it).
"""


_DONE = [f"{kind} {state}" for kind, states in DONE_STATES.items() for state in states]


@dataclass(frozen=True)
class History:
    """What was done before the day, in the state it has when planning.

    Its views look at each contact alone, so that they can be carried on when more is added (`followed_by`).
    """

    contacts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CONTACT_HISTORY))
    acts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ACT_HISTORY))
    approvals: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=APPROVALS))

    @cached_property
    def done(self) -> pl.DataFrame:
        """`invoice_id`, `scenario`, `step`, `level`, `acted_on` of every act whose contact or task is done (rule 2)."""
        is_done = pl.concat_str("kind", "state", separator=" ").is_in(_DONE)
        contacts = self.contacts.filter(is_done).select("key", "scenario", "acted_on")
        return self.acts.join(contacts, on="key").select(
            "invoice_id", "scenario", "step", "level", "acted_on"
        )

    @cached_property
    def counted(self) -> pl.DataFrame:
        """`payer_id`, `acted_on`, `step`, `soft` (preventive) of contacts that count for cool-down and cap."""
        has_acted = pl.col("state").is_in(COUNTED_STATES) & pl.col("acted_on").is_not_null()
        contacts = self.contacts.filter(pl.col("kind").is_in(_CONTACT_KINDS) & has_acted)
        return contacts.select("payer_id", "acted_on", "step", soft=pl.col("level") == "preventive")

    @cached_property
    def in_flight(self) -> pl.DataFrame:
        """Contacts that may or may not have left."""
        return self.contacts.filter(
            pl.col("kind").is_in(_CONTACT_KINDS) & pl.col("state").is_in(IN_FLIGHT_STATES)
        )

    @cached_property
    def waiting(self) -> pl.DataFrame:
        """Contacts and tasks that wait for a person, with the `reason` for which their invoices are held."""
        call = (pl.col("kind") == "call") & (pl.col("state") == "open")
        task = ~pl.col("kind").is_in(_CONTACT_KINDS) & pl.col("state").is_in(UNFINISHED)
        reason = (
            pl.when(call).then(pl.lit("call_open"))
            .when((pl.col("state") == "awaiting_approval") | task).then(pl.lit("awaiting_approval"))
        )  # fmt: skip
        return self.contacts.with_columns(reason=reason).filter(pl.col("reason").is_not_null())

    @cached_property
    def handed_over(self) -> pl.DataFrame:
        """Hand-overs done whose case is not closed."""
        unsettled = ~pl.col("settled").fill_null(value=False)
        return self.contacts.filter(
            (pl.col("kind") == "handoff") & (pl.col("state") == "completed") & unsettled
        )

    def followed_by(self, contacts: pl.DataFrame, acts: pl.DataFrame) -> History:
        """This history and then some more."""
        more = History(contacts, acts)
        both = History(_joined(self.contacts, more.contacts), _joined(self.acts, more.acts), self.approvals)
        for name in ("done", "counted", "in_flight", "waiting", "handed_over"):
            if name in self.__dict__:
                both.__dict__[name] = _joined(getattr(self, name), getattr(more, name))
        return both


def _joined(before: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """One after the other, in one piece: a year of days in hundreds of pieces is slow to look through."""
    return pl.concat([before, more], rechunk=True) if more.height else before


def no_holds() -> pl.DataFrame:
    """No hold from people."""
    return pl.DataFrame(schema=HOLDS)


IN_DISPUTE = pl.Schema({"invoice_id": pl.String, "in_dispute": pl.Int64})
"""Invoices of which a part is in dispute, and the part in minor units."""


@dataclass(frozen=True)
class Plan:
    """What is decided for one entity and day; see `commands.md` for the JSON that `as_json` gives.

    Frames are in the order of the output. `outcomes.holds` is a list of {reason, until, source}; `contacts` and `tasks`
    carry their acts, demands, announces, mentions and totals as lists.
    """

    entity: str
    as_of: date
    policy_version: str
    outcomes: pl.DataFrame
    contacts: pl.DataFrame
    tasks: pl.DataFrame
    in_dispute: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=IN_DISPUTE))
