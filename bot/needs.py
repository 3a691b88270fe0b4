"""What each button needs of the table of permissions, and which of them decide."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from relance.config.roles import Action
from relance.slack import actions as do

NEEDS: Mapping[str, Action] = MappingProxyType(
    {
        do.COMMENT: "comment",
        do.ASSIGN: "assign",
        do.TAKE: "assign",
        do.WATCH: "see",
        do.UNWATCH: "see",
        do.SNOOZE: "snooze",
        do.WAKE: "snooze",
        do.END_WRITE_OFF: "write_off",
        do.PROMISE: "promise",
        do.INSTALMENTS: "instalments",
        do.ANNOUNCE: "announce",
        do.DISPUTE: "dispute",
        do.CONTACT: "contact",
        do.CALL: "call",
        do.COMPLETE: "complete",
        do.RESOLVE: "resolve",
        do.REOPEN: "reopen",
        do.APPROVE: "approve",
        do.REJECT: "reject",
        do.WRITE_OFF: "write_off",
        do.HISTORY: "see",
        do.HOME_OPEN: "see",
    }
)
"""Looked at when a button is pressed; the verb looks again, with the amounts and days that were filled in."""

DECISIONS = frozenset({do.APPROVE, do.REJECT, do.WRITE_OFF, do.COMPLETE, do.WAKE, do.END_WRITE_OFF})
"""What may only be done to the case that was looked at: a card drawn before its last change is refused."""
