"""One file of an extract as text cells: CSV (also .gz), XLSX or Parquet.

Every cell comes as the text that a person would have typed, so that one way of reading values serves all
formats. A cell of blanks is null, a row of blanks is no row.
"""

from __future__ import annotations

import csv
import gzip
import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    import fastexcel

import polars as pl

from relance.errors import LedgerError

SUFFIXES = (".csv", ".csv.gz", ".xlsx", ".parquet")
ROW = "__row"
OVERFLOW = "__overflow"

_PLAIN_TYPES = (pl.Boolean, pl.Null, pl.Categorical, pl.Enum)
_TIME = r"[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"
_LONG_FRACTION = r"^-?\d+\.\d{9}$"


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file's cells as text.

    `frame`: String columns named by the header (lower case, trimmed) and `ROW` (UInt32); `OVERFLOW` where
    rows had more cells than the header. `lines` gives the places of rows in the file: lines of CSV, else
    rows of the sheet or table. `typed`: numbers and dates had types of their own, so that their text is
    plain.
    """

    name: str
    frame: pl.DataFrame
    lines: Callable[[Sequence[int]], list[int]]
    typed: bool = False

    @property
    def columns(self) -> list[str]:
        """The header."""
        return [column for column in self.frame.columns if column not in {ROW, OVERFLOW}]


def read_file(path: Path, *, delimiter: str | None = None) -> RawFile:
    """The cells of a file, by its suffix.

    Raises:
        LedgerError: when it can't be read, is of another kind, or has no usable header.
    """
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return _read_csv(path, delimiter)
    if name.endswith(".xlsx"):
        return _read_xlsx(path)
    if name.endswith(".parquet"):
        return _read_parquet(path)
    raise LedgerError(f"{path} is of no kind that can be read.", hint="Give CSV, XLSX or Parquet.")


def from_frame(frame: pl.DataFrame, *, name: str, first_line: int = 1) -> RawFile:
    """Typed columns as text: numbers by their shortest exact form, dates as ISO, booleans as true/false.

    Raises:
        LedgerError: for columns that no text stands for.
    """
    header = _header(frame.columns, name)
    frame = frame.rename(dict(zip(frame.columns, header, strict=True))).select(
        _as_text(pl.col(column), dtype, f"{name}: {column}")
        for column, dtype in zip(header, frame.dtypes, strict=True)
    )
    return RawFile(name, _rows(frame), lambda rows: [row + first_line for row in rows], typed=True)


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Cells trimmed, blank ones null, rows numbered, blank rows left out."""
    cells = pl.all().str.strip_chars()
    trimmed = frame.with_columns(pl.when(cells.str.len_bytes() > 0).then(cells))
    numbered = trimmed.with_row_index(ROW)
    if not frame.width:
        return numbered
    return numbered.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null()))


def _header(columns: Sequence[str], name: str) -> list[str]:
    """Header cells in lower case; nameless ones get a name that nothing reads."""
    header = [
        cell.strip().lower()
        if cell.strip() and not cell.startswith("__UNNAMED__")
        else f"__nameless_{position}"
        for position, cell in enumerate(columns)
    ]
    twice = sorted({cell for cell in header if header.count(cell) > 1})
    if twice:
        raise LedgerError(f"{name}: the column {twice[0]!r} stands twice.", hint="Leave one of them out.")
    return header


def _as_text(cell: pl.Expr, dtype: pl.DataType, place: str) -> pl.Expr:
    if dtype == pl.String:
        return cell.str.replace_all("\0", "", literal=True)
    if dtype.is_float():
        whole = (cell == cell.floor()) & (cell.abs() < 1e15)
        return (
            pl.when(whole)
            .then(cell.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(cell.cast(pl.String))
        )
    if dtype.is_integer() or dtype.is_decimal() or isinstance(dtype, _PLAIN_TYPES):
        return cell.cast(pl.String)
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return cell.dt.strftime("%Y-%m-%d")
    if isinstance(dtype, pl.List) and dtype.inner == pl.String:
        return cell.list.join("|")
    raise LedgerError(
        f"{place} holds {dtype}, which is neither text, number nor date.", hint="Cast it in the source."
    )


# ---------------------------------------------------------------- CSV


def _open(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _read_csv(path: Path, delimiter: str | None) -> RawFile:
    header, delimiter, header_lines = _csv_header(path, delimiter)
    if not header:
        return RawFile(path.name, pl.DataFrame(schema={ROW: pl.UInt32}), lambda rows: [1 for _ in rows])
    schema = dict.fromkeys([*header, OVERFLOW], pl.String())
    try:
        frame = pl.read_csv(
            path,
            separator=delimiter,
            has_header=False,
            skip_rows=1,
            schema=schema,
            missing_columns="insert",
            extra_columns="ignore",  # one cell too many shows in OVERFLOW; how many more doesn't matter
            truncate_ragged_lines=True,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        raise _csv_error(path, error) from error
    if not frame.width:
        frame = pl.DataFrame(schema=schema)
    return RawFile(
        path.name,
        _rows(frame.with_columns(_without_nul(frame))),
        lambda rows: _csv_lines(path, delimiter, rows, header_lines),
    )


def _without_nul(frame: pl.DataFrame) -> list[pl.Expr]:
    """Columns that hold the character which no database takes, without it."""
    spoiled = [name for name in frame.columns if frame[name].str.contains("\0", literal=True).any()]
    return [pl.col(name).str.replace_all("\0", "", literal=True) for name in spoiled]


def _csv_header(path: Path, delimiter: str | None) -> tuple[list[str], str, int]:
    """Header cells, the delimiter (seen from the header unless given), and the lines that it takes."""
    with _open(path) as file:
        start = file.read(1 << 16)
    text = start.decode("utf-8-sig", errors="replace")
    if "\0" in text:
        raise LedgerError(f"{path} is not UTF-8 (UTF-16?).", hint="Export it as UTF-8.")
    best: tuple[list[str], str, int] = ([], delimiter or ",", 1)
    for one in (delimiter,) if delimiter else (",", ";", "\t"):
        reader = csv.reader(text.splitlines(keepends=True), delimiter=one)
        cells = next(reader, [])
        if len(cells) > len(best[0]):
            best = cells, one, reader.line_num
    return _header(best[0], path.name), best[1], best[2]


def _csv_error(path: Path, error: Exception) -> LedgerError:
    """What is wrong with a file that can't be taken apart, and where."""
    with _open(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return LedgerError(
                    f"{path}:{number} holds a byte that is not UTF-8.", hint="Export it as UTF-8."
                )
    said = str(error).splitlines()[0][:200]
    return LedgerError(
        f"{path} can't be read as CSV: {said}.",
        hint='Look for a quote that doesn\'t close; inside quotes a quote is written twice ("").',
    )


def _csv_lines(path: Path, delimiter: str, rows: Sequence[int], header_lines: int) -> list[int]:
    """The lines on which rows begin; line breaks inside quotes are counted."""
    wanted, found = set(rows), dict[int, int]()
    with _open(path) as file:
        text = (line.decode("utf-8", errors="replace") for line in file)
        reader = csv.reader(text, delimiter=delimiter)
        next(reader, None)
        before = max(reader.line_num, header_lines)
        for number, _ in enumerate(reader):
            if number in wanted:
                found[number] = before + 1
                if len(found) == len(wanted):
                    break
            before = reader.line_num
    return [found.get(row, row + 1 + header_lines) for row in rows]


# ---------------------------------------------------------------- XLSX and Parquet


def _read_xlsx(path: Path) -> RawFile:
    import fastexcel

    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it warns of every empty column
    try:
        book = fastexcel.read_excel(path)
        stem = path.name.partition(".")[0].lower()
        sheet_name = next(
            (name for name in book.sheet_names if name.strip().lower() == stem), book.sheet_names[0]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = _sheet(book, sheet_name)
    except (fastexcel.FastExcelError, IndexError) as error:
        raise LedgerError(f"{path} can't be read as XLSX: {str(error).splitlines()[0][:200]}.") from error
    raw = from_frame(frame, name=path.name, first_line=2)
    cells = [_excel_text(pl.col(column)).alias(column) for column in raw.columns]
    return replace(raw, frame=raw.frame.with_columns(cells) if cells else raw.frame)


def _sheet(book: fastexcel.ExcelReader, sheet_name: str) -> pl.DataFrame:
    return pl.DataFrame(book.load_sheet(sheet_name, schema_sample_rows=None).to_polars())


def _excel_text(cell: pl.Expr) -> pl.Expr:
    """Columns of mixed kinds put right: there, dates come with a time and fractions with nine digits."""
    dated = (
        pl.when(cell.str.contains(r"^\d{4}-\d{2}-\d{2}" + _TIME)).then(cell.str.slice(0, 10)).otherwise(cell)
    )
    long = pl.when(cell.str.contains(_LONG_FRACTION)).then(cell)
    return pl.coalesce(long.cast(pl.Float64, strict=False).cast(pl.String), dated)


def _read_parquet(path: Path) -> RawFile:
    try:
        frame = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        raise LedgerError(f"{path} can't be read as Parquet: {str(error).splitlines()[0][:200]}.") from error
    return from_frame(frame, name=path.name)
