"""The embedded server: started where people keep their folders."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from relance.store import embedded

pytestmark = pytest.mark.integration


@pytest.fixture
def awkward_home() -> Iterator[Path]:
    """A folder with blanks in its name, open to the server's own user."""
    folder = Path(tempfile.mkdtemp(prefix="relance test "))
    folder.chmod(0o755)
    yield folder / "My projects"
    embedded.stop(folder / "My projects")
    shutil.rmtree(folder, ignore_errors=True)


def test_a_home_with_blanks_in_its_name_serves_like_any_other(awkward_home: Path) -> None:
    url = embedded.start(awkward_home)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert embedded.start(awkward_home) == url
    assert embedded.stop(awkward_home)
    assert embedded.running_url(awkward_home) is None
