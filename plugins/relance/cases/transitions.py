"""What may happen to cases, promises and instalment plans, as tables: verb → from which states, to which, and what undoes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from relance.errors import CaseError

KINDS = (
    "dispute", "promise", "overdue_90", "approval", "call", "no_contact", "delivery", "risk", "question", "handover",
    "exhausted", "data",
)  # fmt: skip
"""The kinds of spec/cases.md, in its order."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: `verb` takes a thing from any of `sources` to `target` (None: it stays where it is)."""

    verb: str
    sources: tuple[str, ...]
    target: str | None
    inverse: str | None


CASE: Mapping[str, Transition] = MappingProxyType(
    {
        row.verb: row
        for row in (
            # what the day's work does
            Transition("open", ("new",), "open", inverse="close"),
            Transition("update", ("open",), None, inverse=None),
            Transition("escalate", ("open",), None, inverse=None),
            Transition("ask_anew", ("open",), None, inverse=None),
            Transition("confirm", ("open",), None, inverse=None),
            Transition("close", ("open",), "closed", inverse="reopen"),
            # what people do; the day's work wakes too
            Transition("comment", ("open", "closed"), None, inverse="delete_comment"),
            Transition("edit_comment", ("open", "closed"), None, inverse="edit_comment"),
            Transition("delete_comment", ("open", "closed"), None, inverse="comment"),
            Transition("assign", ("open",), None, inverse="unassign"),
            Transition("unassign", ("open",), None, inverse="assign"),
            Transition("watch", ("open", "closed"), None, inverse="unwatch"),
            Transition("unwatch", ("open", "closed"), None, inverse="watch"),
            Transition("snooze", ("open",), None, inverse="wake"),
            Transition("wake", ("open", "closed"), None, inverse="snooze"),
            Transition("promise", ("open",), None, inverse="resolve"),
            Transition("instalments", ("open",), None, inverse="resolve"),
            Transition("dispute", ("open",), None, inverse="resolve"),
            Transition("announce", ("open",), None, inverse="end_announcement"),
            Transition("end_announcement", ("open", "closed"), None, inverse="announce"),
            Transition("call", ("open",), None, inverse="reopen"),
            Transition("contact", ("open",), None, inverse="end_contact"),
            Transition("end_contact", ("open", "closed"), None, inverse="contact"),
            Transition("resolve", ("open",), "closed", inverse="reopen"),
            Transition("reopen", ("closed",), "open", inverse="resolve"),
            Transition("ask", ("open",), None, inverse="withdraw"),
            Transition("write_off", ("open", "closed"), None, inverse="end_write_off"),
            Transition("end_write_off", ("open", "closed"), None, inverse="write_off"),
            # answers to approvals: their event is a close with that reason; what a yes has put to rest is woken
            Transition("vote", ("open",), None, inverse="reject"),
            Transition("approve", ("open",), "closed", inverse="reopen"),
            Transition("reject", ("open",), "closed", inverse="reopen"),
            Transition("withdraw", ("open",), "closed", inverse="ask"),
            Transition("answer", ("open",), None, inverse="ask"),
        )
    }
)
DAYS_WORK = frozenset({"open", "update", "escalate", "ask_anew", "confirm", "close"})
"""Verbs that no person does: what is brought to a day is undone by the next, and not by hand."""
PROMISE: Mapping[str, Transition] = MappingProxyType(
    {
        row.verb: row
        for row in (
            Transition("make", ("new",), "open", inverse="replace"),
            Transition("keep", ("open",), "kept", inverse=None),
            Transition("keep_partly", ("open",), "partly_kept", inverse=None),
            Transition("break", ("open",), "broken", inverse=None),
            Transition("replace", ("open",), "replaced", inverse=None),
            Transition("deal_with", ("broken",), None, inverse=None),
            Transition("restore", ("replaced",), "open", inverse="replace"),
        )
    }
)
INSTALMENT_PLAN: Mapping[str, Transition] = MappingProxyType(
    {
        row.verb: row
        for row in (
            Transition("make", ("new",), "open", inverse="replace"),
            Transition("keep", ("open",), "kept", inverse=None),
            Transition("break", ("open",), "broken", inverse=None),
            Transition("replace", ("open",), "replaced", inverse=None),
            Transition("deal_with", ("broken",), None, inverse=None),
            Transition("restore", ("replaced",), "open", inverse="replace"),
        )
    }
)


def move(table: Mapping[str, Transition], verb: str, state: str) -> str:
    """The state after `verb` in `state`.

    Raises:
        CaseError: when the table has no such way.
    """
    row = table.get(verb)
    if row is None or state not in row.sources:
        allowed = ", ".join(sorted(one.verb for one in table.values() if state in one.sources)) or "nothing"
        raise CaseError(f"{verb!r} can't be done while it is {state}.", hint=f"Possible now: {allowed}.")
    return row.target or state
