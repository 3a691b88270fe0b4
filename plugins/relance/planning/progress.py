"""How far each invoice has come, read from what was done for it (rules 2, 5 and 6)."""

from __future__ import annotations

import numpy as np
import polars as pl

from relance.calendars import Days
from relance.config.policy import Policy
from relance.planning.model import DONE_STATES, History
from relance.planning.steps import LONG_AGO, NONE, Progress, place_of_done

_DONE = [f"{kind} {state}" for kind, states in DONE_STATES.items() for state in states]


def done_acts(history: History) -> pl.DataFrame:
    """`invoice_id`, `scenario`, `step`, `level`, `acted_on` of every act whose contact or task is done."""
    if history.acts.is_empty():
        return _NO_ACTS
    is_done = pl.concat_str("kind", "state", separator=" ").is_in(_DONE)
    contacts = history.contacts.filter(is_done).select("key", "scenario", "acted_on")
    return history.acts.join(contacts, on="key").select("invoice_id", "scenario", "step", "level", "acted_on")


_NO_ACTS = pl.DataFrame(
    schema={
        "invoice_id": pl.String, "scenario": pl.String, "step": pl.String, "level": pl.String, "acted_on": pl.Date,
    }
)  # fmt: skip


def progress_of(items: pl.DataFrame, acts: pl.DataFrame, policy: Policy) -> Progress:
    """Arrays over the items (row, invoice_id, scenario, reopened_on), in their order."""
    size = items.height
    furthest = np.full(size, NONE, dtype=np.int32)
    last_on = np.full(size, LONG_AGO, dtype=np.int32)
    last_place = np.full(size, NONE, dtype=np.int32)
    reopened = items["reopened_on"].cast(pl.Int32).fill_null(int(LONG_AGO)).to_numpy()
    placed = _placed(items, acts, policy) if acts.height else acts
    if not placed.is_empty():
        by_row = placed.group_by("row").agg(furthest=pl.col("place").max())
        furthest[by_row["row"].to_numpy()] = by_row["furthest"].to_numpy()
        firm = placed.filter(pl.col("level") != "preventive").sort("row", "acted_on", "place")
        last = firm.group_by("row", maintain_order=True).last()
        last_on[last["row"].to_numpy()] = last["acted_on"].cast(pl.Int32).to_numpy()
        last_place[last["row"].to_numpy()] = last["place"].to_numpy()
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


def days(column: pl.Series) -> Days:
    """A date column as days since 1970 (no nulls)."""
    numbers: Days = column.cast(pl.Int32).to_numpy()
    return numbers
