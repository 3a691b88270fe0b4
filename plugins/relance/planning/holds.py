"""What stands against chasing an invoice today: one row a hold, in the order of the specification.

Every function gives rows of `row` (the item's number), `reason`, `until` (last day it stands, null where unknown) and
`source` (who or what, in words).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from relance.calendars import Days, day_number
from relance.config.models import Entity
from relance.planning.daynumbers import LONG_AGO, NEVER, as_dates, days
from relance.planning.model import (
    FROM_PEOPLE,
    HOLD_ORDER,
    History,
)

ROWS = pl.Schema({"row": pl.UInt32, "reason": pl.String, "until": pl.Date, "source": pl.String})

_COMMERCIAL = ("support_ticket", "negotiation", "commercial_hold")
_UNDELIVERED = ("draft", "rejected")
_REFUSED = ("refused", "disputed")
_COLLECTED = ("direct_debit", "bill_of_exchange")
_NO_DATE = pl.lit(None, dtype=pl.Date)
_NOTHING = pl.DataFrame(schema=ROWS)


def _unknown(frame: pl.DataFrame, column: str) -> bool:
    """Whether nothing is known in a column: most ledgers lack most of what could stand against an invoice."""
    return frame[column].null_count() == frame.height


def standing_signals(signals: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Signals that stand on the day; an insolvency notice does not lapse."""
    lasting = pl.col("until").is_null() | (pl.col("until") >= as_of) | (pl.col("kind") == "insolvency_notice")
    return signals.filter((pl.col("from_date") <= as_of) & lasting)


def disputed(items: pl.DataFrame, people: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Disputes of whole invoices: of people, and the platform's word. Parts that come to all that is open are of the whole."""
    of_all = people.filter(pl.col("amount").is_null() | pl.col("invoice_id").is_null())
    parts = _parts(items, people, as_of).filter(pl.col("part") >= pl.col("open"))
    of_people = pl.concat([_from_people(items, of_all, ["disputed"], as_of), parts.select(*ROWS)])
    if _unknown(items, "delivery_status"):
        return of_people
    platform = items.filter(pl.col("delivery_status").is_in(_REFUSED)).select(
        "row",
        reason=pl.lit("disputed"),
        until=_NO_DATE,
        source=pl.format("delivery status {}", "delivery_status"),
    )
    return pl.concat([of_people, platform])


def disputed_part(
    items: pl.DataFrame, people: pl.DataFrame, whole: pl.DataFrame, as_of: date
) -> pl.Series | None:
    """Per item, in the items' order, minor units of it in dispute; 0 where none or all (`whole`: `row`) is; None: no item's."""
    parts = _parts(items, people, as_of).join(whole.select("row"), on="row", how="anti")
    if parts.is_empty():
        return None
    joined = items.select("row").join(parts.unique("row"), on="row", how="left", maintain_order="left")
    return joined.select(part=pl.col("part").fill_null(0))["part"]


def _parts(items: pl.DataFrame, people: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Disputes of a part of an invoice, as `ROWS`, with what is `open` of it and the `part` that all of them come to."""
    standing = people.filter(
        (pl.col("reason") == "disputed") & pl.col("amount").is_not_null() & pl.col("invoice_id").is_not_null()
        & (pl.col("until").is_null() | (pl.col("until") >= as_of))
    )  # fmt: skip
    rows = items.select("row", "invoice_id", "open").join(standing.drop("payer_id"), on="invoice_id")
    return rows.select(*ROWS, "open", part=pl.col("amount").sum().over("row"))


def undelivered() -> pl.Expr:
    """Whether the platform says that the invoice has not reached the payer."""
    return pl.col("delivery_status").is_in(_UNDELIVERED)


def of_the_invoice(
    items: pl.DataFrame, people: pl.DataFrame, history: History, as_of: date
) -> list[pl.DataFrame]:
    """Holds of the invoice that do not depend on money: all but dispute, cover by credit and the minimum.

    `items` carries, beside the snapshot's columns, payment_method of the payer and min_days_after_issue,
    collection_grace_days and promise_grace_days of its scenario.
    """
    wanted = [reason for reason in FROM_PEOPLE if reason not in ("disputed", "commercial_hold")]
    return [
        _not_delivered(items),
        _from_people(items, people, wanted, as_of),
        _direct_debit(items, as_of),
        _too_recent(items, as_of),
        _waiting_for_people(items, history),
    ]


def _not_delivered(items: pl.DataFrame) -> pl.DataFrame:
    if _unknown(items, "delivery_status"):
        return _NOTHING
    return items.filter(undelivered()).select(
        "row",
        reason=pl.lit("not_delivered"),
        until=_NO_DATE,
        source=pl.format("delivery status {}", "delivery_status"),
    )


def _direct_debit(items: pl.DataFrame, as_of: date) -> pl.DataFrame:
    if _unknown(items, "payment_method"):
        return _NOTHING
    last = pl.col("due_date") + pl.duration(days=pl.col("collection_grace_days"))
    return items.filter(
        pl.col("payment_method").is_in(_COLLECTED) & pl.col("refused_on").is_null() & (last >= as_of)
    ).select(
        "row",
        reason=pl.lit("direct_debit"),
        until=last.cast(pl.Date),
        source=pl.format("payment method {}", "payment_method"),
    )


def _too_recent(items: pl.DataFrame, as_of: date) -> pl.DataFrame:
    last = pl.col("issue_date") + pl.duration(days=pl.col("min_days_after_issue") - 1)
    return items.filter(last >= as_of).select(
        "row",
        reason=pl.lit("too_recent"),
        until=last.cast(pl.Date),
        source=pl.format("issued {}", pl.col("issue_date").dt.to_string("%Y-%m-%d")),
    )


def _waiting_for_people(items: pl.DataFrame, history: History) -> pl.DataFrame:
    """Invoices in a contact or task that waits for a person: an approver, a caller, whoever does the task."""
    waiting = history.waiting
    if waiting.is_empty():
        return _NOTHING
    return (
        history.acts.select("key", "invoice_id")
        .join(waiting.select("key", "reason", "as_of", "state", "step"), on="key")
        .join(items.select("row", "invoice_id"), on="invoice_id")
        .select(
            "row",
            "reason",
            until=_NO_DATE,
            source=pl.format("{} of {}, {}", "step", pl.col("as_of").dt.to_string("%Y-%m-%d"), "state"),
        )
    )


def grave(
    items: pl.DataFrame, payers: pl.DataFrame, signals: pl.DataFrame, history: History, entity: Entity,
    *, extract_date: date | None, as_of: date,
) -> list[pl.DataFrame]:  # fmt: skip
    """Insolvency, litigation, and a ledger too old to be believed."""
    rows = []
    found = _grave_payers(payers, signals, history)
    if found:
        per_payer = pl.concat(found).unique(maintain_order=True)
        of_payer = items.select("row", "payer_id").join(per_payer, on="payer_id")
        rows.append(of_payer.select("row", "reason", until=_NO_DATE, source="source"))
    if extract_date is not None and (as_of - extract_date).days > entity.max_ledger_age_days:
        words = pl.lit(f"extract of {extract_date}")
        rows.append(items.select("row", reason=pl.lit("stale_ledger"), until=_NO_DATE, source=words))
    return rows


def _grave_payers(payers: pl.DataFrame, signals: pl.DataFrame, history: History) -> list[pl.DataFrame]:
    """`payer_id`, `reason`, `source` of insolvencies and of what lies with a court or a lawyer."""
    found = []
    if not _unknown(payers, "status"):
        for status, reason in (("insolvency", "insolvency"), ("litigation", "in_litigation")):
            words = pl.lit(f"customer status {status}")
            with_it = payers.filter(pl.col("status") == status)
            found.append(with_it.select("payer_id", reason=pl.lit(reason), source=words))
    if signals.height:
        noticed = signals.filter(pl.col("kind") == "insolvency_notice")
        payer = pl.col("customer_id").alias("payer_id")
        found.append(noticed.select(payer, reason=pl.lit("insolvency"), source=_signal_words()))
    if history.handed_over.height:
        words = pl.format("handed over on {}", pl.col("acted_on").dt.to_string("%Y-%m-%d"))
        found.append(history.handed_over.select("payer_id", reason=pl.lit("in_litigation"), source=words))
    return found


def commercial(
    items: pl.DataFrame, people: pl.DataFrame, signals: pl.DataFrame, as_of: date
) -> list[pl.DataFrame]:
    """Sales or support are at work: of the payer for all its invoices, of an invoice's customer for that invoice."""
    rows = [_from_people(items, people, ["commercial_hold"], as_of)]
    if signals.is_empty():
        return rows
    words = signals.filter(pl.col("kind").is_in(_COMMERCIAL)).select(
        "customer_id", "until", source=_signal_words()
    )
    of_payer = items.select("row", customer_id="payer_id").join(words, on="customer_id")
    other = items.filter(pl.col("customer_id") != pl.col("payer_id"))
    of_customer = other.select("row", "customer_id").join(words, on="customer_id")
    signalled = pl.concat([of_payer, of_customer]).select(
        "row", reason=pl.lit("commercial_hold"), until="until", source="source"
    )
    return [*rows, signalled]


def of_a_contact(  # the holds that stand only against a contact that is due
    due: pl.DataFrame, history: History, *, as_of: date
) -> list[pl.DataFrame]:
    """Closed day, in flight, cool-down, cap and nobody to reach, for items whose contact step is due.

    `due` carries row, payer_id, preventive (its step is), closed_until (last closed day, null when open), reached
    (somebody can be), min_days_between_contacts and max_contacts_per_30_days of its scenario.
    """
    rows = []
    if not _unknown(due, "closed_until"):
        closed = due.filter(pl.col("closed_until").is_not_null())
        rows.append(
            closed.select(
                "row", reason=pl.lit("non_business_day"), until="closed_until", source=pl.lit("calendar")
            )
        )
    if not due["reached"].all():
        unreached = due.filter(~pl.col("reached"))
        rows.append(
            unreached.select("row", reason=pl.lit("no_contact"), until=_NO_DATE, source=pl.lit("contacts"))
        )
    if due.is_empty():
        return rows
    return [*rows, _in_flight(due, history.in_flight), *_spacing(due, history.counted, as_of)]


def _in_flight(due: pl.DataFrame, flying: pl.DataFrame) -> pl.DataFrame:
    if flying.is_empty():
        return _NOTHING
    words = pl.format("{} of {}, {}", "step", pl.col("as_of").dt.to_string("%Y-%m-%d"), "state")
    return (
        due.select("row", "payer_id")
        .join(flying.select("payer_id", source=words), on="payer_id")
        .select("row", reason=pl.lit("in_flight"), until=_NO_DATE, source="source")
    )


def _spacing(due: pl.DataFrame, counted: pl.DataFrame, as_of: date) -> list[pl.DataFrame]:
    """Cool-down and cap. A preventive contact counts only against preventive steps."""
    longest = max(30, int(due["min_days_between_contacts"].to_numpy().max()))
    known = (
        counted.filter(pl.col("acted_on").is_between(as_of - timedelta(days=longest), as_of))
        .join(due.select("payer_id", "payer").unique(), on="payer_id")
        .sort("payer", "acted_on", "step")
    )
    rows = []
    for preventive in due["preventive"].unique():
        of_kind = known if preventive else known.filter(~pl.col("soft"))
        rows += _spaced(due.filter(pl.col("preventive") == preventive), of_kind, as_of)
    return rows


def _spaced(wanted: pl.DataFrame, known: pl.DataFrame, as_of: date) -> list[pl.DataFrame]:
    """Of `known`, in the order of payer and day, those of each wanted item's payer: too near, or too many in 30 days.

    The cap holds until the oldest of the last `max` contacts is 30 days old.
    """
    today, payer, on = day_number(as_of), known["payer"].to_numpy(), days(known["acted_on"])
    begin, end = (np.searchsorted(payer, wanted["payer"].to_numpy(), side) for side in ("left", "right"))
    gap, limit = (
        wanted[name].to_numpy() for name in ("min_days_between_contacts", "max_contacts_per_30_days")
    )
    padded = np.append(on, LONG_AGO)  # so that a payer without any has a place to look at
    rested = np.where(end > begin, padded[end - 1], LONG_AGO) + gap - 1
    before = np.append(0, np.cumsum(on >= today - 29))
    number = before[end] - before[begin]
    freed = padded[np.where((limit > 0) & (number >= limit), end - limit, -1)] + 29
    near = np.flatnonzero(rested >= today)
    many = np.flatnonzero(number >= limit)
    rows = []
    if near.size:
        last = known[(end - 1)[near]]
        words = last.select(pl.format("{} on {}", "step", pl.col("acted_on").dt.to_string("%Y-%m-%d")))
        rows.append(_held(wanted["row"].gather(near), "cooldown", rested[near], words.to_series()))
    if many.size:
        until = np.where(limit > 0, freed, NEVER)[many]
        words = pl.select(pl.format("{} contacts in 30 days", pl.Series(number[many])))
        rows.append(_held(wanted["row"].gather(many), "frequency_cap", until, words.to_series()))
    return rows


def _held(rows: pl.Series, reason: str, until: Days, source: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"row": rows, "until": as_dates(until), "source": source}).select(
        "row", pl.lit(reason).alias("reason"), "until", "source"
    )


def in_order(rows: list[pl.DataFrame]) -> pl.DataFrame:
    """One line per item: `row` and its `holds`, in the specification's order, then until (null last), then source."""
    order = pl.col("reason").replace_strict(HOLD_ORDER, return_dtype=pl.UInt8)
    standing = [frame if frame.schema == ROWS else frame.cast(ROWS) for frame in rows if frame.height]
    if not standing:
        return _NONE_STANDING
    return (
        pl.concat(standing)
        .unique()
        .with_columns(order=order)
        .sort("row", "order", "until", "source", nulls_last=True)
        .group_by("row", maintain_order=True)
        .agg(holds=pl.struct("reason", "until", "source"))
    )


_NONE_STANDING = pl.DataFrame(
    schema={
        "row": pl.UInt32,
        "holds": pl.List(pl.Struct({"reason": pl.String, "until": pl.Date, "source": pl.String})),
    }
)


def _from_people(items: pl.DataFrame, people: pl.DataFrame, reasons: list[str], as_of: date) -> pl.DataFrame:
    """Rows for holds of one invoice, and for those of all of a payer's; a promise has its scenario's days of grace."""
    if people.is_empty():
        return _NOTHING
    people = people.filter(pl.col("reason").is_in(reasons))
    of_invoice = people.filter(pl.col("invoice_id").is_not_null()).drop("payer_id")
    of_payer = people.filter(pl.col("invoice_id").is_null()).drop("invoice_id")
    grace = pl.when(pl.col("reason") == "promised").then("promise_grace_days").otherwise(0)
    last = pl.col("until") + pl.duration(days=grace)
    columns = ("row", "reason", "until", "source")
    return pl.concat(
        [
            items.select("row", on, "promise_grace_days")
            .join(found, on=on)
            .with_columns(until=last.cast(pl.Date))
            .select(columns)
            for on, found in (("invoice_id", of_invoice), ("payer_id", of_payer))
        ]
    ).filter(pl.col("until").is_null() | (pl.col("until") >= as_of))


def _signal_words() -> pl.Expr:
    return pl.format("signal {} from {}", "kind", pl.col("from_date").dt.to_string("%Y-%m-%d"))
