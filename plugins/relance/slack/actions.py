"""What can be pressed, by stable and versioned names: a card that was posted before an upgrade still works after it."""

from __future__ import annotations

from dataclasses import dataclass

COMMENT = "case.comment.v1"
ASSIGN = "case.assign.v1"
TAKE = "case.take.v1"
WATCH = "case.watch.v1"
UNWATCH = "case.unwatch.v1"
SNOOZE = "case.snooze.v1"
WAKE = "case.wake.v1"
END_WRITE_OFF = "case.end_write_off.v1"
"""What was approved to be written off is dunned again; ending a rest is another button, so that none does both."""
PROMISE = "case.promise.v1"
INSTALMENTS = "case.instalments.v1"
ANNOUNCE = "case.announce.v1"
DISPUTE = "case.dispute.v1"
CONTACT = "case.contact.v1"
CALL = "case.call.v1"
COMPLETE = "case.complete.v1"
RESOLVE = "case.resolve.v1"
REOPEN = "case.reopen.v1"
APPROVE = "case.approve.v1"
REJECT = "case.reject.v1"
WRITE_OFF = "case.write_off.v1"
HISTORY = "case.history.v1"
MORE = "case.more.v1"
"""The card's menu; each option's value is a `Target` with the action it stands for."""
SHOW = "case.show.v1"
"""The menu of a channel's list of cases beyond its daily limit: each option's value is a `Target`; it gets a card."""
LINK = "case.link.v1"
"""A button that only opens an address."""

CALL_OUTCOME = "call.outcome.v1"
"""In the modal of a call: what came of it; the modal is built anew, with the fields that this needs."""
HISTORY_PAGE = "history.page.v1"
"""In the modal of a case's history: older events; its value is the page, from 0."""
HISTORY_BACK = "history.back.v1"
CASE_CHOICE = "message.case.v1"
"""In the modals of message shortcuts: which case, searched by the payer's name; asks for options."""

HOME_PAGE = "home.page.v1"
"""The next page; its value is the page, from 0."""
HOME_BACK = "home.back.v1"
HOME_LIST = "home.list.v1"
"""Which list is looked at; also as a button whose value is the list."""
HOME_WHOSE = "home.whose.v1"
HOME_KIND = "home.kind.v1"
HOME_ENTITY = "home.entity.v1"
HOME_REFRESH = "home.refresh.v1"
HOME_OPEN = "home.open.v1"

MESSAGE_TO_CASE = "message.comment.v1"
"""Shortcut of a message: add it to a case."""
MESSAGE_TO_PROMISE = "message.promise.v1"
"""Shortcut of a message: note a promise from it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a button is about, as its value: the action, the case, and the case's revision when it was drawn."""

    action: str
    case_id: int
    revision: int

    def __str__(self) -> str:
        return f"{self.action}:{self.case_id}:{self.revision}"

    @classmethod
    def parse(cls, value: str) -> Target:
        """The target of a button's value.

        Raises:
            ValueError: when the value is none of ours.
        """
        action, case_id, revision = value.rsplit(":", 2)
        if not case_id.isdecimal() or not revision.isdecimal() or not action:
            raise ValueError("not the value of one of our buttons")
        return cls(action, int(case_id), int(revision))
