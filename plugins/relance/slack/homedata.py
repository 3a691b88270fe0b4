"""What the Home tab shows of one person's work, and what they look at. `slack/home.py` draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, get_args

from relance.config.roles import Action
from relance.money import Money

Whose = Literal["mine", "team", "all"]
WHOSE: tuple[Whose, ...] = get_args(Whose)
"""The viewer's own, those of people who share a role with them, all that they may see."""
ListName = Literal[
    "worklist", "approvals", "promises_today", "promises_week", "calls", "disputes", "unassigned"
]
LISTS: tuple[ListName, ...] = get_args(ListName)
"""The lists, in the order in which they are shown. worklist: the viewer's cases by score; promises_week: those due after today,
within seven days; disputes: the oldest first; unassigned: nobody's, the highest score first."""
PAGE = 10
"""Rows of the list that is looked at."""
TOP = 3
"""Rows of each other list."""


@dataclass(frozen=True, slots=True)
class HomeFilter:
    """What the viewer looks at; it lives in the view's private metadata. `kind`, `entity`: empty for any; `page` from 0."""

    list: ListName = "worklist"
    whose: Whose = "mine"
    kind: str = ""
    entity: str = ""
    page: int = 0

    def __str__(self) -> str:
        return f"{self.list}:{self.whose}:{self.kind}:{self.entity}:{self.page}"

    @classmethod
    def parse(cls, metadata: str) -> HomeFilter:
        """The filter of a view's private metadata; what can't be read is the first look."""
        parts = metadata.split(":")
        if len(parts) != 5 or parts[0] not in LISTS or parts[1] not in WHOSE or not parts[4].isdecimal():
            return cls()
        return cls(parts[0], parts[1], parts[2], parts[3], int(parts[4]))

    def changed(self, **values: str | int) -> HomeFilter:
        """Another filter; from its first page, unless a page is given."""
        return replace(self, **{"page": 0, **values})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One case as a row.

    `due_on`: the promise's or deadline's day; `step`: what a call or approval is about; `permalink`: of
    its card; `may`: what the viewer may do with it (approve, reject and call show as buttons).
    """

    case_id: int
    revision: int
    kind: str
    payer: str
    entity: str
    amounts: tuple[Money, ...] = ()
    days_late: int = 0
    due_on: date | None = None
    opened_on: date | None = None
    owner: str | None = None
    snoozed_until: date | None = None
    step: str | None = None
    permalink: str | None = None
    may: frozenset[Action] = frozenset()


@dataclass(frozen=True, slots=True)
class HomeList:
    """The rows to show of a list (a page of the one looked at, else its first `TOP`), and how many there are in all."""

    rows: tuple[HomeRow, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class HomeData:
    """All that the Home tab shows.

    `kinds` and `entities` (id → name) are what the viewer may choose among; `refreshed_at`
    is shown in the viewer's own time zone; `error`: the figures could not be read, in words for the viewer.
    """

    as_of: date
    refreshed_at: datetime
    filter: HomeFilter = HomeFilter()
    lists: Mapping[str, HomeList] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    entities: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
