"""Cases: what a person must see or decide about a payer, with its transitions, promises, holds and timeline.

The database is the record; Slack, the command line and the portal show it. All functions work in the unit of
work they are given and never commit.
"""

from __future__ import annotations

from relance.cases.approvals import approve, reject
from relance.cases.assigning import assign, unwatch, watch
from relance.cases.commenting import comment, delete_comment, edit_comment
from relance.cases.promising import promise
from relance.cases.reading import (
    Case,
    Comment,
    Event,
    Promise,
    find_case,
    list_cases,
    read_case,
    read_comments,
    read_events,
    read_promises,
    read_timeline,
)
from relance.cases.requesting import write_off
from relance.cases.resolving import RESOLUTIONS, reopen, resolutions_of, resolve
from relance.cases.snoozing import snooze, wake
from relance.cases.work import CasesReport, work

__all__ = [
    "RESOLUTIONS",
    "Case",
    "CasesReport",
    "Comment",
    "Event",
    "Promise",
    "approve",
    "assign",
    "comment",
    "delete_comment",
    "edit_comment",
    "find_case",
    "list_cases",
    "promise",
    "read_case",
    "read_comments",
    "read_events",
    "read_promises",
    "read_timeline",
    "reject",
    "reopen",
    "resolutions_of",
    "resolve",
    "snooze",
    "unwatch",
    "wake",
    "watch",
    "work",
    "write_off",
]
