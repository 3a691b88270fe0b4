"""How one message asks to be paid: its reference, and the texts of the codes that a bank's app reads. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relance.config.models import Entity
from relance.money import Money


@dataclass(frozen=True, slots=True)
class Payment:
    """`reference`: what to write on the transfer, as printed. `epc`: the text of an EPC QR code (EPC069-12), None where
    the payment is not one sum in euros to an IBAN of the SEPA. `swiss`: the lines of a Swiss QR-bill, None elsewhere.
    """

    reference: str
    epc: str | None = None
    swiss: str | None = None


def payment_of(*, entity: Entity, payer: str, reference: str, totals: Sequence[Money]) -> Payment | None:
    """How to pay `totals` (one a currency) to the entity; None without a bank account."""
    if entity.bank is None:
        return None
    return Payment(reference=reference)
