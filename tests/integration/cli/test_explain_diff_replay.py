"""`explain`, `diff` and `replay` on a real ledger: what they say, what they find, and how they end."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
import yaml
from typer.testing import CliRunner

from relance import cases, day
from relance.cli.diff import diff
from relance.cli.explain import explain
from relance.cli.replay import replay
from relance.errors import LedgerError, UsageError
from relance.money import Money
from relance.replay import replay as replayed
from relance.store.contacts import set_state
from relance.store.schema import contact, hold
from tests.integration.day.conftest import STEPS, TODAY, Company, company

pytestmark = pytest.mark.integration
__all__ = ["company"]

app = typer.Typer()
for command in (explain, diff, replay):
    app.command(command.__name__)(command)
NEXT = TODAY + timedelta(days=1)


@pytest.fixture
def house(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """C1 owes F1 (due step today) and F2 (later); C2 is insolvent. The ledger is imported."""
    company.payer("C1", ("F1", date(2026, 2, 25), "120.00"), ("F2", date(2026, 3, 30), "80.50"))
    company.payer("C2", ("F3", date(2026, 2, 26), "10.00"), status="insolvency")
    _import(company)
    monkeypatch.setenv("RELANCE_DATABASE_URL", company.database.url)
    monkeypatch.setenv("RELANCE_HOME", str(company.folder / "home"))
    monkeypatch.setenv("RELANCE_CONFIG", str(company.folder / "config"))
    return company


def _import(company: Company, on: date = TODAY) -> None:
    company.moment = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
    company.write()
    day.import_extract(company.services, "FR01", extract_date=on)


def _pay(company: Company, invoice: str, amount: str, on: date) -> None:
    company.add(
        "payments", payment_id=f"P-{invoice}-{on}", customer_id="C1", date=on, amount=amount, currency="EUR", invoice_id=invoice
    )  # fmt: skip


def ask(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert isinstance(result.exception, UsageError | LedgerError)
    return str(result.exception)


def asked(*arguments: str, code: int = 0) -> Any:
    return json.loads(ask(*arguments, "--json", code=code))


# --- explain ---------------------------------------------------------------------------------------


def test_explain_speaks_the_regions_language_unless_asked_otherwise(house: Company) -> None:
    assert "Le 10 mars 2026, la facture F1 est relancée" in ask(
        "explain", "FR01", "F1", "--as-of", "2026-03-10"
    )
    english = ask("explain", "FR01", "F1", "--as-of", "2026-03-10", "--lang", "en")
    assert "On 10 March 2026 invoice F1 is chased: step “first” (level 1), by e-mail." in english
    german = ask("explain", "FR01", "F3", "--as-of", "2026-03-10", "--lang", "de-AT")
    assert "Der Zahler ist laut Kundenstamm insolvent." in german


def test_explain_as_json_has_facts_and_words(house: Company) -> None:
    found = asked("explain", "FR01", "F1", "--as-of", "2026-03-10")
    assert found["decision"]["outcome"] == "act"
    assert found["invoice"]["open"] == {"amount": 12000, "currency": "EUR"}
    assert found["decision"]["steps"][1]["on"] == "2026-03-04"
    assert found["stored"] is None
    assert [part["topic"] for part in found["text"]] == [
        "answer",
        "invoice",
        "rule",
        "steps",
        "contact",
        "next",
    ]


def test_explain_names_the_nearest_invoices_and_languages(house: Company) -> None:
    assert "Did you mean" in refused("explain", "FR01", "F11", "--as-of", "2026-03-10")
    assert "F1" in refused("explain", "FR01", "f-1", "--as-of", "2026-03-10")
    assert "Choose en, fr, de." in refused("explain", "FR01", "F1", "--as-of", "2026-03-10", "--lang", "pt")
    assert "FR01" in refused("explain", "FR02", "F1", "--as-of", "2026-03-10")


def test_explain_says_when_an_invoice_was_paid(house: Company) -> None:
    _pay(house, "F1", "120.00", date(2026, 3, 11))
    _import(house, date(2026, 3, 12))
    text = ask("explain", "FR01", "F1", "--as-of", "2026-03-12", "--lang", "en")
    assert "Invoice F1 over €120.00 was paid on 11 March 2026" in text


def test_explain_says_that_the_stored_plan_decided_the_same(house: Company) -> None:
    day.decide(house.services, "FR01", TODAY, live=False)
    found = asked("explain", "FR01", "F1", "--as-of", "2026-03-10")
    assert found["stored"]["same"]
    assert found["stored"]["outcome"]["outcome"] == "act"
    text = ask("explain", "FR01", "F1", "--as-of", "2026-03-10")
    assert "C’est ce qu’a décidé le plan 1" in text


def test_explain_says_that_the_stored_plan_decided_otherwise_and_which_facts_came_later(
    house: Company,
) -> None:
    day.decide(house.services, "FR01", TODAY, live=False)
    _pay(house, "F1", "20.00", date(2026, 3, 9))
    _import(house, NEXT)
    found = asked("explain", "FR01", "F1", "--as-of", "2026-03-10")["stored"]
    assert not found["same"]
    assert found["same_policy"]
    assert found["differences"]["open"] == {"stored": 12000, "now": 10000}
    assert {(fact["kind"], fact["subject"]) for fact in found["late_facts"]} == {
        ("payments", "P-F1-2026-03-09")
    }
    text = ask("explain", "FR01", "F1", "--as-of", "2026-03-10", "--lang", "en")
    assert "decided otherwise. Facts that arrived later: 1." in text
    assert "open: 12000 then, 10000 now" in text


# --- diff ------------------------------------------------------------------------------------------


def _other_policy(house: Company, **changes: Any) -> Path:
    target = house.folder / "other"
    for file in (house.folder / "config").rglob("*.yaml"):
        copy = target / file.relative_to(house.folder / "config")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    scenario = target / "scenarios" / "standard.yaml"
    value = yaml.safe_load(scenario.read_text("utf-8")) | changes
    scenario.write_text(yaml.safe_dump(value, sort_keys=False), "utf-8")
    return target


def test_diff_of_a_policy_with_itself_is_empty(house: Company) -> None:
    config = str(house.folder / "config")
    found = asked("diff", "FR01", "--as-of", "2026-03-10", "--from", config, "--to", config)
    assert found["contacts"] == {"added": [], "dropped": [], "changed": []}
    assert found["outcomes"] == []
    assert found["from"]["policy_version"] == found["to"]["policy_version"]
    text = ask("diff", "FR01", "--as-of", "2026-03-10", "--from", config, "--to", config)
    assert "both policies do the same" in text


def test_diff_names_dropped_contacts_and_changed_outcomes(house: Company) -> None:
    before, after = str(house.folder / "config"), str(_other_policy(house, minimum=["500.00 EUR"]))
    found = asked("diff", "FR01", "--as-of", "2026-03-10", "--from", before, "--to", after)
    (dropped,) = found["contacts"]["dropped"]
    assert (dropped["payer_id"], dropped["totals"]) == ("C1", [{"currency": "EUR", "amount": 12000}])
    (moved,) = found["outcomes"]
    assert (moved["from"]["outcome"], moved["to"]) == ("act", {"outcome": "hold", "reason": "below_minimum"})
    assert found["before"]["contacts"] == {"level": {"level_1": 1}, "channel": {"email": 1}}
    markdown = ask("diff", "FR01", "--as-of", "2026-03-10", "--from", before, "--to", after, "--markdown")
    assert "### FR01, 2026-03-10: 0 contacts added, 1 dropped, 0 changed" in markdown
    assert "| C1 | email | first | level\\_1 | 1 | 120.00 EUR |" in markdown
    assert "Contacts dropped: 1" in ask(
        "diff", "FR01", "--as-of", "2026-03-10", "--from", before, "--to", after
    )


# --- replay ----------------------------------------------------------------------------------------


def test_replay_equals_what_was_decided_byte_for_byte(house: Company) -> None:
    for number in range(4):
        on = TODAY + timedelta(days=number)
        house.moment = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
        day.run(house.services, "FR01", on, force=True, reason="a string of days")
    for number in range(4):
        found = asked("replay", "FR01", "--as-of", (TODAY + timedelta(days=number)).isoformat())
        assert found["equal"]
        assert found["same_snapshot"]
        assert found["then"]["stored_sha256"] == found["then"]["again_sha256"]
        assert found["live"]


def test_replay_names_a_payment_that_arrived_later(house: Company) -> None:
    day.decide(house.services, "FR01", TODAY, live=False)
    _pay(house, "F1", "20.00", date(2026, 3, 9))
    _pay(house, "F2", "5.00", NEXT)
    _import(house, NEXT)
    found = asked("replay", "FR01", "--as-of", "2026-03-10")
    assert found["equal"]
    assert not found["now"]["equal"]
    assert {one["subject"] for one in found["now"]["differences"] if one["kind"] == "outcome"} == {"F1"}
    (fact,) = found["late_facts"]
    assert (fact["kind"], fact["subject"], fact["payer_id"], fact["dated"]) == (
        "payments",
        "P-F1-2026-03-09",
        "C1",
        "2026-03-09",
    )
    text = ask("replay", "FR01", "--as-of", "2026-03-10")
    assert "the same, byte for byte" in text
    assert "Facts that arrived later: 1" in text


def test_replay_takes_a_corrected_extract_of_the_day_as_a_late_fact(house: Company) -> None:
    day.decide(house.services, "FR01", TODAY, live=False)
    house.tables["invoices"][0]["amount"] = "90.00"
    _import(house, TODAY)
    found = asked("replay", "FR01", "--as-of", "2026-03-10")
    assert found["equal"]
    assert {fact["kind"] for fact in found["late_facts"]} == {"extract", "invoices"}


def test_replay_takes_the_history_as_it_was_then(house: Company) -> None:
    house.moment = datetime(2026, 3, 10, 6, tzinfo=UTC)
    day.run(house.services, "FR01", TODAY)
    house.moment = datetime(2026, 3, 11, 6, tzinfo=UTC)
    day.decide(house.services, "FR01", NEXT, live=False)
    with house.services.unit_of_work() as uow:
        keys = list(uow.execute(sa.select(contact.c.key)).scalars())
        set_state(uow, keys, "failed", "a person", note="never left")
        uow.commit()
    found = asked("replay", "FR01", "--as-of", NEXT.isoformat())
    assert found["equal"]
    assert not found["now"]["equal"]
    assert [fact["kind"] for fact in found["late_facts"]] == ["contact"]
    assert "failed, by a person" in found["late_facts"][0]["what"]


def test_replay_names_a_hold_that_was_put_later_and_one_that_was_lifted(house: Company) -> None:
    row = {"entity": "FR01", "payer_id": "C1", "reason": "disputed", "from_date": TODAY, "source": "case:1"}
    with house.services.unit_of_work() as uow:
        uow.execute(sa.insert(hold).values(row | {"invoice_id": "F2"}))
        uow.commit()
    day.decide(house.services, "FR01", TODAY, live=False)
    with house.services.unit_of_work() as uow:
        uow.execute(sa.insert(hold).values(row | {"invoice_id": "F1"}))
        ended = sa.update(hold).where(hold.c.invoice_id == "F2")
        uow.execute(ended.values(ended_on=TODAY, ended_at=sa.func.now()))
        uow.commit()
    found = asked("replay", "FR01", "--as-of", "2026-03-10")
    assert found["equal"]
    assert {one["subject"] for one in found["now"]["differences"] if one["kind"] == "outcome"} == {"F1", "F2"}
    assert {(fact["kind"], fact["subject"]) for fact in found["late_facts"]} == {
        ("hold", "disputed F1"), ("hold_ended", "disputed F2"),
    }  # fmt: skip


def test_replay_keeps_to_the_promise_that_stood_when_it_was_planned(house: Company) -> None:
    promise = {
        "policy": house.services.policy,
        "entity": "FR01",
        "payer_id": "C1",
        "by": "collector@lumen.example",
        "on_date": TODAY,
    }
    with house.services.unit_of_work() as uow:
        cases.promise(uow, amount=Money("EUR", 12000), due_on=date(2026, 3, 13), **promise)
        uow.commit()
    day.decide(house.services, "FR01", TODAY, live=False)
    with house.services.unit_of_work() as uow:
        cases.promise(uow, amount=Money("EUR", 12000), due_on=date(2026, 3, 20), **promise)
        uow.commit()
    found = asked("replay", "FR01", "--as-of", "2026-03-10")
    assert found["equal"]
    assert not found["now"]["equal"]
    assert {fact["kind"] for fact in found["late_facts"]} == {"hold", "hold_ended"}


def test_replay_uses_the_policy_that_was_stored(house: Company) -> None:
    day.decide(house.services, "FR01", TODAY, live=False)
    house.policy(steps=[STEPS[0] | {"day": -9}], minimum=["999.00 EUR"])
    found = asked("replay", "FR01", "--as-of", "2026-03-10")
    assert found["equal"]
    assert found["now"]["equal"]
    assert found["policy_version"] != house.services.policy.version


def test_replay_of_a_contact_replanned_on_its_own_day_sees_what_counted_then(house: Company) -> None:
    day.decide(house.services, "FR01", TODAY, live=True)
    house.moment = datetime(2026, 3, 11, 6, tzinfo=UTC)
    day.decide(house.services, "FR01", NEXT, live=False)
    _pay(house, "F1", "20.00", date(2026, 3, 9))
    _import(house, TODAY)
    day.decide(house.services, "FR01", TODAY, live=True, reason="corrected")
    found = replayed(house.services, "FR01", NEXT)
    assert found.then.equal, found.then.deviations


def test_replay_differs_where_the_stored_rows_were_tampered_with(house: Company) -> None:
    day.decide(house.services, "FR01", TODAY, live=False)
    with house.services.unit_of_work() as uow:
        uow.execute(sa.text("ALTER TABLE outcome DISABLE TRIGGER ALL"))
        uow.execute(sa.text("UPDATE outcome SET open = open + 1 WHERE invoice_id = 'F2'"))
        uow.commit()
    found = asked("replay", "FR01", "--as-of", "2026-03-10", code=1)
    assert found["then"]["differences"] == [
        {"kind": "outcome", "subject": "F2", "payer_id": "C1", "missing": None,
         "fields": {"open": {"stored": 8051, "again": 8050}}}
    ]  # fmt: skip


def test_replay_without_a_stored_plan_says_how_to_store_one(house: Company) -> None:
    assert "--save" in refused("replay", "FR01", "--as-of", "2026-03-10")
