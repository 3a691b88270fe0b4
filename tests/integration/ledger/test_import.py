"""Taking extracts in: idempotent, atomic, refusing what is broken, keeping every version."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from relance.errors import BusyError, ImportRefusedError, LedgerError
from relance.ledger import balance, import_ledger, importing, list_quarantine, load_versions, take_snapshot
from relance.store.database import Database
from relance.store.schema import LEDGER_TABLES, import_run, quarantine
from relance.store.uow import UnitOfWork
from tests.integration.ledger.conftest import (
    Take,
    contact,
    customer,
    entity,
    invoice,
    payment,
    signal,
    write_csv,
)

pytestmark = pytest.mark.integration

WHOLE = {
    "customers": [customer(), customer("C2", vip="yes", credit_limit="1000.00", recurring_revenue="5000")],
    "contacts": [contact(opt_out="sms|call"), contact("K2", active="no")],
    "invoices": [
        invoice(),
        invoice("I2", term="1", amount="60.00"),
        invoice("I2", term="2", amount="40.00", due_date="2026-03-01"),
        invoice("N1", kind="credit_note", credits_invoice_id="I1", amount="5.00"),
    ],
    "payments": [payment(), payment("P2", invoice_id="", amount="-3.00")],
    "signals": [signal(), signal(note="still talking"), signal(kind="churn_risk", until="2026-12-31")],
}


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every ledger table, and of what imports leave."""
    tables = [*LEDGER_TABLES.values(), import_run, quarantine]
    with UnitOfWork(database) as uow:
        return {table.name: sorted(map(str, uow.execute(sa.select(table)).all())) for table in tables}


def opens(database: Database, on: str) -> dict[str, int]:
    shot = take_snapshot(load_versions(database, "FR01"), date.fromisoformat(on))
    return dict(shot.items.select("invoice_id", "open").iter_rows())


def test_the_five_tables_come_in_and_out(take: Take, database: Database) -> None:
    report = take(**WHOLE)
    assert report.as_dict() == {
        "read": 13,
        "inserted": 13,
        "updated": 0,
        "unchanged": 0,
        "closed": 0,
        "quarantined": 0,
        "warnings": 0,
    }
    shot = take_snapshot(load_versions(database, "FR01"), date(2026, 3, 2))
    assert opens(database, "2026-03-02") == {"I1": 8500, "I2/1": 6000, "I2/2": 4000}
    assert shot.customers.filter(pl.col("customer_id") == "C2").select(
        "vip", "credit_limit", "recurring_revenue"
    ).row(0) == (
        True,
        100000,
        5000,
    )
    assert shot.contacts.sort("contact_id").select("opt_out", "active").rows() == [
        ("sms|call", True),
        (None, False),
    ]
    assert shot.signals.sort("kind", "note").select("kind", "from_date", "until", "note").rows() == [
        ("churn_risk", date(2026, 2, 1), date(2026, 12, 31), None),
        ("negotiation", date(2026, 2, 1), None, None),
        ("negotiation", date(2026, 2, 1), None, "still talking"),
    ]
    assert shot.extract_date == date(2026, 3, 1)


def test_the_same_files_twice_change_nothing(take: Take, database: Database) -> None:
    first = take(**WHOLE)
    before = everything(database)
    again = take(**WHOLE)
    assert everything(database) == before
    assert (again.inserted, again.updated, again.unchanged, again.read) == (0, 0, 13, first.read)
    assert again.import_id is None


def test_the_same_rows_in_another_order_change_nothing(take: Take, database: Database) -> None:
    take(**WHOLE)
    before = everything(database)
    assert take(**{name: rows[::-1] for name, rows in WHOLE.items()}).unchanged == 13
    assert everything(database) == before


def test_the_same_files_on_a_later_day_only_say_that_there_was_an_extract(
    take: Take, database: Database
) -> None:
    take(**WHOLE)
    report = take("2026-03-02", **WHOLE)
    assert (report.unchanged, report.import_id is not None) == (13, True)
    assert load_versions(database, "FR01").extract_of(date(2026, 3, 5)) == date(2026, 3, 2)
    assert database.read("SELECT count(*) AS n FROM invoice_version")["n"][0] == 4


def test_a_later_file_updates_and_a_past_day_stays_as_it_was(take: Take, database: Database) -> None:
    take(customers=[customer()], invoices=[invoice()])
    report = take("2026-03-05", customers=[customer(name="New name")], invoices=[invoice(amount="80.00")])
    assert (report.updated, report.unchanged) == (2, 0)
    assert [opens(database, on) for on in ("2026-03-04", "2026-03-05")] == [{"I1": 10000}, {"I1": 8000}]


def test_an_invoice_that_disappears_is_closed_by_the_source_from_then_on(
    take: Take, database: Database
) -> None:
    take(customers=[customer()], invoices=[invoice(), invoice("I2")])
    report = take("2026-03-05", customers=[customer()], invoices=[invoice()])
    assert (report.closed, report.unchanged, report.read) == (1, 2, 2)
    assert [opens(database, on).keys() for on in ("2026-03-04", "2026-03-05")] == [{"I1", "I2"}, {"I1"}]
    assert database.read("SELECT closed FROM invoice_version WHERE item_id = 'I2' ORDER BY import_id")[
        "closed"
    ].to_list() == [
        False,
        True,
    ]
    back = take("2026-03-06", customers=[customer()], invoices=[invoice(), invoice("I2")])
    assert (back.updated, back.closed) == (1, 0)
    assert opens(database, "2026-03-06").keys() == {"I1", "I2"}


def test_only_invoices_close(take: Take, database: Database) -> None:
    take(**WHOLE)
    report = take("2026-03-02", **{**WHOLE, "contacts": [contact()], "payments": [payment()], "signals": []})
    assert report.closed == 0
    shot = take_snapshot(load_versions(database, "FR01"), date(2026, 3, 2))
    assert (shot.contacts.height, shot.signals.height) == (2, 3)


def test_an_extract_that_comes_late_does_not_change_what_later_ones_said(
    take: Take, database: Database
) -> None:
    rows = [invoice(), invoice("I2")]
    for on in ("2026-03-01", "2026-03-10"):
        take(on, customers=[customer()], invoices=rows)
    take("2026-03-05", customers=[customer()], invoices=[invoice(amount="70.00")])
    assert opens(database, "2026-03-04") == {"I1": 10000, "I2": 10000}
    assert opens(database, "2026-03-05") == {"I1": 7000}
    assert opens(database, "2026-03-10") == {"I1": 10000, "I2": 10000}


def test_a_table_that_is_not_there_stays_as_it_is(take: Take, database: Database) -> None:
    take(**WHOLE)
    report = take("2026-03-02", customers=WHOLE["customers"], invoices=WHOLE["invoices"])
    assert report.read == 6
    assert take_snapshot(load_versions(database, "FR01"), date(2026, 3, 2)).contacts.height == 2


def test_entities_are_apart(take: Take, database: Database) -> None:
    take(customers=[customer()], invoices=[invoice()])
    other = take(customers=[customer()], invoices=[invoice(amount="7.00")], given={"entity": "DE01"})
    assert other.inserted == 2
    assert opens(database, "2026-03-02") == {"I1": 10000}


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize("name", ["customers", "contacts", "invoices", "payments"])
def test_an_empty_extract_where_there_was_a_full_one_changes_nothing_and_says_so(
    take: Take, database: Database, name: str
) -> None:
    take(**WHOLE)
    before = everything(database)
    with pytest.raises(
        ImportRefusedError, match=f"holds no {name}, but earlier ones did; nothing was changed"
    ):
        take("2026-03-02", **{**WHOLE, name: []})
    after = everything(database)
    assert {key: rows for key, rows in after.items() if key != "import_run"} == {
        key: rows for key, rows in before.items() if key != "import_run"
    }
    refused = database.read("SELECT status, message FROM import_run ORDER BY import_id DESC LIMIT 1").row(0)
    assert refused[0] == "refused"
    assert "nothing was changed" in refused[1]
    assert load_versions(database, "FR01").extract_of(date(2026, 3, 5)) == date(2026, 3, 1)


def test_a_file_without_a_byte_is_an_empty_extract(take: Take, tmp_path: Path) -> None:
    take(**WHOLE)
    folder = write_csv(tmp_path / "broken", WHOLE)
    (folder / "invoices.csv").write_bytes(b"")
    with pytest.raises(ImportRefusedError, match="holds no invoices"):
        take("2026-03-02", source=folder)


def test_the_first_extract_may_be_empty(take: Take) -> None:
    assert take(customers=[], invoices=[], contacts=[]).read == 0


def test_more_bad_rows_than_borne_change_nothing_and_the_message_says_what_to_do(
    take: Take, database: Database
) -> None:
    rows = [invoice(f"I{number}") for number in range(17)]
    bad = [invoice("B1", amount="x"), invoice("B2", amount="y")]
    with pytest.raises(
        ImportRefusedError, match=r"2 of 20 rows of FR01 are bad \(10\.0%; at most 5\.0% may be\)"
    ) as refused:
        take(customers=[customer()], invoices=[*rows, *bad], given={"max_bad_rows": 0.05})
    assert "invoices.csv:19 amount 'x' is not an amount" in str(refused.value)
    assert "raise max_bad_rows" in str(refused.value)
    assert list_quarantine(database, "FR01") == []
    assert database.read("SELECT status FROM import_run")["status"].to_list() == ["refused"]
    assert database.read("SELECT count(*) AS n FROM customer_version")["n"][0] == 0


def test_just_as_many_bad_rows_as_borne_go_through(take: Take) -> None:
    rows = [invoice(f"I{number}") for number in range(18)]
    report = take(
        customers=[customer()], invoices=[*rows, invoice("B1", amount="x")], given={"max_bad_rows": 0.05}
    )
    assert (report.read, report.quarantined) == (20, 1)


def test_missing_files_and_columns_are_named(take: Take, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"lacks invoices"):
        take(source=write_csv(tmp_path / "a", {"customers": []}))
    folder = write_csv(tmp_path / "b", {"customers": [], "invoices": []})
    (folder / "invoices.csv").write_text("invoice_id,customer_id\n")
    with pytest.raises(
        LedgerError, match=r"invoices\.csv lacks issue_date, due_date, amount, currency \(invoices\)"
    ):
        take(source=folder)


# ---------------------------------------------------------------- atomic


def test_an_error_in_the_middle_leaves_nothing(
    take: Take, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(**WHOLE)
    before = everything(database)
    write = importing._write

    def failing(uow: UnitOfWork, table: object, *rest: object, **named: object) -> int:
        if table.name == "payments":
            raise RuntimeError("power cut")
        return write(uow, table, *rest, **named)

    monkeypatch.setattr(importing, "_write", failing)
    with pytest.raises(RuntimeError, match="power cut"):
        take(
            "2026-03-02",
            customers=[customer(name="x")],
            invoices=[invoice("B", amount="x")],
            payments=[payment("P9")],
        )
    assert everything(database) == before


def test_nothing_is_there_until_the_caller_commits(database: Database, tmp_path: Path) -> None:
    folder = write_csv(tmp_path / "x", WHOLE)
    with UnitOfWork(database) as uow:
        import_ledger(uow, entity=entity(), source=folder, extract_date=date(2026, 3, 1))
        again = import_ledger(uow, entity=entity(), source=folder, extract_date=date(2026, 3, 1))
        assert again.unchanged == 13
    assert everything(database)["import_run"] == []


def test_two_imports_of_one_entity_never_overlap(database: Database, tmp_path: Path) -> None:
    folder = write_csv(tmp_path / "x", WHOLE)
    with UnitOfWork(database) as one, UnitOfWork(database) as other:
        import_ledger(one, entity=entity(), source=folder, extract_date=date(2026, 3, 1))
        with pytest.raises(BusyError, match="Another import of FR01"):
            import_ledger(other, entity=entity(), source=folder, extract_date=date(2026, 3, 1))


# ---------------------------------------------------------------- sources


def test_xlsx_parquet_and_sql_bring_what_csv_brings(take: Take, database: Database, tmp_path: Path) -> None:
    take(**WHOLE)
    before = everything(database)
    csv = write_csv(tmp_path / "csv", WHOLE)
    frames = {name: pl.read_csv(csv / f"{name}.csv", try_parse_dates=True) for name in WHOLE}
    for kind in ("xlsx", "parquet"):
        folder = tmp_path / kind
        folder.mkdir()
        for name, frame in frames.items():
            if kind == "xlsx":
                frame.write_excel(folder / f"{name}.xlsx")
            else:
                frame.write_parquet(folder / f"{name}.parquet")
        assert take(source=folder).unchanged == 13, kind
    assert take(source={name: frame.to_arrow() for name, frame in frames.items()}).unchanged == 13
    readers = {name: (lambda frame=frame: frame.to_arrow().to_reader()) for name, frame in frames.items()}
    assert take(source=readers).unchanged == 13
    assert everything(database) == before


def test_sql_needs_customers_and_invoices(take: Take) -> None:
    with pytest.raises(LedgerError, match="no query for invoices"):
        take(source={"customers": pl.DataFrame()})


# ---------------------------------------------------------------- warnings


def warned(report: object) -> list[tuple[str, str]]:
    return [(one.kind, one.subject) for one in report.warned]


def test_payments_of_unknown_invoices_or_other_currencies_are_warnings(
    take: Take, database: Database
) -> None:
    paid = [
        payment(),
        payment("P2", invoice_id="X"),
        payment("P3", currency="USD"),
        payment("P4", invoice_id=""),
    ]
    paid.append(payment("P5", invoice_id="B"))
    report = take(customers=[customer()], invoices=[invoice(), invoice("B", amount="x")], payments=paid)
    assert warned(report) == [
        ("payment_unknown_invoice", "P2"),
        ("payment_other_currency", "P3"),
        ("payment_unknown_invoice", "P5"),
    ]
    figures = balance(take_snapshot(load_versions(database, "FR01"), date(2026, 3, 1)))
    assert [(one["currency"], one["credit"]) for one in figures["currencies"]] == [
        ("EUR", 3000),
        ("USD", 1000),
    ]


def test_payments_may_name_a_term_an_invoice_of_terms_or_one_known_from_before(take: Take) -> None:
    terms = [invoice("I2", term="1"), invoice("I2", term="2")]
    take(customers=[customer()], invoices=[invoice()])
    paid = [payment("P1", invoice_id="I2"), payment("P2", invoice_id="I2/2"), payment("P3", invoice_id="I1")]
    assert take("2026-03-02", customers=[customer()], invoices=terms, payments=paid).warnings == 0


def test_a_payer_chain_and_a_cycle_are_warnings(take: Take) -> None:
    parties = [customer(payer_id="C2"), customer("C2", payer_id="C3"), customer("C3", payer_id="C2")]
    assert warned(take(customers=parties, invoices=[])) == [
        ("payer_chain", "C1"),
        ("payer_cycle", "C2"),
        ("payer_cycle", "C3"),
    ]


def test_a_column_that_nothing_reads_is_a_warning(take: Take) -> None:
    assert warned(take(customers=[customer(colour="red")], invoices=[])) == [
        ("unknown_column", "customers.csv:colour")
    ]


# ---------------------------------------------------------------- the quarantine's life


def listed(database: Database) -> list[tuple[str | None, int, str]]:
    return [(row.key, row.line, row.column) for row in list_quarantine(database, "FR01")]


def test_an_import_that_brings_a_row_right_clears_it(take: Take, database: Database) -> None:
    take(customers=[customer()], invoices=[invoice(), invoice("B", amount="x")])
    assert listed(database) == [("B", 3, "amount")]
    take("2026-03-02", customers=[customer()], invoices=[invoice("B"), invoice()])
    assert listed(database) == []
    with UnitOfWork(database) as uow:
        assert uow.execute(sa.select(quarantine.c.cleared_by)).scalars().all() == [2]


def test_a_row_that_is_still_bad_is_listed_once_at_its_newest_place(take: Take, database: Database) -> None:
    take(customers=[customer()], invoices=[invoice(), invoice("B", amount="x")])
    take("2026-03-02", customers=[customer()], invoices=[invoice(), invoice("B", amount="x")])
    assert listed(database) == [("B", 3, "amount")]
    take("2026-03-03", customers=[customer()], invoices=[invoice("B", currency="?"), invoice()])
    assert listed(database) == [("B", 2, "currency")]


def test_a_row_turned_away_keeps_what_was_known_of_it(take: Take, database: Database) -> None:
    take(customers=[customer()], invoices=[invoice(), invoice("I2")])
    report = take("2026-03-02", customers=[customer()], invoices=[invoice(), invoice("I2", amount="x")])
    assert (report.closed, report.quarantined) == (0, 1)
    assert opens(database, "2026-03-02").keys() == {"I1", "I2"}


def test_a_row_without_a_readable_id_is_listed_as_long_as_it_stands_there(
    take: Take, database: Database
) -> None:
    for on in ("2026-03-01", "2026-03-02"):
        take(on, customers=[customer()], invoices=[invoice(), invoice("")])
        assert listed(database) == [(None, 3, "invoice_id")]
    take("2026-03-03", customers=[customer()], invoices=[invoice(), invoice("I2")])
    assert listed(database) == []


def test_a_row_that_is_gone_stays_listed(take: Take, database: Database) -> None:
    take(customers=[customer()], invoices=[invoice(), invoice("B", amount="x")])
    take("2026-03-02", customers=[customer()], invoices=[invoice()])
    assert listed(database) == [("B", 3, "amount")]


def test_import_runs_are_on_record(take: Take, database: Database) -> None:
    take(**WHOLE)
    with UnitOfWork(database) as uow:
        run = uow.execute(sa.select(import_run)).mappings().one()
    assert (run["status"], run["extract_date"], len(run["digest"])) == ("done", date(2026, 3, 1), 64)
    assert run["counts"]["tables"] == {name: len(rows) for name, rows in WHOLE.items()}
