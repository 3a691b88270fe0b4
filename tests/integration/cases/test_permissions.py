"""Who may do what: role × action × condition, people by e-mail and Slack group, guests, refusals that say who could."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from relance.cases import Case
from relance.cases.permissions import allowed, check_allowed, longest_snooze, roles_of
from relance.config.policy import Policy
from relance.config.roles import Action, Roles
from relance.errors import CaseError, NotAllowedError
from relance.money import Money
from relance.slack.words import WORDS
from relance.store.schema import slack_user
from relance.store.uow import UnitOfWork

pytestmark = pytest.mark.integration
TABLE = """
roles:
  finance_lead: {people: [Lead@lumen.example], next: management}
  management: {people: [boss@lumen.example]}
  sales: {people: [sales@lumen.example], slack_groups: ["@Sales", S0123]}
  auditor: {people: [outside@audit.example], guests: true}
permissions:
  - {role: everybody, may: [see, comment]}
  - {role: everybody, may: [snooze], days: 7}
  - {role: sales, may: [snooze], days: 14}
  - {role: sales, may: [resolve], own_accounts: true}
  - {role: sales, may: [reopen], kind: [dispute]}
  - {role: auditor, may: [see]}
  - {role: finance_lead, may: [approve], up_to: ["500.00 EUR"], entity: [FR01]}
  - {role: finance_lead, may: [reject]}
  - {role: management, may: [approve, reject, waive, snooze]}
"""


@pytest.fixture
def policy() -> Policy:
    return Policy(roles=Roles.model_validate(yaml.safe_load(TABLE)))


def _case(**values: Any) -> Case:
    given: dict[str, Any] = {
        "case_id": 1, "entity": "FR01", "payer_id": "C1", "kind": "overdue_90", "subject": "", "state": "open",
        "revision": 1, "owner": None, "opened_on": date(2026, 3, 2), "closed_on": None, "closed_reason": None,
        "facts": {"payer": {"sales_owner": "sales@lumen.example", "collector": "coll@lumen.example"}},
        "facts_on": date(2026, 3, 2),
    }  # fmt: skip
    return Case(**{**given, **values})


def _in_slack(uow: UnitOfWork, user: str, email: str, kind: str = "member", *groups: str) -> None:
    row = {"user_id": user, "email": email, "kind": kind, "groups": list(groups)}
    uow.execute(sa.insert(slack_user).values(row))


def _refused(uow: UnitOfWork, policy: Policy, by: str, action: Action, **about: Any) -> str:
    with pytest.raises(NotAllowedError) as refusal:
        check_allowed(uow, policy, by=by, action=action, **{"entity": "FR01", **about})
    return str(refusal.value)


def test_a_row_allows_its_action_up_to_its_amounts_for_its_entities(uow: UnitOfWork, policy: Policy) -> None:
    small, large, foreign = Money("EUR", 50_000), Money("EUR", 50_001), Money("USD", 1)
    check_allowed(uow, policy, by="lead@LUMEN.example", action="approve", entity="FR01", totals=[small])
    for entity, totals in (("FR01", [large]), ("FR01", [small, foreign]), ("DE01", [small])):
        told = _refused(uow, policy, "lead@lumen.example", "approve", entity=entity, totals=totals)
        assert told.endswith("It takes management.")
        check_allowed(uow, policy, by="boss@lumen.example", action="approve", entity=entity, totals=totals)


def test_only_the_role_asked_or_those_its_questions_go_on_to_may_answer(
    uow: UnitOfWork, policy: Policy
) -> None:
    check_allowed(uow, policy, by="boss@lumen.example", action="approve", entity="FR01", asked="finance_lead")
    told = _refused(uow, policy, "lead@lumen.example", "approve", asked="management")
    assert "may not approve this: it was asked of management. It takes management." in told


def test_what_no_row_allows_is_refused_and_nobody_is_a_person_without_an_address(
    uow: UnitOfWork, policy: Policy
) -> None:
    assert "No row of roles.yaml allows anybody to ask for a write-off" in _refused(
        uow, policy, "boss@lumen.example", "write_off"
    )
    for nobody in ("boss", "", "a@b", "two@lumen.example three@lumen.example"):
        with pytest.raises(CaseError, match="not a person"):
            check_allowed(uow, policy, by=nobody, action="see", entity="FR01")


def test_a_refusal_says_why_and_who_could(uow: UnitOfWork, policy: Policy) -> None:
    case = _case(facts={"payer": {"sales_owner": "other@lumen.example"}})
    for action, days, why in (
        ("snooze", 15, "for 7 days at most; for 14 days at most. It takes management."),
        ("resolve", None, "only for accounts that are theirs. It takes sales for their own accounts."),
        ("reopen", None, "only in cases of kind dispute"),
        ("waive", None, "may not waive this. It takes management."),
    ):
        assert why in _refused(uow, policy, "sales@lumen.example", action, case=case, days=days)  # type: ignore[arg-type]


def test_a_refusal_can_be_said_in_other_languages(uow: UnitOfWork, policy: Policy) -> None:
    _in_slack(uow, "U1", "guest@agency.example", "guest")
    for by, action, key, because in (
        ("sales@lumen.example", "snooze", "not_allowed_so", ("days",)),
        ("sales@lumen.example", "waive", "not_allowed", ()),
        ("guest@agency.example", "comment", "not_named", ()),
        ("boss@lumen.example", "write_off", "nobody_may", ()),
    ):
        with pytest.raises(NotAllowedError) as refusal:
            check_allowed(uow, policy, by=by, action=action, entity="FR01", days=99)  # type: ignore[arg-type]
        assert (refusal.value.key, refusal.value.values["because"]) == (key, because)
        wanted = [f"refusal.{key}", *(f"because.{code}" for code in because)]
        assert all(word in words for word in wanted for words in WORDS.values())


def test_own_accounts_are_those_of_the_sales_owner_the_collector_and_the_cases_owner(
    uow: UnitOfWork, policy: Policy
) -> None:
    by = "SALES@lumen.example"
    theirs = {"payer": {"sales_owner": "sales@lumen.example"}}
    collected = {"payer": {"collector": "Sales@Lumen.example"}}
    nobodys: dict[str, Any] = {"payer": {}}
    for case in (
        _case(facts=theirs),
        _case(facts=collected),
        _case(facts=nobodys, owner="sales@lumen.example"),
    ):
        check_allowed(uow, policy, by=by, action="resolve", entity="FR01", case=case)
    check_allowed(uow, policy, by=by, action="resolve", entity="FR01", payer=theirs["payer"])
    _refused(uow, policy, by, "resolve", case=_case(facts=nobodys))
    _refused(uow, policy, by, "resolve")


def test_members_of_a_slack_user_group_have_its_role(uow: UnitOfWork, policy: Policy) -> None:
    _in_slack(uow, "U1", "New@lumen.example", "member", "S0123", "@sales")
    _in_slack(uow, "U2", "other@lumen.example", "member", "S9", "@support")
    _in_slack(uow, "U3", "third@lumen.example", "member", "S8", "sales")
    assert roles_of(uow, policy, "third@lumen.example") == {"sales", "everybody"}
    assert roles_of(uow, policy, "new@Lumen.example") == {"sales", "everybody"}
    assert roles_of(uow, policy, "other@lumen.example") == {"everybody"}
    assert roles_of(uow, policy, "nobody.knows@lumen.example") == {"everybody"}


@pytest.mark.parametrize("kind", ["guest", "outsider", "bot", "gone"])
def test_guests_and_people_from_outside_may_do_nothing_unless_named(
    uow: UnitOfWork, policy: Policy, kind: str
) -> None:
    for number, email in enumerate(("guest@agency.example", "sales@lumen.example", "outside@audit.example")):
        _in_slack(uow, f"U{number}", email, kind, "@sales")
    assert roles_of(uow, policy, "guest@agency.example") == set()
    assert roles_of(uow, policy, "sales@lumen.example") == set()  # named, but not as a guest
    assert roles_of(uow, policy, "outside@audit.example") == {"auditor"}
    assert "guests and people from outside" in _refused(uow, policy, "guest@agency.example", "comment")
    assert allowed(uow, policy, by="guest@agency.example", case=_case()) == set()
    assert allowed(uow, policy, by="outside@audit.example", case=_case()) == {"see"}


def test_an_outside_workspace_can_not_lend_its_people_an_address_of_ours(
    uow: UnitOfWork, policy: Policy
) -> None:
    _in_slack(uow, "U1", "boss@lumen.example")
    _in_slack(uow, "UX", "boss@lumen.example", "outsider")
    assert roles_of(uow, policy, "boss@lumen.example") == set()


def test_who_came_back_with_a_new_account_is_a_member(uow: UnitOfWork, policy: Policy) -> None:
    _in_slack(uow, "U1", "boss@lumen.example", "gone")
    _in_slack(uow, "U2", "boss@lumen.example")
    assert roles_of(uow, policy, "boss@lumen.example") == {"management", "everybody"}


def test_the_longest_snooze_is_that_of_the_most_generous_role(uow: UnitOfWork, policy: Policy) -> None:
    case = _case()
    _in_slack(uow, "U1", "guest@agency.example", "guest")
    for who, days in (
        ("anybody@lumen.example", 7), ("sales@lumen.example", 14), ("boss@lumen.example", None),
        ("guest@agency.example", 0),
    ):  # fmt: skip
        assert longest_snooze(uow, policy, by=who, case=case) == days


def test_menus_offer_what_the_click_would_allow(uow: UnitOfWork, policy: Policy) -> None:
    asked = _case(
        kind="approval", requested_by="lead@lumen.example",
        facts={"payer": {}, "role": "finance_lead", "demanded": [{"currency": "EUR", "amount": 60_000}]},
    )  # fmt: skip
    assert {"approve", "reject"} <= allowed(uow, policy, by="boss@lumen.example", case=asked)
    assert allowed(uow, policy, by="lead@lumen.example", case=asked) & {"approve", "reject"} == {"reject"}
    assert not allowed(uow, policy, by="boss@lumen.example", case=_case()) & {"approve", "reject"}
    assert "resolve" in allowed(uow, policy, by="sales@lumen.example", case=_case())
    assert "resolve" not in allowed(uow, policy, by="sales@lumen.example", case=_case(facts={"payer": {}}))


def test_without_a_table_everyday_work_is_everybodys_and_what_needs_a_yes_is_nobodys(uow: UnitOfWork) -> None:
    bare, unsound = Policy(), Policy(roles=Roles())
    case = _case()
    may = allowed(uow, bare, by="anybody@lumen.example", case=case)
    assert {"comment", "assign", "snooze", "dispute", "resolve"} <= may
    assert not may & {"approve", "reject", "write_off", "waive", "instalments"}
    assert longest_snooze(uow, bare, by="anybody@lumen.example", case=case) == 14
    assert allowed(uow, unsound, by="anybody@lumen.example", case=case) == set()


def test_taking_a_case_gives_nobody_its_money(uow: UnitOfWork, policy: Policy) -> None:
    grave: tuple[Action, ...] = ("approve", "reject", "write_off", "waive", "instalments")
    row = {"role": "everybody", "may": [*grave, "resolve"], "own_accounts": True}
    table = Roles.model_validate({**yaml.safe_load(TABLE), "permissions": [row]})
    own = Policy(roles=table)
    taken = _case(facts={"payer": {}}, owner="anybody@lumen.example")
    for action in grave:
        with pytest.raises(NotAllowedError, match="only for accounts that are theirs"):
            check_allowed(uow, own, by="anybody@lumen.example", action=action, entity="FR01", case=taken)
        check_allowed(uow, own, by="coll@lumen.example", action=action, entity="FR01", case=_case())
    assert "resolve" in allowed(uow, own, by="anybody@lumen.example", case=taken)
    assert not allowed(uow, own, by="anybody@lumen.example", case=taken) & set(grave)
