"""Persons whom people gave, merged into a ledger's contacts: nobody twice, nobody of the ledger's changed."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from relance.ledger.corrections import ADDRESSES, contacts_with
from relance.ledger.tables import TABLES
from relance.store.inbound import normal_address

SCHEMA = {
    name: kind
    for name, kind in TABLES["contacts"].version_schema.items()
    if name not in {"extract_date", "import_id"}
}
GIVEN = dict.fromkeys(("contact_id", "customer_id", "name", "role", *ADDRESSES, "language"), pl.String)
CHANNEL = {"email": "email", "phone": "call", "whatsapp": "whatsapp"}

emails = st.sampled_from([None, "a@x.example", "A@X.example ", "b@x.example", "c@x.example"])
phones = st.sampled_from([None, "+33100000001", "+33 1 00 00 00 01", "+33100000002"])
persons = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["C1", "C2"]),
        "email": emails,
        "phone": phones,
        "whatsapp": phones,
        "opt_out": st.sampled_from([None, "email", "call|sms"]),
        "active": st.sampled_from([True, False, None]),
    }
)


def frame(rows: list[dict[str, Any]], prefix: str, schema: dict[str, Any]) -> pl.DataFrame:
    named = [
        {"contact_id": f"{prefix}{number}", "name": "N", "role": None, "language": None} | row
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in named], schema=schema)


def addresses(rows: pl.DataFrame) -> set[tuple[str, str, str]]:
    return {
        (row["customer_id"], column, normal_address(CHANNEL[column], row[column]))
        for row in rows.iter_rows(named=True)
        for column in ADDRESSES
        if row[column]
    }


@settings(max_examples=60, deadline=None)
@given(own=st.lists(persons, max_size=5), told=st.lists(persons, max_size=5))
def test_the_ledgers_contacts_stay_as_they_are_and_its_addresses_are_nobody_elses(
    own: list[dict[str, Any]], told: list[dict[str, Any]]
) -> None:
    ledger, people = frame(own, "K", SCHEMA), frame(told, "given:", GIVEN)
    merged = contacts_with(ledger, people)
    assert merged.schema == ledger.schema
    new = merged.filter(pl.col("contact_id").str.starts_with("given:"))
    assert merged.filter(~pl.col("contact_id").str.starts_with("given:")).equals(ledger.sort("contact_id"))
    assert addresses(new).isdisjoint(addresses(ledger))
    kept = set(new["contact_id"])
    for row in people.iter_rows(named=True):
        known = not addresses(pl.DataFrame([row], schema=GIVEN)).isdisjoint(addresses(ledger))
        assert (row["contact_id"] in kept) != known
    assert new["active"].all()
    assert merged["contact_id"].is_sorted()


def test_nothing_given_changes_nothing() -> None:
    ledger = frame([{"customer_id": "C1", "email": "a@x.example"}], "K", SCHEMA)
    assert contacts_with(ledger, frame([], "given:", GIVEN)).equals(ledger)
