"""The objects of a policy. Attribute names are the keys of the YAML files; defaults are the specification's.

Every model is frozen and refuses unknown keys. Fields carry a description and an example: editors show them
through the JSON Schemas, and a missing key is mended with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from relance.config.addresses import Bic, Email, Iban, Phone, SlackChannel, is_email
from relance.config.amounts import Currency, PerCurrency
from relance.config.places import Country, Language, Timezone
from relance.config.times import Cron, DateText, Hours, WeekDays
from relance.config.values import (
    AsList,
    Count,
    Day,
    Days,
    Flag,
    Identifier,
    Once,
    Share,
    Text,
    nearest,
    wrong,
)

LEVELS = ("preventive", "level_1", "level_2", "level_3", "litigation")
KINDS = ("message", "call", "internal", "handoff")
ROLES = ("accounts_payable", "finance_lead", "executive", "buyer", "legal")
COLLEAGUES = ("sales_owner", "collector")
CHANNELS_OF_KIND: dict[str, tuple[str, ...]] = {
    "message": ("email", "sms", "whatsapp", "voice", "letter", "registered"),
    "call": ("call",),
    "internal": ("internal",),
    "handoff": ("internal",),
}

Level = Literal["preventive", "level_1", "level_2", "level_3", "litigation"]
Kind = Literal["message", "call", "internal", "handoff"]
Channel = Literal["email", "sms", "whatsapp", "voice", "letter", "registered", "call", "internal"]
ContactChannel = Literal["email", "sms", "whatsapp", "voice", "letter", "registered", "call"]
Role = Literal["accounts_payable", "finance_lead", "executive", "buyer", "legal"]
Attachment = Literal["invoice", "statement"]
Charge = Literal["interest", "compensation"]
Tone = Literal["friendly", "neutral", "firm", "formal"]
WeekDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PaymentMethod = Literal["transfer", "direct_debit", "bill_of_exchange", "card", "cheque"]
SignalKind = Literal["support_ticket", "negotiation", "commercial_hold", "churn_risk", "insolvency_notice"]

DEFAULT_HOURS: dict[ContactChannel, tuple[str, str]] = {
    "email": ("00:00", "24:00"),
    "sms": ("09:00", "19:00"),
    "call": ("09:00", "18:00"),
}


def _if_then(key: str, value: str, then: dict[str, Any]) -> dict[str, Any]:
    condition = {"properties": {key: {"const": value}}, "required": [key]}
    return {"if": condition, "then": then}


def _source_schema(schema: dict[str, Any]) -> None:
    """Editors ask for the keys of the source named."""
    schema["allOf"] = [
        _if_then("source", "files", {"required": ["path"], "not": {"anyOf": _has("conn_id", "queries")}}),
        _if_then("source", "sql", {"required": ["conn_id", "queries"], "not": {"anyOf": _has("path")}}),
    ]


def _has(*keys: str) -> list[dict[str, Any]]:
    return [{"required": [key], "properties": {key: {"type": "string"}}} for key in keys]


def _step_schema(schema: dict[str, Any]) -> None:
    """Editors complete the channels that fit the kind, and the days that fit the level."""
    schema["allOf"] = [
        _if_then("kind", kind, {"properties": {"channels": {"items": {"enum": list(channels)}}}})
        for kind, channels in CHANNELS_OF_KIND.items()
    ]
    schema["allOf"] += [
        _if_then(
            "level",
            level,
            {"properties": {"day": {"maximum": 0} if level == "preventive" else {"minimum": 1}}},
        )
        for level in LEVELS
    ]


class PolicyModel(BaseModel):
    """What all objects of a policy share: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LedgerSource(PolicyModel):
    """Where an entity's ledger comes from: a folder of files, or queries through an Airflow connection."""

    model_config = ConfigDict(json_schema_extra=_source_schema)

    source: Literal["files", "sql"] = Field(description="files, or sql.", examples=["files"])
    path: Text | None = Field(
        None, description="files: the folder that holds a file a table.", examples=["include/sample/FR01"]
    )
    mapping: Text | None = Field(
        None,
        description="A mapping file onto the five tables; null when names match.",
        examples=["config/mappings/erp.yaml"],
    )
    conn_id: Text | None = Field(None, description="sql: the Airflow connection.", examples=["erp_fr"])
    queries: Text | None = Field(
        None, description="sql: the folder that holds a .sql file a table.", examples=["config/queries/UK01"]
    )

    @model_validator(mode="after")
    def _keys_of_the_source(self) -> Self:
        wanted, barred = (
            (("path",), ("conn_id", "queries"))
            if self.source == "files"
            else (("conn_id", "queries"), ("path",))
        )
        for key in wanted:
            if getattr(self, key) is None:
                example = (type(self).model_fields[key].examples or [""])[0]
                raise wrong(f'source {self.source} needs the key "{key}"', f"write {key}: {example}")
        for key in barred:
            if getattr(self, key) is not None:
                raise wrong(f'"{key}" does not belong to source {self.source}', f"leave out {key}")
        return self


class Bank(PolicyModel):
    """The account that payers pay into."""

    holder: Text | None = Field(
        None, description="Account holder; the entity's name if absent.", examples=["Lumen SAS"]
    )
    iban: Iban = Field(examples=["FR7630006000011234567890189"])
    bic: Bic | None = Field(None, description="The bank's BIC.", examples=["AGRIFRPP"])


def _at_most(longest: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > longest:
            raise wrong(f"the text has {len(text)} characters", f"write {longest} at most")
        return text

    return AfterValidator(check)


class PostalAddress(PolicyModel):
    """Where the company is, in parts as Swiss QR-bills want them (longest parts: SIX implementation guidelines, 4.2.2)."""

    street: Annotated[Text, _at_most(70)] | None = Field(
        None, description="Street, without the number.", examples=["Rue du Lac"]
    )
    house_no: Annotated[Text, _at_most(16)] | None = Field(None, description="House number.", examples=["12"])
    postcode: Annotated[Text, _at_most(16)] = Field(description="Postcode.", examples=["75002"])
    city: Annotated[Text, _at_most(35)] = Field(description="Town.", examples=["Paris"])
    country: Country = Field(description="Country (ISO 3166-1).", examples=["FR"])


class Sender(PolicyModel):
    """Who messages come from."""

    email: Email = Field(description="The From address.", examples=["compta@lumen.example"])
    name: Text | None = Field(None, description="The name beside the address.", examples=["Lumen"])
    reply_to: Email | None = Field(None, description="Where replies go, if not to the From address.")
    sms: Phone | None = Field(None, description="The number that SMS come from.", examples=["+33100000000"])
    signatory: Text | None = Field(None, description="Who signs letters.", examples=["Credit management"])
    address: PostalAddress | None = Field(
        None, description="The company's postal address: on letters and Swiss QR-bills."
    )


class SlackChannels(PolicyModel):
    """Where an entity's cards go: `channel`, unless the kind of case has its own."""

    channel: SlackChannel | None = Field(
        None, description="For every kind of case not named here.", examples=["#collections"]
    )
    dispute: SlackChannel | None = Field(None, description="Disputes.")
    promise: SlackChannel | None = Field(None, description="Promises to pay.")
    overdue_90: SlackChannel | None = Field(None, description="Debts long overdue.")
    approval: SlackChannel | None = Field(None, description="Approvals.")
    call: SlackChannel | None = Field(None, description="Calls to make.")
    no_contact: SlackChannel | None = Field(None, description="Payers nobody can reach.")
    delivery: SlackChannel | None = Field(None, description="Messages that did not arrive.")
    risk: SlackChannel | None = Field(None, description="Payers at risk.")
    question: SlackChannel | None = Field(None, description="Payers' questions.")
    handover: SlackChannel | None = Field(None, description="Hand-overs.")
    exhausted: SlackChannel | None = Field(None, description="Scenarios ended with money open.")
    data: SlackChannel | None = Field(None, description="Refused imports and quarantine.")
    locale: Language | None = Field(None, description="The language of the cards.", examples=["fr"])


class Targets(PolicyModel):
    """What the entity wants to reach; dashboards compare with it."""

    dso: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        None, description="Days of sales outstanding.", examples=[45]
    )
    overdue_30: Share | None = Field(None, description="Share overdue by more than 30 days.", examples=[0.10])


class Entity(PolicyModel):
    """A company that sells, and whose ledger is worked: `entities/<ENTITY>.yaml`."""

    entity: Identifier = Field(description="The id on the command line; the file's name.", examples=["FR01"])
    name: Text = Field(description="The company's name, as payers know it.", examples=["Lumen SAS"])
    region: Identifier = Field(description="A region of regions/.", examples=["fr"])
    currency: Currency = Field(description="The currency of its books (ISO 4217).", examples=["EUR"])
    timezone: Timezone = Field(
        description="IANA time zone of its day and of `schedule`.", examples=["Europe/Paris"]
    )
    schedule: Cron = Field("0 7 * * 1-5", description="Cron of the daily run, in the entity's time zone.")
    default_scenario: Identifier = Field(
        description="The scenario of payers that no segment rule matches.", examples=["standard"]
    )
    ledger: LedgerSource | None = Field(None, description="Where the ledger comes from.")
    overdue_alert_days: Count = Field(90, description="Days late beyond which an `overdue_90` case opens.")
    dispute_days: Count = Field(30, description="Calendar days in which a dispute must be answered.")
    max_bad_rows: Share = Field(0.05, description="Share of bad rows beyond which an import is refused.")
    max_ledger_age_days: Count = Field(3, description="Age of the extract beyond which nothing acts.")
    call_capacity: Count = Field(20, description="Calls a collector makes a day.")
    max_messages_per_address_per_day: Count = Field(5, description="E-mails to one address a day.")
    max_contacts_per_day: Count | None = Field(
        None, description="Contacts a day over all payers: for going live on old debts.", examples=[500]
    )
    bank: Bank | None = Field(None, description="The account that payers pay into.")
    sender: Sender | None = Field(None, description="Who messages come from.")
    slack: SlackChannels | None = Field(None, description="Where cards go.")
    targets: Targets | None = Field(None, description="Figures to compare with.")


def _contact_hours(value: object) -> dict[str, Any]:
    """The hours given, beside the default ones of the channels that are not named."""
    if not isinstance(value, Mapping):
        raise wrong(
            "hours by channel are wanted", 'write {email: ["00:00", "24:00"], call: ["09:00", "18:00"]}'
        )
    given = {str(channel): hours for channel, hours in value.items()}
    return {**{str(channel): hours for channel, hours in DEFAULT_HOURS.items()}, **given}


ContactHours = Annotated[dict[ContactChannel, Hours], BeforeValidator(_contact_hours)]


class Retention(PolicyModel):
    """How long content is kept; its hash stays."""

    messages_years: Annotated[Count, Field(ge=1, le=100)] | None = Field(
        None, description="Years after which messages and what came back are erased.", examples=[6]
    )


class Region(PolicyModel):
    """A country's norms: `regions/<region>.yaml`."""

    region: Identifier = Field(description="The id; the file's name.", examples=["fr"])
    country: Country = Field(description="Whose holidays count (ISO 3166-1).", examples=["FR"])
    subdivision: Text | None = Field(
        None, description="A part of the country with holidays of its own.", examples=["BY"]
    )
    languages: Annotated[tuple[Language, ...], Field(min_length=1), AsList, Once] = Field(
        description="Languages of messages; the first is the default.", examples=[["fr", "en"]]
    )
    business_days: Annotated[tuple[WeekDay, ...], AsList, Once, WeekDays] = Field(
        ("mon", "tue", "wed", "thu", "fri"),
        description="Days on which contacts may be made.",
        json_schema_extra={"minItems": 1},
    )
    extra_holidays: Annotated[
        tuple[DateText, ...], AsList, Once, AfterValidator(lambda days: tuple(sorted(days)))
    ] = Field((), description="Days closed beside the country's holidays.")
    contact_hours: ContactHours = Field(
        default_factory=lambda: dict(DEFAULT_HOURS), description="By channel, from and to in local time."
    )
    law: Country = Field(
        default_factory=lambda data: data["country"],
        description="Country whose law gives interest; else `country`.",
    )
    retention: Retention | None = Field(
        None,
        description="How long messages and what came back are kept; absent, for ever.",
        examples=["{messages_years: 6}"],
    )


class Approval(PolicyModel):
    """Who must say yes, and above which amounts."""

    role: Identifier = Field(description="The role that decides.", examples=["finance_lead"])
    over: PerCurrency = Field(
        (), description="Only above these amounts; none listed, always.", examples=[["5000.00 EUR"]]
    )


def _copy_to(value: object) -> str:
    known = (*ROLES, *COLLEAGUES)
    text = str(value).strip()
    if not isinstance(value, str) or not (text in known or is_email(text)):
        guess = nearest(text, known)
        raise wrong(
            f"{text[:60]!r} is nobody to copy to",
            f"write {guess or 'one of ' + ', '.join(known) + ', or an e-mail address'}",
        )
    return text


CopyTo = Annotated[
    str,
    PlainValidator(_copy_to, json_schema_input_type=str),
    Field(description="A role, a colleague or an e-mail address."),
]


class Step(PolicyModel):
    """One step of a scenario."""

    model_config = ConfigDict(json_schema_extra=_step_schema)

    id: Identifier = Field(description="Names the step in history; once a scenario.", examples=["first"])
    level: Level = Field(description="Dunning level; never goes down.", examples=["level_1"])
    day: Day = Field(description="Days from the due date; negative before it.", examples=[7])
    kind: Kind = Field(
        description="message and call reach the payer; internal and handoff are tasks.", examples=["message"]
    )
    channels: Annotated[tuple[Channel, ...], Field(min_length=1), AsList, Once] = Field(
        description="In order of preference.", examples=[["email"]]
    )
    template: Identifier = Field(description="A folder of include/templates/<language>/.", examples=["first"])
    audience: Annotated[tuple[Role, ...], AsList, Once] = Field(
        ("accounts_payable", "finance_lead"), description="Roles to write to, in order."
    )
    cc: Annotated[tuple[CopyTo, ...], AsList, Once] = Field((), description="Who gets a copy.")
    attach: Annotated[tuple[Attachment, ...], AsList, Once] = Field((), description="What is attached.")
    charges: Annotated[tuple[Charge, ...], AsList, Once] = Field(
        (), description="What is demanded beside the invoices."
    )
    tone: Tone = Field("neutral", description="How templates speak.")
    min_overdue: PerCurrency = Field(
        (), description="The payer's overdue total from which the step counts, per currency."
    )
    approval: Approval | None = Field(None, description="Who must say yes first.")


class Scenario(PolicyModel):
    """An ordered list of steps: `scenarios/<scenario>.yaml`."""

    scenario: Identifier = Field(description="The id; the file's name.", examples=["standard"])
    min_days_between_levels: Days = Field(7, description="Days between two levels for one invoice.")
    min_days_between_contacts: Days = Field(3, description="Days between two contacts of one payer.")
    max_contacts_per_30_days: Count = Field(6, description="Contacts of one payer within 30 days.")
    promise_grace_days: Days = Field(2, description="Days after a promised date before it counts as broken.")
    collection_grace_days: Days = Field(5, description="Days left to a direct debit after the due date.")
    min_days_after_issue: Days = Field(3, description="Days after issue in which an invoice is left alone.")
    call_attempts: Count = Field(
        3, description="Times that nobody answers a call, after which it counts as not made."
    )
    call_patience_days: Days = Field(
        5, description="Business days after which an open call counts as not made."
    )
    review_hold_after_days: Days = Field(30, description="Days after which a hold without end is a case.")
    approval_expires_days: Days = Field(5, description="Days after which an approval goes to the next role.")
    minimum: PerCurrency = Field(
        (),
        description="Outstanding totals below which nobody is chased, per currency.",
        examples=[["10.00 EUR"]],
    )
    steps: Annotated[tuple[Step, ...], Field(min_length=1), AsList] = Field(
        description="In order; levels and days never go down.", examples=[["…"]]
    )

    def step(self, step_id: str) -> Step | None:
        """The step of that id, or None."""
        return next((step for step in self.steps if step.id == step_id), None)


Ids = Annotated[tuple[Text, ...], AsList]


class Conditions(PolicyModel):
    """What must hold for a segment rule; a list means any of; an absent condition always holds."""

    entity: Annotated[tuple[Identifier, ...], AsList] | None = Field(
        None, description="Selling entities.", examples=[["FR01"]]
    )
    region: Annotated[tuple[Identifier, ...], AsList] | None = Field(
        None, description="The selling side's regions."
    )
    country: Annotated[tuple[Country, ...], AsList] | None = Field(None, description="The payer's country.")
    segment: Ids | None = Field(
        None, description="The payer's segment, as the ledger gives it.", examples=[["small"]]
    )
    profile: Ids | None = Field(None, description="The payer's profile; matches nothing while unknown.")
    risk: Ids | None = Field(None, description="The payer's risk class; matches nothing while unknown.")
    payment_method: Annotated[tuple[PaymentMethod, ...], AsList] | None = Field(
        None, description="How the payer pays."
    )
    signal: Annotated[tuple[SignalKind, ...], AsList] | None = Field(
        None, description="A signal that stands for the payer."
    )
    vip: Flag | None = Field(None, description="Whether the payer is a VIP; false matches unknown.")
    outstanding_over: PerCurrency = Field(
        (), description="Outstanding above one of these.", examples=[["50000.00 EUR"]]
    )
    overdue_over: PerCurrency = Field(
        (), description="Overdue above one of these.", examples=[["50000.00 EUR"]]
    )


class SegmentRule(PolicyModel):
    """Payers for whom `when` holds get `scenario`."""

    name: Text = Field(description="Shown in explanations.", examples=["key accounts"])
    when: Conditions = Field(description="All must hold; {} always holds.", examples=["{vip: true}"])
    scenario: Identifier = Field(description="A scenario of scenarios/.", examples=["gentle"])


class Segments(PolicyModel):
    """Rules in order, the first that matches counts: `segments.yaml`."""

    rules: Annotated[tuple[SegmentRule, ...], AsList] = Field(
        description="In order; the first that matches counts."
    )
