"""`make up` and `make down`: Airflow's four parts on the loopback address, under one small supervisor.

Not `airflow standalone`: that one opens log servers on all interfaces and has no switch against it. The
supervisor holds a lock on `<AIRFLOW_HOME>/serve.pid` for as long as it lives, so that a process id that
somebody else got since is never taken for it.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO

from rich.console import Console

from relance.errors import RelanceError, UsageError
from relance.orchestration import local
from relance.store import embedded

out = Console(highlight=False, soft_wrap=True)
PARTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server", "--workers", "1"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
PATIENCE_S = 180.0
PAUSE_S = 2.0


def up() -> None:
    """Start everything in the background, wait until it answers, and say where.

    Raises:
        UsageError: the port is taken.
        RelanceError: it did not come up; says which log to read.
    """
    _, airflow_home = local.folders()
    if (running := _running(airflow_home)) is None:
        local.enter_environment()
        _port_must_be_free()
        _migrate(airflow_home / "logs")
        running = _supervise_in_background(airflow_home)
    home, url = running["home"], running["url"]
    out.print("Airflow is starting …")
    _wait_for(lambda: _healthy(url), airflow_home)
    out.print(
        f"\n  Airflow   {url}\n  user      {local.ADMIN}\n  password  {_password(airflow_home)}\n"
        f"  ledger    {home}\n  logs      {airflow_home / 'logs'}\n\nmake down stops it."
    )


def down() -> None:
    """Stop what runs: Airflow's parts, and the embedded PostgreSQL of this home and of the demo's."""
    home, airflow_home = local.folders()
    homes = {home, home / "demo"}
    if (running := _running(airflow_home)) is not None:
        homes.add(Path(running["home"]))
        os.kill(int(running["pid"]), signal.SIGTERM)
        _wait_for(lambda: _running(airflow_home) is None, airflow_home)
        out.print("Airflow has stopped.")
    for one in sorted(homes):
        if embedded.stop(one):
            out.print(f"PostgreSQL of {one} has stopped.")


def supervise() -> None:
    """Keep the parts running until SIGTERM; a part that ends is started again after a pause."""
    home, airflow_home = local.folders()
    with (airflow_home / "serve.pid").open("a+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        url = os.environ["AIRFLOW__API__BASE_URL"]
        lock.write(json.dumps({"pid": os.getpid(), "home": str(home), "url": url}))
        lock.flush()
        _Supervisor(airflow_home / "logs").run()


class _Supervisor:
    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            for name, command in PARTS.items():
                process = self._running.get(name)
                if process is None or process.poll() is not None:
                    self._running[name] = _airflow(command, _log(self._logs, name))
            time.sleep(PAUSE_S)
        self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _end(self) -> None:
        """Ask each part's process group to end, then make it."""
        for number, patience in ((signal.SIGTERM, 30.0), (signal.SIGKILL, 5.0)):
            for process in self._running.values():
                if process.poll() is None:
                    os.killpg(process.pid, number)
            until = time.monotonic() + patience
            while time.monotonic() < until and any(one.poll() is None for one in self._running.values()):
                time.sleep(0.2)


def _airflow(command: tuple[str, ...], log: IO[bytes]) -> subprocess.Popen[bytes]:
    with log:
        return subprocess.Popen(  # noqa: S603 — our own commands
            [sys.executable, "-m", "airflow", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _supervise_in_background(airflow_home: Path) -> dict[str, str]:
    with _log(airflow_home / "logs", "supervisor") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "relance.orchestration.serve", "supervise"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _wait_for(lambda: _running(airflow_home) is not None or supervisor.poll() is not None, airflow_home)
    running = _running(airflow_home)
    if running is None:
        raise RelanceError(
            "The supervisor did not start.", hint=f"Read {airflow_home / 'logs' / 'supervisor.log'}."
        )
    return running


def _running(airflow_home: Path) -> dict[str, str] | None:
    """What the supervisor wrote, while it holds its lock; None when none runs."""
    try:
        with (airflow_home / "serve.pid").open("r+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = lock.read()
                return json.loads(text) if text else None
    except FileNotFoundError:
        pass
    return None


def _port_must_be_free() -> None:
    host, port = os.environ["AIRFLOW__API__HOST"], int(os.environ["AIRFLOW__API__PORT"])
    with socket.socket() as probe:
        if probe.connect_ex((host, port)) == 0:
            raise UsageError(
                f"Port {port} is taken.", hint=f"Name another: make up AIRFLOW__API__PORT={port + 1}"
            )


def _migrate(logs: Path) -> None:
    with _log(logs, "migrate") as log:
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            check=False,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        raise RelanceError("Airflow's database could not be made.", hint=f"Read {logs / 'migrate.log'}.")


def _healthy(url: str) -> bool:
    """Whether the API answers and sees a scheduler and a DAG processor at work."""
    try:
        with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 — ours
            health = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return False
    return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))


def _wait_for(condition: Callable[[], bool], airflow_home: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise RelanceError(
                f"It took longer than {PATIENCE_S:.0f} s.", hint=f"Read the logs in {airflow_home / 'logs'}."
            )
        time.sleep(0.3)


def _password(airflow_home: Path) -> str:
    return str(json.loads(local.password_file(airflow_home).read_text(encoding="utf-8"))[local.ADMIN])


def _log(logs: Path, name: str) -> IO[bytes]:
    logs.mkdir(parents=True, exist_ok=True)
    return (logs / f"{name}.log").open("ab")


def main(arguments: list[str]) -> int:
    """`up`, `down`; `supervise` is the supervisor itself."""
    verbs: dict[str, Callable[[], None]] = {"up": up, "down": down, "supervise": supervise}
    if len(arguments) != 1 or arguments[0] not in verbs:
        out.print("usage: python -m relance.orchestration.serve up|down")
        return 2
    try:
        verbs[arguments[0]]()
    except RelanceError as error:
        Console(stderr=True, highlight=False).print(str(error), markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
