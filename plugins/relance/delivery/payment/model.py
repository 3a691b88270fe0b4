"""How one message asks to be paid: its reference, and the texts of the codes that a bank's app reads. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relance.config.models import Entity
from relance.delivery.payment import epc, swiss
from relance.delivery.payment.reference import creditor_reference, printed, qr_reference
from relance.money import Money


@dataclass(frozen=True, slots=True)
class Payment:
    """A reference, and codes to scan.

    `reference`: what to write on the transfer, as printed. `epc`: the text of an EPC QR code (EPC069-12), None where the
    payment is not one sum in euros to an IBAN of the SEPA. `swiss`: the lines of a Swiss QR-bill, None elsewhere.
    """

    reference: str
    epc: str | None = None
    swiss: str | None = None


def payment_of(*, entity: Entity, payer: str, reference: str, totals: Sequence[Money]) -> Payment | None:  # noqa: ARG001
    """How to pay `totals` (one a currency) to the entity; None without a bank account.

    The reference is one that banks check (ISO 11649, or a QR reference for a Swiss QR-IBAN) where our number can be one
    and the sum is of a kind that such references travel with: euros within the SEPA, francs in Switzerland. Codes are
    for one sum: what is asked in two currencies takes two transfers. `payer` will name the debtor of a QR-bill once
    ledgers give its address.
    """
    if entity.bank is None:
        return None
    iban = entity.bank.iban.replace(" ", "")
    name = entity.bank.holder or entity.name
    checked = _checked(iban, reference, totals)
    made = Payment(reference=printed(checked) if checked else reference)
    if len(totals) != 1:
        return made
    address = entity.sender.address if entity.sender else None
    bill = swiss.swiss_text(
        name=name, address=address, iban=iban, amount=totals[0], reference=checked, text=reference
    )
    if swiss.is_qr_iban(iban):  # such an account takes QR-bills only
        return Payment(reference=made.reference, swiss=bill)
    code = epc.epc_text(
        name=name, iban=iban, bic=entity.bank.bic, amount=totals[0], structured=checked, text=reference
    )
    return Payment(reference=made.reference, epc=code, swiss=bill)


def _checked(iban: str, reference: str, totals: Sequence[Money]) -> str | None:
    """The reference that banks check, without blanks, or None."""
    currencies = {total.currency for total in totals}
    if swiss.is_qr_iban(iban):
        return qr_reference(reference) if currencies & swiss.CURRENCIES else None
    wanted = {"EUR"} | (swiss.CURRENCIES if iban[:2] in swiss.COUNTRIES else set())
    return creditor_reference(reference) if iban[:2] in epc.SEPA and currencies & wanted else None
