"""First."""

from __future__ import annotations

import pytest

from relance.slack import actions as do
from tests.integration.bot.office import Office

pytestmark = pytest.mark.integration


def test_a_comment_by_modal_reaches_the_card(office: Office) -> None:
    (case,) = office.late_payers()
    channel, ts = office.card(case)
    answer = office.driver.press("ada", channel, ts, do.MORE, option=do.COMMENT)
    assert answer.status == 200
    office.view("ada", do.COMMENT)
    assert office.driver.submit("ada", {"text": "called, pays on Friday"}).text == ""
    office.settle()
    assert office.intents("done"), office.intents()
    office.send()
    assert "called, pays on Friday" in str(office.driver.message(channel, ts))
