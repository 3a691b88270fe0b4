"""`relance case`: what people see and decide, from the command line; every verb asks `roles.yaml` as Slack does."""

from __future__ import annotations

import typer

from relance.cli import (
    approvals,
    case_contacts,
    case_money,
    case_people,
    case_reading,
    case_settling,
    instalments,
)

app = typer.Typer(
    name="case", help="Cases: what a person must see or decide about a payer.", no_args_is_help=True
)

app.command("list")(case_reading.list_)
app.command("show")(case_reading.show)
app.command("open")(case_people.open_)
app.command("comment")(case_people.comment)
app.command("assign")(case_people.assign)
app.command("watch")(case_people.watch)
app.command("unwatch")(case_people.unwatch)
app.command("snooze")(case_settling.snooze)
app.command("wake")(case_settling.wake)
app.command("promise")(case_money.promise)
app.command("instalments")(instalments.instalments)
app.command("announce")(case_money.announce)
app.command("dispute")(case_money.dispute)
app.command("call")(case_contacts.call)
app.add_typer(case_contacts.app, name="contact")
app.command("complete")(case_settling.complete)
app.command("resolve")(case_settling.resolve)
app.command("reopen")(case_settling.reopen)
app.command("approve")(approvals.approve)
app.command("reject")(approvals.reject)
app.command("write-off")(case_settling.write_off)
