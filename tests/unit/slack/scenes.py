"""Cases to draw, made by hand or by Hypothesis."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from relance.cases.history import DONE
from relance.cases.promised import SHOWN
from relance.cases.reading import Case
from relance.config.models import LEVELS
from relance.slack.cards import KINDS, Comment, Scene
from relance.slack.speech import Voice
from relance.slack.words import WORDS

DAY = date(2026, 3, 12)


def facts(**other: Any) -> dict[str, Any]:
    return {
        "payer": {"customer_id": "C1", "name": "Brasserie du Port SARL", "country": "FR", "collector": None, "sales_owner": None},
        "totals": [
            {"currency": "EUR", "open": 1_234_550, "overdue": 1_000_000, "credit": 5_000},
            {"currency": "JPY", "open": 90_000, "overdue": 0, "credit": 0},
        ],
        "oldest_due": "2025-11-30",
        "invoices": 12,
        "late_invoices": 9,
        "about": 7,
        "items": [
            {"invoice_id": f"F-10{n}", "due_date": "2025-11-30", "open": 100_000 + n, "currency": "EUR", "delivery_status": None}
            for n in range(5)
        ],
        "level_reached": "level_2",
        "last_contact": {"on": "2026-03-01", "channel": "email", "level": "level_2", "state": "sent"},
        "next": {"what": "wait", "step": "formal", "on": "2026-03-16"},
        "threshold": 90,
        **other,
    }  # fmt: skip


def promised(
    state: str = "open", *, speak: str | None = None, due: date = DAY, **other: Any
) -> dict[str, Any]:
    return {
        "promise_id": 1, "amount": 120_000, "currency": "EUR", "paid": 20_000, "made_on": "2026-03-02",
        "due_on": due.isoformat(), "grace_until": (due + timedelta(days=2)).isoformat(), "state": state,
        "by": "collector@lumen.example", "speak": speak, "invoices": None, **other,
    }  # fmt: skip


def case(kind: str = "overdue_90", **other: Any) -> Case:
    values: dict[str, Any] = {
        "case_id": 7, "entity": "FR01", "payer_id": "C1", "kind": kind, "subject": "", "state": "open",
        "revision": 1, "owner": "collector@lumen.example", "opened_on": DAY, "closed_on": None, "closed_reason": None,
        "facts": facts(), "facts_on": DAY, **other,
    }  # fmt: skip
    return Case(**values)


def promise_case(speak: str | None = None, *, reason: str | None = None, **other: Any) -> Case:
    state = (
        reason
        if reason in {"kept", "partly_kept", "replaced"}
        else "broken"
        if speak == "broken" or reason
        else "open"
    )
    shown = facts(promises=[promised(state, speak=speak)], more_promises=0, speak=speak)
    closed = {"state": "closed", "closed_on": DAY, "closed_reason": reason} if reason else {}
    return case("promise", **{"facts": shown, **closed, **other})


def scene(one: Case, locale: str = "en", **other: Any) -> Scene:
    return Scene(one, "Lumen SAS", Voice(locale), **other)


def comment(text: str, actor: str = "sales@lumen.example", *, edited: bool = False) -> Comment:
    return Comment(actor, text, DAY, edited)


HOSTILE = [
    "<!channel>", "<@U1>", "*b*", "_i_", "~s~", "`c`", "&amp;", "<http://x|y>", "\u202e", "\u202eשלום", "مرحبا",
    "👩\u200d👩\u200d👧", "🏴\u200d☠️", "|", "{payer}", ":bell:", "\n", "\x00",
]  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=80)), max_size=60).map("".join)
DATES = st.dates(date(1990, 1, 1), date(2200, 1, 1)).map(date.isoformat)
MONEY = st.integers(0, 10**15)
CURRENCIES = st.sampled_from(["EUR", "JPY", "TND", "USD", "HUF", "CHF"])
_ITEM = st.fixed_dictionaries(
    {"invoice_id": TEXT, "due_date": DATES, "open": MONEY, "currency": CURRENCIES, "delivery_status": TEXT}
)
_TOTAL = st.fixed_dictionaries({"currency": CURRENCIES, "open": MONEY, "overdue": MONEY, "credit": MONEY})
_LEVEL = st.sampled_from([*LEVELS, "a level nobody has named"])
_CONTACT = st.fixed_dictionaries(
    {"on": DATES, "channel": TEXT, "level": _LEVEL, "state": st.sampled_from(DONE)}
)
_NEXT = st.one_of(
    st.fixed_dictionaries({"what": st.just("act"), "step": TEXT, "level": _LEVEL}),
    st.fixed_dictionaries({"what": st.just("wait"), "step": TEXT, "on": DATES}),
    st.fixed_dictionaries({"what": st.just("hold"), "reason": TEXT, "until": st.none() | DATES}),
    st.just({"what": "exhausted"}),
)
_SPEAK = st.sampled_from([None, "eve", "today", "broken"])
_PROMISE = st.fixed_dictionaries(
    {
        "promise_id": st.integers(1, 10**9), "amount": MONEY, "currency": CURRENCIES, "paid": MONEY, "made_on": DATES,
        "due_on": DATES, "grace_until": DATES, "state": st.sampled_from(["open", "kept", "partly_kept", "broken", "replaced"]),
        "by": TEXT, "speak": _SPEAK, "invoices": st.none() | st.integers(1, 10_000),
    }
)  # fmt: skip

_UNDELIVERED = st.fixed_dictionaries(
    {
        "what": st.sampled_from(["bounced", "failed", "in_doubt"]), "channel": TEXT, "address": st.none() | TEXT,
        "on": DATES, "why": st.none() | TEXT,
    }
)  # fmt: skip


_DEMANDED = st.lists(st.fixed_dictionaries({"currency": CURRENCIES, "amount": MONEY}), max_size=30)
_ATTEMPT = st.fixed_dictionaries(
    {"on": DATES, "by": TEXT, "outcome": TEXT, "note": st.none() | TEXT}
)  # fmt: skip
_RISK = st.fixed_dictionaries(
    {"what": st.sampled_from(["drift", "signal"]), "on": DATES, "was": TEXT, "now": TEXT, "owner": st.none() | TEXT,
     "note": st.none() | TEXT}
)  # fmt: skip
_ABOUT: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "approval": st.fixed_dictionaries(
        {
            "role": TEXT,
            "what": TEXT,
            "step": TEXT,
            "level": _LEVEL,
            "expires_on": DATES,
            "demanded": _DEMANDED,
        }
    ),
    "delivery": st.one_of(
        st.fixed_dictionaries({"undelivered": _UNDELIVERED}), st.fixed_dictionaries({"held": TEXT})
    ),
    "question": st.one_of(
        st.fixed_dictionaries({"asks": TEXT}),
        st.fixed_dictionaries({"held": TEXT}),
        st.fixed_dictionaries({"task": st.one_of(TEXT, st.fixed_dictionaries({"step": TEXT, "text": TEXT}))}),
    ),
    "dispute": st.one_of(st.just({"asks": "dispute"}), st.fixed_dictionaries({"held": TEXT}), st.just({})),
    "no_contact": st.one_of(st.just({}), st.fixed_dictionaries({"held": TEXT})),
    "risk": st.fixed_dictionaries({"risk": st.lists(_RISK, max_size=8)}),
    "handover": st.one_of(
        st.just({}),
        st.fixed_dictionaries(
            {"handed_over": st.fixed_dictionaries({"on": DATES, "invoices": st.integers(1, 9999)})}
        ),
    ),
    "exhausted": st.one_of(st.just({}), st.just({"refused": True})),
}
_SAID: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "dispute": st.fixed_dictionaries(
        {"reason": TEXT, "currency": CURRENCIES, "text": st.none() | TEXT, "evidence": st.lists(TEXT, max_size=12),
         "amounts": st.dictionaries(TEXT, st.none() | MONEY, max_size=12)}
    ),
    "call": st.fixed_dictionaries(
        {"attempts": st.lists(_ATTEMPT, max_size=8), "next_on": st.none() | DATES, "person": st.none() | TEXT,
         "phone": st.none() | TEXT, "key": TEXT, "step": st.none() | TEXT}
    ),
    "approval": st.one_of(
        st.just({}),
        st.fixed_dictionaries(
            {"asks": st.sampled_from(["snooze", "write_off"]), "until": st.none() | DATES, "why": st.none() | TEXT,
             "invoices": st.none() | st.lists(TEXT, max_size=30),
             "votes": st.lists(st.one_of(TEXT, st.fixed_dictionaries({"by": TEXT})), max_size=8)}
        ),
    ),
}  # fmt: skip
_RESTS = st.fixed_dictionaries(
    {},
    optional={
        "snooze": st.fixed_dictionaries({"reason": TEXT, "by": TEXT}),
        "written_off": st.fixed_dictionaries({"approved_by": TEXT}),
        "resolved": st.fixed_dictionaries({"by": TEXT, "note": st.none() | TEXT}),
        "announced": st.lists(
            st.fixed_dictionaries(
                {"state": st.sampled_from(["open", "paid"]), "expected_on": DATES, "amount": st.none() | MONEY,
                 "currency": CURRENCIES, "reference": st.none() | TEXT, "by": TEXT}
            ),
            max_size=12,
        ),
    },
)  # fmt: skip


@st.composite
def hostile_scenes(draw: st.DrawFn) -> Scene:
    kind = draw(st.sampled_from(KINDS))
    promise = {
        "promises": draw(st.lists(_PROMISE, min_size=1, max_size=SHOWN)),
        "more_promises": draw(st.integers(0, 10_000)),
        "speak": draw(_SPEAK),
    }
    people = {
        "customer_id": "C1",
        "name": draw(TEXT),
        "country": "FR",
        "collector": None,
        "sales_owner": None,
    }
    shown = facts(
        payer=people,
        totals=draw(st.lists(_TOTAL, max_size=30)),
        oldest_due=draw(st.none() | DATES),
        invoices=draw(st.integers(0, 10_000)),
        late_invoices=draw(st.integers(0, 10_000)),
        about=draw(st.integers(0, 10_000)),
        items=draw(st.lists(_ITEM, max_size=5)),
        level_reached=draw(st.none() | _LEVEL),
        last_contact=draw(st.none() | _CONTACT),
        next=draw(st.none() | _NEXT),
        **(promise if kind == "promise" else draw(_ABOUT.get(kind, st.just({})))),
    )
    if kind == "data" and draw(st.booleans()):
        shown = {}
    ended = draw(
        st.sampled_from([None, "paid", "kept", "paid_late", "replaced", "written_off", "something new"])
    )
    closed = {"state": "closed", "closed_on": DAY, "closed_reason": ended} if ended else {}
    rest = draw(_RESTS)
    one = case(
        kind, facts=shown, owner=draw(st.none() | TEXT), payer_id=draw(TEXT), revision=draw(st.integers(1, 2**31)),
        watchers=draw(st.lists(TEXT, max_size=50)), details={**draw(_SAID.get(kind, st.just({}))), **rest},
        due_on=draw(st.none() | st.just(DAY)), snoozed_until=draw(st.none() | st.just(DAY)),
        requested_by=draw(st.none() | TEXT), **closed,
    )  # fmt: skip
    said = draw(st.none() | st.builds(comment, TEXT, TEXT, edited=st.booleans()))
    link = draw(st.sampled_from([None, "https://lumen.example/{entity}/{payer_id}/{case_id}"]))
    links = draw(
        st.dictionaries(TEXT.filter(str.strip), st.just("https://erp.lumen.example/{payer_id}"), max_size=12)
    )
    return Scene(one, draw(TEXT), Voice(draw(st.sampled_from(sorted(WORDS)))), said, link, links)
