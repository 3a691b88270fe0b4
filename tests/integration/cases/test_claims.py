"""Interest and compensation on real invoices: accrued, claimed and waived, kept apart."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from relance import law
from relance.cases.claims import Asked, InvoiceClaims, claims_of, note_claimed, waive
from relance.cli import claims as claim_commands
from relance.cli.explain import explain
from relance.config.load import load_policy
from relance.config.models import Region
from relance.config.policy import Policy
from relance.config.roles import Roles
from relance.errors import CaseError, NotAllowedError, UsageError
from relance.law import LawError
from relance.money import Money
from relance.settings import REPOSITORY
from relance.store import schema, timeline
from relance.store.claims import ClaimEntry
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY, World, invoice, policy

pytestmark = pytest.mark.integration
BOOK = law.load(REPOSITORY / "config" / "law")
LEAD = "lead@lumen.example"
DUE, DAY = date(2024, 12, 1), date(2025, 2, 28)
"""89 days, 2 December to 28 February, both counted: 30 in the second half of 2024, 59 in the first of 2025."""
ROLES = Roles.model_validate(
    {
        "roles": {"finance_lead": {"people": [LEAD]}, "collector": {"people": ["collector@lumen.example"]}},
        "permissions": [
            {"role": "finance_lead", "may": ["waive"], "up_to": ["500.00 EUR", "500.00 GBP", "500.00 USD"]},
            {"role": "collector", "may": ["instalments"]},
        ],
    }
)


def seller(country: str = "FR") -> Policy:
    region = Region.model_validate({"region": "fr", "country": country, "languages": ["en"]})
    return policy().model_copy(update={"roles": ROLES, "regions": {"fr": region}})


@dataclass
class Claims:
    """The services of claims on a world's database."""

    world: World

    def of(self, name: str = "F1", day: date = DAY) -> InvoiceClaims:
        with UnitOfWork(self.world.database) as uow:
            (found,) = claims_of(
                uow, policy=self.world.policy, book=BOOK, entity=ENTITY, as_of=day, invoices=[name]
            )
        return found

    def payer(self, payer_id: str = "C1", day: date = DAY) -> dict[str, InvoiceClaims]:
        with UnitOfWork(self.world.database) as uow:
            found = claims_of(
                uow, policy=self.world.policy, book=BOOK, entity=ENTITY, as_of=day, payer_id=payer_id
            )
        return {one.accrual.invoice_id: one for one in found}

    def waive(self, amount: str, **other: Any) -> ClaimEntry:
        act: dict[str, Any] = {
            "invoice": "F1", "kind": "interest", "reason": "goodwill", "by": LEAD, "on_date": DAY, **other
        }  # fmt: skip
        with UnitOfWork(self.world.database) as uow:
            made = waive(
                uow, policy=self.world.policy, book=BOOK, entity=ENTITY, amount=Money.parse(amount), **act
            )
            uow.commit()
        return made

    def claimed(self, *asked: Asked, key: str = "K1", on: date = DAY) -> int:
        with UnitOfWork(self.world.database) as uow:
            new = note_claimed(uow, entity=ENTITY, payer_id="C1", contact_key=key, asked=asked, on_date=on)
            uow.commit()
        return new

    def entries(self) -> list[dict[str, Any]]:
        return self.world.rows(schema.claim_entry)


@pytest.fixture
def world(database: Database) -> World:
    one = World(database, seller(), extract=date(2024, 6, 1))
    one.ledger(
        customers=[{"customer_id": "C1"}, {"customer_id": "C2", "legal_form": "public_body"}],
        invoices=[
            sold("F1", 1_000_000),
            sold("F2", 1_000_000, customer_id="C2"),
        ],
    )
    return one


@pytest.fixture
def claims(world: World) -> Claims:
    return Claims(world)


def sold(name: str, amount: int, due: date = DUE, **other: Any) -> dict[str, Any]:
    return invoice(name, due, amount, **{"issue_date": due - timedelta(days=30), **other})


def sums(found: InvoiceClaims, kind: str = "interest") -> tuple[str, str, str, str]:
    """Accrued, claimed, waived, payable of the one claim of that kind."""
    (claim,) = [one for one in found.claims if one.kind == kind]
    return str(claim.accrued), str(claim.claimed), str(claim.waived), str(claim.payable)


# --- what accrues ----------------------------------------------------------------------------------


def test_interest_in_france_with_a_part_payment_in_the_middle(world: World, claims: Claims) -> None:
    world.pay("B1", date(2025, 1, 10), 400_000, "F1")
    # ECB rate + 10 points, floating, actual days over 365; the day of payment still bears interest on the whole.
    #  2 Dec – 31 Dec 2024: 10,000 × 14.25 % × 30 / 365 = 117.1233
    #  1 Jan – 10 Jan 2025: 10,000 × 13.15 % × 10 / 365 =  36.0274
    # 11 Jan – 28 Feb 2025:  6,000 × 13.15 % × 49 / 365 = 105.9205
    #                                                     259.0712
    found = claims.of()
    assert sums(found) == ("259.07 EUR", "0.00 EUR", "0.00 EUR", "0.00 EUR")
    assert sums(found, "compensation")[0] == "40.00 EUR"
    assert (found.accrual.state, str(found.accrual.open)) == ("late", "6000.00 EUR")
    assert found.accrual.given is not None
    periods = [(one.days, str(one.rate), one.base) for one in found.accrual.given.rate_periods]
    assert periods == [(30, "14.25", 1_000_000), (10, "13.15", 1_000_000), (49, "13.15", 600_000)]


def test_interest_of_a_french_public_body_is_frozen_at_its_start(claims: Claims) -> None:
    # ECB rate 4.25 of the half-year of 2 December 2024 + 8 points: 10,000 × 12.25 % × 89 / 365 = 298.6986
    found = claims.of("F2")
    assert sums(found)[0] == "298.70 EUR"
    assert found.accrual.debtor == "public"


@pytest.mark.parametrize(
    ("pounds", "interest", "fixed"),
    # Bank Rate 4.25 of the half-year of 2 December 2025 + 8 points, frozen, 90 days to 1 March 2026:
    # 999.99 × 12.25 % × 90 / 365 = 30.2051; 5,000: 151.0274; 10,000: 302.0548. Tiers: below 1,000, below 10,000.
    [(99_999, "30.21", "40.00"), (500_000, "151.03", "70.00"), (1_000_000, "302.05", "100.00")],
)
def test_the_united_kingdom_compensates_by_tiers_in_pounds(
    world: World, claims: Claims, pounds: int, interest: str, fixed: str
) -> None:
    world.policy = seller("GB")
    world.ledger(invoices=[sold("G1", pounds, date(2025, 12, 1), currency="GBP")])
    found = claims.of("G1", date(2026, 3, 1))
    assert (sums(found)[0], sums(found, "compensation")[0]) == (f"{interest} GBP", f"{fixed} GBP")


def test_the_customers_governing_law_goes_before_the_sellers(world: World, claims: Claims) -> None:
    world.ledger(
        customers=[{"customer_id": "C3", "governing_law": "GB"}],
        invoices=[sold("G1", 500_000, date(2025, 12, 1), currency="GBP", customer_id="C3")],
    )
    found = claims.of("G1", date(2026, 3, 1))
    assert (found.accrual.country, sums(found)[0]) == ("GB", "151.03 GBP")


def test_a_fixed_sum_in_another_currency_is_not_converted(world: World, claims: Claims) -> None:
    world.ledger(invoices=[sold("U1", 100_000, currency="USD")])
    found = claims.of("U1")
    assert (sums(found)[0], sums(found, "compensation")[0]) == ("32.97 USD", "40.00 EUR")
    with pytest.raises(CaseError, match=r"not in USD.*It is in EUR"):
        claims.waive("10.00 USD", invoice="U1", kind="compensation")
    claims.waive("10.00 EUR", invoice="U1", kind="compensation")
    assert sums(claims.of("U1"), "compensation")[2] == "10.00 EUR"


def test_a_fixed_sum_that_would_be_a_guess_is_not_given_and_not_waived(world: World, claims: Claims) -> None:
    world.policy = seller("GB")
    found = claims.of()
    assert [claim.kind for claim in found.claims] == ["interest"]
    assert found.missing is not None
    assert "no conversion" in found.missing
    with pytest.raises(CaseError, match="not known"):
        claims.waive("10.00 EUR", kind="compensation")


def test_an_invoice_paid_late_bears_interest_until_it_was_paid(world: World, claims: Claims) -> None:
    world.pay("B1", date(2024, 12, 31), 1_000_000, "F1")
    found = claims.of(day=date(2026, 12, 1))  # there is no rate for that day; none is needed
    # 10,000 × 14.25 % × 30 / 365 = 117.1233
    assert (found.accrual.state, sums(found)[0]) == ("paid_late", "117.12 EUR")
    assert found.accrual.settled_on == date(2024, 12, 31)
    # Sources drop what is paid from their extracts.
    world.ledger(date(2025, 2, 1), invoices=[sold("F1", 1_000_000, closed=True)])
    assert sums(claims.of())[0] == "117.12 EUR"


def test_a_payment_that_comes_back_opens_the_base_again(world: World, claims: Claims) -> None:
    world.pay("B1", date(2024, 12, 11), 1_000_000, "F1")
    world.pay("B2", date(2024, 12, 21), -1_000_000, "F1")
    # 2 – 11 Dec and 22 – 31 Dec, 10 days each: 10,000 × 14.25 % × 20 / 365 = 78.0822
    found = claims.of(day=date(2024, 12, 31))
    assert (found.accrual.state, sums(found)[0]) == ("late", "78.08 EUR")


def test_what_a_credit_note_takes_away_was_never_late(world: World, claims: Claims) -> None:
    note = sold("N1", 600_000, kind="credit_note", credits_invoice_id="F1", issue_date=date(2025, 1, 20))
    world.ledger(invoices=[note])
    assert sums(claims.of(day=date(2025, 1, 19)))[0] != "0.00 EUR"
    # 4,000 × (14.25 % × 30 + 13.15 % × 59) / 365 = 46.8493 + 85.0247 = 131.8740
    assert sums(claims.of())[0] == "131.87 EUR"
    world.ledger(invoices=[sold("N2", 400_000, kind="credit_note", credits_invoice_id="F1", issue_date=DAY)])
    assert claims.of().accrual.state == "not_late"


def test_money_on_the_whole_invoice_lowers_its_terms_in_order(world: World, claims: Claims) -> None:
    world.ledger(invoices=[sold("T1/1", 100_000, term=1), sold("T1/2", 100_000, term=2)])
    world.pay("B1", DUE, 150_000, "T1")
    found = claims.payer()
    assert "T1/1" not in found
    # 500 × (14.25 % × 30 + 13.15 % × 59) / 365 = 16.4842
    assert sums(found["T1/2"])[0] == "16.48 EUR"


def test_nothing_accrues_on_what_is_not_late_or_no_longer_ours(world: World, claims: Claims) -> None:
    world.ledger(
        invoices=[
            sold("A1", 100_000, DAY),
            sold("A2", 100_000, status="cancelled"),
            sold("A3", 100_000, status="assigned"),
            sold("A4", 100_000, status="written_off"),
            sold("A5", 100_000, delivery_status="rejected"),
            sold("A6", 100_000, closed=True),
        ]
    )
    states = {name: claims.of(name).accrual.state for name in ("A1", "A2", "A3", "A4", "A5", "A6")}
    assert states == {
        "A1": "not_late", "A2": "cancelled", "A3": "assigned", "A4": "written_off", "A5": "not_delivered",
        "A6": "closed_by_source",
    }  # fmt: skip
    assert {sums(claims.of(name))[0] for name in states} == {"0.00 EUR"}
    assert list(claims.payer()) == ["F1"]


def test_what_was_paid_by_the_due_date_bears_nothing(world: World, claims: Claims) -> None:
    world.pay("B1", DUE, 1_000_000, "F1")
    found = claims.of()
    assert (found.accrual.state, sums(found)[0], sums(found, "compensation")[0]) == (
        "not_late", "0.00 EUR", "0.00 EUR",
    )  # fmt: skip


def test_a_half_year_without_a_confirmed_rate_is_refused_by_the_law(claims: Claims) -> None:
    with pytest.raises(LawError, match="2026-H2"):
        claims.of(day=date(2026, 7, 1))


def test_what_is_no_invoice_of_that_day_is_refused(world: World, claims: Claims) -> None:
    world.ledger(invoices=[sold("N1", 10, kind="credit_note"), sold("T1/1", 10, term=1)])
    with pytest.raises(UsageError, match=r"Did you mean T1/1\?"):
        claims.of("T1")
    with pytest.raises(CaseError, match="credit note"):
        claims.of("N1")
    with pytest.raises(CaseError, match="not known on 2024-10-01"):
        claims.of("F1", date(2024, 10, 1))


# --- what is claimed and waived --------------------------------------------------------------------

# F1 whole to DAY: 10,000 × (14.25 % × 30 + 13.15 % × 59) / 365 = 117.1233 + 212.5616 = 329.6849
ACCRUED = "329.68 EUR"
INTEREST = Asked("F1", "interest", Money.parse(ACCRUED))
FIXED = Asked("F1", "compensation", Money.parse("40.00 EUR"))


def test_a_waiver_lowers_what_is_payable_but_not_what_was_claimed(claims: Claims) -> None:
    assert claims.claimed(INTEREST, FIXED) == 2
    claims.waive("29.68 EUR")
    claims.waive("40.00 EUR", kind="compensation", reason="first delay in ten years")
    found = claims.of()
    assert sums(found) == (ACCRUED, ACCRUED, "29.68 EUR", "300.00 EUR")
    assert sums(found, "compensation") == ("40.00 EUR", "40.00 EUR", "40.00 EUR", "0.00 EUR")


def test_what_has_accrued_does_not_depend_on_what_was_claimed_or_waived(claims: Claims) -> None:
    later = DAY + timedelta(days=10)
    before = (sums(claims.of())[0], sums(claims.of(day=later))[0])
    claims.claimed(Asked("F1", "interest", Money.parse("1000000.00 EUR")))
    claims.waive(ACCRUED)
    assert (sums(claims.of())[0], sums(claims.of(day=later))[0]) == before


def test_of_several_letters_the_greatest_running_total_is_what_was_claimed(claims: Claims) -> None:
    for number, total in enumerate(("100.00 EUR", "250.00 EUR", "200.00 EUR")):
        claims.claimed(
            Asked("F1", "interest", Money.parse(total)), key=f"K{number}", on=DAY + timedelta(days=number)
        )
    assert sums(claims.of())[1] == "100.00 EUR"  # on the day of the first, the others are not known
    assert sums(claims.of(day=DAY + timedelta(days=2)))[1] == "250.00 EUR"


def test_a_contact_claims_a_sum_once(claims: Claims) -> None:
    assert claims.claimed(INTEREST, FIXED) == 2
    assert claims.claimed(INTEREST, FIXED) == 0
    assert claims.claimed(INTEREST, key="K2") == 1
    assert len(claims.entries()) == 3


def test_a_waiver_is_kept_with_who_why_and_when_and_stands_on_the_timeline(
    world: World, claims: Claims
) -> None:
    claims.waive("12.00 EUR", reason=" settled by telephone ")
    (row,) = claims.entries()
    assert {name: row[name] for name in ("payer_id", "invoice_id", "kind", "act", "amount", "currency")} == {
        "payer_id": "C1", "invoice_id": "F1", "kind": "interest", "act": "waived", "amount": 1200, "currency": "EUR",
    }  # fmt: skip
    assert (row["actor"], row["reason"], row["on_date"]) == (LEAD, "settled by telephone", DAY)
    with UnitOfWork(world.database) as uow:
        told = [dict(row) for row in timeline.read(uow, ENTITY, "C1")]
    assert timeline.verify(told) is None
    assert [(one["kind"], one["actor"], one["subject"]) for one in told] == [
        ("claim.waived", LEAD, "invoice:F1")
    ]
    assert told[0]["body"]["reason"] == "settled by telephone"


def test_the_same_waiver_twice_is_written_once(world: World, claims: Claims) -> None:
    claims.waive(ACCRUED)
    claims.waive(ACCRUED)  # nothing is left, but nothing more is asked either
    assert len(claims.entries()) == 1
    assert len(world.rows(schema.timeline)) == 1


@pytest.mark.parametrize(
    "other", [{"reason": "another reason"}, {"on_date": DAY + timedelta(days=1)}, {"amount": "13.00 EUR"}]
)
def test_another_waiver_is_another_act(claims: Claims, other: dict[str, Any]) -> None:
    claims.waive("12.00 EUR")
    claims.waive(**{"amount": "12.00 EUR", **other})
    assert len(claims.entries()) == 2


def test_more_than_is_left_is_not_waived(claims: Claims) -> None:
    with pytest.raises(CaseError, match=r"Waive 329\.68 EUR at most"):
        claims.waive("329.69 EUR")
    claims.waive("300.00 EUR", on_date=DAY + timedelta(days=5))
    with pytest.raises(
        CaseError, match=r"Waive 29\.68 EUR at most"
    ):  # a waiver of a later day counts as well
        claims.waive("30.00 EUR")
    with pytest.raises(CaseError, match="Nothing is left"):
        claims.waive("0.01 EUR", on_date=DUE)


def test_two_people_at_once_do_not_waive_the_same_sum(claims: Claims) -> None:
    outcomes: list[str] = []

    def act(reason: str) -> None:
        try:
            claims.waive("30.00 EUR", kind="compensation", reason=reason)
            outcomes.append("waived")
        except CaseError:
            outcomes.append("refused")

    threads = [threading.Thread(target=act, args=(reason,)) for reason in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "waived"]


@pytest.mark.parametrize("by", ["collector@lumen.example", "stranger@lumen.example"])
def test_who_may_not_waive_is_refused(claims: Claims, by: str) -> None:
    with pytest.raises(NotAllowedError, match="finance_lead"):
        claims.waive("1.00 EUR", by=by)
    assert claims.entries() == []


def test_who_may_waive_may_do_so_up_to_an_amount(world: World, claims: Claims) -> None:
    world.ledger(invoices=[sold("F9", 100_000_000)])
    with pytest.raises(NotAllowedError):
        claims.waive("500.01 EUR", invoice="F9")
    claims.waive("400.00 EUR", invoice="F9")
    claims.waive("400.00 EUR", invoice="F9")  # the same act: noted once
    with pytest.raises(NotAllowedError):  # nor in small steps
        claims.waive("100.01 EUR", invoice="F9", reason="once more")
    claims.waive("100.00 EUR", invoice="F9", reason="once more")


@pytest.mark.parametrize(
    "wrong", [{"reason": "  "}, {"amount": "0.00 EUR"}, {"amount": "-1.00 EUR"}, {"kind": "principal"}]
)
def test_a_waiver_without_reason_amount_or_kind_is_refused(claims: Claims, wrong: dict[str, Any]) -> None:
    with pytest.raises(CaseError):
        claims.waive(**{"amount": "1.00 EUR", **wrong})
    assert claims.entries() == []


def test_what_the_law_forbids_to_give_up_is_not_waived(claims: Claims) -> None:
    with pytest.raises(LawError, match="give up"):
        claims.waive("1.00 EUR", invoice="F2")
    assert claims.entries() == []


def test_the_fixed_sum_can_be_waived_where_todays_rate_is_not_known(claims: Claims) -> None:
    on = date(2026, 11, 20)
    claims.waive("40.00 EUR", kind="compensation", on_date=on)
    with pytest.raises(LawError, match="2026-H2"):
        claims.waive("1.00 EUR", on_date=on)


def test_what_was_claimed_on_an_invoice_cancelled_since_is_still_shown(world: World, claims: Claims) -> None:
    claims.claimed(FIXED)
    world.ledger(DAY, invoices=[sold("F1", 1_000_000, status="cancelled")])
    found = claims.payer()["F1"]
    assert (found.accrual.state, sums(found, "compensation")) == (
        "cancelled", ("0.00 EUR", "40.00 EUR", "0.00 EUR", "0.00 EUR"),
    )  # fmt: skip


# --- the command line ------------------------------------------------------------------------------


explaining = typer.Typer()
explaining.command()(explain)


def run(*arguments: str, app: typer.Typer = claim_commands.app) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def shell(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    monkeypatch.setenv("RELANCE_DATABASE_URL", world.database.url)
    monkeypatch.setenv("RELANCE_CONFIG", str(REPOSITORY / "config"))
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path))
    world.policy = load_policy(REPOSITORY / "config")
    return world


def test_the_command_line_shows_and_waives(shell: World) -> None:
    asked = ("show", ENTITY, "F1", "--as-of", str(DAY))
    act = ("waive", ENTITY, "F1", "--kind", "interest", "--amount", "29.68 EUR", "--on", str(DAY))
    why = ("--reason", "settled", "--by", "finance.lead@lumen.example")
    assert run(*act, *why).stdout == "29.68 EUR of the interest on F1 is waived.\n"
    found = json.loads(run(*asked, "--json").stdout)
    assert found["claims"] == [
        {"kind": "interest", "currency": "EUR", "accrued": 32968, "claimed": 0, "waived": 2968, "claimable": 30000,
         "payable": 0, "missing": None},
        {"kind": "compensation", "currency": "EUR", "accrued": 4000, "claimed": 0, "waived": 0, "claimable": 4000,
         "payable": 0, "missing": None},
    ]  # fmt: skip
    assert [(one["from"], one["days"], one["rate"]) for one in found["rate_periods"]] == [
        ("2024-12-02", 30, 14.25),
        ("2025-01-01", 59, 13.15),
    ]
    assert (found["provisional"], found["state"], found["entries"][0]["reason"]) == (False, "late", "settled")
    text = run(*asked).stdout
    assert "329.68 EUR" in text
    assert "59 days at 13.15 % on 10000.00 EUR" in text
    assert "by finance.lead@lumen.example: settled" in text
    with pytest.raises(NotAllowedError):
        run(*act, "--reason", "settled", "--by", "collections@lumen.example")
    with pytest.raises(LawError, match="2026-H2"):
        run("show", ENTITY, "F1", "--as-of", "2026-07-01")
    for wrong in (("--amount", "29 euro"), ("--on", "soon")):
        with pytest.raises(UsageError):
            run(*act, *why, *wrong)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "Interest to this day: €329.68; compensation: €40.00 (not claimed)."),
        ("fr", "Intérêts de retard à ce jour : 329,68 € ; indemnité forfaitaire : 40,00 € (non réclamés)."),
        ("de", "Verzugszinsen bis zu diesem Tag: 329,68 €; Pauschale: 40,00 € (nicht gefordert)."),
    ],
)
def test_explain_says_what_has_accrued_on_a_late_invoice(shell: World, language: str, line: str) -> None:
    assert line in about_the_invoice(DAY, language)


def test_explain_says_what_was_claimed_and_waived(shell: World, claims: Claims) -> None:
    claims.claimed(INTEREST)
    claims.waive("29.68 EUR", by="finance.lead@lumen.example")
    line = "Interest to this day: €329.68; compensation: €40.00 (claimed: €329.68; waived: €29.68)."
    assert line in about_the_invoice(DAY, "en")


def test_explain_says_that_interest_is_not_known_and_nothing_while_an_invoice_is_not_late(
    shell: World,
) -> None:
    unknown = "Interest to this day is not known: no rate is on file for it."
    assert unknown in about_the_invoice(date(2026, 7, 1), "en")
    assert not [line for line in about_the_invoice(DUE, "en") if "Interest" in line]


def about_the_invoice(day: date, language: str) -> list[str]:
    told = json.loads(
        run(ENTITY, "F1", "--as-of", str(day), "--lang", language, "--json", app=explaining).stdout
    )
    (lines,) = [one["lines"] for one in told["text"] if one["topic"] == "invoice"]
    return [line.replace("\u202f", " ").replace("\xa0", " ") for line in lines]
