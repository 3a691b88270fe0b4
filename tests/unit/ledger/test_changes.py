"""What an extract changes: updates, closings, extracts that come late, signals without an id."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from relance.ledger.changes import Changes, find_changes, number_signals
from relance.ledger.tables import INVOICES, SIGNALS
from tests.unit.ledger.build import Row, d, frame, invoice

SIGNAL = {"customer_id": "C1", "kind": "negotiation", "from_date": d("01-01"), "ordinal": 0}


def good(rows: list[Row]) -> pl.DataFrame:
    return frame("invoices", rows).drop("extract_date", "import_id")


class Store:
    """The stored versions of invoices, extract after extract."""

    def __init__(self) -> None:
        self.rows = frame("invoices", [])
        self.dates: list[date] = []

    def take(self, on: str, rows: list[Row], spared: list[Row] | None = None) -> Changes:
        later = [day for day in self.dates if day > d(on)]
        turned_away = pl.DataFrame(spared or [], schema={"item_id": pl.String, "invoice_id": pl.String})
        changes = find_changes(
            INVOICES, good(rows), self.rows, extract_date=d(on), later=later, spared=turned_away
        )
        self.dates.append(d(on))
        fresh = changes.rows.with_columns(import_id=pl.lit(len(self.dates), pl.Int64)).select(
            self.rows.columns
        )
        self.rows = pl.concat([self.rows, fresh])
        return changes

    def history(self, item: str = "I1") -> list[tuple[Any, ...]]:
        mine = self.rows.filter(pl.col("item_id") == item).sort("extract_date", "import_id")
        return [
            (f"{day:%m-%d}", amount, closed)
            for day, amount, closed in mine.select("extract_date", "amount", "closed").rows()
        ]


def figures(changes: Changes) -> tuple[int, int, int, int]:
    return changes.inserted, changes.updated, changes.unchanged, changes.closed


def test_the_same_rows_twice_change_nothing() -> None:
    store = Store()
    assert figures(store.take("02-01", [invoice(), invoice("I2")])) == (2, 0, 0, 0)
    assert figures(store.take("02-01", [invoice("I2"), invoice()])) == (0, 0, 2, 0)
    assert figures(store.take("02-02", [invoice("I2"), invoice()])) == (0, 0, 2, 0)
    assert store.rows.height == 2


def test_a_later_file_updates_and_keeps_the_former_version() -> None:
    store = Store()
    store.take("02-01", [invoice()])
    assert figures(store.take("02-02", [invoice(amount=900)])) == (0, 1, 0, 0)
    assert store.history() == [("02-01", 1000, False), ("02-02", 900, False)]


def test_an_invoice_that_disappears_is_closed_once_and_one_that_reappears_is_open_again() -> None:
    store = Store()
    store.take("02-01", [invoice(), invoice("I2")])
    assert figures(store.take("02-02", [invoice("I2")])) == (0, 0, 1, 1)
    assert figures(store.take("02-03", [invoice("I2")])) == (0, 0, 1, 0)
    assert figures(store.take("02-04", [invoice("I2"), invoice()])) == (0, 1, 1, 0)
    assert store.history() == [("02-01", 1000, False), ("02-02", 1000, True), ("02-04", 1000, False)]


def test_a_row_turned_away_has_not_disappeared() -> None:
    store = Store()
    store.take("02-01", [invoice(), invoice("T1", term=1), invoice("T1", term=2), invoice("I2")])
    spared = [
        {"item_id": "I1", "invoice_id": "I1"},
        {"item_id": None, "invoice_id": "T1"},
        {"item_id": None, "invoice_id": None},
    ]
    assert figures(store.take("02-02", [], spared)) == (0, 0, 0, 1)
    assert store.history("I2")[-1] == ("02-02", 1000, True)


def test_an_extract_that_comes_late_does_not_speak_for_later_ones() -> None:
    store = Store()
    store.take("02-01", [invoice()])
    store.take("02-10", [invoice()])
    store.take("02-20", [invoice()])
    assert figures(store.take("02-05", [invoice(amount=700), invoice("I2")])) == (1, 1, 0, 0)
    assert store.history() == [("02-01", 1000, False), ("02-05", 700, False), ("02-10", 1000, False)]
    assert store.history("I2") == [("02-05", 1000, False), ("02-10", 1000, True)]


def test_a_late_extract_without_an_invoice_closes_it_only_until_the_next() -> None:
    store = Store()
    store.take("02-01", [invoice(), invoice("I2")])
    store.take("02-10", [invoice(), invoice("I2")])
    assert store.take("02-05", [invoice("I2")]).closed == 1
    assert store.history() == [("02-01", 1000, False), ("02-05", 1000, True), ("02-10", 1000, False)]


def test_a_late_extract_older_than_all_gives_rows_their_older_version() -> None:
    store = Store()
    store.take("02-10", [invoice()])
    store.take("02-05", [invoice(amount=700)])
    assert store.history() == [("02-05", 700, False), ("02-10", 1000, False)]


@given(
    st.permutations([0, 1, 2, 3]),
    st.lists(st.sets(st.sampled_from([("I1", 1), ("I1", 2), ("I2", 1)])), min_size=4, max_size=4),
)
def test_in_whatever_order_extracts_come_each_day_says_what_its_extract_said(
    order: list[int], contents: list[set[tuple[str, int]]]
) -> None:
    extracts = [
        [invoice(name, amount=amount) for name, amount in dict(sorted(one)).items()] for one in contents
    ]
    store = Store()
    for number in order:
        store.take(f"02-0{number + 1}", extracts[number])
    for number, rows in enumerate(extracts):
        until = store.rows.filter(pl.col("extract_date") <= d(f"02-0{number + 1}"))
        newest = (
            until.sort("extract_date", "import_id").unique("item_id", keep="last").filter(~pl.col("closed"))
        )
        assert dict(newest.select("item_id", "amount").rows()) == {
            row["item_id"]: row["amount"] for row in rows
        }


# ---------------------------------------------------------------- signals


def signals(*notes: str | None, stored: bool = False) -> pl.DataFrame:
    rows = [
        SIGNAL | {"note": text, "ordinal": number if stored else 0}
        for number, text in enumerate(notes, start=1)
    ]
    frames = frame("signals", rows)
    return frames if stored else frames.drop("extract_date", "import_id")


def numbers(fresh: pl.DataFrame, stored: pl.DataFrame) -> dict[str | None, int]:
    return dict(number_signals(fresh, stored).select("note", "ordinal").rows())


def test_signals_of_one_customer_kind_and_day_are_told_apart_in_any_order() -> None:
    none = signals(stored=True)
    assert (
        numbers(signals("a", "b", None), none)
        == numbers(signals(None, "b", "a"), none)
        == {"a": 1, "b": 2, None: 3}
    )


def test_a_stored_signal_keeps_its_number_and_a_changed_one_takes_the_place_left() -> None:
    stored = signals("a", "b", stored=True)
    assert numbers(signals("b", "A new one", "a"), stored) == {"a": 1, "b": 2, "A new one": 3}
    assert numbers(signals("b", "A new one"), stored) == {"A new one": 1, "b": 2}


def test_signals_seen_again_are_unchanged() -> None:
    stored = signals("a", None, stored=True)
    again = number_signals(signals(None, "a"), stored)
    found = find_changes(SIGNALS, again, stored, extract_date=d("12-01"), later=[])
    assert (found.inserted, found.updated, found.unchanged) == (0, 0, 2)
