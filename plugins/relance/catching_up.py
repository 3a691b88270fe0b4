"""What happened since the last plan, written down before the next: calls nobody made, yeses used, money that came."""

from __future__ import annotations

from datetime import date

from relance.cases.announcing import end_announcements
from relance.cases.confirming import carry_over
from relance.cases.disputes import end_awaited
from relance.cases.instalments import measure_instalments
from relance.cases.record import Journal
from relance.ledger.snapshot import Snapshot
from relance.planning.patience import calls_given_up, region_calendar
from relance.services import Services
from relance.store.contacts import approved_but_unsent, set_state, spent_approvals


def catch_up(services: Services, entity: str, as_of: date, snapshot: Snapshot) -> None:
    """Bring contacts, approvals and what rests to the day that is about to be decided; twice changes nothing."""
    _give_up_calls(services, entity, as_of)
    _carry_confirmations(services, entity, as_of)
    _spend_approvals(services, entity, as_of)
    _end_rests(services, entity, as_of, snapshot)


def _give_up_calls(services: Services, entity: str, as_of: date) -> None:
    """Write down which calls nobody made in time; planning knows it by itself, people should see it."""
    calls = services.database.read(
        "SELECT key, as_of, kind, state, scenario FROM contact "
        "WHERE entity = $1 AND kind = 'call' AND state = 'open' AND as_of < $2::text::date",
        [entity, as_of.isoformat()],
    )
    region = region_calendar(services.policy.region_of(entity))
    given_up = calls_given_up(calls, services.policy, region, as_of).sort("over", "key")
    with services.unit_of_work() as uow:
        for (over,), rows in given_up.group_by("over", maintain_order=True):
            keys = rows["key"].to_list()
            set_state(uow, keys, "not_made", "relance", over, "nobody called in time", only_from={"open"})
        uow.commit()


def _carry_confirmations(services: Services, entity: str, as_of: date) -> None:
    """Confirmations of promises that did not leave on their day go out on this one."""
    with services.unit_of_work() as uow:
        carry_over(uow, entity=entity, as_of=as_of)
        uow.commit()


def _spend_approvals(services: Services, entity: str, as_of: date) -> None:
    """A yes counts for the first plan after it and no longer: what that plan held back is asked anew when it comes."""
    with services.unit_of_work() as uow:
        unsent = approved_but_unsent(uow, entity=entity, as_of=as_of)
        set_state(
            uow, unsent, "approved", "relance", note="its day ended before it left", only_from={"cancelled"}
        )
        spent = spent_approvals(uow, entity=entity, as_of=as_of)
        set_state(
            uow, spent, "cancelled", "planning", note="planned anew after the yes", only_from={"approved"}
        )
        uow.commit()


def _end_rests(services: Services, entity: str, as_of: date, snapshot: Snapshot) -> None:
    """Money that came since yesterday keeps a plan's hold standing, and ends what was announced; so do credit notes awaited."""
    with services.unit_of_work() as uow:
        journal = Journal(uow=uow, entity=entity, on=as_of, policy=services.policy)
        measure_instalments(journal, snapshot=snapshot)
        end_announcements(journal, snapshot=snapshot)
        end_awaited(journal)
        journal.write()
        uow.commit()
