"""The sample ledgers are what their script makes, and hold what they promise."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
SAMPLE = REPOSITORY / "include" / "sample"
ENTITIES = ("FR01", "DE01")


def rows(entity: str, table: str) -> list[dict[str, str]]:
    text = (SAMPLE / entity / f"{table}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines(), delimiter=";" if entity == "DE01" else ","))


def test_made_again_it_is_the_same_to_the_byte(tmp_path: Path) -> None:
    script = REPOSITORY / "scripts" / "make_sample.py"
    subprocess.run([sys.executable, str(script), "--out", str(tmp_path)], check=True, timeout=60)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    kept = {path.relative_to(SAMPLE): path.read_bytes() for path in SAMPLE.rglob("*.csv")}
    assert made == kept


def test_four_hundred_invoices_and_the_bad_rows_under_five_in_a_hundred() -> None:
    good = bad = 0
    for entity in ENTITIES:
        invoices = {row["invoice_id"] for row in rows(entity, "invoices") if row["kind"] == "invoice"}
        spoilt = sum(key.startswith("BAD-") for key in invoices)
        assert 0 < spoilt < 0.05 * len(invoices)
        good, bad = good + len(invoices) - spoilt, bad + spoilt
    assert (good, bad) == (400, 10)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_kind_of_trouble_is_in_it(entity: str) -> None:
    invoices, payments, customers = (rows(entity, table) for table in ("invoices", "payments", "customers"))
    assert {"draft", "rejected", "refused", "disputed"} <= {row["delivery_status"] for row in invoices}
    assert {"cancelled", "written_off", "assigned"} <= {row["status"] for row in invoices}
    assert {"GBP", "USD", "CHF", "JPY"} <= {row["currency"] for row in invoices}
    notes = [row["credits_invoice_id"] for row in invoices if row["kind"] == "credit_note"]
    assert any(notes)
    assert not all(notes)
    assert max(Counter(row["invoice_id"] for row in invoices).values()) == 3  # terms
    assert any(row["amount"].startswith("-") for row in payments)
    assert any(not row["invoice_id"] for row in payments)
    assert {"insolvency", "litigation", "closed"} <= {row["status"] for row in customers}
    assert {"direct_debit", "bill_of_exchange"} <= {row["payment_method"] for row in customers}
    assert any(row["payer_id"] for row in customers)
    assert any(row["payer_id"] for row in invoices)
    assert {row["kind"] for row in rows(entity, "signals")} == {
        "support_ticket", "negotiation", "commercial_hold", "churn_risk", "insolvency_notice",
    }  # fmt: skip
    people = rows(entity, "contacts")
    assert max(Counter(row["email"] for row in people).values()) == 7
    assert {row["customer_id"] for row in customers} - {row["customer_id"] for row in people}


@pytest.mark.parametrize("entity", ENTITIES)
def test_no_address_or_number_can_be_anybodys(entity: str) -> None:
    for person in rows(entity, "contacts"):
        assert person["email"].endswith(".example") or person["email"] == "purchasing at agate"
        assert not person["phone"] or person["phone"].startswith(("+3319900", "+493023125"))
