"""The bot's answers in German."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "bot.failed": (
        "Das ist trotz mehrerer Versuche nicht gelungen. Bitte noch einmal; der Betrieb weiß davon "
        "(Nummer {number})."
    ),
    "bot.asked": ("Das ist länger, als Sie allein geben dürfen: Eine Freigabe ist angefragt (Fall {case})."),
    "bot.write_off_asked": "Die Ausbuchung ist angefragt (Fall {case}).",
    "bot.voted": "Ihr Ja ist vermerkt; eine weitere Person muss noch zustimmen.",
    "bot.assigned": "Fall {case} gehört jetzt {owner}.",
    "bot.unanswered": "Das lässt sich gerade nicht beantworten. Versuchen Sie es in einer Minute wieder.",
    "bot.noted": "Im Fall {case} vermerkt: {payer}.",
    "refusal.unknown_button": (
        "Dieser Knopf ist hier nicht mehr bekannt. Suchen Sie die neueste Karte des Falls."
    ),
    "refusal.no_number": "{what} ist keine Fallnummer. Sie steht auf der Karte.",
    "refusal.contact_gone": "Diese Adresse gehört dem Zahler nicht mehr. Sehen Sie noch einmal nach.",
    "refusal.unreadable": "Die Eingabe ist nicht mehr lesbar. Bitte noch einmal ausfüllen.",
    "refusal.too_late": "Slack hat zu lange gebraucht. Bitte noch einmal drücken.",
    "refusal.not_opened": (
        "Slack wollte das gerade nicht öffnen. Bitte in einer Minute noch einmal drücken."
    ),
    "refusal.stale": (
        "Der Fall hat sich geändert, seit diese Karte gezeichnet wurde ({verb} durch {who}, {on}). Sehen"
        " Sie ihn noch einmal an und entscheiden Sie dann."
    ),
    "refusal.no_human": "Das dürfen nur Menschen.",
    "refusal.no_email": (
        "Slack verrät Ihre E-Mail-Adresse nicht; so weiß niemand, was Sie dürfen. Fragen Sie, wer "
        "Relance betreibt: Die App braucht die Berechtigung users:read.email."
    ),
    "refusal.impersonates": (
        "Ihr Profil zeigt die E-Mail-Adresse eines Mitglieds dieses Workspace, und Sie gehören nicht "
        "dazu. Sie können hier nichts tun."
    ),
    "refusal.nobody_there": (
        "Diese Person hat keine E-Mail-Adresse, die Relance sieht. Wählen Sie jemand anderen."
    ),
    "refusal.person_unknown": (
        "Slack sagt gerade nicht, wer Sie sind. Versuchen Sie es in einer Minute wieder."
    ),
}
