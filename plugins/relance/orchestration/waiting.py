"""Waits for payers' hours and for further tries without taking a worker, and delivers what may go when it may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.sdk import BaseSensorOperator, Context

LOOK_AGAIN_S = 300
LONGEST_WAIT_S = 16 * 3600


class Waiting(BaseSensorOperator):
    """Asks `done` every five minutes until it says yes, at most sixteen hours: then the payers' day has ended everywhere."""

    def __init__(self, *, done: Callable[[], bool], **arguments: Any) -> None:
        super().__init__(
            poke_interval=LOOK_AGAIN_S, timeout=LONGEST_WAIT_S, mode="reschedule", **arguments
        )  # fmt: skip
        self._done = done

    def poke(self, context: Context) -> bool:  # noqa: ARG002 - the task asks Airflow itself
        """Whether nothing waits any more."""
        return self._done()
