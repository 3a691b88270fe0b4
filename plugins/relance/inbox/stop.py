"""Whether a text asks for no more messages, or for messages again.

Twilio's own word on it (`OptOutType`) goes first. It knows the English words, and those of others where somebody has set
them up; so the words are looked at here too, in the seven languages that we write in.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Wish = Literal["stop", "start"]

STOP = frozenset(
    {
        # English: those that Twilio itself obeys
        "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out", "unsubscribe me",
        # French
        "arret", "arrets", "arreter", "arretez", "arrete", "desabonner", "desabonnement", "desinscription",
        "desinscrire", "me desinscrire", "me desabonner", "stop pub",
        # German
        "stopp", "halt", "abmelden", "abmeldung", "abbestellen", "austragen", "ende", "beenden", "aufhoren",
        "aufhoeren", "schluss",
        # Spanish
        "baja", "dar de baja", "darme de baja", "alto", "parar", "pare", "cancelar", "detener", "basta", "fin",
        # Italian
        "ferma", "fermare", "fermati", "annulla", "cancella", "cancellami", "disiscrivi", "disiscrivimi",
        "disattiva", "rimuovi",
        # Dutch
        "stoppen", "afmelden", "uitschrijven", "einde", "opzeggen", "ophouden",
        # Portuguese
        "sair", "remover", "descadastrar", "anular", "desinscrever", "cancelar subscricao",
    }
)  # fmt: skip
"""Whole messages that mean: no more. Lower case, without accents and points."""

START = frozenset(
    {
        "start", "unstop", "resume", "subscribe", "optin", "opt in",
        "reprendre", "demarrer", "reactiver", "reabonner",
        "starten", "anmelden", "fortsetzen",
        "alta", "iniciar", "reanudar", "empezar",
        "inizia", "avvia", "riprendi", "riattiva",
        "aanmelden", "hervatten", "doorgaan",
        "comecar", "retomar", "reativar",
    }
)  # fmt: skip
"""Whole messages that mean: write to me again."""

_COURTESY = frozenset(
    {"sms", "please", "svp", "merci", "bitte", "danke", "por favor", "gracias", "grazie", "alstublieft", "aub", "obrigado"}
    | {"thanks", "whatsapp", "all", "tout", "alles"}
)  # fmt: skip
_NO_WORD = re.compile(r"[^a-z0-9 ]+")


def wish(text: str, opt_out_type: str | None = None) -> Wish | None:
    """What a text asks for: "stop", "start", or neither."""
    told = (opt_out_type or "").strip().upper()
    if told in {"STOP", "START"}:
        return "stop" if told == "STOP" else "start"
    words = _plain(text)
    if words in STOP:
        return "stop"
    if words in START:
        return "start"
    first, _, rest = words.partition(" ")
    if rest and first in STOP | START and _is_courtesy(rest):
        return "stop" if first in STOP else "start"
    return None


def _is_courtesy(rest: str) -> bool:
    """Whether nothing but courtesy, or the short number that the message names, follows the word."""
    return rest in _COURTESY or all(one in _COURTESY or one.isdigit() or one == "au" for one in rest.split())


def _plain(text: str) -> str:
    bare = "".join(
        one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one)
    )
    return " ".join(_NO_WORD.sub(" ", bare).split())
