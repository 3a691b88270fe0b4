"""Instalment plans: agreed, held, measured, kept, broken, replaced; and from the command line to the plan of a day."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from typer.testing import CliRunner, Result

from relance import cases, slack
from relance.cases.agreeing import agree
from relance.cases.instalments import measure_instalments
from relance.cases.reading import InstalmentPlan, read_instalment_plans
from relance.cases.record import Journal
from relance.cli import case as case_commands
from relance.cli import main
from relance.config.policy import Policy
from relance.config.roles import Roles
from relance.errors import AlreadyDoneError, CaseError, NotAllowedError, RelanceError
from relance.money import Money
from relance.store import schema, timeline
from relance.store.database import Database
from relance.store.profiles import plans_until
from relance.store.uow import UnitOfWork
from tests.integration.cases.world import ENTITY, World, invoice, policy
from tests.integration.day.conftest import Company

pytestmark = pytest.mark.integration
MADE = date(2026, 3, 2)  # a Monday
GRACE = timedelta(days=2)
LEAD, COLLECTOR = "lead@lumen.example", "collections@lumen.example"
PARTS = (("500.00 EUR", 0), ("500.00 EUR", 30), ("500.00 EUR", 60))
ROLES = {
    "roles": {"lead": {"people": [LEAD]}, "collector": {"people": [COLLECTOR]}},
    "permissions": [
        {"role": "everybody", "may": ["promise"]},
        {"role": "lead", "may": ["instalments", "resolve", "reopen"]},
        {"role": "collector", "may": ["instalments"], "up_to": ["1000.00 EUR"]},
    ],
}


def day(number: int) -> date:
    return MADE + timedelta(days=number)


def with_roles() -> Policy:
    return policy().model_copy(update={"roles": Roles.model_validate(ROLES)})


class Agreeing(World):
    """A world in which people agree on instalments."""

    def agree(self, parts: Sequence[tuple[str, int]] = PARTS, on: int = 0, **other: Any) -> int:
        with UnitOfWork(self.database) as uow:
            number = agree(
                uow, policy=self.policy, entity=ENTITY, payer_id=other.pop("payer_id", "C1"),
                parts=[(Money.parse(amount), day(due)) for amount, due in parts], by=other.pop("by", LEAD),
                on_date=day(on), **other,
            )  # fmt: skip
            uow.commit()
        return number

    def measure(self, at: int) -> dict[int, InstalmentPlan]:
        with UnitOfWork(self.database) as uow:
            journal = Journal(uow=uow, entity=ENTITY, on=day(at))
            changed = measure_instalments(journal, snapshot=self.snapshot(day(at)))
            journal.write()
            uow.commit()
        return changed

    def plans(self) -> list[InstalmentPlan]:
        with UnitOfWork(self.database) as uow:
            return read_instalment_plans(uow, entity=ENTITY, payers=["C1"])

    def holds(self) -> list[tuple[str | None, date, date, date | None]]:
        rows = [row for row in self.rows(schema.hold) if row["reason"] == "instalment_plan"]
        return [(row["invoice_id"], row["from_date"], row["until"], row["ended_on"]) for row in rows]

    def held(self, at: int) -> set[str | None]:
        """What rests on a day because of a plan, as planning reads it."""
        on = day(at)
        return {
            item
            for item, begin, until, ended in self.holds()
            if begin <= on <= until and (ended is None or ended > on)
        }

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        plans = {table.name: self.rows(table) for table in (schema.instalment_plan, schema.instalment)}
        return {**super().everything(), **plans}

    def case(self) -> cases.Case:
        return self.cases("promise")[-1]

    def verbs(self) -> list[str]:
        return [row["verb"] for row in self.rows(schema.case_event)]


@pytest.fixture
def world(database: Database) -> Agreeing:
    one = Agreeing(database, with_roles())
    one.ledger(
        customers=[{"customer_id": "C1"}, {"customer_id": "C2", "payer_id": "C1"}, {"customer_id": "C3"}],
        invoices=[
            invoice("F1", date(2026, 2, 1), 100_000),
            invoice("F2", date(2026, 2, 10), 50_000),
            invoice("F9", date(2026, 2, 1), 5_000, customer_id="C3"),
        ],
    )
    return one


def test_a_plan_opens_a_promise_case_that_shows_its_parts(world):
    number = world.agree()
    (made,) = world.plans()
    assert (made.case_id, made.state, made.by, made.invoices, made.made_on) == (
        number,
        "open",
        LEAD,
        None,
        MADE,
    )
    assert [(part.amount, part.due_on, part.grace_until) for part in made.parts] == [
        (50_000, day(due), day(due) + GRACE) for due in (0, 30, 60)
    ]
    one = world.case()
    assert (one.kind, one.state, one.payer_id) == ("promise", "open", "C1")
    (shown,) = one.facts["instalments"]
    assert (shown["amount"], [part["due_on"] for part in shown["parts"]]) == (
        150_000,
        [str(day(due)) for due in (0, 30, 60)],
    )
    (line,) = one.facts["promises"]
    assert (line["amount"], line["due_on"], line["instalment"], line["instalments"]) == (
        50_000, str(MADE), 1, 3,
    )  # fmt: skip
    event = world.rows(schema.case_event)[-1]
    assert (event["verb"], [part["amount"] for part in event["body"]["parts"]]) == (
        "instalments",
        [50_000] * 3,
    )


def test_a_plan_joins_the_payers_open_promise_case(world):
    number = world.promise("10.00 EUR", day(5), MADE, invoices=["F2"])
    assert world.agree((("100.00 EUR", 0), ("100.00 EUR", 30)), invoices=["F1"]) == number


def test_the_first_hold_stands_to_the_end_of_the_first_parts_grace(world):
    world.agree()
    assert world.holds() == [(None, MADE, MADE + GRACE, None)]
    assert [world.held(at) for at in (0, 2, 3)] == [{None}, {None}, set()]
    assert world.rows(schema.hold)[0]["source"] == f"{LEAD}, {MADE}"


def test_a_plan_for_invoices_holds_each_of_them(world):
    world.agree((("500.00 EUR", 0), ("900.00 EUR", 30)), invoices=["F2", "F1"])
    assert [item for item, *_ in world.holds()] == ["F1", "F2"]


def test_a_paid_part_holds_dunning_to_the_end_of_the_next_ones_grace(world):
    world.agree()
    world.pay("B1", day(1), 50_000)
    world.measure(1)
    assert world.holds() == [(None, MADE, MADE + GRACE, day(1)), (None, day(1), day(30) + GRACE, None)]
    assert [world.held(at) for at in (0, 1, 32, 33)] == [{None}, {None}, {None}, set()]
    assert [(part.paid, part.paid_on) for part in world.plans()[0].parts] == [
        (50_000, day(1)), (0, None), (0, None),
    ]  # fmt: skip
    assert world.verbs() == ["open", "instalments", "instalment_paid"]


def test_an_untouched_part_keeps_the_hold_as_it_is(world):
    world.agree()
    before = world.holds()
    world.work(day(1))
    assert world.holds() == before


def test_two_parts_paid_at_once_move_the_hold_once(world):
    world.agree()
    world.pay("B1", day(1), 100_000)
    world.measure(1)
    assert world.holds()[1:] == [(None, day(1), day(60) + GRACE, None)]


def test_all_parts_paid_keep_the_plan_end_the_hold_on_the_next_day_and_close_the_case(world):
    world.agree()
    for at in (0, 30, 60):
        world.pay(f"B{at}", day(at), 50_000)
        world.work(day(at))
    (made,) = world.plans()
    assert (made.state, made.concluded_on) == ("kept", day(60))
    assert (world.case().state, world.case().closed_reason) == ("closed", "kept")
    assert [ended for *_, ended in world.holds()] == [day(0), day(30), day(61)]


def test_a_kept_plan_leaves_the_case_open_while_a_promise_runs_on_it(world):
    world.promise("10.00 EUR", day(80), MADE, invoices=["F2"])
    world.agree((("100.00 EUR", 0), ("100.00 EUR", 3)), invoices=["F1"])
    world.pay("B1", day(0), 20_000, "F1")
    world.work(day(0))
    assert (world.plans()[0].state, world.case().state) == ("kept", "open")


def test_a_concluded_promise_does_not_close_the_case_of_a_running_plan(world):
    world.promise("10.00 EUR", day(5), MADE, invoices=["F2"])
    world.agree((("100.00 EUR", 0), ("100.00 EUR", 30)), invoices=["F1"])
    world.pay("B1", day(0), 10_000, "F1")
    world.pay("B2", day(0), 1_000, "F2")
    world.work(day(0))
    assert world.promises()[0].state == "kept"
    assert (world.plans()[0].state, world.case().state) == ("open", "open")


def test_a_missed_part_breaks_the_plan_and_the_case_stays_open_and_says_so(world):
    world.agree()
    world.work(day(2))
    assert world.plans()[0].state == "open"
    world.work(day(3))
    (made,) = world.plans()
    assert (made.state, made.concluded_on) == ("broken", day(3))
    assert (world.case().state, world.case().facts["speak"]) == ("open", "broken")
    assert world.held(3) == set()
    assert [ended for *_, ended in world.holds()] == [day(4)]
    event = next(row for row in world.rows(schema.case_event) if row["verb"] == "break")
    assert (event["body"]["number"], event["body"]["amount"], event["body"]["paid"]) == (1, 50_000, 0)


def test_money_that_comes_late_deals_with_a_broken_plan_and_closes_its_case(world):
    world.agree()
    world.work(day(3))
    world.pay("B1", day(6), 40_000)
    world.work(day(6))
    assert world.case().state == "open"
    world.pay("B2", day(7), 10_000)
    world.work(day(7))
    assert (world.plans()[0].state, world.plans()[0].dealt_on) == ("broken", day(7))
    assert (world.case().state, world.case().closed_reason) == ("closed", "paid_late")


@pytest.mark.parametrize("how", ["instalments", "new_promise"])
def test_a_new_agreement_deals_with_a_broken_plan(world, how):
    number = world.agree()
    world.work(day(3))
    if how == "instalments":
        assert world.agree((("700.00 EUR", 4), ("700.00 EUR", 34)), on=4) == number
    else:
        assert world.promise("1500.00 EUR", day(9), day(4)) == number
    assert (world.plans()[0].state, world.plans()[0].dealt_on) == ("broken", day(4))
    assert world.case().facts["speak"] != "broken"
    told = [row["body"]["how"] for row in world.rows(schema.case_event) if row["verb"] == "deal_with"]
    assert told == [how]


def test_a_new_plan_replaces_an_earlier_one_whose_invoices_it_covers(world):
    number = world.agree(PARTS[:2], invoices=["F1"])
    assert world.agree(on=1, parts=(("500.00 EUR", 1), ("900.00 EUR", 40))) == number
    assert [one.state for one in world.plans()] == ["replaced", "open"]
    assert world.holds() == [("F1", MADE, MADE + GRACE, day(1)), (None, day(1), day(1) + GRACE, None)]


def test_a_plan_for_other_invoices_stands_beside_the_first(world):
    world.agree((("500.00 EUR", 0), ("500.00 EUR", 30)), invoices=["F1"])
    world.agree((("100.00 EUR", 0), ("100.00 EUR", 30)), invoices=["F2"])
    assert [one.state for one in world.plans()] == ["open", "open"]


def test_a_plan_for_a_part_of_a_running_one_is_refused(world):
    world.agree()
    with pytest.raises(
        CaseError, match=r"for all that the payer owes is running\. Agree on a plan for at least"
    ):
        world.agree((("500.00 EUR", 0), ("500.00 EUR", 30)), invoices=["F1"])
    assert [one.state for one in world.plans()] == ["open"]


def test_a_plan_replaces_an_open_promise_that_it_covers(world):
    world.promise("900.00 EUR", day(5), MADE, invoices=["F1"])
    world.agree()
    assert [one.state for one in world.promises()] == ["replaced"]
    assert [row["ended_on"] for row in world.rows(schema.hold)] == [MADE, None]


def test_the_amount_that_a_role_may_agree_on_counts_the_plans_that_run_already(world):
    """A collector agrees on 1,000.00 EUR in all."""
    world.agree([("400.00 EUR", 0), ("400.00 EUR", 30)], by=COLLECTOR, invoices=["F1"])
    for total, refused in ((101, True), (100, False)):
        parts = [(f"{total}.00 EUR", 0), ("100.00 EUR", 30)]
        if refused:
            with pytest.raises(NotAllowedError, match=r"only up to 1000\.00 EUR"):
                world.agree(parts, by=COLLECTOR, invoices=["F2"])
        else:
            world.agree(parts, by=COLLECTOR, invoices=["F2"])
    assert [one.state for one in world.plans()] == ["open", "open"]
    world.agree([("500.00 EUR", 0), ("500.00 EUR", 30)], by=COLLECTOR)  # it replaces both


def test_the_same_plan_twice_changes_nothing(world):
    number = world.agree()
    before = world.everything()
    assert world.agree() == number
    assert world.everything() == before


def test_the_same_plan_noted_by_two_people_stands_once_and_the_second_is_told(world):
    number = world.agree(parts=PARTS[:2])
    before = world.everything()
    with pytest.raises(AlreadyDoneError, match=f"already by {LEAD} on {MADE}: case {number}"):
        world.agree(parts=PARTS[:2], by=COLLECTOR)
    assert world.everything() == before


def test_two_people_agree_at_once_and_one_plan_is_made(world):
    threads = [threading.Thread(target=world.agree) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [len(world.cases("promise")), len(world.plans()), len(world.holds())] == [1, 1, 1]


@pytest.mark.parametrize("paid", [[], [50_000], [20_000], [100_000], [150_000]])
def test_measuring_and_working_a_day_twice_change_nothing(world, paid):
    world.agree()
    for number, amount in enumerate(paid):
        world.pay(f"B{number}", day(1), amount)
    for at in (0, 1, 3, 33):
        world.measure(at)
        before = world.everything()
        assert world.measure(at) == {}
        assert world.everything() == before
        world.work(day(at))
        before = world.everything()
        assert world.work(day(at)).as_dict() == {"opened": 0, "updated": 0, "closed": 0}
        assert world.measure(at) == {}
        assert world.everything() == before


def test_a_day_before_what_was_measured_is_left_alone(world):
    world.agree()
    world.pay("B1", day(1), 50_000)
    world.measure(1)
    before = world.everything()
    assert world.measure(0) == {}
    assert world.everything() == before


def test_money_sent_back_within_the_grace_takes_the_hold_back(world):
    world.agree()
    world.pay("B1", day(0), 50_000)
    world.measure(0)
    world.pay("B2", day(1), -50_000)
    world.measure(1)
    assert world.plans()[0].parts[0].paid_on is None
    assert world.verbs()[-1] == "instalment_returned"
    assert [world.held(at) for at in (1, 2, 3)] == [{None}, {None}, set()]


def test_money_counts_once_for_a_promise_and_a_plan(world):
    world.promise("100.00 EUR", day(2), MADE, invoices=["F2"])
    world.agree((("500.00 EUR", 0), ("500.00 EUR", 30)), invoices=["F1"])
    world.pay("B1", day(1), 55_000)
    world.work(day(1))
    assert [part.paid for part in world.plans()[0].parts] == [50_000, 0]
    assert world.promises()[0].paid == 5_000


def test_money_on_another_invoice_does_not_pay_a_part(world):
    world.agree((("500.00 EUR", 0), ("500.00 EUR", 30)), invoices=["F1"])
    world.pay("B1", day(1), 50_000, "F2")
    world.work(day(1))
    assert world.plans()[0].parts[0].paid == 0


def test_money_of_a_customer_that_the_payer_pays_for_counts_from_the_day_of_the_agreement(world):
    world.pay("B0", day(-1), 50_000)
    world.agree()
    world.pay("B1", day(1), 20_000, customer="C2")
    world.work(day(1))
    assert world.plans()[0].parts[0].paid == 20_000


def test_what_is_credited_away_leaves_nothing_to_break(world):
    world.agree((("250.00 EUR", 0), ("250.00 EUR", 30)), invoices=["F2"])
    note = invoice("N1", day(1), 50_000, kind="credit_note", credits_invoice_id="F2", issue_date=day(1))
    world.ledger(invoices=[note])
    world.work(day(1))
    assert (world.plans()[0].state, world.case().closed_reason) == ("kept", "kept")


def test_the_card_speaks_of_the_awaited_part(world):
    world.agree((("500.00 EUR", 0), ("500.00 EUR", 10)))
    world.pay("B1", day(0), 50_000)
    said = []
    for at in (0, 8, 9, 10, 13):
        world.work(day(at))
        said.append(world.case().facts["speak"])
    assert said == [None, None, "eve", "today", "broken"]


def test_a_posted_card_says_in_its_thread_that_a_part_was_missed(world):
    world.agree()
    with UnitOfWork(world.database) as uow:
        slack.queue(uow, policy=world.policy, entity=ENTITY, as_of=MADE)
        uow.execute(sa.update(schema.slack_card).values(ts="1.1"))
        uow.commit()
    world.work(day(3))
    with UnitOfWork(world.database) as uow:
        slack.queue(uow, policy=world.policy, entity=ENTITY, as_of=day(3))
        uow.commit()
    said = [row["payload"]["text"] for row in world.rows(schema.slack_outbox) if row["verb"] == "reply"]
    assert len(said) == 1
    assert "500.00" in said[0]


def test_grace_is_that_of_the_payers_scenario(world):
    scenario = world.policy.scenarios["standard"].model_copy(update={"promise_grace_days": 7})
    world.policy.scenarios["standard"] = scenario
    world.agree()
    assert world.plans()[0].parts[0].grace_until == day(7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": PARTS[:1]}, "1 part is no instalment plan. Give two parts or more"),
        ({"parts": ()}, "No part is no instalment plan"),
        ({"parts": (("0.00 EUR", 0), ("10.00 EUR", 9))}, "0.00 EUR can't be agreed on. Give amounts above 0"),
        ({"parts": (("10.00 EUR", 0), ("-1.00 EUR", 9))}, "-1.00 EUR can't be agreed on"),
        ({"parts": (("10.00 EUR", 0), ("10.00 USD", 9))}, "EUR and USD. Agree on a plan for each currency"),
        ({"parts": (("10.00 EUR", 0), ("10.00 EUR", 0))}, "Give the parts in the order of their dates"),
        ({"parts": (("10.00 EUR", 3), ("10.00 EUR", 2))}, "Give the parts in the order of their dates"),
        ({"parts": (("10.00 EUR", 4), ("10.00 EUR", 9))}, "first payment at once. .* from 2026-03-02 to 2026-03-05"),
        ({"parts": (("10.00 EUR", -1), ("10.00 EUR", 9))}, "needs a first payment at once"),
        ({"parts": (("10.00 EUR", 0), ("10.00 EUR", 732))}, "24 months ahead. Give 2028-03-02 or an earlier"),
        ({"parts": (("10.00 USD", 0), ("10.00 USD", 9))}, "nothing open in USD. What is open is in EUR"),
        ({"parts": (("1000.00 EUR", 0), ("500.01 EUR", 9))}, "only 1500.00 EUR is open. Give parts of 1500.00 EUR"),
        ({"parts": (("400.00 EUR", 0), ("200.00 EUR", 9)), "invoices": ["F2"]}, "only 500.00 EUR is open"),
        ({"invoices": ["F1", "F9"]}, "F9 is not open for C1"),
        ({"payer_id": "C404"}, "no payer 'C404'"),
        ({"payer_id": "C2"}, "payer is C1"),
        ({"by": "the lead"}, "not a person"),
    ],
)  # fmt: skip
def test_what_cannot_be_agreed_on_is_refused_with_what_would_do(world, change, message):
    with pytest.raises(CaseError, match=message):
        world.agree(**change)
    assert world.cases() == []
    assert world.plans() == []
    assert world.rows(schema.hold) == []


@pytest.mark.parametrize("dues", [(0, 1), (3, 731)])
def test_a_first_part_within_three_days_and_a_last_one_24_months_ahead_can_be_agreed_on(world, dues):
    world.agree([("10.00 EUR", due) for due in dues])
    assert [part.due_on for part in world.plans()[0].parts] == [day(due) for due in dues]


def test_only_those_whom_the_table_allows_agree_and_up_to_their_amount(world):
    with pytest.raises(NotAllowedError, match="It takes lead"):
        world.agree(by=COLLECTOR)
    with pytest.raises(NotAllowedError):
        world.agree(by="somebody@lumen.example")
    assert world.cases() == []
    assert world.agree((("500.00 EUR", 0), ("500.00 EUR", 9)), by=COLLECTOR)


def test_each_event_is_told_once_to_the_case_and_to_the_timeline(world):
    number = world.agree((("100.00 EUR", 0), ("100.00 EUR", 30)))
    world.pay("B1", day(0), 20_000)
    world.work(day(0))
    with UnitOfWork(world.database) as uow:
        verbs = [event.verb for event in cases.read_events(uow, number)]
        rows = timeline.read(uow, ENTITY, "C1")
    assert verbs == ["open", "instalments", "instalment_paid", "instalment_paid", "keep", "close"]
    assert [row["kind"] for row in rows] == [f"case.{verb}" for verb in verbs]
    assert timeline.verify(rows) is None


def test_profiles_count_one_plan_however_many_holds_it_has(world):
    world.agree((("500.00 EUR", 0), ("900.00 EUR", 30)), invoices=["F1", "F2"])
    world.pay("B1", day(1), 50_000)
    world.measure(1)
    assert len(world.holds()) == 4
    assert plans_until(world.database, ENTITY, day(5)).rows() == [("C1", MADE)]
    assert plans_until(world.database, ENTITY, day(-1)).rows() == []


# --- from the command line


def relance(*arguments: str) -> Result:
    result = CliRunner().invoke(main.app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def company(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A payer owes 300 euros, three weeks late; the lead may agree on instalments."""
    made = Company(tmp_path, database, moment=datetime(2026, 3, 2, 6, 0, tzinfo=UTC))
    made.policy(entity={"max_ledger_age_days": 60})
    (tmp_path / "config" / "roles.yaml").write_text(yaml.safe_dump(ROLES), encoding="utf-8")
    made.payer("C1", ("F1", day(-21), "300.00"))
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RELANCE_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("RELANCE_DATABASE_URL", database.url)
    monkeypatch.delenv("RELANCE_SLACK_TOKEN", raising=False)
    return made


def take(company: Company, at: int) -> None:
    folder = str(company.write())
    relance("ledger", "import", "FR01", folder, "--extract-date", str(day(at)))


def paid(company: Company, at: int) -> None:
    company.add(
        "payments", payment_id=f"P{at}", customer_id="C1", date=day(at), amount="100.00", currency="EUR", invoice_id="F1"
    )  # fmt: skip


def planned(at: int) -> tuple[str, str | None, str | None]:
    """The invoice's outcome on a day, its reason and until when."""
    made = json.loads(relance("plan", "FR01", "--as-of", str(day(at)), "--json").stdout)
    (one,) = made["outcomes"]
    untils = [hold["until"] for hold in one["holds"] if hold["reason"] == "instalment_plan"]
    return one["outcome"], one["reason"], untils[0] if untils else None


ASKED = (
    "case", "instalments", "FR01", "C1", "--part", "100.00 EUR@2026-03-03", "--part", "100.00 EUR@2026-03-12",
    "--part", "100.00 EUR@2026-04-01", "--by", LEAD, "--on", "2026-03-02",
)  # fmt: skip


def test_from_the_agreement_to_the_missed_part_the_days_plans_say_what_holds(company):
    take(company, 0)
    assert planned(0)[0] == "act"
    agreed = json.loads(relance(*ASKED, "--invoice", "F1", "--json").stdout)
    assert [part["due_on"] for part in agreed["instalment_plan"]["parts"]] == [
        "2026-03-03", "2026-03-12", "2026-04-01",
    ]  # fmt: skip
    assert planned(0) == ("hold", "instalment_plan", "2026-03-05")
    assert planned(4)[0] == "act"  # as long as nothing came

    paid(company, 1)
    take(company, 2)
    relance("run", "FR01", "--as-of", str(day(2)), "--force", "--reason", "test")
    assert planned(4) == ("hold", "instalment_plan", "2026-03-14")
    assert planned(11) == ("hold", "instalment_plan", "2026-03-14")

    take(company, 14)
    relance("run", "FR01", "--as-of", str(day(14)), "--force", "--reason", "test")
    outcome, reason, until = planned(14)
    assert (reason, until) != ("instalment_plan", "2026-03-14")
    assert until is None
    assert outcome == "act"
    shown = relance("case", "show", str(agreed["case_id"])).stdout
    assert "instalment plan 1 of 2026-03-02 for F1: broken since 2026-03-16" in shown
    assert "1. 100.00 EUR  due 2026-03-03, grace until 2026-03-05  paid 100.00 EUR on 2026-03-04" in shown
    assert "2. 100.00 EUR  due 2026-03-12, grace until 2026-03-14  paid 0.00 EUR" in shown


def test_the_command_says_what_was_agreed_and_shows_the_parts(company):
    take(company, 0)
    told = relance(*ASKED).stdout
    assert "Client C1 pays 300.00 EUR in 3 parts; dunning rests until 2026-03-05" in told
    assert "3. 100.00 EUR  due 2026-04-01, grace until 2026-04-03" in told
    shown = json.loads(relance("case", "show", "1", "--json").stdout)
    assert [part["amount"] for part in shown["instalment_plans"][0]["parts"]] == [10_000] * 3


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("100.00 EUR", r'Write it as "100\.00 EUR@2026-03-02"'),
        ("100 euro@2026-03-03", r'write it as "120\.00 EUR"'),
        ("100.00 EUR@soon", "Write it as 2026-03-31"),
        ("100.001 EUR@2026-03-03", r"more decimals than EUR has \(2\)"),
    ],
)
def test_a_part_that_cannot_be_read_is_refused_with_how_to_write_it(company, part, message):
    arguments = ("instalments", "FR01", "C1", "--part", part, "--by", LEAD, "--on", str(MADE))
    with pytest.raises(RelanceError, match=message):
        CliRunner().invoke(case_commands.app, list(arguments), catch_exceptions=False)


def test_a_resolved_case_of_a_broken_plan_has_its_inverse(world: Agreeing) -> None:
    number = world.agree()
    world.work(day(3))
    assert world.plans()[0].state == "broken"

    def do(verb: Any, at: int, **what: Any) -> tuple[str, date | None]:
        with UnitOfWork(world.database) as uow:
            case = verb(uow, policy=world.policy, case_id=number, by=LEAD, on_date=day(at), **what)
            uow.commit()
        return case.state, world.plans()[0].dealt_on

    assert do(cases.resolve, 4, reason="dealt_with") == ("closed", day(4))
    assert do(cases.reopen, 5) == ("open", None)
    world.work(day(5))
    assert world.case().facts["speak"] == "broken"
    assert do(cases.resolve, 6, reason="dealt_with") == ("closed", day(6))
    assert do(cases.reopen, 7) == ("open", None)
