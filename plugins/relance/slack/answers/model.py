"""What `/relance` answers are drawn from: plain values that the bot reads from the database; money in minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from relance.money import Money
from relance.slack.homedata import HomeRow
from relance.slack.modals.modal import Item


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case of a payer; `permalink`: of its card."""

    case_id: int
    kind: str
    state: str
    opened_on: date
    owner: str | None = None
    permalink: str | None = None


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One contact with a payer."""

    on: date
    channel: str
    level: str
    state: str


@dataclass(frozen=True, slots=True)
class CustomerAnswer:
    """A payer: `facts` as `relance.cases.facts.payer_facts` gives them; `items`: open invoices, the oldest first."""

    payer_id: str
    entity: str
    company: str
    as_of: date
    facts: Mapping[str, Any]
    items: Sequence[Item] = ()
    cases: Sequence[CaseLine] = ()
    contacts: Sequence[ContactLine] = ()


@dataclass(frozen=True, slots=True)
class InvoiceAnswer:
    """An invoice.

    `open`: 0 once it is paid; `told`: what was decided for it today, in the reader's words; `state`: why it is no longer open.
    """

    invoice_id: str
    entity: str
    company: str
    as_of: date
    payer: str
    payer_id: str
    issue_date: date
    due_date: date
    amount: Money
    open: int
    days_late: int = 0
    po_number: str | None = None
    state: str | None = None
    told: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A contact of a day's plan."""

    payer: str
    channel: str
    step: str
    level: str
    amounts: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """A day's plan of an entity.

    `contacts`: how many by channel; `held`: invoices at rest by reason; `asked`: what is demanded by currency; `top`: the
    weightiest contacts; `waiting`: how many wait for a yes.
    """

    entity: str
    company: str
    as_of: date
    contacts: Mapping[str, int] = field(default_factory=dict)
    asked: Sequence[Money] = ()
    held: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    top: Sequence[Planned] = ()


@dataclass(frozen=True, slots=True)
class KpiAnswer:
    """Key figures of an entity: days, shares of 1 (`overdue_30`, `promises_kept`) and per cent (`cei`); None: not known.

    `targets` by the same names.
    """

    entity: str
    company: str
    as_of: date
    currency: str
    receivables: int
    overdue: int
    dso: float | None = None
    dso_count_back: float | None = None
    at_least: bool = False
    best_dso: float | None = None
    overdue_30: float | None = None
    cei: float | None = None
    promises_kept: float | None = None
    promises_due: int = 0
    targets: Mapping[str, float | None] = field(default_factory=dict)

    @classmethod
    def of(cls, company: str, figures: Mapping[str, Any]) -> KpiAnswer:
        """From `relance.insight.kpis.Kpis.as_dict()`."""
        plain = (
            "entity", "currency", "receivables", "overdue", "dso", "dso_count_back", "at_least", "best_dso", "overdue_30", "cei",
        )  # fmt: skip
        return cls(
            company=company,
            as_of=date.fromisoformat(figures["as_of"]),
            promises_kept=figures["promises"]["rate"],
            promises_due=figures["promises"]["due"],
            targets=figures["targets"],
            **{name: figures[name] for name in plain},
        )


@dataclass(frozen=True, slots=True)
class Week:
    """What should come in during the week of `monday`, in one currency."""

    monday: date
    currency: str
    promised: int = 0
    instalments: int = 0
    due: int = 0


@dataclass(frozen=True, slots=True)
class ForecastAnswer:
    """What should come in, week by week; `overdue`: what is late and neither promised nor agreed."""

    entity: str
    company: str
    as_of: date
    weeks: Sequence[Week] = ()
    overdue: Sequence[Money] = ()

    @classmethod
    def of(cls, company: str, figures: Mapping[str, Any]) -> ForecastAnswer:
        """From `relance.insight.outlook.Expected.as_dict()`."""
        weeks = [
            Week(
                date.fromisoformat(one["monday"]),
                one["currency"],
                one["promised"],
                one["instalments"],
                one["due"],
            )
            for one in figures["weeks"]
        ]
        overdue = [Money(one["currency"], one["amount"]) for one in figures["overdue"]]
        return cls(figures["entity"], company, date.fromisoformat(figures["as_of"]), weeks, overdue)


@dataclass(frozen=True, slots=True)
class StatementAnswer:
    """A statement of account: its figures; `file`: the name of what the bot sends with it. `totals` as in a case's facts."""

    payer_id: str
    payer: str
    entity: str
    company: str
    as_of: date
    totals: Sequence[Mapping[str, Any]]
    invoices: int
    file: str | None = None


@dataclass(frozen=True, slots=True)
class MineAnswer:
    """A person's cases by score: the first ones, and how many there are."""

    as_of: date
    rows: Sequence[HomeRow] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A payer that what was typed may mean."""

    payer_id: str
    name: str
    entity: str
