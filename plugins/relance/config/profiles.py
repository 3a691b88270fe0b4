"""The seven payer profiles and the thresholds that tell them apart: `profiles.yaml`.

Source: My DSO Manager's seven profiles as rules (reference: domain, section 5). The numbers are proposals, so each
can be set. In a key `_from` means at least, `_to` at most, `_over` more than, `_under` less than.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from relance.config.models import PolicyModel
from relance.config.values import AsList, Count, Days, Flag, Once, Share, Text, wrong

PROFILES = ("automatic", "insolvent", "litigious", "administrative", "bad", "negligent", "good")
"""In the order in which they are looked at; the first that fits counts."""

LegalForm = Literal["company", "sole_trader", "public_body"]
Words = Annotated[tuple[Text, ...], AsList, Once]
Months = Annotated[Count, Field(ge=1, le=120)]
Weeks = Annotated[Count, Field(ge=1, le=52)]


class Automatic(PolicyModel):
    """Pays by mandate or bill of exchange: nothing is to be asked while collections go through."""

    collected_from: Share = Field(0.80, description="Share of the paid amount that was collected.")
    returns_under: Share = Field(0.05, description="Share of collections that came back.")


class Insolvent(PolicyModel):
    """Can't pay: an insolvency notice, returned collections, a plan asked for, or long delays on less and less."""

    returns_from: Count = Field(2, description="Collections and cheques returned within `returns_days`.")
    returns_days: Days = Field(90, description="Days back in which returns count.")
    delay_over: Days = Field(60, description="Median delay in days, together with the two below.")
    partial_from: Count = Field(1, description="Invoices paid in part.")
    volume_fall_from: Share = Field(0.30, description="How far the amount invoiced fell.")
    volume_months: Months = Field(6, description="Months compared with as many months before.")


class Litigious(PolicyModel):
    """Contests, and does so once it should have paid."""

    disputed_from: Share = Field(0.25, description="Share of invoices disputed.")
    disputes_from: Count = Field(3, description="Or disputes raised within `disputes_months`.")
    disputes_months: Months = Field(6, description="Months back in which disputes count.")
    after_due_from: Share = Field(0.50, description="Share of disputes first raised after the due date.")


class Administrative(PolicyModel):
    """Pays when its own process is through: late in a steady way, or held up by how invoices are delivered."""

    legal_forms: Annotated[tuple[LegalForm, ...], AsList, Once] = Field(
        ("public_body",), description="Legal forms that pay by procedure."
    )
    explained_from: Share = Field(
        0.50, description="Or the share of late invoices that were rejected, in draft, or without their PO."
    )
    spread_to: Days = Field(10, description="Days between the quartiles of its delays.")


class Bad(PolicyModel):
    """Pays under pressure only."""

    delay_over: Days = Field(15, description="Median delay in days.")
    reached_level_2_from: Share = Field(
        0.60, description="Share of late invoices dunned that reached level 2."
    )
    after_firm_from: Share = Field(0.50, description="Share paid soon after a firm step.")
    firm_days: Days = Field(7, description="Days after a firm step (level 3, or charges) that are soon.")
    promises_kept_under: Share = Field(0.60, description="Share of promises kept, where any were made.")


class Negligent(PolicyModel):
    """Forgets, and pays when reminded."""

    delay_from: Days = Field(3, description="Median delay in days, at least.")
    delay_to: Days = Field(15, description="Median delay in days, at most.")
    answered_from: Share = Field(0.50, description="Share of late invoices paid soon after the first touch.")
    answer_days: Days = Field(5, description="Business days after the first touch that are soon.")

    @model_validator(mode="after")
    def _span(self) -> Self:
        if self.delay_from > self.delay_to:
            raise wrong(
                f"delay_from {self.delay_from} is greater than delay_to {self.delay_to}",
                f"write delay_from: {self.delay_to} or less",
            )
        return self


class Good(PolicyModel):
    """Pays on time and keeps its word."""

    delay_to: Days = Field(2, description="Median delay in days.")
    on_time_from: Share = Field(0.90, description="Share of invoices paid on time.")


class Profiles(PolicyModel):
    """When a payer is of which profile, and how much evidence that takes."""

    window_months: Months = Field(12, description="Invoices due within these months are looked at.")
    min_settled: Count = Field(6, description="Settled invoices below which a payer's profile is unknown.")
    weeks_of_evidence: Weeks = Field(2, description="Weeks in a row that must say the same before it counts.")
    grace_days: Days = Field(2, description="Business days after the due date that are still on time.")
    min_dunned: Count = Field(3, description="Late invoices dunned below which reactions say nothing.")
    closed_is_paid: Flag = Field(
        default=True, description="An invoice gone from a full extract counts as paid on that day."
    )
    collections: Words = Field(
        ("direct_debit", "bill_of_exchange", "sdd", "lcr"),
        description="Words in a payment's `method` that mean: collected by us.",
    )
    cheques: Words = Field(
        ("cheque", "check"), description="Words in a payment's `method` that mean a cheque."
    )
    automatic: Automatic = Field(
        default_factory=Automatic, description="Pays by mandate or bill of exchange."
    )
    insolvent: Insolvent = Field(default_factory=Insolvent, description="Can't pay.")
    litigious: Litigious = Field(default_factory=Litigious, description="Contests once payment is due.")
    administrative: Administrative = Field(
        default_factory=Administrative, description="Pays when its own process is through."
    )
    bad: Bad = Field(default_factory=Bad, description="Pays under pressure only.")
    negligent: Negligent = Field(default_factory=Negligent, description="Pays when reminded.")
    good: Good = Field(default_factory=Good, description="Pays on time.")
