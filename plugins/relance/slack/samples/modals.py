"""Every modal, as it is opened on cases of the made-up payer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from relance.cases.reading import Event
from relance.config.roles import ACTIONS
from relance.slack import actions
from relance.slack.modals import (
    MESSAGES,
    MODALS,
    CaseChoice,
    KnownContact,
    MessageScene,
    ModalScene,
    View,
    loading,
    no_longer,
    refused,
)
from relance.slack.samples.cases import AT, COLLECTOR, DAY, EN, ITEMS, LEAD, PEOPLE, SALES, a_case, iso
from relance.slack.speech import Voice

_HAPPENED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("open", "relance", {}),
    ("assign", LEAD, {"owner": COLLECTOR}),
    ("comment", SALES, {"text": "Spoke to their new accountant: they pay the oldest one on Friday."}),
    ("promise", COLLECTOR, {"amount": 482_000, "currency": "EUR", "due_on": iso(8)}),
    ("snooze", SALES, {"until": iso(12), "reason": "a large order is being signed"}),
    ("wake", LEAD, {"why": "the order was signed"}),
)
EVENTS = [
    Event(number, 42, verb, who, DAY - timedelta(12 - 2 * number), body, AT)
    for number, (verb, who, body) in enumerate(_HAPPENED, start=1)
]


def scene(kind: str, voice: Voice = EN, **other: Any) -> ModalScene:
    """What a modal is drawn from."""
    values: dict[str, Any] = {
        "case": a_case(kind),
        "voice": voice,
        "today": DAY,
        "items": ITEMS,
        "people": PEOPLE,
        "longest_snooze": 14,
        "events": EVENTS,
        "may": frozenset(ACTIONS),
        "contacts": [
            KnownContact("K1", "email", "ap@port.example", "Accounts payable"),
            KnownContact("K1", "call", "+33 1 23 45 67 89", "Accounts payable"),
        ],
        **other,
    }
    return ModalScene(**values)


def modal(action: str, kind: str, voice: Voice = EN, **other: Any) -> View:
    """One modal."""
    return MODALS[action].build(scene(kind, voice, **other))


MESSAGE = MessageScene(
    EN, DAY, "C1:1773300000.000100", "Just off the phone with Port: they pay 4,820 next Friday.",
    [CaseChoice(42, "Brasserie du Port SARL", "overdue_90", {"EUR": 1_234_550})],
)  # fmt: skip
_CLOSED = a_case("dispute", state="closed", closed_on=DAY, closed_reason="rejected")
MODAL_VIEWS: Mapping[str, View] = {
    "comment": modal(actions.COMMENT, "overdue_90"),
    "assign": modal(actions.ASSIGN, "overdue_90"),
    "snooze": modal(actions.SNOOZE, "promise"),
    "promise": modal(actions.PROMISE, "overdue_90", prefill={"amount": "4,820.00", "due_on": iso(8)}),
    "instalments": modal(actions.INSTALMENTS, "overdue_90"),
    "dispute": modal(
        actions.DISPUTE,
        "overdue_90",
        prefill={"reason": "quality", "invoices": ["F-2025-1302"], "part": "900.00"},
    ),
    "announce": modal(actions.ANNOUNCE, "overdue_90"),
    "contact": modal(actions.CONTACT, "no_contact"),
    "call": modal(actions.CALL, "call"),
    "call promise": modal(actions.CALL, "call", prefill={"outcome": "promise"}),
    "complete": modal(actions.COMPLETE, "handover"),
    "resolve": modal(actions.RESOLVE, "dispute"),
    "reopen": modal(actions.REOPEN, "dispute", case=_CLOSED),
    "approve": modal(actions.APPROVE, "approval"),
    "reject": modal(actions.REJECT, "approval"),
    "write off": modal(actions.WRITE_OFF, "exhausted", prefill={"invoices": ["F-2025-1187"]}),
    "history": modal(actions.HISTORY, "overdue_90"),
    "message comment": MESSAGES[actions.MESSAGE_TO_CASE].build(MESSAGE),
    "message promise": MESSAGES[actions.MESSAGE_TO_PROMISE].build(MESSAGE),
    "loading": loading(EN, action=actions.SNOOZE),
    "refused": refused(
        EN, "sales@lumen.example may not approve this. It takes finance_lead.", action=actions.APPROVE
    ),
    "no longer": no_longer(
        EN, "finance.lead@lumen.example approved it today at 08:02.", action=actions.APPROVE
    ),
    "snooze de": modal(actions.SNOOZE, "promise", Voice("de"), notation="de-DE"),
    "snooze fr": modal(actions.SNOOZE, "promise", Voice("fr"), notation="fr-FR"),
    "instalments es": modal(actions.INSTALMENTS, "overdue_90", Voice("es"), notation="es-ES"),
}
