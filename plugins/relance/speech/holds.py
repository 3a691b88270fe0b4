"""What stands against an invoice, in words: what it is, who or what put it and when, and until when it stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from relance.money import Money
from relance.planning.explanation import ClosedDay, Hold
from relance.planning.model import FROM_PEOPLE
from relance.speech.steps import causes
from relance.speech.voice import Voice


def hold_line(hold: Hold, voice: Voice, *, entity: str) -> str:
    """One hold as a few short sentences."""
    sentences = [_what(hold, voice, entity), _by_whom(hold, voice)]
    if hold.until is not None and hold.reason != "non_business_day":
        sentences.append(voice("until", until=voice.day(hold.until)))
    elif hold.reason in FROM_PEOPLE:
        sentences.append(voice("endless"))
    return " ".join(sentence for sentence in sentences if sentence)


def _what(hold: Hold, voice: Voice, entity: str) -> str:
    key = f"hold.{hold.reason}.{hold.case}"
    if hold.reason == "promised" and hold.until is None:
        key = "hold.promised.open"
    elif hold.facts.get("whole") and voice.has(f"{key}.whole"):
        key = f"{key}.whole"
    elif hold.facts.get("role") and voice.has(f"{key}.role"):
        key = f"{key}.role"
    if not voice.has(key):
        return voice("hold.other", reason=voice.named("short", hold.reason), source=hold.source)
    return voice(key, **_values(hold.facts, voice), entity=entity, told=_told(hold.facts, voice))


def _values(facts: Mapping[str, Any], voice: Voice) -> dict[str, str]:
    """Facts as the language writes them."""
    found = {name: _written(value, voice) for name, value in facts.items()}
    for name in ("days", "age"):
        if name in facts:
            found[name] = voice.count("days", facts[name])
    if "persons" in facts:
        found["persons"] = voice.count("persons", facts["persons"])
    if "status" in facts:
        found["status"] = voice.named("status", facts["status"])
    if "closures" in facts:
        found["causes"] = causes((ClosedDay(facts["day"], facts["closures"]),), voice)
    if "channels" in facts:
        found["channels"] = voice.either(voice.named("channel", channel) for channel in facts["channels"])
    if "role" in facts:
        found["role"] = voice.named("role", facts["role"])
    return found


def _written(value: Any, voice: Voice) -> str:
    if isinstance(value, Money):
        return voice.amount(value)
    if isinstance(value, date):
        return voice.day(value)
    return "" if value is None else str(value)


def _told(facts: Mapping[str, Any], voice: Voice) -> str:
    """Who told of a signal, and what they noted."""
    by = voice("told.by", owner=facts["owner"]) if facts.get("owner") else ""
    note = voice("told.note", note=facts["note"]) if facts.get("note") else ""
    return by + note


def _by_whom(hold: Hold, voice: Voice) -> str:
    """Who put a hold of people; what isn't a person's address is said as a source."""
    if hold.case != "person":
        return ""
    who, when = hold.facts["who"], hold.facts["when"]
    kind = "person" if "@" in who else "source"
    if when is None:
        return voice(f"by.{kind}", who=who)
    return voice(f"by.{kind}_on", who=who, when=voice.day(when))
