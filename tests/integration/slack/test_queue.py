"""Cards queued while others change the same cases: the newest look is the last."""

from __future__ import annotations

import threading

import pytest

from relance import slack
from relance.cases.commenting import comment
from relance.cases.reading import read_case
from relance.errors import CaseError
from relance.slack.routing import channel_for, instead_of
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY
from tests.integration.slack.desk import ADA, DAY, Desk
from tests.unit.slack.judge import refusals

pytestmark = pytest.mark.integration


def test_a_day_that_queues_beside_a_verb_does_not_put_an_older_look_over_the_newer(desk: Desk) -> None:
    desk.late_payers(1)
    desk.send()
    with UnitOfWork(desk.database) as uow:
        comment(uow, policy=desk.world.policy, case_id=1, text="the newest word", by=ADA, on_date=DAY)
        slack.queue_case(uow, policy=desk.world.policy, case_id=1, as_of=DAY)
        day = threading.Thread(target=desk.queue)
        day.start()
        day.join(0.5)
        assert day.is_alive()  # it waits for the card
        uow.commit()
    day.join(60)
    desk.send()
    assert "the newest word" in str(desk.messages()[0]["blocks"])


def test_two_at_once_make_one_card(desk: Desk) -> None:
    desk.world.policy = desk.world.policy.model_copy(update={"slack": desk.world.policy.slack})
    mute, loud = desk.world.policy, desk.world.policy
    entity = mute.entities[ENTITY].model_copy(update={"slack": None})
    desk.world.policy = mute.model_copy(update={"entities": {ENTITY: entity}})
    desk.late_payers(1)
    desk.world.policy = loud
    threads = [threading.Thread(target=desk.queue) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    desk.send()
    assert [row["verb"] for row in desk.outbox()] == ["card"]


def test_a_case_that_is_none_is_refused(desk: Desk) -> None:
    with UnitOfWork(desk.database) as uow, pytest.raises(CaseError):
        slack.queue_case(uow, policy=desk.world.policy, case_id=99, as_of=DAY)


def test_a_route_names_the_channel_and_the_fallback_follows_the_main_one(desk: Desk) -> None:
    desk.noise(
        routes=[{"name": "large", "when": {"over": ["1.00 EUR"]}, "channel": "#large"}], fallback="#fallback"
    )
    desk.late_payers(1)
    with UnitOfWork(desk.database) as uow:
        case = read_case(uow, 1)
    assert channel_for(desk.world.policy, case) == "#large"
    assert desk.cards()[0]["channel"] == "#large"
    chain = ["#large"]
    while (following := instead_of(desk.world.policy, ENTITY, chain[-1])) is not None:
        chain.append(following)
    assert chain == ["#large", desk.main, "#fallback"]


def test_links_of_slack_yaml_stand_on_the_card(desk: Desk) -> None:
    desk.noise(links={"ERP <x>": "https://erp.lumen.example/{entity_lower}/{payer_id}"})
    desk.late_payers(1)
    (row,) = desk.outbox()
    assert "<https://erp.lumen.example/fr01/C0|ERP &lt;x&gt;>" in str(row["payload"])
    assert refusals(row["payload"]) == []
