"""Every word that Slack shows, by locale: a folder a surface, in it a file a language. `{…}` are filled by who says them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

DEFAULT = "en"
LOCALES = ("en", "fr", "de", "es")
SURFACES = ("cards", "modals", "bot", "digests")


def _words(locale: str) -> Mapping[str, str]:
    """All surfaces' words of a locale; no key may be in two of them."""
    words: dict[str, str] = {}
    for surface in SURFACES:
        own: dict[str, str] = import_module(f"{__name__}.{surface}.{locale}").WORDS
        twice = words.keys() & own.keys()
        if twice:
            raise ValueError(f"said in two places: {sorted(twice)}")
        words |= own
    return MappingProxyType(words)


WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({locale: _words(locale) for locale in LOCALES})


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
