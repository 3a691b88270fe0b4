"""Profiles from week to week on a real database: two weeks of evidence, what was in force on a day, and who uses it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from typer.testing import CliRunner

from relance import day
from relance.cases.agreeing import agree
from relance.cli.profiles import profile as command
from relance.config.policy import Policy
from relance.config.roles import Roles
from relance.errors import LedgerError, UsageError
from relance.money import Money
from relance.profiling import conduct_of, monday_of, review, work_profiles
from relance.store.profiles import profiles_on
from relance.store.schema import hold, payer_profile, profile_week
from tests.integration.day.conftest import Company

pytestmark = pytest.mark.integration

FIRST = date(2026, 3, 10)  # a Tuesday
SECOND = FIRST + timedelta(days=7)
GOOD = [(f"G{number}", FIRST - timedelta(days=30 + number), "100.00") for number in range(20)]


@pytest.fixture
def house(company: Company) -> Company:
    """C1 has paid twenty invoices on time, C2 owes one; segment rules send good payers to `gentle`."""
    config = company.folder / "config"
    steps = [
        {
            "id": "word",
            "level": "level_1",
            "day": 20,
            "kind": "message",
            "channels": ["email"],
            "template": "first",
        }
    ]
    gentle = {"scenario": "gentle", "steps": steps}
    rules = [{"name": "pays on time", "when": {"profile": ["good"]}, "scenario": "gentle"}]
    (config / "scenarios" / "gentle.yaml").write_text(yaml.safe_dump(gentle), encoding="utf-8")
    (config / "segments.yaml").write_text(yaml.safe_dump({"rules": rules}), encoding="utf-8")
    company.payer("C1", *GOOD, ("OPEN", FIRST - timedelta(days=1), "50.00"))
    company.payer("C2", ("LATE", FIRST - timedelta(days=1), "50.00"))
    for name, due, amount in GOOD:
        company.add(
            "payments", payment_id=f"P-{name}", customer_id="C1", date=due, amount=amount, currency="EUR", invoice_id=name
        )  # fmt: skip
    company.write()
    day.import_extract(company.services, "FR01", extract_date=FIRST)
    return company


def in_force(company: Company, on: date, **given: Any) -> dict[str, str]:
    return dict(profiles_on(company.database, "FR01", on, **given).iter_rows())


def scenarios(company: Company, on: date) -> dict[str, str]:
    made, _ = day.decided(company.services, "FR01", on)
    return dict(made.outcomes.select("payer_id", "scenario").unique().iter_rows())


def test_a_profile_is_in_force_from_the_day_after_its_second_week(house):
    work_profiles(house.services, "FR01", FIRST)
    assert in_force(house, SECOND) == {}
    report = work_profiles(house.services, "FR01", SECOND)
    assert (report.new, report.payers, report.changed, report.profiles) == (True, 2, 1, {"good": 1})
    assert in_force(house, SECOND) == {}
    assert in_force(house, SECOND + timedelta(days=1)) == {"C1": "good"}


def test_planning_takes_the_profile_in_force_and_a_replay_the_one_of_then(house):
    work_profiles(house.services, "FR01", FIRST)
    work_profiles(house.services, "FR01", SECOND)
    assert scenarios(house, SECOND + timedelta(days=1)) == {"C1": "gentle", "C2": "standard"}
    assert scenarios(house, SECOND) == {"C1": "standard", "C2": "standard"}


def test_a_plan_is_the_same_before_and_after_that_days_score(house):
    work_profiles(house.services, "FR01", FIRST)
    before = day.digest_of(day.decided(house.services, "FR01", SECOND)[0])
    work_profiles(house.services, "FR01", SECOND)
    assert day.digest_of(day.decided(house.services, "FR01", SECOND)[0]) == before


def test_a_week_is_scored_once(house):
    assert work_profiles(house.services, "FR01", FIRST).new
    for on in (FIRST, monday_of(FIRST), monday_of(FIRST) + timedelta(days=6)):
        assert not work_profiles(house.services, "FR01", on).new
    with house.services.unit_of_work() as uow:
        assert uow.execute(sa.select(profile_week.c.week, profile_week.c.as_of)).all() == [
            (monday_of(FIRST), FIRST)
        ]


def test_a_week_before_the_newest_stores_nothing(house):
    work_profiles(house.services, "FR01", SECOND)
    assert not work_profiles(house.services, "FR01", FIRST).new


def test_after_a_gap_the_weeks_are_counted_anew(house):
    work_profiles(house.services, "FR01", FIRST)
    work_profiles(house.services, "FR01", FIRST + timedelta(days=14))
    assert in_force(house, FIRST + timedelta(days=15)) == {}
    work_profiles(house.services, "FR01", FIRST + timedelta(days=21))
    assert in_force(house, FIRST + timedelta(days=22)) == {"C1": "good"}


def test_scores_are_never_changed(house):
    work_profiles(house.services, "FR01", FIRST)
    for table in (payer_profile, profile_week):
        with house.services.unit_of_work() as uow, pytest.raises(sa.exc.DatabaseError, match="append-only"):
            uow.execute(sa.delete(table))


def test_what_was_stored_after_a_moment_can_be_left_out(house):
    work_profiles(house.services, "FR01", FIRST)
    moment = datetime.now(UTC)
    work_profiles(house.services, "FR01", SECOND)
    on = SECOND + timedelta(days=1)
    assert in_force(house, on, known_at=moment) == {}
    assert in_force(house, on, known_at=datetime.now(UTC) + timedelta(minutes=1)) == {"C1": "good"}


def test_unknown_entity_and_missing_ledger_are_said(company):
    with pytest.raises(UsageError):
        work_profiles(company.services, "FR9", FIRST)
    with pytest.raises(LedgerError):
        work_profiles(company.services, "FR01", FIRST)
    with company.services.unit_of_work() as uow:
        assert uow.execute(sa.select(profile_week)).first() is None


def agreeing(policy: Policy) -> Policy:
    """The policy, with a lead who may agree on instalments."""
    roles = {
        "roles": {"lead": {"people": ["lead@lumen.example"]}},
        "permissions": [{"role": "lead", "may": ["instalments"]}],
    }
    return policy.model_copy(update={"roles": Roles.model_validate(roles)})


def test_disputes_and_plans_that_people_put_are_part_of_the_conduct(house):
    rows = [
        {"invoice_id": "G1", "reason": "disputed", "from_date": FIRST - timedelta(days=9)},
        {"invoice_id": "G2", "reason": "disputed", "from_date": FIRST + timedelta(days=1)},
        {"invoice_id": "G5", "reason": "snoozed", "from_date": FIRST},
    ]
    with house.services.unit_of_work() as uow:
        for row in rows:
            uow.execute(sa.insert(hold).values(entity="FR01", payer_id="C1", source="a person", **row))
        parts = [(Money("EUR", 2_000), FIRST), (Money("EUR", 3_000), FIRST + timedelta(days=30))]
        agree(
            uow, policy=agreeing(house.services.policy), entity="FR01", payer_id="C1", parts=parts,
            by="lead@lumen.example", on_date=FIRST,
        )  # fmt: skip
        uow.commit()
    conduct = conduct_of(house.services, "FR01", FIRST)
    assert conduct.disputes.rows() == [("C1", "G1", FIRST - timedelta(days=9))]
    assert conduct.plans.rows() == [("C1", FIRST)]
    (one,) = review(house.services, "FR01", FIRST, "C1").payers
    assert one.candidate == "insolvent"
    assert (one.figures["disputed"], one.figures["plans"]) == (1, 1)


def test_contacts_sent_are_touches(house):
    on = FIRST + timedelta(days=6)  # both invoices are seven days late
    house.moment = datetime(2026, 3, 16, 6, 0, tzinfo=UTC)
    day.import_extract(house.services, "FR01", extract_date=on)
    day.decide(house.services, "FR01", on, live=True)
    day.deliver(house.services, "FR01", on)
    touches = conduct_of(house.services, "FR01", on + timedelta(days=1)).touches
    assert sorted(touches.rows()) == [("LATE", on, 1, False), ("OPEN", on, 1, False)]


# -- what people see -------------------------------------------------------------------------------------------------


def run(house: Company, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    import typer

    monkeypatch.setenv("RELANCE_HOME", str(house.folder / "home"))
    monkeypatch.setenv("RELANCE_CONFIG", str(house.folder / "config"))
    monkeypatch.setenv("RELANCE_DATABASE_URL", house.database.url)
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_before_any_score_the_figures_are_those_of_the_day(house, monkeypatch):
    said = json.loads(run(house, monkeypatch, "FR01", "--as-of", "2026-03-10", "--json").stdout)
    assert (said["entity"], said["as_of"], said["scored_on"]) == ("FR01", "2026-03-10", None)
    first, second = said["payers"]
    assert (first["payer_id"], first["profile"], first["candidate"], first["weeks"]) == (
        "C1",
        None,
        "good",
        0,
    )
    assert (second["payer_id"], second["candidate"], second["figures"]["late"]) == ("C2", None, 1)
    with house.services.unit_of_work() as uow:
        assert uow.execute(sa.select(profile_week)).first() is None


def test_a_payer_is_shown_with_profile_evidence_and_figures(house, monkeypatch):
    for on in ("2026-03-10", "2026-03-17"):
        run(house, monkeypatch, "FR01", "--as-of", on, "--score", "--json")
    said = json.loads(run(house, monkeypatch, "FR01", "C1", "--as-of", "2026-03-18", "--json").stdout)
    assert said["scored_on"] == "2026-03-17"
    (one,) = said["payers"]
    assert (one["profile"], one["candidate"], one["weeks"]) == ("good", "good", 2)
    assert (one["figures"]["settled"], one["figures"]["median_delay"]) == (20, 0)
    shown = run(house, monkeypatch, "FR01", "C1", "--as-of", "2026-03-18").stdout
    assert "In force: good" in shown
    assert "median delay in days" in shown


def test_a_payer_without_a_score_is_shown_too(house, monkeypatch):
    work_profiles(house.services, "FR01", FIRST)
    shown = run(house, monkeypatch, "FR01", "C2", "--as-of", "2026-03-11").stdout
    assert "In force: unknown" in shown
    assert "Fewer than 6 settled invoices" in shown


def test_the_list_counts_profiles(house, monkeypatch):
    work_profiles(house.services, "FR01", FIRST)
    work_profiles(house.services, "FR01", SECOND)
    shown = run(house, monkeypatch, "FR01", "--as-of", "2026-03-18").stdout
    assert "In force: good 1" in shown


def test_a_payer_that_the_ledger_does_not_know_is_refused(house, monkeypatch):
    with pytest.raises(UsageError, match="no invoice that 'nobody' pays"):
        run(house, monkeypatch, "FR01", "nobody", "--as-of", "2026-03-10")
