"""Every word a card says, by locale: one place, one file a language. `{…}` are filled by the cards."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from relance.slack.words import de, en, es, fr

DEFAULT = "en"
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"en": en.WORDS, "fr": fr.WORDS, "de": de.WORDS, "es": es.WORDS}
)


def locale_of(language: str | None) -> str:
    """The locale whose words are used for a language tag (fr-BE is fr); English where there are none."""
    primary = (language or DEFAULT).replace("_", "-").split("-")[0].lower()
    return primary if primary in WORDS else DEFAULT


def say(locale: str, key: str, **values: object) -> str:
    """The words of `key` in a locale of `WORDS`; those of `key.one`, where there are any, for a `count` of 1."""
    words = WORDS[locale]
    one = f"{key}.one"
    return words[one if values.get("count") == 1 and one in words else key].format(**values)


def word_or(locale: str, key: str, otherwise: str) -> str:
    """The words of `key`, or `otherwise` for a value that nobody has named yet."""
    return WORDS[locale].get(key, otherwise)
