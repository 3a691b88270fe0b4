"""Taking an extract into the ledger: all or nothing; the same files twice change nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from relance.config.models import Entity
from relance.errors import BusyError, ImportRefusedError
from relance.ledger.changes import Changes, find_changes, number_signals, state_at
from relance.ledger.check import payment_warnings, without_repeats, without_stranger_payers, without_strangers
from relance.ledger.formats import ROW
from relance.ledger.loading import later_extracts, read_stored
from relance.ledger.mapping import PLAIN, Mapping
from relance.ledger.parse import BadRow, RawTable, parse
from relance.ledger.quarantine import Quarantined, update_quarantine
from relance.ledger.report import ImportReport
from relance.ledger.sources import Extract, Frames, open_extract
from relance.ledger.tables import CUSTOMERS, TABLES, Table
from relance.ledger.versions import LedgerWarning, payer_warnings
from relance.store.schema import LEDGER_TABLES, customer_version, import_run
from relance.store.uow import UnitOfWork

_NEVER_EMPTY_AGAIN = ("customers", "contacts", "invoices", "payments")
_PLACES_SHOWN = 3


@dataclass
class _Taken:
    """An extract read and judged; nothing of it is stored yet."""

    good: dict[str, pl.DataFrame] = field(default_factory=dict)
    bad: list[Quarantined] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    repeats: int = 0
    warned: list[LedgerWarning] = field(default_factory=list)
    spared: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"item_id": pl.String, "invoice_id": pl.String})
    )


def import_ledger(
    uow: UnitOfWork, *, entity: Entity, source: Path | Frames, extract_date: date, mapping: Mapping = PLAIN
) -> ImportReport:
    """Take an extract of an entity into the ledger, within the caller's transaction.

    Args:
        uow: an open unit of work; the caller commits.
        entity: whose ledger; its books' currency, and how many bad rows it bears.
        source: a folder, a file, or for SQL a call a table that gives its rows.
        extract_date: the day the extract shows.
        mapping: how the source's columns become the house's.

    Raises:
        LedgerError: the source can't be read, or lacks a file or column.
        ImportRefusedError: a broken export; nothing changed, but the refusal is on record.
        BusyError: another import of this entity is under way.
    """
    _lock(uow, entity.entity)
    extract = open_extract(source, mapping=mapping, entity=entity.entity)
    taken = _take(uow, extract, entity)
    refusal = _refusal(uow, taken, entity)
    if refusal is not None:
        _record_refusal(
            uow, extract, taken, entity=entity.entity, extract_date=extract_date, message=str(refusal)
        )
        raise refusal
    return _store(uow, extract, taken, entity=entity.entity, extract_date=extract_date)


def _lock(uow: UnitOfWork, entity: str) -> None:
    got = uow.execute(
        sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:what, 0))"),
        {"what": f"relance import {entity}"},
    ).scalar_one()
    if not got:
        raise BusyError(
            f"Another import of {entity} is under way.", hint="Wait until it ends, then import again."
        )


# ---------------------------------------------------------------- read and judge


def _take(uow: UnitOfWork, extract: Extract, entity: Entity) -> _Taken:
    taken = _Taken()
    earlier = _earlier_customers(uow, entity.entity)
    for name in [name for name in TABLES if name in extract.tables]:
        raw = extract.take(name)
        taken.read[name] = raw.frame.height
        taken.warned += [
            LedgerWarning(
                "unknown_column", f"{raw.file}:{column}", f"{raw.file}: nothing reads the column {column!r}"
            )
            for column in raw.unknown
        ]
        _judge(raw, taken, earlier=earlier, books=entity.currency)
    return taken


def _earlier_customers(uow: UnitOfWork, entity: str) -> pl.DataFrame:
    ids = uow.execute(
        sa.select(customer_version.c.customer_id).distinct().where(customer_version.c.entity == entity)
    )
    return pl.DataFrame({"customer_id": ids.scalars().all()}, schema={"customer_id": pl.String})


def _judge(raw: RawTable, taken: _Taken, *, earlier: pl.DataFrame, books: str) -> None:
    """Part a table's rows into good and bad ones."""
    table = raw.table
    parsed = parse(raw, books=books)
    if table is CUSTOMERS:
        good, strangers = without_stranger_payers(table, parsed.good, earlier)
    else:
        known = pl.concat([taken.good[CUSTOMERS.name].select("customer_id"), earlier])
        good, strangers = without_strangers(table, parsed.good, known)
    good, others, repeats = without_repeats(table, good)
    bad = [*parsed.bad, *strangers, *others]
    taken.good[table.name] = good
    taken.repeats += repeats
    lines = raw.lines([one.row for one in bad]) if bad else []
    taken.bad += [
        Quarantined(one.table, raw.file, line, one.key, one.column, one.value, one.reason)
        for one, line in sorted(zip(bad, lines, strict=True), key=lambda pair: pair[1])
    ]
    if table.name == "invoices" and bad:
        taken.spared = _spared(raw, bad)


def _spared(raw: RawTable, bad: list[BadRow]) -> pl.DataFrame:
    """Ids of bad invoices: they are not gone. Where the term can't be read, all terms are spared."""
    rows = raw.frame.join(
        pl.DataFrame({ROW: [one.row for one in bad]}, schema={ROW: pl.UInt32}), on=ROW, how="semi"
    )
    terms = pl.col("term") if "term" in rows.columns else pl.lit(None, pl.String)
    number = terms.cast(pl.Int64, strict=False).cast(pl.String)
    with_term = pl.concat_str("invoice_id", pl.lit("/"), number)
    item = pl.when(terms.is_null()).then("invoice_id").otherwise(with_term)
    return rows.select("invoice_id", item_id=item)


# ---------------------------------------------------------------- refuse


def _refusal(uow: UnitOfWork, taken: _Taken, entity: Entity) -> ImportRefusedError | None:
    """A broken export must not make anybody believe that everyone has paid."""
    for name in _NEVER_EMPTY_AGAIN:
        if taken.read.get(name) == 0 and _had_rows(uow, name, entity.entity):
            return ImportRefusedError(
                f"The extract of {entity.entity} holds no {name}, but earlier ones did; nothing was changed.",
                hint="Look at the export, and import it again when it is whole.",
            )
    read, bad = sum(taken.read.values()), len(taken.bad)
    if bad > entity.max_bad_rows * read:
        places = "; ".join(one.place for one in taken.bad[:_PLACES_SHOWN])
        return ImportRefusedError(
            f"{bad} of {read} rows of {entity.entity} are bad ({bad / read:.1%}; at most "
            f"{entity.max_bad_rows:.1%} may be); nothing was changed. First: {places}.",
            hint=f"Mend the export, or raise max_bad_rows of {entity.entity}.",
        )
    return None


def _had_rows(uow: UnitOfWork, name: str, entity: str) -> bool:
    table = LEDGER_TABLES[name]
    return bool(uow.execute(sa.select(sa.exists().where(table.c.entity == entity))).scalar_one())


def _record_refusal(
    uow: UnitOfWork, extract: Extract, taken: _Taken, *, entity: str, extract_date: date, message: str
) -> None:
    """Keep on record, in a transaction of its own, why an extract was refused."""
    counts = {"read": sum(taken.read.values()), "quarantined": len(taken.bad), "tables": taken.read}
    with UnitOfWork(uow.database) as own:
        own.execute(
            sa.insert(import_run).values(
                entity=entity,
                extract_date=extract_date,
                source=extract.source,
                digest=extract.digest,
                status="refused",
                message=message,
                counts=counts,
            )
        )
        own.commit()


# ---------------------------------------------------------------- store


def _store(
    uow: UnitOfWork, extract: Extract, taken: _Taken, *, entity: str, extract_date: date
) -> ImportReport:
    later = later_extracts(uow, entity, extract_date)
    known_before = _was_taken(uow, taken, entity=entity, extract_date=extract_date)
    import_id = int(
        uow.execute(
            sa.insert(import_run)
            .values(
                entity=entity,
                extract_date=extract_date,
                source=extract.source,
                digest=extract.digest,
                status="done",
                counts={},
            )
            .returning(import_run.c.import_id)
        ).scalar_one()
    )
    listed = update_quarantine(uow, entity=entity, import_id=import_id, bad=taken.bad, good=taken.good)
    totals = {"inserted": 0, "updated": 0, "unchanged": taken.repeats, "closed": 0}
    stored_rows = 0
    invoices: list[pl.DataFrame] = []
    for name in list(taken.good):
        table, good = TABLES[name], taken.good.pop(name)
        stored = read_stored(uow, table, entity)
        if name == "payments":
            taken.warned += _payment_warnings(payment_warnings(good, invoices))
        changes = _changes(
            table, good, stored, extract_date=extract_date, later=later[name], spared=taken.spared
        )
        if name == "customers":
            taken.warned += _customer_warnings(table, good, stored, extract_date)
        if name == "invoices":
            invoices = [frame.select("item_id", "invoice_id", "currency") for frame in (good, stored)]
        del good, stored
        stored_rows += _write(uow, table, changes, entity=entity, import_id=import_id)
        for figure in totals:
            totals[figure] += getattr(changes, figure)
    report = ImportReport(
        entity=entity,
        extract_date=extract_date,
        import_id=import_id,
        read=sum(taken.read.values()),
        quarantined=len(taken.bad),
        warned=tuple(taken.warned),
        **totals,
    )
    return _conclude(uow, report, taken.read, nothing=known_before and not stored_rows and not listed)


def _was_taken(uow: UnitOfWork, taken: _Taken, *, entity: str, extract_date: date) -> bool:
    """Whether an extract of this date that brought these tables is on record."""
    rows = uow.execute(
        sa.select(import_run.c.counts).where(
            import_run.c.entity == entity,
            import_run.c.extract_date == extract_date,
            import_run.c.status == "done",
        )
    ).scalars()
    return any(set(counts["tables"]) >= set(taken.read) for counts in rows)


def _changes(
    table: Table,
    good: pl.DataFrame,
    stored: pl.DataFrame,
    *,
    extract_date: date,
    later: list[Any],
    spared: pl.DataFrame,
) -> Changes:
    if table.name == "signals":
        good = number_signals(good, stored)
    return find_changes(
        table,
        good,
        stored,
        extract_date=extract_date,
        later=later,
        spared=spared if table.name == "invoices" else None,
    )


def _write(uow: UnitOfWork, table: Table, changes: Changes, *, entity: str, import_id: int) -> int:
    rows = changes.rows.select(pl.lit(entity).alias("entity"), pl.lit(import_id).alias("import_id"), pl.all())
    return uow.copy(LEDGER_TABLES[table.name], rows)


def _conclude(
    uow: UnitOfWork, report: ImportReport, tables: dict[str, int], *, nothing: bool
) -> ImportReport:
    """Write the figures; an extract taken before that changed nothing leaves no trace."""
    mine = import_run.c.import_id == report.import_id
    if nothing:
        uow.execute(sa.delete(import_run).where(mine))
        return replace(report, import_id=None)
    uow.execute(sa.update(import_run).where(mine).values(counts={**report.as_dict(), "tables": tables}))
    return report


# ---------------------------------------------------------------- warn


def _customer_warnings(
    table: Table, good: pl.DataFrame, stored: pl.DataFrame, extract_date: date
) -> tuple[LedgerWarning, ...]:
    """Payers who have a payer of their own, among all customers as they are now."""
    absent = state_at(table, stored, extract_date).join(good, on="customer_id", how="anti")
    return payer_warnings(pl.concat([frame.select("customer_id", "payer_id") for frame in (good, absent)]))


def _payment_warnings(lost: pl.DataFrame) -> list[LedgerWarning]:
    return [
        LedgerWarning(
            "payment_other_currency" if elsewhere else "payment_unknown_invoice",
            payment,
            f"payment {payment} names invoice {invoice}, which "
            f"{f'is not in {currency}' if elsewhere else 'nobody knows'}: taken as unallocated",
        )
        for _, payment, invoice, currency, elsewhere in lost.iter_rows()
    ]
