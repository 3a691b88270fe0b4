"""Two ledgers that nobody here made, imported with the shipped mappings and balanced by pandas to the minor unit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relance.config import load_policy
from relance.ledger import balance, import_ledger, list_quarantine, load_mapping, load_versions, take_snapshot
from relance.settings import REPOSITORY
from relance.store.database import Database
from relance.store.uow import UnitOfWork

DATA = REPOSITORY.parent / "shared" / "data"
IBM = DATA / "ibm_accounts_receivable.csv.gz"
HIGHRADIUS = DATA / "highradius_open.csv.gz"
EXTRACT = date(2020, 6, 1)
CODES = ["U001", "U002", "U005", "U013", "CA02"]
BUCKETS = {
    "not_due": (-(10**6), 0),
    "1-30": (1, 30),
    "31-60": (31, 60),
    "61-90": (61, 90),
    "91-120": (91, 120),
    "over_120": (121, 10**6),
}

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the two real ledgers are not here: {DATA} is missing"),
]


def take(database: Database, entity: str, source: Path, mapping: str) -> dict[str, int]:
    policy = load_policy(REPOSITORY / "examples" / "ledgers")
    shape = load_mapping(REPOSITORY / "config" / "mappings" / f"{mapping}.yaml")
    with UnitOfWork(database) as uow:
        report = import_ledger(
            uow, entity=policy.entity(entity), source=source, mapping=shape, extract_date=EXTRACT
        )
        uow.commit()
    return report.as_dict()


def expected(entity: str, on: date, open_items: pd.DataFrame, known: pd.DataFrame) -> dict[str, Any]:
    """The same figures, by pandas: `open_items` and `known` have cents, due, currency, customer."""
    currencies = []
    for currency in sorted(known["currency"].unique()):
        mine = open_items[open_items["currency"] == currency]
        late = mine["due"].map(lambda due: (on - due).days)
        currencies.append(
            {
                "currency": currency,
                "open": int(mine["cents"].sum()),
                "overdue": int(mine.loc[late > 0, "cents"].sum()),
                "credit": 0,
                "invoices": len(mine),
                "payers": int(mine["customer"].nunique()),
                "ageing": {
                    name: int(mine.loc[(late >= first) & (late <= last), "cents"].sum())
                    for name, (first, last) in BUCKETS.items()
                },
            }
        )
    return {"entity": entity, "as_of": on.isoformat(), "currencies": currencies}


def cents(text: str) -> int:
    return int(Decimal(text) * 100)


def days(column: pd.Series, pattern: str) -> pd.Series:
    return pd.to_datetime(column, format=pattern).dt.date


@pytest.fixture
def ibm() -> pd.DataFrame:
    rows = pd.read_csv(IBM, dtype=str)
    return pd.DataFrame(
        {
            "customer": rows["customerID"],
            "currency": "USD",
            "cents": rows["InvoiceAmount"].map(cents),
            "issued": days(rows["InvoiceDate"], "%m/%d/%Y"),
            "due": days(rows["DueDate"], "%m/%d/%Y"),
            "settled": days(rows["SettledDate"], "%m/%d/%Y"),
        }
    )


def first_of_months(first: date, months: int) -> Iterator[date]:
    for number in range(months):
        yield date(first.year + (first.month - 1 + number) // 12, (first.month - 1 + number) % 12 + 1, 1)


def test_the_ibm_ledger_balances_to_the_cent_on_every_first_of_a_month(
    database: Database, ibm: pd.DataFrame
) -> None:
    figures = take(database, "IBM", IBM, "ibm_accounts_receivable")
    assert figures == {
        "read": 100 + 2466 + 2466,
        "inserted": 5032,
        "updated": 0,
        "unchanged": 0,
        "closed": 0,
        "quarantined": 0,
        "warnings": 0,
    }
    versions = load_versions(database, "IBM")
    opened = 0
    for on in first_of_months(date(2012, 1, 1), 27):
        known = ibm[ibm["issued"] <= on]
        still_open = known[(known["settled"] > on) & (known["cents"] > 0)]
        assert balance(take_snapshot(versions, on)) == expected("IBM", on, still_open, known)
        opened += len(still_open)
    assert opened > 1000


def test_the_ibm_ledger_taken_twice_changes_nothing(database: Database) -> None:
    take(database, "IBM", IBM, "ibm_accounts_receivable")
    again = take(database, "IBM", IBM, "ibm_accounts_receivable")
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, 5032)
    assert database.read("SELECT count(*) AS n FROM import_run")["n"][0] == 1


@pytest.mark.parametrize("code", CODES)
def test_the_highradius_ledger_balances_to_the_cent_by_company(database: Database, code: str) -> None:
    rows = pd.read_csv(HIGHRADIUS, dtype=str)
    rows = rows[rows["business_code"] == code]
    items = pd.DataFrame(
        {
            "customer": rows["cust_number"],
            "currency": rows["invoice_currency"],
            "cents": rows["total_open_amount"].map(cents),
            "issued": days(rows["posting_date"], "%Y-%m-%d"),
            "due": days(rows["due_in_date"], "%Y-%m-%d"),
        }
    )
    entity = f"HR_{code}"
    figures = take(database, entity, HIGHRADIUS, "highradius_open")
    assert figures["read"] == len(items) + items["customer"].nunique() == figures["inserted"]
    assert list_quarantine(database, entity) == []  # due before posting, but never by a year
    versions = load_versions(database, entity)
    for on in (date(2020, 2, 1), date(2020, 3, 15), date(2020, 5, 1), date(2020, 6, 1), date(2020, 12, 31)):
        known = items[items["issued"] <= on]
        assert balance(take_snapshot(versions, on)) == expected(entity, on, known, known)


def test_a_customer_number_of_two_companies_is_two_customers(database: Database) -> None:
    rows = pd.read_csv(HIGHRADIUS, dtype=str)
    shared = rows.groupby("cust_number")["business_code"].nunique()
    for code in CODES:
        take(database, f"HR_{code}", HIGHRADIUS, "highradius_open")
    stored = database.read("SELECT customer_id, count(*) AS n FROM customer_version GROUP BY 1")
    assert int((shared > 1).sum()) == stored.filter(stored["n"] > 1).height
