"""`relance case list` and `show`: the cases of an entity, and one of them whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from relance.cli import instalments
from relance.cli.case_words import details_of, history_of, holds_of, in_words, money
from relance.cli.options import CaseNumber, Config, Entity, Json, services
from relance.errors import UsageError

Reader = Annotated[
    str | None, typer.Option("--by", metavar="EMAIL", help="Who reads: only what this person may see.")
]

if TYPE_CHECKING:
    from relance.cases import Case

_CROPPED = frozenset({"payer", "owner", "state"})
_UNLIMITED = 10_000
"""Columns of what is piped: nothing is cropped there."""


def list_(
    entity: Entity,
    *,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind.")] = None,
    payer: Annotated[str | None, typer.Option("--payer", help="Only this payer's.")] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="EMAIL", help="Only those that this person has.")
    ] = None,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Only those that nobody has.")] = False,
    state: Annotated[
        Literal["open", "closed", "all"], typer.Option("--state", help="In which state.")
    ] = "open",
    closed: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    by: Reader = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """An entity's open cases."""
    from relance.cases import list_cases
    from relance.cases.seeing import is_untouched, seen_by
    from relance.cases.transitions import KINDS

    ours = services(config)
    ours.policy.entity(entity)
    if kind is not None and kind not in KINDS:
        raise UsageError(f"There is no kind of case {kind!r}.", hint=f"There is {', '.join(KINDS)}.")
    if owner and unassigned:
        raise UsageError("--owner and --unassigned leave nothing.", hint="Give one of them.")
    wanted = None if closed or state == "all" else state
    with ours.unit_of_work() as uow:
        cases = list_cases(uow, entity=entity, kind=kind, state=wanted, payer_id=payer, owner=owner)
        if by is not None:
            cases = seen_by(uow, ours.policy, by=by, cases=cases)
        untouched = not cases and is_untouched(uow, entity)
    if unassigned:
        cases = [one for one in cases if one.owner is None]
    if as_json:
        typer.echo(
            json.dumps({"entity": entity, "cases": [one.as_dict() for one in cases]}, ensure_ascii=False)
        )
    else:
        _print_cases(cases, untouched=untouched)


def show(case_id: CaseNumber, *, by: Reader = None, config: Config = None, as_json: Json = False) -> None:
    """A case whole: its facts, what people said, its promises and plans, what it holds, and what happened to it."""
    from relance.cases import read_case, read_comments, read_promises, read_timeline
    from relance.cases.holding import read_holds
    from relance.cases.reading import read_instalment_plans
    from relance.cases.seeing import seen_by

    ours = services(config)
    with ours.unit_of_work() as uow:
        one = read_case(uow, case_id)
        if by is not None:
            seen_by(uow, ours.policy, by=by, cases=[one])
        promises = read_promises(uow, entity=one.entity, payers=[one.payer_id], case_id=case_id)
        plans = read_instalment_plans(uow, entity=one.entity, payers=[one.payer_id], case_id=case_id)
        comments, holds, events = (
            read_comments(uow, case_id),
            read_holds(uow, case_id),
            read_timeline(uow, case_id),
        )
    if as_json:
        whole = {
            **one.as_dict(),
            "promises": [promise.as_dict() for promise in promises],
            "instalment_plans": [plan.as_dict() for plan in plans],
            "comments": [
                {"author": said.author, "text": said.text, "on_date": said.on_date.isoformat()} for said in comments
            ],
            "holds": [hold.as_dict() for hold in holds],
            "events": [event.as_dict() for event in events],
        }  # fmt: skip
        typer.echo(json.dumps(whole, ensure_ascii=False))
        return
    for line in _lines(one):
        typer.echo(line)
    for plan in plans:
        instalments.show_plan(plan)
    for line in holds_of(one, holds):
        typer.echo(f"  {line}")
    for said in comments:
        typer.echo(f"  {said.on_date}  {said.author}: {said.text or f'(erased on {said.erased_on})'}")
    for event in events:
        typer.echo(
            f"  {event.on_date}  {event.verb:<12} {event.actor}  {in_words(event.body or {})}".rstrip()
        )


def _print_cases(cases: list[Case], *, untouched: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not cases:
        typer.echo("No cases.")
        if untouched:
            typer.echo(
                "(nothing has been planned in this database yet: RELANCE_HOME and RELANCE_DATABASE_URL say which it is)"
            )
        return
    table = Table(box=None, pad_edge=False)
    for name in ("case", "kind", "payer", "id", "overdue", "oldest", "owner", "due", "state"):
        # one line a case: on a narrow terminal names, owners and states are cropped, numbers and amounts are not
        table.add_column(name, no_wrap=name not in _CROPPED, overflow="ellipsis")
    for one in cases:
        cells = (
            str(one.case_id), one.kind, _payer(one), one.payer_id, _overdue(one), _late(one), one.owner or "–",
            str(one.due_on or "–"), _state(one),
        )  # fmt: skip
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in cells))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_UNLIMITED)
    console.print(table)


def _state(one: Case) -> str:
    if one.state != "open":
        return f"closed: {one.closed_reason}"
    return f"rests until {one.snoozed_until}" if one.snoozed_until else one.state


def _lines(one: Case) -> Iterator[str]:
    """What a case is, line by line."""
    yield f"Case {one.case_id}: {one.kind} · {_payer(one)} ({one.payer_id}) · {one.entity}"
    ended = f", closed {one.closed_on}: {one.closed_reason}" if one.closed_on else ""
    yield f"  {one.state}, revision {one.revision}, opened {one.opened_on}{ended}, owner {one.owner or '–'}"
    yield f"  overdue {_overdue(one) or 'nothing'}; oldest {_late(one)}"
    marks = {
        "to be done by": one.due_on, "rests until": one.snoozed_until, "asked by": one.requested_by,
        "watched by": ", ".join(one.watchers), "words erased on": one.erased_on,
    }  # fmt: skip
    told = [f"{name} {value}" for name, value in marks.items() if value]
    if told:
        yield f"  {'; '.join(told)}"
    if one.kind == "approval":
        yield _asked(one)
    yield from (f"  {line}" for line in history_of(one))
    yield from (f"  {name}: {words}" for name, words in details_of(one.details))
    for item in one.facts.get("items") or ():
        yield f"  {item['invoice_id']}  {money(item['open'], item['currency'])}  due {item['due_date']}"


def _asked(one: Case) -> str:
    facts = one.facts
    sums = ", ".join(money(total["amount"], total["currency"]) for total in facts["demanded"])
    what = (
        f"step {facts['step']} ({facts['level']}) by {facts['what']}" if facts.get("step") else facts["what"]
    )
    return f"  asks {facts['role']} until {facts['expires_on']}: {what}, {sums or 'nothing demanded'}"


def _payer(one: Case) -> str:
    return str((one.facts.get("payer") or {}).get("name") or one.payer_id or one.entity)


def _overdue(one: Case) -> str:
    rows = one.facts.get("totals") or ()
    return ", ".join(money(row["overdue"], row["currency"]) for row in rows if row["overdue"])


def _late(one: Case) -> str:
    from relance.cases.overdue import days_late

    return f"{days_late(one.facts, one.facts_on)} days"
