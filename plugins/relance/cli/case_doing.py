"""What is done around each verb of `relance case`: one transaction, the cards it changes, the payer planned anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relance.cli.options import day_of, done_on, money_of, services
from relance.errors import UsageError
from relance.money import Money

if TYPE_CHECKING:
    from relance.cases import Case
    from relance.services import Services

NoReplan = Annotated[
    bool, typer.Option("--no-replan", help="Leave the day's plan as it is; tomorrow's knows it.")
]
Note = Annotated[str | None, typer.Option("--note", help="Words that are kept with it.")]


def on_case(
    case_id: int,
    verb: Callable[..., Case],
    *,
    by: str,
    on: str | None,
    config: Path | None,
    as_json: bool,
    told: Callable[[Case], str],
    replans: bool = False,
    **asked: Any,
) -> None:
    """Do a verb of `relance.cases` to a case and say what came of it; `asked` are the verb's own parameters."""
    from relance.cases import read_case

    ours = services(config)
    with ours.unit_of_work() as uow:
        day = done_on(on, ours, read_case(uow, case_id).entity)
        case = verb(uow, policy=ours.policy, case_id=case_id, by=by, on_date=day, **asked)
        show_cards(uow, ours, day)
        uow.commit()
    say(ours, case, day, told=told, as_json=as_json, replans=replans)


def on_payer(
    entity: str,
    verb: Callable[..., Case],
    *,
    by: str,
    on: str | None,
    config: Path | None,
    as_json: bool,
    told: Callable[[Case], str],
    replans: bool = False,
    **asked: Any,
) -> None:
    """Do a verb that makes a case of a payer's."""
    ours = services(config)
    day = done_on(on, ours, entity)
    with ours.unit_of_work() as uow:
        case = verb(uow, policy=ours.policy, entity=entity, by=by, on_date=day, **asked)
        show_cards(uow, ours, day)
        uow.commit()
    say(ours, case, day, told=told, as_json=as_json, replans=replans)


def say(
    ours: Services,
    case: Case,
    day: date,
    *,
    told: Callable[[Case], str],
    as_json: bool,
    replans: bool = False,
) -> None:
    """Plan the payer anew where that is asked for, and print one line, or the case as JSON."""
    planned = replans and replanned(ours, case, day)
    if as_json:
        typer.echo(json.dumps({**case.as_dict(), "replanned": planned}, ensure_ascii=False))
        return
    then = f" {case.entity}'s day was planned again." if planned else ""
    typer.echo(f"Case {case.case_id}: {told(case)}.{then}")


def replanned(ours: Services, case: Case, day: date) -> bool:
    """Plan again where the day has a live plan, so that what was decided acts today."""
    from relance.replanning import replan

    return replan(ours, case.entity, payer_id=case.payer_id, as_of=day)


def show_cards(uow: Any, ours: Services, day: date) -> None:
    """Queue the cards of all cases that this transaction has changed, and the direct messages that follow."""
    from relance import slack
    from relance.cases.reading import told_now

    for number in told_now(uow):
        slack.queue_case(uow, policy=ours.policy, case_id=number, as_of=day)


def pledge_of(text: str, option: str) -> tuple[Money, date]:
    """An amount and its date, such as "100.00 EUR@2026-03-02".

    Raises:
        UsageError: when it is not both.
    """
    amount, at, due = text.partition("@")
    if not at:
        raise UsageError(f"{option} {text!r} has no date.", hint='Write it as "100.00 EUR@2026-03-02".')
    return money_of(amount.strip()), day_of(due.strip(), option)


def parts_of(texts: list[str] | None) -> dict[str, Money]:
    """Amounts by invoice, each written INVOICE=AMOUNT.

    Raises:
        UsageError: when one is not.
    """
    parts = {}
    for text in texts or ():
        invoice, equals, amount = text.rpartition("=")
        if not equals or not invoice:
            raise UsageError(f"--amount {text!r} names no invoice.", hint='Write it as "F-102=120.00 EUR".')
        parts[invoice.strip()] = money_of(amount.strip())
    return parts
