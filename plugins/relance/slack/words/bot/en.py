"""The bot's answers in English."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "bot.failed": (
        "That could not be done, although it was tried for some time. Please do it again; operations has"
        " been told (number {number})."
    ),
    "bot.asked": "That is longer than you may give alone: a yes has been asked for (case {case}).",
    "bot.write_off_asked": "The write-off has been asked for (case {case}).",
    "bot.voted": "Your yes is noted; another person must say yes as well.",
    "bot.assigned": "Case {case} is {owner}’s now.",
    "bot.unanswered": "That can’t be answered right now. Try again in a minute.",
    "bot.noted": "Noted in case {case}: {payer}.",
    "refusal.unknown_button": (
        "This button is not known here any more. Look for the newest card of the case."
    ),
    "refusal.no_number": "{what} is no case’s number. Its card shows it.",
    "refusal.contact_gone": "That address is no longer the payer’s. Look again.",
    "refusal.unreadable": "What was filled in can’t be read any more. Please fill it in again.",
    "refusal.too_late": "Slack took too long to open this. Please press again.",
    "refusal.not_opened": "Slack would not open this now. Please press again in a minute.",
    "refusal.stale": (
        "The case has changed since this card was drawn ({verb} by {who}, {on}). Look at it again, then "
        "decide."
    ),
    "refusal.no_human": "Only people may do this.",
    "refusal.no_email": (
        "Slack doesn’t say what your e-mail is, so nobody can know what you may do. Ask whoever runs "
        "Relance: the app needs the scope users:read.email."
    ),
    "refusal.impersonates": (
        "Your profile shows the e-mail of a member of this workspace, and you are not one. You can’t do "
        "anything here."
    ),
    "refusal.nobody_there": "That person has no e-mail that Relance can see. Choose somebody else.",
    "refusal.person_unknown": "Slack doesn’t say who you are right now. Try again in a minute.",
}
