"""What a card is made of and what it is: pure values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from relance.cases.reading import Case
from relance.slack.speech import Voice

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """A message: `text` is what notifications and readers without blocks get."""

    text: str
    blocks: tuple[Block, ...] = ()

    def payload(self) -> dict[str, Any]:
        """The arguments of chat.postMessage and chat.update that carry it."""
        return {"text": self.text, **({"blocks": list(self.blocks)} if self.blocks else {})}

    @property
    def digest(self) -> str:
        """SHA-256 of the payload: equal digests look equal, and their buttons do the same."""
        canonical = json.dumps(self.payload(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as it reads now."""

    author: str
    text: str
    on_date: date
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What a card is drawn from: the case and its surroundings.

    `link` and the addresses of `links` (by their names) may hold {entity}, {entity_lower},
    {payer_id} and {case_id}.
    """

    case: Case
    company: str
    voice: Voice
    comment: Comment | None = None
    link: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the card shows of the ledger."""
        return self.case.facts

    @property
    def details(self) -> Mapping[str, Any]:
        """What people said."""
        return self.case.details or {}

    @property
    def is_closed(self) -> bool:
        """Whether nothing is to be done any more."""
        return self.case.state == "closed"

    @property
    def payer(self) -> str:
        """The payer's name, as the ledger has it."""
        return str((self.facts.get("payer") or {}).get("name") or self.case.payer_id or self.company)
