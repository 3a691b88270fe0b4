"""Modals: one file each, by the action that opens them. Pure: a scene in, a view out; what was filled in, checked, out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from relance.slack.modals import approve, assign, comment, reject, resolve, snooze
from relance.slack.modals.modal import Entry, Errors, Item, Modal, ModalScene, View

__all__ = ["MODALS", "Entry", "Errors", "Item", "Modal", "ModalScene", "View"]

MODALS: Mapping[str, Modal] = MappingProxyType(
    {one.MODAL.action: one.MODAL for one in (comment, assign, snooze, resolve, approve, reject)}
)
"""Every modal, by the action id that opens it, which is its callback id too."""
