"""Which adapter carries which message: as the policy names it, else the first whose settings are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Self

from relance.config.channels import PROVIDERS
from relance.config.policy import Policy
from relance.delivery.folder import Folder
from relance.delivery.port import Channel, Message
from relance.delivery.smtp import SmtpChannel
from relance.settings import Settings
from relance.store.database import Database

OUTBOX_FOLDER = "outbox"
"""Under the home folder: where messages are kept that no provider carries."""


class Channels:
    """The ways out of one entity, opened when they are first needed and closed together."""

    def __init__(self, *, database: Database, settings: Settings, policy: Policy, entity: str) -> None:
        self._database = database
        self._settings = settings
        self._policy = policy
        self._entity = entity
        self._open: dict[tuple[str, str], Channel] = {}
        self._carriers: dict[tuple[str, bool], str] = {}

    def of(self, message: Message) -> Channel:
        """The adapter that carries a message now."""
        return self._adapter(self.provider_of(message.channel, message.recipient), message.channel)

    def provider_of(self, channel: str, recipient: str | None = None) -> str:
        """The name of who carries a channel (to a recipient, where that matters)."""
        at = (channel, recipient is not None and "@" not in recipient)
        known = self._carriers.get(at)
        if known is None:
            known = self._carriers[at] = provider_of(self._settings, self._policy, channel, recipient)
        return known

    def carried_by(self, provider: str) -> tuple[str, ...]:
        """The channels that a provider carries."""
        return tuple(channel for channel in PROVIDERS if self.provider_of(channel) == provider)

    def provider(self, name: str | None, message: Message) -> Channel | None:
        """The adapter of that name, to ask it about a message it was given; None when it is no longer set up."""
        if name == Folder.name:
            return self._adapter(Folder.name, message.channel)
        ready = name in PROVIDERS[message.channel] and _is_set_up(self._settings, name)
        return self._adapter(name, message.channel) if name and ready else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for adapter in self._open.values():
            adapter.close()
        self._open.clear()

    def _adapter(self, provider: str, channel: str) -> Channel:
        adapter = self._open.get((provider, channel))
        if adapter is None:
            adapter = self._open[provider, channel] = self._make(provider, channel)
        return adapter

    def _make(self, provider: str, channel: str) -> Channel:
        settings = self._settings
        if provider == "folder":
            return Folder(root=settings.home / OUTBOX_FOLDER, entity=self._entity, channel=channel)
        if provider == "twilio":
            from relance.delivery.twilio import adapter
            from relance.delivery.twilio.memory import StoredMemory

            return adapter(channel, settings=settings, memory=StoredMemory(self._database))
        return _MAKERS[provider](settings)


def _smtp(settings: Settings) -> Channel:
    return SmtpChannel(settings.smtp)


def _graph(settings: Settings) -> Channel:
    from relance.delivery.graph import GraphChannel

    return GraphChannel(settings.graph)


def _drop_folder(settings: Settings) -> Channel:
    from relance.delivery.handed_over import DropFolder

    return DropFolder(settings.letters)


def _sftp(settings: Settings) -> Channel:
    from relance.delivery.sftp import SftpFolder

    return SftpFolder(settings.letters)


def _eletter(settings: Settings) -> Channel:
    from relance.delivery.eletter import Ar24

    return Ar24(settings.registered)


_MAKERS: Mapping[str, Callable[[Settings], Channel]] = MappingProxyType(
    {"smtp": _smtp, "graph": _graph, "drop_folder": _drop_folder, "sftp": _sftp, "eletter": _eletter}
)
# Clients are imported when they are first needed: some take half a second.


def provider_of(settings: Settings, policy: Policy, channel: str, recipient: str | None = None) -> str:
    """Who carries a channel: the policy's choice, else the first whose settings are there; `folder` keeps files.

    A registered letter to a postal address goes where letters go.
    """
    named = policy.channels.of(channel).provider
    by_post = channel == "registered" and recipient is not None and "@" not in recipient
    if named and not (by_post and named == "eletter"):
        return named
    able = (one for one in PROVIDERS[channel] if not (by_post and one == "eletter"))
    return next(one for one in able if _is_set_up(settings, one))


def _is_set_up(settings: Settings, provider: str | None) -> bool:
    ready = {
        "smtp": settings.smtp.host,
        "graph": settings.graph.tenant,
        "twilio": settings.twilio.account_sid,
        "drop_folder": settings.letters.folder,
        "sftp": settings.letters.sftp_host,
        "eletter": settings.registered.token,
        "folder": True,
    }
    return bool(ready.get(provider or ""))
