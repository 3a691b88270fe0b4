"""Profiles over two published ledgers: what can be told from payments alone, and that nothing is made of nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from relance.ledger import import_ledger, load_mapping
from relance.profiling import look
from relance.services import Services
from relance.settings import Settings
from relance.store.database import Database

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the two real ledgers are not here: {DATA} is missing"),
]


def services(tmp_path: Path, database: Database) -> Services:
    environ = {
        "RELANCE_HOME": str(tmp_path),
        "RELANCE_CONFIG": str(ROOT / "examples" / "ledgers"),
        "RELANCE_DATABASE_URL": database.url,
    }
    return Services(settings=Settings.from_environment(environ))


def take(ours: Services, entity: str, name: str, on: date) -> None:
    mapping = load_mapping(ROOT / "config" / "mappings" / f"{name}.yaml")
    with ours.unit_of_work() as uow:
        import_ledger(
            uow,
            entity=ours.policy.entity(entity),
            source=DATA / f"{name}.csv.gz",
            mapping=mapping,
            extract_date=on,
        )
        uow.commit()


def test_undunned_payers_are_good_or_unknown(tmp_path, database):
    ours = services(tmp_path, database)
    take(ours, "IBM", "ibm_accounts_receivable", date(2013, 12, 31))
    found = look(ours, "IBM", date(2013, 6, 30))
    assert dict(found["profile"].value_counts().iter_rows()) == {"good": 43, None: 57}
    assert found["dunned"].sum() == 0
    assert (found["not_dunned"] <= found["late"]).all()
    early = look(ours, "IBM", date(2012, 3, 31))
    few = early.filter(early["settled"] < 6)
    assert few.height > 90
    assert few["profile"].null_count() == few.height


def test_a_ledger_of_open_items_alone_tells_of_nobody(tmp_path, database):
    ours = services(tmp_path, database)
    take(ours, "HR_U001", "highradius_open", date(2020, 5, 23))
    found = look(ours, "HR_U001", date(2020, 5, 23))
    assert found.height == 427
    assert found["settled"].sum() == 0
    assert found["profile"].null_count() == 427
    assert found["late"].sum() > 0
