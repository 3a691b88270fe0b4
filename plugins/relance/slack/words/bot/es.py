"""The bot's answers in Spanish."""

from __future__ import annotations

WORDS: dict[str, str] = {}
