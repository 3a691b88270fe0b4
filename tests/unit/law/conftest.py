from __future__ import annotations

from pathlib import Path

import pytest

from relance import law

REPOSITORY = Path(__file__).parents[3]

RULE = """country: XX
name: Testland
rule:
  law: Act 1
  source: gazette.example
  reference: base
  margin: 8
  fixing: floating
  compensation: {tiers: [{amount: 40.00 EUR}]}
  may_waive: true
"""
RATES = """# a series
half_year,rate,status,source
2024-H1,4.00,confirmed,gazette.example
2024-H2,3.00,confirmed,gazette.example
2025-H1,2.00,provisional,gazette.example
"""


class Folder:
    """A small law folder of one country, XX, to be changed by a test and then loaded."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "rates").mkdir(parents=True)
        (root / "exchange").mkdir()
        self.write("XX.yaml", RULE)
        self.write("rates/base.csv", RATES)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def load(self) -> law.LawBook:
        return law.load(self.root)


@pytest.fixture(scope="session")
def book() -> law.LawBook:
    """The law that ships with Relance."""
    return law.load(REPOSITORY / "config" / "law")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "law")
