"""The digests' words in Spanish."""

from __future__ import annotations

WORDS: dict[str, str] = {}
