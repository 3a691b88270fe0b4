"""Which adapter carries which channel, as the settings say."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from relance.delivery.folder import Folder
from relance.delivery.port import Channel
from relance.delivery.smtp import SmtpChannel
from relance.settings import Settings

OUTBOX_FOLDER = "outbox"
"""Under the home folder: where messages are kept that no provider carries."""


class Channels:
    """The ways out of one entity, opened when they are first needed and closed together."""

    def __init__(self, *, settings: Settings, entity: str) -> None:
        self._settings = settings
        self._entity = entity
        self._open: dict[tuple[str, str], Channel] = {}

    def of(self, channel: str) -> Channel:
        """The adapter that carries `channel` now: e-mail by SMTP where a server is set, everything else to the folder."""
        return self._adapter(self._provider(channel), channel)

    def provider(self, name: str | None, channel: str) -> Channel | None:
        """The adapter of that name, to ask it about a message it was given; None when it is no longer set up."""
        if name == Folder.name:
            return self._adapter(Folder.name, channel)
        return self.of(channel) if name == self._provider(channel) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for adapter in self._open.values():
            adapter.close()
        self._open.clear()

    def _provider(self, channel: str) -> str:
        return SmtpChannel.name if channel == "email" and self._settings.smtp.host else Folder.name

    def _adapter(self, provider: str, channel: str) -> Channel:
        adapter = self._open.get((provider, channel))
        if adapter is None:
            adapter = self._open[provider, channel] = self._make(provider, channel)
        return adapter

    def _make(self, provider: str, channel: str) -> Channel:
        if provider == SmtpChannel.name:
            return SmtpChannel(self._settings.smtp)
        return Folder(root=self._settings.home / OUTBOX_FOLDER, entity=self._entity, channel=channel)
