"""Who somebody in Slack is: e-mail, kind, language and user groups, asked of Slack and kept for a while.

The e-mail is who they are for everything that is done; the kind says whether they belong to the workspace. What can't be asked
now is taken from what was kept, for as long as `KEPT`; then nobody knows who it is, and they may do nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy.dialects.postgresql import insert

from relance.errors import NotAllowedError
from relance.slack import refusals
from relance.store.database import Database
from relance.store.schema import slack_user
from relance.store.uow import UnitOfWork

FRESH = timedelta(hours=24)
"""So long nobody asks again."""
KEPT = timedelta(days=7)
"""So long what was kept counts where Slack can't be asked."""
AT_HAND = timedelta(seconds=10)
"""So long not even the database is asked: who clicks, clicks again."""
MOST_AT_HAND = 10_000
GROUPS_FRESH = timedelta(hours=1)
ASKED_AGAIN = timedelta(minutes=1)
"""Between two questions for groups that Slack has not answered."""
INSIDE = "member"

_log = logging.getLogger("relance")


class UnknownPersonError(NotAllowedError):
    """Slack can't be asked who somebody is, and nothing recent is known: it may be known in a minute."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack. `kind`: member, guest, outsider, bot or gone; `groups`: ids and @handles of user groups."""

    user_id: str
    team_id: str | None
    email: str | None
    name: str | None
    locale: str | None
    kind: str
    groups: tuple[str, ...]
    fetched_at: datetime


def person_of(
    user: Mapping[str, Any], *, team_id: str | None, groups: tuple[str, ...], now: datetime
) -> Person:
    """A person from Slack's user object (https://docs.slack.dev/reference/objects/user-object), seen from the team `team_id`."""
    profile = user.get("profile") or {}
    email = str(profile.get("email") or "").strip() or None
    return Person(
        user_id=str(user["id"]),
        team_id=user.get("team_id"),
        email=email,
        name=str(profile.get("display_name") or user.get("real_name") or user.get("name") or "") or None,
        locale=user.get("locale"),
        kind=_kind(user, team_id),
        groups=groups,
        fetched_at=now,
    )


def _kind(user: Mapping[str, Any], team_id: str | None) -> str:
    teams = {user.get("team_id"), *((user.get("enterprise_user") or {}).get("teams") or ())}
    if user.get("deleted"):
        return "gone"
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == "USLACKBOT":
        return "bot"
    if user.get("is_stranger") or (team_id is not None and team_id not in teams):
        return "outsider"
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return "guest"
    return INSIDE


def read_person(uow: UnitOfWork, user_id: str) -> Person | None:
    """What is kept of a person."""
    row = uow.execute(sa.select(slack_user).where(slack_user.c.user_id == user_id)).mappings().first()
    return None if row is None else Person(**{**row, "groups": tuple(row["groups"])})


def store_person(uow: UnitOfWork, person: Person) -> None:
    """Keep a person as Slack has them now."""
    row = {
        "user_id": person.user_id, "team_id": person.team_id, "email": person.email, "name": person.name,
        "locale": person.locale, "kind": person.kind, "groups": list(person.groups), "fetched_at": person.fetched_at,
    }  # fmt: skip
    statement = insert(slack_user).values(row)
    uow.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=row))


def impersonates(uow: UnitOfWork, person: Person) -> bool:
    """Whether somebody from outside shows the e-mail of a member: other workspaces let people write what they like there."""
    if person.kind == INSIDE or not person.email:
        return False
    table = slack_user
    query = sa.select(table.c.user_id).where(
        sa.func.lower(table.c.email) == person.email.lower(), table.c.kind == INSIDE
    )
    return uow.execute(query.limit(1)).scalar() is not None


def user_id_of(uow: UnitOfWork, email: str) -> str | None:
    """The id of the member with that e-mail, where they have been seen."""
    table = slack_user
    query = sa.select(table.c.user_id).where(
        sa.func.lower(table.c.email) == email.lower(), table.c.kind.in_((INSIDE, "guest", "outsider"))
    )
    found: str | None = uow.execute(
        query.order_by((table.c.kind == INSIDE).desc(), table.c.user_id).limit(1)
    ).scalar()
    return found


class People:
    """The people of a workspace, asked of Slack when they are not known or were asked long ago.

    `with_groups`: whether any role names a user group now; else groups are not asked for, and their scope isn't needed.
    """

    def __init__(
        self,
        database: Database,
        client: WebClient,
        clock: Callable[[], datetime],
        *,
        with_groups: Callable[[], bool],
    ) -> None:
        self._database = database
        self._client = client
        self._clock = clock
        self._with_groups = with_groups
        self._team_id: str | None = None
        self._url: str | None = None
        self._at_hand: dict[str, tuple[datetime, Person]] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._groups_at: datetime | None = None
        self._lock = threading.Lock()

    def of(self, user_id: str) -> Person:
        """Who somebody is.

        Raises:
            UnknownPersonError: when Slack can't be asked and nothing recent is known.
        """
        now = self._clock()
        self._refresh_groups(now)
        read_at, person = self._at_hand.get(user_id, (now, None))
        if person is not None and now - read_at < AT_HAND:
            return person
        person = self._known_or_asked(user_id, now)
        if len(self._at_hand) >= MOST_AT_HAND:
            self._at_hand.clear()
        self._at_hand[user_id] = (now, person)
        return person

    def _known_or_asked(self, user_id: str, now: datetime) -> Person:
        with UnitOfWork(self._database) as uow:
            known = read_person(uow, user_id)
        if known is not None and now - known.fetched_at < FRESH:
            return known
        try:
            return self._fetch(user_id, now)
        except refusals.FAILURES as error:
            return self._from_memory(known, now, error)

    def remember(self, user: Mapping[str, Any]) -> None:
        """Take over what Slack says of a person who is known already; others are asked about when they first act."""
        person_id = str(user.get("id"))
        with UnitOfWork(self._database) as uow:
            known = read_person(uow, person_id)
            if known is not None:
                changed = person_of(user, team_id=self._team(), groups=known.groups, now=self._clock())
                email = None if impersonates(uow, changed) else changed.email or known.email
                store_person(uow, replace(changed, email=email, locale=changed.locale or known.locale))
                uow.commit()
                self._at_hand.pop(person_id, None)

    def forget_groups(self) -> None:
        """Ask for the user groups again at the next occasion."""
        with self._lock:
            self._groups_at = None

    def email_of(self, user_id: str) -> str:
        """The e-mail of somebody who was picked.

        Raises:
            NotAllowedError: when they have none that can be seen, or can't be asked about.
        """
        person = self.of(user_id)
        if person.email is None or person.kind in {"bot", "gone"}:
            raise NotAllowedError(
                "The person has no e-mail that Relance can see.", hint="Pick somebody else.", key="nobody_there"
            )  # fmt: skip
        return person.email

    def _from_memory(self, known: Person | None, now: datetime, error: BaseException) -> Person:
        why = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
        _log.warning("slack: a person could not be asked about: %s", why)
        if known is None or now - known.fetched_at > KEPT:
            raise UnknownPersonError(
                "Slack doesn't say who you are.", hint="Try again in a minute.", key="person_unknown"
            ) from error
        return known

    def _fetch(self, user_id: str, now: datetime) -> Person:
        answer = self._client.users_info(user=user_id, include_locale=True)
        user: Mapping[str, Any] = answer["user"]
        person = person_of(user, team_id=self._team(), groups=self._groups.get(user_id, ()), now=now)
        with UnitOfWork(self._database) as uow:
            # kept with the address it would pass for the member's own account, and take the member's rights away
            kept = replace(person, email=None) if impersonates(uow, person) else person
            store_person(uow, kept)
            uow.commit()
        return person

    def workspace_url(self) -> str | None:
        """The workspace's address (https://lumen.slack.com/), or None while Slack can't be asked."""
        try:
            self._team()
        except refusals.FAILURES:
            return None
        return self._url

    def _team(self) -> str:
        if self._team_id is None:
            answer = self._client.auth_test()
            self._team_id, self._url = str(answer["team_id"]), answer.get("url")
        return self._team_id

    def _refresh_groups(self, now: datetime) -> None:
        with self._lock:
            if not self._with_groups() or (
                self._groups_at is not None and now < self._groups_at + GROUPS_FRESH
            ):
                return
            try:
                self._groups = self._listed_groups()
            except refusals.FAILURES as error:
                why = (
                    error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
                )
                _log.warning("slack: user groups could not be read: %s", why)
                self._groups_at = now - GROUPS_FRESH + ASKED_AGAIN
                return
            self._groups_at = now
            self._at_hand.clear()
            self._store_groups()

    def _listed_groups(self) -> dict[str, tuple[str, ...]]:
        """By user, the ids and @handles of their groups; a disabled group is none."""
        found: dict[str, list[str]] = {}
        for group in self._client.usergroups_list(include_users=True, include_disabled=False)["usergroups"]:
            users = group.get("users")
            if users is None:
                users = self._client.usergroups_users_list(usergroup=group["id"])["users"]
            for user in users:
                found.setdefault(user, []).extend((str(group["id"]), f"@{group['handle']}"))
        return {user: tuple(sorted(names)) for user, names in found.items()}

    def _store_groups(self) -> None:
        table = slack_user
        with UnitOfWork(self._database) as uow:
            known = uow.execute(sa.select(table.c.user_id, table.c.groups)).all()
            for user_id, groups in known:
                now_in = list(self._groups.get(user_id, ()))
                if now_in != list(groups):
                    uow.execute(sa.update(table).where(table.c.user_id == user_id).values(groups=now_in))
            uow.commit()
