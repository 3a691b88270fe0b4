"""Every word of the explanations, one file a language. `{…}` are filled by `relance.speech`.

A value that depends on a number is a pair: for one, and for any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from relance.speech.words import de, en, fr

Words = Mapping[str, str | tuple[str, str]]

DEFAULT = "en"
LANGUAGES: Mapping[str, Words] = MappingProxyType({"en": en.WORDS, "fr": fr.WORDS, "de": de.WORDS})


def language_of(tag: str | None) -> str:
    """The language whose words are used for a tag (fr-BE is fr); English where there are none."""
    primary = (tag or DEFAULT).replace("_", "-").split("-")[0].lower()
    return primary if primary in LANGUAGES else DEFAULT
