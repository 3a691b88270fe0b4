"""`/relance statement`: the sums of a payer's account, and the statement itself as a file to the asker alone."""

from __future__ import annotations

from bot.asking import Ask
from bot.desk import log
from relance.cases.facts import History, payer_facts
from relance.delivery.templates import Templates
from relance.insight import statement
from relance.slack import answers, refusals
from relance.slack.answers import Found, StatementAnswer
from relance.slack.cards.model import Card


def answer(ask: Ask) -> Card:
    """The payer that was named; as a workbook, or as PDF where that word follows."""
    words = ask.words
    as_pdf = len(words) > 1 and words[-1].casefold() == "pdf"
    typed = " ".join(words[:-1]) if as_pdf else ask.needed()
    found = ask.payer(typed)
    snapshot = ask.desk.ledgers.of(found.entity)
    facts = payer_facts(snapshot, [found.payer_id], History())[found.payer_id]
    said = StatementAnswer(
        payer_id=found.payer_id, payer=found.name, entity=found.entity, company=ask.company(found.entity),
        as_of=snapshot.as_of, totals=facts["totals"], invoices=facts["invoices"],
        file=_sent(ask, found, "pdf" if as_pdf else "xlsx"),
    )  # fmt: skip
    return answers.statement(said, ask.voice)


def _sent(ask: Ask, found: Found, form: str) -> str | None:
    """Send the file in a direct message; gives its name, or None when Slack did not take it."""
    desk = ask.desk
    with desk.unit_of_work() as uow:
        made = statement(
            uow, policy=desk.policy, entity=found.entity, payer_id=found.payer_id,
            snapshot=desk.ledgers.of(found.entity), templates=Templates.of(desk.services.settings.templates),
            form="pdf" if form == "pdf" else "xlsx", language=ask.voice.locale,
        )  # fmt: skip
    try:
        channel = desk.client.conversations_open(users=ask.person.user_id)["channel"]["id"]
        desk.client.files_upload_v2(channel=channel, filename=made.name, content=made.content)
    except refusals.FAILURES as error:
        log.warning("slack: a statement could not be sent (%s)", type(error).__name__)
        return None
    return made.name
