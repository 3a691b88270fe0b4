"""Modals: one file each, by the action that opens them. Pure: a scene in, a view out; what was filled in, checked, out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from relance.slack.modals import (
    announce,
    approve,
    assign,
    call,
    choose_case,
    comment,
    complete,
    contact,
    dispute,
    history,
    instalments,
    promise,
    reject,
    reopen,
    resolve,
    snooze,
    write_off,
)
from relance.slack.modals.announce import AnnounceEntry
from relance.slack.modals.approve import ApproveEntry
from relance.slack.modals.assign import AssignEntry
from relance.slack.modals.call import CallEntry
from relance.slack.modals.choose_case import MessageCommentEntry, MessagePromiseEntry, case_options
from relance.slack.modals.comment import CommentEntry
from relance.slack.modals.complete import CompleteEntry
from relance.slack.modals.contact import ContactEntry, GivenContact, WrongContact
from relance.slack.modals.dispute import DisputeEntry
from relance.slack.modals.instalments import InstalmentsEntry
from relance.slack.modals.modal import (
    CaseChoice,
    Entry,
    Errors,
    Item,
    KnownContact,
    MessageScene,
    Modal,
    ModalScene,
    View,
)
from relance.slack.modals.promise import PromiseEntry
from relance.slack.modals.reject import RejectEntry
from relance.slack.modals.reopen import ReopenEntry
from relance.slack.modals.resolve import ResolveEntry
from relance.slack.modals.snooze import SnoozeEntry
from relance.slack.modals.waiting import failed, loading, no_longer, refused
from relance.slack.modals.write_off import WriteOffEntry

__all__ = [
    "MESSAGES", "MODALS", "AnnounceEntry", "ApproveEntry", "AssignEntry", "CallEntry", "CaseChoice", "CommentEntry",
    "CompleteEntry", "ContactEntry", "DisputeEntry", "Entry", "Errors", "GivenContact", "InstalmentsEntry", "Item",
    "KnownContact", "MessageCommentEntry", "MessagePromiseEntry", "MessageScene", "Modal", "ModalScene", "PromiseEntry",
    "RejectEntry", "ReopenEntry", "ResolveEntry", "SnoozeEntry", "View", "WriteOffEntry", "WrongContact", "case_options",
    "failed", "loading", "no_longer", "refused",
]  # fmt: skip

MODALS: Mapping[str, Modal[ModalScene]] = MappingProxyType(
    {
        one.MODAL.action: one.MODAL
        for one in (
            comment, assign, snooze, promise, instalments, dispute, announce, contact, call, complete, resolve, reopen,
            approve, reject, write_off, history,
        )
    }
)  # fmt: skip
"""The modals of a case, by the action id that opens them, which is their callback id too."""
MESSAGES: Mapping[str, Modal[MessageScene]] = MappingProxyType(
    {one.action: one for one in (choose_case.COMMENT, choose_case.PROMISE)}
)
"""The modals of message shortcuts, by the shortcut's callback id, which is theirs too."""
