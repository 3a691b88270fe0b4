"""Shortcuts on messages, one file each."""

from __future__ import annotations

from types import ModuleType

from bot.listeners.shortcuts import comment, promise

LISTENERS: tuple[ModuleType, ...] = (comment, promise)
