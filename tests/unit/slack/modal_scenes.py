"""Scenes of modals, Home tabs and answers, made by hand or by Hypothesis; and forms filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from relance.cases.calling import OUTCOMES
from relance.cases.reading import Case, Event
from relance.cases.transitions import KINDS
from relance.config.roles import ACTIONS
from relance.money import Money
from relance.slack import actions
from relance.slack.home import LISTS, WHOSE, HomeData, HomeFilter, HomeList, HomeRow
from relance.slack.modals import CaseChoice, Item, KnownContact, MessageScene, ModalScene
from relance.slack.speech import Voice
from relance.slack.words import WORDS
from tests.unit.slack.scenes import CURRENCIES, DAY, MONEY, TEXT, case, facts, promise_case, promised

DECIDED = (actions.APPROVE, actions.REJECT)


def items(count: int = 5, *, currency: str = "EUR") -> list[Item]:
    """Open invoices of 100.00, 200.00 …, each due a day after the one before."""
    return [Item(f"F-{n}", DAY - timedelta(100 - n), 10_000 * n, currency) for n in range(1, count + 1)]


def question(**details: Any) -> Case:
    """An approval of a step, or of a person's request."""
    asked = facts(
        role="finance_lead", what="letter", step="formal", level="level_3", expires_on="2026-03-17",
        demanded=[{"amount": 1_234_550, "currency": "EUR"}], invoices_asked=["F-1", "F-2"],
    )  # fmt: skip
    return case("approval", facts=asked, details=details, requested_by="sales@lumen.example")


def case_for(action: str) -> Case:
    """A case on which that modal is opened."""
    if action in DECIDED:
        return question()
    if action == actions.CALL:
        attempt = {"on": "2026-03-10", "by": "collector@lumen.example", "outcome": "voicemail", "note": None}
        return case(
            "call", details={"person": "Accounts payable", "phone": "+33123456789", "attempts": [attempt]}
        )
    if action == actions.REOPEN:
        return case("dispute", state="closed", closed_on=DAY, closed_reason="rejected")
    if action == actions.RESOLVE:
        return case("dispute")
    return promise_case()


def scene(action: str, locale: str = "en", **other: Any) -> ModalScene:
    """What a modal is drawn from."""
    values: dict[str, Any] = {
        "case": case_for(action), "voice": Voice(locale), "today": DAY, "items": items(), "longest_snooze": 14,
        "people": {"collector@lumen.example": "U1", "sales@lumen.example": "U2"}, "contacts": CONTACTS, "events": EVENTS, **other,
    }  # fmt: skip
    return ModalScene(**values)


CONTACTS = [
    KnownContact("K1", "email", "ap@port.example", "Accounts payable"),
    KnownContact("K1", "call", "+33123456789", "Accounts payable"),
]


def event(number: int, verb: str, actor: str = "sales@lumen.example", **body: Any) -> Event:
    """One thing that happened."""
    return Event(
        number, 7, verb, actor, DAY - timedelta(40 - number % 40), body, datetime(2026, 3, 12, 9, tzinfo=UTC)
    )


EVENTS = [
    event(1, "open", "relance"),
    event(2, "comment", text="They say the pallets came broken."),
    event(3, "promise", amount=120_000, currency="EUR", due_on="2026-03-20"),
    event(4, "snooze", until="2026-03-25", reason="a large order is coming"),
    event(5, "close", "relance", reason="kept"),
]


def message_scene(locale: str = "en", **other: Any) -> MessageScene:
    """What a message shortcut's modal is drawn from."""
    choice = CaseChoice(7, "Brasserie du Port SARL", "promise", {"EUR": 1_234_550})
    values: dict[str, Any] = {
        "voice": Voice(locale), "today": DAY, "source": "C1:1773300000.000100",
        "text": "They pay 1,200 on Friday, promised.", "cases": [choice], **other,
    }  # fmt: skip
    return MessageScene(**values)


def filled(view: Mapping[str, Any], **values: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """`view.state.values` as Slack sends them: what stands in the fields at first, and what a person put in, by block name."""
    state: dict[str, dict[str, dict[str, Any]]] = {}
    names = set()
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        name = block["block_id"].split("|")[0]
        names.add(name)
        element = block["element"]
        state[block["block_id"]] = {element["action_id"]: _state_of(element, values.get(name))}
    assert values.keys() <= names, values.keys() - names
    return state


def _state_of(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind in {"static_select", "radio_buttons", "external_select"}:
        chosen = {"text": {"type": "plain_text", "text": "x"}, "value": value} if value else None
        return {"type": kind, "selected_option": chosen or element.get("initial_option")}
    if kind == "multi_static_select":
        chosen_of = [one for one in element["options"] if value and one["value"].split(":", 2)[-1] in value]
        assert not value or len(chosen_of) == len(value)
        return {"type": kind, "selected_options": chosen_of or element.get("initial_options", [])}
    if kind == "users_select":
        return {"type": kind, "selected_user": value or element.get("initial_user")}
    if kind == "multi_users_select":
        return {"type": kind, "selected_users": value or element.get("initial_users", [])}
    if kind == "datepicker":
        day = value.isoformat() if isinstance(value, date) else value
        return {"type": kind, "selected_date": day or element.get("initial_date")}
    return {"type": kind, "value": value or element.get("initial_value")}


_ITEMS = st.builds(Item, TEXT, st.dates(date(1990, 1, 1), date(2200, 1, 1)), MONEY, CURRENCIES)
_BODY = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXT, "reason": TEXT, "amount": MONEY, "currency": CURRENCIES, "until": st.sampled_from(["2026-03-20", "soon"]),
        "to": TEXT, "outcome": TEXT, "why": TEXT,
    },
)  # fmt: skip
_EVENTS = st.builds(event, st.integers(1, 10**6), TEXT, TEXT)
_CONTACTS = st.builds(KnownContact, TEXT, st.sampled_from(["email", "call", "fax"]), TEXT, st.none() | TEXT)
_PREFILL = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXT, "reason": TEXT, "date": st.just("2026-03-20"), "outcome": st.sampled_from([*OUTCOMES, "new"]),
        "page": st.integers(-3, 10**6), "note": TEXT, "amount": TEXT, "currency": CURRENCIES, "parts": TEXT,
        "invoices": st.lists(TEXT, max_size=3), "evidence": TEXT,
    },
)  # fmt: skip


@st.composite
def hostile_cases(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> Case:
    """A case of ledger text that wants out."""
    kind = draw(st.sampled_from(kinds))
    payer = {
        "customer_id": "C1",
        "name": draw(TEXT),
        "country": draw(TEXT),
        "collector": None,
        "sales_owner": draw(st.none() | TEXT),
    }
    total = st.fixed_dictionaries({"currency": CURRENCIES, "open": MONEY, "overdue": MONEY, "credit": MONEY})
    demanded = st.fixed_dictionaries({"currency": CURRENCIES, "amount": MONEY})
    shown = facts(
        payer=payer, totals=draw(st.lists(total, max_size=9)), promises=[promised(due=DAY + timedelta(5))], step=draw(TEXT),
        level=draw(TEXT), what=draw(TEXT), demanded=draw(st.lists(demanded, max_size=9)),
        invoices_asked=draw(st.lists(TEXT, max_size=20)),
    )  # fmt: skip
    if draw(st.integers(0, 9)) == 0:
        shown = {}
    asks = draw(st.sampled_from([{}, {"asks": "snooze", "until": "2026-05-01"}, {"asks": "write_off"}]))
    details = {
        **asks,
        "why": draw(TEXT),
        "votes": [{"by": draw(TEXT)}],
        "person": draw(TEXT),
        "phone": draw(TEXT),
    }
    closed = draw(st.sampled_from([{}, {"state": "closed", "closed_on": DAY, "closed_reason": "rejected"}]))
    return case(
        kind, facts=shown, payer_id=draw(TEXT), entity=draw(TEXT), owner=draw(st.none() | TEXT), details=details,
        requested_by=draw(st.none() | TEXT), **closed,
    )  # fmt: skip


_MANY = [Item(f"{n}{'x' * (n % 200)}", DAY, n, "EUR") for n in range(10_000)]


@st.composite
def hostile_modal_scenes(draw: st.DrawFn, action: str) -> ModalScene:
    """The scene of a modal, with as many invoices as a payer may have."""
    few = draw(st.lists(_ITEMS, max_size=4))
    many = _MANY[: draw(st.sampled_from([0, 1, 99, 100, 101, 10_000]))]
    return ModalScene(
        case=draw(hostile_cases()), voice=Voice(draw(st.sampled_from(sorted(WORDS)))), today=DAY, items=[*few, *many],
        people={"collector@lumen.example": "U1"}, longest_snooze=draw(st.none() | st.integers(0, 400)),
        prefill=draw(_PREFILL), notation=draw(st.sampled_from([None, "fr-CH", "es-LA", "tlh"])),
        events=draw(st.lists(_EVENTS, max_size=5)) * draw(st.sampled_from([1, 40])),
        contacts=draw(st.lists(_CONTACTS, max_size=3)) * draw(st.sampled_from([1, 60])),
    )  # fmt: skip


_MONEYS = st.lists(st.builds(Money, CURRENCIES, MONEY), max_size=8).map(tuple)
_ROWS = st.builds(
    HomeRow, st.integers(1, 10**12), st.integers(1, 10**6), st.sampled_from([*KINDS, "new"]), TEXT, TEXT, _MONEYS,
    days_late=st.integers(-5, 10**5), due_on=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    opened_on=st.none() | st.just(DAY), owner=st.none() | TEXT, snoozed_until=st.none() | st.just(DAY), step=st.none() | TEXT,
    permalink=st.sampled_from([None, "https://lumen.example/x|y", "https://lumen.example/" + "a" * 4000]),
    may=st.sampled_from([frozenset(), frozenset(ACTIONS)]),
)  # fmt: skip


@st.composite
def hostile_homes(draw: st.DrawFn) -> HomeData:
    """A Home tab with everything in it."""
    rows = draw(st.lists(_ROWS, min_size=1, max_size=3)) * draw(st.sampled_from([1, 10]))
    lists = {
        name: HomeList(tuple(rows), draw(st.integers(len(rows), 10_000)))
        for name in LISTS
        if draw(st.booleans())
    }
    look = HomeFilter(
        draw(st.sampled_from(LISTS)), draw(st.sampled_from(WHOSE)), draw(st.sampled_from(["", "call", "gone"])),
        draw(st.sampled_from(["", "E1", "gone"])), draw(st.integers(0, 5000)),
    )  # fmt: skip
    entities = {f"E{n}": draw(TEXT) if n < 3 else "x" for n in range(draw(st.sampled_from([0, 2, 300])))}
    at = datetime(2026, 3, 12, 8, 5, tzinfo=UTC)
    return HomeData(DAY, at, look, lists, KINDS, entities, draw(st.none() | TEXT))
