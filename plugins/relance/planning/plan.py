"""`plan(snapshot, policy, history, holds, D)`: who is chased today, how, and why not. Pure and deterministic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from relance.calendars import HORIZON_YEAR, Calendar, ShiftTable, day_number, shift_table
from relance.config.models import Entity, Region
from relance.config.policy import Policy
from relance.ledger.snapshot import Snapshot
from relance.planning import credit, holds, joining, segments
from relance.planning.choosing import choose_steps
from relance.planning.daynumbers import NEVER, as_dates
from relance.planning.model import History, Plan
from relance.planning.patience import history_on, region_calendar
from relance.planning.people import Directory
from relance.planning.progress import progress_of

_CUSTOMER_COLUMNS = ("name", "country", "language", "segment", "vip", "payment_method", "status", "collector")


def plan(
    snapshot: Snapshot,
    policy: Policy,
    history: History,
    people: pl.DataFrame,
    as_of: date,
    *,
    profiles: pl.DataFrame | None = None,
    directory: Directory | None = None,
) -> Plan:
    """Decide the day of one entity.

    Args:
        snapshot: what is owed as of the day.
        policy: the reviewed rules.
        history: contacts and tasks of days before, in their present state; later ones are left out here.
        people: holds from cases and people that stand on the day (`model.HOLDS`).
        as_of: the day D. Nothing else tells the time.
        profiles: payer_id, profile: those in force on the day; a payer that isn't named has none.
        directory: whom the policy's steps reach in this ledger, where it is known already; it spares looking again.
    """
    return day_of(snapshot, policy, history, people, as_of, profiles=profiles, directory=directory).plan()


def day_of(
    snapshot: Snapshot,
    policy: Policy,
    history: History,
    people: pl.DataFrame,
    as_of: date,
    *,
    profiles: pl.DataFrame | None = None,
    directory: Directory | None = None,
) -> Day:
    """The stages of a day's plan, for whoever wants to know how it came about; arguments as `plan`."""
    region = region_calendar(policy.region_of(snapshot.entity))
    if directory is None or directory.contacts is not snapshot.contacts or directory.policy is not policy:
        directory = Directory.of(snapshot.contacts, policy)
    return Day(
        snapshot, policy, history_on(history, policy, region, as_of), people, as_of, directory, profiles
    )


@dataclass
class Day:
    """One entity's day. Each property is one stage; a stage reads only those above it."""

    snapshot: Snapshot
    policy: Policy
    history: History
    people: pl.DataFrame
    as_of: date
    directory: Directory
    profiles: pl.DataFrame | None = None

    @cached_property
    def entity(self) -> Entity:
        """The selling entity."""
        return self.policy.entity(self.snapshot.entity)

    @cached_property
    def region(self) -> Region:
        """Its region."""
        return self.policy.region_of(self.entity)

    @cached_property
    def signals(self) -> pl.DataFrame:
        """Signals that stand on the day."""
        return holds.standing_signals(self.snapshot.signals, self.as_of)

    @cached_property
    def open_items(self) -> pl.DataFrame:
        """Items in the order of the output, numbered by `row`, with lateness and who may dispute."""
        items = self.snapshot.items.sort("invoice_id").with_row_index("row")
        return items.with_columns(
            days_late=(pl.lit(self.as_of) - pl.col("due_date")).dt.total_days().cast(pl.Int32)
        )

    @cached_property
    def disputes(self) -> pl.DataFrame:
        """Holds of open disputes, from people and from the platform, on invoices that nothing undisputed is left of."""
        return holds.disputed(self.open_items.with_columns(promise_grace_days=0), self.people, self.as_of)

    @cached_property
    def owed(self) -> pl.Series:
        """What is asked for of each item before credit: open less the part in dispute, where that is not all of it."""
        part = holds.disputed_part(self.open_items, self.people, self.disputes, self.as_of)
        opened = self.open_items["open"]
        return (opened if part is None else opened - part).alias("owed")

    @cached_property
    def claimable(self) -> pl.Series:
        """Delivered and undisputed: what totals are made of."""
        in_dispute = np.zeros(self.open_items.height, dtype=np.bool_)
        in_dispute[self.disputes["row"].to_numpy()] = True
        return self.open_items.select(claimable=~holds.undelivered() & ~pl.lit(pl.Series(in_dispute)))[
            "claimable"
        ]

    @cached_property
    def payers(self) -> pl.DataFrame:
        """One row a payer: its customer's columns, its scenario and the rule that gave it, its calendar's number."""
        names = self.open_items.select(pl.col("payer_id").unique().sort())
        customers = self.snapshot.customers.select(
            pl.col("customer_id").alias("payer_id"), *_CUSTOMER_COLUMNS
        )
        known = names.join(customers, on="payer_id", how="left", maintain_order="left")
        known = self._with_profiles(known).with_columns(risk=pl.lit(None, dtype=pl.String))
        totals = self._segment_totals()
        signals = self.signals.rename({"customer_id": "payer_id"})
        chosen = segments.scenarios_of_payers(known, totals, signals, self.policy, self.entity)
        return known.join(chosen, on="payer_id", maintain_order="left").join(
            self._calendar_numbers(), on="country", how="left", nulls_equal=True, maintain_order="left"
        )

    def _segment_totals(self) -> pl.DataFrame:
        """Totals as the segment table takes them; none where it asks for none."""
        if not any(rule.when.outstanding_over or rule.when.overdue_over for rule in self.policy.segments):
            return credit.NO_TOTALS
        items = self.open_items.with_columns(self.claimable, self.owed)
        return credit.segment_totals(items, self.snapshot.credits)

    def _with_profiles(self, payers: pl.DataFrame) -> pl.DataFrame:
        if self.profiles is None:
            return payers.with_columns(profile=pl.lit(None, dtype=pl.String))
        found = self.profiles.select("payer_id", "profile")
        return payers.join(found, on="payer_id", how="left", maintain_order="left")

    @cached_property
    def countries(self) -> list[str | None]:
        """Those of the payers, in order; a calendar's number is its country's place here."""
        found = (
            self.open_items.select("payer_id")
            .unique()
            .join(self.snapshot.customers, left_on="payer_id", right_on="customer_id", how="left")
        )
        return sorted(found["country"].unique().to_list(), key=lambda code: code or "")

    def _calendar_numbers(self) -> pl.DataFrame:
        countries = self.countries
        return pl.DataFrame(
            {"country": countries, "calendar": range(len(countries))},
            schema={"country": pl.String, "calendar": pl.Int64},
        )

    @cached_property
    def shifts(self) -> ShiftTable:
        """Open days of the entity's region and each payer country, over all days that a step can fall on."""
        own = region_calendar(self.region)
        furthest = max(
            (abs(step.day) for one in self.policy.scenarios.values() for step in one.steps), default=0
        )
        spread = timedelta(days=furthest + 400)
        dues = self.open_items["due_date"]
        first, last = dues.min(), dues.max()
        assert isinstance(first, date)
        assert isinstance(last, date)
        first = max(min(first, self.as_of), date(1950, 1, 1)) - spread
        last = min(max(last, self.as_of), date(HORIZON_YEAR - 10, 1, 1)) + spread
        calendars = tuple((own, Calendar.of_country(code)) for code in self.countries)
        return shift_table(calendars, first.year, last.year)

    @cached_property
    def items(self) -> pl.DataFrame:
        """Open items with their payer's scenario, calendar and the scenario's figures."""
        scenarios = pl.DataFrame(
            [
                {
                    "scenario": name,
                    "min_days_after_issue": one.min_days_after_issue,
                    "collection_grace_days": one.collection_grace_days,
                    "promise_grace_days": one.promise_grace_days,
                    "min_days_between_contacts": one.min_days_between_contacts,
                    "max_contacts_per_30_days": one.max_contacts_per_30_days,
                }
                for name, one in sorted(self.policy.scenarios.items())
            ]
        )
        payers = (
            self.payers.with_row_index("payer")
            .select("payer", "payer_id", "scenario", "calendar", "payment_method")
            .join(scenarios, on="scenario", how="left")
        )
        return self.open_items.with_columns(self.claimable).join(
            payers, on="payer_id", how="left", maintain_order="left"
        )

    @cached_property
    def invoice_holds(self) -> list[pl.DataFrame]:
        """Holds of the invoice except those of money, which need these first."""
        rest = holds.of_the_invoice(self.items, self.people, self.history, self.as_of)
        return [self.disputes, *rest]

    @cached_property
    def demand(self) -> pl.Series:
        """Amount to demand per item: without the part in dispute; credit covers what nothing else of the invoice stops."""
        coverable = np.ones(self.items.height, dtype=np.bool_)
        for frame in self.invoice_holds:
            coverable[frame["row"].to_numpy()] = False
        items = self.items.with_columns(self.owed, coverable=pl.lit(pl.Series(coverable)))
        return credit.to_demand(items, self.snapshot.credits)

    @cached_property
    def totals(self) -> pl.DataFrame:
        """Outstanding and overdue of each item's payer in the item's currency, aligned with the items."""
        claimed = pl.when("claimable").then("to_demand").otherwise(0)
        late = pl.when(pl.col("days_late") > 0).then("claimed").otherwise(0)
        items = self.items.select("payer", "currency", "days_late", "claimable", self.demand)
        return items.with_columns(claimed=claimed).select(
            outstanding=pl.col("claimed").sum().over("payer", "currency"),
            overdue=late.sum().over("payer", "currency"),
        )

    @cached_property
    def money_holds(self) -> list[pl.DataFrame]:
        """Covered by credit; below the scenario's minimum."""
        nothing = pl.lit(None, dtype=pl.Date)
        covered = self.items.select("row").filter(self.demand == 0)
        minimums = pl.DataFrame(
            [
                (name, amount.currency, amount.minor)
                for name, one in self.policy.scenarios.items()
                for amount in one.minimum
            ],
            schema={"scenario": pl.String, "currency": pl.String, "minimum": pl.Int64},
            orient="row",
        )
        small = (
            self.items.select("row", "scenario", "currency", self.totals["outstanding"])
            .join(minimums, on=["scenario", "currency"])
            .filter(pl.col("outstanding") < pl.col("minimum"))
        )
        return [
            covered.select("row", reason=pl.lit("covered_by_credit"), until=nothing, source=pl.lit("credit")),
            small.select(
                "row",
                reason=pl.lit("below_minimum"),
                until=nothing,
                source=pl.format("minimum of {}", "scenario"),
            ),
        ]

    @cached_property
    def chosen(self) -> pl.DataFrame:
        """Per item: the step due today and its date, else the next and its day; passed-over steps; level reached."""
        items = self.items.with_columns(self.totals["overdue"])
        progress = progress_of(items, self.history.done, self.policy)
        return choose_steps(items, progress, self.policy, self.shifts, day_number(self.as_of))

    @cached_property
    def due(self) -> pl.DataFrame:
        """Items whose step is due, with what the holds of a contact look at."""
        items = pl.concat([self.items, self.chosen.drop("row", "scenario")], how="horizontal")
        due = items.filter(pl.col("place") >= 0).with_columns(
            preventive=pl.col("rank") == 0, task=pl.col("kind").is_in(["internal", "handoff"])
        )
        today = day_number(self.as_of)
        calendar = due["calendar"].to_numpy()
        closed = self.shifts.is_closed(calendar, today)
        until = self.shifts.next_open(calendar, today) - 1
        closed_until = pl.Series("closed_until", np.where(closed, until, NEVER).astype(np.int32))
        due = due.with_columns(as_dates(closed_until.to_numpy()).alias("closed_until"))
        due = due.join(self.directory.steps, on=["scenario", "step"], how="left", maintain_order="left")
        contacts = due["reach"].is_not_null()
        reached = np.zeros(due.height, dtype=np.bool_)
        reached[contacts.to_numpy()] = self.directory.reached(
            self.payers["payer_id"], due["payer"].filter(contacts).to_numpy(), due["reach"].drop_nulls()
        )
        return due.with_columns(reached=pl.lit(pl.Series(reached)))

    @cached_property
    def standing(self) -> pl.DataFrame:
        """`row`, `holds`: all that stands before contacts are joined."""
        payers = self.payers
        rows = [
            *holds.grave(
                self.items, payers, self.signals, self.history, self.entity,
                extract_date=self.snapshot.extract_date, as_of=self.as_of,
            ),
            *self.invoice_holds,
            *self.money_holds,
            *holds.commercial(self.items, self.people, self.signals, self.as_of),
            *holds.of_a_contact(self.due.filter(~pl.col("task")), self.history, as_of=self.as_of),
        ]  # fmt: skip
        return holds.in_order(rows)

    @cached_property
    def acting(self) -> pl.DataFrame:
        """Items whose step is due and against which nothing stands."""
        due = self.due.with_columns(self.demand.gather(self.due["row"]).alias("to_demand"), lead_step="step")
        return due.join(self.standing.select("row"), on="row", how="anti", maintain_order="left")

    @cached_property
    def proposed(self) -> pl.DataFrame:
        """Contacts before the caps, in order of payer: lead, acts, person, channel, language."""
        if self.acting["task"].all():
            return joining.NO_CONTACTS
        groups = joining.leads(self.acting.filter(~pl.col("task")), ["payer_id"])
        payers = self.payers.select("payer_id", "collector", payer_language="language")
        known = groups.join(payers, on="payer_id", how="left", maintain_order="left")
        return joining.addressed(known, self.directory, self.region)

    @cached_property
    def cut(self) -> dict[str, pl.DataFrame]:
        """Contacts beyond a cap, by its name."""
        return joining.cut_by_caps(self.proposed, self.entity)

    @cached_property
    def contacts(self) -> pl.DataFrame:
        """The day's contacts, as they stand in the output, with the `rows` of their acts."""
        kept = self.proposed
        if gone := [frame.select("payer_id") for frame in self.cut.values()]:
            kept = kept.join(pl.concat(gone), on="payer_id", how="anti", maintain_order="left")
        if kept.is_empty():
            return joining.NO_CONTACTS
        keys = [joining.contact_key(self.entity.entity, payer, self.as_of) for payer in kept["payer_id"]]
        return (
            kept.with_columns(
                pl.Series("key", keys, dtype=pl.String),
                joining.approvals(kept, self.policy, self.history),
                score=pl.lit(None, dtype=pl.Float64),
            )
            .join(self._mentions(kept), on="payer_id", how="left", maintain_order="left")
            .with_columns(pl.col("mentions").fill_null([]))
        )

    def _mentions(self, kept: pl.DataFrame) -> pl.DataFrame:
        """Per payer contacted: its other open delivered items."""
        acting = kept.select(row=pl.col("rows").explode())
        return (
            self.items.filter(~holds.undelivered())
            .join(kept.select("payer_id"), on="payer_id", how="semi")
            .join(acting, on="row", how="anti")
            .group_by("payer_id")
            .agg(mentions=pl.col("invoice_id").sort())
        )

    @cached_property
    def tasks(self) -> pl.DataFrame:
        """The day's tasks, by payer and step, with the `rows` of their acts."""
        if not self.acting["task"].any():
            return joining.NO_TASKS
        groups = joining.leads(self.acting.filter("task"), ["payer_id", "lead_step"])
        keys = [
            joining.contact_key(self.entity.entity, payer, self.as_of, step)
            for payer, step in groups.select("payer_id", "lead_step").iter_rows()
        ]
        return groups.with_columns(
            pl.Series("key", keys, dtype=pl.String), joining.approvals(groups, self.policy, self.history)
        ).sort("payer_id", "lead_step")

    @cached_property
    def outcomes(self) -> pl.DataFrame:
        """One line per open item."""
        cut = [
            frame.select(pl.col("rows").explode().alias("row"), reason=pl.lit(name), until=pl.lit(self.as_of),
                         source=pl.lit("limits of the day"))
            for name, frame in self.cut.items()
        ]  # fmt: skip
        stand = pl.concat([self.standing, holds.in_order(cut)]).rename({"holds": "stands"})
        wide = (
            pl.concat([self.items, self.chosen.drop("row", "scenario")], how="horizontal")
            .with_columns(self.demand)
            .join(stand, on="row", how="left", maintain_order="left")
            .join(self._keys(), on="row", how="left", maintain_order="left")
        )
        due, held = pl.col("place") >= 0, pl.col("stands").is_not_null()
        outcome = (
            pl.when(due & held).then(pl.lit("hold")).when(due).then(pl.lit("act"))
            .when(pl.col("next_place") >= 0).then(pl.lit("wait")).otherwise(pl.lit("exhausted"))
        )  # fmt: skip
        nothing = pl.lit(
            [], dtype=pl.List(pl.Struct({"reason": pl.String, "until": pl.Date, "source": pl.String}))
        )
        return wide.select(
            "invoice_id", "payer_id", outcome.alias("outcome"),
            pl.when(due & held).then(pl.col("stands").list.first().struct.field("reason")).alias("reason"),
            pl.coalesce("stands", nothing).alias("holds"),
            "scenario", "step", "level", "step_date", "next_step", "next_on", "level_reached",
            pl.col("passed_over").fill_null([]),
            "open", "to_demand", "currency", "days_late", "contact_key",
        )  # fmt: skip

    def _keys(self) -> pl.DataFrame:
        """`row`, `contact_key`: the contact or task that acts for an item."""
        groups = [self.contacts.select("key", "rows"), self.tasks.select("key", "rows")]
        return pl.concat(groups).explode("rows").select(row="rows", contact_key="key")

    def plan(self) -> Plan:
        """All stages."""
        version = self.policy.version
        if self.open_items.is_empty():
            empty = pl.DataFrame()
            return Plan(self.entity.entity, self.as_of, version, empty, empty, empty)
        contacts = self.contacts.rename({"lead_step": "step"}).select(*CONTACT_COLUMNS)
        tasks = self.tasks.rename({"lead_step": "step"}).select(*TASK_COLUMNS)
        return Plan(
            self.entity.entity, self.as_of, version, self.outcomes, contacts, tasks, self._in_dispute()
        )

    def _in_dispute(self) -> pl.DataFrame:
        items = self.open_items.select("invoice_id", in_dispute=pl.col("open") - self.owed)
        return items.filter(pl.col("in_dispute") > 0)


CONTACT_COLUMNS = (
    "key", "payer_id", "kind", "channel", "contact_id", "to", "language", "scenario", "step", "level", "acts",
    "demands", "announces", "mentions", "totals", "approval", "score",
)  # fmt: skip
TASK_COLUMNS = (
    "key", "payer_id", "kind", "scenario", "step", "level", "acts", "demands", "totals", "approval",
)  # fmt: skip
