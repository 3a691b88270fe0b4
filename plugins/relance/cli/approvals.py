"""`relance case approve` and `reject`: the answer to what waits for somebody's yes."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.options import By, CaseNumber, Config, On, done_on, services


def approve(case_id: CaseNumber, *, by: By, on: On = None, config: Config = None) -> None:
    """Say yes: a contact planned today goes out, an earlier one's invoices are planned anew."""
    from relance import cases

    ours = services(config)
    with ours.unit_of_work() as uow:
        entity = cases.read_case(uow, case_id).entity
        day = done_on(on, ours, entity)
        done = cases.approve(uow, policy=ours.policy, case_id=case_id, by=by, on_date=day)
        uow.commit()
    fresh = done.facts["asked_on"] == day.isoformat()
    then = "it goes out with the day's deliveries" if fresh else "its invoices are planned anew today"
    typer.echo(f"Case {case_id}: approved; {then} (relance run {entity} --as-of {day}).")


def reject(
    case_id: CaseNumber,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why not; it is kept.")],
    by: By,
    days: Annotated[int, typer.Option("--days", help="How long its invoices rest.", metavar="DAYS")] = 14,
    on: On = None,
    config: Config = None,
) -> None:
    """Say no: the step is not done, and its invoices rest for some days."""
    from relance import cases

    ours = services(config)
    with ours.unit_of_work() as uow:
        day = done_on(on, ours, cases.read_case(uow, case_id).entity)
        cases.reject(uow, policy=ours.policy, case_id=case_id, by=by, on_date=day, reason=reason, days=days)
        uow.commit()
    typer.echo(f"Case {case_id}: rejected; its invoices rest for {days} days.")
