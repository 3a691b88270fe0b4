"""Person, channel and language (`spec/planning.md`, One contact a payer a day)."""

from __future__ import annotations

from tests.reference.ledger import Row, boolean, text
from tests.reference.world import Payer, Step


def address_for(person: Row, channel: str) -> str | None:
    """'What a person needs: `email` an e-mail address; `sms`, `voice`, `call` a phone; `whatsapp` a
    WhatsApp number; `letter` an address; `registered` an address or an e-mail.'"""
    if channel == "email":
        return text(person, "email")
    if channel in ("sms", "voice", "call"):
        return text(person, "phone")
    if channel == "whatsapp":
        return text(person, "whatsapp")
    if channel == "letter":
        return text(person, "address")
    return text(person, "address") or text(person, "email")


def can_receive(person: Row, channel: str) -> bool:
    """'Inactive persons and opted-out channels are out.'"""
    opted_out = {part.strip() for part in (text(person, "opt_out") or "").split("|")}
    return channel not in opted_out and address_for(person, channel) is not None


def persons_in_order(payer: Payer, step: Step) -> list[Row]:
    """'Roles in `audience` order, persons of a role with a `preferred_channel` among the step's first, then
    by contact_id, at last persons without a role.'"""
    # The page says: "`active` (bool)"; "blank `active` true"
    persons = [
        row
        for row in payer.world.ledger.contacts
        if row["customer_id"] == payer.payer_id and boolean(row, "active") is not False
    ]
    ordered = []
    for role in [*step["audience"], None]:
        of_role = [row for row in persons if text(row, "role") == role]
        of_role.sort(
            key=lambda row: (text(row, "preferred_channel") not in step["channels"], row["contact_id"])
        )
        ordered += of_role
    return ordered


def reach(payer: Payer, step: Step) -> tuple[Row, str] | None:
    """'For each person the first of the step's channels that they can receive.'"""
    for person in persons_in_order(payer, step):
        for channel in step["channels"]:
            if can_receive(person, channel):
                return person, channel
    return None


def language_for(payer: Payer, person: Row) -> str:
    """'The first of the person's and the payer's that the region has (by primary subtag: fr-BE is fr), else
    the region's first.'"""
    for wanted in (text(person, "language"), text(payer.row, "language")):
        for language in payer.world.region["languages"]:
            if wanted and wanted.split("-")[0].lower() == language.split("-")[0].lower():
                return language
    return payer.world.region["languages"][0]
