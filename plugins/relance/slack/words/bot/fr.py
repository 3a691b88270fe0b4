"""The bot's answers in French."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "bot.failed": (
        "Cela n’a pas pu être fait, malgré plusieurs essais. Refaites-le, s’il vous plaît ; "
        "l’exploitation est prévenue (numéro {number})."
    ),
    "bot.asked": (
        "C’est plus long que ce que vous pouvez accorder seul : un accord est demandé (dossier {case})."
    ),
    "bot.write_off_asked": "Le passage en perte est demandé (dossier {case}).",
    "bot.voted": "Votre accord est noté ; une autre personne doit encore donner le sien.",
    "bot.assigned": "Le dossier {case} est maintenant confié à {owner}.",
    "bot.unanswered": "Impossible de répondre pour le moment. Réessayez dans une minute.",
    "bot.noted": "Noté dans le dossier {case} : {payer}.",
    "refusal.unknown_button": (
        "Ce bouton n’est plus connu ici. Cherchez la fiche la plus récente du dossier."
    ),
    "refusal.no_number": "{what} n’est pas un numéro de dossier. Il figure sur la fiche.",
    "refusal.contact_gone": "Cette adresse n’est plus celle du payeur. Vérifiez encore.",
    "refusal.unreadable": "La saisie n’est plus lisible. Merci de la refaire.",
    "refusal.too_late": (
        "Slack a mis trop de temps à ouvrir la fenêtre. Appuyez encore une fois, s’il vous plaît."
    ),
    "refusal.not_opened": "Slack n’a pas voulu ouvrir la fenêtre. Réessayez dans une minute.",
    "refusal.stale": (
        "Le dossier a changé depuis cet affichage ({verb} par {who}, {on}). Relisez-le, puis décidez."
    ),
    "refusal.no_human": "Seules des personnes peuvent faire cela.",
    "refusal.no_email": (
        "Slack ne donne pas votre adresse e-mail ; on ne peut donc pas savoir ce que vous pouvez faire. "
        "Adressez-vous à l’équipe de Relance : l’application a besoin de l’autorisation "
        "users:read.email."
    ),
    "refusal.impersonates": (
        "Votre profil affiche l’adresse e-mail d’un membre de cet espace, dont vous ne faites pas "
        "partie. Vous ne pouvez rien faire ici."
    ),
    "refusal.nobody_there": (
        "Cette personne n’a pas d’adresse e-mail visible pour Relance. Choisissez quelqu’un d’autre."
    ),
    "refusal.person_unknown": "Slack ne dit pas qui vous êtes pour le moment. Réessayez dans une minute.",
}
