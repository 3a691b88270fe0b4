"""What a message carries beside the facts of its contact: charges, links, files. Put together when it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relance.money import Money


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """What is asked for on one invoice beside its amount; None where the step does not charge it or it can't be told."""

    invoice_id: str
    interest: Money | None
    compensation: Money | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; `media_type` as in "application/pdf"."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Extras:
    """Beside the contact's own facts.

    `charges_missing`: why the sums can't be told (a rate that nobody has given); words then reserve them without a sum.
    `left_out`: names of files that are too large or can't be had; they are offered through `link`.
    `link`: the payer's page, signed; `card_link`: where to pay by card.
    """

    charges: tuple[ChargeLine, ...] = ()
    charges_missing: str | None = None
    attachments: tuple[Attachment, ...] = ()
    left_out: tuple[str, ...] = ()
    link: str | None = None
    card_link: str | None = None


NOTHING = Extras()


def claims_json(charges: tuple[ChargeLine, ...]) -> list[dict[str, Any]] | None:
    """What the outbox keeps of charges: one object an invoice and kind, sums in minor units; None for none."""
    rows = [
        {"invoice_id": line.invoice_id, "kind": kind, "amount": sum_.minor, "currency": sum_.currency}
        for line in charges
        for kind, sum_ in (("interest", line.interest), ("compensation", line.compensation))
        if sum_ is not None and sum_.minor
    ]
    return rows or None
