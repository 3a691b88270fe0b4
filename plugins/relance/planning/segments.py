"""The segment table: which scenario a payer is under."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_

import polars as pl

from relance.config.models import Conditions, Entity
from relance.config.policy import Policy
from relance.money import Money


def scenarios_of_payers(
    payers: pl.DataFrame, totals: pl.DataFrame, signals: pl.DataFrame, policy: Policy, entity: Entity
) -> pl.DataFrame:
    """`payer_id`, `scenario`, `rule` (null: the entity's default) for each payer.

    Args:
        payers: payer_id, country, segment, vip, payment_method, profile, risk.
        totals: payer_id, currency, outstanding, overdue: as the segment table takes them, before any hold.
        signals: payer_id, kind: those that stand on the day.
        policy: its rules in order.
        entity: the selling side.
    """
    rules = [rule for rule in policy.segments if _selling_side_matches(rule.when, entity)]
    matches = (_matches(rule.when, totals, signals) for rule in rules)
    frame = payers.with_columns(one.alias(f"rule_{number}") for number, one in enumerate(matches))
    first = pl.coalesce(
        *(pl.when(pl.col(f"rule_{number}")).then(pl.lit(number)) for number in range(len(rules))),
        pl.lit(len(rules)),
    )
    scenarios = [*(rule.scenario for rule in rules), entity.default_scenario]
    names = [*(rule.name for rule in rules), None]
    return frame.select(
        "payer_id",
        first.replace_strict(range(len(scenarios)), scenarios, return_dtype=pl.String).alias("scenario"),
        first.replace_strict(range(len(names)), names, return_dtype=pl.String).alias("rule"),
    )


def _selling_side_matches(when: Conditions, entity: Entity) -> bool:
    return (when.entity is None or entity.entity in when.entity) and (
        when.region is None or entity.region in when.region
    )


def _matches(when: Conditions, totals: pl.DataFrame, signals: pl.DataFrame) -> pl.Expr:
    """Whether all conditions on the payer's side hold; an unknown value matches nothing (`vip: false` apart)."""
    conditions: list[pl.Expr] = []
    for column in ("country", "segment", "profile", "risk", "payment_method"):
        wanted: Sequence[str] | None = getattr(when, column)
        if wanted is not None:
            conditions.append(pl.col(column).is_in(list(wanted)).fill_null(value=False))
    if when.vip is not None:
        conditions.append(pl.col("vip").fill_null(value=False) == when.vip)
    if when.signal is not None:
        having = signals.filter(pl.col("kind").is_in(list(when.signal)))["payer_id"].unique()
        conditions.append(pl.col("payer_id").is_in(having.to_list()))
    for column, limits in (("outstanding", when.outstanding_over), ("overdue", when.overdue_over)):
        if limits:
            above = totals.filter(_above(column, limits))["payer_id"].unique()
            conditions.append(pl.col("payer_id").is_in(above.to_list()))
    return reduce(and_, conditions, pl.lit(value=True))


def _above(column: str, limits: Sequence[Money]) -> pl.Expr:
    return reduce(
        or_, ((pl.col("currency") == limit.currency) & (pl.col(column) > limit.minor) for limit in limits)
    )
