"""A process that delivers, made to be killed: imports once, then forks a child for every line it reads.

Usage: sender_process.py DATABASE_URL HOME SMTP_PORT (0: none) SENDERS; lines "intend" or "send" on standard input.
Prints the child's pid, then its exit status when it has ended.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from relance.delivery import intend, send
from relance.settings import Smtp
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.delivery.conftest import DAY, TEMPLATES, make_policy, make_settings


def work(command: str, database: Database, home: Path, port: int, senders: int) -> None:
    policy = make_policy(senders)
    if command == "intend":
        with UnitOfWork(database) as uow:
            intend(uow, policy=policy, templates=TEMPLATES, entity="FR01", as_of=DAY)
            uow.commit()
    else:
        smtp = Smtp(host="127.0.0.1", port=port, starttls=False, timeout_s=5.0) if port else Smtp()
        send(database, settings=make_settings(home, smtp), policy=policy, entity="FR01", as_of=DAY)


def main() -> None:
    url, home, port, senders = sys.argv[1:]
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                work(line.strip(), Database(url), Path(home), int(port), int(senders))
                status = 0
            finally:
                os._exit(status)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
