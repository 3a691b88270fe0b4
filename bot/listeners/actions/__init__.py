"""Buttons, menus and fields, one file each."""

from __future__ import annotations

from types import ModuleType

from bot.listeners.actions import (
    announce,
    approve,
    assign,
    call,
    comment,
    complete,
    contact,
    dispute,
    end_write_off,
    history,
    home,
    instalments,
    link,
    more,
    promise,
    redraw,
    reject,
    reopen,
    resolve,
    show,
    snooze,
    take,
    unknown,
    unwatch,
    wake,
    watch,
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
    end_write_off,
    history,
    home,
    instalments,
    link,
    more,
    promise,
    redraw,
    reject,
    reopen,
    resolve,
    show,
    snooze,
    take,
    unwatch,
    wake,
    watch,
    write_off,
)
LAST: tuple[ModuleType, ...] = (unknown,)
"""What is asked when no other listens."""
