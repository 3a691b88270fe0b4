"""Mapping files: checked as policy files are, and applied to flat extracts and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from relance.errors import LedgerError
from relance.ledger.mapping import PLAIN, Mapping, load_mapping
from relance.ledger.parse import parse
from relance.ledger.sources import open_extract
from relance.settings import REPOSITORY

FLAT = "doc;kunde;name;land;datum;faellig;betrag;bezahlt;art\n"


def write(folder: Path, text: str, name: str = "m.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", ["ibm_accounts_receivable", "highradius_open"])
def test_the_shipped_mappings_are_sound(name: str) -> None:
    assert load_mapping(REPOSITORY / "config" / "mappings" / f"{name}.yaml").tables


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tables:\n  invoices:\n    colums: {}\n", r"m\.yaml:3: .*colums.*columns"),
        (
            "tables:\n  invoices:\n    columns:\n      amout: x\n",
            r"m\.yaml:4: invoices has no column 'amout'; write amount",
        ),
        ("tables:\n  bills: {}\n", r"m\.yaml:2: "),
        (
            "tables:\n  invoices:\n    columns:\n      amount: {prefix: x}\n",
            r"m\.yaml:4: amount needs either column or constant",
        ),
        ("decimal: ','\nthousands: ','\n", r"m\.yaml:2: decimal and thousands are the same sign"),
        ("tables: [\n", r"m\.yaml:2: can't be read as YAML"),
    ],
)
def test_a_mapping_error_names_file_line_and_the_mend(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LedgerError, match=words):
        load_mapping(write(tmp_path, text))


MAPPING = """
decimal: ","
thousands: "."
date_formats: ["%d.%m.%Y"]
tables:
  customers:
    distinct: true
    columns: {customer_id: kunde, country: {column: land, values: {D: DE, A: AT}}}
  invoices:
    where: {art: [RE, GS], doc: {blank: false}}
    columns:
      invoice_id: doc
      kind: {column: art, values: {RE: invoice, GS: credit_note}}
      customer_id: kunde
      issue_date: datum
      due_date: faellig
      amount: betrag
      currency: {constant: EUR}
  payments:
    where: {bezahlt: {blank: false}, art: {not_in: [XX]}}
    columns:
      payment_id: {column: doc, prefix: "PAY-"}
      customer_id: kunde
      date: bezahlt
      amount: betrag
      currency: {constant: EUR}
      invoice_id: doc
"""


def test_one_flat_extract_is_split_into_customers_invoices_and_payments(tmp_path: Path) -> None:
    rows = (
        "1;K1;Eins;D;01.02.2026;03.03.2026;1.234,50;05.03.2026;RE\n"
        "2;K1;Eins GmbH;D;02.02.2026;04.03.2026;10,00;;GS\n"
        "3;K2;Zwei;A;03.02.2026;05.03.2026;7;;XX\n"
    )
    source = write(tmp_path, FLAT + rows, "flat.csv")
    extract = open_extract(source, mapping=load_mapping(write(tmp_path, MAPPING)), entity="DE01")
    taken = {name: parse(extract.take(name), books="EUR") for name in ("customers", "invoices", "payments")}
    assert not any(one.bad for one in taken.values())
    assert taken["customers"].good.select("customer_id", "name", "country").rows() == [
        ("K1", "Eins", "DE"),
        ("K2", "Zwei", "AT"),
    ]
    assert taken["invoices"].good.select("invoice_id", "kind", "amount").rows() == [
        ("1", "invoice", 123450),
        ("2", "credit_note", 1000),
    ]
    assert [
        str(one) for one in taken["payments"].good.select("payment_id", "date", "amount", "invoice_id").row(0)
    ] == [
        "PAY-1",
        "2026-03-05",
        "123450",
        "1",
    ]


def test_rows_by_entity(tmp_path: Path) -> None:
    text = "tables: {customers: {where: {code: {by_entity: {A: U1}}}}, invoices: {file: nothing.csv}}"
    mapping = load_mapping(write(tmp_path, text))
    source = write(tmp_path, "code,customer_id,name,country\nU1,C1,x,FR\nU2,C2,x,FR\n", "x.csv")
    for entity, ids in (("A", ["C1"]), ("B", ["C1", "C2"])):
        raw = open_extract(source, mapping=mapping, entity=entity).take("customers")
        assert raw.frame["customer_id"].to_list() == ids


def test_a_folder_with_renamed_files_and_columns(tmp_path: Path) -> None:
    write(tmp_path, "CUSTNO,Name,country\nC1,x,FR\n", "kna1_2026.csv")
    write(tmp_path, "invoice_id,customer_id,issue_date,due_date,amount,currency\n", "invoices.csv")
    mapping = Mapping.model_validate(
        {"tables": {"customers": {"file": "KNA1*.csv", "columns": {"customer_id": "custno", "name": None}}}}
    )
    extract = open_extract(tmp_path, mapping=mapping, entity="FR01")
    with pytest.raises(LedgerError, match=r"kna1_2026\.csv lacks name \(customers\)"):
        extract.take("customers")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "lacks customers and invoices"),
        ({"customers.csv": "customer_id\n"}, "lacks invoices"),
        (
            {"customers.csv": "x\n", "customers.xlsx": "", "invoices.csv": "x\n"},
            "more than one file for customers",
        ),
    ],
)
def test_what_is_missing_in_a_folder_is_named(tmp_path: Path, files: dict[str, str], words: str) -> None:
    for name, text in files.items():
        write(tmp_path, text, name)
    with pytest.raises(LedgerError, match=words):
        open_extract(tmp_path, mapping=PLAIN, entity="FR01")


def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "customerid,name,country\n", "customers.csv")
    write(tmp_path, "x\n", "invoices.csv")
    with pytest.raises(
        LedgerError, match=r"lacks customer_id \(customers\).*'customerid' meant for 'customer_id'"
    ):
        open_extract(tmp_path, mapping=PLAIN, entity="FR01").take("customers")


def test_column_names_count_in_any_case_and_unknown_ones_are_told(tmp_path: Path) -> None:
    write(tmp_path, "CUSTOMER_ID, Name ,Country,colour\nC1,x,FR,red\n", "customers.csv")
    write(tmp_path, "x\n", "invoices.csv")
    raw = open_extract(tmp_path, mapping=PLAIN, entity="FR01").take("customers")
    assert raw.unknown == ("colour",)
    assert raw.frame["customer_id"].to_list() == ["C1"]


def test_a_single_file_needs_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="one file for five tables"):
        open_extract(write(tmp_path, "x\n", "x.csv"), mapping=PLAIN, entity="FR01")
