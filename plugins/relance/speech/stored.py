"""What a stored plan decided then, beside what would be decided now."""

from __future__ import annotations

from collections.abc import Mapping

from relance.speech.voice import Voice


def then_and_now(
    language: str, *, plan: int, at: str, same_policy: bool, late: int, fields: Mapping[str, tuple[str, str]]
) -> tuple[str, ...]:
    """Sentences: whether plan `plan` of `at` decided the same, else why and in which fields (then, now) it differs."""
    voice = Voice.of(language)
    if not fields:
        return (voice("stored.same", plan=plan, at=at),)
    told = [voice("stored.other", plan=plan, at=at)]
    told += [] if same_policy else [voice("stored.policy")]
    told += [voice("stored.late", count=late)] if late else []
    changed = (voice("stored.field", field=name, then=then, now=now) for name, (then, now) in fields.items())
    return (" ".join(told), *changed)
