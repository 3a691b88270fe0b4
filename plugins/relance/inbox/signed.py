"""Whose request it is: Twilio's signature over the address it called and what it sent; and our own over a call's state.

See https://www.twilio.com/docs/usage/webhooks/webhooks-security. The address is the public one, whatever the proxy in
between made of it: Twilio signs what it called.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlparse

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator, add_port, remove_port

from relance.delivery.twilio.addresses import PERSISTENT

Parameters = ImmutableMultiDict[str, str]
STATE_S = 600
"""Seconds that a step of a call may take; calls end before (`voice.LONGEST_S`)."""


def parameters(pairs: Sequence[tuple[str, str]]) -> Parameters:
    """A form's fields, in the order sent."""
    return ImmutableMultiDict(list(pairs))


def is_twilios(*, token: str, url: str, sent: Parameters, signature: str) -> bool:
    """Whether the account's token signed this address and these fields; compared in constant time.

    Twilio signs with the port or without, and an address with connection overrides with or without them: all are tried,
    each is as hard to forge.
    """
    validator = RequestValidator(token)
    parsed = urlparse(url)
    bare = {url, add_port(parsed), remove_port(parsed)}
    given = signature.encode("utf-8", "replace")
    found = False
    for address in sorted(bare | {f"{one}{PERSISTENT}" for one in bare}):
        expected = str(validator.compute_signature(address, sent)).encode()
        found |= hmac.compare_digest(expected, given)
    return found


@dataclass(frozen=True, slots=True)
class State:
    """Where a call is: the question that was asked, and how many times it was not understood."""

    step: str
    tries: int = 0


def seal(token: str, *, key: str, call: str, state: State, now: float) -> str:
    """A state as a text that only we can make, for this message and call, good for `STATE_S` seconds."""
    ends = int(now) + STATE_S
    body = base64.urlsafe_b64encode(json.dumps([state.step, state.tries, ends]).encode()).decode().rstrip("=")
    return f"{body}.{_mac(token, key, call, body)}"


def unseal(token: str, *, key: str, call: str, text: str, now: float) -> State | None:
    """The state that `seal` wrote for this message and call; None when it is not ours, or too old."""
    body, _, mac = text.partition(".")
    if not hmac.compare_digest(_mac(token, key, call, body).encode(), mac.encode("utf-8", "replace")):
        return None
    step, tries, ends = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if now > ends:
        return None
    return State(str(step), int(tries))


def _mac(token: str, key: str, call: str, body: str) -> str:
    secret = hmac.new(token.encode(), b"relance inbox: state of a call", hashlib.sha256).digest()
    told = f"{key}\x1f{call}\x1f{body}".encode("utf-8", "replace")
    return hmac.new(secret, told, hashlib.sha256).hexdigest()
