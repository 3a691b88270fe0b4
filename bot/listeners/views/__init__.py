"""Submitted modals, one file each."""

from __future__ import annotations

from types import ModuleType

from bot.listeners.views import (
    announce,
    approve,
    assign,
    call,
    comment,
    complete,
    contact,
    dispute,
    instalments,
    promise,
    reject,
    reopen,
    resolve,
    snooze,
    write_off,
)

LISTENERS: tuple[ModuleType, ...] = (
    announce,
    approve,
    assign,
    call,
    comment,
    complete,
    contact,
    dispute,
    instalments,
    promise,
    reject,
    reopen,
    resolve,
    snooze,
    write_off,
)
