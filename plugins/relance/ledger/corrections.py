"""Persons whom people gave a payer that the ledger lacks, merged into its contacts; and a payer's persons as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

import polars as pl
import sqlalchemy as sa

from relance.ledger.reach import contacts_without, normal
from relance.ledger.snapshot import Snapshot
from relance.ledger.tables import TABLES
from relance.ledger.versions import LedgerVersions
from relance.store.database import Database
from relance.store.inbound import marks_in
from relance.store.schema import contact_version
from relance.store.uow import UnitOfWork

GIVEN = "given:"
"""How the ids of persons begin that people gave."""
ADDRESSES = ("email", "phone", "whatsapp")
_COLUMNS = ("contact_id", "customer_id", "name", "role", *ADDRESSES, "language")
_SELECT = (
    f"SELECT '{GIVEN}' || correction_id AS contact_id, customer_id, name, role, email, phone, whatsapp, language "
    "FROM contact_correction WHERE entity = {entity} AND on_date <= {day} AND erased_on IS NULL "
)
_ON = (
    _SELECT.format(entity="$1", day="$2::text::date")
    + "AND at <= $3::text::timestamptz AND (withdrawn_on IS NULL OR withdrawn_on > $2::text::date "
    "OR withdrawn_at > $3::text::timestamptz) ORDER BY correction_id"
)
_OF_PAYER = sa.text(
    _SELECT.format(entity=":entity", day=":day")
    + "AND customer_id = :payer AND (withdrawn_on IS NULL OR withdrawn_on > :day) ORDER BY correction_id"
)


def given_on(
    database: Database, entity: str, as_of: date, *, moment: datetime | str = "infinity"
) -> pl.DataFrame:
    """Persons given by people that count on a day, as they were known at `moment`.

    Columns: contact_id, customer_id, name, role, email, phone, whatsapp, language.
    """
    return database.read(_ON, [entity, as_of.isoformat(), str(moment)])


def with_given(snapshot: Snapshot, given: pl.DataFrame) -> Snapshot:
    """The snapshot with these persons among its contacts."""
    if given.is_empty():
        return snapshot
    return replace(snapshot, contacts=contacts_with(snapshot.contacts, given))


def contacts_with(contacts: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """Contacts of a ledger and, by contact_id, those given that it lacks.

    Who has an address that the ledger itself names for the customer is left out: the ledger's person stands, with all that it
    says of them (opted out, no longer there).
    """
    own = contacts.filter(pl.col("customer_id").is_in(given["customer_id"].unique().implode()))
    known = {
        (customer, column, address)
        for column in ADDRESSES
        for customer, address in own.select("customer_id", normal(column)).drop_nulls().iter_rows()
        if address
    }
    wanted = given.with_columns(normal(column).alias(f"_{column}") for column in ADDRESSES)
    new = [
        not any((row["customer_id"], column, row[f"_{column}"]) in known for column in ADDRESSES)
        for row in wanted.iter_rows(named=True)
    ]
    rows = given.filter(pl.Series(new, dtype=pl.Boolean))
    typed = rows.select(
        pl.col(name).cast(kind) if name in _COLUMNS else _blank(name, kind)
        for name, kind in contacts.schema.items()
    )
    return pl.concat([contacts, typed]).sort("contact_id")


def people_of(uow: UnitOfWork, entity: str, payer_id: str, on: date) -> pl.DataFrame:
    """One payer's contacts as a snapshot of the day has them, given ones and marks included, read in this transaction."""
    contacts = LedgerVersions(entity, {"contacts": _versions_of(uow, entity, payer_id)}, ()).at(on).contacts
    own = contacts.filter(pl.col("customer_id") == payer_id)
    rows = uow.execute(_OF_PAYER, {"entity": entity, "payer": payer_id, "day": on}).all()
    given = pl.DataFrame(
        [tuple(row) for row in rows], schema=dict.fromkeys(_COLUMNS, pl.String), orient="row"
    )
    return contacts_without(contacts_with(own, given), marks_in(uow, entity, on))


def _versions_of(uow: UnitOfWork, entity: str, payer_id: str) -> pl.DataFrame:
    """All versions of the persons that were ever the payer's."""
    schema = TABLES["contacts"].version_schema
    table = contact_version.c
    ever = sa.select(table.contact_id).where(table.entity == entity, table.customer_id == payer_id)
    query = sa.select(*(table[name] for name in schema)).where(
        table.entity == entity, table.contact_id.in_(ever)
    )
    rows: Iterable[tuple[object, ...]] = (tuple(row) for row in uow.execute(query))
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def _blank(name: str, kind: pl.DataType) -> pl.Expr:
    return pl.lit(True if name == "active" else None, dtype=kind).alias(name)
