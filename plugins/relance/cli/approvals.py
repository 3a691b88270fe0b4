"""`relance case approve` and `reject`: the answer to what waits for somebody's yes."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.options import By, CaseNumber, Config, On, done_on, services


def approve(case_id: CaseNumber, *, by: By, on: On = None, config: Config = None) -> None:
    """Say yes: a contact planned today goes out, an earlier one's invoices are planned anew, what a person asked for is done."""
    from relance import cases

    ours = services(config)
    with ours.unit_of_work() as uow:
        entity = cases.read_case(uow, case_id).entity
        day = done_on(on, ours, entity)
        done = cases.approve(uow, policy=ours.policy, case_id=case_id, by=by, on_date=day)
        uow.commit()
    if done.state == "open":
        typer.echo(f"Case {case_id}: your yes is noted; it takes somebody else's too.")
    elif done.details.get("asks"):
        typer.echo(f"Case {case_id}: approved; it is done in case {done.details['target_case']}.")
    else:
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
    """Say no: a step is not done, and its invoices rest for some days; who asked for something takes it back."""
    from relance import cases

    ours = services(config)
    with ours.unit_of_work() as uow:
        day = done_on(on, ours, cases.read_case(uow, case_id).entity)
        done = cases.reject(
            uow, policy=ours.policy, case_id=case_id, by=by, on_date=day, reason=reason, days=days
        )
        uow.commit()
    rest = "" if done.details.get("asks") else f"; its invoices rest for {days} days"
    typer.echo(f"Case {case_id}: {done.closed_reason}{rest}.")
