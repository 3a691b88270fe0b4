"""`relance case`: what people see and decide, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relance.cli import approvals, instalments
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

app = typer.Typer(
    name="case", help="Cases: what a person must see or decide about a payer.", no_args_is_help=True
)

app.command()(approvals.approve)
app.command()(approvals.reject)
app.command()(instalments.instalments)


@app.command("list")
def list_(
    entity: Entity,
    *,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind.")] = None,
    closed: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """An entity's open cases."""
    from relance.cases import list_cases
    from relance.cases.transitions import KINDS
    from relance.store.uow import UnitOfWork

    ours = services(config)
    ours.policy.entity(entity)
    if kind is not None and kind not in KINDS:
        raise UsageError(f"There is no kind of case {kind!r}.", hint=f"There is {', '.join(KINDS)}.")
    with UnitOfWork(ours.database) as uow:
        cases = list_cases(uow, entity=entity, kind=kind, state=None if closed else "open")
    if as_json:
        typer.echo(
            json.dumps({"entity": entity, "cases": [one.as_dict() for one in cases]}, ensure_ascii=False)
        )
    else:
        _print_cases(cases)


@app.command()
def show(case_id: CaseNumber, *, config: Config = None, as_json: Json = False) -> None:
    """A case whole: its facts, its promises and instalment plans, and what happened to it."""
    from relance.cases import read_case, read_events, read_promises
    from relance.cases.reading import read_instalment_plans
    from relance.store.uow import UnitOfWork

    with UnitOfWork(services(config).database) as uow:
        one = read_case(uow, case_id)
        promises = read_promises(uow, entity=one.entity, payers=[one.payer_id], case_id=case_id)
        plans = read_instalment_plans(uow, entity=one.entity, payers=[one.payer_id], case_id=case_id)
        events = read_events(uow, case_id)
    if as_json:
        whole = {
            **one.as_dict(),
            "promises": [promise.as_dict() for promise in promises],
            "instalment_plans": [plan.as_dict() for plan in plans],
            "events": [event.as_dict() for event in events],
        }
        typer.echo(json.dumps(whole, ensure_ascii=False))
        return
    _print_case(one)
    for plan in plans:
        instalments.show_plan(plan)
    for event in events:
        typer.echo(f"  {event.on_date}  {event.verb:<12} {event.actor}  {_line(event.body)}")


@app.command()
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
    from relance.store.uow import UnitOfWork

    ours = services(config)
    money = money_of(amount)
    with UnitOfWork(ours.database) as uow:
        number = take_down(
            uow, policy=ours.policy, entity=entity, payer_id=payer, amount=money, due_on=day_of(due, "--due"),
            by=by, on_date=done_on(on, ours, entity), invoices=invoice or None,
        )  # fmt: skip
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


@app.command()
def comment(
    case_id: CaseNumber,
    text: Annotated[str, typer.Argument(help="The words.")],
    *,
    by: By,
    on: On = None,
    config: Config = None,
) -> None:
    """Put a comment on a case."""
    from relance.cases import comment as put
    from relance.cases import read_case
    from relance.store.uow import UnitOfWork

    ours = services(config)
    with UnitOfWork(ours.database) as uow:
        entity = read_case(uow, case_id).entity
        put(uow, policy=ours.policy, case_id=case_id, text=text, by=by, on_date=done_on(on, ours, entity))
        uow.commit()
    typer.echo(f"Case {case_id}: noted.")


def _print_cases(cases: list[Case]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not cases:
        typer.echo("No cases.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("case", "kind", "payer", "overdue", "oldest", "owner", "state"):
        # Amounts and numbers are never cut; names and addresses fold.
        table.add_column(name, no_wrap=name in {"case", "kind", "overdue", "oldest"}, overflow="fold")
    for one in cases:
        state = one.state if one.state == "open" else f"closed: {one.closed_reason}"
        name = f"{one.facts['payer']['name']} ({one.payer_id})"
        table.add_row(
            str(one.case_id), one.kind, _plain(name), _overdue(one), _late(one), one.owner or "–", state
        )
    Console().print(table)


def _print_case(one: Case) -> None:
    typer.echo(
        f"Case {one.case_id}: {one.kind} · {one.facts['payer']['name']} ({one.payer_id}) · {one.entity}"
    )
    ended = f", closed {one.closed_on}: {one.closed_reason}" if one.closed_on else ""
    typer.echo(
        f"  {one.state}, revision {one.revision}, opened {one.opened_on}{ended}, owner {one.owner or '–'}"
    )
    typer.echo(f"  overdue {_overdue(one) or 'nothing'}; oldest {_late(one)}")
    if one.kind == "approval":
        asked = ", ".join(_money(total["amount"], total["currency"]) for total in one.facts["demanded"])
        typer.echo(
            f"  asks {one.facts['role']} until {one.facts['expires_on']}: step {one.facts['step']} "
            f"({one.facts['level']}) by {one.facts['what']}, {asked or 'nothing demanded'}"
        )
    for item in one.facts["items"]:
        typer.echo(
            f"  {item['invoice_id']}  {_money(item['open'], item['currency'])}  due {item['due_date']}"
        )


def _overdue(one: Case) -> str:
    return ", ".join(_money(row["overdue"], row["currency"]) for row in one.facts["totals"] if row["overdue"])


def _late(one: Case) -> str:
    from relance.cases.overdue import days_late

    return f"{days_late(one.facts, one.facts_on)} days"


def _money(minor: int, currency: str) -> str:
    from relance.money import Money

    return str(Money(currency, minor))


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _line(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False) if body else ""
