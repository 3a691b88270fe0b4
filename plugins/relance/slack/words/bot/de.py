"""The bot's answers in German."""

from __future__ import annotations

WORDS: dict[str, str] = {}
