"""`relance interest`: what a country's law gives on one late claim."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from relance import law
from relance.errors import UsageError
from relance.money import Money, to_minor
from relance.services import law_folder
from relance.settings import Settings


def interest(
    *,
    country: Annotated[str, typer.Option(help="Country whose law governs, e.g. FR.")],
    amount: Annotated[str, typer.Option(help="The claim, tax included, e.g. 10000.00.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code of the claim.")],
    due: Annotated[str, typer.Option(metavar="DATE", help="Day by which it was to be paid.")],
    until: Annotated[str, typer.Option(metavar="DATE", help="Last day that bears interest.")],
    payment: Annotated[
        list[str] | None,
        typer.Option(metavar="DATE:AMOUNT", help="A payment by its value date; may be repeated."),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="The debtor is a public buyer.")] = False,
    debtor: Annotated[str | None, typer.Option(help="Another kind of debtor of the country's file.")] = None,
    contract_rate: Annotated[str | None, typer.Option(help="Agreed rate, per cent a year.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="DIR", help="The policy; its law/ is read.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Late interest and the fixed recovery sum on one claim, by country."""
    if public and debtor not in {None, "public"}:
        raise UsageError("--public and --debtor say different things.", hint="Give one of them.")
    code = currency.strip().upper()
    if config is not None and not config.is_dir():
        raise UsageError(f"no folder {config}.", hint="Name the folder of the policy.")
    result = law.late_interest(
        law.load(law_folder(config or Settings.from_environment().config)),
        country=country,
        amount=Money(code, _minor("--amount", amount, code)),
        due=_day("--due", due),
        until=_day("--until", until),
        payments=[_payment(text, code) for text in payment or ()],
        contract_rate=None if contract_rate is None else _rate(contract_rate),
        debtor="public" if public else debtor or "private",
    )
    if as_json:
        typer.echo(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        _show(result)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is not a day.", hint="Write it as 2025-02-28.") from error


def _minor(option: str, text: str, currency: str) -> int:
    try:
        return to_minor(text, currency)
    except ValueError as error:
        raise UsageError(
            f"{option}: {error}.", hint="Write it as 10000.00, with an ISO 4217 currency."
        ) from error


def _payment(text: str, currency: str) -> tuple[date, int]:
    day, separator, amount = text.partition(":")
    if not separator:
        raise UsageError(
            f"--payment {text!r} is not a day and an amount.", hint="Write it as 2025-01-15:4000.00."
        )
    return _day("--payment", day), _minor("--payment", amount, currency)


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text.strip().removesuffix("%").strip())
    except InvalidOperation as error:
        raise UsageError(
            f"--contract-rate {text!r} is not a rate.", hint="Write it as 12 or 12.5."
        ) from error
    if not rate.is_finite():
        raise UsageError(f"--contract-rate {text!r} is not a rate.", hint="Write it as 12 or 12.5.")
    return rate


def _show(result: law.Interest) -> None:
    console = Console()
    table = Table("From", "To", "Days", "Rate %", "Base", "Interest", title=result.law)
    for column in table.columns[2:]:
        column.justify = "right"
    for period in result.rate_periods:
        base, earned = (str(Money(result.currency, minor)) for minor in (period.base, period.interest))
        days, rate = str(period.days), str(period.rate)
        table.add_row(period.start.isoformat(), period.end.isoformat(), days, rate, base, earned)
    console.print(table)
    console.print(f"Interest      {Money(result.currency, result.interest)}")
    if result.compensation is not None and result.compensation_currency is not None:
        console.print(f"Compensation  {Money(result.compensation_currency, result.compensation)}")
    elif result.compensation_missing:
        console.print(f"Compensation  unknown: {result.compensation_missing}")
    if result.provisional:
        console.print("Provisional: rests on a rate that is not final.")
    if result.unverified:
        console.print(f"Not confirmed: {', '.join(result.unverified)}")
