"""The composition root: what an entrance (DAG task, command line, bot) needs, built once and only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from relance import law
from relance.config.load import load_policy
from relance.config.policy import Policy
from relance.settings import REPOSITORY, Settings
from relance.store.database import Database
from relance.store.uow import UnitOfWork

DocumentSource = Callable[[str, str, int], bytes]
"""`(conn_id, path, most bytes) → content`: how an invoice's file behind a connection is read; Airflow gives one."""

SqlSource = Callable[[str, Path], Any]
"""`(conn_id, query file) → rows as Arrow`: how a SQL ledger is read; Airflow's hooks give one."""


def law_folder(policy: Path) -> Path:
    """The policy's own `law/`; a policy without one is under the law that ships with Relance."""
    own = policy / "law"
    return own if own.is_dir() else REPOSITORY / "config" / "law"


class Services:
    """Settings, the policy and the database of one process."""

    def __init__(
        self,
        *,
        settings: Settings,
        sql_source: SqlSource | None = None,
        documents: DocumentSource | None = None,
        clock: Callable[[], datetime] | None = None,
        only: str | None = None,
    ) -> None:
        """`only`: the entity that is worked on; problems in the files of others then don't stop it."""
        self.only = only
        self.settings = settings
        self.sql_source = sql_source
        self.documents = documents
        self._clock = clock or (lambda: datetime.now(UTC))

    @classmethod
    def from_environment(cls) -> Services:
        """Built from `RELANCE_*`."""
        return cls(settings=Settings.from_environment())

    @cached_property
    def policy(self) -> Policy:
        """The policy directory, loaded and sound.

        Raises:
            PolicyError: with every problem.
        """
        return load_policy(self.settings.config, only=self.only)

    @cached_property
    def law(self) -> law.LawBook:
        """Interest and compensation by country, as the policy has them.

        Raises:
            LawError: when a file does not hold together.
        """
        return law.load(law_folder(self.settings.config))

    @cached_property
    def database(self) -> Database:
        """The migrated database; starts the embedded server where none is configured."""
        database = Database.of(self.settings)
        database.migrate()
        return database

    def located(self, path: str) -> Path:
        """A path of the policy: absolute, or relative to the working folder, else to the folder that holds the policy."""
        given = Path(path)
        beside = self.settings.config.parent / given
        return given if given.is_absolute() or given.exists() or not beside.exists() else beside

    def unit_of_work(self) -> UnitOfWork:
        """A new unit of work on the database."""
        return UnitOfWork(self.database)

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._clock()

    def today(self, entity: str) -> date:
        """The date in the entity's time zone."""
        return self.now().astimezone(ZoneInfo(self.policy.entity(entity).timezone)).date()
