"""The Home tab on a full morning, when nothing waits, and when its figures can't be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from relance.config.roles import Action
from relance.money import Money
from relance.slack.home import LISTS, HomeData, HomeFilter, HomeList, HomeRow, home
from relance.slack.modals import View
from relance.slack.samples.cases import AT, DAY, EN
from relance.slack.speech import Voice

_DECIDE: frozenset[Action] = frozenset({"approve", "reject", "call"})


def _row(number: int, kind: str, payer: str, minor: int, late: int, **other: Any) -> HomeRow:
    return HomeRow(number, 1, kind, payer, "FR01", (Money("EUR", minor),), late, **other)


MINE = (
    _row(42, "overdue_90", "Brasserie du Port SARL", 1_234_550, 102),
    _row(57, "dispute", "Atelier Gauthier & Fils", 890_000, 48, due_on=DAY - timedelta(1)),
    _row(61, "promise", "Hôtel des Alpes", 450_000, 31, due_on=DAY),
    _row(63, "exhausted", "Nordlicht Handels GmbH", 2_310_075, 127),
    _row(70, "no_contact", "Imprimerie Delmas", 120_000, 65),
    _row(71, "question", "Café Central", 36_090, 12, snoozed_until=DAY + timedelta(4)),
    _row(72, "risk", "Weingut Sommer", 1_480_000, 5),
    _row(74, "handover", "Meubles Caron", 3_075_000, 188),
    _row(75, "promise", "Librairie Blanche", 84_500, 22, due_on=DAY + timedelta(4)),
    _row(78, "delivery", "Fromagerie Roux", 61_240, 8),
)
_ROWS: Mapping[str, HomeList] = {
    "worklist": HomeList(MINE, 23),
    "approvals": HomeList(
        (
            _row(
                80,
                "approval",
                "Transports Vidal",
                1_990_000,
                96,
                step="formal",
                due_on=DAY + timedelta(3),
                may=_DECIDE,
            ),
        ),
        1,
    ),
    "promises_today": HomeList((MINE[2],), 1),
    "calls": HomeList(
        (
            _row(90, "call", "Garage Lemoine", 275_000, 40, may=_DECIDE),
            _row(91, "call", "Maison Riva", 198_000, 37, may=_DECIDE),
        ),
        5,
    ),
    "disputes": HomeList((replace(MINE[1], opened_on=DAY - timedelta(19)),), 4),
    "unassigned": HomeList((_row(95, "delivery", "Boulangerie Kern", 54_000, 9, owner=None),), 1),
}
HOME = HomeData(
    DAY, AT, HomeFilter(), _ROWS, ("overdue_90", "dispute", "promise", "call"),
    {"FR01": "Lumen SAS", "DE01": "Lumen GmbH"},
)  # fmt: skip
EMPTY = HomeData(DAY, AT, HomeFilter(), {name: HomeList() for name in LISTS})
HOME_VIEWS: Mapping[str, View] = {
    "home": home(HOME, EN),
    "home empty": home(EMPTY, EN),
    "home error": home(
        replace(EMPTY, error="The figures can't be read just now. Please try again in a minute."), EN
    ),
    "home de": home(HOME, Voice("de")),
}
