"""Every verb of `relance case`, through the command as people type it: what it does, what it says, and whom it refuses."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from relance.cli.main import run as main
from relance.config.load import load_policy
from relance.settings import REPOSITORY
from relance.store.database import Database
from relance.store.schema import hold, slack_outbox, slack_user
from relance.store.uow import UnitOfWork
from tests.integration.cases.calls_world import add_call
from tests.integration.cases.world import ENTITY, World, invoice

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 12)
COLLECTOR, LEAD, SALES, ANYBODY = (
    "collections@lumen.example", "finance.lead@lumen.example", "sales@lumen.example", "anybody@lumen.example",
)  # fmt: skip


@dataclass
class Shell:
    """Types commands as one person would; `--on DAY` is added to those that take it."""

    world: World
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str, by: str | None = COLLECTOR, on: date = DAY) -> tuple[int, str, str]:
        more = ["--by", by, "--on", on.isoformat()] if by else []
        self.monkeypatch.setattr(sys, "argv", ["relance", "case", *words, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capture.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    def does(self, *words: str, by: str = COLLECTOR, on: date = DAY) -> str:
        code, out, err = self(*words, by=by, on=on)
        assert (code, err) == (0, ""), err
        return out

    def json(self, *words: str, by: str | None = COLLECTOR, on: date = DAY) -> dict[str, Any]:
        code, out, err = self(*words, "--json", by=by, on=on)
        assert code == 0, err
        found: dict[str, Any] = json.loads(out)
        return found

    def refused(self, *words: str, by: str = COLLECTOR, on: date = DAY) -> str:
        """One line on standard error, exit 1, and nothing changed."""
        before = self.world.everything()
        code, out, err = self(*words, by=by, on=on)
        assert (code, out) == (1, ""), (code, out, err)
        assert err.count("\n") == 1
        assert self.world.everything() == before
        return err


@pytest.fixture
def shell(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    config = Path(shutil.copytree(REPOSITORY / "config", tmp_path / "config"))
    monkeypatch.setenv("RELANCE_DATABASE_URL", database.url)
    monkeypatch.setenv("RELANCE_CONFIG", str(config))
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path))
    monkeypatch.delenv("RELANCE_SLACK_TOKEN", raising=False)
    world = World(database, load_policy(config))
    world.ledger(
        customers=[
            {"customer_id": "C1", "collector": COLLECTOR, "sales_owner": SALES},
            {"customer_id": "C2", "name": "Second payer"},
        ],
        contacts=[{"contact_id": "K1", "customer_id": "C1", "email": "ap@c1.example", "role": "ap"}],
        invoices=[
            invoice("F1", DAY - timedelta(days=100), 100_000),
            invoice("F2", DAY - timedelta(days=20), 50_000),
            invoice("G1", DAY - timedelta(days=95), 70_000, customer_id="C2"),
        ],
    )
    world.work(DAY)
    return Shell(world, monkeypatch, capsys)


def number(shell: Shell, kind: str = "overdue_90", payer: str = "C1") -> str:
    return str(next(case.case_id for case in shell.world.cases(kind) if case.payer_id == payer))


def test_list_filters_by_kind_owner_state_and_payer(shell: Shell) -> None:
    def listed(*words: str) -> list[str]:
        return [one["payer_id"] for one in shell.json("list", ENTITY, *words, by=None)["cases"]]

    assert listed() == ["C1", "C2"]
    assert listed("--owner", COLLECTOR.upper()) == ["C1"]
    assert listed("--unassigned") == ["C2"]
    assert listed("--payer", "C2") == ["C2"]
    assert listed("--kind", "dispute") == []
    shell.does("resolve", number(shell), "--reason", "being_handled")
    assert listed("--state", "closed") == ["C1"]
    assert sorted(listed("--state", "all")) == ["C1", "C2"]


def test_show_tells_details_comments_holds_and_timeline(shell: Shell) -> None:
    made = shell.json(
        "dispute", ENTITY, "C1", "--invoice", "F2", "--reason", "price", "--amount", "F2=120.00 EUR"
    )
    shell.does("comment", str(made["case_id"]), "called them")
    shown = shell.json("show", str(made["case_id"]), by=None)
    assert [one["text"] for one in shown["comments"]] == ["called them"]
    assert [(one["reason"], one["invoice_id"], one["amount"]) for one in shown["holds"]] == [
        ("disputed", "F2", 12_000)
    ]
    assert [one["verb"] for one in shown["events"]] == ["open", "comment"]
    _, out, _ = shell("show", str(made["case_id"]), by=None)
    for words in ("reason: price", "hold disputed on F2 (120.00 EUR of it)", f"{COLLECTOR}: called them"):
        assert words in out
    assert "amounts: F2 120.00 EUR" in out
    for internal in ("12000", "12_000", "minor units", "{", "["):
        assert internal not in out


def test_equal_holds_are_told_on_one_line_and_a_piped_list_folds_nothing(shell: Shell) -> None:
    made = shell.json("dispute", ENTITY, "C1", "--invoice", "F1", "--invoice", "F2", "--reason", "price")
    _, out, _ = shell("show", str(made["case_id"]), by=None)
    assert out.count("hold disputed") == 1
    assert "hold disputed on F1, F2: from" in out
    _, out, _ = shell("list", ENTITY, by=None)
    assert len(out.splitlines()) == 4, "a head and three cases"
    assert COLLECTOR in out


def test_an_empty_list_says_when_the_database_is_empty(shell: Shell) -> None:
    assert "nothing has been planned" not in shell("list", ENTITY, "--payer", "C9", by=None)[1]
    assert "(nothing has been planned in this database yet" in shell("list", "DE01", by=None)[1]


def test_list_and_show_by_a_person_give_what_that_person_may_see(shell: Shell) -> None:
    assert ENTITY in shell("list", ENTITY, "--by", COLLECTOR, "--json", by=None)[1]
    assert shell("show", "1", "--by", COLLECTOR, by=None)[0] == 0
    with UnitOfWork(shell.world.database) as uow:  # a guest, whom no role names
        account = {"user_id": "U1", "email": ANYBODY, "kind": "guest"}
        uow.execute(sa.insert(slack_user).values(account))
        uow.commit()
    for words in (("list", ENTITY), ("show", "1")):
        code, out, err = shell(*words, "--by", ANYBODY, by=None)
        assert (code != 0, out) == (True, "")
        assert f"{ANYBODY} may not see this" in err
    assert "is not a person" in shell("list", ENTITY, "--by", "relance", by=None)[2]


def test_a_person_opens_a_case(shell: Shell) -> None:
    made = shell.json(
        "open", ENTITY, "C2", "--kind", "question", "--text", "Which address?", "--due", "2026-03-20"
    )
    assert (made["kind"], made["state"], made["due_on"], made["details"]["text"]) == (
        "question", "open", "2026-03-20", "Which address?",
    )  # fmt: skip
    again = shell.refused("open", ENTITY, "C2", "--kind", "question", "--text", "Again?")
    assert f"by {COLLECTOR} on 2026-03-12" in again
    assert "relance case dispute" in shell.refused("open", ENTITY, "C2", "--kind", "dispute", "--text", "x")
    assert "question, risk, no_contact" in shell.refused(
        "open", ENTITY, "C2", "--kind", "data", "--text", "x"
    )
    assert "Did you mean C1?" in shell.refused("open", ENTITY, "C11", "--kind", "risk", "--text", "x")


def test_assign_watch_and_unwatch(shell: Shell) -> None:
    case = number(shell)
    assert shell.does("assign", case, "--to", SALES) == f"Case {case}: {SALES} has it now.\n"
    assert "given to sales@lumen.example already" in shell.refused("assign", case, "--to", SALES)
    assert "nobody has it now" in shell.does("assign", case, "--nobody")
    assert shell("assign", case)[0] == 2
    assert shell("assign", case, "--to", SALES, "--nobody")[0] == 2
    shell.does("watch", case)
    shell.does("watch", case, "--person", SALES)
    assert shell.json("show", case, by=None)["watchers"] == [COLLECTOR, SALES]
    shell.does("unwatch", case, "--person", SALES)
    assert "not watched" in shell.refused("unwatch", case, "--person", SALES)
    never = shell.refused("unwatch", case, "--person", LEAD)
    assert f"{LEAD} doesn't watch case {case}." in never
    assert "already" not in never


def test_snooze_and_wake(shell: Shell) -> None:
    case = number(shell)
    assert "rests until 2026-03-19" in shell.does("snooze", case, "--days", "7", "--reason", "a new contact")
    assert [row["until"] for row in shell.world.rows(hold)] == [DAY + timedelta(days=7)]
    assert "rests until 2026-03-20" in shell.does(
        "snooze", case, "--until", "2026-03-20", "--reason", "holidays"
    )
    assert shell("snooze", case, "--reason", "x")[0] == 2
    assert "awake" in shell.does("wake", case)
    assert "awake already" in shell.refused("wake", case)


def test_a_rest_longer_than_the_roles_give_is_asked_for(shell: Shell) -> None:
    out = shell.does("snooze", number(shell), "--days", "60", "--reason", "a long audit")
    assert "is asked for a yes until" in out
    assert shell.world.rows(hold) == []
    (asked,) = shell.world.cases("approval")
    assert (asked.requested_by, asked.details["asks"]) == (COLLECTOR, "snooze")
    refused = shell.refused("approve", str(asked.case_id))
    assert "may not approve" in refused, "four eyes: who asked may not answer"
    assert "It takes" in shell.refused("approve", str(asked.case_id), by=ANYBODY)
    shell.does("approve", str(asked.case_id), by=LEAD)
    assert [row["until"] for row in shell.world.rows(hold)] == [DAY + timedelta(days=60)]


def test_promise_and_instalments(shell: Shell) -> None:
    made = shell.json("promise", ENTITY, "C1", "--amount", "1000.00 EUR", "--due", "2026-03-20")
    assert made["promise"]["amount"] == 100_000
    parts = ("--part", "700.00 EUR@2026-03-13", "--part", "800.00 EUR@2026-04-13")
    assert "in 2 parts" in shell.does("instalments", ENTITY, "C1", *parts)
    refused = shell.refused("instalments", ENTITY, "C2", "--part", "700.00 EUR@2026-03-13", by=ANYBODY)
    assert "anybody@lumen.example may not agree on instalments" in refused
    assert "It takes collector, finance_lead, management" in refused


def test_announce_and_take_it_back(shell: Shell) -> None:
    case = number(shell)
    out = shell.does(
        "announce", case, "--expected", "2026-03-16", "--amount", "1000.00 EUR", "--reference", "R7"
    )
    assert "expected on 2026-03-16" in out
    assert "has noted this payment already" in shell.refused(
        "announce", case, "--expected", "2026-03-16", "--amount", "1000.00 EUR", "--reference", "R7"
    )
    assert "dunning goes on" in shell.does("announce", case, "--withdraw")
    assert shell("announce", case)[0] == 2


def test_dispute_a_part_resolve_and_reopen(shell: Shell) -> None:
    words = (
        "--invoice",
        "F2",
        "--amount",
        "F2=120.00 EUR",
        "--evidence",
        "offer.pdf",
        "--text",
        "price agreed",
    )
    out = shell.does("dispute", ENTITY, "C1", "--reason", "price", *words)
    assert "in dispute: F2 120.00 EUR; to be answered by 2026-04-11" in out
    case = number(shell, "dispute")
    assert "Give one of" in shell.refused("dispute", ENTITY, "C1", "--reason", "odd", "--invoice", "F1")
    assert (
        shell("dispute", ENTITY, "C1", "--reason", "price", "--invoice", "F1", "--amount", "120.00 EUR")[0]
        == 2
    )
    assert "pricing_corrected" in shell.refused("resolve", case, "--reason", "whatever")
    made = shell.json("resolve", case, "--reason", "rejected", "--note", "the offer says so")
    assert (made["state"], made["closed_reason"], made["replanned"]) == ("closed", "rejected", False)
    assert f"by {COLLECTOR}" in shell.refused("resolve", case, "--reason", "rejected", by=LEAD)
    assert "open again" in shell.does("reopen", case, "--reason", "a new offer", "--no-replan")
    assert "open already" in shell.refused("reopen", case)


def test_contacts_are_corrected_and_given(shell: Shell) -> None:
    case = number(shell)
    wrong = ("contact", "wrong", case, "--channel", "email", "--address", "ap@c1.example")
    assert "nothing goes to this address" in shell.does(*wrong)
    assert COLLECTOR in shell.refused(*wrong, by=LEAD)
    shell.does("contact", "right", case, "--channel", "email", "--address", "ap@c1.example")
    shell.does(
        "contact",
        "give",
        case,
        "--name",
        "Ada Ruiz",
        "--role",
        "accounts_payable",
        "--email",
        "ada@c1.example",
    )
    assert "needs an e-mail or a number" in shell.refused(
        "contact", "give", case, "--name", "Ada", "--role", "accounts_payable"
    )


def test_a_case_that_is_no_call_or_task_takes_no_outcome(shell: Shell) -> None:
    case = number(shell)
    assert "it is no call" in shell.refused("call", case, "--outcome", "reached")
    assert "is no task" in shell.refused("complete", case)
    assert shell("call", case, "--outcome", "promise", "--promise", "100.00 EUR")[0] == 2


def test_write_off_is_asked_and_answered_by_others(shell: Shell) -> None:
    case = number(shell)
    assert "may not ask for a write-off" in shell.refused("write-off", case, "--reason", "gone", by=ANYBODY)
    out = shell.does("write-off", case, "--reason", "insolvent", "--invoice", "F1", by=LEAD)
    assert "is asked for a yes until" in out
    (asked,) = shell.world.cases("approval")
    assert asked.facts["demanded"] == [{"currency": "EUR", "amount": 100_000}]
    assert "rejected" in shell.does(
        "reject", str(asked.case_id), "--reason", "we sue", by="management@lumen.example"
    )


def test_each_verb_changes_the_cases_card_in_slack_in_its_own_transaction(shell: Shell) -> None:
    shell.does("comment", number(shell), "called")
    made = shell.json("promise", ENTITY, "C1", "--amount", "100.00 EUR", "--due", "2026-03-20")
    rows = [row for row in shell.world.rows(slack_outbox) if row["verb"] == "card"]
    assert [row["case_id"] for row in rows] == [int(number(shell)), made["case_id"]]
    shell.refused("resolve", number(shell), "--reason", "whatever")
    assert len([row for row in shell.world.rows(slack_outbox) if row["verb"] == "card"]) == len(rows)


def test_nobody_that_is_no_person_does_anything(shell: Shell) -> None:
    acts = (
        ("comment", "1", "x"), ("assign", "1", "--nobody"), ("watch", "1"), ("snooze", "1", "--days", "1", "--reason", "x"),
        ("wake", "1"), ("resolve", "1", "--reason", "clarified"), ("reopen", "1"), ("complete", "1"),
        ("call", "1", "--outcome", "reached"), ("write-off", "1", "--reason", "x"), ("announce", "1", "--expected", "2026-03-13"),
        ("contact", "give", "1", "--name", "A", "--role", "buyer", "--email", "a@b.example"),
        ("open", ENTITY, "C1", "--kind", "risk", "--text", "x"),
        ("dispute", ENTITY, "C1", "--invoice", "F1", "--reason", "price"),
        ("promise", ENTITY, "C1", "--amount", "1.00 EUR", "--due", "2026-03-20"),
    )  # fmt: skip
    for words in acts:
        assert "is not a person" in shell.refused(*words, by="relance"), words


def test_a_call_is_noted_tried_again_and_ended_by_a_promise(shell: Shell) -> None:
    add_call(shell.world, ["F2"], day=DAY)
    shell.world.work(DAY)
    case = number(shell, "call")
    assert "to be called again on 2026-03-13" in shell.does(
        "call", case, "--outcome", "voicemail", "--note", "no answer"
    )
    out = shell.does("call", case, "--outcome", "promise", "--promise", "500.00 EUR@2026-03-20")
    assert out == f"Case {case}: noted, closed: promise.\n"
    assert [one.amount for one in shell.world.promises()] == [50_000]
    assert COLLECTOR in shell.refused("call", case, "--outcome", "reached", by=LEAD)


def test_a_task_is_done(shell: Shell) -> None:
    task = {"kind": "internal", "channel": "internal", "contact_id": None, "recipient": None, "step": "check"}
    add_call(shell.world, ["F2"], day=DAY, **task)
    shell.world.work(DAY)
    (case,) = shell.world.cases("question")
    assert shell.does("complete", str(case.case_id), "--note", "checked") == f"Case {case.case_id}: done.\n"
    assert COLLECTOR in shell.refused("complete", str(case.case_id), by=LEAD)


def test_what_frees_a_payer_plans_its_day_again_unless_told_not_to(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str, date]] = []

    def replan(_: object, entity: str, *, payer_id: str, as_of: date) -> bool:
        asked.append((entity, payer_id, as_of))
        return True

    monkeypatch.setattr("relance.replanning.replan", replan)
    dispute = ("dispute", ENTITY, "C1", "--invoice", "F2", "--reason", "price")
    assert "FR01's day was planned again." in shell.does(*dispute)
    case = number(shell, "dispute")
    shell.does("snooze", case, "--days", "3", "--reason", "x")
    assert len(asked) == 1, "what rests is not planned again"
    shell.does("wake", case)
    assert shell.json("resolve", case, "--reason", "rejected")["replanned"] is True
    shell.does("reopen", case)
    assert asked == [(ENTITY, "C1", DAY)] * 4
    shell.does("resolve", case, "--reason", "rejected", "--no-replan")
    assert len(asked) == 4
