"""Who asks for no more messages, in seven languages; and who does not."""

from __future__ import annotations

import pytest

from relance.inbox.stop import wish

STOP = {
    "en": ("STOP", "Unsubscribe", "opt-out", "stop all", "quit."),
    "fr": ("ARRÊT", "arrêtez", "Désabonnement", "STOP SMS", "Stop svp"),
    "de": ("STOPP", "Abmelden", "aufhören", "Stopp bitte"),
    "es": ("BAJA", "darme de baja", "Parar", "cancelar por favor"),
    "it": ("Cancella", "annulla", "DISISCRIVIMI", "basta"),
    "nl": ("Afmelden", "STOPPEN", "uitschrijven"),
    "pt": ("SAIR", "Cancelar", "remover", "anular."),
}
START = ("START", "unstop", "Reprendre", "starten", "ALTA", "riattiva", "aanmelden", "começar", "retomar")
NEITHER = (
    "", "Bonjour", "Je paie vendredi", "Nous avons stoppé le chantier, la facture est contestée", "stop the invoice F-1",
    "Stop! Ich habe schon bezahlt", "ok", "oui", "yes", "fin de mois", "Ende des Monats", "F-1", "1", "alta tensión 3",
    "please stop by our office",
)  # fmt: skip


@pytest.mark.parametrize(("language", "text"), [(tag, one) for tag, texts in STOP.items() for one in texts])
def test_stop_is_understood_in_seven_languages(language: str, text: str) -> None:
    assert wish(text) == "stop"
    assert wish(f"  {text.lower()}!! ") == "stop"


@pytest.mark.parametrize("text", START)
def test_start_is_understood(text: str) -> None:
    assert wish(text) == "start"


@pytest.mark.parametrize("text", NEITHER)
def test_what_has_something_else_to_say_goes_to_a_person(text: str) -> None:
    assert wish(text) is None


def test_the_number_that_a_message_names_may_follow() -> None:
    assert wish("STOP au 36180") == "stop"
    assert wish("stop 36180") == "stop"


def test_twilios_own_word_goes_first() -> None:
    assert wish("Ich will nicht mehr", "STOP") == "stop"
    assert wish("yes", "START") == "start"
    assert wish("help", "HELP") is None
