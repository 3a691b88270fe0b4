"""Direct messages: at most one a person, case and day, in their language, for what they wait for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from relance import slack
from relance.cases.assigning import assign, watch
from relance.cases.reading import read_case
from relance.slack.direct import tell
from relance.store.uow import UnitOfWork
from tests.integration.slack.desk import ADA, BEN, DAY, LEAD, Desk
from tests.slack_emulator.fault_proxy import Fault
from tests.unit.slack.judge import refusals

pytestmark = pytest.mark.integration


@pytest.fixture
def office(desk: Desk) -> Desk:
    """One payer more than 90 days late, and people whom Slack knows."""
    desk.people(ben="fr-FR")
    desk.late_payers(1)
    desk.send()
    return desk


def give(desk: Desk, owner: str, *, by: str, on: date = DAY) -> None:
    with UnitOfWork(desk.database) as uow:
        assign(uow, policy=desk.world.policy, case_id=1, by=by, on_date=on, owner=owner)
        slack.queue_case(uow, policy=desk.world.policy, case_id=1, as_of=on)
        uow.commit()


def said_to(desk: Desk) -> list[str]:
    return [row["person"] for row in desk.outbox() if row["verb"] == "direct"]


def test_who_is_given_a_case_by_somebody_else_is_told_with_a_link_to_its_card(office: Desk) -> None:
    before = len(office.told("ben"))
    give(office, BEN, by=ADA)
    assert office.send().posted == 1
    (text,) = office.told("ben")[before:]
    assert f"{ADA} vous a confié un dossier" in text
    message = office.said_alone("ben")[-1]
    assert "|Voir la fiche>" in str(message["blocks"])
    assert office.cards()[0]["ts"].replace(".", "") in str(message["blocks"])
    assert refusals(message) == []


def test_who_takes_a_case_is_not_told_of_it(office: Desk) -> None:
    give(office, ADA, by=ADA)
    assert said_to(office) == []


def test_a_person_gets_at_most_one_direct_message_a_case_a_day(office: Desk) -> None:
    give(office, BEN, by=ADA)
    office.comment("one", by=ADA)
    office.comment("two", by=LEAD)
    assert said_to(office) == [BEN]
    give(office, LEAD, by=ADA, on=DAY + timedelta(days=1))
    assert said_to(office) == [BEN, LEAD]


def test_a_comment_is_told_to_owner_and_watchers_but_not_to_who_wrote_it(office: Desk) -> None:
    give(office, ADA, by=ADA)
    with UnitOfWork(office.database) as uow:
        for person in (BEN, LEAD):
            watch(uow, policy=office.world.policy, case_id=1, by=person, on_date=DAY, person=person)
        uow.commit()
    office.comment("pays on Friday <!here>", by=BEN)
    assert sorted(said_to(office)) == [ADA, LEAD]
    texts = [row["payload"]["text"] for row in office.outbox() if row["verb"] == "direct"]
    assert all("pays on Friday &lt;!here&gt;" in text for text in texts)


def test_a_rolled_back_verb_tells_nobody(office: Desk) -> None:
    with UnitOfWork(office.database) as uow:
        assign(uow, policy=office.world.policy, case_id=1, by=ADA, on_date=DAY, owner=BEN)
        slack.queue_case(uow, policy=office.world.policy, case_id=1, as_of=DAY)
    give(office, BEN, by=ADA)
    assert said_to(office) == [BEN]


def test_a_promise_of_my_case_is_told_on_its_day_once(office: Desk) -> None:
    number = office.world.promise("5.00 EUR", DAY + timedelta(days=7), DAY, payer_id="C0", by=ADA)
    with UnitOfWork(office.database) as uow:
        assign(uow, policy=office.world.policy, case_id=number, by=ADA, on_date=DAY, owner=ADA)
        uow.commit()
    office.day(DAY)
    office.send()
    for days in (6, 7, 7, 8):
        office.day(DAY + timedelta(days=days))
        office.send()
    assert said_to(office) == [ADA]


@pytest.mark.parametrize(
    ("rules", "person"), [({"noise": {"direct_messages": False}}, BEN), ({}, "nobody@lumen.example")]
)
def test_nobody_is_told_where_slack_yaml_says_so_or_slack_does_not_know_them(
    office: Desk, rules: dict[str, object], person: str
) -> None:
    office.noise(**rules)
    give(office, person, by=ADA)
    assert said_to(office) == []


def test_the_days_own_work_assigns_without_a_word(office: Desk) -> None:
    assert [row["verb"] for row in office.outbox()] == ["card"]


def test_a_lost_answer_never_tells_twice(office: Desk) -> None:
    before = len(office.told("lead"))
    office.proxy.faults = [Fault("drop", "chat.postMessage", pass_on=True)]
    with UnitOfWork(office.database) as uow:
        case = read_case(uow, 1)
        assert tell(
            uow, policy=office.world.policy, person=LEAD, case=case, on_date=DAY, words_key="assigned", by=ADA
        )
        uow.commit()
    office.send()
    assert len(office.told("lead")) == before + 1
    assert "may have reached Slack" in office.outbox()[-1]["error"]  # no scope to look it up with


def test_without_the_scope_for_direct_messages_cards_go_on(office: Desk) -> None:
    give(office, BEN, by=ADA)
    office.proxy.faults = [Fault("error", "conversations.open", error="missing_scope")]
    report = office.send()
    assert (report.updated, report.dead, report.pending) == (1, 1, 0)
