"""A day's work on an entity's cases."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

import sqlalchemy as sa

from relance.calendars import Calendar
from relance.cases.asked import work_approvals
from relance.cases.calls import work_calls
from relance.cases.contacting import work_no_number
from relance.cases.data import work_data
from relance.cases.disputes import work_disputes
from relance.cases.exhausted import work_exhausted
from relance.cases.handover import work_handovers
from relance.cases.instalments import measure_instalments
from relance.cases.overdue import work_overdue
from relance.cases.promises import work_promises
from relance.cases.record import Journal
from relance.cases.resting import work_rests
from relance.cases.review import work_review
from relance.cases.risk import work_risks
from relance.cases.tasks import work_tasks
from relance.cases.undelivered import work_undelivered
from relance.config.policy import Policy
from relance.ledger.snapshot import Snapshot
from relance.store.schema import dunning_case
from relance.store.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class CasesReport:
    """How many cases a day's work opened, updated and closed."""

    opened: int
    updated: int
    closed: int

    def as_dict(self) -> dict[str, int]:
        """Plain figures."""
        return asdict(self)


def work(uow: UnitOfWork, *, policy: Policy, entity: str, snapshot: Snapshot, as_of: date) -> CasesReport:
    """Bring the entity's cases to the day; the same day twice changes nothing. Doesn't commit.

    Opens, updates and closes `overdue_90`, `exhausted`, `delivery`, disputes, calls, tasks, approvals and reviews of holds
    without end; measures promises and instalment plans; ends rests. Cases that already stand on a later day are left alone.

    Raises:
        UsageError: for an unknown entity.
    """
    one = policy.entity(entity)
    _lock(uow, entity)
    journal = Journal(uow=uow, entity=entity, on=as_of, policy=policy)
    worked = work_overdue(journal, snapshot=snapshot, threshold=one.overdue_alert_days)
    worked += work_exhausted(journal, snapshot=snapshot)
    worked += work_review(journal, snapshot=snapshot, policy=policy)
    worked += work_undelivered(journal, snapshot=snapshot)
    worked += work_disputes(journal, snapshot=snapshot, policy=policy, calendar=calendar_of(policy, entity))
    worked += work_approvals(journal, snapshot=snapshot, policy=policy)
    worked += work_calls(journal, snapshot=snapshot, policy=policy)
    worked += work_tasks(journal, snapshot=snapshot)
    worked += work_no_number(journal, snapshot=snapshot)
    worked += work_handovers(journal, snapshot=snapshot)
    worked += work_risks(journal, snapshot=snapshot)
    worked += work_data(journal, name=one.name)
    measured = measure_instalments(journal, snapshot=snapshot)
    updated_promises, closed_promises = work_promises(
        journal, snapshot=snapshot, calendar=calendar_of(policy, entity), measured=measured
    )
    woken = work_rests(journal, snapshot=snapshot)
    journal.write()
    return CasesReport(
        opened=worked.opened,
        updated=worked.updated + updated_promises + woken,
        closed=worked.closed + closed_promises,
    )


def _lock(uow: UnitOfWork, entity: str) -> None:
    """All that may be worked, by number: who works on two of them takes the older first too, so that nobody waits for each other.

    Those are the open cases, and closed ones that still rest or have something to be written off.
    """
    table = dunning_case.c
    works = sa.or_(
        table.state == "open", table.snoozed_until.is_not(None), table.details.has_key("written_off")
    )
    worked = sa.select(table.case_id).where(table.entity == entity, works)
    uow.execute(worked.order_by(table.case_id).with_for_update())


def calendar_of(policy: Policy, entity: str) -> Calendar:
    """The business days of the entity's region."""
    region = policy.region_of(entity)
    return Calendar.of_region(region.business_days, region.country, region.subdivision, region.extra_holidays)
