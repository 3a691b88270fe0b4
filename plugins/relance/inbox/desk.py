"""What every part of the inbox works with: the store, the policy, the time; and the account that calls us back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo

from relance.config.policy import Policy
from relance.errors import UsageError
from relance.settings import Settings
from relance.store.database import Database

PROVIDER = "twilio"
ACTOR = "twilio"
"""Who tells us of receipts."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The database and the policy; `clock` gives the moment, in UTC."""

    database: Database
    policy: Policy
    clock: Callable[[], datetime]

    def today(self, entity: str) -> date:
        """The date in the entity's time zone; in UTC for an entity that the policy no longer has."""
        known = self.policy.entities.get(entity)
        return self.clock().astimezone(ZoneInfo(known.timezone if known else "UTC")).date()


@dataclass(frozen=True, slots=True)
class Account:
    """Twilio's account: its id, the token that signs, and the public address that its requests are made to."""

    sid: str
    token: str = field(repr=False)
    public_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As settings have it.

        Raises:
            UsageError: when the account, its token or our public address is missing.
        """
        needed = {
            "RELANCE_TWILIO_ACCOUNT": settings.twilio.account_sid,
            "RELANCE_TWILIO_TOKEN": settings.twilio.auth_token,
            "RELANCE_PUBLIC_URL": settings.public_url,
        }
        missing = [name for name, value in needed.items() if not value]
        if missing:
            raise UsageError(
                f"The inbox needs {', '.join(missing)}.",
                hint="Without the account's token nothing tells Twilio's requests from anybody's; see docs/inbox.md.",
            )
        sid, token, public_url = needed.values()
        return cls(sid=sid or "", token=token or "", public_url=public_url or "")
