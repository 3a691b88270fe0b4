"""Modals: what they ask, what they take and refuse, and that Slack takes them whatever the data."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance import slack
from relance.cases.calling import OUTCOMES
from relance.cases.disputing import REASONS
from relance.cases.resolving import RESOLUTIONS
from relance.cases.transitions import CASE, INSTALMENT_PLAN, KINDS, PROMISE
from relance.money import Money
from relance.slack import actions
from relance.slack.actions import Target
from relance.slack.modals import (
    MESSAGES,
    MODALS,
    AnnounceEntry,
    ApproveEntry,
    AssignEntry,
    CallEntry,
    CaseChoice,
    CommentEntry,
    CompleteEntry,
    ContactEntry,
    DisputeEntry,
    GivenContact,
    InstalmentsEntry,
    Item,
    MessageCommentEntry,
    MessagePromiseEntry,
    PromiseEntry,
    RejectEntry,
    ReopenEntry,
    ResolveEntry,
    SnoozeEntry,
    WriteOffEntry,
    WrongContact,
    case_options,
    failed,
    loading,
    no_longer,
    refused,
)
from relance.slack.modals.contact import ROLES
from relance.slack.modals.history import PAGE
from relance.slack.speech import Voice
from relance.slack.words import WORDS
from relance.store.contacts import STATES
from tests.unit.slack.judge import view_refusals
from tests.unit.slack.modal_scenes import (
    EVENTS,
    case_for,
    event,
    filled,
    hostile_modal_scenes,
    items,
    message_scene,
    question,
    scene,
)
from tests.unit.slack.scenes import DAY, HOSTILE, TEXT, promise_case

ALLOWED_ANGLE = re.compile(r"<!date\^-?\d+\^\{(date_short|time)\}\|[^<>|]*>")


def built(action: str, **other: Any) -> dict[str, Any]:
    return MODALS[action].build(scene(action, **other))


def read(action: str, view: dict[str, Any] | None = None, *, locale: str = "en-GB", **values: Any) -> Any:
    drawn = view or built(action)
    return MODALS[action].read(filled(drawn, **values), locale=locale, today=DAY)


def errors(answer: Any) -> dict[str, str]:
    assert isinstance(answer, dict), answer
    return {name.split("|")[0]: told for name, told in answer.items()}


def words(view: dict[str, Any]) -> str:
    return json.dumps(view, ensure_ascii=False)


# --- every modal ---


@pytest.mark.parametrize("action", sorted(MODALS))
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_every_modal_stays_inside_slacks_limits_whatever_the_data(action: str, data: st.DataObject) -> None:
    view = MODALS[action].build(data.draw(hostile_modal_scenes(action)))
    assert view_refusals(view) == []
    texts = [
        one["text"]
        for block in view["blocks"]
        for one in [block.get("text"), *block.get("elements", [])]
        if one and one.get("type") == "mrkdwn"
    ]
    for text in texts:
        assert not re.search(r"[<>]", ALLOWED_ANGLE.sub("", re.sub(r"(?m)^>", "", text)))


@pytest.mark.parametrize("action", sorted(MODALS))
@pytest.mark.parametrize("locale", sorted(WORDS))
def test_every_modal_in_every_language_says_whom_it_is_about_and_keeps_its_target(
    action: str, locale: str
) -> None:
    view = built(action, voice=Voice(locale))
    assert view_refusals(view) == []
    assert view["callback_id"] == action
    assert Target.parse(view["private_metadata"]) == Target(action, 7, 1)
    assert "Brasserie du Port SARL" in words(view)


@pytest.mark.parametrize("locale", sorted(WORDS))
def test_titles_and_buttons_have_at_most_24_characters_in_every_language(locale: str) -> None:
    for key, told in WORDS[locale].items():
        if re.fullmatch(r"modal\..*(title|submit)|modal\.(close|cancel)", key):
            assert len(told) <= 24, (key, told)


@pytest.mark.parametrize("action", sorted(MODALS))
def test_an_untouched_modal_is_read_into_an_entry_or_errors_beside_its_own_fields(action: str) -> None:
    view = built(action)
    answer = read(action, view)
    if isinstance(answer, dict):
        assert answer.keys() <= {block["block_id"] for block in view["blocks"] if block["type"] == "input"}


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(MODALS)),
    st.dictionaries(st.sampled_from(["text", "reason", "amount", "part", "parts", "note", "days"]), TEXT),
    st.sampled_from(["fr-FR", "de-CH", "es-LA", "ja", ""]),
)
def test_whatever_is_typed_gives_an_entry_or_errors_in_words(
    action: str, typed: dict[str, str], locale: str
) -> None:
    view = built(action)
    names = {block["block_id"].split("|")[0] for block in view["blocks"] if block["type"] == "input"}
    known = {name: text for name, text in typed.items() if name in names}
    answer = MODALS[action].read(filled(view, **known), locale=locale, today=DAY)
    if isinstance(answer, dict):
        assert all(told.strip() and len(told) < 500 for told in answer.values())


def test_over_a_hundred_invoices_the_oldest_99_and_all_are_offered() -> None:
    view = built(actions.WRITE_OFF, items=items(10_000))
    (block,) = [one for one in view["blocks"] if one.get("block_id") == "invoices"]
    offered = [one["value"] for one in block["element"]["options"]]
    assert len(offered) == 100
    assert offered[0] == "all"
    assert offered[1:3] == ["EUR:10000:F-1", "EUR:20000:F-2"]
    assert "10000" in block["element"]["options"][0]["text"]["text"]
    assert read(actions.WRITE_OFF, view, invoices=["all"], reason="gone") == WriteOffEntry(None, "gone")


def test_all_and_single_invoices_together_are_refused() -> None:
    answer = read(actions.WRITE_OFF, invoices=["all", "F-1"], reason="gone")
    assert "invoices" in errors(answer)


def test_the_judge_of_views_sees_what_it_must() -> None:
    good = built(actions.PROMISE)
    ask, note = good["blocks"][1], good["blocks"][0]
    option = {"text": {"type": "plain_text", "text": "x"}, "value": "x"}
    pick = {"type": "static_select", "action_id": "a", "options": [option]}
    wrong = {
        "over 100 blocks": {"blocks": [note] * 101},
        "duplicate block_id": {"blocks": [ask, ask]},
        "input without submit": {"submit": None},
        "title, submit or close over 24": {"title": {"type": "plain_text", "text": "x" * 25}},
        "private_metadata over 3,000": {"private_metadata": "x" * 3001},
        "unknown key": {"submitt": 1},
        "placeholder over 150": {
            "blocks": [_with(ask, placeholder={"type": "plain_text", "text": "x" * 151})]
        },
        "initial value that does not fit": {"blocks": [_with(ask, initial_value="x" * 101)]},
        "101 options": {
            "blocks": [
                {**ask, "element": {**pick, "options": [{**option, "value": str(n)} for n in range(101)]}}
            ]
        },
        "an initial option that is none of the options": {
            "blocks": [{**ask, "element": {**pick, "initial_option": {**option, "value": "y"}}}]
        },
    }
    assert view_refusals(good) == []
    for why, change in wrong.items():
        view = {name: value for name, value in {**good, **change}.items() if value is not None}
        assert why in view_refusals(view), why


def _with(block: dict[str, Any], **element: Any) -> dict[str, Any]:
    return {**block, "element": {**block["element"], **element}}


# --- comment, assign, complete, reopen, resolve, write off ---


def test_a_comment_has_words() -> None:
    assert read(actions.COMMENT, text=" called, pays Friday ") == CommentEntry("called, pays Friday")
    assert errors(read(actions.COMMENT, text="  ")).keys() == {"text"}


def test_assigning_begins_with_who_has_the_case_and_who_watches_it() -> None:
    watched = promise_case(watchers=["sales@lumen.example", "unknown@lumen.example"])
    view = built(actions.ASSIGN, case=watched)
    assert read(actions.ASSIGN, view) == AssignEntry("U1", ("U2",))
    assert read(actions.ASSIGN, view, owner="U9", watchers=["U3", "U3"]) == AssignEntry("U9", ("U3",))


def test_nobody_may_be_assigned() -> None:
    assert read(actions.ASSIGN, built(actions.ASSIGN, people={})) == AssignEntry(None, ())


def test_done_needs_no_words() -> None:
    assert read(actions.COMPLETE) == CompleteEntry(None)
    assert read(actions.COMPLETE, note="sent by courier") == CompleteEntry("sent by courier")


def test_reopening_needs_a_reason_and_shows_how_the_case_was_closed() -> None:
    assert "rejected" in words(built(actions.REOPEN))
    assert errors(read(actions.REOPEN)).keys() == {"reason"}
    assert read(actions.REOPEN, reason="they sent a photo") == ReopenEntry("they sent a photo")


@pytest.mark.parametrize("kind", KINDS)
def test_resolving_offers_the_reasons_of_the_kind(kind: str) -> None:
    view = built(
        actions.RESOLVE,
        case=case_for(actions.COMMENT).__class__(**{**_fields(case_for(actions.COMMENT)), "kind": kind}),
    )
    offered = [
        one["value"]
        for block in view["blocks"]
        if block.get("block_id") == "reason"
        for one in block["element"]["options"]
    ]
    assert offered == list(RESOLUTIONS[kind])


def _fields(case: Any) -> dict[str, Any]:
    return {name: getattr(case, name) for name in case.__slots__}


def test_resolving_takes_a_reason_and_a_note() -> None:
    assert errors(read(actions.RESOLVE)).keys() == {"reason"}
    assert read(actions.RESOLVE, reason="rejected", note="proof of delivery") == ResolveEntry(
        "rejected", "proof of delivery"
    )


def test_a_write_off_needs_invoices_and_a_reason() -> None:
    assert errors(read(actions.WRITE_OFF)).keys() == {"invoices", "reason"}
    assert read(actions.WRITE_OFF, invoices=["F-2"], reason="insolvent") == WriteOffEntry(
        ("F-2",), "insolvent"
    )


# --- snooze ---


def test_snoozing_says_the_longest_that_the_viewers_role_may_give() -> None:
    assert "14 days" in words(built(actions.SNOOZE))
    assert "asked for a yes first" in words(built(actions.SNOOZE))
    assert "up to a year" in words(built(actions.SNOOZE, longest_snooze=None))


@pytest.mark.parametrize(("choice", "days"), [("days:1", 1), ("days:3", 3), ("days:7", 7)])
def test_snoozing_until_tomorrow_three_days_or_a_week(choice: str, days: int) -> None:
    answer = read(actions.SNOOZE, until=choice, reason="they asked")
    assert answer == SnoozeEntry(DAY + timedelta(days), "they asked", None)


def test_snoozing_to_the_promise_date() -> None:
    from tests.unit.slack.scenes import facts, promised

    due = DAY + timedelta(9)
    view = built(actions.SNOOZE, case=promise_case(facts=facts(promises=[promised(due=due)])))
    answer = read(actions.SNOOZE, view, until=f"on:{due}", reason="promised")
    assert answer == SnoozeEntry(due, "promised", None)
    assert f"on:{DAY}" not in words(built(actions.SNOOZE))  # a promise for today is no rest


def test_snoozing_until_a_picked_date_for_chosen_invoices() -> None:
    picked = DAY + timedelta(20)
    answer = read(actions.SNOOZE, until="pick", date=picked, reason="fair", invoices=["F-1", "F-3"])
    assert answer == SnoozeEntry(picked, "fair", ("F-1", "F-3"))


def test_snoozing_needs_a_reason() -> None:
    assert errors(read(actions.SNOOZE)).keys() == {"reason"}


@pytest.mark.parametrize("picked", [DAY, DAY - timedelta(1), DAY + timedelta(366), None])
def test_snoozing_until_no_day_today_or_for_ever_is_refused(picked: date | None) -> None:
    assert errors(read(actions.SNOOZE, until="pick", date=picked, reason="x")).keys() == {"date"}


def test_a_picked_date_beside_another_choice_is_refused_and_not_guessed() -> None:
    assert errors(read(actions.SNOOZE, until="days:3", date=DAY + timedelta(5), reason="x")).keys() == {
        "date"
    }


def test_a_modal_left_open_overnight_does_not_snooze_into_the_past() -> None:
    state = filled(built(actions.SNOOZE), until=f"on:{DAY}", reason="x")
    assert errors(MODALS[actions.SNOOZE].read(state, locale="en", today=DAY)).keys() == {"until"}


# --- promise, instalments, announcement ---


def test_a_promise_is_read_in_the_viewers_own_notation() -> None:
    due = DAY + timedelta(8)
    for locale, typed in (
        ("fr-FR", "1 200,50"),
        ("de-DE", "1.200,50 €"),
        ("en-GB", "1,200.50"),
        ("de-CH", "1’200.50"),
    ):
        answer = read(actions.PROMISE, locale=locale, amount=typed, due_on=due)
        assert answer == PromiseEntry(Money("EUR", 120_050), due, None)


def test_a_promise_of_more_than_is_open_is_refused() -> None:
    due = DAY + timedelta(8)
    assert "€1,500.00" in errors(read(actions.PROMISE, amount="1500.01", due_on=due))["amount"]
    assert (
        "€300.00"
        in errors(read(actions.PROMISE, amount="300.01", due_on=due, invoices=["F-1", "F-2"]))["amount"]
    )
    assert read(actions.PROMISE, amount="300", due_on=due, invoices=["F-1", "F-2"]) == PromiseEntry(
        Money("EUR", 30_000), due, ("F-1", "F-2")
    )


def test_a_promise_in_another_currency_than_the_chosen_invoices_is_refused() -> None:
    view = built(actions.PROMISE, items=[*items(2), Item("U-1", DAY, 50_000, "USD")])
    answer = read(actions.PROMISE, view, amount="10", currency="USD", due_on=DAY, invoices=["F-1"])
    assert errors(answer).keys() == {"amount"}


@pytest.mark.parametrize("due", [DAY - timedelta(1), DAY + timedelta(91), None])
def test_a_promise_for_the_past_or_far_ahead_is_refused(due: date | None) -> None:
    assert errors(read(actions.PROMISE, amount="10", due_on=due)).keys() == {"due_on"}


@pytest.mark.parametrize("typed", ["0", "-5", "ten", "1,234", "12 USD", "10.001"])
def test_a_promise_of_what_is_no_amount_is_refused_with_an_example(typed: str) -> None:
    assert errors(read(actions.PROMISE, locale="fr-FR", amount=typed, due_on=DAY)).keys() == {"amount"}


def test_an_instalment_plan_begins_with_three_parts_that_come_to_all_that_is_open() -> None:
    for notation in ("fr-FR", "de-DE", "en-US", "es-LA", "de-CH"):
        view = built(actions.INSTALMENTS, notation=notation)
        answer = read(actions.INSTALMENTS, view, locale=notation)
        assert isinstance(answer, InstalmentsEntry), answer
        assert sum(amount.minor for amount, _ in answer.parts) == 150_000
        assert [day for _, day in answer.parts] == [DAY, date(2026, 4, 12), date(2026, 5, 12)]


def test_instalments_are_read_line_by_line() -> None:
    parts = "500,00 12/03/2026\n\n1 000,00 € ; 2026-04-12\n"
    answer = read(actions.INSTALMENTS, locale="fr-FR", parts=parts)
    expected = ((Money("EUR", 50_000), DAY), (Money("EUR", 100_000), date(2026, 4, 12)))
    assert answer == InstalmentsEntry(expected, None)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ("500 2026-03-12", "2 to"),
        ("500 2026-03-12\nsoon", "Line 2"),
        ("500 2026-03-12\nabc 2026-04-12", "Line 2"),
        ("500 2026-03-12\n500 2026-02-31", "Line 2"),
        ("500 2026-03-16\n500 2026-04-12", "at once"),
        ("500 2026-03-11\n500 2026-04-12", "at once"),
        ("500 2026-03-12\n500 2026-05-12\n500 2026-04-12", "later date"),
        ("500 2026-03-12\n500 2026-03-12", "later date"),
        ("500 2026-03-12\n500 2028-03-13", "at the latest"),
        ("1000 2026-03-12\n500.01 2026-04-12", "only €1,500.00"),
    ],
)
def test_instalments_that_can_not_be_agreed_name_the_line_and_why(parts: str, told: str) -> None:
    assert told in errors(read(actions.INSTALMENTS, parts=parts))["parts"]


def test_instalments_of_chosen_invoices_come_to_no_more_than_these() -> None:
    answer = read(actions.INSTALMENTS, parts="100 2026-03-12\n100 2026-04-12", invoices=["F-1"])
    assert "€100.00" in errors(answer)["parts"]


def test_an_announced_payment_needs_a_day_and_may_be_more_than_is_open() -> None:
    day = DAY + timedelta(2)
    assert errors(read(actions.ANNOUNCE)).keys() == {"expected_on"}
    assert errors(read(actions.ANNOUNCE, expected_on=DAY - timedelta(1))).keys() == {"expected_on"}
    assert read(actions.ANNOUNCE, expected_on=day) == AnnounceEntry(day, None, None, None)
    answer = read(actions.ANNOUNCE, expected_on=day, amount="9,999.00", reference="RF18", invoices=["F-1"])
    assert answer == AnnounceEntry(day, Money("EUR", 999_900), "RF18", ("F-1",))


# --- dispute ---


def test_a_dispute_takes_a_part_of_one_invoice_its_evidence_and_an_owner() -> None:
    answer = read(
        actions.DISPUTE, dispute_reason="quality", invoices=["F-2"], part="50", text="two boxes broken",
        evidence="https://lumen.example/1.jpg\nhttps://lumen.example/2.jpg", owner="U2",
    )  # fmt: skip
    assert answer == DisputeEntry(
        "quality", ("F-2",), {"F-2": Money("EUR", 5_000)}, "two boxes broken",
        ("https://lumen.example/1.jpg", "https://lumen.example/2.jpg"), "U2",
    )  # fmt: skip


def test_a_dispute_without_a_part_is_about_all_of_its_invoices() -> None:
    answer = read(actions.DISPUTE, dispute_reason="price", invoices=["all"])
    assert answer == DisputeEntry("price", None)
    whole = read(actions.DISPUTE, dispute_reason="price", invoices=["F-1"], part="100")
    assert whole == DisputeEntry("price", ("F-1",))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"invoices": ["F-1"]}, "dispute_reason"),
        ({"dispute_reason": "price"}, "invoices"),
        ({"dispute_reason": "other", "invoices": ["F-1"]}, "text"),
        ({"dispute_reason": "price", "invoices": ["F-1", "F-2"], "part": "10"}, "part"),
        ({"dispute_reason": "price", "invoices": ["all"], "part": "10"}, "part"),
        ({"dispute_reason": "price", "invoices": ["F-1"], "part": "100.01"}, "part"),
        ({"dispute_reason": "price", "invoices": ["F-1"], "evidence": "javascript:alert(1)"}, "evidence"),
        (
            {
                "dispute_reason": "price",
                "invoices": ["F-1"],
                "evidence": "https://lumen.example/" + "x" * 600,
            },
            "evidence",
        ),
    ],
)
def test_a_dispute_that_can_not_be_taken_down_says_where(values: dict[str, Any], field: str) -> None:
    assert errors(read(actions.DISPUTE, **values)).keys() == {field}


# --- contacts ---


def test_a_wrong_address_is_marked_and_a_person_given() -> None:
    given = {
        "name": "Accounts payable",
        "email": "ledger@port.example",
        "phone": "0033 1 23 45 67 89",
        "language": "fr",
    }
    view = built(actions.CONTACT)
    state = filled(view, **given)
    (wrong,) = [one for one in view["blocks"] if one.get("block_id") == "wrong"]
    state["wrong"]["wrong"]["selected_options"] = [wrong["element"]["options"][1]]
    answer = MODALS[actions.CONTACT].read(state, locale="en", today=DAY)
    person = GivenContact("Accounts payable", "accounts_payable", "ledger@port.example", "+33123456789", "fr")
    assert answer == ContactEntry((WrongContact("K1", "call"),), person, None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "name"), ({"email": "a@b.example"}, "name"), ({"name": "AP"}, "email"), ({"name": "AP", "email": "x"}, "email"),
        ({"name": "AP", "phone": "01 23 45 67 89"}, "phone"), ({"name": "AP", "phone": "+33 abc"}, "phone"),
    ],
)  # fmt: skip
def test_a_contact_that_reaches_nobody_is_refused(values: dict[str, str], field: str) -> None:
    assert errors(read(actions.CONTACT, **values)).keys() == {field}


# --- calls ---


def test_the_fields_of_a_call_come_with_its_outcome() -> None:
    modal = MODALS[actions.CALL]
    first = {block.get("block_id") for block in built(actions.CALL)["blocks"]}
    assert "outcome" in first
    assert "amount" not in {str(name).split("|")[0] for name in first}
    assert modal.redraws == {actions.CALL_OUTCOME}
    for outcome in OUTCOMES:
        state = {
            "outcome": {
                actions.CALL_OUTCOME: {"type": "static_select", "selected_option": {"value": outcome}}
            }
        }
        assert modal.chosen is not None
        view = built(actions.CALL, prefill=modal.chosen(state))
        assert view_refusals(view) == []
        assert view["blocks"][2]["element"]["initial_option"]["value"] == outcome


def call(outcome: str, **values: Any) -> Any:
    return read(actions.CALL, built(actions.CALL, prefill={"outcome": outcome}), **values)


def test_a_call_without_an_outcome_is_refused() -> None:
    assert errors(read(actions.CALL)).keys() == {"outcome"}


def test_a_call_that_brought_a_promise() -> None:
    due = DAY + timedelta(5)
    assert call("promise", amount="100", due_on=due) == CallEntry(
        "promise", None, promised=(Money("EUR", 10_000), due)
    )
    assert errors(call("promise")).keys() == {"amount", "due_on"}


def test_a_call_that_brought_a_dispute() -> None:
    disputed = DisputeEntry("quantity", ("F-1",), text="one box short")
    answer = call("dispute", dispute_reason="quantity", invoices=["F-1"], text="one box short")
    assert answer == CallEntry("dispute", None, disputed=disputed)


@pytest.mark.parametrize("outcome", ["reached", "voicemail", "no_answer"])
def test_a_call_may_be_made_again(outcome: str) -> None:
    again = DAY + timedelta(1)
    assert call(outcome, next_on=again) == CallEntry(outcome, None, next_on=again)
    assert errors(call(outcome, next_on=DAY)).keys() == {"next_on"}


@pytest.mark.parametrize("outcome", ["wrong_number", "refuses"])
def test_a_wrong_number_and_a_refusal_need_words(outcome: str) -> None:
    assert errors(call(outcome)).keys() == {"note"}
    assert call(outcome, note="a baker answers") == CallEntry(outcome, "a baker answers")


# --- approvals ---


@pytest.mark.parametrize("action", [actions.APPROVE, actions.REJECT])
def test_a_decision_shows_what_is_asked_how_much_and_who_said_yes_before(action: str) -> None:
    told = words(built(action, case=question(votes=[{"by": "lead@lumen.example"}])))
    assert "€12,345.50" in told
    assert "formal notice" in told
    assert "F-1" in told
    assert "lead@lumen.example" in told


def test_a_decision_on_a_persons_request_shows_who_asks_what_and_why() -> None:
    told = words(built(actions.APPROVE, case=question(asks="snooze", until="2026-06-01", why="merger")))
    assert "sales@lumen.example" in told
    assert "merger" in told
    assert "longer rest" in told


def test_a_yes_may_have_a_note_and_a_no_needs_a_reason_and_days() -> None:
    assert read(actions.APPROVE) == ApproveEntry(None)
    assert read(actions.REJECT, reason="large order") == RejectEntry("large order", 14)
    assert errors(read(actions.REJECT)).keys() == {"reason"}
    for wrong in ("0", "366", "x", "1.5"):
        assert errors(read(actions.REJECT, reason="x", days=wrong)).keys() == {"days"}


# --- history ---


def test_the_history_shows_the_newest_first_page_by_page() -> None:
    many = [event(n, "comment", text=f"word {n}.") for n in range(1, 2 * PAGE + 2)]
    first, last = (
        built(actions.HISTORY, events=many),
        built(actions.HISTORY, events=many, prefill={"page": 2}),
    )
    assert "submit" not in first
    assert f"word {2 * PAGE + 1}." in words(first)
    assert "word 1." in words(last)
    assert actions.HISTORY_PAGE in words(first)
    assert actions.HISTORY_BACK not in words(first)
    assert actions.HISTORY_PAGE not in words(last)
    assert actions.HISTORY_BACK in words(last)


def test_the_history_tells_amounts_dates_reasons_and_words() -> None:
    told = words(built(actions.HISTORY, events=EVENTS))
    for part in ("€1,200.00", "Promise noted", "pallets", "a large order is coming", "kept", "automatic"):
        assert part in told


# --- message shortcuts ---


@pytest.mark.parametrize("locale", sorted(WORDS))
@pytest.mark.parametrize("action", sorted(MESSAGES))
def test_message_shortcuts_are_within_the_limits_whatever_the_message(action: str, locale: str) -> None:
    modal = MESSAGES[action]
    for text in ("", "x" * 5000, "".join(HOSTILE), "\U0001f6a8" * 3000):
        choices = [CaseChoice(7, text, "promise", {"EUR": 10**15, "USD": 1})]
        view = modal.build(message_scene(locale, text=text, cases=choices))
        assert view_refusals(view) == []
        assert view["private_metadata"] == "C1:1773300000.000100"


def test_a_message_becomes_a_comment_or_a_promise_of_a_case() -> None:
    view = MESSAGES[actions.MESSAGE_TO_CASE].build(message_scene())
    state = filled(view)
    answer = MESSAGES[actions.MESSAGE_TO_CASE].read(state, locale="en", today=DAY)
    assert answer == MessageCommentEntry(7, "They pay 1,200 on Friday, promised.")
    due = DAY + timedelta(1)
    view = MESSAGES[actions.MESSAGE_TO_PROMISE].build(message_scene())
    state = filled(view, case="9", amount="1,200.00", due_on=due)
    answer = MESSAGES[actions.MESSAGE_TO_PROMISE].read(state, locale="en", today=DAY)
    assert answer == MessagePromiseEntry(9, Money("EUR", 120_000), due, "They pay 1,200 on Friday, promised.")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(CaseChoice, st.integers(1, 10**12), TEXT, st.sampled_from(KINDS), st.just({"EUR": 10**15})),
        max_size=3,
    ),
    st.sampled_from([1, 60]),
)
def test_the_cases_found_are_at_most_100_options_inside_the_limits(
    found: list[CaseChoice], times: int
) -> None:
    options = case_options(Voice("de"), found * times)["options"]
    assert len(options) <= 100
    for one in options:
        assert 0 < len(one["text"]["text"].encode("utf-16-le")) // 2 <= 75
        assert len(one["value"]) <= 150


# --- waiting and refusing ---


@pytest.mark.parametrize("locale", sorted(WORDS))
def test_the_light_modal_and_the_refusals_are_views_that_slack_takes(locale: str) -> None:
    voice = Voice(locale)
    told = "It was resolved by lead@lumen.example <!channel>." + "x" * 5000
    for view in (
        loading(voice, action=actions.SNOOZE, metadata="m"),
        refused(voice, told, action=actions.SNOOZE),
        no_longer(voice, told, action=actions.SNOOZE),
        failed(voice, action=actions.SNOOZE),
    ):
        assert view_refusals(view) == []
        assert "<!channel>" not in words(view)
        assert "submit" not in view


# --- words ---


def test_every_code_that_modals_show_has_words() -> None:
    codes = [
        *(f"dispute_reason.{one}" for one in REASONS),
        *(f"resolution.{one}" for kind in RESOLUTIONS.values() for one in kind),
        *(f"outcome.{one}" for one in OUTCOMES),
        *(f"contact_role.{one}" for one in ROLES),
        *(f"modal.call.then.{one}" for one in OUTCOMES),
        *(f"home.kind.{one}" for one in KINDS),
        *(f"contact_state.{one}" for one in STATES),
        *(f"event.{verb}" for table in (CASE, PROMISE, INSTALMENT_PLAN) for verb in table),
    ]
    assert [one for one in codes if one not in WORDS["en"]] == []


def test_all_languages_say_the_same_things_with_the_same_places_to_fill() -> None:
    places = {
        locale: {key: sorted(set(re.findall(r"\{(\w*)\}", told))) for key, told in said.items()}
        for locale, said in WORDS.items()
    }
    for locale in WORDS:
        ours = {key: value for key, value in places[locale].items() if _is_ours(key)}
        assert ours == {key: value for key, value in places["en"].items() if _is_ours(key)}
        assert all(told.strip() for key, told in WORDS[locale].items() if _is_ours(key))


def test_every_key_that_is_said_has_words_in_each_language() -> None:
    folder = Path(slack.__file__).parent
    files = [folder / "home.py", *folder.glob("modals/*.py"), *folder.glob("answers/*.py")]
    said = {
        key
        for file in files
        for key in re.findall(r"(?:voice|fail)\(\s*(?:\"\w+\", )?\"([a-z_0-9.]+)\"", file.read_text())
    }
    assert len(said) > 100
    assert {locale: sorted(said - words.keys()) for locale, words in WORDS.items()} == {
        one: [] for one in WORDS
    }


def _is_ours(key: str) -> bool:
    ours = (
        "modal",
        "form",
        "parse",
        "home",
        "answer",
        "event",
        "resolution",
        "dispute_reason",
        "contact_role",
        "contact_state",
    )
    return key.split(".", maxsplit=1)[0] in ours


def test_entries_do_not_change() -> None:
    entry = CommentEntry("x")
    with pytest.raises(FrozenInstanceError):
        entry.text = "y"  # type: ignore[misc]
