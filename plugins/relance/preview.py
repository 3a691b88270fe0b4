"""What one payer would be told if a step acted on a day: planned, worded and laid out as delivery does it; nothing is written.

Where the day's plan has the contact, it is that one, byte for byte. Else it is made as planning would make it: the step
acts for the payer's open invoices that nothing of their own holds (a dispute, a promise …), overdue ones, or, for a step
before the due date, those not yet due.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from relance.config.models import CHANNELS_OF_KIND, Step
from relance.config.policy import Policy
from relance.config.values import nearest
from relance.deciding import decided
from relance.delivery import gsm7, render
from relance.delivery.intend import earlier_messages
from relance.delivery.templates import Language, Templates
from relance.delivery.twilio.compose import voice_body
from relance.delivery.view import View, build
from relance.delivery.writing import UNWRITABLE, Writer, pictures_of
from relance.enclosing import Enclosing
from relance.errors import PermanentError, UsageError
from relance.ledger.snapshot import Snapshot
from relance.planning import joining
from relance.planning.content import contents
from relance.planning.model import LEVEL_RANK, Plan
from relance.planning.people import Directory
from relance.planning.plan import CONTACT_COLUMNS, TASK_COLUMNS
from relance.services import Services

_HELD = (
    "not_delivered", "disputed", "promised", "instalment_plan", "snoozed", "payment_announced", "direct_debit",
    "covered_by_credit",
)  # fmt: skip
"""Holds of an invoice itself; those that only ask for time or a yes don't keep it out of a preview."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as it would leave. `text`: what a person reads of it; `body`: the bytes, of the kind `media`.

    `planned`: the day's plan has this very contact. `characters`, `parts`: of an SMS. `charges_missing`: why interest or
    compensation has no sum. `page`: an e-mail's HTML, `pictures` those it shows, by Content-ID.
    """

    entity: str
    payer_id: str
    as_of: date
    scenario: str
    step: str
    level: str
    template: str
    tone: str
    channel: str
    language: str
    recipient: str | None
    person: str | None
    planned: bool
    invoices: tuple[str, ...]
    subject: str | None
    text: str
    media: str
    body: bytes = field(repr=False)
    page: str | None = field(default=None, repr=False)
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    characters: int | None = None
    parts: int | None = None
    attachments: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    charges_missing: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, without the bytes and the page."""
        plain = asdict(self) | {"as_of": self.as_of.isoformat()}
        return {name: value for name, value in plain.items() if name not in ("body", "page", "pictures")}


def preview(
    services: Services,
    entity: str,
    payer: str,
    *,
    step: str,
    as_of: date,
    scenario: str | None = None,
    channel: str | None = None,
    language: str | None = None,
) -> Preview:
    """What the payer would get if `step` (of its own scenario unless told) acted on the day.

    Raises:
        UsageError: for an unknown entity, payer, scenario, step or channel, a payer whom the channel doesn't reach, or
            where the step has nothing to speak of.
        PermanentError: when the words can't be written.
    """
    made, snapshot = decided(services, entity, as_of)
    wanted = _Wanted(payer, step, scenario, channel, language)
    row = _planned(services.policy, made, snapshot, wanted)
    planned = row is not None
    if row is None:
        row = _as_if(services.policy, made, snapshot, wanted)
        row["language"] = language or row["language"] or services.policy.region_of(entity).languages[0]
    try:
        return _written(services, row, planned=planned)
    except UNWRITABLE as error:
        if isinstance(error, PermanentError):
            raise
        raise PermanentError(
            f"the message can't be written: {error}", hint="Run `relance config check`."
        ) from error


# ---- the contact


@dataclass(frozen=True, slots=True)
class _Wanted:
    payer: str
    step: str
    scenario: str | None
    channel: str | None
    language: str | None


def _planned(policy: Policy, made: Plan, snapshot: Snapshot, wanted: _Wanted) -> dict[str, Any] | None:
    """The day's own contact of the payer for that step, as it is stored; None where there is none like it."""
    if not made.contacts.width:
        return None
    found = made.contacts.filter(pl.col("payer_id") == wanted.payer, pl.col("step") == wanted.step)
    for name in ("scenario", "channel", "language"):
        if (value := getattr(wanted, name)) is not None:
            found = found.filter(pl.col(name) == value)
    if found.is_empty():
        return None
    return _row(replace(made, contacts=found, tasks=made.tasks.clear()), snapshot, policy)


def _as_if(policy: Policy, made: Plan, snapshot: Snapshot, wanted: _Wanted) -> dict[str, Any]:
    """The contact or task as planning would make it if the step acted."""
    payer = wanted.payer
    known = made.outcomes.filter(pl.col("payer_id") == payer) if made.outcomes.width else made.outcomes
    if known.is_empty():
        _refuse_unknown(snapshot, payer, made.as_of)
    scenario = wanted.scenario or str(known["scenario"][0])
    alone, step = _policy_of(policy, scenario, wanted.step, wanted.channel)
    acting = _acting(known, step, scenario, made.as_of)
    groups = joining.leads(acting, ["payer_id"]).with_columns(
        key=pl.lit(joining.contact_key(made.entity, payer, made.as_of)), approval=pl.lit(None, pl.String),
        score=pl.lit(None, pl.Float64),
    )  # fmt: skip
    nothing = pl.DataFrame()
    if step.kind in ("internal", "handoff"):
        tasks = groups.rename({"lead_step": "step"}).select(*TASK_COLUMNS)
        return _row(replace(made, tasks=tasks, contacts=nothing), snapshot, alone)
    customers = snapshot.customers.select("collector", payer_id="customer_id", payer_language="language")
    directory = Directory.of(snapshot.contacts.filter(pl.col("customer_id") == payer), alone)
    region = policy.region_of(made.entity)
    sent = joining.addressed(groups.join(customers, on="payer_id", how="left"), directory, region)
    if sent["to"].null_count():
        raise UsageError(
            f"{payer} has nobody whom step {step.id} reaches by {', '.join(step.channels)}.",
            hint="Name another channel: --channel.",
        )
    told = known.filter(
        ~_has(("not_delivered",)), ~pl.col("invoice_id").is_in(acting["invoice_id"].implode())
    )
    mentions = pl.lit(told["invoice_id"].sort().implode())
    contacts = sent.rename({"lead_step": "step"}).with_columns(mentions=mentions).select(*CONTACT_COLUMNS)
    return _row(replace(made, contacts=contacts, tasks=nothing), snapshot, alone)


def _refuse_unknown(snapshot: Snapshot, payer: str, as_of: date) -> None:
    names = snapshot.customers["customer_id"].to_list()
    if payer in names:
        raise UsageError(f"{payer} has nothing open on {as_of}.", hint="Name another day: --as-of.")
    guess = nearest(payer, names)
    raise UsageError(f"There is no payer {payer!r}.", hint=f"Did you mean {guess}?" if guess else None)


def _policy_of(policy: Policy, scenario: str, step: str, channel: str | None) -> tuple[Policy, Step]:
    """The policy with nothing but that step in that scenario, on that channel alone if one is named."""
    whole = policy.scenario(scenario)
    one = whole.step(step)
    if one is None:
        names = [step.id for step in whole.steps]
        guess = nearest(step, names)
        hint = f"Did you mean {guess}?" if guess else f"There is {', '.join(names)}."
        raise UsageError(f"Scenario {scenario} has no step {step!r}.", hint=hint)
    if channel is not None:
        if channel not in CHANNELS_OF_KIND[one.kind]:
            allowed = ", ".join(CHANNELS_OF_KIND[one.kind])
            raise UsageError(f"A {one.kind} doesn't go by {channel!r}.", hint=f"There is {allowed}.")
        one = one.model_copy(update={"channels": (channel,)})
    alone = whole.model_copy(update={"steps": (one,)})
    return policy.model_copy(update={"scenarios": {scenario: alone}}), one


def _acting(known: pl.DataFrame, step: Step, scenario: str, as_of: date) -> pl.DataFrame:
    """The invoices that the step would act for, as `joining.leads` takes them."""
    early = step.day < 0
    late = pl.col("days_late") < 0 if early else pl.col("days_late") >= 0
    acting = known.sort("invoice_id").filter(late, ~_has(_HELD), pl.col("to_demand") > 0)
    if acting.is_empty():
        payer, what = known["payer_id"][0], "not yet due" if early else "due"
        raise UsageError(
            f"{payer} has no open invoice that is {what} on {as_of} and free of holds: nothing for step {step.id}.",
            hint="Name another step or day; `relance explain` tells what holds an invoice.",
        )
    return acting.with_row_index("row").select(
        "row", "payer_id", "invoice_id", scenario=pl.lit(scenario), lead_step=pl.lit(step.id), step=pl.lit(step.id),
        level=pl.lit(step.level), kind=pl.lit(step.kind), place=pl.lit(0), rank=pl.lit(LEVEL_RANK[step.level], pl.Int32),
        to_demand="to_demand", currency="currency", days_late="days_late",
    )  # fmt: skip


def _has(reasons: tuple[str, ...]) -> pl.Expr:
    """Whether one of these holds stands."""
    named = pl.element().struct.field("reason").is_in(list(reasons))
    return pl.col("holds").list.eval(named).list.any()


def _row(made: Plan, snapshot: Snapshot, policy: Policy) -> dict[str, Any]:
    """The one contact or task of `made` as a row of `contact`, with its content as it is stored."""
    group = made.contacts if made.contacts.height else made.tasks
    one = group.row(0, named=True)
    content = contents(made, snapshot, policy).filter(pl.col("key") == one["key"])["content"][0]
    names = ("key", "payer_id", "kind", "scenario", "step", "level")
    return {name: one[name] for name in names} | {
        "entity": made.entity, "as_of": made.as_of, "channel": one.get("channel") or "internal",
        "contact_id": one.get("contact_id"), "recipient": one.get("to"), "language": one.get("language"),
        "content": json.loads(content),
    }  # fmt: skip


# ---- the words


def _written(services: Services, row: Mapping[str, Any], *, planned: bool) -> Preview:
    seller = services.policy.entity(row["entity"])
    templates = Templates(services.settings.templates)
    language = templates.language(row["language"], row["content"]["template"])
    extras = Enclosing(services, row["entity"], row["as_of"]).of(row)
    media, body = "txt", b""
    if row["kind"] == "message":
        with services.unit_of_work() as uow:
            threads = earlier_messages(uow, row["entity"], [row])
        at = services.now().astimezone(ZoneInfo(seller.timezone))
        writer = Writer(services.policy, seller, templates, at, threads)
        written = writer.write(row, extras)
        media, body = written["media"], written["body"]
        extras = writer.with_statement(row, language, extras) if row["channel"] == "email" else extras
    view = build(row, seller, extras)
    mail = render.email(view, language) if view.channel == "email" else None
    text = mail.text if mail else _text(view, language)
    sms = text.rstrip("\n") if view.channel == "sms" else None
    return Preview(
        entity=row["entity"], payer_id=row["payer_id"], as_of=row["as_of"], scenario=row["scenario"], step=row["step"],
        level=row["level"], template=view.template, tone=view.tone, channel=view.channel, language=row["language"],
        recipient=row["recipient"], person=view.person, planned=planned,
        invoices=tuple(one.invoice_id for one in view.lead + view.lower + view.announced),
        subject=mail.subject if mail else None, text=text, media=media, body=body or text.encode(),
        page=mail.html if mail else None,
        pictures={one.name: one.content for one in pictures_of(view)} if mail else {},
        characters=None if sms is None else gsm7.length(sms),
        parts=None if sms is None else gsm7.parts(sms), attachments=view.attachments, left_out=view.left_out,
        charges_missing=view.charges_missing,
    )  # fmt: skip


def _text(view: View, language: Language) -> str:
    """What is read or heard; of a call by machine all that it can say, in order."""
    if view.channel != "voice":
        return render.text(view, language)
    said = json.loads(voice_body(view, language))
    return "".join(
        f"[{part}] {said[part]}\n" for part in ("identify", "text", "menu", "promise_ask", "bye", "mail")
    )
