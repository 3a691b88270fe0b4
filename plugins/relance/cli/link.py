"""`relance link`: what a payer's link opens, and closing it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from relance.cli.options import By, Config, Json, services
from relance.delivery.links import open_link
from relance.errors import UsageError
from relance.store import links, timeline
from relance.store.uow import UnitOfWork

app = typer.Typer(
    name="link", help="Payers' links: look into one, or close it before its time.", no_args_is_help=True
)


@app.command()
def check(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The link, or what follows its last slash.")],
    *,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Whose link it is and until when it opens; exit 1 with the reason when it opens nothing."""
    ours = services(config)
    with ours.unit_of_work() as uow:
        opened = open_link(uow, ours.settings, token.rstrip("/").rpartition("/")[2], now=ours.now())
    claims = opened.claims
    found = {
        "entity": opened.entity, "payer": opened.payer_id, "key": claims.key, "scope": claims.scope,
        "issued": claims.issued.isoformat(), "expires": claims.expires.isoformat(),
    }  # fmt: skip
    typer.echo(
        json.dumps(found) if as_json else "\n".join(f"{name:<8} {text}" for name, text in found.items())
    )


@app.command()
def revoke(
    entity: Annotated[str | None, typer.Argument(metavar="ENTITY", help="The selling entity's id.")] = None,
    payer: Annotated[
        str | None, typer.Argument(metavar="PAYER", help="All links of this payer until now.")
    ] = None,
    *,
    key: Annotated[
        str | None, typer.Option("--key", help="Only those of this contact: its key, or how it begins.")
    ] = None,
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept on the timeline.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Close a payer's links, or those of one message: they open nothing from now on."""
    if "@" not in by or not reason.strip():
        raise UsageError("A link is closed by somebody, for a reason.", hint="Give --by EMAIL and --reason.")
    ours = services(config)
    with ours.unit_of_work() as uow:
        entity, payer, whole = _whose(uow, entity, payer, key)
        links.revoke(uow, entity=entity, payer_id=payer, key=whole, by=by, reason=reason.strip())
        entry = timeline.Entry(
            payer_id=payer, at=ours.now(), on_date=ours.today(entity), kind="link_revoked", actor=by,
            subject=whole or "all links", body={"reason": reason.strip(), "key": whole},
        )  # fmt: skip
        timeline.append(uow, entity, [entry])
        uow.commit()
    done = {"entity": entity, "payer": payer, "key": whole, "revoked": True}
    what = f"links of contact {whole}" if whole else "all links until now"
    typer.echo(json.dumps(done) if as_json else f"{entity} {payer}: {what} revoked.")


def _whose(
    uow: UnitOfWork, entity: str | None, payer: str | None, key: str | None
) -> tuple[str, str, str | None]:
    """Entity, payer and, for one contact only, its whole key.

    Raises:
        UsageError: when nothing, or more than one thing, is named.
    """
    if key:
        found = links.keys_of(uow, key)
        if len(found) != 1:
            raise UsageError(
                f"{'No contact' if not found else 'More than one contact'} has a key that begins with {key!r}.",
                hint="Give the whole key, as `relance link check` or `relance explain` show it.",
            )
        whole, of_entity, of_payer = found[0]
        if (entity or of_entity, payer or of_payer) != (of_entity, of_payer):
            raise UsageError(
                "That contact is another payer's.", hint="Leave out ENTITY and PAYER with --key."
            )
        return of_entity, of_payer, whole
    if not entity or not payer:
        raise UsageError("Whose links?", hint="Give ENTITY and PAYER, or --key KEY.")
    if not links.is_written_to(uow, entity, payer):
        raise UsageError(f"{entity} has never written to a payer {payer!r}.", hint="Give the payer's id.")
    return entity, payer, None
