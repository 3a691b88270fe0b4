"""How payers pay: the figures behind a profile, from what was known on a day. Pure; docs/profiles.md says each in words.

Delays are days from the due date, negative before it. Where amounts weigh, those of several currencies are first
brought to one scale by the payer's own mean in each, so that no rate of exchange and no other payer matters.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from relance.calendars import Calendar, day_number
from relance.config.profiles import Profiles
from relance.ledger.clearing import clearings
from relance.ledger.versions import Epoch, LedgerVersions
from relance.planning.conduct import Conduct, first_disputes, gone_on, held_up

FIGURES = pl.Schema(
    {
        "invoices": pl.Int64, "settled": pl.Int64, "late": pl.Int64,
        "median_delay": pl.Int32, "spread": pl.Int32, "on_time": pl.Float64, "in_part": pl.Int64,
        "mandate": pl.Boolean, "collected": pl.Float64, "collections": pl.Int64, "returns": pl.Int64,
        "returns_share": pl.Float64, "recent_returns": pl.Int64,
        "insolvency": pl.Boolean, "plans": pl.Int64, "volume_change": pl.Float64,
        "disputed": pl.Int64, "disputed_share": pl.Float64, "disputed_after_due": pl.Float64,
        "recent_disputes": pl.Int64,
        "by_procedure": pl.Boolean, "explained": pl.Float64,
        "dunned": pl.Int64, "answered": pl.Float64, "reached_level_2": pl.Float64, "firm_steps": pl.Int64,
        "paid_after_firm": pl.Float64, "not_dunned": pl.Int64, "not_dunned_delay": pl.Int32,
        "promises": pl.Int64, "promises_kept": pl.Float64, "promises_broken": pl.Int64,
    }
)  # fmt: skip
"""Figures of a payer in its window. Counts are 0 where nothing is known; medians and shares of nothing are null."""

_MANDATES = ("direct_debit", "bill_of_exchange")
_UNDELIVERED = ("draft", "rejected")
_SCALE = 1_000_000


def figures_of(
    versions: LedgerVersions, conduct: Conduct, profiles: Profiles, calendar: Calendar, as_of: date
) -> pl.DataFrame:
    """`payer_id` and `FIGURES` of every payer with an invoice known on the day, by payer_id.

    Args:
        versions: the ledger; what is dated after the day is left out.
        conduct: contacts, disputes, promises and plans; likewise.
        profiles: the window and the measures; thresholds are applied elsewhere.
        calendar: whose business days count as bank days.
        as_of: the day.
    """
    return _Look(versions, conduct, profiles, calendar, as_of).figures()


def months_before(day: date, months: int) -> date:
    """The same day of the month, so many months earlier; the last of the month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass
class _Look:
    """One look at all payers of an entity. Frames of figures are keyed by `payer`, a number for payer_id."""

    versions: LedgerVersions
    conduct: Conduct
    profiles: Profiles
    calendar: Calendar
    as_of: date

    @cached_property
    def epoch(self) -> Epoch:
        return self.versions.at(self.as_of)

    @cached_property
    def start(self) -> date:
        return months_before(self.as_of, self.profiles.window_months)

    @cached_property
    def known(self) -> pl.DataFrame:
        """Invoices of the day, cancelled ones and those of 0 aside."""
        return self.epoch.items.filter(
            pl.col("issue_date") <= self.as_of, ~pl.col("cancelled"), pl.col("amount") > 0
        )

    @cached_property
    def payers(self) -> pl.DataFrame:
        """`payer`, payer_id, and what the ledger says of it."""
        own = self.epoch.customers.select("payment_method", "status", "legal_form", payer_id="customer_id")
        named = self.known.select("payer_id").unique().sort("payer_id").with_row_index("payer")
        return named.join(own, on="payer_id", how="left", maintain_order="left")

    @cached_property
    def numbers(self) -> pl.DataFrame:
        return self.payers.select("payer", "payer_id")

    @cached_property
    def entries(self) -> pl.DataFrame:
        """Invoices due in the window: `ended` (settled, or the day while open), `settled`, `delay`, `measured`, `weight`.

        `measured`: settled, or delivered and overdue; the others have no delay.
        """
        due = self.known.filter(pl.col("due_date") > self.start, pl.col("due_date") <= self.as_of)
        ended = due.join(clearings(self.epoch, due, self.as_of), on="item", how="left")
        if self.profiles.closed_is_paid:
            gone = gone_on(self.versions, self.as_of)
            ended = ended.join(gone, on="invoice_id", how="left").with_columns(
                settled_on=pl.coalesce("settled_on", "gone_on")
            )
        settled = pl.col("settled_on").is_not_null()
        overdue = pl.col("live") & (pl.col("due_date") < self.as_of) & ~settled
        delivered = ~pl.col("delivery_status").is_in(_UNDELIVERED)
        frame = ended.join(self.numbers, on="payer_id").select(
            "payer", "item", "invoice_id", "due_date", "amount", "currency",
            in_part=pl.col("in_part").fill_null(value=False),
            settled=settled,
            ended=pl.col("settled_on").fill_null(self.as_of),
            measured=settled | (overdue & delivered),
            overdue=overdue,
        )  # fmt: skip
        delay = (pl.col("ended") - pl.col("due_date")).dt.total_days().cast(pl.Int32)
        return frame.with_columns(delay=delay, weight=_weight(frame))

    @cached_property
    def open_days(self) -> pl.Series:
        """How many business days the calendar has had from the window's start to each day, by its number."""
        closed = self.calendar.closed(self.start, self.as_of + timedelta(days=1))
        return pl.Series(np.cumsum(~closed), dtype=pl.Int32)

    def business_days(self, first: str, last: str) -> pl.Expr:
        """Business days after `first`, up to and with `last`; what is before the window counts as its start."""
        begin = day_number(self.start)
        after, until = (
            pl.lit(self.open_days).gather((pl.col(name).cast(pl.Int32) - begin).clip(0))
            for name in (last, first)
        )
        return after - until

    def figures(self) -> pl.DataFrame:
        frame = self.payers
        for part in (
            self.delays(), self.spread(), self.collections(), self.volume(), self.standing(), self.disputes(),
            self.explained(), self.reactions(), self.promises(),
        ):  # fmt: skip
            frame = frame.join(part, on="payer", how="left", maintain_order="left")
        counts = [name for name, kind in FIGURES.items() if kind == pl.Int64]
        flags = [name for name, kind in FIGURES.items() if kind == pl.Boolean]
        return frame.with_columns(pl.col(counts).fill_null(0), pl.col(flags).fill_null(value=False)).select(
            "payer_id", *(pl.col(name).cast(kind) for name, kind in FIGURES.items())
        )

    def delays(self) -> pl.DataFrame:
        measured = self.entries.filter("measured")
        late = self.business_days("due_date", "ended")
        timely = measured.with_columns(timely=(pl.col("delay") <= 0) | (late <= self.profiles.grace_days))
        counted = timely.group_by("payer").agg(
            settled=pl.col("settled").sum(),
            late=(pl.col("delay") > 0).sum(),
            on_time=pl.col("timely").sum() / pl.len(),
            in_part=pl.col("in_part").sum(),
        )
        every = self.entries.group_by("payer").agg(invoices=pl.len())
        return every.join(counted, on="payer", how="left").join(
            _weighted_median(measured, "median_delay"), on="payer", how="left"
        )

    def spread(self) -> pl.DataFrame:
        """Days between the quartiles of the delays, each invoice counting once: the first that a quarter doesn't exceed."""
        ranked = (
            self.entries.filter("measured")
            .sort("payer", "delay")
            .select(
                "payer",
                "delay",
                rank=pl.int_range(1, pl.len() + 1).over("payer"),
                size=pl.len().over("payer"),
            )
        )
        low = pl.col("delay").filter(4 * pl.col("rank") >= pl.col("size")).min()
        high = pl.col("delay").filter(4 * pl.col("rank") >= 3 * pl.col("size")).min()
        return ranked.group_by("payer").agg(spread=high - low)

    @cached_property
    def money(self) -> pl.DataFrame:
        """Payments of the window by the payer of what they name: `method` in lower case, its customer's where none is said."""
        dated = self.epoch.payments.filter(
            pl.col("date") > self.start, pl.col("date") <= self.as_of, pl.col("note").is_null()
        ).rename({"payer_id": "own_payer"})
        of_item = self.epoch.items.select("item", item_payer="payer_id")
        of_family = self.epoch.families.select("family", family_payer="payer_id")
        return (
            dated.join(of_item, on="item", how="left")
            .join(of_family, on="family", how="left")
            .with_columns(payer_id=pl.coalesce("item_payer", "family_payer", "own_payer"))
            .join(self.payers.select("payer", "payer_id", "payment_method"), on="payer_id")
            .with_columns(method=pl.coalesce("method", "payment_method").str.to_lowercase().str.strip_chars())
        )

    def collections(self) -> pl.DataFrame:
        collected = pl.col("method").is_in([word.lower() for word in self.profiles.collections])
        cheque = pl.col("method").is_in([word.lower() for word in self.profiles.cheques])
        paid = self.money.filter(pl.col("amount") > 0).with_columns(
            collected=collected.fill_null(value=False)
        )
        paid = paid.with_columns(weight=_weight(paid))
        named = pl.col("item").is_not_null() | pl.col("family").is_not_null()
        back = self.money.filter((pl.col("amount") < 0) & named & (collected | cheque))
        recent = pl.col("date") > self.as_of - timedelta(days=self.profiles.insolvent.returns_days)
        return (
            self.payers.select("payer", mandate=pl.col("payment_method").is_in(_MANDATES))
            .join(
                paid.group_by("payer").agg(
                    collected=pl.col("weight").filter("collected").sum() / pl.col("weight").sum(),
                    collections=pl.col("collected").sum(),
                ),
                on="payer",
                how="left",
            )
            .join(
                back.group_by("payer").agg(returns=pl.len(), recent_returns=recent.sum()),
                on="payer",
                how="left",
            )
            .with_columns(
                returns_share=pl.when(pl.col("collections") > 0).then(
                    pl.col("returns").fill_null(0) / pl.col("collections")
                )
            )
        )

    def volume(self) -> pl.DataFrame:
        """How the amount invoiced changed from the months before to the last ones: −0.3 is a fall by 30 %."""
        months = self.profiles.insolvent.volume_months
        middle, first = months_before(self.as_of, months), months_before(self.as_of, 2 * months)
        issued = self.known.filter(pl.col("issue_date") > first).join(self.numbers, on="payer_id")
        issued = issued.with_columns(weight=_weight(issued))
        recent, earlier = (pl.col("weight").filter(half).sum() for half in (
            pl.col("issue_date") > middle, pl.col("issue_date") <= middle
        ))  # fmt: skip
        return issued.group_by("payer").agg(
            volume_change=pl.when(earlier > 0).then((recent - earlier) / earlier)
        )

    def standing(self) -> pl.DataFrame:
        """What is said of the payer: insolvency, instalment plans asked for, and whether it pays by procedure."""
        notices = self.epoch.signals.filter(
            pl.col("kind") == "insolvency_notice", pl.col("from_date") <= self.as_of
        ).select(payer_id="customer_id")
        plans = self.conduct.plans.filter(pl.col("on") > self.start, pl.col("on") <= self.as_of)
        forms = list(self.profiles.administrative.legal_forms)
        noticed = pl.col("payer_id").is_in(notices["payer_id"].unique().to_list())
        return self.payers.join(
            plans.group_by("payer_id").agg(plans=pl.len()), on="payer_id", how="left"
        ).select(
            "payer",
            "plans",
            insolvency=(pl.col("status") == "insolvency").fill_null(value=False) | noticed,
            by_procedure=pl.col("legal_form").is_in(forms),
        )

    @cached_property
    def raised(self) -> pl.DataFrame:
        """First disputes of known invoices, and those of all that a payer owes: `payer`, `on`, `due_date`, `item`."""
        first = first_disputes(self.versions, self.conduct.disputes, self.as_of)
        invoices = self.known.select("invoice_id", "item", "due_date", own_payer="payer_id")
        return (
            first.join(invoices, on="invoice_id", how="left")
            .with_columns(payer_id=pl.coalesce("own_payer", "payer_id"))
            .join(self.numbers, on="payer_id")
        )

    def disputes(self) -> pl.DataFrame:
        recent = pl.col("on") > months_before(self.as_of, self.profiles.litigious.disputes_months)
        in_window = pl.col("due_date") > self.start
        due = in_window & (pl.col("due_date") <= self.as_of)
        late = pl.col("on") > pl.col("due_date")
        every = self.entries.group_by("payer").agg(entries=pl.len())
        return (
            self.raised.group_by("payer")
            .agg(
                recent_disputes=recent.sum(),
                disputed=in_window.sum(),
                due_disputed=due.sum(),
                disputed_after_due=(in_window & late).sum() / in_window.sum(),
            )
            .join(every, on="payer", how="full", coalesce=True)
            .select(
                "payer",
                "recent_disputes",
                "disputed",
                disputed_after_due=pl.when(pl.col("disputed") > 0).then("disputed_after_due"),
                disputed_share=pl.col("due_disputed").fill_null(0) / pl.col("entries"),
            )
        )

    def explained(self) -> pl.DataFrame:
        """The share of late invoices, undelivered ones too, that their delivery explains."""
        late = self.entries.filter((pl.col("settled") & (pl.col("delay") > 0)) | pl.col("overdue"))
        held = held_up(self.versions, self.as_of).with_columns(held=pl.lit(value=True))
        return (
            late.join(held, on="invoice_id", how="left")
            .group_by("payer")
            .agg(explained=pl.col("held").fill_null(value=False).sum() / pl.len())
        )

    @cached_property
    def dunning(self) -> pl.DataFrame:
        """Late invoices with what was done for each from its due date until it was paid: null where nothing was."""
        late = self.entries.filter("measured", pl.col("delay") > 0)
        touches = self.conduct.touches.join(
            late.select("invoice_id", "due_date", "ended"), on="invoice_id"
        ).filter(pl.col("on") >= pl.col("due_date"), pl.col("on") <= pl.col("ended"))
        firm = pl.col("firm")
        soon = (pl.col("ended") - pl.col("on")).dt.total_days() <= self.profiles.bad.firm_days
        return late.join(
            touches.group_by("invoice_id").agg(
                first=pl.col("on").min(),
                rank=pl.col("rank").max(),
                firm=firm.any(),
                soon=(firm & soon).any(),
            ),
            on="invoice_id",
            how="left",
        )

    def reactions(self) -> pl.DataFrame:
        """What payers did when dunned. An open invoice whose time to answer runs yet says nothing."""
        dunned = self.dunning.filter(pl.col("first").is_not_null())
        quick = self.business_days("first", "ended") <= self.profiles.negligent.answer_days
        told = dunned.with_columns(
            quick=quick, soon=pl.col("soon") & pl.col("settled"), running=pl.col("soon")
        )
        decided = pl.col("settled") | ~pl.col("quick")
        firm = pl.col("firm") & (pl.col("settled") | ~pl.col("running"))
        answers = told.group_by("payer").agg(
            dunned=decided.sum(),
            answered=(pl.col("quick") & pl.col("settled")).sum() / decided.sum(),
            reached_level_2=(pl.col("rank") >= 2).sum() / pl.len(),
            firm_steps=firm.sum(),
            paid_after_firm=pl.when(firm.any()).then((firm & pl.col("soon")).sum() / firm.sum()),
        )
        left = self.dunning.filter(pl.col("first").is_null(), pl.col("settled"))
        return (
            answers.with_columns(answered=pl.when(pl.col("dunned") > 0).then("answered"))
            .join(left.group_by("payer").agg(not_dunned=pl.len()), on="payer", how="full", coalesce=True)
            .join(_weighted_median(left, "not_dunned_delay"), on="payer", how="left")
        )

    def promises(self) -> pl.DataFrame:
        ended = self.conduct.promises.filter(pl.col("on") > self.start, pl.col("on") <= self.as_of)
        return (
            ended.join(self.numbers, on="payer_id")
            .group_by("payer")
            .agg(
                promises=pl.len(),
                promises_kept=(pl.col("state") == "kept").sum() / pl.len(),
                promises_broken=(pl.col("state") == "broken").sum(),
            )
        )


def _weight(frame: pl.DataFrame) -> pl.Series:
    """Amounts on one scale per payer: the amount itself, or of several currencies its ratio to the mean in its own."""
    keys = ["payer", "currency"]
    ratio = pl.col("amount") * pl.len().over(keys) / pl.col("amount").sum().over(keys)
    several = pl.col("currency").n_unique().over("payer") > 1
    if not frame.select(several.any()).item():
        return frame["amount"]
    mixed = pl.when(several).then((ratio * _SCALE).round().cast(pl.Int64)).otherwise("amount")
    return frame.select(weight=mixed)["weight"]


def _weighted_median(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """`payer` and, as `name`, the least delay up to which half of the weight or more is paid."""
    ordered = frame.sort("payer", "delay").select(
        "payer",
        "delay",
        reached=pl.col("weight").cum_sum().over("payer"),
        whole=pl.col("weight").sum().over("payer"),
    )
    half = ordered.filter(2 * pl.col("reached") >= pl.col("whole"))
    return half.group_by("payer").agg(pl.col("delay").min().alias(name))
