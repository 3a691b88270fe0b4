"""Letters to set: contacts of sellers in several countries, and what a reader of the PDF sees."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import Any

import pypdfium2

from relance.delivery import letter, view
from relance.delivery.envelopes import Seller
from relance.delivery.extras import NOTHING, ChargeLine, Extras
from relance.delivery.templates import Language, Templates
from relance.money import Money
from tests.unit.delivery.examples import DIRECTORY, contact, entity, item, packed

MM = 72 / 25.4
SELLERS = {
    "FR": ("Lumen SAS", "FR7630006000011234567890189", "Rue du Lac", "12", "75002", "Paris"),
    "DE": ("Lumen GmbH", "DE89370400440532013000", "Lindenallee", "5", "10115", "Berlin"),
    "CH": ("Lumen AG", "CH9300762011623852957", "Bahnhofstrasse", "1", "8001", "Zürich"),
    "GB": ("Lumen Ltd", "GB29NWBK60161331926819", "High Street", "1", "SW1A 1AA", "London"),
}
TO = {
    "FR": "14, avenue de la République, 69003 Lyon", "DE": "Hauptstraße 7, 80331 München",
    "CH": "Seestrasse 12, 8002 Zürich", "GB": "4 Station Road, Manchester, M1 2AB",
}  # fmt: skip
CURRENCY = {"CH": "CHF", "GB": "GBP"}
CHARGES = Extras(
    charges=(
        ChargeLine("F-1", Money("EUR", 1234), Money("EUR", 4000)),
        ChargeLine("F-2", Money("EUR", 105), Money("EUR", 4000)),
    )
)


@cache
def templates() -> Templates:
    return Templates(DIRECTORY)


@dataclass(frozen=True)
class Made:
    """A view with the words and the seller that its letter needs."""

    view: view.View
    language: Language
    seller: Seller

    def pdf(self) -> bytes:
        return letter.pdf(self.view, self.language, seller=self.seller)


def made(
    country: str = "FR",
    language: str = "fr",
    *,
    template: str = "first",
    extras: Extras = NOTHING,
    channel: str = "letter",
    **changes: Any,
) -> Made:
    """The letter of a contact, by default the one of `examples.contact`."""
    name, iban, street, house_no, postcode, city = SELLERS[country]
    seller = entity(
        name=name,
        bank={"holder": name, "iban": iban},
        sender={
            "email": "accounts@lumen.example", "name": "Lumen", "signatory": "Credit management",
            "address": {
                "street": street, "house_no": house_no, "postcode": postcode, "city": city, "country": country,
            },
        },
    )  # fmt: skip
    row = contact(template, **{"channel": channel, "language": language, "recipient": TO[country]} | changes)
    shown = view.build(row, seller, extras)
    return Made(shown, templates().language(language, template), Seller.of(seller, country))


def plain(country: str = "FR", language: str = "fr", *, rows: int = 1, **changes: Any) -> Made:
    """A letter about `rows` invoices of one currency, for which there is a code to scan."""
    currency = CURRENCY.get(country, "EUR")
    items = {f"F-{place}": item(31, 84050 + place, currency=currency) for place in range(1, rows + 1)}
    facts = {one: row["open"] for one, row in items.items()}
    content = contact("first")["content"] | {
        "items": packed(items, facts, dict.fromkeys(items, "level_1")), "credit": [],
    }  # fmt: skip
    content["payer"] |= {"country": country}
    return made(country, language, **{"content": content} | changes)


def texts(pdf: bytes) -> list[str]:
    """What a reader copies from each page, white space single."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = []
        for page in document:
            words = page.get_textpage().get_text_bounded().replace("\ufffe", "")
            pages.append(" ".join(words.split()))
        return pages


def box_of(pdf: bytes, text: str) -> tuple[float, float, float, float] | None:
    """Left, top, right, bottom of a text on the first page, in millimetres from the page's left upper corner."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        height = page.get_height()
        found = page.get_textpage()
        place = found.search(text, match_case=True).get_next()
        if place is None:
            return None
        boxes = [found.get_charbox(one) for one in range(place[0], place[0] + place[1])]
        return (
            min(box[0] for box in boxes) / MM,
            (height - max(box[3] for box in boxes)) / MM,
            max(box[2] for box in boxes) / MM,
            (height - min(box[1] for box in boxes)) / MM,
        )


def pictures(pdf: bytes, scale: float = 3.0) -> list[Any]:
    """The pages as pictures; `scale` is pixels a point."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return [page.render(scale=scale).to_pil() for page in document]
