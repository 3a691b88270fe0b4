"""Many payers, many cases, many questions at once: what is asked costs no more than it must, and holds up nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from bot.asking import AnsweredError, Ask
from bot.choosing import MOST, search
from bot.desk import ASKED
from bot.worklists import Viewer, choose, read_cases, viewer_of
from relance.config.roles import Permission
from relance.errors import NotAllowedError
from relance.slack import actions as do
from relance.slack.homedata import HomeFilter
from relance.slack.speech import Voice
from relance.store.uow import UnitOfWork
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


def _cases(office: Office, count: int) -> None:
    """So many open cases beside the first: every third Ada's, every other of nobody; the later, the more is overdue."""
    office.late_payers()
    with UnitOfWork(office.database) as uow:
        many = (
            "INSERT INTO dunning_case (entity, payer_id, kind, state, owner, opened_on, facts, facts_on) "
            "SELECT entity, 'P' || n, kind, 'open', CASE WHEN n % 3 = 0 THEN 'Ada@lumen.example' END, opened_on, "
            "jsonb_build_object('payer', jsonb_build_object('name', 'Société ÉTÉ_' || n), 'totals', "
            "jsonb_build_array(jsonb_build_object('currency', 'EUR', 'open', 9, 'overdue', 1000000 + n))), facts_on "
            "FROM dunning_case, generate_series(1, :count) n"
        )
        uow.execute(sa.text(many), {"count": count})
        uow.commit()


def test_of_many_cases_only_those_that_show_are_read(office: Office) -> None:
    _cases(office, 130)
    policy, today = office.desk.policy, office.services.today
    with UnitOfWork(office.database) as uow:
        viewer = viewer_of(uow, policy, USERS["ada"])
        look = HomeFilter(page=2)
        chosen = choose(uow, policy, viewer, look, today)
        beyond = choose(uow, policy, viewer, look.changed(page=99), today)
        everybodys = choose(uow, policy, viewer, look.changed(whose="all"), today)
        cases = read_cases(
            uow, [one.case_id for one in (*chosen.lists["worklist"], *beyond.lists["worklist"])]
        )
    payers = [[cases[one.case_id].payer_id for one in of.lists["worklist"]] for of in (chosen, beyond)]
    assert payers[0] == [f"P{n}" for n in range(72, 42, -3)]  # the third page; the first payer is before them
    assert payers[1] == ["P12", "P9", "P6", "P3"]  # the last page there is
    assert chosen.totals["worklist"] == 44
    assert (len(chosen.lists["unassigned"]), chosen.totals["unassigned"]) == (3, 131 - 44)
    assert everybodys.totals["worklist"] == 131
    assert chosen.kinds == ("overdue_90",)


@pytest.mark.parametrize(
    ("typed", "payers"),
    [
        ("ETE_130 soc", ["P130"]),
        ("Été_77", ["P77"]),
        ("p12", [*(f"P{n}" for n in range(129, 119, -1)), "P12"]),
        ("été%130", []),
    ],
)
def test_cases_are_found_by_any_part_of_a_name_without_accents(
    office: Office, typed: str, payers: list[str]
) -> None:
    _cases(office, 130)
    with UnitOfWork(office.database) as uow:
        viewer = viewer_of(uow, office.desk.policy, USERS["ada"])
        found = search(uow, office.desk.policy, viewer, typed)
        cases = read_cases(uow, [one.case_id for one in found])
        assert [cases[one.case_id].payer_id for one in found] == payers
        every = search(uow, office.desk.policy, viewer, "societe")
        number = every[50].case_id
        assert len(every) == MOST
        assert search(uow, office.desk.policy, viewer, f"#{number}")[0].case_id == number


def test_who_sees_their_own_accounts_alone_finds_no_others(office: Office) -> None:
    _cases(office, 12)
    with UnitOfWork(office.database) as uow:
        own = Permission.model_validate({"role": "everybody", "may": ["see"], "own_accounts": True})
        for email, numbers in ((USERS["ada"], 5), (USERS["ben"], 0)):
            viewer = Viewer(email, frozenset({"everybody"}), frozenset({email}), (own,))
            look = HomeFilter(whose="all")
            chosen = choose(uow, office.desk.policy, viewer, look, office.services.today)
            assert (
                chosen.totals["worklist"] == numbers
            )  # four are hers, and of one payer she is the collector
            assert len(search(uow, office.desk.policy, viewer, "")) == numbers
        nobody = Viewer(USERS["ada"], frozenset(), frozenset(), ())
        assert search(uow, office.desk.policy, nobody, "") == []


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
