"""`relance evidence`: what was said to a payer as one archive; whether it, or the database, still holds; erasing what expired."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from relance.cli.options import Config, Entity, Json, day_of, services
from relance.errors import UsageError

app = typer.Typer(
    name="evidence",
    help="Proof of what was said: archives, their checking, erasing what is kept long enough.",
    no_args_is_help=True,
)

Payer = Annotated[str, typer.Argument(metavar="PAYER", help="The payer's id.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="Where the archive is written.")]
LanguageOption = Annotated[
    str | None,
    typer.Option("--language", metavar="L", help="fr, en, de, es, it, nl or pt; else the region's first."),
]
Asof = Annotated[
    str | None, typer.Option("--as-of", metavar="D", help="The day; the entity's today if absent.")
]


@app.command()
def export(
    entity: Entity,
    payer: Payer,
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Where the archive is written.")],
    *,
    invoice: Annotated[
        list[str] | None, typer.Option("--invoice", help="Only contacts about it; repeatable.")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="D", help="Only from this day on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="D", help="Only up to this day.")] = None,
    language: LanguageOption = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write one archive: index, originals, receipts, replies, chain, manual. Note the head hash and the seal it prints."""
    from relance.evidence.archive import export as made
    from relance.evidence.record import Scope

    ours = services(config)
    scope = Scope(tuple(invoice or ()), _day(since, "--from"), _day(until, "--to"))
    with ours.unit_of_work() as uow:
        archive = made(
            uow, policy=ours.policy, book=ours.law, entity=entity, payer_id=payer, templates=ours.settings.templates,
            language=language, scope=scope,
        )  # fmt: skip
    write(file, archive.content)
    show({"file": str(file), **archive.as_dict()}, as_json=as_json)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="An archive, or a hand-over file.")],
    *,
    head: Annotated[
        str | None, typer.Option("--head", metavar="HEX", help="The head hash noted when it was made.")
    ] = None,
    seal: Annotated[
        str | None, typer.Option("--seal", metavar="HEX", help="The seal noted when it was made.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check an archive, without database or policy: exit code 1 when a byte, an entry or an original is not as it was."""
    from relance.evidence import verify as verifier

    try:
        with file.open("rb") as opened:
            content = opened.read(verifier.MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}.") from error
    report = verifier.check(content, head=head, seal=seal)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    elif not report.problems:
        entries, messages = report.counts.get("entries", 0), report.counts.get("messages", 0)
        typer.echo(f"{file}: intact; {messages} messages, {entries} entries, head {report.head}")
        if not (head or seal):
            typer.echo("Compare the head with the one noted when it was made: --head HEX does so.")
    _problems(report.problems, as_json=as_json)


@app.command()
def check(
    entity: Entity,
    payer: Annotated[str | None, typer.Argument(metavar="[PAYER]", help="Only this payer.")] = None,
    config: Config = None,
    *,
    as_json: Json = False,
) -> None:
    """Check the chains in the database, and every stored message against its SHA-256; exit code 1 when one does not hold."""
    from relance.evidence.checking import check as checked

    ours = services(config)
    ours.policy.entity(entity)
    with ours.unit_of_work() as uow:
        report = checked(uow, entity, payer)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    elif not report.problems:
        typer.echo(
            f"{entity}: {report.chains} chains with {report.entries} entries hold; {report.messages} messages are as "
            f"they were sent, {report.erased} of them erased."
        )
    _problems(report.problems, as_json=as_json)


@app.command()
def erase(
    entity: Entity,
    *,
    as_of: Asof = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Erase content older than the region's `retention`, of payers with nothing open; hashes stay."""
    from relance.evidence.erasing import erase_expired

    ours = services(config)
    day = day_of(as_of, "--as-of") if as_of else ours.today(entity)
    if day > ours.today(entity):
        raise UsageError(f"{day} is still to come.", hint="What expires later is erased later.")
    report = erase_expired(
        ours.database, policy=ours.policy, entity=entity, as_of=day, home=ours.settings.home, dry_run=dry_run
    )
    if report.before is None and not as_json:
        typer.echo(f"{entity}: its region has no retention: nothing expires.")
        return
    show(report.as_dict(), as_json=as_json)


def write(path: Path, content: bytes) -> None:
    """Write a whole file or none.

    Raises:
        UsageError: when it can't be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{path} can't be written: {error.strerror}.") from error


def show(figures: dict[str, Any], *, as_json: bool) -> None:
    """Figures, a line each."""
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        typer.echo(f"{name.replace('_', ' '):<14} {value}")


def _problems(problems: list[str], *, as_json: bool) -> None:
    if problems and not as_json:
        typer.echo("\n".join(problems))
        typer.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}: not as it was.")
    raise typer.Exit(1 if problems else 0)


def _day(text: str | None, option: str) -> date | None:
    return day_of(text, option) if text else None
