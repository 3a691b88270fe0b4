"""The bot's answers in French."""

from __future__ import annotations

WORDS: dict[str, str] = {}
