"""The file for the agency or lawyer: claims to the day, who owes, what was said and agreed, documents, and the evidence."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import mkstemp

import sqlalchemy as sa

from relance.config.policy import Policy
from relance.delivery.documents import Missing
from relance.delivery.extras import Attachment
from relance.errors import UsageError
from relance.evidence import verify
from relance.evidence.archive import Archive, as_text, export, sealed, typeset
from relance.evidence.debt import Debt, debt_of
from relance.evidence.record import EVERYTHING, Record, read_record
from relance.evidence.sheet import claims_json, claims_xlsx
from relance.evidence.summary import summary_data
from relance.evidence.words import Words, words_for
from relance.law import LawBook
from relance.store import timeline
from relance.store.schema import contact
from relance.store.uow import UnitOfWork

HANDOVER_FOLDER = "handover"
"""Under the home folder: where the files of hand-over tasks are kept."""
Fetch = Callable[[str, str], Attachment | Missing]
"""`(reference, name) → file`: `delivery.documents.Files.fetch`."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def hand_over(
    uow: UnitOfWork,
    *,
    policy: Policy,
    book: LawBook,
    entity: str,
    payer_id: str,
    as_of: date,
    templates: Path,
    language: str | None = None,
    fetch: Fetch | None = None,
) -> Archive:
    """Everything that somebody needs who goes on where we end, as one archive; nothing is written.

    Without `fetch`, documents are only listed. The same facts give the same bytes.

    Raises:
        UsageError: for an unknown entity, payer or language.
        PermanentError: when a document can't be set.
    """
    said = words_for(templates, language, policy.region_of(entity).languages)
    debt = debt_of(uow, policy=policy, book=book, entity=entity, payer_id=payer_id, as_of=as_of)
    files, documents = _documents(debt, said, fetch)
    record, evidence = _evidence(
        uow, debt, policy=policy, book=book, templates=templates, language=said.language
    )
    if evidence is not None:
        files["evidence.zip"] = evidence.content
    data = summary_data(debt, record, documents, said, seller=policy.entity(entity))
    files["summary.pdf"] = typeset(templates, "handover.typ", data, on_date=as_of)
    files["claims.xlsx"] = claims_xlsx(debt, said)
    files["claims.json"] = as_text(claims_json(debt))
    counts = {"invoices": len(debt.lines), "documents": sum(one.startswith("documents/") for one in files)}
    counts |= dict(evidence.counts) if evidence else {}
    about = record or Record(entity, payer_id, EVERYTHING, {}, (), (), (), ())
    more = {"language": said.language, "as_of": as_of.isoformat(), "totals": debt.totals()}
    return sealed(files, form=verify.HANDOVER, record=about, counts=counts, more=more)


def write_handover(
    uow: UnitOfWork,
    *,
    policy: Policy,
    book: LawBook,
    key: str,
    home: Path,
    templates: Path,
    fetch: Fetch | None = None,
) -> Path:
    """The file of an opened hand-over task, kept as `<home>/handover/<entity>/<date>/<key>.zip`; an earlier one stays.

    Raises:
        UsageError: when there is no hand-over task of that key.
        PermanentError: when a document can't be set.
    """
    query = sa.select(contact.c.entity, contact.c.payer_id, contact.c.as_of)
    task = uow.execute(query.where(contact.c.key == key, contact.c.kind == "handoff")).first()
    if task is None:
        raise UsageError(f"There is no hand-over {key!r}.")
    path = file_of(home, task.entity, task.as_of, key)
    if path.is_file():
        return path
    archive = hand_over(
        uow, policy=policy, book=book, entity=task.entity, payer_id=task.payer_id, as_of=task.as_of, templates=templates,
        fetch=fetch,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    opened, name = mkstemp(
        dir=path.parent, prefix=f".{key}.", suffix=".part"
    )  # nobody else's to read from the start
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(archive.content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def file_of(home: Path, entity: str, day: date, key: str) -> Path:
    """Where the file of a hand-over task is kept."""
    return home / HANDOVER_FOLDER / entity / day.isoformat() / f"{key}.zip"


def open_handovers(uow: UnitOfWork, *, entity: str, as_of: date) -> list[str]:
    """Keys of the day's hand-over tasks that are open, sorted."""
    query = sa.select(contact.c.key).where(
        contact.c.entity == entity, contact.c.as_of == as_of, contact.c.kind == "handoff", contact.c.state == "open"
    )  # fmt: skip
    return sorted(uow.execute(query).scalars())


def _evidence(
    uow: UnitOfWork, debt: Debt, *, policy: Policy, book: LawBook, templates: Path, language: str
) -> tuple[Record | None, Archive | None]:
    """The payer's record and its archive; neither where nothing has been said yet."""
    if not timeline.read(uow, debt.entity, debt.payer_id):
        return None, None
    record = read_record(uow, debt.entity, debt.payer_id)
    archive = export(
        uow, policy=policy, book=book, entity=debt.entity, payer_id=debt.payer_id, templates=templates, language=language
    )  # fmt: skip
    return record, archive


def _documents(
    debt: Debt, said: Words, fetch: Fetch | None
) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """The invoices' files at hand, and for each invoice what became of its."""
    files: dict[str, bytes] = {}
    listed = []
    for line in debt.lines:
        if not line.document:
            continue
        found = fetch(line.document, f"{line.invoice_id}.pdf") if fetch else None
        if isinstance(found, Attachment):
            name = f"documents/{_safe(found.name, len(files))}"
            files[name] = found.content
            listed.append((line.invoice_id, f"{said.say('handover.document_there')}: {name}"))
            continue
        reason = found.why.replace("_", " ") if isinstance(found, Missing) else line.document
        listed.append((line.invoice_id, said.say("handover.document_missing", reason=reason)))
    return files, listed


def _safe(name: str, number: int) -> str:
    """A plain file name, told apart by its number where it had to be changed."""
    plain = _UNSAFE.sub("_", name).lstrip("._-")[:120]
    return plain if plain == name else f"{number + 1}-{plain or 'document.pdf'}"
