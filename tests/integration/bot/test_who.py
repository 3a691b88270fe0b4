"""Who may do what: refused at the click and again at the submit, to that person alone, in their language."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.working import Workers
from relance.cases.permissions import roles_of
from relance.cases.reading import Case
from relance.config.policy import Policy
from relance.config.roles import Roles
from relance.slack import actions as do
from relance.store import schema
from relance.store.database import Database
from relance.store.uow import UnitOfWork
from tests.integration.bot.office import DAY, ROLES, USERS, Office, opened, with_roles
from tests.slack_emulator import fault_proxy, server

pytestmark = pytest.mark.integration


@pytest.fixture
def open_office(
    database: Database,
    people_emulator: server.Slack,
    bot_proxy: fault_proxy.Proxy,
    tmp_path: Path,
    channels: tuple[str, str],
) -> Any:
    """An office in which Slack says more of some people, or the table of roles is another."""

    @contextmanager
    def opening(
        people: Mapping[str, Mapping[str, Any]] | None = None, roles: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[Office, Case]]:
        rules = with_roles(channels[0])
        if roles is not None:
            rules = rules.model_copy(update={"roles": Roles.model_validate(roles)})
        with opened(
            database, people_emulator, bot_proxy, tmp_path, channels, people=people, rules=rules
        ) as office:
            (case,) = office.late_payers()
            yield office, case

    return opening


def test_who_may_not_is_told_at_the_click_alone_and_why(office: Office) -> None:
    (case,) = office.late_payers()
    asked = office.asked(case)
    office.driver.press("ben", *office.card(asked), do.APPROVE)
    assert "finance_lead" in office.told("ben")
    assert office.proxy.named("views.open") == []
    assert office.driver.ephemerals("ada") == []
    # who asked may not answer
    office.driver.press("ada", *office.card(asked), do.APPROVE)
    office.told("ada")
    assert office.intents() == []
    assert len(office.slack.messages(office.channel)) == 2  # two cards, no word in the channel


def test_who_may_no_longer_is_refused_at_the_submit(office: Office) -> None:
    (case,) = office.late_payers()
    asked = office.asked(case)
    office.driver.press("lead", *office.card(asked), do.APPROVE)
    office.view("lead", do.APPROVE)
    roles = {**ROLES["roles"], "finance_lead": {"people": ["somebody@lumen.example"]}}
    changed = office.services.policy.model_copy(
        update={"roles": Roles.model_validate({**ROLES, "roles": roles})}
    )
    office.services.__dict__["policy"] = changed
    office.driver.submit("lead", {})
    office.settle()
    assert [row["state"] for row in office.intents()] == ["refused"]
    office.told("lead")
    assert office.case(asked).state == "open"
    assert office.case(case).snoozed_until is None


def test_guests_outsiders_machines_and_closed_accounts_may_do_nothing(open_office: Any) -> None:
    people = {
        "guest": {"is_ultra_restricted": True},
        "stranger": {"is_stranger": True, "team_id": "T0OTHER"},
        "ben": {"is_bot": True},
        "sales": {"deleted": True},
    }
    with open_office(people) as (office, case):
        channel, ts = office.card(case)
        for number, user in enumerate(people):
            office.driver.press(user, channel, ts, do.SNOOZE)
            office.told(user)
            office.driver.press(user, channel, ts, do.MORE, option=do.WATCH)
            office.driver.write(user, channel, f"word {number}", ts)
            office.driver.command(user, channel, "mine")
            office.driver.command(user, channel, "customer payer")
        office.settle()
        assert {row["state"] for row in office.intents()} == {"refused"}
        assert office.proxy.named("views.open") == []
        assert office.rows(schema.case_comment) == []
        assert office.case(case).watchers == []
        said = [text for user in people for text in office.driver.ephemerals(user)]
        assert not any("Payer 0" in text for text in said)
        kinds = {row["email"]: row["kind"] for row in office.rows(schema.slack_user)}
        assert kinds[USERS["guest"]] == "guest"
        assert kinds[USERS["stranger"]] == "outsider"


def test_a_guest_who_is_named_may_do_what_the_row_says(open_office: Any) -> None:
    roles = {
        **ROLES,
        "roles": {**ROLES["roles"], "agency": {"people": [USERS["guest"]], "guests": True}},
        "permissions": [*ROLES["permissions"], {"role": "agency", "may": ["see", "comment"]}],
    }
    with open_office({"guest": {"is_restricted": True}}, roles) as (office, case):
        channel, ts = office.card(case)
        office.driver.write("guest", channel, "the agency has called", ts)
        office.settle()
        assert [row["author"] for row in office.rows(schema.case_comment)] == [USERS["guest"]]
        office.driver.press("guest", channel, ts, do.SNOOZE)
        office.told("guest")
        assert office.proxy.named("views.open") == []


def test_an_outsider_with_a_members_address_is_nobody_and_takes_nothing_from_them(open_office: Any) -> None:
    mail = {"profile": {"email": USERS["lead"]}}
    with open_office({"stranger": {"is_stranger": True, "team_id": "T0OTHER", **mail}}) as (office, case):
        asked = office.asked(case)
        place = office.card(asked)
        office.driver.press("lead", *place, do.APPROVE)
        office.view("lead", do.APPROVE)
        office.driver.press("stranger", *place, do.APPROVE)
        office.told("stranger")
        office.driver.submit("lead", {})
        office.settle()
        assert office.case(asked).state == "closed"
        assert [row["email"] for row in office.rows(schema.slack_user, kind="outsider")] == [None]


def test_who_shows_no_address_is_told_so(open_office: Any) -> None:
    with open_office({"ada": {"profile": {"display_name": "Ada"}}}) as (office, case):
        office.driver.press("ada", *office.card(case), do.SNOOZE)
        assert "users:read.email" in office.told("ada")
        assert office.intents() == []


def test_a_user_group_gives_its_role(open_office: Any) -> None:
    with open_office() as (office, case):
        sales = office.slack.user_id("sales")
        groups = [{"id": "S0SALES", "handle": "sales", "users": [sales]}]
        office.proxy.answers["usergroups.list"] = lambda _: {"ok": True, "usergroups": groups}
        for user, days in (("sales", 14), ("ben", 14)):
            office.driver.press(user, *office.card(case), do.SNOOZE)
            office.view(user, do.SNOOZE)
            until = (DAY + timedelta(days=days)).isoformat()
            office.driver.submit(user, {"until": "pick", "date": until, "reason": f"says {user}"})
            office.settle()
            office.send()
            if user == "sales":
                assert office.case(case).snoozed_until == DAY + timedelta(days=days)
                office.driver.press("sales", *office.card(case), do.WAKE)
                office.settle()
                office.send()
        assert office.case(case).snoozed_until is None  # ben's is asked for
        assert [one.requested_by for one in office.world.cases("approval")] == [USERS["ben"]]


def test_each_person_is_answered_in_their_own_language(open_office: Any) -> None:
    locales = {"ada": "fr-FR", "ben": "de-DE", "sales": "es-ES", "boss": "en-GB", "guest": "ja-JP"}
    people = {user: {"locale": tag} for user, tag in locales.items()}
    with open_office({**people, "lead": {"locale": "fr-FR"}}) as (office, case):
        asked = office.asked(case)
        said = {}
        for user in locales:
            if user == "boss":
                continue
            office.driver.press(user, *office.card(asked), do.APPROVE)
            said[user] = office.told(user)
        assert "ne pouvez pas" in said["ada"] or "demandé" in said["ada"]
        assert "dürfen" in said["ben"]
        assert "puede" in said["sales"]
        assert "may not" in said["guest"]
        office.driver.press("lead", *office.card(asked), do.REJECT)
        assert "Refuser" in str(office.view("lead", do.REJECT)) or "Non" in str(
            office.view("lead", do.REJECT)
        )


def test_a_group_that_the_policy_names_first_while_the_bot_runs_gives_its_role(open_office: Any) -> None:
    without = {**ROLES, "roles": {**ROLES["roles"], "sales": {"people": []}}}
    with open_office(roles=without) as (office, _):
        sales = office.slack.user_id("sales")
        groups = [{"id": "S0SALES", "handle": "sales", "users": [sales]}]
        office.proxy.answers["usergroups.list"] = lambda _: {"ok": True, "usergroups": groups}
        office.desk.actor(sales)
        assert office.proxy.named("usergroups.list") == []
        roles = Roles.model_validate(ROLES)
        office.services.policy = office.services.policy.model_copy(update={"roles": roles})
        office.desk.actor(sales)
        with UnitOfWork(office.database) as uow:
            found = roles_of(uow, office.services.policy, USERS["sales"])
        assert "sales" in found


def test_the_policy_is_followed_while_a_worker_is_busy(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.working.LOOKS", timedelta(seconds=0.05))
    other = office.services.policy.model_copy(update={"roles": Roles.model_validate(ROLES)})
    busy, end, newer = threading.Event(), threading.Event(), threading.Event()

    class Files:
        def newest(self) -> Policy:
            return other if newer.is_set() else office.desk.policy

    def works(*_: object) -> bool:
        busy.set()
        end.wait(20)
        return False

    monkeypatch.setattr("bot.working.work_next", works)
    workers = Workers(office.desk, count=1, policy=Files())  # type: ignore[arg-type]
    workers.start()
    try:
        assert busy.wait(5)
        newer.set()
        office.wait(lambda: office.services.policy is other, what="the policy")
    finally:
        end.set()
        workers.stop()
