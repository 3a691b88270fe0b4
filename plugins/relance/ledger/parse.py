"""Rows of a table, read: typed good ones, and bad ones as values with their place and reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from relance.ledger.cells import CellError, Formats, read_column, reader
from relance.ledger.formats import OVERFLOW, ROW
from relance.ledger.tables import Column, Table


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table of an extract as text.

    `frame`: `ROW` and String columns under the house's names; `lines` gives the places of rows in `file`;
    `unknown`: columns of the file that nothing reads.
    """

    table: Table
    frame: pl.DataFrame
    file: str
    lines: Callable[[Sequence[int]], list[int]]
    formats: Formats
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is turned away: its number, its id where it can be read, its first bad cell, and why."""

    table: str
    row: int
    key: str | None
    column: str
    value: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """`good`: `ROW` and the table's typed columns; `bad`: the others."""

    good: pl.DataFrame
    bad: tuple[BadRow, ...]


def parse(raw: RawTable, *, books: str) -> Parsed:
    """Read every cell of a table; `books` is the currency of the entity's books."""
    table, cells = raw.table, _complete(raw)
    typed = pl.DataFrame({ROW: cells[ROW]})
    flaws: list[pl.Series] = []
    for column in sorted(table.columns, key=lambda one: one.kind == "amount"):  # amounts after their currency
        text = cells[column.name]
        values = read_column(
            text, column, formats=raw.formats, currencies=_currencies(column, typed, cells, books)
        )
        flaw = values.is_null() if column.required else text.is_not_null() & values.is_null()
        flaws.append(flaw.alias(column.name))
        typed = typed.with_columns(values.alias(column.name))
    typed = _derive(table, typed)
    flawed = pl.DataFrame([flaw for flaw in (*flaws, *_row_flaws(table, typed, cells)) if flaw.any()])
    if not flawed.width:
        return Parsed(typed.select(ROW, *table.schema), ())
    is_bad = flawed.select(pl.any_horizontal(pl.all().fill_null(value=False))).to_series()
    words = _Words(raw, books)
    bad = [
        words.bad_row(cell, value, flaw)
        for cell, value, flaw in zip(
            cells.filter(is_bad).iter_rows(named=True),
            typed.filter(is_bad).iter_rows(named=True),
            flawed.filter(is_bad).iter_rows(named=True),
            strict=True,
        )
    ]
    return Parsed(typed.filter(~is_bad).select(ROW, *table.schema), tuple(bad))


def _complete(raw: RawTable) -> pl.DataFrame:
    """Cells with every column of the table; absent ones null, blank ones by their default."""
    frame = raw.frame
    absent = [pl.lit(None, pl.String).alias(c.name) for c in raw.table.columns if c.name not in frame.columns]
    frame = frame.with_columns(absent)
    return frame.with_columns(pl.col(c.name).fill_null(c.default) for c in raw.table.columns if c.default)


def _currencies(column: Column, typed: pl.DataFrame, cells: pl.DataFrame, books: str) -> pl.Series | None:
    if column.kind == "amount":
        return typed["currency"]
    return pl.repeat(books, cells.height, eager=True) if column.kind == "books_amount" else None


def _derive(table: Table, typed: pl.DataFrame) -> pl.DataFrame:
    """Columns that no file has: an open item's id, whether the source closed it, a signal's number."""
    if table.name == "invoices":
        with_term = pl.concat_str("invoice_id", pl.lit("/"), pl.col("term").cast(pl.String))
        return typed.with_columns(item_id=pl.coalesce(with_term, "invoice_id"), closed=pl.lit(value=False))
    if table.name == "signals":
        return typed.with_columns(ordinal=pl.lit(0, pl.Int64))
    return typed


def _row_flaws(table: Table, typed: pl.DataFrame, cells: pl.DataFrame) -> list[pl.Series]:
    """What is wrong with a row though its cells can be read, by `column:rule`."""
    rules: dict[str, pl.Expr] = {}
    if table.name == "invoices":
        rules["amount:negative"] = pl.col("amount") < 0
        rules["due_date:early"] = pl.col("due_date") < pl.col("issue_date").dt.offset_by("-1y")
        rules["term:first"] = pl.col("term") < 1
    found = [
        typed.select(rule.fill_null(value=False).alias(name)).to_series() for name, rule in rules.items()
    ]
    if OVERFLOW in cells.columns:
        found.append(cells[OVERFLOW].is_not_null().alias("*:overflow"))
    return found


_RULES = {
    "negative": "is negative; an invoice is 0 or more, write a credit_note for what is given back",
    "early": "is more than a year before the issue date; write the day by which it is to be paid",
    "first": "is no term; terms are numbered 1, 2, 3 …",
    "overflow": "is a cell more than the header has; put cells that hold the delimiter in quotes",
}


class _Words:
    """Says what is wrong with bad rows."""

    def __init__(self, raw: RawTable, books: str) -> None:
        self._raw = raw
        self._books = books
        self._columns = {column.name: column for column in raw.table.columns}

    def bad_row(self, cell: dict[str, object], value: dict[str, object], flaws: dict[str, object]) -> BadRow:
        order = ["*", *self._columns]
        names = sorted(
            (name for name, wrong in flaws.items() if wrong), key=lambda n: order.index(n.partition(":")[0])
        )
        said = [self._reason(name, cell, value) for name in names]
        first = names[0].partition(":")[0]
        further = "".join(
            f"; {self._header(name.partition(':')[0])} {why}"
            for name, why in zip(names[1:], said[1:], strict=True)
        )
        text = cell[OVERFLOW] if first == "*" else cell[first]
        return BadRow(
            table=self._raw.table.name,
            row=int(str(cell[ROW])),
            key=row_key(self._raw.table, value),
            column=self._header(first),
            value=None if text is None else str(text),
            reason=said[0] + further,
        )

    def _header(self, name: str) -> str:
        return self._columns[name].header if name in self._columns else name

    def _reason(self, name: str, cell: dict[str, object], value: dict[str, object]) -> str:
        first, _, rule = name.partition(":")
        if rule:
            return _RULES[rule]
        column, text = self._columns[first], cell[first]
        if text is None:
            return f"is missing; every row of {self._raw.table.name} needs its {column.header}"
        currency = self._books if column.kind == "books_amount" else value.get("currency")
        try:
            reader(column, formats=self._raw.formats, currency=None if currency is None else str(currency))(
                str(text)
            )
        except CellError as error:
            return str(error)
        return "can't be read"


def row_key(table: Table, values: dict[str, object]) -> str | None:
    """A row's id as quarantine keeps it, or None where it can't be read."""
    if table.name == "invoices":
        return None if values.get("item_id") is None else str(values["item_id"])
    parts = [values.get(name) for name in table.identity]
    return None if any(part is None for part in parts) else "|".join(str(part) for part in parts)
