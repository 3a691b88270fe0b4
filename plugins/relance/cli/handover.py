"""`relance handover`: the file with which an agency or lawyer goes on."""

from __future__ import annotations

from pathlib import Path

from relance.cli.evidence import Asof, LanguageOption, Out, Payer, show, write
from relance.cli.options import Config, Entity, Json, day_of, services
from relance.services import Services


def handover(
    entity: Entity,
    payer: Payer,
    *,
    out: Out,
    as_of: Asof = None,
    language: LanguageOption = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write the claims to the day, contacts, what was said and agreed, documents and the evidence as one archive."""
    from relance.delivery.documents import Files
    from relance.evidence.handover import hand_over

    ours = services(config)
    day = day_of(as_of, "--as-of") if as_of else ours.today(entity)
    folder = _ledger_folder(ours, entity)
    with ours.unit_of_work() as uow, Files(ours.settings.documents, ledger=folder) as files:
        archive = hand_over(
            uow, policy=ours.policy, book=ours.law, entity=entity, payer_id=payer, as_of=day,
            templates=ours.settings.templates, language=language, fetch=files.fetch,
        )  # fmt: skip
    write(out, archive.content)
    show({"file": str(out), **archive.as_dict()}, as_json=as_json)


def _ledger_folder(ours: Services, entity: str) -> Path | None:
    """Where the entity's files lie, below which its documents are looked up; None for a ledger in a database."""
    ledger = ours.policy.entity(entity).ledger
    if ledger is None or ledger.path is None:
        return None
    given = Path(ledger.path)
    found = given if given.is_absolute() or given.exists() else ours.settings.config.parent / given
    return found.parent if found.is_file() else found
