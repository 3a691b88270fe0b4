"""Who may decide what: roles with their people, and permissions as a table: `roles.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from relance.config.addresses import Email
from relance.config.amounts import PerCurrency
from relance.config.models import PolicyModel
from relance.config.values import AsList, Count, Flag, Identifier, Once, Text
from relance.money import Money

Action = Literal[
    "see", "comment", "open", "assign", "snooze", "dispute", "promise", "announce", "contact", "call", "complete", "resolve",
    "reopen", "approve", "reject", "write_off", "waive", "instalments",
]  # fmt: skip
"""announce: note that a payment is said to be on its way; contact: correct whom to reach; call: note a call's outcome;
complete: an internal task or a hand-over is done."""
ACTIONS: tuple[Action, ...] = get_args(Action)
Request = Literal["snooze", "write_off"]
"""What a person asks others to approve."""
CaseKind = Literal[
    "dispute", "promise", "overdue_90", "approval", "call", "no_contact", "delivery", "risk", "question", "handover",
    "exhausted", "data",
]  # fmt: skip
EVERYBODY = "everybody"
"""The role of each member of the workspace and each e-mail: never of guests and outsiders."""


class Role(PolicyModel):
    """People who decide alike."""

    people: Annotated[tuple[Email, ...], AsList, Once] = Field(
        (), description="Their e-mail addresses.", examples=[["lead@lumen.example"]]
    )
    slack_groups: Annotated[tuple[Text, ...], AsList, Once] = Field(
        (),
        description="Slack user groups whose members have it: ids or handles.",
        examples=[["@credit-control"]],
    )
    guests: Flag = Field(
        False,
        description="Whether people named here may act although they are guests or from outside the workspace.",
    )
    next: Identifier | None = Field(
        None, description="The role that an unanswered approval goes to.", examples=["management"]
    )


class Permission(PolicyModel):
    """One row of the table: a role may do these things, up to these amounts, for these entities."""

    role: Identifier = Field(description="A role of this file.", examples=["finance_lead"])
    may: Annotated[tuple[Action, ...], AsList, Once] = Field(
        description="What its people may do.", examples=[["approve", "reject"]]
    )
    up_to: PerCurrency = Field(
        (),
        description="Only up to these amounts, in these currencies; none listed, any amount.",
        examples=[["20000.00 EUR"]],
    )
    entity: Annotated[tuple[Identifier, ...], AsList, Once] = Field(
        (), description="Only for these entities; none listed, all.", examples=[["FR01"]]
    )
    kind: Annotated[tuple[CaseKind, ...], AsList, Once] = Field(
        (), description="Only in cases of these kinds; none listed, all.", examples=[["dispute"]]
    )
    days: Count | None = Field(
        None, description="snooze: for so many days at most; absent, any number.", examples=[14]
    )
    own_accounts: Flag = Field(
        False,
        description="Only for payers whose sales owner or collector the person is, and cases that they own.",
    )
    people: Annotated[Count, Field(ge=1, le=5)] = Field(
        1, description="approve: how many different people must say yes under this row.", examples=[2]
    )

    def reaches(self, totals: Iterable[Money]) -> bool:
        """Whether the row allows amounts as high as these; a currency that it doesn't list is too much."""
        limits = {limit.currency: limit.minor for limit in self.up_to}
        return not limits or all(total.minor <= limits.get(total.currency, -1) for total in totals)


class Tier(PolicyModel):
    """Who is asked: a role, and the amounts above which it is."""

    role: Identifier = Field(description="The role that decides.", examples=["management"])
    over: PerCurrency = Field(
        (),
        description="Only above these amounts, or in a currency not listed; none listed, always.",
        examples=[["5000.00 EUR"]],
    )

    def reaches(self, totals: Iterable[Money]) -> bool:
        """Whether these amounts are this tier's to decide on."""
        limits = {limit.currency: limit.minor for limit in self.over}
        return not limits or any(
            total.minor and total.minor > limits.get(total.currency, 0) for total in totals
        )


def _as_tiers(value: object) -> object:
    return ({"role": value},) if isinstance(value, str) else value


Tiers = Annotated[tuple[Tier, ...], BeforeValidator(_as_tiers, json_schema_input_type=str | list[Tier])]


class Asking(PolicyModel):
    """Which role is asked for a yes to what people want and may not do by themselves."""

    snooze: Tiers = Field(
        (),
        description="A rest longer than the person's roles give: a role, or tiers by what is overdue.",
        examples=["finance_lead"],
    )
    write_off: Tiers = Field(
        (), description="A write-off: a role, or tiers by the amount.", examples=["management"]
    )
    days: Annotated[Count, Field(ge=1)] = Field(
        5, description="How long a role has to answer before the question goes on to its `next`."
    )

    def role_for(self, what: Request, totals: Iterable[Money]) -> str | None:
        """The role that is asked: of the tiers that these amounts reach, the last; None where there is none."""
        amounts = tuple(totals)
        tiers = self.snooze if what == "snooze" else self.write_off
        return next((tier.role for tier in reversed(tiers) if tier.reaches(amounts)), None)


class Roles(PolicyModel):
    """`roles.yaml`. Without the file everyday work is everybody's (`UNWRITTEN`), and what needs a yes is nobody's."""

    roles: dict[Identifier, Role] = Field(default_factory=dict, description="Roles by name.")
    permissions: tuple[Permission, ...] = Field(
        (), description="Who may do what; what no row allows is refused."
    )
    approvals: Asking = Field(
        default_factory=Asking,
        description="Who says yes to what people ask for; nobody listed, it is refused.",
    )

    def of(self, person: str) -> tuple[str, ...]:
        """The roles of a person, by e-mail in any case."""
        known = person.strip().casefold()
        return tuple(
            name for name, role in self.roles.items() if known in {one.casefold() for one in role.people}
        )

    def onward(self, role: str) -> tuple[str, ...]:
        """The role and those that its questions go to, one after another."""
        chain = [role]
        while (following := self.roles.get(chain[-1], Role()).next) and following not in chain:
            chain.append(following)
        return tuple(chain)


EVERYDAY: tuple[Action, ...] = (
    "see", "comment", "open", "assign", "snooze", "dispute", "promise", "announce", "contact", "call", "complete", "resolve",
    "reopen",
)  # fmt: skip
"""What takes back as easily as it is done: no amounts, and nothing leaves for the payer that policy does not send."""
UNWRITTEN = Roles(permissions=(Permission(role=EVERYBODY, may=EVERYDAY, days=14),))
"""The table of a policy that has no `roles.yaml`."""
