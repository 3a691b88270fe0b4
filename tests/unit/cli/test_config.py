"""`relance config` as its user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from relance.cli.config import app

runner = CliRunner()


@pytest.fixture
def config(tmp_path: Path, monkeypatch) -> Path:
    """A policy of one entity and its template."""
    files = {
        "entities/A1.yaml": "entity: A1\nname: Lumen SAS\nregion: fr\ncurrency: EUR\n"
        "timezone: Europe/Paris\ndefault_scenario: s\n",
        "regions/fr.yaml": "region: fr\ncountry: FR\nlanguages: [fr]\n",
        "scenarios/s.yaml": "scenario: s\nsteps:\n"
        "  - {id: c, level: level_1, day: 1, kind: call, channels: [call], template: c}\n",
    }
    for name, text in files.items():
        path = tmp_path / "config" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    templates = {"fr/words.yaml": "hello: Bonjour", "fr/c/wording.yaml": "purpose: Demander"}
    for name, text in (templates | {"_layout/call.txt.j2": '{{ say("hello") }}'}).items():
        path = tmp_path / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("RELANCE_TEMPLATES", str(tmp_path / "templates"))
    monkeypatch.delenv("RELANCE_CONFIG", raising=False)
    return tmp_path / "config"


def test_sound_policy_exits_0_and_says_what_there_is(config):
    result = runner.invoke(app, ["check", "--config", str(config)])
    assert result.exit_code == 0
    assert "sound (entities: 1, regions: 1, scenarios: 1, segment rules: 0), version " in result.output


def test_problem_exits_1_with_file_line_and_mend(config):
    (config / "regions/fr.yaml").write_text("region: fr\ncountry: FR\nlanguage: [fr]\n")
    result = runner.invoke(app, ["check", "--config", str(config)])
    assert result.exit_code == 1
    assert f"{config.as_posix()}/regions/fr.yaml:3: language: unknown key; write languages" in result.output
    assert "\x1b" not in result.output


def test_words_that_would_fail_exit_1_with_file_line_and_mend(config):
    wording = config.parent / "templates" / "fr" / "c" / "wording.yaml"
    wording.write_text('purpose: Demander\nask: "{{ totl }}"\n')
    result = runner.invoke(app, ["check", "--config", str(config)])
    assert result.exit_code == 1
    assert f"{wording.as_posix()}:2: ask: there is no 'totl' to write here; write total" in result.output


def test_json_lists_every_problem(config):
    (config / "regions/fr.yaml").write_text("region: fr\ncountry: UK\nlanguages: [fr]\n")
    (config / "stray").write_text("")
    result = runner.invoke(app, ["check", "--config", str(config), "--json"])
    answer = json.loads(result.output)
    assert result.exit_code == 1
    assert (answer["ok"], answer["errors"], answer["warnings"]) == (False, 1, 1)
    assert answer["problems"][0] == {
        "file": f"{config.as_posix()}/regions/fr.yaml",
        "line": 2,
        "severity": "error",
        "message": "country: 'UK' is not a country",
        "mend": "write GB",
    }


def test_warnings_alone_exit_0(config):
    (config / "stray").write_text("")
    result = runner.invoke(app, ["check", "--config", str(config)])
    assert result.exit_code == 0
    assert "warning: nothing reads this file" in result.output
    assert "1 warning" in result.output


def test_directory_comes_from_the_environment(config, monkeypatch):
    monkeypatch.setenv("RELANCE_CONFIG", str(config))
    assert runner.invoke(app, ["check"]).exit_code == 0


def test_directory_that_does_not_exist_exits_1(tmp_path):
    result = runner.invoke(app, ["check", "--config", str(tmp_path / "nowhere")])
    assert result.exit_code == 1
    assert "there is no such directory" in result.output


def test_schema_writes_one_file_a_kind(config):
    result = runner.invoke(app, ["schema", "--config", str(config)])
    assert result.exit_code == 0
    assert sorted(path.name for path in (config / "schemas").iterdir()) == [
        "channels.schema.json",
        "entity.schema.json",
        "profiles.schema.json",
        "region.schema.json",
        "roles.schema.json",
        "scenario.schema.json",
        "segments.schema.json",
        "slack.schema.json",
    ]
