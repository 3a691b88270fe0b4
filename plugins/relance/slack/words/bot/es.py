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
        "El caso ha cambiado desde que se dibujó esta ficha ({verb} por {who}, {on}). Mírelo otra vez y "
        "decida después."
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
}
