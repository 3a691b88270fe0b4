"""`relance replay`: a past day planned again with what was known then, and what has come to light since."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from relance.cli.options import AsOf, Config, Entity, Json, services
from relance.planning.comparison import Comparison, Deviation
from relance.replay import LateFact, Replay
from relance.replay import replay as replay_day

_SHOWN = 20


def replay(entity: Entity, as_of: AsOf, config: Config = None, *, as_json_: Json = False) -> None:
    """Plan a stored day again and compare byte for byte. Exit 1 when what was known then gives another plan."""
    found = replay_day(services(config), entity, as_of.date())
    if as_json_:
        typer.echo(json.dumps(report(found), ensure_ascii=False))
    else:
        _show(found)
    raise typer.Exit(0 if found.then.equal else 1)


def report(found: Replay) -> dict[str, Any]:
    """The JSON of `relance replay`."""
    return {
        "entity": found.entity,
        "as_of": found.as_of.isoformat(),
        "plan_id": found.stored.plan_id,
        "planned_at": found.stored.at.isoformat(),
        "policy_version": found.stored.policy_version,
        "live": found.stored.live,
        "equal": found.then.equal,
        "same_snapshot": found.same_snapshot,
        "then": _comparison(found.then),
        "now": _comparison(found.now),
        "late_facts": [late_json(fact) for fact in found.late],
    }


def late_json(fact: LateFact) -> dict[str, Any]:
    """A late fact as plain JSON data."""
    return {
        "kind": fact.kind,
        "subject": fact.subject,
        "payer_id": fact.payer_id,
        "dated": fact.dated and fact.dated.isoformat(),
        "arrived": fact.arrived.isoformat(),
        "what": fact.what,
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "equal": one.equal,
        "stored_sha256": one.stored_sha256,
        "again_sha256": one.again_sha256,
        "differences": [
            {
                "kind": found.kind,
                "subject": found.subject,
                "payer_id": found.payer_id,
                "missing": found.missing,
                "fields": {name: {"stored": old, "again": new} for name, (old, new) in found.fields.items()},
            }
            for found in one.deviations
        ],
    }


def _show(found: Replay) -> None:
    console = Console(highlight=False)
    stored = found.stored
    console.print(
        f"{found.entity}, {found.as_of}: plan {stored.plan_id} of {stored.at:%Y-%m-%d %H:%M:%S %Z}, "
        f"policy {stored.policy_version[:12]}",
        markup=False, style="bold",
    )  # fmt: skip
    console.print(
        f"Planned again with what was known then: the same, byte for byte ({found.then.stored_sha256[:12]})."
        if found.then.equal
        else f"Planned again with what was known then: {len(found.then.deviations)} rows differ.",
        markup=False,
    )
    if not found.then.equal:
        if not found.same_snapshot:
            console.print("The ledger as it was known then is not the one that was planned on.", markup=False)
        console.print(_table("Different with what was known then", found.then.deviations))
    if found.now.equal:
        console.print("With all that is known now it would be the same too.", markup=False)
        return
    console.print(_table("Different with what is known now", found.now.deviations))
    concerned = {one.payer_id for one in found.now.deviations}
    late = sorted(found.late, key=lambda fact: (fact.payer_id not in concerned, fact.arrived))
    console.print(late_table(late))


def _table(title: str, deviations: Iterable[Deviation]) -> Table:
    found = list(deviations)
    table = Table("what", "id", "payer", "field", "stored", "again", title=f"{title}: {len(found)}")
    for one in found[:_SHOWN]:
        if one.missing:
            there = ("–", "there") if one.missing == "stored" else ("there", "–")
            table.add_row(one.kind, _plain(one.subject), _plain(one.payer_id), "", *there)
        for name, (old, new) in one.fields.items():
            table.add_row(one.kind, _plain(one.subject), _plain(one.payer_id), name, _plain(old), _plain(new))
    table.caption = f"and {len(found) - _SHOWN} more rows" if len(found) > _SHOWN else None
    return table


def late_table(late: list[LateFact], *, most: int = _SHOWN) -> Table:
    """Facts that arrived later, as a table."""
    table = Table(
        "arrived", "what", "id", "payer", "dated", "how", title=f"Facts that arrived later: {len(late)}"
    )
    for fact in late[:most]:
        table.add_row(
            f"{fact.arrived:%Y-%m-%d %H:%M:%S}", fact.kind, _plain(fact.subject), _plain(fact.payer_id or ""),
            fact.dated.isoformat() if fact.dated else "", _plain(fact.what),
        )  # fmt: skip
    table.caption = f"and {len(late) - most} more" if len(late) > most else None
    return table


def _plain(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("[", "\\[")
