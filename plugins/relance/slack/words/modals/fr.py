"""The modals' and the Home tab's words in French."""

from __future__ import annotations

WORDS: dict[str, str] = {}
