"""People at Slack, many at once: signed requests at a steady rate, and how soon each is answered."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from relance.slack.actions import WATCH, Target

TEAM, CHANNEL, APP = "T0BENCH", "C0BENCH01", "A0BENCH"
SECRET = "bench-signing-secret"  # noqa: S105 - of a bot that lives a minute on the loopback
PEOPLE = 40
PATH = "/slack/events"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SENDERS = 32


@dataclass(frozen=True, slots=True)
class Shot:
    """One interaction to send, and what it should come to: comment, watch or assign."""

    kind: str
    media: str
    body: bytes


def email_of(user: str) -> str:
    """The address of a person of the bench."""
    return f"{user.lower()}@lumen.example"


def shots(cards: Sequence[tuple[int, str]], *, total: int) -> list[Shot]:
    """So many interactions: half of them comments in cards' threads, the others buttons and commands; no two the same.

    `cards`: case and ts of each card.
    """
    made = []
    for number in range(total):
        case_id, ts = cards[number % len(cards)]
        user = f"U{(number + number // len(cards)) % PEOPLE:03d}"
        kind = ("comment", "watch", "comment", "assign")[number % 4]
        make = {"comment": _comment, "watch": _watch, "assign": _assign}[kind]
        made.append(make(number, case_id, ts, user))
    return made


def _comment(number: int, case_id: int, ts: str, user: str) -> Shot:
    at = f"{time.time():.0f}.{number:06d}"
    event = {
        "type": "message", "user": user, "text": f"called about case {case_id}", "ts": at, "thread_ts": ts,
        "channel": CHANNEL, "channel_type": "channel", "event_ts": at, "team": TEAM,
    }  # fmt: skip
    whole = {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": APP,
        "event_id": f"Ev{number}",
        "event": event,
    }
    return Shot("comment", JSON, json.dumps(whole).encode())


def _watch(number: int, case_id: int, ts: str, user: str) -> Shot:
    value = str(Target(WATCH, case_id, 1))
    payload = {
        "type": "block_actions", "user": {"id": user, "team_id": TEAM}, "api_app_id": APP, "team": {"id": TEAM},
        "container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL}, "channel": {"id": CHANNEL},
        "message": {"ts": ts, "blocks": []}, "trigger_id": f"1.{number}",
        "actions": [
            {"type": "button", "action_id": WATCH, "block_id": "b", "value": value, "action_ts": f"{time.time() + number:.6f}"}
        ],
    }  # fmt: skip
    return Shot("watch", FORM, urlencode({"payload": json.dumps(payload)}).encode())


def _assign(number: int, case_id: int, ts: str, user: str) -> Shot:  # noqa: ARG001 - as the others
    form = {
        "command": "/relance", "text": f"assign {case_id} {email_of(f'U{number:06d}')}", "user_id": user, "team_id": TEAM,
        "channel_id": CHANNEL, "trigger_id": f"9.{number}", "api_app_id": APP,
    }  # fmt: skip
    return Shot("assign", FORM, urlencode(form).encode())


def fire(port: int, rounds: Sequence[Shot], *, rate: float) -> list[float]:
    """Send them at that rate; gives the seconds from when each was due to when it was answered with 200; infinite else.

    Due, not sent: what waits because an earlier answer is late counts as late.
    """
    seconds = [float("inf")] * len(rounds)
    begun = time.perf_counter() + 0.5
    taken = iter(range(len(rounds)))
    lock = threading.Lock()

    def send() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while True:
            with lock:
                number = next(taken, None)
            if number is None:
                break
            due = begun + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            one = rounds[number]
            try:
                line.request(
                    "POST", PATH, body=one.body, headers={"Content-Type": one.media, **_signed(one.body)}
                )
                answer = line.getresponse()
                answer.read()
            except OSError:
                line.close()
                continue
            if answer.status == 200:
                seconds[number] = time.perf_counter() - due
        line.close()

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds


def _signed(body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))
    mac = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}"}
