"""A mailbox by IMAP, with the standard library: unseen mail in, flags back; TLS, and a time limit on every wait."""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from typing import Any, NoReturn

from relance.delivery.port import ChannelDownError, ChannelRefusedError
from relance.settings import Mailbox

STARTTLS_PORT = 143
"""Where a connection begins in the clear and is then encrypted; on every other port TLS comes first."""
_LARGEST = 512 * 1024
"""Bytes read of one mail: what a notice says comes before the mail that it gives back, and nobody types that much."""
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class ImapMailbox:
    """One folder, opened on first use. Mail is looked at without marking it; `seen` does that, when we have it."""

    name = "imap"

    def __init__(self, settings: Mailbox) -> None:
        if not (settings.host and settings.user and settings.password):
            raise ChannelRefusedError(
                "no mailbox is set.", hint="Set RELANCE_MAILBOX_HOST, RELANCE_MAILBOX_USER and _PASSWORD."
            )
        if not settings.tls and settings.host not in _LOCAL:
            raise ChannelRefusedError(
                f"the mailbox's password would go to {settings.host} in the clear.",
                hint="Set RELANCE_MAILBOX_TLS=true.",
            )
        self._settings = settings
        self._host, self._user, self._password = settings.host, settings.user, settings.password
        self._client: imaplib.IMAP4 | None = None

    def unseen(self) -> list[str]:
        """Identifiers of the mail that nobody has seen yet, oldest first.

        Raises:
            ChannelDownError, ChannelRefusedError: the server can't be reached, or does not let us in.
        """
        answer = self._run("SEARCH", "UNSEEN")
        found = answer[0].split() if answer and isinstance(answer[0], bytes) else []
        return [one.decode("ascii") for one in found]

    def read(self, identifier: str) -> bytes:
        """A mail's bytes, or the beginning of a very long one; empty when it is gone.

        Raises:
            ChannelDownError: the line broke.
        """
        answer = self._run("FETCH", identifier, f"(BODY.PEEK[]<0.{_LARGEST}>)")
        return next((one[1] for one in answer if isinstance(one, tuple) and isinstance(one[1], bytes)), b"")

    def seen(self, identifier: str) -> None:
        """Mark a mail, so that it is not read again.

        Raises:
            ChannelDownError: the line broke; it will be read again, which changes nothing.
        """
        self._run("STORE", identifier, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Log out, if the server still listens."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()

    def _run(self, command: str, *arguments: str) -> list[Any]:
        client = self._client = self._client or self._open()
        try:
            status, answer = client.uid(command, *arguments)
        except (OSError, imaplib.IMAP4.error) as error:
            self._client = None
            client.shutdown()
            raise self._down(error) from error
        if status != "OK":
            raise ChannelDownError(f"the mailbox on {self._host} refused {command}.")
        return answer

    def _open(self) -> imaplib.IMAP4:
        client = self._connect()
        try:
            self._enter(client)
        except BaseException:
            client.shutdown()
            raise
        return client

    def _enter(self, client: imaplib.IMAP4) -> None:
        """Log in and open the folder."""
        try:
            client.login(self._user, self._password)
            status, _ = client.select(_quoted(self._settings.folder))
        except (OSError, imaplib.IMAP4.abort) as error:
            raise self._down(error) from error
        except imaplib.IMAP4.error as error:
            raise ChannelRefusedError(
                f"the mailbox on {self._host} does not let us in.",
                hint="Check RELANCE_MAILBOX_USER and its password.",
            ) from error
        if status != "OK":
            raise ChannelRefusedError(
                f"the mailbox on {self._host} has no folder {self._settings.folder!r}.",
                hint="Check RELANCE_MAILBOX_FOLDER.",
            )

    def _connect(self) -> imaplib.IMAP4:
        settings = self._settings
        try:
            if not settings.tls:
                return imaplib.IMAP4(self._host, settings.port, timeout=settings.timeout_s)
            context = ssl.create_default_context(cafile=settings.ca_file)
            if settings.port != STARTTLS_PORT:
                return imaplib.IMAP4_SSL(
                    self._host, settings.port, ssl_context=context, timeout=settings.timeout_s
                )
            client = imaplib.IMAP4(self._host, settings.port, timeout=settings.timeout_s)
            try:
                client.starttls(ssl_context=context)
            except BaseException:
                client.shutdown()
                raise
        except ssl.SSLCertVerificationError as error:
            self._distrust(error)
        except (OSError, imaplib.IMAP4.error) as error:
            raise self._down(error) from error
        return client

    def _distrust(self, error: ssl.SSLCertVerificationError) -> NoReturn:
        raise ChannelRefusedError(
            f"the certificate of {self._host}:{self._settings.port} is not trusted: {error.verify_message}.",
            hint="Mend the certificate, or name its authority in RELANCE_MAILBOX_CA.",
        ) from error

    def _down(self, error: Exception) -> ChannelDownError:
        return ChannelDownError(
            f"the mailbox on {self._host}:{self._settings.port} can't be reached: {type(error).__name__}.",
            hint="Nothing is lost; run again later.",
        )


def _quoted(folder: str) -> str:
    """A folder's name as IMAP wants it (RFC 3501, `quoted`)."""
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
