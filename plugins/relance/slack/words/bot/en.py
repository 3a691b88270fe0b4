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
        "The case has changed since this card was drawn ({event} by {who}, {on}). Look at it again, then"
        " decide."
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
    "refusal.not_allowed": "You may not do this. It takes: {could}.",
    "refusal.not_allowed_so": "You may not do this: {because}. It takes: {could}.",
    "refusal.not_named": "You are a guest here, or from another workspace: you may do only what the policy names you for.",
    "refusal.nobody_may": "Nobody may do this: no row of roles.yaml allows it.",
    "because.asked": "others were asked",
    "because.entity": "not in this company",
    "because.kind": "not in cases of this kind",
    "because.amount": "the amount is higher than your roles allow",
    "because.days": "it is longer than your roles allow",
    "because.own": "the account is not one of yours",
    "refusal.no_person": "{who} is not a person. Give an e-mail or mention somebody.",
    "refusal.no_case": "There is no such case.",
    "refusal.not_announced": "No payment is announced on this case.",
    "refusal.passed": "That date has passed. Give today or a later one.",
    "refusal.too_far": "That is more than {days} days ahead. Give an earlier date, or note a promise.",
    "refusal.amount_out_of_range": "That amount can’t be: give more than 0 and at most what is open.",
    "refusal.announced_already": "{who} noted this payment already, on {on}.",
    "refusal.answered": "Case {case} was answered already ({how}) by {who} on {on}.",
    "refusal.empty": "Some words are needed.",
    "refusal.days": "Give 1 to 365 days.",
    "refusal.rest_too_long": "You may let it rest for {most} days at most.",
    "refusal.request_reopened": (
        "What was asked for here is not asked again. Ask for it anew on its own case."
    ),
    "refusal.answer_used": "The answer can’t be taken back: its contact has been made.",
    "refusal.no_approval": "There is nothing to approve in this case.",
    "refusal.too_early": "That is before it was asked.",
    "refusal.question_changed": (
        "What this case asks has changed meanwhile. Look at it again when the day’s run is over."
    ),
    "refusal.target_closed": "The case that this is about was closed meanwhile.",
    "refusal.request_passed": "It asks for a rest until a day that has passed.",
    "refusal.withdrawn": "This case no longer waits: its contact was withdrawn.",
    "refusal.four_eyes": "You asked for it, so somebody else must say yes. It takes: {could}.",
    "refusal.voted": "You said yes already, on {on}; somebody else must say yes as well.",
    "refusal.assigned": "Case {case} is like that already: {who} did it on {on}.",
    "refusal.watched": "{person} watches case {case} already.",
    "refusal.unwatched": "{person} doesn’t watch case {case}.",
    "refusal.many_watchers": "This case has as many watchers as there can be. Take one away first.",
    "refusal.no_call": "Case {case} is no call.",
    "refusal.call_gone": "The call of case {case} no longer waits to be made.",
    "refusal.call_too_late": (
        "The call was closed on {on}: dunning has gone on since. Note what you know as a comment."
    ),
    "refusal.call_withdrawn": "The call was withdrawn: there is nothing to make any more.",
    "refusal.call_promise": "A promise needs its amount and date, and goes with no other outcome.",
    "refusal.call_dispute": "A dispute needs its reason, and goes with no other outcome.",
    "refusal.call_no_number": "There is no number on this call.",
    "refusal.call_next": "This outcome goes with no further call.",
    "refusal.call_next_day": "That is no day for a further call.",
    "refusal.call_next_late": "The call has time until {on} only.",
    "refusal.not_your_comment": "These are {author}’s words. Write a comment of your own.",
    "refusal.task_gone": "The task of case {case} no longer waits.",
    "refusal.task_too_late": (
        "The task was done on {on}: dunning has gone on since. Note what you know as a comment."
    ),
    "refusal.task_withdrawn": "The task was withdrawn: there is nothing to do any more.",
    "refusal.no_task": "Case {case} is no task.",
    "refusal.contact_marked_already": "{who} said already on {on} that this address is wrong.",
    "refusal.contact_known": "The ledger has this address already: {contact}.",
    "refusal.contact_not_wrong": "Nobody has said that this address is wrong.",
    "refusal.contact_no_address": "A contact needs an e-mail or a number.",
    "refusal.contact_not_given": "Nobody has given this contact.",
    "refusal.contact_unknown": "The payer has no such contact.",
    "refusal.contact_not_theirs": "This is no address of the payer.",
    "refusal.contact_given_already": "{who} gave this address already, on {on}.",
    "refusal.contact_role": "There is no such role.",
    "refusal.contact_marked": "This address is marked: it takes no messages any more.",
    "refusal.contact_name": "This name can’t be taken.",
    "refusal.contact_email": "This is no e-mail address.",
    "refusal.contact_phone": "This is no phone number. Write it with its country: +33 1 23 45 67 89.",
    "refusal.contact_language": "There is no such language.",
    "refusal.too_long": "That is too long. Write less.",
    "refusal.open": "Case {case} is open already: {who} opened it on {on}.",
    "refusal.not_openable": "Nobody opens a case of this kind by hand.",
    "refusal.no_payer": "There is no such payer.",
    "refusal.other_pays": "Another one pays for this customer.",
    "refusal.try_again": "Somebody else changed this at the same moment. Please do it again.",
    "refusal.no_promise_left": "Nothing of this case is promised any more. Note a new promise.",
    "refusal.asked_already": "{who} asked for it already on {on}: case {case} waits for {role}.",
    "refusal.no_write_off": "A case of this kind has nothing to be written off.",
    "refusal.nothing_open": "Nothing of this payer is open any more.",
    "refusal.nobody_approves": "You may not do this alone, and roles.yaml names nobody to approve it.",
    "refusal.answer_it": "Case {case} waits for a yes or a no. Approve or reject it.",
    "refusal.no_reason": "That is no reason for a case of this kind.",
    "refusal.another_open": "Case {case} of the same kind is open by now. Go on with that one.",
    "refusal.work_gone": "It was resolved on {on}: dunning has gone on since.",
    "refusal.no_rest_for_approvals": "A question that waits for a yes can’t rest. Answer it.",
    "refusal.snooze_past": "Give a day to come.",
    "refusal.snooze_too_long": "Nothing rests for ever: give {latest} or an earlier day.",
    "refusal.snoozed": "Case {case} rests until {until} already: {who} did it on {on}.",
    "refusal.not_the_payers": "Some of these invoices are not the payer’s.",
    "refusal.awake": "Case {case} doesn’t rest: {who} woke it on {on}.",
    "refusal.not_written_off": "Nothing of case {case} is to be written off: {who} ended that on {on}.",
    "refusal.no_doubt": "No message of case {case} is in doubt.",
    "refusal.say_doubt": "Nobody knows whether the message has gone. Say whether it has.",
    "refusal.closed": "Case {case} is closed already: {who} closed it on {on}.",
    "refusal.already": "Case {case}: {who} did it already, on {on}.",
}
