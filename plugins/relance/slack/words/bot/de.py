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
        "Der Fall hat sich geändert, seit diese Karte gezeichnet wurde ({event} durch {who}, {on}). "
        "Sehen Sie ihn noch einmal an und entscheiden Sie dann."
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
    "refusal.not_allowed": "Das dürfen Sie nicht. Es braucht: {could}.",
    "refusal.not_allowed_so": "Das dürfen Sie nicht: {because}. Es braucht: {could}.",
    "refusal.not_named": "Sie sind hier Gast oder aus einem anderen Workspace: erlaubt ist nur, wofür die Regeln Sie nennen.",
    "refusal.nobody_may": "Das darf niemand: Keine Zeile der roles.yaml erlaubt es.",
    "because.asked": "andere wurden gefragt",
    "because.entity": "nicht in dieser Gesellschaft",
    "because.kind": "nicht in Fällen dieser Art",
    "because.amount": "der Betrag ist höher, als Ihre Rollen erlauben",
    "because.days": "es dauert länger, als Ihre Rollen erlauben",
    "because.own": "das Konto ist keines der Ihren",
    "refusal.no_person": (
        "{who} ist keine Person. Geben Sie eine E-Mail-Adresse an oder erwähnen Sie jemanden."
    ),
    "refusal.no_case": "Diesen Fall gibt es nicht.",
    "refusal.not_announced": "In diesem Fall ist keine Zahlung angekündigt.",
    "refusal.passed": "Dieses Datum ist vorbei. Geben Sie heute oder ein späteres an.",
    "refusal.too_far": (
        "Das ist mehr als {days} Tage voraus. Geben Sie ein früheres Datum an oder vermerken Sie eine Zusage."
    ),
    "refusal.amount_out_of_range": "Dieser Betrag geht nicht: mehr als 0 und höchstens, was offen ist.",
    "refusal.announced_already": "{who} hat diese Zahlung schon am {on} vermerkt.",
    "refusal.answered": "Fall {case} wurde schon beantwortet ({how}), von {who} am {on}.",
    "refusal.empty": "Es braucht ein paar Worte.",
    "refusal.days": "Geben Sie 1 bis 365 Tage an.",
    "refusal.rest_too_long": "Sie dürfen es höchstens {most} Tage ruhen lassen.",
    "refusal.request_reopened": (
        "Was hier erbeten war, wird nicht noch einmal gefragt. Bitten Sie im eigenen Fall erneut darum."
    ),
    "refusal.answer_used": "Die Antwort lässt sich nicht zurücknehmen: Der Kontakt ist erfolgt.",
    "refusal.no_approval": "In diesem Fall ist nichts freizugeben.",
    "refusal.too_early": "Das ist, bevor gefragt wurde.",
    "refusal.question_changed": (
        "Was dieser Fall fragt, hat sich geändert. Sehen Sie ihn nach dem Tageslauf noch einmal an."
    ),
    "refusal.target_closed": "Der Fall, um den es geht, wurde inzwischen geschlossen.",
    "refusal.request_passed": "Die erbetene Ruhe ginge bis zu einem Tag, der vorbei ist.",
    "refusal.withdrawn": "Dieser Fall wartet nicht mehr: Der Kontakt wurde zurückgezogen.",
    "refusal.four_eyes": (
        "Sie haben darum gebeten, also muss jemand anderes zustimmen. Es braucht: {could}."
    ),
    "refusal.voted": "Sie haben schon am {on} zugestimmt; jemand anderes muss noch zustimmen.",
    "refusal.assigned": "Bei Fall {case} ist das schon so: {who} hat es am {on} getan.",
    "refusal.watched": "{person} beobachtet Fall {case} schon.",
    "refusal.unwatched": "{person} beobachtet Fall {case} nicht.",
    "refusal.many_watchers": (
        "Dieser Fall hat schon die höchste Zahl an Beobachtern. Nehmen Sie erst einen weg."
    ),
    "refusal.no_call": "Fall {case} ist kein Anruf.",
    "refusal.call_gone": "Der Anruf von Fall {case} steht nicht mehr an.",
    "refusal.call_too_late": (
        "Der Anruf wurde am {on} abgeschlossen, seither ging es weiter. Schreiben Sie, was Sie wissen, "
        "als Kommentar."
    ),
    "refusal.call_withdrawn": "Der Anruf wurde zurückgezogen; es ist nichts mehr zu tun.",
    "refusal.call_promise": "Eine Zusage braucht Betrag und Datum und gehört zu keinem anderen Ergebnis.",
    "refusal.call_dispute": "Eine Reklamation braucht ihren Grund und gehört zu keinem anderen Ergebnis.",
    "refusal.call_no_number": "Zu diesem Anruf gibt es keine Nummer.",
    "refusal.call_next": "Zu diesem Ergebnis gehört kein weiterer Anruf.",
    "refusal.call_next_day": "Das ist kein Tag für einen weiteren Anruf.",
    "refusal.call_next_late": "Der Anruf hat nur bis {on} Zeit.",
    "refusal.not_your_comment": "Das sind die Worte von {author}. Schreiben Sie einen eigenen Kommentar.",
    "refusal.task_gone": "Die Aufgabe von Fall {case} steht nicht mehr an.",
    "refusal.task_too_late": (
        "Die Aufgabe wurde am {on} erledigt, seither ging es weiter. Schreiben Sie, was Sie wissen, als "
        "Kommentar."
    ),
    "refusal.task_withdrawn": "Die Aufgabe wurde zurückgezogen; es ist nichts mehr zu tun.",
    "refusal.no_task": "Fall {case} ist keine Aufgabe.",
    "refusal.contact_marked_already": "{who} hat schon am {on} gesagt, dass diese Adresse falsch ist.",
    "refusal.contact_known": "Diese Adresse steht schon in den Büchern: {contact}.",
    "refusal.contact_not_wrong": "Niemand hat gesagt, dass diese Adresse falsch ist.",
    "refusal.contact_no_address": "Ein Kontakt braucht eine E-Mail-Adresse oder eine Nummer.",
    "refusal.contact_not_given": "Niemand hat diesen Kontakt angegeben.",
    "refusal.contact_unknown": "Der Zahler hat diesen Kontakt nicht.",
    "refusal.contact_not_theirs": "Das ist keine Adresse des Zahlers.",
    "refusal.contact_given_already": "{who} hat diese Adresse schon am {on} angegeben.",
    "refusal.contact_role": "Diese Rolle gibt es nicht.",
    "refusal.contact_marked": "Diese Adresse ist markiert: Sie bekommt keine Nachrichten mehr.",
    "refusal.contact_name": "Dieser Name geht nicht.",
    "refusal.contact_email": "Das ist keine E-Mail-Adresse.",
    "refusal.contact_phone": (
        "Das ist keine Telefonnummer. Schreiben Sie sie mit Landesvorwahl: +33 1 23 45 67 89."
    ),
    "refusal.contact_language": "Diese Sprache gibt es nicht.",
    "refusal.too_long": "Das ist zu lang. Schreiben Sie weniger.",
    "refusal.open": "Fall {case} ist schon offen: {who} hat ihn am {on} geöffnet.",
    "refusal.not_openable": "Einen Fall dieser Art öffnet niemand von Hand.",
    "refusal.no_payer": "Diesen Zahler gibt es nicht.",
    "refusal.other_pays": "Für diesen Kunden zahlt ein anderer.",
    "refusal.try_again": "Jemand hat das im selben Moment geändert. Bitte noch einmal.",
    "refusal.no_promise_left": "In diesem Fall ist nichts mehr zugesagt. Vermerken Sie eine neue Zusage.",
    "refusal.asked_already": "{who} hat schon am {on} darum gebeten: Fall {case} wartet auf {role}.",
    "refusal.no_write_off": "In einem Fall dieser Art ist nichts auszubuchen.",
    "refusal.nothing_open": "Von diesem Zahler ist nichts mehr offen.",
    "refusal.nobody_approves": ("Das dürfen Sie nicht allein, und roles.yaml nennt niemanden, der zustimmt."),
    "refusal.answer_it": "Fall {case} wartet auf ein Ja oder Nein. Geben Sie frei oder lehnen Sie ab.",
    "refusal.no_reason": "Das ist kein Grund für einen Fall dieser Art.",
    "refusal.another_open": "Fall {case} derselben Art ist inzwischen offen. Machen Sie dort weiter.",
    "refusal.work_gone": "Es wurde am {on} erledigt, seither ging es weiter.",
    "refusal.no_rest_for_approvals": (
        "Eine Frage, die auf ein Ja wartet, kann nicht ruhen. Beantworten Sie sie."
    ),
    "refusal.snooze_past": "Geben Sie einen Tag an, der noch kommt.",
    "refusal.snooze_too_long": "Nichts ruht für immer: geben Sie {latest} oder einen früheren Tag an.",
    "refusal.snoozed": "Fall {case} ruht schon bis {until}: {who} hat es am {on} getan.",
    "refusal.not_the_payers": "Einige dieser Rechnungen gehören nicht dem Zahler.",
    "refusal.awake": "Fall {case} ruht nicht: {who} hat ihn am {on} geweckt.",
    "refusal.not_written_off": "Von Fall {case} ist nichts mehr auszubuchen: {who} hat das am {on} aufgehoben.",
    "refusal.no_doubt": "Keine Nachricht von Fall {case} ist im Zweifel.",
    "refusal.say_doubt": "Niemand weiß, ob die Nachricht hinausging. Sagen Sie es.",
    "refusal.closed": "Fall {case} ist schon geschlossen: {who} hat ihn am {on} geschlossen.",
    "refusal.already": "Fall {case}: {who} hat es schon am {on} getan.",
}
