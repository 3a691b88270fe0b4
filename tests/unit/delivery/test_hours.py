"""When a message may reach a payer: its own hours, days and clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.config.models import Entity, Region
from relance.config.policy import Policy
from relance.delivery.hours import opens_at, zones_of


def make_policy(**hours: list[str]) -> Policy:
    entity = Entity.model_validate(
        {
            "entity": "FR01", "name": "Lumen SAS", "region": "fr", "currency": "EUR", "timezone": "Europe/Paris",
            "default_scenario": "standard",
        }
    )  # fmt: skip
    regions = {
        "fr": {"region": "fr", "country": "FR", "languages": ["fr"], **({"contact_hours": hours} if hours else {})},
        "de": {"region": "de", "country": "DE", "languages": ["de"], "contact_hours": {"sms": ["10:00", "12:00"]}},
    }  # fmt: skip
    return Policy(
        entities={"FR01": entity}, regions={name: Region.model_validate(one) for name, one in regions.items()}
    )


def opening(
    moment: str, channel: str = "sms", *, country: str | None = "FR", timezone: str | None = None, policy: Policy | None = None
) -> str | None:  # fmt: skip
    """When it opens, in Paris."""
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Paris"))
    found = opens_at(
        at, channel=channel, policy=policy or make_policy(), entity="FR01", country=country, timezone=timezone
    )
    return found and found.astimezone(ZoneInfo("Europe/Paris")).strftime("%Y-%m-%d %H:%M")


def test_within_the_hours_it_may_go_at_once():
    assert opening("2026-03-10 09:00") == "2026-03-10 09:00"
    assert opening("2026-03-10 18:59") == "2026-03-10 18:59"


def test_before_the_hours_it_waits_for_their_beginning():
    assert opening("2026-03-10 07:00") == "2026-03-10 09:00"


def test_from_the_last_minute_on_it_waits_for_the_next_open_day():
    assert opening("2026-03-10 19:00") == "2026-03-11 09:00"
    assert opening("2026-03-13 19:00") == "2026-03-16 09:00"  # Friday to Monday


def test_the_payers_holidays_are_no_days_to_write_on():
    assert opening("2026-07-14 10:00") == "2026-07-15 09:00"


def test_the_payers_own_time_zone_counts():
    assert (
        opening("2026-03-10 09:00", timezone="America/Montreal") == "2026-03-10 14:00"
    )  # UTC-4 from 8 March


def test_a_zone_that_does_not_exist_is_passed_over():
    assert opening("2026-03-10 09:00", timezone="Mars/Olympus") == "2026-03-10 09:00"


def test_in_a_country_of_many_clocks_all_of_them_must_be_within_hours():
    assert (
        opening("2026-03-10 15:00", country="US", policy=make_policy(sms=["09:00", "21:00"]))
        == "2026-03-10 20:00"
    )  # Honolulu


def test_the_hours_of_the_region_of_the_payers_country_count():
    assert opening("2026-03-10 09:00", country="DE") == "2026-03-10 10:00"


def test_e_mail_goes_at_any_hour_unless_the_region_says_otherwise():
    assert opening("2026-03-10 03:00", "email") == "2026-03-10 03:00"
    assert (
        opening("2026-03-10 03:00", "email", policy=make_policy(email=["08:00", "18:00"]))
        == "2026-03-10 08:00"
    )


def test_whatsapp_keeps_the_hours_of_sms_and_voice_those_of_calls():
    policy = make_policy(sms=["10:00", "11:00"], call=["14:00", "15:00"])
    assert opening("2026-03-10 09:00", "whatsapp", policy=policy) == "2026-03-10 10:00"
    assert opening("2026-03-10 09:00", "voice", policy=policy) == "2026-03-10 14:00"


def test_letters_have_no_hours():
    assert opening("2026-03-14 23:00", "letter") == "2026-03-14 23:00"


def test_a_day_that_a_person_has_chosen_keeps_the_hours_only():
    sunday = datetime(2026, 3, 15, 7, 0, tzinfo=ZoneInfo("Europe/Paris"))
    found = opens_at(
        sunday, channel="sms", policy=make_policy(), entity="FR01", country="FR", timezone=None, any_day=True
    )
    assert found == sunday.replace(hour=9)


@pytest.mark.parametrize("country", ["RU", "AQ"])
def test_where_no_moment_is_within_hours_on_all_clocks_of_a_country_the_entitys_counts(country: str):
    assert opening("2026-03-10 07:00", country=country) == "2026-03-10 09:00"


def test_every_country_with_zones_has_each_clock_once():
    assert len(zones_of("FR", 2026)) == 1
    assert {"Pacific/Honolulu", "America/New_York"} <= set(zones_of("US", 2026)) or len(
        zones_of("US", 2026)
    ) >= 6
    assert zones_of("XX", 2026) == ()


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001 - the zone follows
    st.sampled_from(["FR", "DE", "GB", "PT", "US", None]),
)
def test_an_opening_is_never_before_the_moment_and_stays_open(moment: datetime, country: str | None):
    policy = make_policy()
    at = moment.replace(tzinfo=UTC)
    for channel in ("sms", "email", "voice"):
        found = opens_at(at, channel=channel, policy=policy, entity="FR01", country=country, timezone=None)
        assert found is not None
        assert found >= at
        again = opens_at(found, channel=channel, policy=policy, entity="FR01", country=country, timezone=None)
        assert again == found


@pytest.mark.parametrize("moment", ["2026-03-29 01:30", "2026-10-25 02:30"])
def test_a_night_when_the_clock_changes_opens_at_nine_all_the_same(moment: str):
    assert opening(moment) == ("2026-03-30 09:00" if "03-29" in moment else "2026-10-26 09:00")
