"""CSV tables of the law folder: one published figure a row, `#` comments, every bad row a problem."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from relance.law.daycount import Half
from relance.law.rates import STATUSES, Exchange, ExchangeRate, Rate, Series, Status

RATE_COLUMNS = ("half_year", "rate", "status", "source")
EXCHANGE_COLUMNS = ("due_month", "published", "rate", "status", "source")

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def read_series(path: Path, problems: list[str]) -> Series:
    """The rates of one reference series; its name is the file's."""
    return Series(path.stem, _table(path, RATE_COLUMNS, _rate_row, problems))


def read_exchange(path: Path, problems: list[str]) -> Exchange:
    """The exchange rates of one table; its name is the file's."""
    return Exchange(path.stem, _table(path, EXCHANGE_COLUMNS, _exchange_row, problems))


def _table(
    path: Path,
    columns: tuple[str, ...],
    read_row: Callable[[Mapping[str, str]], tuple[_Key, _Value]],
    problems: list[str],
) -> dict[_Key, _Value]:
    """The rows of a CSV with `#` comments; a row that can't be read becomes a problem."""
    table: dict[_Key, _Value] = {}
    for number, cells in _csv_lines(path, columns, problems):
        try:
            key, value = read_row(dict(zip(columns, cells, strict=True)))
        except ValueError as error:
            what = f"{len(cells)} cells; write {','.join(columns)}" if len(cells) != len(columns) else error
            problems.append(f"{path}:{number}: {what}")
            continue
        if key in table:
            problems.append(f"{path}:{number}: {cells[0]} stands twice; keep one row")
        table[key] = value
    return table


def _csv_lines(path: Path, columns: tuple[str, ...], problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    header_seen = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = next(csv.reader([line]))
        if header_seen:
            yield number, cells
        elif tuple(cells) != columns:
            problems.append(f"{path}:{number}: unknown header; write {','.join(columns)}")
            return
        header_seen = True


def _rate_row(row: Mapping[str, str]) -> tuple[Half, Rate]:
    return Half.parse(row["half_year"]), Rate(
        _number(row["rate"]), _status(row["status"]), _source(row["source"])
    )


def _exchange_row(row: Mapping[str, str]) -> tuple[tuple[int, int], ExchangeRate]:
    due = date.fromisoformat(f"{row['due_month']}-01")
    published = date.fromisoformat(row["published"])
    if published >= due:
        raise ValueError(
            f"published on {published}; write the last working day of the month before {row['due_month']}"
        )
    rate = ExchangeRate(_number(row["rate"]), published, _status(row["status"]), _source(row["source"]))
    if rate.rate <= 0:
        raise ValueError(f"{rate.rate} is not an exchange rate; write units of money above 0")
    return (due.year, due.month), rate


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number; write for example 2.15") from error
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a number; write for example 2.15")
    return value


def _status(text: str) -> Status:
    for status in STATUSES:
        if text == status:
            return status
    raise ValueError(f"status {text!r} is unknown; write {', '.join(STATUSES)}")


def _source(text: str) -> str:
    if not text.strip():
        raise ValueError("no source; write where the figure was read")
    return text
