"""Each kind of value: what is refused, where, and what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relance.config.cron import cron_fault
from relance.config.models import Conditions, Entity, Region, Scenario
from relance.money import Money

ENTITY, REGION, SCENARIO = "entities/FR01.yaml", "regions/fr.yaml", "scenarios/standard.yaml"


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ('["10,00 EUR"]', 'write "10.00 EUR"'),
        ('["10 eur"]', 'write "10.00 EUR"'),
        ('["EUR 10.5"]', 'write "10.50 EUR"'),
        ('["1 200,50 €"]', 'write "1200.50 EUR"'),
        ('["1,200.50 EUR"]', 'write "1200.50 EUR"'),
        ('["1.200,50 EUR"]', 'write "1200.50 EUR"'),
        ('["1,200 EUR"]', 'write "1200.00 EUR"'),
        ('["10.50 JPY"]', 'write it with no more decimals than "120 JPY"'),
        ('["10.005 EUR"]', 'write it with no more decimals than "120.00 EUR"'),
        ('["1.200 €"]', 'write it as "120.00 EUR"'),
        ('["FRF 10"]', 'write it as "120.00 EUR"'),
        ('["10.00 FRF"]', 'write it as "120.00 EUR"'),
        ('["10.00 EURO"]', 'write it as "120.00 EUR"'),
        ('["ten"]', 'write it as "120.00 EUR"'),
        ('["-10.00 EUR"]', 'write "10.00 EUR"'),
        ("[10]", 'write it with its currency, in quotes: "10.00 EUR"'),
        ('"10.00 EUR"', 'write ["10.00 EUR"]'),
        ('["10.00 EUR", "12.00 EUR"]', "write one amount in EUR"),
    ],
)
def test_money_says_what_to_write(house, written, mend):
    house.change(SCENARIO, 'minimum: ["10.00 EUR"]', f"minimum: {written}")
    *place, message, found = house.only()
    assert place == [SCENARIO, 3, "error"]
    assert message.startswith("minimum")
    assert found == mend


def test_money_with_more_decimals_than_the_currency(house):
    house.change(SCENARIO, 'minimum: ["10.00 EUR"]', 'minimum: ["10.005 EUR"]')
    *place, message, _ = house.only()
    assert place == [SCENARIO, 3, "error"]
    assert message == "minimum[1]: 10.005 has more decimals than EUR has (2)"


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "mend"),
    [
        (ENTITY, "currency: EUR", "currency: eur", 4, "write EUR"),
        (ENTITY, "currency: EUR", "currency: €", 4, "write EUR"),
        (ENTITY, "currency: EUR", "currency: FRF", 4, "write an ISO 4217 code such as EUR, GBP, CHF"),
        (ENTITY, "Europe/Paris", "Europe/Pariss", 5, "write Europe/Paris"),
        (ENTITY, "Europe/Paris", "Paris", 5, "write Europe/Paris"),
        (ENTITY, "Europe/Paris", "Zzyzx/Qqqq", 5, "write an IANA time zone such as Europe/Paris"),
        (
            ENTITY,
            '"0 7 * * 1-5"',
            '"0 7 * *"',
            6,
            'write five fields such as "0 7 * * 1-5": minute, hour, day of the month, month, day of the week',
        ),
        (
            ENTITY,
            '"0 7 * * 1-5"',
            '"0 25 * * *"',
            6,
            "write * or numbers from 0 to 23, as 1-5 or 1,15 or */2",
        ),
        (ENTITY, '"0 7 * * 1-5"', '"@daily"', 6, 'write "0 0 * * *"'),
        (
            ENTITY,
            "FR7630006000011234567890189",
            "FR7630006000011234567890188",
            9,
            "write the IBAN as the bank gives it, digits checked",
        ),
        (ENTITY, "AGRIFRPP", "AGRIF", 9, "write its 8 or 11 characters, such as AGRIFRPP"),
        (ENTITY, "compta@lumen.example", "compta.lumen.example", 10, "write it as ledger@lumen.example"),
        (ENTITY, '"+33100000000"', '"+33 1 00 00 00 00"', 10, 'write "+33100000000"'),
        (ENTITY, '"+33100000000"', "+33100000000", 10, 'write it in quotes: "+33100000000"'),
        (ENTITY, "name: Lumen SAS", "name:", 2, 'write text, such as "Lumen SAS"'),
        (ENTITY, "name: Lumen SAS", "name: {a: b}", 2, 'write text, such as "Lumen SAS"'),
        (
            ENTITY,
            '"#recouvrement"',
            '"Recouvrement FR"',
            11,
            'write its id (C0…) or its name, "#recouvrement-fr"',
        ),
        (ENTITY, "0.10", "10 %", 12, "write 0.1"),
        (ENTITY, "0.10", "10", 12, "write 0.1"),
        (ENTITY, "dso: 45", "dso: 0", 12, "write more than 0"),
        (REGION, "country: FR", "country: France", 2, "write FR"),
        (REGION, "country: FR", "country: fr", 2, "write FR"),
        (REGION, "country: FR", "country: UK", 2, "write GB"),
        (REGION, "[fr, en]", "[fr, english]", 3, "write en"),
        (REGION, "[fr, en]", "[fr_BE, en]", 3, "write fr-BE"),
        (REGION, "[fr, en]", "[fr, fr]", 3, "write fr once"),
        (REGION, "[fr, en]", "[]", 3, "write at least one, such as [fr, en]"),
        (REGION, "[fr, en]", "fr", 3, "write [fr]"),
        (REGION, "[mon, tue, wed, thu, fri]", "[monday]", 4, "write mon"),
        (REGION, "2026-12-24", "24/12/2026", 5, "write 2026-12-24"),
        (REGION, "2026-12-24", "24.12.2026", 5, "write 2026-12-24"),
        (REGION, "2026-12-24", "2026-02-30", 5, "write a day that exists, such as 2026-12-24"),
        (REGION, '"09:00", "19:00"', "9:00, 19:00", 6, 'write "09:00"'),
        (REGION, '"09:00", "19:00"', '"19:00", "09:00"', 6, 'write ["09:00", "19:00"]'),
        (REGION, "sms:", "smss:", 6, "write sms"),
        (SCENARIO, "min_days_between_levels: 7", "min_days_between_levels: 7.0", 2, "write 7"),
        (
            SCENARIO,
            "min_days_between_levels: 7",
            "min_days_between_levels: seven",
            2,
            "write a whole number, such as 7",
        ),
        (SCENARIO, "min_days_between_levels: 7", "min_days_between_levels: -1", 2, "write at least 0"),
        (
            SCENARIO,
            "min_days_between_levels: 7",
            "min_days_between_levels: yes",
            2,
            "write a whole number, such as 7",
        ),
        (SCENARIO, "kind: call,", "kind: phone,", 7, "write message or call or internal or handoff"),
        (SCENARIO, "level: level_2", "level: level2", 7, "write level_2"),
        (SCENARIO, "kind: call,", "kind: call, cc: [sales_ownr],", 7, "write sales_owner"),
        (SCENARIO, "kind: call,", "kind: call, audience: [accountspayable],", 7, "write accounts_payable"),
        (SCENARIO, "id: call", "id: my call", 7, "write letters, digits, _ and - only, such as my_call"),
        (SCENARIO, "id: call", "id: 14", 7, 'write it in quotes: "14"'),
        (
            ENTITY,
            "source: files, path: include/sample/FR01",
            "source: sql, conn_id: erp",
            8,
            "write queries: config/queries/UK01",
        ),
        (
            ENTITY,
            "source: files, path: include/sample/FR01",
            "source: files, path: a, conn_id: b",
            8,
            "leave out conn_id",
        ),
        (
            ENTITY,
            "{source: files, path: include/sample/FR01}",
            "include/sample/FR01",
            8,
            "write {source: files}",
        ),
    ],
)
def test_value_that_is_wrong_says_what_to_write(house, file, old, new, line, mend):
    house.change(file, old, new)
    found = [one for one in house.problems() if one.mend == mend]
    assert [(one.file, one.line, one.severity) for one in found] == [
        ((house.config / file).as_posix(), line, "error")
    ], "\n".join(map(str, house.problems()))


def test_norway_is_a_country(house):
    house.change("segments.yaml", "[FR, BE]", "[NO, SE]")
    assert house.problems() == []


def test_norwegian_is_a_language():
    assert Region(region="no", country="NO", languages=("no",)).languages == ("no",)


@pytest.mark.parametrize("word", ["true", "yes", "on", "True"])
def test_yes_is_true_where_a_yes_is_wanted(house, word):
    house.change("segments.yaml", "vip: true", f"vip: {word}")
    assert house.problems() == []


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "0 7 * * 1-5",
        "*/15 8-18 * * mon-fri",
        "0 6,18 1,15 jan-jun 0",
        "5/20 0 29 2 *",
        "0 0 31 2 1",
        "0 0 * * 7",
    ],
)
def test_cron_that_is_right(text):
    assert cron_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 7",
        "60 0 * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "1,,2 * * * *",
        "*-5 * * * *",
        "0 7 * * * *",
    ],
)
def test_cron_that_is_wrong(text):
    assert cron_fault(text) is not None


@given(st.text(max_size=30))
def test_cron_check_takes_any_text(text):
    cron_fault(text)


def test_defaults_are_those_of_the_specification():
    entity = Entity(
        entity="FR01",
        name="Lumen SAS",
        region="fr",
        currency="EUR",
        timezone="Europe/Paris",
        default_scenario="s",
    )
    assert entity.schedule == "0 7 * * 1-5"
    assert (entity.overdue_alert_days, entity.max_bad_rows, entity.max_ledger_age_days) == (90, 0.05, 3)
    assert (entity.call_capacity, entity.max_messages_per_address_per_day) == (20, 5)
    assert (entity.max_contacts_per_day, entity.ledger, entity.bank, entity.sender, entity.slack) == (
        None,
    ) * 5
    region = Region(region="be", country="BE", languages=["fr"])
    assert (region.subdivision, region.extra_holidays, region.law) == (None, (), "BE")
    assert region.business_days == ("mon", "tue", "wed", "thu", "fri")
    assert region.contact_hours == {
        "email": ("00:00", "24:00"),
        "sms": ("09:00", "19:00"),
        "call": ("09:00", "18:00"),
    }
    step = {
        "id": "a",
        "level": "level_1",
        "day": 1,
        "kind": "message",
        "channels": ["email"],
        "template": "a",
    }
    scenario = Scenario(scenario="s", steps=[step])
    numbers = scenario.model_dump(exclude={"scenario", "steps", "minimum"})
    assert numbers == {
        "min_days_between_levels": 7,
        "min_days_between_contacts": 3,
        "max_contacts_per_30_days": 6,
        "promise_grace_days": 2,
        "collection_grace_days": 5,
        "min_days_after_issue": 3,
        "call_patience_days": 5,
        "call_attempts": 3,
        "review_hold_after_days": 30,
        "approval_expires_days": 5,
    }
    assert scenario.minimum == ()
    one = scenario.steps[0]
    assert one.audience == ("accounts_payable", "finance_lead")
    assert (one.cc, one.attach, one.charges, one.min_overdue) == ((), (), (), ())
    assert (one.tone, one.approval) == ("neutral", None)


def test_hours_named_for_one_channel_leave_the_others_as_they_are():
    region = Region(region="es", country="ES", languages=["es"], contact_hours={"sms": ["10:00", "20:00"]})
    assert region.contact_hours["sms"] == ("10:00", "20:00")
    assert region.contact_hours["call"] == ("09:00", "18:00")


def test_amounts_are_money_in_minor_units():
    conditions = Conditions(overdue_over=["50000.00 EUR", "7000000 JPY"])
    assert conditions.overdue_over == (Money("EUR", 5_000_000), Money("JPY", 7_000_000))
    assert (conditions.outstanding_over, conditions.vip, conditions.country) == ((), None, None)


@given(st.text(max_size=45))
def test_money_takes_any_text_as_money_or_refuses_it_with_a_mend(text):
    try:
        mends = [Conditions(overdue_over=[text]).overdue_over[0].currency]
    except ValidationError as error:
        mends = [detail["ctx"]["mend"] for detail in error.errors()]
    assert all(mends)
