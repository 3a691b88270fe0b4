"""One file by https, from outside our network only: what a ledger's address may reach, how much and how long.

A name is looked up once and the very address that was checked is connected to, so that a name can't be made to lead inside
between the two (DNS rebinding). Redirects are checked like the first address. No proxy, cookie, `.netrc` or header of ours
goes along, and credentials in an address are refused: that is what connections are for.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any, Literal

import httpcore
import httpx

from relance.errors import RelanceError
from relance.settings import Documents

_REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
# Addresses outside that carry one inside: of IPv4 translated (RFC 6052), tunnelled (RFC 3056, RFC 4380).
_CARRIERS = tuple(
    ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


class WebError(RelanceError):
    """Why a file was not had, in one word; addresses stay out of it."""

    code = "delivery.web"

    def __init__(self, why: Literal["refused", "not_there", "too_large", "unreachable"]) -> None:
        super().__init__(f"The file was not fetched: {why}.")
        self.why: Literal["refused", "not_there", "too_large", "unreachable"] = why


class Web:
    """Fetches files, one at a time; keeps connections for the next."""

    def __init__(self, limits: Documents) -> None:
        self._limits = limits
        self._network = _Network(limits.hosts)
        self._pool: httpcore.ConnectionPool | None = None

    def close(self) -> None:
        """Give connections back."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def host(self, address: str) -> str:
        """The host of an address, or "" where it has none."""
        try:
            return httpx.URL(address).host
        except httpx.InvalidURL:
            return ""

    def get(self, address: str) -> bytes:
        """The whole file, within `limits.timeout_s` and `limits.max_file`.

        Raises:
            WebError: with why not.
        """
        self._network.ends = time.monotonic() + self._limits.timeout_s
        url = address
        try:
            for _ in range(_REDIRECTS + 1):
                found = self._ask(self._checked(url))
                if isinstance(found, bytes):
                    return found
                url = found
        except WebError:
            raise
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise WebError("refused") from error
        except (
            httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError
        ) as error:  # fmt: skip
            raise WebError("unreachable") from error
        raise WebError("refused")

    def _checked(self, address: str) -> httpx.URL:
        url = httpx.URL(address)
        plain = url.scheme == "http" and url.host.lower() in self._limits.hosts
        if not url.host or url.userinfo or not (url.scheme == "https" or plain):
            raise WebError("refused")
        return url

    def _ask(self, url: httpx.URL) -> bytes | str:
        """The content, or the address that it has moved to."""
        if self._pool is None:
            self._pool = httpcore.ConnectionPool(
                ssl_context=httpx.create_ssl_context(), network_backend=self._network, keepalive_expiry=10
            )
        wait = self._limits.timeout_s
        with self._pool.stream(
            "GET",
            str(url.copy_with(fragment=None)),
            headers={"Accept": "application/pdf", "Accept-Encoding": "identity", "User-Agent": "relance"},
            extensions={"timeout": {"connect": wait, "read": wait, "write": wait, "pool": wait}},
        ) as answer:
            headers = {name.lower(): value for name, value in answer.headers}
            if answer.status in _MOVED and b"location" in headers:
                return str(url.join(headers[b"location"].decode("ascii")))
            if answer.status != 200:
                raise WebError("unreachable" if answer.status >= 500 or answer.status == 429 else "not_there")
            return self._content(answer.iter_stream(), headers.get(b"content-length", b""))

    def _content(self, parts: Iterable[bytes], announced: bytes) -> bytes:
        most = self._limits.max_file
        if announced.isdigit() and int(announced) > most:
            raise WebError("too_large")
        content = bytearray()
        for part in parts:
            content += part
            if len(content) > most:
                raise WebError("too_large")
        return bytes(content)


class _Network(httpcore.NetworkBackend):
    """Connects to checked addresses only, and lets nothing last beyond `ends` (monotonic seconds)."""

    def __init__(self, ours: frozenset[str]) -> None:
        self._ours = ours
        self._inner = httpcore.SyncBackend()
        self.ends = 0.0

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """The first of the host's addresses that takes a connection; none when any of them is inside."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if host.lower() not in self._ours and not all(_is_outside(one) for one in addresses):
            raise WebError("refused")
        for place, address in enumerate(addresses, start=1):
            try:
                stream = self._inner.connect_tcp(
                    address, port, self.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
            else:
                return _Stream(self, stream)
        raise httpcore.ConnectError("no address")

    def left(self, timeout: float | None) -> float:
        """Seconds left for one step.

        Raises:
            httpcore.ReadTimeout: when there are none.
        """
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("out of time")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A stream each of whose steps has only what is left of the whole time: a drip can't hold us."""

    def __init__(self, network: _Network, inner: httpcore.NetworkStream) -> None:
        self._network, self._inner = network, inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._network.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._network.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._network.left(timeout))
        return _Stream(self._network, inner)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _is_outside(address: str) -> bool:
    """Whether an address is of the public network, and does not carry one that is not."""
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        if one.ipv4_mapped is not None:
            return one.ipv4_mapped.is_global and not one.ipv4_mapped.is_multicast
        if any(one in network for network in _CARRIERS):
            return False
    return one.is_global and not one.is_multicast
