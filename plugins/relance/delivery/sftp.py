"""Letters handed over by SFTP, with paramiko. The server must be known by its host key; nothing is trusted at first sight.

A file is uploaded under another name and renamed (`posix-rename@openssh.com`, or a plain rename), so that a lost
connection leaves nothing behind that looks like a letter. Only the renaming of a manifest counts: if its answer is lost,
the server is asked once more, and if that fails too the letter is in doubt.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import paramiko

from relance.delivery.handed_over import HandOver
from relance.delivery.port import ChannelDownError, ChannelRefusedError, InDoubtError, Limits
from relance.settings import Letters

# Connecting, the banner, authentication, then about nine requests of one letter may each wait for `timeout_s`.
_WAITS = 12
_TROUBLE = (OSError, EOFError, paramiko.SSHException)


class _LostError(Exception):
    """The connection is gone, or never was."""


class SftpFolder(HandOver):
    """A folder of an SFTP server. Keeps its connection from letter to letter."""

    name = "sftp"

    def __init__(self, settings: Letters) -> None:
        if not settings.sftp_host or not settings.sftp_user:
            raise ChannelRefusedError(
                "no SFTP server for letters is set",
                hint="Set RELANCE_LETTERS_SFTP_HOST and RELANCE_LETTERS_SFTP_USER.",
            )
        limits = Limits(askable=True, patience_s=_WAITS * settings.timeout_s)
        super().__init__(name=self.name, limits=limits, store=_Server(settings, settings.sftp_host))


class _Server:
    """A folder of a server; every error is one of the port's."""

    def __init__(self, settings: Letters, host: str) -> None:
        self._settings = settings
        self._where = f"{host}:{settings.sftp_port}"
        self._host = host
        self._client: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None

    def read(self, path: PurePosixPath) -> bytes | None:
        """The file, or None. Servers close connections that were idle; reading again on a new one harms nothing."""
        if self._sftp is not None:
            with suppress(_LostError):
                return self._read(path)
        try:
            return self._read(path)
        except _LostError as lost:
            raise self._down(lost) from lost

    def put(self, path: PurePosixPath, body: bytes, *, last: bool) -> None:
        """Upload under another name, then rename."""
        target = self._full(path)
        aside = target.with_name(f".{target.name}.part")
        try:
            with self._talking() as sftp:
                self._make_folders(sftp, target.parent)
                sftp.putfo(io.BytesIO(body), str(aside), file_size=len(body), confirm=True)
        except _LostError as lost:
            raise self._down(lost) from lost
        try:
            with self._talking() as sftp:
                _rename(sftp, aside, target)
        except _LostError as lost:
            if not last:
                raise self._down(lost) from lost
            self._settle(path, body, lost)

    def close(self) -> None:
        """Say goodbye, if the server still listens."""
        sftp, self._sftp = self._sftp, None
        client, self._client = self._client, None
        for one in (sftp, client):
            with suppress(*_TROUBLE):
                if one is not None:
                    one.close()

    def _settle(self, path: PurePosixPath, body: bytes, lost: _LostError) -> None:
        """Look whether the last renaming was done although its answer was lost."""
        try:
            done = self.read(path) == body
        except (ChannelDownError, ChannelRefusedError) as error:
            raise InDoubtError(
                f"the connection to {self._where} broke while a letter was handed over, and it can't be asked."
            ) from error
        if not done:
            raise self._down(lost) from lost

    def _read(self, path: PurePosixPath) -> bytes | None:
        with self._talking() as sftp:
            try:
                with sftp.open(str(self._full(path)), "rb") as file:
                    return file.read()
            except FileNotFoundError:
                return None

    @contextmanager
    def _talking(self) -> Iterator[paramiko.SFTPClient]:
        """The connection; what breaks it is `_LostError`, what the server answers one of the port's errors."""
        if self._sftp is None:
            self._sftp = self._connect()
        try:
            yield self._sftp
        except _TROUBLE as error:
            if self._is_broken(error):
                self.close()
                raise _LostError(type(error).__name__) from error
            raise self._refusal(error) from error

    def _is_broken(self, error: Exception) -> bool:
        # An answer of the server is an OSError too; a closed socket tells itself from it by nothing but the channel.
        channel = self._sftp.get_channel() if self._sftp else None
        transport = self._client.get_transport() if self._client else None
        alive = channel is not None and not channel.closed and transport is not None and transport.is_active()
        return (
            not alive or not isinstance(error, OSError) or isinstance(error, (ConnectionError, TimeoutError))
        )

    def _make_folders(self, sftp: paramiko.SFTPClient, folder: PurePosixPath) -> None:
        """The entity's folder and the day's; the folder above them is the server's to make."""
        for one in (folder.parent, folder):
            try:
                sftp.stat(str(one))
            except FileNotFoundError:
                with suppress(PermissionError):  # told by the upload, with its hint
                    self._make_folder(sftp, one)

    def _make_folder(self, sftp: paramiko.SFTPClient, folder: PurePosixPath) -> None:
        try:
            sftp.mkdir(str(folder), 0o750)
        except FileNotFoundError:
            raise
        except OSError:
            sftp.stat(str(folder))  # another sender may have made it meanwhile

    def _full(self, path: PurePosixPath) -> PurePosixPath:
        return PurePosixPath(self._settings.sftp_folder) / path

    def _connect(self) -> paramiko.SFTPClient:
        settings = self._settings
        client = self._client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        self._know_hosts(client)
        try:
            client.connect(
                self._host,
                port=settings.sftp_port,
                username=settings.sftp_user,
                password=settings.sftp_password,
                key_filename=settings.sftp_key_file,
                passphrase=settings.sftp_password if settings.sftp_key_file else None,
                timeout=settings.timeout_s,
                banner_timeout=settings.timeout_s,
                auth_timeout=settings.timeout_s,
                channel_timeout=settings.timeout_s,
                allow_agent=False,
                look_for_keys=False,
            )
            sftp = client.open_sftp()
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(settings.timeout_s)
        except _TROUBLE as error:
            self.close()
            raise self._unconnected(error) from error
        return sftp

    def _know_hosts(self, client: paramiko.SSHClient) -> None:
        known = self._settings.sftp_known_hosts
        path = Path(known).expanduser() if known else Path.home() / ".ssh" / "known_hosts"
        try:
            client.load_host_keys(str(path))
        except (OSError, paramiko.SSHException) as error:
            self.close()
            raise ChannelRefusedError(
                f"the file of known SFTP servers can't be read: {type(error).__name__}.",
                hint="Name it in RELANCE_LETTERS_SFTP_KNOWN_HOSTS.",
            ) from error

    def _unconnected(self, error: Exception) -> Exception:
        """What went wrong while connecting, in the port's words; no secret is in them."""
        if isinstance(error, paramiko.BadHostKeyException):
            return ChannelRefusedError(
                f"{self._where} shows another host key than the known one.",
                hint="Ask its owner; if the key was changed, mend RELANCE_LETTERS_SFTP_KNOWN_HOSTS.",
            )
        if isinstance(error, paramiko.AuthenticationException):
            return ChannelRefusedError(
                f"{self._where} does not let us in.",
                hint="Check RELANCE_LETTERS_SFTP_USER, its password or key file.",
            )
        if isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error):
            return ChannelRefusedError(
                f"the host key of {self._where} is not known.",
                hint="Add it to RELANCE_LETTERS_SFTP_KNOWN_HOSTS after comparing it with its owner's.",
            )
        if isinstance(error, FileNotFoundError):
            return ChannelRefusedError(
                "the key file for SFTP is not there.", hint="Check RELANCE_LETTERS_SFTP_KEY_FILE."
            )
        return _LostError(type(error).__name__)

    def _down(self, lost: _LostError) -> ChannelDownError:
        return ChannelDownError(
            f"{self._where} can't be reached: {lost}.", hint="No letter was handed over; run again later."
        )

    def _refusal(self, error: Exception) -> ChannelDownError | ChannelRefusedError:
        """The server's own answer to a request."""
        if isinstance(error, (PermissionError, FileNotFoundError)):
            return ChannelRefusedError(
                f"{self._where} does not let us write there: {errno.errorcode.get(error.errno or 0, 'refused')}.",
                hint="Check RELANCE_LETTERS_SFTP_FOLDER and the rights of the user.",
            )
        return ChannelDownError(
            f"{self._where} does not take a letter.", hint="It may be full; the letters wait."
        )


def _rename(sftp: paramiko.SFTPClient, aside: PurePosixPath, target: PurePosixPath) -> None:
    try:
        sftp.posix_rename(str(aside), str(target))
    except (PermissionError, FileNotFoundError, ConnectionError, TimeoutError):
        raise
    except OSError:
        # Servers without the extension; a plain rename does not replace a file.
        with suppress(FileNotFoundError):
            sftp.remove(str(target))
        sftp.rename(str(aside), str(target))
