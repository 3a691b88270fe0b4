"""What a call says, by TwiML: nothing private to a machine or to whoever has not said who he is."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from relance.delivery.templates import Templates
from relance.delivery.twilio.compose import voice_body
from relance.delivery.view import build
from relance.inbox.signed import State
from relance.inbox.voice_menu import ASKED, Script, Turn
from tests.unit.delivery.examples import DIRECTORY, contact, entity

VIEW = build(contact("first", channel="voice"), entity())
WORDS = json.loads(voice_body(VIEW, Templates(DIRECTORY).language("fr", "first")))
PRIVATE = (WORDS["text"], "F-1", "euros")


def script(words=WORDS) -> Script:
    return Script(words, lambda state: f"https://pay.example/{state.step}?s={state.tries}")


def said(turn: Turn) -> str:
    return " ".join(one.text or "" for one in ET.fromstring(turn.twiml).iter("Say"))


def asked(turn: Turn) -> ET.Element | None:
    return ET.fromstring(turn.twiml).find("Gather")


def test_a_machine_is_told_nothing_private() -> None:
    for by in ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other"):
        turn = script().answered(by)
        assert said(turn) == WORDS["mail"]
        assert asked(turn) is None
        assert not [one for one in PRIVATE if one in turn.twiml]


def test_a_fax_is_told_nothing() -> None:
    assert said(script().answered("fax")) == ""


def test_whoever_picks_up_is_asked_who_he_is_first() -> None:
    for by in ("human", "unknown", None):
        turn = script().answered(by)
        assert said(turn) == WORDS["identify"]
        gather = asked(turn)
        assert gather is not None
        assert gather.get("action") == "https://pay.example/identify?s=0"
        assert gather.get("actionOnEmptyResult") == "true"
        assert not [one for one in PRIVATE if one in turn.twiml]


def test_who_says_who_he_is_hears_the_text_and_the_menu() -> None:
    turn = script().pressed(State("identify"), "1")
    assert turn.identified
    assert said(turn) == f"{WORDS['text']} {WORDS['menu']}"


def test_no_wrong_key_opens_the_text() -> None:
    for keys in ("", "2", "9", "*", "11", "0"):
        turn = script().pressed(State("identify"), keys)
        assert not turn.identified
        assert WORDS["text"] not in turn.twiml


def test_a_question_is_asked_three_times_and_no_more() -> None:
    for step in ("identify", "menu", "promise"):
        asks = 1
        state = State(step)
        while (gather := asked(turn := script().pressed(state, "77"))) is not None:
            asks += 1
            state = State(step, int(str(gather.get("action")).rsplit("=", 1)[1]))
            assert asks <= ASKED
        assert asks == ASKED
        assert said(turn) == f"{WORDS['unknown']} {WORDS['bye']}"
        assert "<Hangup" in turn.twiml


@pytest.mark.parametrize("days", range(1, 15))
def test_a_promise_is_said_back_with_its_date(days: int) -> None:
    turn = script().pressed(State("promise"), f"{days}#")
    assert turn.choice == "promise"
    assert turn.facts is not None
    assert turn.facts["due_on"] == WORDS["dates"][str(days)]
    assert WORDS["promise_done"][str(days)] in said(turn)


@pytest.mark.parametrize("keys", ["", "0", "15", "99", "00", "*", "1*1", "*9", "-1", "١", "3 1"])
def test_what_is_no_day_on_offer_is_no_promise(keys: str) -> None:
    turn = script().pressed(State("promise"), keys)
    assert turn.choice is None
    assert said(turn).startswith(WORDS["unknown"])


def test_the_menu_leads_to_a_dispute_or_a_call_back() -> None:
    assert script().pressed(State("menu"), "2").choice == "contest"
    assert script().pressed(State("menu"), "3").choice == "call_back"
    promise = script().pressed(State("menu"), "1")
    assert promise.choice is None
    assert said(promise) == WORDS["promise_ask"]


def test_text_of_a_ledger_stays_text() -> None:
    view = replace(VIEW, payer=replace(VIEW.payer, name="</Say><Dial>+33899</Dial><Say>"))
    words = json.loads(voice_body(view, Templates(DIRECTORY).language("en", "first")))
    turn = script(words).answered("human")
    assert ET.fromstring(turn.twiml).find(".//Dial") is None
    assert "<Dial>" in said(turn)
