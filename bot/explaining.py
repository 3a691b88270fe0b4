"""An invoice's day explained, as `relance explain` does it, from the ledger that is at hand."""

from __future__ import annotations

from bot.asking import Ask
from relance.deciding import history_before, holds_on
from relance.planning.explaining import explanation_of
from relance.planning.explanation import Explanation
from relance.planning.plan import day_of
from relance.speech import Paragraph, language_of
from relance.speech import explain as to_words
from relance.store.profiles import profiles_on


def explained(ask: Ask, entity: str, item_id: str) -> Explanation:
    """Why it is chased today, or why not, with what is known now."""
    services, known = ask.desk.services, ask.desk.ledgers.known(entity)
    on = known.snapshot.as_of
    history, holds = history_before(services, entity, on), holds_on(services, entity, on)
    profiles = profiles_on(services.database, entity, on)
    stages = day_of(known.snapshot, services.policy, history, holds, on, profiles=profiles)
    return explanation_of(stages, item_id, versions=known.versions)


def in_words(ask: Ask, found: Explanation) -> tuple[Paragraph, ...]:
    """The explanation in the viewer's language, else in English."""
    return to_words(found, language_of(ask.voice.locale))
