"""The digests' words in German."""

from __future__ import annotations

WORDS: dict[str, str] = {}
