"""Choices that menus load while somebody types, one file each."""

from __future__ import annotations

from types import ModuleType

from bot.listeners.options import case_choice

LISTENERS: tuple[ModuleType, ...] = (case_choice,)
