"""What goes with a day's messages: interest and compensation by law, files, links. Read once a run, when first asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from relance.cases.claims import InvoiceClaims, claims_of
from relance.delivery.card import card_link
from relance.delivery.documents import Files, invoice_files
from relance.delivery.extras import Attachment, ChargeLine, Extras
from relance.delivery.links import make_link
from relance.delivery.writing import Contact
from relance.errors import RelanceError
from relance.ledger.loading import load_versions
from relance.ledger.versions import LedgerVersions
from relance.money import Money
from relance.planning.content import items_of
from relance.services import Services
from relance.store.schema import contact

_STATEMENT_BYTES = 300_000
"""Room that a statement of account takes of a message's, at most in practice."""


class Enclosing:
    """The extras of one entity's messages of a day."""

    def __init__(self, services: Services, entity: str, as_of: date) -> None:
        self._services = services
        self._entity = entity
        self._as_of = as_of

    def of(self, row: Contact) -> Extras:
        """What a contact's message carries."""
        content, settings, now = row["content"], self._services.settings, self._services.now()
        charges, missing = self._charges(content, row["level"])
        files, left_out = self._files_of(content, row["channel"])
        one_sum = len(content.get("totals") or ()) == 1
        return Extras(
            charges=charges, charges_missing=missing, attachments=files, left_out=left_out,
            link=make_link(settings, row["key"], issued=now),
            card_link=card_link(settings, row["key"], issued=now) if one_sum else None,
        )  # fmt: skip

    def close(self) -> None:
        """Give back connections."""
        if "files" in self.__dict__:
            self.files.close()

    def _files_of(
        self, content: Mapping[str, Any], channel: str
    ) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
        """The invoices' PDFs that go with an e-mail, and the names of those that don't."""
        if channel != "email" or "invoice" not in content.get("attach", ()):
            return (), ()
        statement = _STATEMENT_BYTES if "statement" in content["attach"] else 0
        files, missing = invoice_files(items_of(content), self.files, used=statement)
        return files, tuple(one.name for one in missing)

    @cached_property
    def files(self) -> Files:
        """Where documents of the ledger are fetched."""
        services = self._services
        source = services.policy.entity(self._entity).ledger
        folder = services.located(source.path) if source and source.path else None
        return Files(services.settings.documents, ledger=folder, connection=services.documents)

    @cached_property
    def _versions(self) -> LedgerVersions:
        return load_versions(self._services.database, self._entity)

    @cached_property
    def _claims(self) -> dict[str, InvoiceClaims] | None:
        """Claims on all invoices that the day's messages charge; None where one of them can't be told."""
        query = sa.select(contact.c.content, contact.c.level).where(
            contact.c.entity == self._entity, contact.c.as_of == self._as_of, contact.c.kind == "message",
            sa.func.json_array_length(contact.c.content["charges"]) > 0,
        )  # fmt: skip
        with self._services.unit_of_work() as uow:
            rows = uow.execute(query).all()
        wanted = {one for row in rows for one in _charged(row.content, row.level)}
        try:
            return {one.accrual.invoice_id: one for one in self._told(sorted(wanted))}
        except RelanceError:
            return None

    def _charges(self, content: Mapping[str, Any], level: str) -> tuple[tuple[ChargeLine, ...], str | None]:
        """Sums for the invoices that the contact acts for at its level, or why there are none."""
        invoices = _charged(content, level)
        if not invoices:
            return (), None
        try:
            known = self._claims or {}
            # A preview asks for invoices that the day's plan has not.
            found = (
                [known[one] for one in invoices] if known.keys() >= set(invoices) else self._told(invoices)
            )
        except RelanceError as error:
            # A rate that nobody has given keeps no letter back: it reserves the charges without a sum.
            return (), str(error)
        lines = tuple(_line(one, content["charges"]) for one in found)
        return tuple(line for line in lines if line.interest or line.compensation), None

    def _told(self, invoices: Sequence[str]) -> Sequence[InvoiceClaims]:
        services = self._services
        with services.unit_of_work() as uow:
            return claims_of(
                uow, policy=services.policy, book=services.law, entity=self._entity, as_of=self._as_of,
                invoices=invoices, versions=self._versions,
            )  # fmt: skip


def _charged(content: Mapping[str, Any], level: str) -> list[str]:
    """Invoices on which a contact charges: the demanded ones of its own level.

    None of which a part is in dispute: what is owed of it, and since when it is late, is not settled.
    """
    if not content.get("charges"):
        return []
    return [
        item["invoice_id"]
        for item in items_of(content)
        if item["demand"] and item["level"] == level and not item.get("in_dispute")
    ]


def _line(one: InvoiceClaims, kinds: Iterable[str]) -> ChargeLine:
    sums: dict[str, Money | None] = defaultdict(lambda: None)
    for kind in kinds:
        for claim in one.claims:
            if claim.kind == kind and claim.claimable.minor:
                sums[kind] = claim.claimable
    return ChargeLine(one.accrual.invoice_id, sums["interest"], sums["compensation"])
