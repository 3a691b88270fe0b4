"""Who may decide what: roles with their people, and permissions as a table: `roles.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from relance.config.addresses import Email
from relance.config.amounts import PerCurrency
from relance.config.models import PolicyModel
from relance.config.values import AsList, Identifier, Once
from relance.money import Money

Action = Literal["approve", "reject", "waive", "instalments"]
ACTIONS: tuple[Action, ...] = get_args(Action)


class Role(PolicyModel):
    """People who decide alike."""

    people: Annotated[tuple[Email, ...], AsList, Once] = Field(
        (), description="Their e-mail addresses.", examples=[["lead@lumen.example"]]
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

    def covers(self, action: Action, entity: str, totals: tuple[Money, ...]) -> bool:
        """Whether this row allows the action on these totals of the entity."""
        limits = {limit.currency: limit.minor for limit in self.up_to}
        return (
            action in self.may
            and (not self.entity or entity in self.entity)
            and (not limits or all(total.minor <= limits.get(total.currency, -1) for total in totals))
        )


class Roles(PolicyModel):
    """`roles.yaml`. Without the file nobody may do what needs a permission."""

    roles: dict[Identifier, Role] = Field(default_factory=dict, description="Roles by name.")
    permissions: tuple[Permission, ...] = Field(
        (), description="Who may do what; what no row allows is refused."
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
