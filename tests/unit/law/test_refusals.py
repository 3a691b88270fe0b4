"""Nothing is guessed: what has no rate or no rule is refused, what is provisional or unconfirmed is said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from relance import law
from relance.errors import RelanceError, UsageError
from relance.law import LawError
from relance.money import Money


def _late(book: law.LawBook, country: str, due: str, until: str, **more: Any) -> law.Interest:
    return law.late_interest(
        book,
        country=country,
        amount=more.pop("amount", Money.parse("10000.00 EUR")),
        due=date.fromisoformat(due),
        until=date.fromisoformat(until),
        **more,
    )


FLOATING = ["FR", "DE", "ES", "IT", "NL", "BE", "PT", "PL", "SE", "DK", "AT", "LU"]


@pytest.mark.parametrize("country", [*FLOATING, "IE"])
def test_half_year_without_a_rate_is_refused(book: law.LawBook, country: str) -> None:
    _late(book, country, "2026-06-01", "2026-06-30")
    with pytest.raises(LawError, match=r"2026-H2.*none is guessed.*law/rates/") as refusal:
        _late(book, country, "2026-06-01", "2026-07-01")
    assert refusal.value.code == "law"
    assert isinstance(refusal.value, RelanceError)


def test_frozen_rate_needs_no_later_half_year(book: law.LawBook) -> None:
    result = _late(book, "FR", "2026-06-01", "2026-12-31", debtor="public")
    assert [p.rate for p in result.rate_periods] == [Decimal("10.15")]


def test_paid_claim_needs_no_later_half_year(book: law.LawBook) -> None:
    paid = [(date(2026, 6, 30), 1_000_000)]
    assert _late(book, "FR", "2026-06-01", "2026-12-31", payments=paid).interest > 0


def test_half_year_before_the_tables_is_refused(book: law.LawBook) -> None:
    with pytest.raises(LawError, match="2018-H2"):
        _late(book, "FR", "2018-12-01", "2019-02-01")


def test_provisional_rate_is_refused_unless_the_country_allows_it(folder: Any) -> None:
    with pytest.raises(LawError, match="provisional"):
        _late(folder.load(), "XX", "2025-01-10", "2025-02-10")


def test_provisional_rate_is_used_and_said_where_the_country_allows_it(folder: Any) -> None:
    folder.replace("XX.yaml", "may_waive: true", "may_waive: true\n  provisional: true")
    book = folder.load()
    assert _late(book, "XX", "2025-01-10", "2025-02-10").provisional is True
    assert _late(book, "XX", "2024-07-10", "2024-08-10").provisional is False
    with pytest.raises(LawError, match="2025-H2"):
        _late(book, "XX", "2025-06-10", "2025-07-10")


def test_unverified_rates_are_used_and_reported(book: law.LawBook) -> None:
    result = _late(book, "DK", "2024-06-20", "2025-02-01", amount=Money.parse("10000.00 DKK"))
    assert result.unverified == ("dk_lending 2024-H2", "dk_lending 2025-H1")


def test_unverified_parts_of_a_rule_are_reported(book: law.LawBook) -> None:
    assert _late(book, "NL", "2024-06-20", "2024-07-01").unverified == ("NL compounding",)


def test_unknown_country_names_the_nearest(book: law.LawBook) -> None:
    with pytest.raises(LawError, match="Did you mean FR"):
        _late(book, "FRA", "2024-06-20", "2024-07-01")


def test_unknown_kind_of_debtor_is_refused(book: law.LawBook) -> None:
    with pytest.raises(LawError, match="private, public"):
        _late(book, "FR", "2024-06-20", "2024-07-01", debtor="consumer")


def test_public_is_as_private_where_the_law_makes_no_difference(book: law.LawBook) -> None:
    private = _late(book, "DE", "2024-06-20", "2024-07-01")
    assert _late(book, "DE", "2024-06-20", "2024-07-01", debtor="public").interest == private.interest


def test_french_public_buyers_are_not_bound_by_a_contract_rate(book: law.LawBook) -> None:
    with pytest.raises(LawError, match="contract"):
        _late(book, "FR", "2024-06-20", "2024-07-01", debtor="public", contract_rate=Decimal(12))


def test_floor_without_a_rate_is_refused(book: law.LawBook) -> None:
    with pytest.raises(LawError, match="fr_legal for 2026-H2"):
        _late(book, "FR", "2026-06-20", "2026-07-01", contract_rate=Decimal(12))


@pytest.mark.parametrize(
    "more",
    [
        {"amount": Money.parse("-1.00 EUR")},
        {"contract_rate": Decimal(-1)},
        {"payments": [(date(2024, 6, 21), -1)]},
    ],
)
def test_negative_claims_rates_and_balances_are_wrong_usage(book: law.LawBook, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        _late(book, "FR", "2024-06-20", "2024-07-01", **more)
