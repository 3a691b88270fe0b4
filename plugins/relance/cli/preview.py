"""`relance preview`: what one payer would get if a step acted."""

from __future__ import annotations

import base64
import json
import re
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from relance.cli.options import DAY_FORMATS, Config, Entity, Json, services
from relance.preview import Preview
from relance.preview import preview as previewed


def preview(
    entity: Entity,
    payer: Annotated[str, typer.Argument(metavar="PAYER", help="The payer's customer id.")],
    step: Annotated[str, typer.Option("--step", help="The step that is to act.", metavar="STEP")],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", formats=DAY_FORMATS, help="The day; the entity's today if absent.", metavar="D"
        ),
    ] = None,
    config: Config = None,
    *,
    scenario: Annotated[str | None, typer.Option("--scenario", help="Another than the payer's.")] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help="Another than the step's first that reaches.")
    ] = None,
    language: Annotated[str | None, typer.Option("--language", help="Another than the payer's.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep the message here, as files.", metavar="DIR")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the program for such files.")] = False,
    as_json: Json = False,
) -> None:
    """Exactly what would go out to a payer if a step acted on a day. Nothing is stored or sent."""
    ours = services(config)
    made = previewed(
        ours, entity, payer, step=step, as_of=as_of.date() if as_of else ours.today(entity), scenario=scenario,
        channel=channel, language=language,
    )  # fmt: skip
    files = keep(made, out or Path(tempfile.mkdtemp(prefix="relance-preview-"))) if out or show else []
    if as_json:
        typer.echo(
            json.dumps(made.as_dict() | {"files": [path.as_posix() for path in files]}, ensure_ascii=False)
        )
    else:
        _show(made)
        for path in files:
            typer.echo(f"kept: {path}")
    if show:
        typer.launch(files[-1].as_posix())


def keep(made: Preview, folder: Path) -> list[Path]:
    """Write the message into `folder`; of an e-mail its page too, with its pictures within it. The last is the one to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(
        r"[^\w.-]+", "_", f"{made.entity}-{made.payer_id}-{made.step}-{made.channel}-{made.as_of}"
    ).lstrip(".")
    files = [folder / f"{stem}.{made.media}"]
    files[0].write_bytes(made.body)
    if made.media == "pdf":
        return files
    files.append(folder / f"{stem}.{'html' if made.page else 'text'}")
    files[1].write_text(_self_contained(made) if made.page else made.text, encoding="utf-8")
    return files


def _self_contained(made: Preview) -> str:
    page = made.page or ""
    for name, content in made.pictures.items():
        page = page.replace(f"cid:{name}", f"data:image/png;base64,{base64.b64encode(content).decode()}")
    return page


def _show(made: Preview) -> None:
    how = "as today's plan has it" if made.planned else "as if the step acted"
    facts = {
        "to": f"{made.person} <{made.recipient}>" if made.person and made.recipient else made.recipient or made.person,
        "by": f"{made.channel}, in {made.language}",
        "step": f"{made.step} ({made.level}) of {made.scenario}, tone {made.tone}, {how}",
        "about": ", ".join(made.invoices),
        "length": f"{made.characters} characters, {made.parts} part{'' if made.parts == 1 else 's'}" if made.parts else None,
        "attached": ", ".join(made.attachments),
        "left out": ", ".join(made.left_out),
        "no sum": made.charges_missing,
        "subject": made.subject,
    }  # fmt: skip
    for name, value in facts.items():
        if value:
            typer.echo(f"{name + ':':10}{value}")
    typer.echo(f"\n{made.text}")
