"""History as it stands on a day: what was planned before it, with calls that nobody made in time given up."""

from __future__ import annotations

from datetime import date

import polars as pl

from relance.calendars import Calendar, add_business_days
from relance.config.models import Region, Scenario
from relance.config.policy import Policy
from relance.planning.model import History

DEFAULT_CALL_PATIENCE = Scenario.model_fields["call_patience_days"].default


def region_calendar(region: Region) -> Calendar:
    """The selling side's business days."""
    return Calendar.of_region(region.business_days, region.country, region.subdivision, region.extra_holidays)


def history_on(history: History, policy: Policy, region: Calendar, as_of: date) -> History:
    """Contacts and tasks planned before the day; calls left open for longer than their scenario's patience are not made."""
    contacts = history.contacts
    if not (contacts["as_of"] < as_of).all():
        contacts = contacts.filter(pl.col("as_of") < as_of)
        history = History(contacts, history.acts, history.approvals)
    given_up = calls_given_up(contacts, policy, region, as_of)
    if not given_up.is_empty():
        late = pl.col("over").is_not_null()
        contacts = (
            contacts.join(given_up, on="key", how="left", maintain_order="left")
            .with_columns(
                state=pl.when(late).then(pl.lit("not_made")).otherwise("state"),
                acted_on=pl.when(late).then("over").otherwise("acted_on"),
            )
            .drop("over")
        )
        history = History(contacts, history.acts, history.approvals)
    return history


def calls_given_up(contacts: pl.DataFrame, policy: Policy, region: Calendar, as_of: date) -> pl.DataFrame:
    """`key`, `over` of open calls whose `call_patience_days` business days of the region are over on the day.

    `contacts`: key, as_of, kind, state, scenario. `over` is the day from which the call counts as not made.
    """
    if not (contacts["state"] == "open").any():
        return pl.DataFrame(schema={"key": pl.String, "over": pl.Date})
    waiting = contacts.filter((pl.col("kind") == "call") & (pl.col("state") == "open"))
    kinds = waiting.select("scenario", "as_of").unique()
    over = [
        add_business_days(region, planned_on, _patience(policy, scenario))
        for scenario, planned_on in kinds.iter_rows()
    ]
    return (
        kinds.with_columns(pl.Series("over", over, dtype=pl.Date))
        .filter(pl.col("over") <= as_of)
        .join(waiting.select("key", "scenario", "as_of"), on=["scenario", "as_of"])
        .select("key", "over")
    )


def _patience(policy: Policy, scenario: str) -> int:
    known = policy.scenarios.get(scenario)
    return known.call_patience_days if known else DEFAULT_CALL_PATIENCE
