"""The console script: wrong usage is one line on standard error, exit 2; results and errors never mix."""

from __future__ import annotations

import sys

import pytest

from relance.cli import main


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["relance", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.run()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nope",), "No such command 'nope'"),
        (("plan",), "Missing argument 'ENTITY'"),
        (("plan", "E1"), "Missing option '--as-of'"),
        (("plan", "E1", "--as-of", "2024-02-30"), "'--as-of'"),
        (("plan", "E1", "--as-of", "2024-02-01", "--frob"), "--frob"),
        (("ledger", "import", "E1"), "Missing argument 'PATH'"),
    ],
)
def test_wrong_usage_is_one_line_on_standard_error_and_exit_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert _run(monkeypatch, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("relance: ")
    assert told in err
    assert "--help`." in err


def test_help_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(monkeypatch, "plan", "--help") == 0
    assert capsys.readouterr().err == ""


def test_a_command_that_finds_problems_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "config", "check", "--config", "/nowhere/at/all") == 1
    assert "there is no such directory" in "".join(capsys.readouterr())
