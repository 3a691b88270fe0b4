"""The token that Microsoft Graph asks for, by `msal` and client credentials; kept in memory and nowhere else."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import msal  # type: ignore[import-untyped]

from relance.delivery.port import ChannelDownError, ChannelRefusedError
from relance.settings import Graph

_GRAPH = "https://graph.microsoft.com"
_PASSING = frozenset({"temporarily_unavailable", "server_error", "request_timeout"})


class Tokens:
    """Tokens of one application. `drop` forgets what was given, when Graph no longer takes it."""

    def __init__(self, settings: Graph, client: httpx.Client) -> None:
        self._settings = settings
        self._client = _HttpClient(client)
        self._application: Any = None

    def get(self) -> str:
        """A token that has not run out.

        Raises:
            ChannelDownError: the authority can't be reached, or says that it is not able to answer now.
            ChannelRefusedError: it does not know the tenant or the application, or refuses the secret.
        """
        try:
            if self._application is None:
                self._application = self._apply()
            answer = self._application.acquire_token_for_client(scopes=[_scope(self._settings.base_url)])
        except httpx.HTTPError as error:
            raise ChannelDownError(
                f"the token service can't be reached: {type(error).__name__}.",
                hint="Nothing has left; run again later.",
            ) from error
        except ValueError as error:  # msal: the authority's own description could not be had
            raise self._refused("unknown authority or tenant") from error
        if token := answer.get("access_token"):
            return str(token)
        code = str(answer.get("error", "no token"))
        if code in _PASSING:
            raise ChannelDownError(
                f"the token service answers {code}.", hint="Nothing has left; run again later."
            )
        raise self._refused(code)

    def drop(self) -> None:
        """Forget the token, so that the next one is asked for anew."""
        self._application = None

    def _apply(self) -> Any:
        settings = self._settings
        return msal.ConfidentialClientApplication(
            settings.client_id,
            client_credential=settings.client_secret,
            authority=f"{settings.authority}/{settings.tenant}",
            instance_discovery=False,  # the authority is a setting: asking Microsoft whether it knows it tells nothing
            http_client=self._client,
        )

    def _refused(self, code: str) -> ChannelRefusedError:
        return ChannelRefusedError(
            f"the token service refuses us: {code}.",
            hint="Check RELANCE_GRAPH_TENANT, RELANCE_GRAPH_CLIENT_ID and its secret, which may have run out.",
        )


class _HttpClient:
    """What `msal` needs of an HTTP client: ours, so that timeout and CA are those of the settings.

    `msal`'s own would let REQUESTS_CA_BUNDLE go before a CA that was set for it.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any
    ) -> httpx.Response:
        return self._client.post(url, params=params, data=data, headers=headers)

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> httpx.Response:
        return self._client.get(url, params=params, headers=headers)

    def close(self) -> None:
        """The client is closed by the channel, which it belongs to."""


def _scope(base_url: str) -> str:
    """National clouds have their own Graph, and tokens for it; whatever stands before Microsoft's has the common one's."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    national = host.startswith(("graph.microsoft.", "dod-graph.microsoft.", "microsoftgraph."))
    return f"{parts.scheme}://{host}/.default" if national else f"{_GRAPH}/.default"
