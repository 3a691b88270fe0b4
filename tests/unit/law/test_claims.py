"""Accrued, claimed, waived: kept apart."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from relance import law
from relance.errors import UsageError
from relance.law import Claim, LawError
from relance.money import Money

DAY = date(2025, 3, 1)


def _eur(text: str) -> Money:
    return Money.parse(f"{text} EUR")


@pytest.fixture
def claim() -> Claim:
    return Claim.open(kind="interest", country="FR", currency="EUR").accrue(_eur("100.00"))


def test_accrued_claimed_and_waived_are_kept_apart(claim: Claim, book: law.LawBook) -> None:
    after = claim.claim(_eur("60.00")).waive(
        _eur("70.00"), actor="finance_lead", reason="settlement", on=DAY, book=book
    )
    assert (after.accrued, after.claimed, after.waived) == (_eur("100.00"), _eur("60.00"), _eur("70.00"))
    assert (after.claimable, after.payable) == (_eur("30.00"), _eur("30.00"))
    assert (claim.claimed, claim.waived) == (_eur("0.00"), _eur("0.00"))


def test_waiver_keeps_who_why_and_when(claim: Claim, book: law.LawBook) -> None:
    after = claim.waive(_eur("10.00"), actor="finance_lead", reason="goodwill", on=DAY, book=book)
    assert after.waivers == (law.Waiver(_eur("10.00"), "finance_lead", "goodwill", DAY),)


@pytest.mark.parametrize(
    "wrong", [{"actor": " "}, {"reason": ""}, {"amount": Money("EUR", 0)}, {"amount": Money("USD", 1)}]
)
def test_waiving_needs_who_why_and_how_much(claim: Claim, book: law.LawBook, wrong: dict[str, Any]) -> None:
    act: dict[str, Any] = {"amount": _eur("10.00"), "actor": "finance_lead", "reason": "goodwill"} | wrong
    with pytest.raises(UsageError):
        claim.waive(act["amount"], actor=act["actor"], reason=act["reason"], on=DAY, book=book)


@pytest.mark.parametrize(("country", "debtor"), [("FR", "public"), ("IE", "public")])
def test_waiving_is_refused_where_the_law_forbids_it(book: law.LawBook, country: str, debtor: str) -> None:
    claim = Claim.open(kind="interest", country=country, currency="EUR", debtor=debtor).accrue(_eur("5.00"))
    with pytest.raises(LawError, match="give up"):
        claim.waive(_eur("1.00"), actor="finance_lead", reason="goodwill", on=DAY, book=book)


def test_country_switch_forbids_waiving_from_its_day(folder: Any) -> None:
    folder.write(
        "XX.yaml",
        (folder.root / "XX.yaml").read_text(encoding="utf-8")
        + "changes:\n  - {from: 2025-01-01, may_waive: false}\n",
    )
    book = folder.load()
    claim = Claim.open(kind="interest", country="XX", currency="EUR").accrue(_eur("5.00"))
    act = {"actor": "finance_lead", "reason": "goodwill", "book": book}
    assert claim.waive(_eur("1.00"), on=date(2024, 12, 31), **act).waived == _eur("1.00")
    with pytest.raises(LawError):
        claim.waive(_eur("1.00"), on=date(2025, 1, 1), **act)


def test_more_than_is_left_is_neither_claimed_nor_waived(claim: Claim, book: law.LawBook) -> None:
    with pytest.raises(LawError, match=r"100\.00 EUR"):
        claim.claim(_eur("100.01"))
    with pytest.raises(LawError):
        claim.waive(_eur("100.01"), actor="finance_lead", reason="goodwill", on=DAY, book=book)


def test_what_was_claimed_is_not_unclaimed_by_a_later_smaller_letter(claim: Claim) -> None:
    assert claim.claim(_eur("80.00")).claim(_eur("20.00")).claimed == _eur("80.00")


def test_accrual_may_fall_and_payable_follows(claim: Claim) -> None:
    after = claim.claim(_eur("80.00")).accrue(_eur("50.00"))
    assert (after.claimed, after.payable) == (_eur("80.00"), _eur("50.00"))
