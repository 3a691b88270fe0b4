"""What happens in the workspace, one file each."""

from __future__ import annotations

from types import ModuleType

from bot.listeners.events import app_home_opened, message, people, trouble, unknown

LISTENERS: tuple[ModuleType, ...] = (app_home_opened, message, people, trouble)
LAST: tuple[ModuleType, ...] = (unknown,)
"""What is asked when no other listens."""
