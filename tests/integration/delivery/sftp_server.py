"""An SFTP server of paramiko's own in this process, on a folder, that can fail as servers do."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface

OPENSSH = Path("/usr/lib/openssh/sftp-server")
USER, PASSWORD = "lumen", "let-me-in"


@dataclass
class Faults:
    """What the server does wrong: answers by the name of a request and its path, or breaks off."""

    answer: Callable[[str, str], int | None] = lambda request, path: None
    before: Callable[[str, str], None] = lambda request, path: None
    after: Callable[[str, str], None] = lambda request, path: None
    requests: list[tuple[str, str]] = field(default_factory=list)


class _Door(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        known = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return (
            paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        )


class _File(SFTPHandle):
    def __init__(self, files: _Files, path: str, flags: int) -> None:
        super().__init__(flags)
        self._files, self._path = files, path
        self.readfile = self.writefile = self.filename = None

    def write(self, offset: int, data: bytes) -> int:
        if (answer := self._files.asked("write", self._path)) is not None:
            return answer
        return super().write(offset, data)

    def stat(self) -> SFTPAttributes | int:
        return SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(SFTPServerInterface):
    def __init__(
        self, server: paramiko.ServerInterface, *args: object, root: Path, faults: Faults, extended: bool
    ) -> None:
        super().__init__(server, *args)
        self._root, self._faults, self._extended = root, faults, extended

    def asked(self, request: str, path: str) -> int | None:
        self._faults.requests.append((request, path))
        self._faults.before(request, path)
        return self._faults.answer(request, path)

    def _do(self, request: str, path: str, action: Callable[[Path], object]) -> object:
        if (answer := self.asked(request, path)) is not None:
            return answer
        try:
            result = action(self._root / path.lstrip("/"))
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)
        self._faults.after(request, path)
        return paramiko.SFTP_OK if result is None else result

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> object:
        def opened(local: Path) -> _File:
            descriptor = os.open(local, flags, 0o600)
            handle = _File(self, path, flags)
            handle.filename = str(local)
            mode = "wb" if flags & os.O_WRONLY else "r+b" if flags & os.O_RDWR else "rb"
            handle.readfile = handle.writefile = os.fdopen(descriptor, mode)
            return handle

        return self._do("open", path, opened)

    def stat(self, path: str) -> object:
        return self._do("stat", path, lambda local: SFTPAttributes.from_stat(local.stat()))

    def mkdir(self, path: str, attr: SFTPAttributes) -> object:
        return self._do("mkdir", path, lambda local: local.mkdir())

    def remove(self, path: str) -> object:
        return self._do("remove", path, lambda local: local.unlink())

    def rename(self, oldpath: str, newpath: str) -> object:
        def renamed(local: Path) -> None:
            if local.exists():
                raise FileExistsError(17, "exists")
            (self._root / oldpath.lstrip("/")).rename(local)

        return self._do("rename", newpath, renamed)

    def posix_rename(self, oldpath: str, newpath: str) -> object:
        if not self._extended:
            return paramiko.SFTP_OP_UNSUPPORTED
        return self._do(
            "posix_rename", newpath, lambda local: (self._root / oldpath.lstrip("/")).replace(local) and None
        )


class _OpenSsh(paramiko.SubsystemHandler):
    """Debian's `openssh-sftp-server`, fed through paramiko's door."""

    def __init__(
        self,
        channel: paramiko.Channel,
        name: str,
        server: paramiko.ServerInterface,
        *,
        root: Path,
        **_: object,
    ) -> None:
        super().__init__(channel, name, server)
        self._root = root

    def start_subsystem(self, name: str, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
        command = [str(OPENSSH), "-d", str(self._root), "-e"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            out = process.stdout

            def answers() -> None:
                while data := out.read(32768):
                    channel.sendall(data)

            answering = threading.Thread(target=answers, daemon=True)
            answering.start()
            while data := channel.recv(32768):
                process.stdin.write(data)
            process.stdin.close()
            answering.join(5)


class SftpServer:
    """Listens on a free port of this machine until closed. `openssh`: with the files of OpenSSH's own server."""

    def __init__(self, root: Path, *, extended: bool = True, openssh: bool = False) -> None:
        self._openssh = openssh
        self.root, self.faults = root, Faults()
        self.key = paramiko.ECDSAKey.generate()
        self._extended = extended
        self._transports: list[paramiko.Transport] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def known_hosts(self, path: Path, key: paramiko.PKey | None = None) -> str:
        """A file in which this server's key (or another) is known."""
        known = key or self.key
        path.write_text(f"[127.0.0.1]:{self.port} {known.get_name()} {known.get_base64()}\n")
        return str(path)

    def hang_up(self) -> None:
        """Break all connections off, as a network does."""
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    def close(self) -> None:
        with suppress(
            OSError
        ):  # closing alone leaves the one who waits for a caller waiting, and the port open
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            transport = paramiko.Transport(connection)
            self._transports.append(transport)
            transport.add_server_key(self.key)
            if self._openssh:
                transport.set_subsystem_handler("sftp", _OpenSsh, root=self.root)
            else:
                transport.set_subsystem_handler(
                    "sftp", SFTPServer, _Files, root=self.root, faults=self.faults, extended=self._extended
                )
            try:
                transport.start_server(server=_Door())
            except (OSError, EOFError, paramiko.SSHException):
                transport.close()
