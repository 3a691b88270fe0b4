"""`relance inbox serve`, as it runs behind a proxy."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from twilio.request_validator import RequestValidator

from relance.cli.main import run
from relance.settings import REPOSITORY
from relance.store.database import Database
from tests.integration.inbox.twilio_desk import ACCOUNT, NUMBER, PUBLIC, SID, TOKEN, Post
from tests.slack_emulator.server import free_port

pytestmark = pytest.mark.integration
RELANCE = [sys.executable, "-c", "from relance.cli.main import run; run()", "inbox", "serve"]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RELANCE_")}
    return {**kept, "RELANCE_HOME": str(home), "RELANCE_CONFIG": str(REPOSITORY / "config"), **more}


def test_without_the_accounts_token_it_does_not_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["relance", "inbox", "serve"])
    for name in [one for one in os.environ if one.startswith("RELANCE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path))
    monkeypatch.setenv("RELANCE_TWILIO_ACCOUNT", ACCOUNT)
    with pytest.raises(SystemExit) as end:
        run()
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "RELANCE_TWILIO_TOKEN, RELANCE_PUBLIC_URL" in told
    assert len(told.strip().splitlines()) == 1


def test_it_answers_twilio_and_writes_no_ones_number_to_its_log(tmp_path: Path, database: Database) -> None:
    key = Post(database).add()
    port = free_port()
    settings = {
        "RELANCE_DATABASE_URL": database.url, "RELANCE_TWILIO_ACCOUNT": ACCOUNT, "RELANCE_TWILIO_TOKEN": TOKEN,
        "RELANCE_PUBLIC_URL": f"{PUBLIC}/",
    }  # fmt: skip
    log = tmp_path / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*RELANCE, "--port", str(port)],
            env=environment(tmp_path, **settings),
            stdout=written,
            stderr=written,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                _await(client, process)
                path = f"/twilio/status/{key}"
                sent = {"AccountSid": ACCOUNT, "MessageSid": SID, "MessageStatus": "delivered", "To": NUMBER}
                signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{path}", sent)
                assert client.post(path, data=sent).status_code == 403
                taken = client.post(path, data=sent, headers={"X-Twilio-Signature": signature})
                assert taken.status_code == 204
                assert "server" not in taken.headers
                assert client.get("/").status_code == 404
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert Post(database).states() == [("confirmed", "confirmed")]
    logged = log.read_text()
    assert f"for {PUBLIC}" in logged
    assert not [one for one in (key, NUMBER, SID, TOKEN) if one in logged]


def _await(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None
        try:
            client.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the inbox did not answer within 20 s")
