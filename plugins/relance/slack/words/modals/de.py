"""The modals' and the Home tab's words in German."""

from __future__ import annotations

WORDS: dict[str, str] = {}
