"""A question to `/relance`: who asks, in which words; and what it is about, looked for over all entities they may see."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa

from bot.arriving import Place
from bot.desk import Desk
from relance.cases.permissions import check_allowed, colleagues_of, sight_of_payers
from relance.errors import CaseError
from relance.slack import answers
from relance.slack.answers import Found
from relance.slack.cards.model import Card
from relance.slack.people import Person
from relance.slack.speech import Voice
from relance.store.schema import customer_version, invoice_version
from relance.store.uow import UnitOfWork


class AnsweredError(Exception):
    """The question has its answer already: what it asks for is not there, or not clear."""

    def __init__(self, card: Card) -> None:
        super().__init__("answered")
        self.card = card


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. `words`: what follows the subcommand."""

    desk: Desk
    person: Person
    voice: Voice
    command: str
    name: str
    words: tuple[str, ...]
    place: Place
    trigger_id: str | None = None

    @property
    def by(self) -> str:
        """The asker's e-mail."""
        return str(self.person.email)

    @property
    def text(self) -> str:
        """What follows the subcommand."""
        return " ".join(self.words)

    def needed(self) -> str:
        """What follows the subcommand, which must be something.

        Raises:
            AnsweredError: with how to ask.
        """
        if not self.words:
            raise AnsweredError(answers.missing(self.name, self.voice, command=self.command))
        return self.text

    def company(self, entity: str) -> str:
        """The entity's name."""
        return self.desk.policy.entity(entity).name

    def check_see(self, uow: UnitOfWork, entity: str, payer_id: str | None = None) -> None:
        """Refuse what the asker may not see.

        Raises:
            NotAllowedError: they may not; says who could.
        """
        payer = colleagues_of(uow, entity, payer_id) if payer_id is not None else None
        check_allowed(uow, self.desk.policy, by=self.by, action="see", entity=entity, payer=payer)

    def entity(self) -> str:
        """The entity that was named, or the only one.

        Raises:
            AnsweredError: none or an unknown one was named; with those there are.
            NotAllowedError: the asker may not see it.
        """
        known = self.desk.policy.entities
        by_name = {name.casefold(): name for name in known}
        typed = self.text.strip()
        found = by_name.get(typed.casefold()) if typed else (next(iter(known)) if len(known) == 1 else None)
        if found is None:
            near = get_close_matches(typed.casefold(), by_name, n=3) if typed else sorted(by_name)
            listed = [Found(by_name[one], known[by_name[one]].name, by_name[one]) for one in near[:3]]
            raise AnsweredError(answers.no_such(typed, listed, self.voice, what="entity"))
        with self.desk.unit_of_work() as uow:
            self.check_see(uow, found)
        return found

    def payer(self, typed: str) -> Found:
        """The one payer that what was typed means.

        Raises:
            AnsweredError: none or several fit; with the nearest, or those.
        """
        with self.desk.unit_of_work() as uow:
            # asked once and then of all in memory: a short word fits thousands
            may_see = sight_of_payers(uow, self.desk.policy, by=self.by)
            payers = _payers(uow, self.desk.policy.entities)
        everybody = [one for one, colleagues in payers if may_see(one.entity, colleagues)]
        fitting = _fitting(typed, everybody)
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise AnsweredError(answers.several(typed, fitting[:10], len(fitting), self.voice))
        raise AnsweredError(answers.no_such(typed, _near(typed, everybody)[:3], self.voice))

    def invoice(self, typed: str) -> tuple[str, str]:
        """Entity and id of the open item that was typed: by its number, in any case.

        Raises:
            AnsweredError: there is none of that number that the asker may see.
        """
        table = invoice_version.c
        wanted = sa.or_(table.item_id == typed, table.invoice_id == typed)
        loose = sa.or_(
            sa.func.lower(table.item_id) == typed.lower(), sa.func.lower(table.invoice_id) == typed.lower()
        )
        with self.desk.unit_of_work() as uow:
            may_see = sight_of_payers(uow, self.desk.policy, by=self.by)
            for condition in (wanted, loose):
                query = sa.select(table.entity, table.item_id, table.customer_id).where(condition).distinct()
                for entity, item_id, customer_id in uow.execute(
                    query.order_by(table.entity, table.item_id).limit(20)
                ):
                    if may_see(entity, colleagues_of(uow, entity, customer_id)):
                        return entity, item_id
        raise AnsweredError(answers.no_such(typed, [], self.voice, what="invoice"))

    def case_number(self, typed: str) -> int:
        """A case by its number.

        Raises:
            CaseError: it is no number.
        """
        bare = typed.lstrip("#")
        if not bare.isascii() or not bare.isdecimal() or len(bare) > 15:
            raise CaseError(
                f"{typed!r} is no case's number.", hint="Its card shows it.", key="no_number", what=typed
            )
        return int(bare)


def _payers(uow: UnitOfWork, entities: Iterable[str]) -> list[tuple[Found, Mapping[str, Any]]]:
    """Every customer as the newest ledger has it, with its colleagues."""
    table = customer_version.c
    query = (
        sa.select(table.entity, table.customer_id, table.name, table.sales_owner, table.collector)
        .ext(sa.dialects.postgresql.distinct_on(table.entity, table.customer_id))
        .where(table.entity.in_(sorted(entities)))
        .order_by(table.entity, table.customer_id, table.extract_date.desc(), table.import_id.desc())
    )
    return [
        (
            Found(customer_id, name or customer_id, entity),
            {"sales_owner": sales_owner, "collector": collector},
        )
        for entity, customer_id, name, sales_owner, collector in uow.execute(query)
    ]


def _fitting(typed: str, everybody: list[Found]) -> list[Found]:
    """By number, else by the whole name, else by all words of it in any order."""
    bare = fold(typed)
    for fits in (
        lambda one: one.payer_id.casefold() == typed.strip().casefold(),
        lambda one: fold(one.name) == bare,
        lambda one: bool(bare) and all(word in fold(one.name) for word in bare.split()),
    ):
        found = [one for one in everybody if fits(one)]
        if found:
            return found
    return []


def _near(typed: str, everybody: list[Found]) -> list[Found]:
    by_name: dict[str, Found] = {}
    for one in everybody:
        by_name.setdefault(fold(one.name), one)
        by_name.setdefault(one.payer_id.casefold(), one)
    return [by_name[name] for name in get_close_matches(fold(typed), list(by_name), n=5, cutoff=0.6)]


def fold(text: str) -> str:
    """Letters without case and accents, words apart by one blank."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in bare if not unicodedata.combining(one)).split())
