"""`/relance customer`: what a payer owes, its cases and the last contacts with it."""

from __future__ import annotations

import sqlalchemy as sa

from bot.asking import Ask
from bot.homes import permalinks
from bot.scenes import open_items
from relance.cases.facts import payer_facts
from relance.cases.history import read_history
from relance.cases.reading import list_cases
from relance.slack import answers
from relance.slack.answers import CaseLine, ContactLine, CustomerAnswer
from relance.slack.cards.model import Card
from relance.store.schema import contact
from relance.store.uow import UnitOfWork

CONTACTS = 5


def answer(ask: Ask) -> Card:
    """The payer that was named."""
    found = ask.payer(ask.needed())
    entity, payer_id, desk = found.entity, found.payer_id, ask.desk
    snapshot, items = desk.ledgers.of(entity), open_items(desk, entity, payer_id)
    with desk.unit_of_work() as uow:
        own = {one.invoice_id for one in items}
        history = read_history(uow, entity, [payer_id], snapshot.as_of, items=own)
        facts = payer_facts(snapshot, [payer_id], history)[payer_id]
        said = CustomerAnswer(
            payer_id=payer_id, entity=entity, company=ask.company(entity), as_of=snapshot.as_of, facts=facts,
            items=items, cases=_cases(ask, uow, entity, payer_id),
            contacts=_contacts(uow, entity, payer_id),
        )  # fmt: skip
    return answers.customer(said, ask.voice)


def _cases(ask: Ask, uow: UnitOfWork, entity: str, payer_id: str) -> list[CaseLine]:
    found = list_cases(uow, entity=entity, payer_id=payer_id)
    links = permalinks(uow, [one.case_id for one in found], ask.desk.people.workspace_url())
    return [
        CaseLine(one.case_id, one.kind, one.state, one.opened_on, one.owner, links.get(one.case_id))
        for one in found
    ]


def _contacts(uow: UnitOfWork, entity: str, payer_id: str) -> list[ContactLine]:
    table = contact.c
    query = (
        sa.select(table.as_of, table.channel, table.kind, table.level, table.state)
        .where(table.entity == entity, table.payer_id == payer_id)
        .order_by(table.as_of.desc(), table.key)
        .limit(CONTACTS)
    )
    return [
        ContactLine(on, channel or kind, level, state)
        for on, channel, kind, level, state in uow.execute(query)
    ]
