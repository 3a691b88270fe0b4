"""How far each invoice has come, read from what was done for it (rules 2, 5 and 6)."""

from __future__ import annotations

import numpy as np
import polars as pl

from relance.config.policy import Policy
from relance.planning.daynumbers import LONG_AGO
from relance.planning.steps import NONE, Progress, place_of_done


def progress_of(items: pl.DataFrame, acts: pl.DataFrame, policy: Policy) -> Progress:
    """Arrays over the items (row, invoice_id, scenario, reopened_on), in their order."""
    size = items.height
    furthest = np.full(size, NONE, dtype=np.int32)
    last_on = np.full(size, LONG_AGO, dtype=np.int32)
    last_place = np.full(size, NONE, dtype=np.int32)
    reopened = items["reopened_on"].cast(pl.Int32).fill_null(int(LONG_AGO)).to_numpy()
    placed = _placed(items, acts, policy) if acts.height else acts
    if not placed.is_empty():
        np.maximum.at(furthest, placed["row"].to_numpy(), placed["place"].to_numpy())
        # in the order of days: of several values given to one row the last one stays
        firm = placed.filter(pl.col("level") != "preventive").sort("acted_on", "place")
        rows = firm["row"].to_numpy()
        last_on[rows] = firm["acted_on"].cast(pl.Int32).to_numpy()
        last_place[rows] = firm["place"].to_numpy()
    return Progress(furthest, last_on, last_place, reopened)


def _placed(items: pl.DataFrame, acts: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """The acts of open items with the `place` that each takes in the item's present scenario."""
    mine = acts.rename({"scenario": "done_scenario"}).join(
        items.select("row", "invoice_id", "scenario"), on="invoice_id"
    )
    kinds = mine.select("scenario", "done_scenario", "step", "level").unique()
    places = [
        place_of_done(policy.scenarios[present], done, step, level)
        for present, done, step, level in kinds.iter_rows()
    ]
    return mine.join(
        kinds.with_columns(pl.Series("place", places, dtype=pl.Int32)),
        on=["scenario", "done_scenario", "step", "level"],
    )
