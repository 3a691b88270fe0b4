"""`relance case approve` and `reject`: the answer to what waits for somebody's yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from relance.cli.case_doing import NoReplan, on_case
from relance.cli.options import By, CaseNumber, Config, Json, On

if TYPE_CHECKING:
    from relance.cases import Case


def approve(
    case_id: CaseNumber,
    *,
    by: By,
    no_replan: NoReplan = False,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say yes: a contact planned today goes out, an earlier one's invoices are planned anew, what a person asked for is done."""
    from relance import cases

    on_case(
        case_id, cases.approve, by=by, on=on, config=config, as_json=as_json, replans=not no_replan, told=_approved
    )  # fmt: skip


def reject(
    case_id: CaseNumber,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why not; it is kept.")],
    by: By,
    days: Annotated[int, typer.Option("--days", help="How long its invoices rest.", metavar="DAYS")] = 14,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say no: a step is not done, and its invoices rest for some days; who asked for something takes it back."""
    from relance import cases

    def told(case: Case) -> str:
        rest = "" if case.details.get("asks") else f"; its invoices rest for {days} days"
        return f"{case.closed_reason}{rest}"

    on_case(
        case_id, cases.reject, by=by, on=on, config=config, as_json=as_json, reason=reason, days=days, told=told
    )  # fmt: skip


def _approved(case: Case) -> str:
    if case.state == "open":
        return "your yes is noted; it takes somebody else's too"
    if case.details.get("asks"):
        return f"approved; it is done in case {case.details['target_case']}"
    day = case.closed_on
    fresh = day is not None and case.facts["asked_on"] == day.isoformat()
    then = "it goes out with the day's deliveries" if fresh else "its invoices are planned anew today"
    return f"approved; {then} (relance run {case.entity} --as-of {day})"
