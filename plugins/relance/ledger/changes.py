"""What an extract changes: new versions of rows, worked out against the versions that are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from relance.ledger.tables import Table


@dataclass(frozen=True, slots=True)
class Changes:
    """`rows`: versions to store, with `extract_date`; and how many rows were new, other, the same, gone."""

    rows: pl.DataFrame
    inserted: int
    updated: int
    unchanged: int
    closed: int


def find_changes(
    table: Table,
    good: pl.DataFrame,
    stored: pl.DataFrame,
    *,
    extract_date: date,
    later: Sequence[date],
    spared: pl.DataFrame | None = None,
) -> Changes:
    """Compare the good rows of an extract with what is stored.

    Args: table: which one. good: rows with the table's columns, each key once. stored: all versions of the
        entity, with `extract_date` and `import_id`. extract_date: of this extract. later: dates of extracts
        taken before that are newer than this one and brought this table. spared: for invoices, `item_id`
        and `invoice_id` of rows turned away in this extract: they are not gone.
    """
    key, content = list(table.key), list(table.schema)
    state = state_at(table, stored, extract_date)
    changed = _changed(table, good.select(content), state)
    inserted = (
        changed.join(stored.select(key), on=key, how="anti").height if stored.height else changed.height
    )
    gone = _gone(good, state, spared) if table.name == "invoices" else changed.clear()
    rows = pl.concat([changed, gone.select(content)]).with_columns(extract_date=pl.lit(extract_date))
    if later and rows.height:
        rows = pl.concat([rows, _reasserted(table, rows, stored, min(later)).select(rows.columns)])
    return Changes(
        rows=rows.sort(key),
        inserted=inserted,
        updated=changed.height - inserted,
        unchanged=good.height - changed.height,
        closed=gone.height,
    )


def state_at(table: Table, stored: pl.DataFrame, on: date) -> pl.DataFrame:
    """The newest version of each key that an extract dated `on` or earlier brought."""
    seen = stored.filter(pl.col("extract_date") <= on)
    if not seen.height or not seen.select(_key(table).is_duplicated().any()).item():
        return seen.drop("extract_date", "import_id")
    newest = seen.sort("extract_date", "import_id").unique(list(table.key), keep="last")
    return newest.drop("extract_date", "import_id")


def _key(table: Table) -> pl.Expr:
    return pl.struct(table.key) if len(table.key) > 1 else pl.col(table.key[0])


def _changed(table: Table, good: pl.DataFrame, state: pl.DataFrame) -> pl.DataFrame:
    """Rows that are new or say something else than before."""
    if not state.height:
        return good
    key = list(table.key)
    before = state.select(*key, pl.exclude(key).name.prefix("was_"), was=pl.lit(value=True))
    content = [name for name in table.schema if name not in key]
    both = good.join(before, on=key, how="left", maintain_order="left")
    other = pl.any_horizontal(
        pl.col("was").is_null(), *(pl.col(name).ne_missing(pl.col(f"was_{name}")) for name in content)
    )
    return both.filter(other).select(good.columns)


def _gone(good: pl.DataFrame, state: pl.DataFrame, spared: pl.DataFrame | None) -> pl.DataFrame:
    """Invoices that were there and are not in this full extract, as they were but closed by the source."""
    gone = state.filter(~pl.col("closed")).join(good.select("item_id"), on="item_id", how="anti")
    if spared is not None and spared.height:
        gone = gone.join(spared.select("item_id"), on="item_id", how="anti")
        whole = spared.filter(pl.col("item_id").is_null()).select("invoice_id").drop_nulls()
        gone = gone.join(whole, on="invoice_id", how="anti")
    return gone.with_columns(closed=pl.lit(value=True))


def _reasserted(table: Table, rows: pl.DataFrame, stored: pl.DataFrame, later: date) -> pl.DataFrame:
    """What the next newer extract said of the rows that this one, coming late, changes.

    That one stored nothing where it saw a row as it had been before, and closed nothing that it had not heard
    of; without this, the late extract would speak for it.
    """
    key = list(table.key)
    silent = rows.select(key).join(
        stored.filter(pl.col("extract_date") == later).select(key), on=key, how="anti"
    )
    before = state_at(table, stored, later).join(silent, on=key, how="semi")
    parts = [before]
    if table.name == "invoices":
        unheard = rows.join(silent, on=key, how="semi").join(before.select(key), on=key, how="anti")
        parts.append(
            unheard.drop("extract_date").with_columns(closed=pl.lit(value=True)).select(before.columns)
        )
    return pl.concat(parts).with_columns(extract_date=pl.lit(later))


def number_signals(good: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Signals with `ordinal`: it tells those of one customer, kind and day apart in any order of rows.

    A signal that is stored keeps its number; one that says something new takes, in order of content, the
    place of one that is no longer said, else the next.
    """
    key, content = ["customer_id", "kind", "from_date"], ["until", "owner", "note"]
    newest = stored.sort("extract_date", "import_id").unique([*key, "ordinal"], keep="last")
    same = newest.select(*key, *content, "ordinal").unique([*key, *content], keep="first")
    found = good.drop("ordinal").join(same, on=[*key, *content], how="left", nulls_equal=True)
    fresh = found.filter(pl.col("ordinal").is_null()).sort(*key, *content, nulls_last=True)
    fresh = fresh.with_columns(place=pl.int_range(pl.len()).over(key))
    taken = found.filter(pl.col("ordinal").is_not_null()).select(*key, "ordinal")
    free = newest.join(taken, on=[*key, "ordinal"], how="anti").sort(*key, "ordinal")
    free = free.select(*key, free="ordinal", place=pl.int_range(pl.len()).over(key))
    used = newest.group_by(key).agg(highest=pl.col("ordinal").max())
    left = free.group_by(key).agg(spare=pl.len().cast(pl.Int64))
    fresh = (
        fresh.join(free, on=[*key, "place"], how="left")
        .join(used, on=key, how="left")
        .join(left, on=key, how="left")
    )
    beyond = pl.col("highest").fill_null(0) + pl.col("place") - pl.col("spare").fill_null(0) + 1
    fresh = fresh.with_columns(ordinal=pl.coalesce("free", beyond))
    return pl.concat([found.filter(pl.col("ordinal").is_not_null()), fresh.select(found.columns)]).select(
        good.columns
    )
