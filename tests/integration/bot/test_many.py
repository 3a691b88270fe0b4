"""Many payers, many cases, many questions at once: what is asked costs no more than it must, and holds up nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from bot.asking import AnsweredError, Ask
from bot.desk import ASKED
from relance.errors import NotAllowedError
from relance.slack import actions as do
from relance.slack.speech import Voice
from tests.integration.bot.office import USERS, Office
from tests.slack_emulator import server

pytestmark = pytest.mark.integration


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database in this thread while the block runs."""
    asked: list[str] = []
    mine = threading.get_ident()

    def heard(*given: object) -> None:
        if threading.get_ident() == mine:
            asked.append(str(given[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", heard)
    try:
        yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", heard)


def _ask(office: Office, user: str, *words: str) -> Ask:
    desk = office.desk
    person = desk.actor(office.slack.user_id(user))
    return Ask(desk, person, Voice("en"), "/relance", "customer", words, None)  # type: ignore[arg-type]


def _payers(office: Office, count: int) -> None:
    rows = [
        {"customer_id": f"N{n}", "name": f"Firm {n} sarl", "collector": USERS["ada"]} for n in range(count)
    ]
    office.world.ledger(customers=rows)


def test_a_word_that_fits_many_payers_costs_as_many_queries_as_one_that_fits_one(office: Office) -> None:
    _payers(office, 120)
    ask = _ask(office, "ada", "sarl")
    with statements() as one:
        assert ask.payer("firm 7 sarl").payer_id == "N7"
    with statements() as many, pytest.raises(AnsweredError) as several:
        ask.payer("sarl")
    assert len(many) == len(one) <= 3
    assert "120" in str(several.value.card)


def test_who_may_see_nobody_is_refused_before_anybody_is_looked_for(
    office: Office, people_emulator: server.Slack
) -> None:
    guest = people_emulator.user_id("guest")
    told = office.proxy.changes["users.info"]
    office.proxy.changes["users.info"] = lambda asked, said: told(
        asked,
        {**said, "user": {**said["user"], "is_restricted": True}} if asked["user"] == guest else said,
    )
    _payers(office, 30)
    ask = _ask(office, "guest", "sarl")
    for question in (ask.payer, ask.invoice):
        with statements() as asked, pytest.raises(NotAllowedError):
            question("sarl")
        assert not any("customer_version" in one or "invoice_version" in one for one in asked)


def test_questions_that_take_long_hold_up_no_modal(office: Office) -> None:
    (case,) = office.late_payers()
    end = threading.Event()
    try:
        for _ in range(ASKED + 8):
            office.desk.answer(end.wait, 20)
        office.driver.command("ada", office.channel, "customer payer")
        office.driver.press("ben", *office.card(case), do.SNOOZE)
        office.view("ben", do.SNOOZE)
        office.driver.command("lead", office.channel, f"comment {case.case_id}")
        office.view("lead", do.COMMENT)
        assert office.driver.ephemerals("ada") == []
    finally:
        end.set()
    office.told("ada")
