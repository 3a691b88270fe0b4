"""`relance case instalments`: a debt paid in parts, agreed with the payer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from relance.cli.case_doing import pledge_of, show_cards
from relance.cli.options import By, Config, Entity, Invoices, Json, On, done_on, services
from relance.money import Money

if TYPE_CHECKING:
    from relance.cases.reading import InstalmentPlan


def instalments(
    entity: Entity,
    payer: Annotated[str, typer.Argument(help="The payer who pays in parts.")],
    *,
    part: Annotated[
        list[str],
        typer.Option("--part", help='Amount and date, repeatable: "100.00 EUR@2026-03-02".', metavar="PART"),
    ],
    by: By,
    on: On = None,
    invoice: Invoices = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Agree on an instalment plan: dunning rests as long as each part is paid in its time."""
    from relance.cases.agreeing import agree
    from relance.cases.reading import read_case, read_instalment_plans

    ours = services(config)
    parts = [pledge_of(text, "--part") for text in part]
    day = done_on(on, ours, entity)
    with ours.unit_of_work() as uow:
        number = agree(
            uow, policy=ours.policy, entity=entity, payer_id=payer, parts=parts, by=by, on_date=day,
            invoices=invoice or None,
        )  # fmt: skip
        show_cards(uow, ours, day)
        uow.commit()
        one = read_case(uow, number)
        plans = read_instalment_plans(uow, entity=entity, payers=[payer], case_id=number)
    made = next(plan for plan in reversed(plans) if plan.terms == tuple(parts))
    if as_json:
        typer.echo(json.dumps({"case_id": number, "instalment_plan": made.as_dict()}, ensure_ascii=False))
        return
    total = Money(made.currency, sum(one.amount for one in made.parts))
    typer.echo(
        f"Case {number}: {one.facts['payer']['name']} pays {total} in {len(made.parts)} parts;", nl=False
    )
    typer.echo(f" dunning rests until {made.parts[0].grace_until}, and on as each part is paid.")
    show_plan(made)


def show_plan(plan: InstalmentPlan) -> None:
    """Print a plan with its parts."""
    about = ", ".join(plan.invoices) if plan.invoices else "all that is open"
    ended = f" since {plan.concluded_on}" if plan.concluded_on else ""
    dealt = f", dealt with on {plan.dealt_on}" if plan.dealt_on else ""
    typer.echo(
        f"  instalment plan {plan.instalment_plan_id} of {plan.made_on} for {about}: {plan.state}{ended}{dealt}"
    )
    for part in plan.parts:
        paid = f"paid {Money(plan.currency, part.paid)}" + (f" on {part.paid_on}" if part.paid_on else "")
        due = f"due {part.due_on}, grace until {part.grace_until}"
        typer.echo(f"    {part.number}. {Money(plan.currency, part.amount)}  {due}  {paid}")
