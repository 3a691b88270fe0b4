"""`relance case call` and `case contact`: what came of a call, and whom to reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from relance.cli.case_doing import Note, on_case, pledge_of
from relance.cli.options import By, CaseNumber, Config, Invoices, Json, On, day_of

if TYPE_CHECKING:
    from relance.cases import Case

app = typer.Typer(help="Correct whom a payer's messages and calls reach.", no_args_is_help=True)

Channel = Annotated[str, typer.Option("--channel", help="email, sms, whatsapp, call, letter …")]
Address = Annotated[str, typer.Option("--address", help="The address or number.")]


def call(
    case_id: CaseNumber,
    *,
    outcome: Annotated[
        str,
        typer.Option(
            "--outcome", help="reached, voicemail, no_answer, wrong_number, promise, dispute or refuses."
        ),
    ],
    note: Note = None,
    promise: Annotated[
        str | None, typer.Option("--promise", help='What was promised: "120.00 EUR@2026-03-31".')
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="CODE", help="Of a dispute: why it is contested.")
    ] = None,
    invoice: Invoices = None,
    next_on: Annotated[str | None, typer.Option("--next", help="When to call again.", metavar="DATE")] = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Note what came of a call; what follows from it is done at once."""
    from relance.cases.calling import call_outcome

    disputed = {"reason": reason, **({"invoices": invoice} if invoice else {})} if reason else None
    on_case(
        case_id, call_outcome, by=by, on=on, config=config, as_json=as_json, outcome=outcome, note=note,
        promised=pledge_of(promise, "--promise") if promise else None, disputed=disputed,
        next_on=day_of(next_on, "--next") if next_on else None, told=_called,
    )  # fmt: skip


@app.command()
def wrong(
    case_id: CaseNumber,
    *,
    channel: Channel,
    address: Address,
    contact_id: Annotated[
        str | None, typer.Option("--contact", metavar="ID", help="The ledger's person.")
    ] = None,
    note: Note = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """An address is not the payer's: nothing is planned for it any more."""
    from relance.cases.contacting import wrong_contact

    on_case(
        case_id, wrong_contact, by=by, on=on, config=config, as_json=as_json, channel=channel, address=address,
        contact_id=contact_id, note=note, told=lambda _: "nothing goes to this address any more",
    )  # fmt: skip


@app.command()
def right(
    case_id: CaseNumber,
    *,
    channel: Channel,
    address: Address,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take back that an address is wrong."""
    from relance.cases.contacting import right_contact

    on_case(
        case_id, right_contact, by=by, on=on, config=config, as_json=as_json, channel=channel, address=address,
        told=lambda _: "the address is used again",
    )  # fmt: skip


@app.command()
def give(
    case_id: CaseNumber,
    *,
    name: Annotated[str, typer.Option("--name", help="The person's name.")],
    role: Annotated[str, typer.Option("--role", help="As in the ledger: accounts_payable, buyer …")],
    email: Annotated[str | None, typer.Option("--email", help="E-mail address.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="Telephone number, as +33 1 …")] = None,
    whatsapp: Annotated[str | None, typer.Option("--whatsapp", help="WhatsApp number.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="Such as fr.")] = None,
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Give the payer a person that the ledger lacks."""
    from relance.cases.contacting import give_contact

    on_case(
        case_id, give_contact, by=by, on=on, config=config, as_json=as_json, name=name, role=role, email=email,
        phone=phone, whatsapp=whatsapp, language=language, told=lambda _: f"{name} can be reached from now on",
    )  # fmt: skip


@app.command()
def withdraw(
    case_id: CaseNumber,
    *,
    contact_id: Annotated[str, typer.Option("--contact", metavar="ID", help="As given: given:12.")],
    by: By,
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take back a person that somebody gave the payer."""
    from relance.cases.contacting import withdraw_contact

    on_case(
        case_id, withdraw_contact, by=by, on=on, config=config, as_json=as_json, contact_id=contact_id,
        told=lambda _: f"{contact_id} is used no more",
    )  # fmt: skip


def _called(case: Case) -> str:
    if case.state == "closed":
        return f"noted, closed: {case.closed_reason}"
    again = case.details.get("next_on")
    return f"noted; to be called again on {again}" if again else "noted"
