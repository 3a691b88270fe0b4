"""Beyond a channel's daily limit: one list a channel and day, changed in place; the listed get cards when asked for, or later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from relance import slack
from relance.slack.actions import SHOW, Target
from relance.slack.preview import read_messages
from relance.store import schema
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import policy
from tests.integration.slack.desk import DAY, Desk
from tests.unit.slack.judge import refusals

pytestmark = pytest.mark.integration


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A channel that takes two new cards a day, and five payers more than 90 days late."""
    desk.noise(noise={"cards_per_channel_per_day": 2})
    desk.late_payers(5)
    desk.send()
    return desk


def options(message: dict[str, Any]) -> list[Target]:
    (menu,) = [
        one
        for block in message["blocks"]
        for one in block.get("elements", [])
        if one["type"] == "static_select"
    ]
    assert menu["action_id"] == SHOW
    return [Target.parse(one["value"]) for one in menu["options"]]


def another_day(desk: Desk) -> None:
    """What was queued until now was queued yesterday."""
    with UnitOfWork(desk.database) as uow:
        table = schema.slack_outbox
        uow.execute(sa.update(table).values(created_at=table.c.created_at - timedelta(days=1)))
        uow.commit()


def show(desk: Desk, case_id: int) -> None:
    with UnitOfWork(desk.database) as uow:
        slack.show_case(uow, policy=desk.world.policy, case_id=case_id, as_of=DAY)
        uow.commit()


def test_beyond_the_daily_limit_new_cards_go_into_one_list_of_the_channel(busy: Desk) -> None:
    titles = busy.titles()
    assert [title.split(": ")[-1] for title in titles] == ["Payer 0", "Payer 1", "3 more cases"]
    shown = busy.messages()[-1]
    assert [target.case_id for target in options(shown)] == [3, 4, 5]
    assert refusals(shown) == []
    assert busy.queue() == 0


def test_a_listed_case_gets_its_card_when_somebody_opens_it_and_the_list_changes_in_place(busy: Desk) -> None:
    show(busy, 4)
    assert (busy.send().posted, len(busy.messages())) == (1, 4)
    assert busy.titles()[-1].endswith("Payer 3")
    assert [target.case_id for target in options(busy.messages()[2])] == [3, 5]
    show(busy, 4)
    assert busy.send().posted == 0
    with UnitOfWork(busy.database) as uow:
        kept = read_messages(uow)
    assert [message.verb for message in kept] == [
        "card",
        "card",
        "card",
        "list",
    ]  # the preview has its newest look only


def test_a_listed_case_that_is_closed_leaves_the_list(busy: Desk) -> None:
    for number in (2, 3, 4):
        busy.world.pay(f"B{number}", DAY, 2000, f"F{number}", customer=f"C{number}")
    busy.day(DAY)
    busy.send()
    assert busy.titles()[-1] == ":card_index_dividers: No more cases"


def test_a_comment_on_a_listed_case_gives_it_no_card(busy: Desk) -> None:
    busy.comment("still listed", 5)
    busy.send()
    assert len(busy.messages()) == 3


def test_the_next_day_the_listed_get_cards_within_the_limit(busy: Desk) -> None:
    another_day(busy)
    busy.day(DAY + timedelta(days=1))
    busy.send()
    names = [title.split(": ")[-1] for title in busy.titles()]
    assert names == ["Payer 0", "Payer 1", "3 more cases", "Payer 2", "Payer 3", "1 more case"]


def test_what_somebody_waits_for_gets_its_card_first(desk: Desk) -> None:
    desk.world.policy = policy(channel=desk.own)
    desk.noise(noise={"cards_per_channel_per_day": 1})
    desk.late_payers(2)
    another_day(desk)
    desk.world.promise("5.00 EUR", DAY + timedelta(days=7), DAY, payer_id="C1")
    desk.queue()
    desk.send()
    assert [title.split(": ")[1] for title in desk.titles()[2:]] == ["Promise to pay", "1 more case"]


def test_a_list_of_many_hostile_names_is_inside_slacks_limits(desk: Desk) -> None:
    desk.noise(noise={"cards_per_channel_per_day": 0})
    names = ["<!channel>" * 30, "\u202e\u05d0" * 200, "\U0001f6a8" * 200, "&" * 300]
    desk.world.ledger(
        customers=[{"customer_id": f"C{n}", "name": names[n % 4]} for n in range(120)],
        invoices=[_late(n) for n in range(120)],
    )
    desk.day(DAY)
    (row,) = desk.outbox()
    assert refusals(row["payload"]) == []
    desk.send()
    assert len(desk.messages()) == 1


def _late(n: int) -> dict[str, Any]:
    return {
        "item_id": f"F{n}", "invoice_id": f"F{n}", "due_date": DAY - timedelta(days=100), "amount": 1000 + n,
        "customer_id": f"C{n}",
    }  # fmt: skip
