"""The ledger through files and database against the plain reference, on generated nasty ledgers of several extracts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from relance.config import load_policy
from relance.ledger import import_ledger, load_versions, take_snapshot
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.reference.generate import ENTITY, generate, write
from tests.reference.ledger import open_ledger

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("seed", range(1000, 1008))
def test_any_day_is_what_the_reference_says(database: Database, tmp_path: Path, seed: int) -> None:
    case = generate(seed)
    extracts = write(case, tmp_path)
    entity = load_policy(tmp_path / "config").entity(ENTITY).model_copy(update={"max_bad_rows": 1.0})
    for on, folder in extracts:
        with UnitOfWork(database) as uow:
            import_ledger(uow, entity=entity, source=folder, extract_date=on)
            uow.commit()
    versions = load_versions(database, ENTITY)
    for days in range(-40, 41, 5):
        day = case.first + timedelta(days=days)
        shot, said = take_snapshot(versions, day), open_ledger(case.ledger, day)
        names = ("invoice_id", "payer_id", "open", "reopened_on", "refused_on", "delivery_status")
        assert shot.items.select(names).rows() == [
            tuple(getattr(one, name) for name in names) for one in said.items
        ]
        assert {
            (payer, currency): amount for payer, currency, amount in shot.credits.iter_rows()
        } == said.credits
        assert shot.extract_date == said.extract_date
