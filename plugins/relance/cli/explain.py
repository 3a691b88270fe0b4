"""`relance explain`: why an invoice was chased on a day, or why not, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from relance import day
from relance.cases.claims import InvoiceClaims, claims_of
from relance.cli.options import AsOf, Config, Entity, Json, services
from relance.cli.replay import late_json, late_table
from relance.errors import LedgerError, UsageError
from relance.law import LawError
from relance.ledger.loading import load_versions, snapshot_on
from relance.ledger.versions import LedgerVersions
from relance.money import Money
from relance.planning.explaining import explanation_of
from relance.planning.explanation import Explanation, as_json
from relance.planning.plan import day_of
from relance.replay import StoredOutcome, stored_outcome
from relance.services import Services
from relance.speech import LANGUAGES, Paragraph, language_of
from relance.speech import explain as in_words
from relance.speech.charges import charges_line, no_charges_line
from relance.speech.stored import then_and_now
from relance.store.profiles import profiles_on


def explain(
    entity: Entity,
    invoice: Annotated[
        str, typer.Argument(metavar="INVOICE", help="The open item: INVOICE or INVOICE/TERM.")
    ],
    as_of: AsOf,
    lang: Annotated[str | None, typer.Option("--lang", help="en, fr or de; else the region's first.")] = None,
    config: Config = None,
    *,
    as_json_: Json = False,
) -> None:
    """Say why: the rule, the scenario, each step's date, all that stands against it, the contact, and what comes next."""
    ours = services(config)
    language = _language(ours, entity, lang)
    versions = _ledger(ours, entity)
    found, stored = explained(ours, versions, invoice, as_of.date())
    charges = _charges(ours, versions, found)
    words = _with_charges(in_words(found, language), charges, language)
    if as_json_:
        whole = {**report(found, words, stored), "charges": _charges_json(charges)}
        typer.echo(json.dumps(whole, ensure_ascii=False))
    else:
        _show(words, stored, language)


def _ledger(ours: Services, entity: str) -> LedgerVersions:
    """The entity's ledger.

    Raises:
        LedgerError: when there is none yet.
        UsageError: for an unknown entity.
    """
    ours.policy.region_of(entity)
    versions = load_versions(ours.database, entity)
    if not versions.extracts:
        raise LedgerError(
            f"{entity} has no ledger yet.", hint=f"Import one: relance ledger import {entity} PATH"
        )
    return versions


def explained(
    ours: Services, versions: LedgerVersions, invoice: str, on: date
) -> tuple[Explanation, StoredOutcome | None]:
    """The invoice's day explained with what is known now, and what was stored for it that day, if anything was.

    Raises:
        UsageError: for an unknown invoice; names the nearest.
    """
    entity = versions.entity
    snapshot = snapshot_on(ours.database, versions, on)
    history, holds = day.history_before(ours, entity, on), day.holds_on(ours, entity, on)
    profiles = profiles_on(ours.database, entity, on)
    stages = day_of(snapshot, ours.policy, history, holds, on, profiles=profiles)
    found = explanation_of(stages, invoice, versions=versions)
    if found.not_open is not None and found.not_open.why == "unknown":
        similar = found.not_open.similar
        hint = f"Did you mean {' or '.join(similar)}?" if similar else "Check the id as the ledger has it."
        raise UsageError(f"{entity} has no invoice {invoice!r}.", hint=hint)
    return found, stored_outcome(ours, versions, stages.plan(), invoice)


def report(found: Explanation, words: tuple[Paragraph, ...], stored: StoredOutcome | None) -> dict[str, Any]:
    """The JSON of `relance explain`: the facts, the words, and how the day's stored plan compares."""
    text = [
        {"topic": one.topic, "heading": one.heading, "lines": list(one.lines)} for one in words
    ]  # fmt: skip
    then: dict[str, Any] | None = None
    if stored is not None:
        then = {
            "plan_id": stored.plan_id,
            "planned_at": stored.at.isoformat(),
            "same_policy": stored.same_policy,
            "same": not stored.fields,
            "outcome": stored.outcome,
            "differences": {name: {"stored": old, "now": new} for name, (old, new) in stored.fields.items()},
            "late_facts": [late_json(fact) for fact in stored.late],
        }
    return {**as_json(found), "text": text, "stored": then}


def _charges(ours: Services, versions: LedgerVersions, found: Explanation) -> InvoiceClaims | LawError | None:
    """What the law has given on a late invoice, or why it can't be said; None while it is not late."""
    if found.invoice is None or found.invoice.days_late <= 0:
        return None
    with ours.unit_of_work() as uow:
        try:
            (one,) = claims_of(
                uow, policy=ours.policy, book=ours.law, entity=versions.entity, as_of=found.as_of,
                invoices=[found.invoice_id], versions=versions,
            )  # fmt: skip
        except LawError as error:
            return error
    return one if one.accrual.given else None


def _with_charges(
    words: tuple[Paragraph, ...], charges: InvoiceClaims | LawError | None, language: str
) -> tuple[Paragraph, ...]:
    """The paragraph about the invoice with a line more."""
    if charges is None:
        return words
    if isinstance(charges, LawError):
        line = no_charges_line(language)
    else:
        line = charges_line(
            language,
            interest=charges.accrual.interest,
            compensation=charges.accrual.compensation,
            claimed=_not_zero(claim.claimed for claim in charges.claims),
            waived=_not_zero(claim.waived for claim in charges.claims),
        )
    return tuple(replace(one, lines=(*one.lines, line)) if one.topic == "invoice" else one for one in words)


def _not_zero(sums: Iterable[Money]) -> list[Money]:
    return [one for one in sums if one.minor]


def _charges_json(charges: InvoiceClaims | LawError | None) -> dict[str, Any] | None:
    if isinstance(charges, LawError):
        return {"error": str(charges)}
    return charges.as_dict() if charges else None


def _language(ours: Services, entity: str, wanted: str | None) -> str:
    if wanted is None:
        spoken = ours.policy.region_of(entity).languages
        return next((language_of(tag) for tag in spoken if language_of(tag) == tag.split("-")[0]), "en")
    if language_of(wanted) != wanted.replace("_", "-").split("-")[0].lower():
        raise UsageError(f"There are no explanations in {wanted!r}.", hint=f"Choose {', '.join(LANGUAGES)}.")
    return language_of(wanted)


def _show(words: tuple[Paragraph, ...], stored: StoredOutcome | None, language: str) -> None:
    console = Console(highlight=False)
    for paragraph in words:
        console.print(Text(paragraph.heading, style="bold"))
        for line in paragraph.lines:
            console.print(Padding(Text(line), (0, 0, 0, 2)))
    if stored is None:
        return
    console.print()
    sentences = then_and_now(
        language,
        plan=stored.plan_id,
        at=f"{stored.at:%Y-%m-%d %H:%M %Z}",
        same_policy=stored.same_policy,
        late=len(stored.late),
        fields={name: (_plain(old), _plain(new)) for name, (old, new) in stored.fields.items()},
    )
    for line in sentences:
        console.print(Text(line))
    if stored.late:
        console.print(late_table(list(stored.late)))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
