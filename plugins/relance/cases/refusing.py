"""A payer that refuses to pay goes before who may decide what is left to do: hand over, write off, go to law."""

from __future__ import annotations

from relance.cases.calls import REFUSED
from relance.cases.reading import Case, read_case
from relance.cases.record import Draft, Journal, change_case, open_cases
from relance.config.policy import Policy
from relance.money import Money


def raise_refusal(journal: Journal, policy: Policy, case: Case, *, note: str | None) -> str | None:
    """A payer that will not pay goes before the role that may write off or hand over such amounts; gives the role.

    Who watches the call, and who made it, watches that case too.
    """
    role = _deciding_role(policy, case)
    people = list(policy.roles.roles[role].people) if role else []
    facts = {name: value for name, value in case.facts.items() if name not in {"call", "step", "scenario"}}
    owner = people[0] if people else None
    draft = Draft(
        case.payer_id, "exhausted", {**facts, "refused": True}, body={"refused": True, "role": role, "call": case.case_id},
        subject=REFUSED, details={"text": note, "role": role}, owner=owner,
    )  # fmt: skip
    opened = open_cases(journal, [draft])
    if opened:
        raised = read_case(journal.uow, opened[case.payer_id, REFUSED], lock=True)
        told = [*raised.watchers, *case.watchers, journal.actor, *people[1:], case.owner]
        watching = tuple(dict.fromkeys(one for one in told if one and one != raised.owner))
        if set(watching) != set(raised.watchers):
            change_case(journal, raised, "watch", {"watchers": list(watching)}, watchers=list(watching))
    return role


def _deciding_role(policy: Policy, case: Case) -> str | None:
    """The first role that may write off in this entity what is overdue."""
    overdue = [
        Money(one["currency"], one["overdue"]) for one in case.facts.get("totals") or () if one["overdue"]
    ]
    rows = [
        row
        for row in policy.roles.permissions
        if "write_off" in row.may
        and (not row.entity or case.entity in row.entity)
        and row.role in policy.roles.roles
    ]
    fitting = [row for row in rows if row.reaches(overdue)] or rows
    return fitting[0].role if fitting else None
