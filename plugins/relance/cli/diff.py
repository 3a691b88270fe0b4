"""`relance diff`: what a policy change would do on the real ledger, before anybody is written to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from relance import day
from relance.cli.options import AsOf, Entity, Json, services
from relance.config.load import load_policy
from relance.errors import LedgerError
from relance.money import Money
from relance.planning.difference import Difference, difference, difference_json, summed
from relance.planning.plan import plan
from relance.store.profiles import profiles_on

Cells = Sequence[str]


@dataclass(frozen=True)
class Part:
    """One table of the report; `note` stands where there are more rows than shown."""

    title: str
    header: Cells
    rows: Sequence[Cells]
    note: str = ""


def diff(
    entity: Entity,
    as_of: AsOf,
    before: Annotated[Path, typer.Option("--from", help="The policy directory as it is.", metavar="DIR")],
    after: Annotated[Path, typer.Option("--to", help="The policy directory as it would be.", metavar="DIR")],
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="Tables for a pull request.")] = False,
    examples: Annotated[int, typer.Option("--examples", help="Contacts shown of each kind.", min=0)] = 10,
    as_json_: Json = False,
) -> None:
    """Plan the day under both policies, with the stored history, and say what differs. Writes and sends nothing."""
    found = compared(entity, as_of.date(), before, after)
    if as_json_:
        sides = {
            "from": {"config": str(before), "policy_version": found.before.policy_version},
            "to": {"config": str(after), "policy_version": found.after.policy_version},
        }
        typer.echo(json.dumps(difference_json(found) | sides, ensure_ascii=False))
    elif markdown:
        typer.echo("\n".join(as_markdown(found, examples=examples)))
    else:
        _show(found, examples)


def compared(entity: str, on: Any, before: Path, after: Path) -> Difference:
    """The day planned under both policies on the stored ledger, history and holds.

    Raises:
        PolicyError: when one of the policies doesn't hold together.
        UsageError: when one of them doesn't know the entity.
        LedgerError: when there is no ledger yet.
    """
    ours = services(before)
    policies = (load_policy(before.absolute()), load_policy(after.absolute()))
    for policy in policies:
        policy.region_of(entity)
    snapshot = day.snapshot_of(ours, entity, on)
    if snapshot.extract_date is None:
        raise LedgerError(
            f"{entity} has no ledger yet.", hint=f"Import one: relance ledger import {entity} PATH"
        )
    history, holds = day.history_before(ours, entity, on), day.holds_on(ours, entity, on)
    profiles = profiles_on(ours.database, entity, on)
    old, new = (plan(snapshot, policy, history, holds, on, profiles=profiles) for policy in policies)
    return difference(old, new)


def headline(found: Difference) -> str:
    """The difference in one sentence."""
    contacts = found.contacts
    if found.empty:
        return f"{found.entity}, {found.as_of}: both policies do the same."
    return (
        f"{found.entity}, {found.as_of}: {len(contacts.added)} contacts added, {len(contacts.dropped)} dropped, "
        f"{len(contacts.changed)} changed; {sum(one.invoices for one in found.outcomes)} invoices with another outcome, "
        f"{found.other_steps} with another step or date."
    )


def parts(found: Difference, *, examples: int) -> list[Part]:
    """The tables of the report; those without a row are left out."""
    every = [
        Part("In figures", ("", "before", "after", "change"), _figures(found)),
        Part("Scenarios", ("from", "to", "payers", "invoices"), [
            (one.from_scenario, one.to_scenario, str(one.payers), str(one.invoices)) for one in found.scenarios
        ]),
        Part("Outcomes", ("from", "to", "invoices", "open", "for example"), [
            (_outcome(one.from_outcome, one.from_reason), _outcome(one.to_outcome, one.to_reason), str(one.invoices),
             _money(one.open), ", ".join(one.examples)) for one in found.outcomes
        ]),
        *_contact_parts(found, examples),
    ]  # fmt: skip
    return [part for part in every if part.rows]


def _contact_parts(found: Difference, examples: int) -> list[Part]:
    made: list[Part] = []
    for what, changes in (("contacts", found.contacts), ("tasks", found.tasks)):
        for how, rows in (("added", changes.added), ("dropped", changes.dropped)):
            shown = [
                (row["payer_id"], row.get("channel") or row["kind"], row["step"], row["level"], str(len(row["acts"])),
                 _money(row["totals"]))
                for row in rows[:examples]
            ]  # fmt: skip
            title = f"{what.capitalize()} {how}: {len(rows)}, demanding {_money(summed(rows)) or 'nothing'}"
            header = ("payer", "channel", "step", "level", "invoices", "demanded")
            made.append(Part(title, header, shown, _more(len(rows), examples)))
        changed = [
            (one.after["payer_id"], ", ".join(one.fields), _brief(one.before), _brief(one.after))
            for one in changes.changed[:examples]
        ]
        title = f"{what.capitalize()} changed: {len(changes.changed)}"
        note = _more(len(changes.changed), examples)
        made.append(Part(title, ("payer", "what", "before", "after"), changed, note))
    return made


def _more(number: int, shown: int) -> str:
    return f"and {number - shown} more" if number > shown else ""


def _figures(found: Difference) -> list[Cells]:
    before, after = found.before, found.after
    rows: list[Cells] = []
    pairs: tuple[tuple[str, Mapping[str, int], Mapping[str, int]], ...] = (
        ("outcome", before.outcomes, after.outcomes),
        ("contacts, level", before.contacts_by_level, after.contacts_by_level),
        ("contacts, channel", before.contacts_by_channel, after.contacts_by_channel),
        ("tasks", before.tasks_by_kind, after.tasks_by_kind),
    )
    for label, old, new in pairs:
        for name in dict.fromkeys((*old, *new)):
            was, becomes = old.get(name, 0), new.get(name, 0)
            rows.append(
                (f"{label} {name}", str(was), str(becomes), f"{becomes - was:+d}" if becomes - was else "")
            )
    demanded = [{one["currency"]: one["amount"] for one in side.demanded} for side in (before, after)]
    for currency in sorted({*demanded[0], *demanded[1]}):
        old_sum, new_sum = (Money(currency, one.get(currency, 0)) for one in demanded)
        change = Money(currency, new_sum.minor - old_sum.minor)
        rows.append(("demanded", str(old_sum), str(new_sum), str(change) if change.minor else ""))
    return rows


def _outcome(outcome: str, reason: str | None) -> str:
    return f"{outcome}: {reason}" if reason else outcome


def _brief(row: Mapping[str, Any]) -> str:
    """A contact or task in a few words."""
    way = row.get("channel") or row["kind"]
    to = f" to {row['contact_id']}" if row.get("contact_id") else ""
    yes = f", asks {row['approval']}" if row["approval"] else ""
    acts = ", ".join(f"{act['invoice_id']} {act['step']}" for act in row["acts"][:3])
    rest = f" +{len(row['acts']) - 3}" if len(row["acts"]) > 3 else ""
    return f"{row['step']} ({row['level']}) {way}{to}: {_money(row['totals']) or 'nothing due'}{yes} [{acts}{rest}]"


def _money(totals: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(str(Money(one["currency"], one["amount"])) for one in totals)


def as_markdown(found: Difference, *, examples: int) -> list[str]:
    """The report as GitHub and GitLab show it."""
    lines = [f"### {_escaped(headline(found))}", ""]
    if found.empty:
        return lines[:1]
    for part in parts(found, examples=examples):
        lines += [f"**{_escaped(part.title)}**", ""]
        lines.append("| " + " | ".join(part.header) + " |")
        lines.append("|" + " --- |" * len(part.header))
        lines += ["| " + " | ".join(map(_escaped, row)) + " |" for row in part.rows]
        lines += [*([f"\n{part.note}"] if part.note else []), ""]
    return lines


def _escaped(text: str) -> str:
    """Ledger text that can't break out of its cell."""
    plain = " ".join(text.split())
    for mark in ("\\", "|", "<", "`", "*", "_", "[", "@", "#"):
        plain = plain.replace(mark, "\\" + mark)
    return plain


def _show(found: Difference, examples: int) -> None:
    console = Console()
    console.print(headline(found), style="bold", markup=False, highlight=False)
    if found.empty:
        return
    for part in parts(found, examples=examples):
        table = Table(*part.header, title=part.title, caption=part.note or None)
        for row in part.rows:
            table.add_row(*(cell.replace("[", "\\[") for cell in row))
        console.print(table)
