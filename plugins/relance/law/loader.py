"""Reads `config/law/`: the entrance to this room's only I/O. Every problem is found before any is told."""

from __future__ import annotations

from pathlib import Path

from relance.errors import PolicyError
from relance.law.book import LawBook
from relance.law.country_files import read_country
from relance.law.models import Country
from relance.law.tables import read_exchange, read_series


def load(directory: Path) -> LawBook:
    """Read the country files, the rate series and the exchange tables of a `law/` folder.

    Raises:
        PolicyError: with every problem as `file:line: what; write …`.
    """
    if not directory.is_dir():
        raise PolicyError(f"no law folder at {directory}.", hint="Point to a policy that has law/.")
    problems: list[str] = []
    series = {path.stem: read_series(path, problems) for path in sorted((directory / "rates").glob("*.csv"))}
    exchanges = {
        path.stem: read_exchange(path, problems) for path in sorted((directory / "exchange").glob("*.csv"))
    }
    countries: dict[str, Country] = {}
    aliases: dict[str, str] = {}
    for path in sorted(directory.glob("*.yaml")):
        country, others = read_country(path, series, exchanges, problems)
        if country is not None:
            countries[country.code] = country
            aliases |= dict.fromkeys(others, country.code)
    if problems:
        raise PolicyError(f"{len(problems)} problem(s) in {directory}:", problems=tuple(problems))
    return LawBook(countries=countries, aliases=aliases, series=series, exchanges=exchanges)
