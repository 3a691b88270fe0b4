"""The digests' words in English."""

from __future__ import annotations

WORDS: dict[str, str] = {}
