"""The bot's answers in Spanish."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "bot.failed": (
        "No se ha podido hacer, aunque se ha intentado varias veces. Hágalo de nuevo, por favor; "
        "operaciones está avisada (número {number})."
    ),
    "bot.asked": (
        "Es más tiempo del que puede conceder por su cuenta: se ha pedido una aprobación (caso {case})."
    ),
    "bot.write_off_asked": "Se ha pedido dar el importe por perdido (caso {case}).",
    "bot.voted": "Su sí está anotado; otra persona tiene que aprobarlo también.",
    "bot.assigned": "El caso {case} es ahora de {owner}.",
    "bot.unanswered": "Ahora no se puede responder. Inténtelo de nuevo en un minuto.",
    "bot.noted": "Anotado en el caso {case}: {payer}.",
    "refusal.unknown_button": "Este botón ya no se conoce aquí. Busque la ficha más reciente del caso.",
    "refusal.no_number": "{what} no es el número de un caso. Está en su ficha.",
    "refusal.contact_gone": "Esa dirección ya no es del pagador. Mírelo otra vez.",
    "refusal.unreadable": "Lo rellenado ya no se puede leer. Rellénelo de nuevo, por favor.",
    "refusal.too_late": "Slack ha tardado demasiado en abrirlo. Púlselo otra vez, por favor.",
    "refusal.not_opened": "Slack no ha querido abrirlo ahora. Púlselo de nuevo en un minuto.",
    "refusal.stale": (
        "El caso ha cambiado desde que se dibujó esta ficha ({event} por {who}, {on}). Mírelo otra vez y"
        " decida después."
    ),
    "refusal.no_human": "Solo las personas pueden hacer esto.",
    "refusal.no_email": (
        "Slack no dice cuál es su correo, así que no se puede saber qué le está permitido. Pregunte a "
        "quien lleva Relance: la aplicación necesita el permiso users:read.email."
    ),
    "refusal.impersonates": (
        "Su perfil muestra el correo de un miembro de este espacio, y usted no lo es. Aquí no puede "
        "hacer nada."
    ),
    "refusal.nobody_there": "Esa persona no tiene un correo que Relance pueda ver. Elija a otra.",
    "refusal.person_unknown": "Slack no dice ahora quién es usted. Inténtelo de nuevo en un minuto.",
    "refusal.not_allowed": "No puede hacer esto. Hace falta: {could}.",
    "refusal.not_allowed_so": "No puede hacer esto: {because}. Hace falta: {could}.",
    "refusal.not_named": "Es invitado aquí, o de otro espacio de trabajo: solo puede lo que la política le concede por nombre.",
    "refusal.nobody_may": "Nadie puede hacer esto: ninguna línea de roles.yaml lo permite.",
    "because.asked": "se preguntó a otros",
    "because.entity": "no en esta sociedad",
    "because.kind": "no en casos de este tipo",
    "because.amount": "el importe supera lo que permiten sus roles",
    "because.days": "dura más de lo que permiten sus roles",
    "because.own": "la cuenta no es una de las suyas",
    "refusal.no_person": "{who} no es una persona. Dé un correo o mencione a alguien.",
    "refusal.no_case": "Ese caso no existe.",
    "refusal.not_announced": "En este caso no hay ningún pago anunciado.",
    "refusal.passed": "Esa fecha ya ha pasado. Dé la de hoy o una posterior.",
    "refusal.too_far": "Faltan más de {days} días. Dé una fecha más próxima o anote una promesa.",
    "refusal.amount_out_of_range": "Ese importe no es posible: más de 0 y como mucho lo pendiente.",
    "refusal.announced_already": "{who} ya anotó este pago el {on}.",
    "refusal.answered": "El caso {case} ya fue respondido ({how}) por {who} el {on}.",
    "refusal.empty": "Hace falta escribir algo.",
    "refusal.days": "Dé de 1 a 365 días.",
    "refusal.rest_too_long": "Puede dejarlo en pausa {most} días como máximo.",
    "refusal.request_reopened": (
        "Lo que se pidió aquí no se vuelve a preguntar. Pídalo de nuevo en su propio caso."
    ),
    "refusal.answer_used": "La respuesta ya no se puede retirar: el contacto se ha hecho.",
    "refusal.no_approval": "En este caso no hay nada que aprobar.",
    "refusal.too_early": "Eso es anterior a la pregunta.",
    "refusal.question_changed": (
        "Lo que pregunta este caso ha cambiado. Mírelo otra vez después del proceso del día."
    ),
    "refusal.target_closed": "El caso del que se trata se ha cerrado entretanto.",
    "refusal.request_passed": "Pide un descanso hasta un día que ya ha pasado.",
    "refusal.withdrawn": "Este caso ya no espera: su contacto se ha retirado.",
    "refusal.four_eyes": "Usted lo ha pedido: tiene que aprobarlo otra persona. Hace falta: {could}.",
    "refusal.voted": "Ya dijo que sí el {on}; falta el sí de otra persona.",
    "refusal.assigned": "El caso {case} ya está así: lo hizo {who} el {on}.",
    "refusal.watched": "{person} ya sigue el caso {case}.",
    "refusal.unwatched": "{person} no sigue el caso {case}.",
    "refusal.many_watchers": "Este caso ya tiene el máximo de seguidores. Quite uno primero.",
    "refusal.no_call": "El caso {case} no es una llamada.",
    "refusal.call_gone": "La llamada del caso {case} ya no está pendiente.",
    "refusal.call_too_late": (
        "La llamada se cerró el {on} y desde entonces todo ha seguido. Anote lo que sepa como comentario."
    ),
    "refusal.call_withdrawn": "La llamada se ha retirado: ya no hay nada que hacer.",
    "refusal.call_promise": "Una promesa necesita importe y fecha, y no va con otro resultado.",
    "refusal.call_dispute": "Una disputa necesita su motivo y no va con otro resultado.",
    "refusal.call_no_number": "Esta llamada no tiene número.",
    "refusal.call_next": "Este resultado no lleva otra llamada.",
    "refusal.call_next_day": "Ese día no sirve para otra llamada.",
    "refusal.call_next_late": "La llamada solo tiene plazo hasta el {on}.",
    "refusal.not_your_comment": "Son palabras de {author}. Escriba su propio comentario.",
    "refusal.task_gone": "La tarea del caso {case} ya no está pendiente.",
    "refusal.task_too_late": (
        "La tarea se hizo el {on} y desde entonces todo ha seguido. Anote lo que sepa como comentario."
    ),
    "refusal.task_withdrawn": "La tarea se ha retirado: ya no hay nada que hacer.",
    "refusal.no_task": "El caso {case} no es una tarea.",
    "refusal.contact_marked_already": "{who} ya dijo el {on} que esta dirección es incorrecta.",
    "refusal.contact_known": "Esta dirección ya está en la contabilidad: {contact}.",
    "refusal.contact_not_wrong": "Nadie ha dicho que esta dirección sea incorrecta.",
    "refusal.contact_no_address": "Un contacto necesita un correo o un número.",
    "refusal.contact_not_given": "Nadie ha dado este contacto.",
    "refusal.contact_unknown": "El pagador no tiene ese contacto.",
    "refusal.contact_not_theirs": "Esa dirección no es del pagador.",
    "refusal.contact_given_already": "{who} ya dio esta dirección el {on}.",
    "refusal.contact_role": "Ese papel no existe.",
    "refusal.contact_marked": "Esta dirección está marcada: ya no recibe mensajes.",
    "refusal.contact_name": "Ese nombre no vale.",
    "refusal.contact_email": "Eso no es un correo.",
    "refusal.contact_phone": "Eso no es un teléfono. Escríbalo con su país: +33 1 23 45 67 89.",
    "refusal.contact_language": "Ese idioma no existe.",
    "refusal.too_long": "Es demasiado largo. Escriba menos.",
    "refusal.open": "El caso {case} ya está abierto: lo abrió {who} el {on}.",
    "refusal.not_openable": "Nadie abre a mano un caso de este tipo.",
    "refusal.no_payer": "Ese pagador no existe.",
    "refusal.other_pays": "Otro paga por este cliente.",
    "refusal.try_again": "Alguien lo ha cambiado en el mismo momento. Hágalo de nuevo, por favor.",
    "refusal.no_promise_left": "En este caso ya no hay nada prometido. Anote una promesa nueva.",
    "refusal.asked_already": "{who} ya lo pidió el {on}: el caso {case} espera a {role}.",
    "refusal.no_write_off": "Un caso de este tipo no tiene nada que dar por perdido.",
    "refusal.nothing_open": "Este pagador ya no tiene nada pendiente.",
    "refusal.nobody_approves": (
        "No puede hacerlo por su cuenta, y roles.yaml no nombra a nadie que lo apruebe."
    ),
    "refusal.answer_it": "El caso {case} espera un sí o un no. Apruébelo o rechácelo.",
    "refusal.no_reason": "Ese no es un motivo para un caso de este tipo.",
    "refusal.another_open": "El caso {case}, del mismo tipo, ya está abierto. Siga con ese.",
    "refusal.work_gone": "Se resolvió el {on} y desde entonces todo ha seguido.",
    "refusal.no_rest_for_approvals": "Una pregunta que espera un sí no puede descansar. Respóndala.",
    "refusal.snooze_past": "Dé un día por venir.",
    "refusal.snooze_too_long": "Nada descansa para siempre: dé el {latest} o antes.",
    "refusal.snoozed": "El caso {case} ya descansa hasta el {until}: lo hizo {who} el {on}.",
    "refusal.not_the_payers": "Algunas de estas facturas no son del pagador.",
    "refusal.awake": "El caso {case} no descansa: lo despertó {who} el {on}.",
    "refusal.not_written_off": "Nada del caso {case} se da por perdido: {who} lo anuló el {on}.",
    "refusal.no_doubt": "Ningún mensaje del caso {case} está en duda.",
    "refusal.say_doubt": "Nadie sabe si el mensaje ha salido. Dígalo.",
    "refusal.closed": "El caso {case} ya está cerrado: lo cerró {who} el {on}.",
    "refusal.already": "Caso {case}: {who} ya lo hizo el {on}.",
}
