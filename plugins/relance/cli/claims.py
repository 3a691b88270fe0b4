"""`relance claim`: what the law gives beside a debt, what of it was asked for, and what was given up."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from relance.cli.options import AsOf, By, Config, Entity, Json, On, done_on, money_of, services

if TYPE_CHECKING:
    from relance.cases.claims import InvoiceClaims
    from relance.store.claims import ClaimEntry

app = typer.Typer(
    name="claim",
    help="Interest and compensation on late invoices: accrued, claimed, waived.",
    no_args_is_help=True,
)

InvoiceArgument = Annotated[
    str, typer.Argument(metavar="INVOICE", help="The open item: INVOICE or INVOICE/TERM.")
]
_STATES = {
    "late": "late",
    "paid_late": "paid late",
    "not_late": "not late: nothing accrues",
    "not_delivered": "not delivered: nothing accrues",
    "cancelled": "cancelled: nothing accrues",
    "written_off": "written off: nothing accrues",
    "assigned": "assigned to a factor: nothing accrues to us",
    "closed_by_source": "gone from the extract, when it was paid is not known: nothing is counted",
}


@app.command()
def show(
    entity: Entity,
    invoice: InvoiceArgument,
    as_of: AsOf,
    config: Config = None,
    *,
    as_json: Json = False,
) -> None:
    """What has accrued on an invoice to a day, and what of it was claimed and waived."""
    from relance.cases.claims import claims_of

    ours = services(config)
    day = as_of.date()
    with ours.unit_of_work() as uow:
        (found,) = claims_of(
            uow, policy=ours.policy, book=ours.law, entity=entity, as_of=day, invoices=[invoice]
        )
    if as_json:
        whole = {"entity": entity, "as_of": day.isoformat(), **found.as_dict()}
        typer.echo(json.dumps(whole, ensure_ascii=False))
    else:
        _show(found, day)


@app.command()
def waive(
    entity: Entity,
    invoice: InvoiceArgument,
    *,
    kind: Annotated[Literal["interest", "compensation"], typer.Option("--kind", help="What is given up.")],
    amount: Annotated[str, typer.Option("--amount", help='Such as "12.00 EUR".')],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept.")],
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Give up a part of what has accrued, by somebody who may, for a reason."""
    from relance.cases.claims import waive as give_up

    ours = services(config)
    money, day = money_of(amount), done_on(on, ours, entity)
    with ours.unit_of_work() as uow:
        made = give_up(
            uow, policy=ours.policy, book=ours.law, entity=entity, invoice=invoice, kind=kind, amount=money,
            reason=reason, by=by, on_date=day,
        )  # fmt: skip
        uow.commit()
    if as_json:
        typer.echo(
            json.dumps({"entity": entity, "invoice_id": invoice, **made.as_dict()}, ensure_ascii=False)
        )
    else:
        typer.echo(f"{money} of the {kind} on {invoice} is waived.")


def _show(found: InvoiceClaims, day: date) -> None:
    one = found.accrual
    typer.echo(
        f"{one.invoice_id} · payer {one.payer_id} · {one.amount}, open {one.open} · due {one.due_date}, on {day} "
        f"{_STATES[one.state]}{f' on {one.settled_on}' if one.state == 'paid_late' else ''}"
    )
    if one.given is not None:
        typer.echo(f"Law of {one.country}, {one.debtor} debtor: {one.given.law}")
    _print_claims(found)
    if found.missing:
        typer.echo(f"Compensation is not known: {found.missing}.")
    for claim in found.of("compensation"):
        if claim.accrued.minor and claim.accrued.currency != one.amount.currency:
            typer.echo(
                f"The law names the compensation in {claim.accrued.currency}; it is not converted to {one.amount.currency}."
            )
    _print_periods(found)
    for entry in found.entries:
        typer.echo(f"  {_line(entry)}")


def _print_claims(found: InvoiceClaims) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "Accrued", "Claimed", "Waived", "Payable", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for claim in found.claims:
        sums = (claim.accrued, claim.claimed, claim.waived, claim.payable)
        table.add_row(claim.kind, *(str(one) for one in sums))
    Console().print(table)


def _print_periods(found: InvoiceClaims) -> None:
    from relance.money import Money

    given = found.accrual.given
    if given is None:
        return
    for period in given.rate_periods:
        earned, base = Money(given.currency, period.interest), Money(given.currency, period.base)
        typer.echo(
            f"  {period.start} … {period.end}: {period.days} days at {period.rate} % on {base}: {earned}"
        )
    if given.provisional:
        typer.echo("Provisional: rests on a rate that is not final.")
    if given.unverified:
        typer.echo(f"Not confirmed: {', '.join(given.unverified)}")


def _line(entry: ClaimEntry) -> str:
    said = f"{entry.on_date}  {entry.kind} {entry.act}: {entry.amount}, by {entry.actor}"
    return f"{said}: {entry.reason}" if entry.reason else said
