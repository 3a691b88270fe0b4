"""Files as text cells: CSV, XLSX, Parquet; every cell as a person would have typed it."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from relance.errors import LedgerError
from relance.ledger.formats import OVERFLOW, ROW, from_frame, read_file


def csv(folder: Path, content: bytes, name: str = "x.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content", [b"a,b\n1,x\n", b"\xef\xbb\xbfA ,b\r\n 1 ,x\r\n", b"a;b\n1;x", b"a\tb\n1\tx\n"]
)
def test_csv_with_or_without_bom_comma_or_semicolon(tmp_path: Path, content: bytes) -> None:
    assert read_file(csv(tmp_path, content)).frame.rows() == [(0, "1", "x", None)]


def test_a_given_delimiter_is_taken(tmp_path: Path) -> None:
    assert read_file(csv(tmp_path, b"a|b\n1|x,y\n"), delimiter="|").frame.rows() == [(0, "1", "x,y", None)]


def test_csv_gz(tmp_path: Path) -> None:
    path = csv(tmp_path, gzip.compress(b"a,b\n1,2\n"), "x.csv.gz")
    assert read_file(path).frame.select("a", "b").rows() == [("1", "2")]


def test_blank_cells_are_null_and_blank_rows_are_none(tmp_path: Path) -> None:
    raw = read_file(csv(tmp_path, b'a,b\n1,\n\n"",  \n,2\n'))
    assert raw.frame.select(ROW, "a", "b").rows() == [(0, "1", None), (3, None, "2")]
    assert raw.lines([0, 3]) == [2, 5]


def test_lines_are_those_of_the_file_with_line_breaks_inside_quotes(tmp_path: Path) -> None:
    raw = read_file(csv(tmp_path, b'"a\nz",b\n"x\ny",1\nw,2\n"u\n\nv",3\nt,4\n'))
    assert raw.frame["b"].to_list() == ["1", "2", "3", "4"]
    assert raw.lines([0, 1, 2, 3]) == [3, 5, 6, 9]


def test_rows_with_fewer_or_more_cells_than_the_header(tmp_path: Path) -> None:
    raw = read_file(csv(tmp_path, b"a,b\n1\n1,2,3,4\n1,2,\n"))
    assert raw.frame.select("a", "b", OVERFLOW).rows() == [
        ("1", None, None),
        ("1", "2", "3"),
        ("1", "2", None),
    ]


def test_a_first_row_with_many_more_cells_than_the_header_is_a_row_like_any_other(tmp_path: Path) -> None:
    raw = read_file(csv(tmp_path, b"a,b\n1,2,3,4,5\n1,2\n"))
    assert raw.frame.select("a", "b", OVERFLOW).rows() == [("1", "2", "3"), ("1", "2", None)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,\xe9\n", r":2 holds a byte that is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b'a,b\n1,"open\n2,x\n', "quote"),
        (b"a,A\n1,2\n", "'a' stands twice"),
    ],
)
def test_a_file_that_cannot_be_taken_apart_is_refused_with_the_place(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(LedgerError, match=words):
        read_file(csv(tmp_path, content))


def test_the_character_that_no_database_takes_is_left_out(tmp_path: Path) -> None:
    raw = read_file(csv(tmp_path, b"a,b\n" + b"1,2\n" * 40_000 + b"x\0y,3\n"))
    assert raw.frame["a"][-1] == "xy"


def test_an_empty_file_has_no_columns_and_no_rows(tmp_path: Path) -> None:
    raw = read_file(csv(tmp_path, b""))
    assert (raw.columns, raw.frame.height) == ([], 0)
    assert read_file(csv(tmp_path, b"a,b\n")).frame.height == 0


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no kind that can be read"):
        read_file(csv(tmp_path, b"", "x.pdf"))
    for name in ("x.xlsx", "x.parquet"):
        with pytest.raises(LedgerError, match="can't be read as"):
            read_file(csv(tmp_path, b"nonsense", name))


def sheet(path: Path, rows: list[list[object]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if isinstance(value, date):
                    page.write_datetime(i, j, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
                elif value is not None:
                    page.write(i, j, value)
    return path


def test_xlsx_dates_are_days_and_numbers_exact(tmp_path: Path) -> None:
    rows = [
        ["Id", "on", "amount", "vip"],
        [10045, date(2026, 1, 5), 12.35, True],
        [10046, date(2026, 1, 6), 100, False],
        [10047, None, 123456789.01, None],
    ]
    raw = read_file(sheet(tmp_path / "x.xlsx", rows))
    assert raw.frame.select("id", "on", "amount", "vip").rows() == [
        ("10045", "2026-01-05", "12.35", "true"),
        ("10046", "2026-01-06", "100", "false"),
        ("10047", None, "123456789.01", None),
    ]
    assert raw.lines([0, 2]) == [2, 4]


def test_xlsx_columns_of_mixed_kinds(tmp_path: Path) -> None:
    rows = [
        ["id", "on", "amount"],
        ["A1", date(2026, 1, 5), 99999999999.99],
        [10045, "2026-01-06", "7.10"],
        [1.0, "soon", 0.285],
    ]
    raw = read_file(sheet(tmp_path / "x.xlsx", rows))
    assert raw.frame.select("id", "on", "amount").rows() == [
        ("A1", "2026-01-05", "99999999999.99"),
        ("10045", "2026-01-06", "7.10"),
        ("1", "soon", "0.285"),
    ]


def test_parquet_and_sql_types_become_plain_text(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "amount": [Decimal("12.50"), None],
            "rate": [0.1, 3.0],
            "n": [1, 2],
            "on": [date(2026, 1, 5), None],
            "at": [datetime(2026, 1, 5, 13, 30), None],  # noqa: DTZ001
            "vip": [True, None],
            "text": [" x\0 ", ""],
            "kind": pl.Series(["a", "b"], dtype=pl.Categorical),
            "opt": [["email", "sms"], []],
        }
    )
    frame.write_parquet(tmp_path / "x.parquet")
    raw = read_file(tmp_path / "x.parquet")
    assert raw.typed
    assert raw.frame.drop(ROW).rows() == [
        ("12.50", "0.1", "1", "2026-01-05", "2026-01-05", "true", "x", "a", "email|sms"),
        (None, "3", "2", None, None, None, None, "b", None),
    ]
    assert raw.lines([0, 1]) == [1, 2]


def test_a_column_that_no_text_stands_for_is_refused() -> None:
    with pytest.raises(LedgerError, match="x: a holds"):
        from_frame(pl.DataFrame({"a": [{"b": 1}]}), name="x")
