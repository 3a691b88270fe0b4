"""The example policy that the repository ships, and the schemas beside it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from relance.config import check_policy, load_policy
from relance.config.document import Document, parse_document, read_document
from relance.config.reading import FOLDERS
from relance.config.schema import SCHEMAS, render_schema

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config"
FILES = [
    *(path for folder in FOLDERS for path in sorted((CONFIG / folder).glob("*.yaml"))),
    CONFIG / "segments.yaml",
    CONFIG / "profiles.yaml",
    CONFIG / "roles.yaml",
]


def schema_of(path: Path) -> Path:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema="), f"{path} names no schema for editors"
    return path.parent / first.partition("=")[2]


def test_example_loads_with_four_entities_in_four_regions_and_three_scenarios():
    policy = load_policy(CONFIG)
    assert {"FR01", "DE01", "UK01", "ES01"} <= set(policy.entities)
    assert {"fr", "de", "uk", "es"} <= set(policy.regions)
    assert {"standard", "gentle", "fast", "key_account"} <= set(policy.scenarios)
    assert policy.segments


def test_example_has_no_problem_and_no_warning():
    assert [str(problem) for problem in check_policy(CONFIG, ROOT / "include" / "templates")] == []


@pytest.mark.parametrize("entity", ["UK01", "ES01"])
def test_queries_of_the_example_are_there(entity):
    ledger = load_policy(CONFIG).entity(entity).ledger
    assert ledger is not None
    assert ledger.queries is not None
    assert {"customers.sql", "invoices.sql"} <= {path.name for path in (ROOT / ledger.queries).iterdir()}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_fresh(name):
    stored = (CONFIG / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    assert stored == render_schema(name), "run `relance config schema`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_example_file_names_its_schema_and_obeys_it(path):
    schema = json.loads(schema_of(path).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(read_document(path).data, schema, jsonschema.Draft7Validator)


ENTITY = "entity: A, name: A, region: a, currency: EUR, timezone: a, default_scenario: a"
STEP = "id: a, level: level_1, template: a"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("region", "{region: fr, country: FR, languages: [fr], business_days: []}"),
        ("region", "{region: fr, country: FR, languages: [fr], extra_holidays: [24/12/2026]}"),
        ("region", '{region: fr, country: FR, languages: [fr], contact_hours: {sms: ["9:00", "19:00"]}}'),
        ("entity", f"{{{ENTITY}, ledger: {{source: sql}}}}"),
        ("entity", f"{{{ENTITY}, ledger: {{source: files, path: a, conn_id: b}}}}"),
        ("segments", "{rules: [{name: a, when: {vip: 3}, scenario: a}]}"),
        ("scenario", "{scenario: a, minimum: [10 eur], steps: []}"),
        ("scenario", f"{{scenario: a, steps: [{{{STEP}, day: 1, kind: call, channels: [email]}}]}}"),
        ("scenario", f"{{scenario: a, steps: [{{{STEP}, day: 0, kind: call, channels: [call]}}]}}"),
        ("scenario", f"{{scenario: a, steps: [{{{STEP}, day: 1, kind: call, channels: [call], x: 1}}]}}"),
    ],
)
def test_schemas_refuse_what_the_check_refuses(name, text):
    document = parse_document(text, Document("a.yaml"))
    validator = jsonschema.Draft7Validator(json.loads(render_schema(name)))
    assert list(validator.iter_errors(document.data))


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_explain_every_key(name):
    schema = json.loads(render_schema(name))
    for model in [schema, *schema.get("$defs", {}).values()]:
        for key, value in model.get("properties", {}).items():
            said = value.get("description") or "$ref" in value
            assert said, f"{model.get('title', name)}.{key} has no description"
