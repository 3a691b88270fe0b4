"""`relance case promise`, `announce`, `dispute`: what a payer says about its money, taken down by a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from relance.cli.case_doing import NoReplan, on_case, on_payer, parts_of, show_cards
from relance.cli.options import (
    By,
    CaseNumber,
    Config,
    Entity,
    Invoices,
    Json,
    On,
    day_of,
    done_on,
    money_of,
    services,
)
from relance.errors import UsageError

if TYPE_CHECKING:
    from relance.cases import Case


def promise(
    entity: Entity,
    payer: Annotated[str, typer.Argument(help="The payer who promised.")],
    *,
    amount: Annotated[str, typer.Option("--amount", help='Such as "120.00 EUR".')],
    due: Annotated[str, typer.Option("--due", help="The promised date.", metavar="DATE")],
    by: By,
    on: On = None,
    invoice: Invoices = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take down a payer's promise: dunning rests until its date and grace are over."""
    from relance.cases import promise as take_down
    from relance.cases import read_case, read_promises

    ours = services(config)
    money = money_of(amount)
    day = done_on(on, ours, entity)
    with ours.unit_of_work() as uow:
        number = take_down(
            uow, policy=ours.policy, entity=entity, payer_id=payer, amount=money, due_on=day_of(due, "--due"),
            by=by, on_date=day, invoices=invoice or None,
        )  # fmt: skip
        show_cards(uow, ours, day)
        uow.commit()
        one = read_case(uow, number)
        made = read_promises(uow, entity=entity, payers=[payer], case_id=number)[-1]
    if as_json:
        typer.echo(json.dumps({"case_id": number, "promise": made.as_dict()}, ensure_ascii=False))
    else:
        typer.echo(
            f"Case {number}: {one.facts['payer']['name']} promised {money} by {made.due_on};", nl=False
        )
        typer.echo(f" dunning rests until {made.grace_until}.")


def announce(
    case_id: CaseNumber,
    *,
    expected: Annotated[
        str | None, typer.Option("--expected", help="When the money should be there.", metavar="DATE")
    ] = None,
    amount: Annotated[str | None, typer.Option("--amount", help='Such as "120.00 EUR".')] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="What the bank or the payer calls it.")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back that it is on its way.")] = False,
    invoice: Invoices = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Note that a payment is said to be on its way: dunning rests for it some business days longer."""
    from relance.cases import announcing

    if withdraw == (expected is not None):
        raise UsageError("Is a payment on its way?", hint="Give --expected DATE, or --withdraw.")
    if withdraw:
        on_case(
            case_id, announcing.end_announcement, by=by, on=on, config=config, as_json=as_json,
            told=lambda _: "no payment is awaited any more; dunning goes on",
        )  # fmt: skip
        return
    on_case(
        case_id, announcing.announce, by=by, on=on, config=config, as_json=as_json,
        expected_on=day_of(expected or "", "--expected"), invoices=invoice or None, reference=reference,
        amount=money_of(amount) if amount else None, told=_announced,
    )  # fmt: skip


def dispute(
    entity: Entity,
    payer: Annotated[str, typer.Argument(help="The payer who contests.")],
    *,
    invoice: Annotated[list[str], typer.Option("--invoice", help="What is contested, repeatable.")],
    reason: Annotated[str, typer.Option("--reason", metavar="CODE", help="Why; a wrong one lists them.")],
    amount: Annotated[
        list[str] | None,
        typer.Option(
            "--amount", metavar="INVOICE=AMOUNT", help='Only a part of one, repeatable: "F-1=120.00 EUR".'
        ),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="The payer's words.")] = None,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", help="A file's name or a link, repeatable.")
    ] = None,
    by: By,
    no_replan: NoReplan = False,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Note what a payer contests: dunning rests for it, the undisputed rest goes on."""
    from relance.cases.disputing import dispute as take_down

    on_payer(
        entity, take_down, by=by, on=on, config=config, as_json=as_json, replans=not no_replan, payer_id=payer,
        invoices=invoice, reason=reason, amounts=parts_of(amount), text=text, evidence=tuple(evidence or ()),
        told=_disputed,
    )  # fmt: skip


def _announced(case: Case) -> str:
    last = case.details["announced"][-1]
    return f"a payment is expected on {last['expected_on']}; dunning rests until {last['until']}"


def _disputed(case: Case) -> str:
    from relance.money import Money

    amounts, currencies = case.details["amounts"], case.details["currencies"]
    told = ", ".join(f"{name} {Money(currencies[name], amounts[name])}" for name in sorted(amounts)[:5])
    more = f" and {len(amounts) - 5} more" if len(amounts) > 5 else ""
    return f"in dispute: {told}{more}; to be answered by {case.due_on}"
