"""What the law has given beside a debt, in one line."""

from __future__ import annotations

from collections.abc import Iterable

from relance.money import Money
from relance.speech.voice import Voice


def charges_line(
    language: str | None,
    *,
    interest: Money,
    compensation: Money | None,
    claimed: Iterable[Money] = (),
    waived: Iterable[Money] = (),
) -> str:
    """Interest to the day and the fixed sum, and how much was asked for and given up.

    Args:
        language: the reader's; English where there are no words.
        interest: what has accrued.
        compensation: the fixed sum; None where it can't be said.
        claimed: what letters asked for, sum by sum; nothing: it was not claimed.
        waived: what was given up, sum by sum.
    """
    voice = Voice.of(language)
    asked, given_up = list(claimed), list(waived)
    state = [_sums(voice, "charges.claimed", asked) if asked else voice("charges.not_claimed")]
    state += [_sums(voice, "charges.waived", given_up)] if given_up else []
    return voice(
        "charges.sums",
        interest=voice.amount(interest),
        compensation=voice.amount(compensation) if compensation else voice("charges.no_sum"),
        state=voice("separator").join(state),
    )


def no_charges_line(language: str | None) -> str:
    """That the law's files have no figure for the day."""
    return Voice.of(language)("charges.unknown")


def _sums(voice: Voice, key: str, sums: Iterable[Money]) -> str:
    return voice(key, list=voice.listed(voice.amount(one) for one in sums))
