"""Addresses that can't be used any more: what came back from them counts like an opt-out of the ledger. Pure."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from relance.ledger.snapshot import Snapshot

_COLUMN = {
    "email": "email", "sms": "phone", "voice": "phone", "call": "phone", "whatsapp": "whatsapp", "letter": "address",
    "registered": "address",
}  # fmt: skip
_NUMBERS = frozenset({"phone", "whatsapp"})


def without_marked(snapshot: Snapshot, marks: pl.DataFrame) -> Snapshot:
    """The snapshot with marked addresses opted out of the channel they are marked for.

    `marks`: `channel`, `address`, as `store.inbound.marks_on` gives them. An address that the ledger has corrected since is
    no longer the marked one.
    """
    return replace(snapshot, contacts=contacts_without(snapshot.contacts, marks))


def contacts_without(contacts: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """Contacts of a ledger with marked addresses opted out of the channel they are marked for; see `without_marked`."""
    if marks.is_empty() or contacts.is_empty():
        return contacts
    marked = [
        contacts.lazy()
        .select("contact_id", address=normal(column))
        .join(marks.lazy().filter(pl.col("channel") == channel), on="address")
        .select("contact_id", "channel")
        .collect()
        for channel, column in _COLUMN.items()
    ]
    shut = (
        pl.concat(marked)
        .unique()
        .sort("contact_id", "channel")
        .group_by("contact_id", maintain_order=True)
        .agg(shut=pl.col("channel").str.join("|"))
    )
    if shut.is_empty():
        return contacts
    joined = contacts.join(shut, on="contact_id", how="left", maintain_order="left")
    opt_out = pl.concat_str("opt_out", "shut", separator="|", ignore_nulls=True)
    opted = pl.when(pl.col("shut").is_not_null()).then(opt_out).otherwise(pl.col("opt_out"))
    return joined.with_columns(opt_out=opted).drop("shut")


def normal(column: str) -> pl.Expr:
    """An address of a contact as marks keep it: e-mail in lower case, numbers without blanks."""
    text = pl.col(column).str.strip_chars()
    if column == "email":
        return text.str.to_lowercase()
    return text.str.replace_all(r"\s", "") if column in _NUMBERS else text
