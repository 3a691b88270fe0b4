"""What a modal is: a view drawn from a scene, and a reader of what was filled in. Pure: `today` is passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from relance.cases.reading import Case, Event
from relance.config.roles import Action
from relance.slack.speech import Voice

View = dict[str, Any]
Block = dict[str, Any]
StateValues = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""`view.state.values` of Slack's payload: block id → action id → what stands there."""


@dataclass(frozen=True, slots=True)
class Item:
    """An open item as a modal offers it; `open` in minor units."""

    invoice_id: str
    due_date: date
    open: int
    currency: str


@dataclass(frozen=True, slots=True)
class KnownContact:
    """An address of the payer's people as a modal offers it: `channel` is one of a contact's, such as email or call."""

    contact_id: str
    channel: str
    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ModalScene:
    """What a modal is drawn from.

    `may`: what the viewer may do with the case. `items`: the payer's open items. `people`: Slack user ids by e-mail in small
    letters, for those whom the modal shows as chosen. `longest_snooze`: days the viewer may let it rest (None: any number).
    `notation`: the viewer's language tag as Slack names it, for amounts and dates (default: the voice's). `prefill`: what stands
    in the fields at first, by their names. `events`: the case's history, oldest first; only the history shows it. `contacts`:
    the payer's addresses; only the modal of wrong contacts shows them.
    """

    case: Case
    voice: Voice
    today: date
    may: frozenset[Action] = frozenset()
    items: Sequence[Item] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    longest_snooze: int | None = None
    prefill: Mapping[str, Any] = field(default_factory=dict)
    notation: str | None = None
    events: Sequence[Event] = ()
    contacts: Sequence[KnownContact] = ()

    @property
    def payer(self) -> Mapping[str, Any]:
        """What the ledger knows of the payer; nothing for a case about data."""
        return self.case.facts.get("payer") or {}

    @property
    def tag(self) -> str:
        """The language tag by which amounts are written and read."""
        return self.notation or self.voice.locale


@dataclass(frozen=True, slots=True)
class MessageScene:
    """What the modals of message shortcuts are drawn from.

    `source`: the message as "channel:ts"; `text`: its words; `cases`: those that it most likely belongs to (its thread's), the
    likeliest first; `currencies`: those that may be promised in, the likeliest first. `notation` as in `ModalScene`.
    """

    voice: Voice
    today: date
    source: str
    text: str = ""
    cases: Sequence[CaseChoice] = ()
    currencies: Sequence[str] = ("EUR",)
    notation: str | None = None

    @property
    def tag(self) -> str:
        """The language tag by which amounts are written and read."""
        return self.notation or self.voice.locale


@dataclass(frozen=True, slots=True)
class CaseChoice:
    """A case to choose from a list; `open` in minor units by currency."""

    case_id: int
    payer: str
    kind: str
    open: Mapping[str, int] = field(default_factory=dict)


class Entry:
    """What a person filled in, checked: each modal has its own."""

    __slots__ = ()


Errors = dict[str, str]
"""What is wrong, in the viewer's words, by block id: for `response_action: errors`."""
Reader = Callable[[StateValues, str, date], Entry | Errors]


SceneT = TypeVar("SceneT", ModalScene, MessageScene)


@dataclass(frozen=True, slots=True)
class Modal(Generic[SceneT]):
    """One modal: `action` is its callback id; one that only shows has no reader.

    `redraws`: action ids of its elements after whose change it is built anew, with `chosen(values)` as the scene's prefill.
    """

    action: str
    build: Callable[[SceneT], View]
    reader: Reader | None = None
    redraws: frozenset[str] = frozenset()
    chosen: Callable[[StateValues], Mapping[str, Any]] | None = None

    def read(self, values: StateValues, *, locale: str, today: date) -> Entry | Errors:
        """What was filled in, or what is wrong with it; `locale`: the viewer's language tag (fr, fr-CH)."""
        return self.reader(values, locale, today) if self.reader is not None else {}
