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
        "Le dossier a changé depuis cet affichage ({event} par {who}, {on}). Relisez-le, puis décidez."
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
    "refusal.not_allowed": "Vous ne pouvez pas faire cela. Il faut : {could}.",
    "refusal.not_allowed_so": "Vous ne pouvez pas faire cela : {because}. Il faut : {could}.",
    "refusal.not_named": "Invité ici, ou d’un autre espace, vous ne pouvez que ce que la politique vous accorde nommément.",
    "refusal.nobody_may": "Personne ne peut faire cela : aucune ligne de roles.yaml ne le permet.",
    "because.asked": "la question a été posée à d’autres",
    "because.entity": "pas dans cette société",
    "because.kind": "pas dans ce type de dossier",
    "because.amount": "le montant dépasse ce que vos rôles permettent",
    "because.days": "la durée dépasse ce que vos rôles permettent",
    "because.own": "ce compte n’est pas l’un des vôtres",
    "refusal.no_person": ("{who} n’est pas une personne. Donnez une adresse e-mail ou mentionnez quelqu’un."),
    "refusal.no_case": "Ce dossier n’existe pas.",
    "refusal.not_announced": "Aucun paiement n’est annoncé dans ce dossier.",
    "refusal.passed": "Cette date est passée. Donnez celle d’aujourd’hui ou une date ultérieure.",
    "refusal.too_far": "C’est à plus de {days} jours. Donnez une date plus proche ou notez une promesse.",
    "refusal.amount_out_of_range": "Ce montant est impossible : plus de 0 et au plus ce qui est dû.",
    "refusal.announced_already": "{who} a déjà noté ce paiement le {on}.",
    "refusal.answered": "Le dossier {case} a déjà reçu une réponse ({how}) de {who} le {on}.",
    "refusal.empty": "Il faut écrire quelque chose.",
    "refusal.days": "Donnez de 1 à 365 jours.",
    "refusal.rest_too_long": "Vous pouvez le laisser en pause {most} jours au plus.",
    "refusal.request_reopened": "Cette demande n’est pas reposée. Refaites-la dans son propre dossier.",
    "refusal.answer_used": "La réponse ne peut plus être retirée : le contact a eu lieu.",
    "refusal.no_approval": "Il n’y a rien à approuver dans ce dossier.",
    "refusal.too_early": "C’est avant que la question ait été posée.",
    "refusal.question_changed": (
        "Ce que demande ce dossier a changé entre-temps. Relisez-le après le traitement du jour."
    ),
    "refusal.target_closed": "Le dossier concerné a été clos entre-temps.",
    "refusal.request_passed": "La pause demandée va jusqu’à une date passée.",
    "refusal.withdrawn": "Ce dossier n’attend plus : le contact a été retiré.",
    "refusal.four_eyes": (
        "C’est vous qui l’avez demandé : une autre personne doit donner son accord. Il faut : {could}."
    ),
    "refusal.voted": "Vous avez déjà donné votre accord le {on} ; il faut celui d’une autre personne.",
    "refusal.assigned": "C’est déjà le cas du dossier {case} : {who} l’a fait le {on}.",
    "refusal.watched": "{person} suit déjà le dossier {case}.",
    "refusal.unwatched": "{person} ne suit pas le dossier {case}.",
    "refusal.many_watchers": "Ce dossier a déjà le nombre maximal de suiveurs. Retirez-en un d’abord.",
    "refusal.no_call": "Le dossier {case} n’est pas un appel.",
    "refusal.call_gone": "L’appel du dossier {case} n’est plus à faire.",
    "refusal.call_too_late": (
        "L’appel a été clos le {on} : la relance a continué depuis. Notez ce que vous savez en commentaire."
    ),
    "refusal.call_withdrawn": "L’appel a été retiré : il n’y a plus rien à faire.",
    "refusal.call_promise": (
        "Une promesse demande un montant et une date, et ne va avec aucun autre résultat."
    ),
    "refusal.call_dispute": "Un litige demande son motif et ne va avec aucun autre résultat.",
    "refusal.call_no_number": "Cet appel n’a pas de numéro.",
    "refusal.call_next": "Ce résultat ne va avec aucun autre appel.",
    "refusal.call_next_day": "Ce jour ne convient pas pour un nouvel appel.",
    "refusal.call_next_late": "L’appel n’a de sens que jusqu’au {on}.",
    "refusal.not_your_comment": "Ce sont les mots de {author}. Écrivez votre propre commentaire.",
    "refusal.task_gone": "La tâche du dossier {case} n’attend plus.",
    "refusal.task_too_late": (
        "La tâche a été faite le {on} : la relance a continué depuis. Notez ce que vous savez en commentaire."
    ),
    "refusal.task_withdrawn": "La tâche a été retirée : il n’y a plus rien à faire.",
    "refusal.no_task": "Le dossier {case} n’est pas une tâche.",
    "refusal.contact_marked_already": "{who} a déjà signalé le {on} que cette adresse est fausse.",
    "refusal.contact_known": "Cette adresse est déjà dans la comptabilité : {contact}.",
    "refusal.contact_not_wrong": "Personne n’a signalé que cette adresse est fausse.",
    "refusal.contact_no_address": "Un contact demande une adresse e-mail ou un numéro.",
    "refusal.contact_not_given": "Personne n’a donné ce contact.",
    "refusal.contact_unknown": "Le payeur n’a pas ce contact.",
    "refusal.contact_not_theirs": "Ce n’est pas une adresse du payeur.",
    "refusal.contact_given_already": "{who} a déjà donné cette adresse le {on}.",
    "refusal.contact_role": "Ce rôle n’existe pas.",
    "refusal.contact_marked": "Cette adresse est marquée : elle ne reçoit plus de messages.",
    "refusal.contact_name": "Ce nom n’est pas accepté.",
    "refusal.contact_email": "Ce n’est pas une adresse e-mail.",
    "refusal.contact_phone": (
        "Ce n’est pas un numéro. Écrivez-le avec l’indicatif du pays : +33 1 23 45 67 89."
    ),
    "refusal.contact_language": "Cette langue n’existe pas.",
    "refusal.too_long": "C’est trop long. Écrivez moins.",
    "refusal.open": "Le dossier {case} est déjà ouvert : {who} l’a ouvert le {on}.",
    "refusal.not_openable": "Ce type de dossier ne s’ouvre pas à la main.",
    "refusal.no_payer": "Ce payeur n’existe pas.",
    "refusal.other_pays": "Un autre paie pour ce client.",
    "refusal.try_again": "Quelqu’un l’a modifié au même instant. Refaites-le, s’il vous plaît.",
    "refusal.no_promise_left": "Plus rien n’est promis dans ce dossier. Notez une nouvelle promesse.",
    "refusal.asked_already": "{who} l’a déjà demandé le {on} : le dossier {case} attend {role}.",
    "refusal.no_write_off": "Ce type de dossier n’a rien à passer en perte.",
    "refusal.nothing_open": "Ce payeur ne doit plus rien.",
    "refusal.nobody_approves": (
        "Vous ne pouvez pas le faire seul, et roles.yaml ne nomme personne pour donner son accord."
    ),
    "refusal.answer_it": "Le dossier {case} attend un oui ou un non. Approuvez-le ou refusez-le.",
    "refusal.no_reason": "Ce motif ne convient pas à ce type de dossier.",
    "refusal.another_open": (
        "Le dossier {case}, du même type, est ouvert entre-temps. Continuez avec celui-là."
    ),
    "refusal.work_gone": "Il a été réglé le {on} : la relance a continué depuis.",
    "refusal.no_rest_for_approvals": (
        "Une question qui attend un oui ne peut pas être mise en pause. Répondez-y."
    ),
    "refusal.snooze_past": "Donnez un jour à venir.",
    "refusal.snooze_too_long": "Rien ne s’arrête pour toujours : donnez le {latest} ou avant.",
    "refusal.snoozed": "Le dossier {case} est déjà en pause jusqu’au {until} : {who} l’a fait le {on}.",
    "refusal.not_the_payers": "Certaines de ces factures ne sont pas celles du payeur.",
    "refusal.awake": "Le dossier {case} n’est pas en pause : {who} l’a réveillé le {on}.",
    "refusal.not_written_off": "Rien du dossier {case} n’est à passer en perte : {who} y a mis fin le {on}.",
    "refusal.no_doubt": "Aucun message du dossier {case} n’est en doute.",
    "refusal.say_doubt": "Personne ne sait si le message est parti. Dites-le.",
    "refusal.closed": "Le dossier {case} est déjà clos : {who} l’a clos le {on}.",
    "refusal.already": "Dossier {case} : {who} l’a déjà fait le {on}.",
}
