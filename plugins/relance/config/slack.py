"""How Slack is used beside an entity's own channels: who gets what, how much of it, and when digests come: `slack.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from relance.config.addresses import Email, SlackChannel, WebAddress
from relance.config.amounts import PerCurrency
from relance.config.models import PolicyModel
from relance.config.roles import CaseKind
from relance.config.times import Cron
from relance.config.values import AsList, Count, Flag, Identifier, Once, Text

DigestKind = Literal["daily", "weekly"]
DIGEST_KINDS: tuple[DigestKind, ...] = get_args(DigestKind)
Colleague = Literal["collector", "sales_owner"]
Person = Colleague | Email


class RouteWhen(PolicyModel):
    """Conditions of a route; all that are given must hold, each list meaning any of."""

    entity: Annotated[tuple[Identifier, ...], AsList, Once] = Field(
        (), description="The selling entity.", examples=[["FR01"]]
    )
    region: Annotated[tuple[Identifier, ...], AsList, Once] = Field(
        (), description="The selling entity's region.", examples=[["fr"]]
    )
    kind: Annotated[tuple[CaseKind, ...], AsList, Once] = Field(
        (), description="The kind of case.", examples=[["dispute"]]
    )
    sales_owner: Annotated[tuple[Email, ...], AsList, Once] = Field(
        (), description="The payer's sales owner.", examples=[["sales@lumen.example"]]
    )
    over: PerCurrency = Field(
        (),
        description="The payer's overdue total in any listed currency is greater.",
        examples=[["50000.00 EUR"]],
    )


class Route(PolicyModel):
    """Where cards go and who has their cases: the first route whose conditions hold decides; later ones are not asked."""

    name: Text = Field(description="What the route is for.", examples=["large disputes"])
    when: RouteWhen = Field(default_factory=RouteWhen, description="None given: every case.")
    channel: SlackChannel | None = Field(
        None, description="Instead of the entity's channel for the kind.", examples=["#large-accounts"]
    )
    owner: Person | None = Field(
        None, description="Who has new cases: collector, sales_owner or an e-mail.", examples=["sales_owner"]
    )
    watch: Annotated[tuple[Person, ...], AsList, Once] = Field(
        (), description="Who is told of changes.", examples=[["sales_owner"]]
    )


class Noise(PolicyModel):
    """How much is said."""

    cards_per_channel_per_day: Count = Field(
        50, description="New cards a channel gets in a day; those beyond it are listed in one digest card."
    )
    direct_messages: Flag = Field(
        True,
        description="Whether people are told in direct messages of cases that they get; one a case a day.",
    )


class Digest(PolicyModel):
    """A digest: where it goes and when."""

    at: Cron = Field(description="Cron, in the entity's time zone.", examples=["0 8 * * 1-5"])
    channel: SlackChannel | None = Field(
        None, description="Where it goes; else the entity's own channel.", examples=["#management"]
    )


class Digests(PolicyModel):
    """The daily digest of each channel's people and the weekly one for management."""

    daily: Digest | None = Field(
        None,
        description="What changed since the last one, for who works the cases.",
        examples=['{at: "0 8 * * 1-5"}'],
    )
    weekly: Digest | None = Field(
        None, description="The week, for management.", examples=['{at: "0 8 * * 1", channel: "#management"}']
    )


class OverdueAlert(PolicyModel):
    """Management is told when a payer's debt beyond `overdue_alert_days` is large."""

    channel: SlackChannel = Field(description="Management's channel.", examples=["#management"])
    over: PerCurrency = Field(
        (),
        description="Only where the payer's overdue total in a listed currency is greater; none listed, always.",
    )


class SlackRules(PolicyModel):
    """`slack.yaml`. Without the file entities' own channels are all there is, and no digests come."""

    operations: SlackChannel | None = Field(
        None, description="Who is told of cards that can't be shown.", examples=["#relance-operations"]
    )
    fallback: SlackChannel | None = Field(
        None, description="Where cards go when neither their own nor the entity's channel takes them.",
        examples=["#collections"],
    )  # fmt: skip
    links: dict[Text, WebAddress] = Field(
        default_factory=dict,
        description="What cards link to, by name; {entity}, {entity_lower}, {payer_id} and {case_id} are filled in.",
        examples=[{"ERP": "https://erp.lumen.example/customers/{payer_id}"}],
    )
    routes: tuple[Route, ...] = Field((), description="In order; the first that fits decides.")
    noise: Noise = Field(default_factory=Noise, description="How much is said.")
    digests: Digests = Field(
        default_factory=Digests, description="Scheduled by Airflow, silent when nothing is new."
    )
    management: OverdueAlert | None = Field(
        None, description="Long overdue debts that management is told of."
    )
