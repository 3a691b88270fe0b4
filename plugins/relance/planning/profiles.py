"""Which of the seven profiles a payer's figures show, and when a profile changes. Pure."""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import and_

import polars as pl

from relance.calendars import Calendar
from relance.config.profiles import PROFILES, Profiles
from relance.ledger.versions import LedgerVersions
from relance.planning.behaviour import figures_of
from relance.planning.conduct import Conduct

STATE = pl.Schema({"payer_id": pl.String, "candidate": pl.String, "weeks": pl.Int32, "profile": pl.String})
"""A payer after a week's score: what the week shows, for how many weeks in a row, and the profile in force."""


def profile_payers(
    versions: LedgerVersions, conduct: Conduct, profiles: Profiles, calendar: Calendar, as_of: date
) -> pl.DataFrame:
    """`payer_id`, `profile` (null: unknown) and `behaviour.FIGURES`, by payer_id; arguments as `figures_of`.

    The first profile that fits counts. Unknown is who has settled too little, and whom no profile fits.
    """
    figures = figures_of(versions, conduct, profiles, calendar, as_of)
    return with_profile(figures, profiles)


def with_profile(figures: pl.DataFrame, profiles: Profiles) -> pl.DataFrame:
    """Figures with the `profile` that they show, after `payer_id`."""
    rules = rules_of(profiles)
    first = pl.coalesce(*(pl.when(rules[name]).then(pl.lit(name)) for name in PROFILES))
    enough = pl.col("settled") >= profiles.min_settled
    return figures.select(
        "payer_id",
        pl.when(enough).then(first).cast(pl.String).alias("profile"),
        pl.exclude("payer_id"),
    )


def rules_of(profiles: Profiles) -> dict[str, pl.Expr]:
    """By profile, whether a payer's figures show it. A figure that is null shows nothing, unless a rule says so."""
    return {
        "automatic": _automatic(profiles),
        "insolvent": _insolvent(profiles),
        "litigious": _litigious(profiles),
        "administrative": _administrative(profiles),
        "bad": _bad(profiles),
        "negligent": _negligent(profiles),
        "good": _good(profiles),
    }


def _all(*conditions: pl.Expr) -> pl.Expr:
    return reduce(and_, (condition.fill_null(value=False) for condition in conditions))


def _automatic(profiles: Profiles) -> pl.Expr:
    limits = profiles.automatic
    return _all(
        pl.col("mandate"),
        pl.col("collected") >= limits.collected_from,
        pl.col("returns_share") < limits.returns_under,
    )


def _insolvent(profiles: Profiles) -> pl.Expr:
    limits = profiles.insolvent
    sinking = _all(
        pl.col("median_delay") > limits.delay_over,
        pl.col("in_part") >= limits.partial_from,
        pl.col("volume_change") <= -limits.volume_fall_from,
    )
    returned = pl.col("recent_returns") >= limits.returns_from
    return pl.col("insolvency") | returned | (pl.col("plans") > 0) | sinking


def _litigious(profiles: Profiles) -> pl.Expr:
    limits = profiles.litigious
    many = _all(pl.col("disputed_share") >= limits.disputed_from)
    lately = pl.col("recent_disputes") >= limits.disputes_from
    return _all(many | lately, pl.col("disputed_after_due") >= limits.after_due_from)


def _administrative(profiles: Profiles) -> pl.Expr:
    limits = profiles.administrative
    explained = _all(pl.col("explained") >= limits.explained_from)
    return _all(pl.col("by_procedure") | explained, pl.col("spread") <= limits.spread_to)


def _bad(profiles: Profiles) -> pl.Expr:
    limits = profiles.bad
    word_kept = pl.col("promises_kept") >= limits.promises_kept_under
    return _all(
        pl.col("median_delay") > limits.delay_over,
        pl.col("dunned") >= profiles.min_dunned,
        pl.col("reached_level_2") >= limits.reached_level_2_from,
        pl.col("paid_after_firm") >= limits.after_firm_from,
        pl.col("disputed") == 0,
        ~word_kept.fill_null(value=False),  # who promised nothing broke nothing
    )


def _negligent(profiles: Profiles) -> pl.Expr:
    limits = profiles.negligent
    return _all(
        pl.col("median_delay").is_between(limits.delay_from, limits.delay_to),
        pl.col("dunned") >= profiles.min_dunned,
        pl.col("answered") >= limits.answered_from,
    )


def _good(profiles: Profiles) -> pl.Expr:
    limits = profiles.good
    return _all(
        pl.col("median_delay") <= limits.delay_to,
        pl.col("on_time") >= limits.on_time_from,
        pl.col("promises_broken") == 0,
    )


def after_week(
    before: pl.DataFrame, scored: pl.DataFrame, *, follows: bool, weeks_of_evidence: int
) -> pl.DataFrame:
    """`STATE` of payers after a week's score, by payer_id; those about whom there is nothing to say are left out.

    A profile, "unknown" too, takes the place of another once so many weeks in a row show it. A payer that isn't in
    `scored` shows nothing.

    Args:
        before: `STATE` after the score before.
        scored: payer_id, profile: what this week shows.
        follows: whether that score was of the week just before: after a gap, weeks are counted anew.
        weeks_of_evidence: how many it takes.
    """
    old = before.select("payer_id", was="candidate", had="weeks", held="profile")
    both = scored.select("payer_id", candidate="profile").join(old, on="payer_id", how="full", coalesce=True)
    again = pl.lit(follows) & pl.col("candidate").eq_missing(pl.col("was")) & pl.col("had").is_not_null()
    weeks = pl.when(again).then(pl.col("had") + 1).otherwise(1)
    turned = both.with_columns(weeks=weeks).with_columns(
        profile=pl.when(pl.col("weeks") >= weeks_of_evidence).then("candidate").otherwise("held")
    )
    return (
        turned.filter(pl.any_horizontal(pl.col("candidate", "profile").is_not_null()))
        .sort("payer_id")
        .select(pl.col(name).cast(kind) for name, kind in STATE.items())
    )
