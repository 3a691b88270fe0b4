"""When a refused message is tried again: exponential, with a jitter that depends on the message and nothing else."""

from __future__ import annotations

import hashlib

MAX_ATTEMPTS = 6
"""Tries of one message before it counts as failed."""

_FIRST_S = 60.0
_LONGEST_S = 6 * 3600.0


def delay_s(*, key: str, attempt: int, retry_after: float | None = None) -> float:
    """Seconds to wait after try number `attempt` (from 1) has failed.

    One minute, doubled with each try, six hours at most, spread by ±25 % so that a batch does not come back at one time;
    never less than the other side asked for.
    """
    backoff = min(_FIRST_S * 2.0 ** (attempt - 1), _LONGEST_S)
    draw = int.from_bytes(hashlib.sha256(f"{key} {attempt}".encode()).digest()[:4], "big") / 2**32
    return max(backoff * (0.75 + draw / 2), retry_after or 0.0)
