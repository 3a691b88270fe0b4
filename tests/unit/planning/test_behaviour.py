"""The figures behind a profile, computed by hand on small ledgers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relance.calendars import Calendar
from relance.config.profiles import Profiles
from relance.ledger.versions import LedgerVersions
from relance.planning.behaviour import FIGURES, figures_of, months_before
from relance.planning.conduct import DISPUTES, PLANS, PROMISES, TOUCHES, Conduct
from relance.planning.profiles import profile_payers
from tests.unit.ledger.build import Row, customer, d, frame, invoice, note, payment, versions

WEEK = Calendar(frozenset(range(5)))
ON = d("06-30")  # a Tuesday
DUE = d("03-02")  # a Monday


class Payer:
    """One payer's rows, told as delays and what happened."""

    def __init__(self, name: str = "C1", **columns: Any) -> None:
        self.name = name
        self.rows: dict[str, list[Row]] = {
            "customers": [customer(name, **columns)],
            "invoices": [],
            "payments": [],
            "signals": [],
        }
        self.touches: list[tuple[str, date, int, bool]] = []
        self.disputes: list[tuple[str, str | None, date]] = []
        self.promises: list[tuple[str, str, date]] = []
        self.plans: list[tuple[str, date]] = []

    def owes(self, *delays: int | None, due: date = DUE, amount: int = 1000, **given: Any) -> list[str]:
        """Invoices due on a day, each paid so many days after it (None: not yet)."""
        method = given.pop("method", None)
        names = []
        for delay in delays:
            name = f"{self.name}-{len(self.rows['invoices'])}"
            row = {
                "customer_id": self.name,
                "issue_date": due - timedelta(days=30),
                "due_date": due,
                "amount": amount,
            }
            self.rows["invoices"].append(invoice(name, **(row | given)))
            if delay is not None:
                self.pays(name, row["amount"], due + timedelta(days=delay), method=method, **_money(given))
            names.append(name)
        return names

    def pays(self, invoice_id: str | None, amount: int, on: date, **given: Any) -> None:
        number = f"P-{self.name}-{len(self.rows['payments'])}"
        row = payment(number, amount, customer_id=self.name, date=on, invoice_id=invoice_id, **given)
        self.rows["payments"].append(row)

    def touched(self, invoice_id: str, on: date, rank: int = 1, *, firm: bool = False) -> None:
        self.touches.append((invoice_id, on, rank, firm))


def _money(given: dict[str, Any]) -> dict[str, Any]:
    return {key: given[key] for key in ("currency",) if key in given}


def ledger(*payers: Payer) -> LedgerVersions:
    names = ("customers", "invoices", "payments", "signals")
    return versions(**{name: [row for payer in payers for row in payer.rows[name]] for name in names})


def conduct(*payers: Payer) -> Conduct:
    parts = {"touches": TOUCHES, "disputes": DISPUTES, "promises": PROMISES, "plans": PLANS}
    return Conduct(
        **{
            name: pl.DataFrame(
                [row for one in payers for row in getattr(one, name)], schema=schema, orient="row"
            )
            for name, schema in parts.items()
        }
    )


def figures(payer: Payer, *others: Payer, on: date = ON, **thresholds: Any) -> dict[str, Any]:
    chosen = Profiles.model_validate(thresholds)
    found = figures_of(ledger(payer, *others), conduct(payer, *others), chosen, WEEK, on)
    return found.filter(pl.col("payer_id") == payer.name).row(0, named=True)


def profile(payer: Payer, on: date = ON, **thresholds: Any) -> str | None:
    chosen = Profiles.model_validate(thresholds)
    found = profile_payers(ledger(payer), conduct(payer), chosen, WEEK, on)
    return found.filter(pl.col("payer_id") == payer.name)["profile"].item()


# -- delays ----------------------------------------------------------------------------------------------------------


def test_the_median_weighs_by_amount():
    payer = Payer()
    payer.owes(0, 1, 2, 3, amount=100)
    payer.owes(30, amount=400)
    assert figures(payer)["median_delay"] == 3  # 400 of 800 are paid within three days
    payer.owes(31, amount=1)
    assert figures(payer)["median_delay"] == 30


def test_open_overdue_invoices_count_at_their_age():
    payer = Payer()
    payer.owes(0, 0)
    payer.owes(None, None, None, due=ON - timedelta(days=20))
    found = figures(payer)
    assert (found["invoices"], found["settled"], found["late"]) == (5, 2, 3)
    assert found["median_delay"] == 20
    assert found["on_time"] == 2 / 5


def test_an_invoice_due_today_or_undelivered_has_no_delay_yet():
    payer = Payer()
    payer.owes(None, due=ON)
    payer.owes(None, delivery_status="rejected")
    payer.owes(None, delivery_status="draft")
    found = figures(payer)
    assert (found["invoices"], found["late"], found["median_delay"], found["on_time"]) == (3, 0, None, None)


def test_the_window_is_a_year_of_due_dates():
    payer = Payer()
    payer.owes(1, due=d("2025-07-01"), issue_date=d("2025-06-01"))
    payer.owes(50, due=d("2025-06-30"), issue_date=d("2025-05-01"))
    payer.owes(-10, due=d("07-05"))
    found = figures(payer)
    assert (found["invoices"], found["median_delay"]) == (1, 1)
    assert figures(payer, window_months=13)["invoices"] == 2


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2026-03-31", 1, "2026-02-28"), ("2024-02-29", 12, "2023-02-28"), ("2026-01-15", 1, "2025-12-15")],
)
def test_months_end_on_the_last_day_there_is(day, months, expected):
    assert months_before(date.fromisoformat(day), months) == date.fromisoformat(expected)


def test_cancelled_written_off_and_empty_invoices_are_left_out():
    payer = Payer()
    payer.owes(None, status="cancelled")
    payer.owes(None, status="written_off")
    payer.owes(None, status="assigned")
    payer.owes(0, amount=0)
    found = figures(payer)
    assert (found["settled"], found["late"], found["median_delay"]) == (0, 0, None)


def test_what_is_gone_from_a_full_extract_counts_as_paid_then():
    payer = Payer()
    (name,) = payer.owes(None)
    gone = payer.rows["invoices"][0] | {"closed": True, "extract_date": d("03-12")}
    payer.rows["invoices"][0]["extract_date"] = d("03-01")
    payer.rows["invoices"].append(gone)
    assert figures(payer)["median_delay"] == 10
    assert figures(payer, closed_is_paid=False)["settled"] == 0
    assert figures(payer, on=d("03-11"))["settled"] == 0, f"{name} was still there"


def test_delays_of_two_currencies_weigh_by_the_payers_own_mean():
    payer = Payer()
    payer.owes(0, 0, 0, amount=1_000_000, currency="JPY")
    payer.owes(40, 40, 40, 40, amount=100, currency="EUR")
    assert figures(payer)["median_delay"] == 40


def test_two_bank_days_are_still_on_time():
    payer = Payer()
    friday = d("03-06")
    payer.owes(4, due=friday)  # Tuesday: two business days
    payer.owes(5, due=friday)  # Wednesday: three
    assert figures(payer)["on_time"] == 0.5
    assert figures(payer, grace_days=3)["on_time"] == 1.0


def test_a_holiday_of_the_region_is_no_bank_day():
    payer = Payer()
    payer.owes(3, due=DUE)
    closed = Calendar(frozenset(range(5)), extra_holidays=frozenset({DUE + timedelta(days=1)}))
    found = figures_of(ledger(payer), Conduct(), Profiles(), closed, ON)
    assert found["on_time"].item() == 1.0


def test_spread_is_between_the_quartiles_each_invoice_once():
    payer = Payer()
    for delay, amount in ((0, 1), (2, 1), (4, 1000), (8, 1), (50, 1)):
        payer.owes(delay, amount=amount)
    assert figures(payer)["spread"] == 6  # of five: the second and the fourth
    payer.owes(8, 8, 8)
    assert figures(payer)["spread"] == 6  # of eight: the second (2) and the sixth (8)


def test_paid_in_part_is_a_payment_that_left_something_open():
    payer = Payer()
    first, second = payer.owes(None, None)
    payer.pays(first, 400, DUE)
    payer.pays(first, 600, DUE + timedelta(days=9))
    payer.pays(second, 1000, DUE)
    assert figures(payer)["in_part"] == 1


# -- money -----------------------------------------------------------------------------------------------------------


def test_collected_is_a_share_of_the_paid_amount():
    payer = Payer(payment_method="direct_debit")
    payer.owes(0, amount=800, method="SDD")
    payer.owes(0, amount=200, method="transfer")
    found = figures(payer)
    assert (found["mandate"], found["collected"], found["collections"]) == (True, 0.8, 1)


def test_a_payment_without_a_method_was_made_in_the_payers_own_way():
    payer = Payer(payment_method="bill_of_exchange")
    payer.owes(0, 0)
    assert figures(payer)["collected"] == 1.0
    other = Payer()
    other.owes(0)
    assert figures(other)["collected"] == 0.0


def test_returns_are_collections_and_cheques_that_came_back():
    payer = Payer(payment_method="direct_debit")
    names = payer.owes(*[0] * 20, method="direct_debit")
    payer.pays(names[0], -1000, ON - timedelta(days=90), method="direct_debit")
    payer.pays(names[1], -1000, ON - timedelta(days=89), method="cheque")
    payer.pays(names[2], -1000, ON, method="transfer")  # a booking put right
    payer.pays(None, -1000, ON, method="direct_debit")  # names no invoice
    found = figures(payer)
    assert (found["returns"], found["returns_share"], found["recent_returns"]) == (2, 2 / 20, 1)


def test_volume_compares_two_half_years():
    payer = Payer()
    payer.owes(0, due=d("2025-12-01"), issue_date=d("2025-11-01"), amount=1000)
    payer.owes(0, due=d("03-01"), issue_date=d("02-01"), amount=700)
    assert figures(payer)["volume_change"] == -0.3
    assert figures(payer, on=d("2025-12-15"))["volume_change"] is None


# -- what is said of the payer ---------------------------------------------------------------------------------------


def test_an_insolvency_notice_counts_from_its_day_and_does_not_lapse():
    payer = Payer()
    payer.owes(0)
    notice = {"customer_id": "C1", "kind": "insolvency_notice", "from_date": d("06-01"), "until": d("06-02")}
    payer.rows["signals"].append(notice | {"ordinal": 0})
    assert figures(payer)["insolvency"]
    assert not figures(payer, on=d("05-31"))["insolvency"]
    assert figures_of(ledger(_with(Payer(status="insolvency"))), Conduct(), Profiles(), WEEK, ON)[
        "insolvency"
    ].item()


def _with(payer: Payer) -> Payer:
    payer.owes(0)
    return payer


def test_promises_and_plans_of_the_window_count_once_ended():
    payer = _with(Payer())
    payer.promises += [
        ("C1", "kept", d("05-01")),
        ("C1", "partly_kept", d("05-02")),
        ("C1", "broken", d("05-03")),
    ]
    payer.promises += [("C1", "broken", d("07-01")), ("C1", "broken", d("2025-06-30"))]
    payer.plans += [("C1", d("06-30")), ("C1", d("07-01"))]
    found = figures(payer)
    assert (found["promises"], found["promises_kept"], found["promises_broken"]) == (3, 1 / 3, 1)
    assert found["plans"] == 1


def test_disputes_count_by_the_first_day_on_which_each_was_raised():
    payer = Payer()
    names = payer.owes(0, 0, 0, 10, 10, 10, 10, 10)
    payer.disputes += [("C1", names[0], DUE + timedelta(days=1)), ("C1", names[0], DUE - timedelta(days=5))]
    payer.disputes += [("C1", names[1], DUE + timedelta(days=1)), ("C1", names[2], ON + timedelta(days=1))]
    found = figures(payer)
    assert (found["disputed"], found["disputed_share"], found["disputed_after_due"]) == (2, 0.25, 0.5)
    assert found["recent_disputes"] == 2


def test_the_platforms_refusal_is_a_dispute_from_the_extract_that_tells_it():
    payer = Payer()
    payer.owes(None)
    refused = payer.rows["invoices"][0] | {"delivery_status": "refused", "extract_date": d("03-10")}
    payer.rows["invoices"][0]["extract_date"] = d("03-01")
    payer.rows["invoices"].append(refused)
    assert figures(payer, on=d("03-09"))["disputed"] == 0
    assert figures(payer, on=d("03-10"))["disputed_after_due"] == 1.0


def test_lateness_is_explained_by_rejection_draft_or_a_late_po_number():
    payer = Payer()
    payer.owes(10, 10, 10, 10, 0)
    rows = payer.rows["invoices"]
    later = []
    for row, before, after in (
        (
            rows[0],
            {"delivery_status": "rejected"},
            {"delivery_status": "delivered", "extract_date": d("02-20")},
        ),
        (rows[1], {"delivery_status": "draft"}, {"delivery_status": "delivered", "extract_date": d("03-05")}),
        (rows[2], {"delivery_status": "draft"}, {"delivery_status": "delivered", "extract_date": d("03-02")}),
        (rows[3], {"po_number": None}, {"po_number": "PO-1", "extract_date": d("03-04")}),
        (
            rows[4],
            {"delivery_status": "rejected"},
            {"delivery_status": "delivered", "extract_date": d("02-20")},
        ),
    ):
        row.update(before, extract_date=d("02-15"))
        later.append(row | after)
    rows += later
    assert figures(payer)["explained"] == 3 / 4  # rows 0, 1, 3; row 2 went out in time, row 4 was not late
    assert figures(payer, on=d("03-03"))["explained"] == 2 / 4  # the PO is not there yet


# -- reactions -------------------------------------------------------------------------------------------------------


def test_answered_is_paid_within_five_business_days_of_the_first_touch():
    payer = Payer()
    names = payer.owes(14, 15, 16, 3)
    first = DUE + timedelta(days=7)  # a Monday; the next Monday is five business days on
    for name in names[:3]:
        payer.touched(name, first)
        payer.touched(name, DUE + timedelta(days=12), 2)
    found = figures(payer)
    assert (found["dunned"], found["answered"], found["reached_level_2"]) == (3, 1 / 3, 1.0)
    assert (found["not_dunned"], found["not_dunned_delay"]) == (1, 3)


def test_a_touch_before_the_due_date_or_after_the_payment_is_no_touch():
    payer = Payer()
    (name,) = payer.owes(5)
    payer.touched(name, DUE - timedelta(days=5), 0)
    payer.touched(name, DUE + timedelta(days=6), 1)
    found = figures(payer)
    assert (found["dunned"], found["answered"], found["not_dunned"]) == (0, None, 1)


def test_an_open_invoice_tells_once_its_time_to_answer_is_over():
    payer = Payer()
    names = payer.owes(None, None, due=d("06-01"))
    payer.touched(names[0], ON - timedelta(days=7))  # Tuesday to Tuesday: five business days, not over
    payer.touched(names[1], ON - timedelta(days=8))
    found = figures(payer)
    assert (found["dunned"], found["answered"]) == (1, 0.0)


def test_paid_after_a_firm_step_is_within_seven_days_of_one():
    payer = Payer()
    names = payer.owes(37, 38, 60, None)
    for name in names:
        payer.touched(name, DUE + timedelta(days=30), 3, firm=True)
    payer.touched(names[2], DUE + timedelta(days=55), 3, firm=True)
    found = figures(payer)
    assert (found["firm_steps"], found["paid_after_firm"]) == (4, 2 / 4)
    assert figures(payer, on=DUE + timedelta(days=36))["firm_steps"] == 0, "none has had its seven days"


# -- whole payers ----------------------------------------------------------------------------------------------------


def dunned(payer: Payer, delays: list[int], *steps: tuple[int, int, bool]) -> Payer:
    for delay, name in zip(delays, payer.owes(*delays), strict=True):
        for day, rank, firm in steps:
            if day <= delay:
                payer.touched(name, DUE + timedelta(days=day), rank, firm=firm)
    return payer


def example(wanted: str) -> Payer:
    if wanted == "automatic":
        payer = Payer(payment_method="direct_debit")
        payer.owes(*[0] * 6)
    elif wanted == "insolvent":
        payer = Payer(payment_method="cheque")
        names = payer.owes(*[20] * 6, method="cheque")
        payer.pays(names[0], -1000, ON - timedelta(days=3), method="cheque")
        payer.pays(names[1], -1000, ON - timedelta(days=2), method="cheque")
        payer.owes(*[20] * 2)
    elif wanted == "litigious":
        payer = Payer()
        names = payer.owes(*[30] * 8)
        payer.disputes += [("C1", name, DUE + timedelta(days=5)) for name in names[:2]]
    elif wanted == "administrative":
        payer = Payer(legal_form="public_body")
        payer.owes(20, 22, 25, 27, 29, 30)
    elif wanted == "bad":
        payer = dunned(Payer(), [25, 26, 26, 27, 35, 12], (3, 1, False), (8, 2, False), (21, 3, True))
    elif wanted == "negligent":
        payer = dunned(Payer(), [9, 10, 12, 0, 1, 13], (7, 1, False))
    else:
        payer = Payer()
        payer.owes(-3, 0, 1, 2, 2, 0, 0, 0, 0, 9)
    return payer


@pytest.mark.parametrize(
    "wanted", ["automatic", "insolvent", "litigious", "administrative", "bad", "negligent", "good"]
)
def test_a_payer_of_each_profile_is_found_from_its_ledger(wanted):
    assert profile(example(wanted)) == wanted


@pytest.mark.parametrize("wanted", ["administrative", "bad", "negligent", "good"])
def test_with_five_settled_invoices_none_is_known(wanted):
    payer = example(wanted)
    kept = {row["invoice_id"] for row in payer.rows["invoices"][:5]}
    payer.rows["payments"] = [row for row in payer.rows["payments"] if row["invoice_id"] in kept]
    assert profile(payer) is None


def test_without_dunning_a_late_payer_is_not_called_negligent_or_bad():
    payer = Payer()
    payer.owes(*[10] * 8)
    assert profile(payer) is None


def test_a_notified_payers_credit_notes_are_no_invoices():
    payer = Payer()
    payer.owes(*[0] * 6)
    payer.rows["invoices"].append(note("N1", customer_id="C1", due_date=DUE))
    assert figures(payer)["invoices"] == 6


def test_a_third_party_payer_has_the_behaviour_of_what_it_pays():
    payer = Payer("C1")
    payer.owes(5, 5)
    shop = Payer("C2", payer_id="C1")
    shop.owes(9, 9, 9)
    found = figures_of(ledger(payer, shop), Conduct(), Profiles(), WEEK, ON)
    assert found.select("payer_id", "invoices", "median_delay").rows() == [("C1", 5, 9)]


# -- invariants ------------------------------------------------------------------------------------------------------

DELAYS = st.lists(st.one_of(st.none(), st.integers(-20, 90)), min_size=0, max_size=9)


@st.composite
def payers(draw: st.DrawFn, name: str) -> Payer:
    method = draw(st.sampled_from([None, "direct_debit", "cheque", "transfer"]))
    payer = Payer(name, payment_method=method, legal_form=draw(st.sampled_from([None, "public_body"])))
    for delay in draw(DELAYS):
        due = d("2025-06-01") + timedelta(days=draw(st.integers(0, 420)))
        given: dict[str, Any] = {
            "currency": draw(st.sampled_from(["EUR", "EUR", "JPY"])),
            "delivery_status": draw(st.sampled_from([None, None, "rejected", "refused", "draft"])),
        }
        (invoice_id,) = payer.owes(delay, due=due, amount=draw(st.integers(0, 5000)), **given)
        for day in draw(st.lists(st.integers(-5, 60), max_size=3)):
            payer.touched(
                invoice_id, due + timedelta(days=day), draw(st.integers(0, 3)), firm=draw(st.booleans())
            )
        if draw(st.integers(0, 5)) == 0:
            payer.pays(
                invoice_id, -draw(st.integers(1, 5000)), due + timedelta(days=draw(st.integers(0, 80)))
            )
        if draw(st.integers(0, 5)) == 0:
            payer.disputes.append((name, invoice_id, due + timedelta(days=draw(st.integers(-20, 40)))))
    if draw(st.booleans()):
        payer.promises.append((name, draw(st.sampled_from(["kept", "broken"])), d("05-05")))
    return payer


@settings(max_examples=60, deadline=None)
@given(payers("C1"), payers("C2"))
def test_adding_an_unrelated_payer_changes_nothing(one: Payer, other: Payer):
    alone = profile_payers(ledger(one), conduct(one), Profiles(), WEEK, ON)
    both = profile_payers(ledger(one, other), conduct(one, other), Profiles(), WEEK, ON)
    assert both.filter(pl.col("payer_id") == "C1").equals(alone)


@settings(max_examples=60, deadline=None)
@given(payers("C1"), payers("C2"), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(one: Payer, other: Payer, random: Any):
    first = profile_payers(ledger(one, other), conduct(one, other), Profiles(), WEEK, ON)
    for payer in (one, other):
        for rows in (*payer.rows.values(), payer.touches, payer.disputes, payer.promises):
            random.shuffle(rows)
    again = profile_payers(ledger(other, one), conduct(other, one), Profiles(), WEEK, ON)
    assert again.equals(first)


@settings(max_examples=60, deadline=None)
@given(payers("C1"), st.integers(-200, 0))
def test_nothing_that_happens_later_is_known(payer: Payer, days: int):
    on = ON + timedelta(days=days)
    whole = figures_of(ledger(payer), conduct(payer), Profiles(), WEEK, on)
    past = Payer()
    past.rows = {
        "customers": payer.rows["customers"],
        "invoices": [row for row in payer.rows["invoices"] if row["issue_date"] <= on],
        "payments": [row for row in payer.rows["payments"] if row["date"] <= on],
        "signals": [],
    }
    past.touches = [row for row in payer.touches if row[1] <= on]
    past.disputes = [row for row in payer.disputes if row[2] <= on]
    past.promises = [row for row in payer.promises if row[2] <= on]
    assert figures_of(ledger(past), conduct(past), Profiles(), WEEK, on).equals(whole)


@settings(max_examples=60, deadline=None)
@given(payers("C1"))
def test_shares_are_shares_and_parts_are_no_more_than_the_whole(payer: Payer):
    for row in figures_of(ledger(payer), conduct(payer), Profiles(), WEEK, ON).iter_rows(named=True):
        for name, kind in FIGURES.items():
            if (
                kind == pl.Float64
                and name not in ("volume_change", "returns_share")
                and row[name] is not None
            ):
                assert 0 <= row[name] <= 1, name
        assert row["late"] <= row["invoices"]
        assert row["settled"] <= row["invoices"]
        assert row["dunned"] + row["not_dunned"] <= row["late"]


def test_frames_of_nothing_give_a_frame_of_nothing():
    empty = LedgerVersions("FR01", {"customers": frame("customers", [customer()])}, (ON,))
    found = figures_of(empty, Conduct(), Profiles(), WEEK, ON)
    assert found.is_empty()
    assert dict(found.schema) == {"payer_id": pl.String, **FIGURES}
