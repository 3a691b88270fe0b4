"""Days played one after another, as if all that was planned had been sent, called and done on its day. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import polars as pl

from relance.config.policy import Policy
from relance.ledger.snapshot import Snapshot
from relance.planning.model import ACT_HISTORY, CONTACT_HISTORY, History, Plan
from relance.planning.people import Directory
from relance.planning.plan import plan


def play(
    snapshot_of: Callable[[date], Snapshot],
    policy: Policy,
    history: History,
    holds_of: Callable[[date], pl.DataFrame],
    *,
    first: date,
    last: date,
    approve: bool = True,
    profiles_of: Callable[[date], pl.DataFrame] | None = None,
) -> Iterator[Plan]:
    """One plan a day from `first` to `last`, each with what the days before have done added to `history`.

    Contacts count as sent (calls and tasks: completed) on their day, approvals as given; with `approve=False` what needs
    a yes waits for ever. `profiles_of` gives the profiles in force on a day, as `plan` takes them.
    """

    def facts_of(day: date) -> tuple[Snapshot, pl.DataFrame, pl.DataFrame | None]:
        return snapshot_of(day), holds_of(day), profiles_of(day) if profiles_of else None

    directory = None
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(facts_of, first)
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1)):
            snapshot, people, profiles = coming.result()
            if day < last:  # tomorrow's facts hang on nothing that is done today
                coming = ahead.submit(facts_of, day + timedelta(days=1))
            if directory is None or directory.contacts is not snapshot.contacts:
                directory = Directory.of(snapshot.contacts, policy)
            planned = plan(snapshot, policy, history, people, day, profiles=profiles, directory=directory)
            yield planned
            history = after(history, planned, approve=approve)


def after(history: History, planned: Plan, *, approve: bool = True) -> History:
    """History with a plan carried out on its day."""
    groups = [frame for frame in (planned.contacts, planned.tasks) if not frame.is_empty()]
    if not groups:
        return history
    contacts = [_carried_out(frame, planned.as_of, approve=approve) for frame in groups]
    acts = [_acts(frame) for frame in groups]
    return history.followed_by(pl.concat(contacts), pl.concat(acts))


def _carried_out(frame: pl.DataFrame, as_of: date, *, approve: bool) -> pl.DataFrame:
    waits = pl.lit(value=not approve) & pl.col("approval").is_not_null()
    done = pl.when(pl.col("kind") == "message").then(pl.lit("sent")).otherwise(pl.lit("completed"))
    channel = pl.col("channel") if "channel" in frame.columns else pl.lit("internal")
    return frame.select(
        "key",
        "payer_id",
        "kind",
        "scenario",
        "step",
        "level",
        channel.alias("channel"),
        as_of=pl.lit(as_of),
        state=pl.when(waits).then(pl.lit("awaiting_approval")).otherwise(done),
        acted_on=pl.when(~waits).then(pl.lit(as_of)),
        settled=pl.lit(value=False),
    ).select(pl.col(name).cast(kind) for name, kind in CONTACT_HISTORY.items())


def _acts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("key", "acts").explode("acts").unnest("acts").select(list(ACT_HISTORY))
