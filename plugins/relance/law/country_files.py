"""A country's YAML file: `rule`, dated `changes` on top of it, and each debtor's own lines on top of both."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from relance.law import yaml_places
from relance.law.models import Country, Rule
from relance.law.rates import Exchange, Series

COUNTRY_KEYS = ("country", "name", "aliases", "rule", "changes", "debtors")

_Problem = Callable[[yaml_places.Place, str], None]


def read_country(
    path: Path, series: Mapping[str, Series], exchanges: Mapping[str, Exchange], problems: list[str]
) -> tuple[Country | None, list[str]]:
    """The country and its aliases; None when something is wrong, which is then among `problems`."""
    try:
        document, lines = yaml_places.read(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, InvalidOperation) as error:
        problems.append(f"{path}:1: not readable as YAML: {error}; write one mapping")
        return None, []
    before = len(problems)

    def problem(place: yaml_places.Place, text: str) -> None:
        line = f"{path}:{yaml_places.line_of(place, lines)}: {text}"
        if line not in problems:
            problems.append(line)

    if not isinstance(document, dict):
        problem((), "not a mapping; write country, name and rule")
        return None, []
    _check_frame(document, path, problem)
    if len(problems) > before:
        return None, []
    debtors = {
        debtor: tuple(_dated_rules(document, debtor, problem))
        for debtor in ("private", *document.get("debtors", {}))
    }
    for _, rule in [dated for rules in debtors.values() for dated in rules]:
        _check_tables(rule, series, exchanges, problem)
    if len(problems) > before:
        return None, []
    country = Country(document["country"], document["name"], debtors)
    return country, [str(alias) for alias in document.get("aliases", [])]


def _check_frame(document: dict[Any, Any], path: Path, problem: _Problem) -> None:
    for key in document:
        if key not in COUNTRY_KEYS:
            near = difflib.get_close_matches(str(key), COUNTRY_KEYS, n=1, cutoff=0)
            problem((key,), f"{key!r} is not a key here; write {near[0]}")
    if document.get("country") != path.stem:
        problem(("country",), f"the file is {path.name}; write country: {path.stem}")
    if not isinstance(document.get("name"), str):
        problem(("name",), "no name; write the country's name")
    if "rule" not in document:
        problem((), "no rule; write rule: with law, source, reference, margin, fixing …")
    for key, kind in (("rule", dict), ("changes", list), ("aliases", list), ("debtors", dict)):
        if key in document and not isinstance(document[key], kind):
            problem((key,), f"{key} is not a {'mapping' if kind is dict else 'list'}; see docs/law.md")
            return
    _check_layers(document, problem)


def _check_layers(document: dict[Any, Any], problem: _Problem) -> None:
    for index, change in enumerate(document.get("changes", [])):
        if not (isinstance(change, dict) and isinstance(change.get("from"), date)):
            problem(("changes", index), "a change without a day; write from: 2020-01-01")
    for debtor, own in document.get("debtors", {}).items():
        if not isinstance(own, dict):
            problem(("debtors", debtor), "not a mapping; write the lines of the rule that differ")


def _dated_rules(document: dict[Any, Any], debtor: str, problem: _Problem) -> Iterator[tuple[date, Rule]]:
    merged: dict[str, Any] = dict(document["rule"])
    own = document.get("debtors", {}).get(debtor, {})
    places: dict[str, yaml_places.Place] = {key: ("rule", key) for key in merged}
    places_own: dict[str, yaml_places.Place] = {key: ("debtors", debtor, key) for key in own}
    steps: list[dict[Any, Any]] = [{"from": date.min}]
    steps += sorted(document.get("changes", []), key=lambda change: change["from"])
    for index, step in enumerate(steps):
        lines = {key: value for key, value in step.items() if key != "from"}
        merged = {**merged, **lines}
        places = {**places, **dict.fromkeys(lines, ("changes", index - 1))}
        try:
            rule = Rule.model_validate({**merged, **own})
        except ValidationError as error:
            for found in error.errors():
                where = found["loc"]
                first = {**places, **places_own}.get(str(where[0]), ("rule",)) if where else ("rule",)
                problem((*first, *where[1:]), _mend(where, found["msg"]))
        else:
            yield step["from"], rule


def _mend(where: tuple[str | int, ...], message: str) -> str:
    key = str(where[-1]) if where else "rule"
    if message.startswith("Extra inputs"):
        near = difflib.get_close_matches(key, [*Rule.model_fields], n=1, cutoff=0)
        return f"{key!r} is not a key here; the nearest is {near[0]}"
    return f"{'.'.join(map(str, where)) or 'rule'}: {message.removeprefix('Value error, ')}"


def _check_tables(
    rule: Rule,
    series: Mapping[str, Series],
    exchanges: Mapping[str, Exchange],
    problem: _Problem,
) -> None:
    floor = rule.contract_rate.floor
    names = {"reference": rule.reference, "contract_rate": floor.reference if floor else None}
    for key, name in names.items():
        if name is not None and name not in series:
            known = ", ".join(sorted(series)) or "rates/*.csv"
            problem(("rule", key), f"no series {name!r}; write one of {known}")
    paid_in = rule.compensation.paid_in if rule.compensation else None
    if paid_in is not None and paid_in.exchange not in exchanges:
        known = ", ".join(sorted(exchanges)) or "exchange/*.csv"
        problem(("rule", "compensation"), f"no exchange table {paid_in.exchange!r}; write one of {known}")
