"""Whom a step reaches, and how: persons by role, preference and id; the first of the step's channels they can receive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from relance.config.models import Step
from relance.config.policy import Policy

_NEEDS = {
    "email": ("email",),
    "sms": ("phone",),
    "voice": ("phone",),
    "call": ("phone",),
    "whatsapp": ("whatsapp",),
    "letter": ("address",),
    "registered": ("address", "email"),
}
"""What a person needs to receive a channel: any of these, the first found is where it goes."""

PERSON = {
    "payer_id": pl.String,
    "contact_id": pl.String,
    "to": pl.String,
    "channel": pl.String,
    "person_language": pl.String,
}
"""A person whom a step reaches."""
STEP_REACH = {"scenario": pl.String, "step": pl.String, "reach": pl.Int32}

Reach = tuple[tuple[str, ...], tuple[str, ...]]
"""Channels and audience of a step: all that decides whom it reaches."""


def reach_of(step: Step) -> Reach:
    """The part of a step that decides whom it reaches."""
    return tuple(step.channels), tuple(step.audience)


@dataclass(frozen=True)
class Directory:
    """Whom each step of a policy reaches among the persons of a ledger; depends on no day.

    `persons`: for each reach one row (`PERSON`) a payer that it reaches. `steps`: scenario, step, reach (its place in
    `persons`) of every step that contacts.
    """

    contacts: pl.DataFrame
    policy: Policy
    persons: tuple[pl.DataFrame, ...]
    steps: pl.DataFrame

    @classmethod
    def of(cls, contacts: pl.DataFrame, policy: Policy) -> Directory:
        """Look up every reach that the policy's steps have."""
        steps = steps_that_contact(policy)
        reaches = list(dict.fromkeys(map(reach_of, steps.values())))
        rows = [(scenario, step.id, reaches.index(reach_of(step))) for (scenario, _), step in steps.items()]
        present = _clean(contacts)
        persons = tuple(_first_person(present, *reach) for reach in reaches)
        return cls(contacts, policy, persons, pl.DataFrame(rows, schema=STEP_REACH, orient="row"))

    def reached(
        self, payers: pl.Series, payer: npt.NDArray[np.intp], reach: pl.Series
    ) -> npt.NDArray[np.bool_]:
        """Whether somebody can be reached, for items by their payer's place in `payers` and their step's `reach`."""
        wanted = reach.to_numpy()
        found = np.zeros(wanted.size, dtype=np.bool_)
        for number in reach.unique():
            of_payer = payers.is_in(self.persons[number]["payer_id"].implode()).to_numpy()
            rows = wanted == number
            found[rows] = of_payer[payer[rows]]
        return found


def language_for(tags: Sequence[str | None], region_languages: Sequence[str]) -> str:
    """The first wanted language that the region has, by primary subtag (fr-BE is fr); else the region's first."""
    by_primary: dict[str, str] = {}
    for spoken in region_languages:
        by_primary.setdefault(_primary(spoken), spoken)
    for wanted in tags:
        if wanted and _primary(wanted) in by_primary:
            return by_primary[_primary(wanted)]
    return region_languages[0]


def steps_that_contact(policy: Policy) -> dict[tuple[str, str], Step]:
    """All steps that reach a payer, by scenario and id."""
    return {
        (name, step.id): step
        for name, scenario in sorted(policy.scenarios.items())
        for step in scenario.steps
        if step.kind in ("message", "call")
    }


def _primary(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()


def _clean(persons: pl.DataFrame) -> pl.DataFrame:
    """Active persons with blanks as nulls and opted-out channels as a list."""
    text = ("role", "email", "phone", "whatsapp", "address", "language", "preferred_channel")
    return persons.filter(pl.col("active").fill_null(value=True)).select(
        pl.col("customer_id").alias("payer_id"),
        "contact_id",
        *(_blank_to_null(name) for name in text),
        pl.col("opt_out").fill_null("").str.replace_all(r"\s", "").str.split("|").alias("opted_out"),
    )


def _blank_to_null(name: str) -> pl.Expr:
    stripped = pl.col(name).str.strip_chars()
    return pl.when(stripped != "").then(stripped).alias(name)


def persons_for(contacts: pl.DataFrame, channels: Sequence[str], audience: Sequence[str]) -> pl.DataFrame:
    """All persons whom a step with these channels and audience could reach (`PERSON`), of each payer the first first."""
    return _in_order(_clean(contacts), tuple(channels), tuple(audience)).select(*PERSON)


def _first_person(
    persons: pl.DataFrame, channels: tuple[str, ...], audience: tuple[str, ...]
) -> pl.DataFrame:
    return (
        _in_order(persons, channels, audience)
        .group_by("payer_id", maintain_order=True)
        .first()
        .select(*PERSON)
    )


def _in_order(persons: pl.DataFrame, channels: tuple[str, ...], audience: tuple[str, ...]) -> pl.DataFrame:
    ranks = {role: rank for rank, role in enumerate(audience)}
    wanted = persons.filter(pl.col("role").is_null() | pl.col("role").is_in(list(audience)))
    can = {channel: _can_receive(channel) for channel in channels}
    return (
        wanted.with_columns(
            channel=pl.coalesce(*(pl.when(can[name]).then(pl.lit(name)) for name in channels)),
            to=pl.coalesce(*(pl.when(can[name]).then(_address(name)) for name in channels)),
            rank=pl.col("role").replace_strict(ranks, default=len(ranks), return_dtype=pl.Int32),
            unlike=~pl.col("preferred_channel").is_in(list(channels)).fill_null(value=False),
        )
        .filter(pl.col("channel").is_not_null())
        .sort("payer_id", "rank", "unlike", "contact_id")
        .rename({"language": "person_language"})
    )


def _address(channel: str) -> pl.Expr:
    return pl.coalesce(*_NEEDS[channel])


def _can_receive(channel: str) -> pl.Expr:
    return _address(channel).is_not_null() & ~pl.col("opted_out").list.contains(channel)
