"""Who may ask a local server, and what a browser may do with its answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from ..errors import UserError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("localhost", "127.0.0.1", "::1")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Only the server's own scripts run; Plotly sets styles itself."""
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """Answers only what is read, under a known name, by the server's own page.

    A page of somebody else's in the same browser can send requests to 127.0.0.1, or let its own name point
    there: the first shows in ``Origin`` and ``Sec-Fetch-Site``, the second in ``Host``.

    Args:
        app: What is guarded.
        hosts: Names under which the server may be asked, as `known_host` gives them.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        app = self.app if refusal is None else refusal

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if scope["type"] != "http":
            return PlainTextResponse("only HTTP is answered\n", 400)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("this server only reads\n", 405, {"allow": "GET, HEAD"})
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host_name(host) not in self.hosts:
            return PlainTextResponse("unknown host name; see --allow-host\n", 421)
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return PlainTextResponse("other sites may not read this\n", 403)
        navigates = headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates:
            return PlainTextResponse("other sites may not read this\n", 403)
        return None


def host_name(host: str) -> str:
    """A ``Host`` header's name, without the port.

    >>> host_name("127.0.0.1:8000"), host_name("[::1]:8000"), host_name("localhost")
    ('127.0.0.1', '::1', 'localhost')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def known_host(text: str, argument: str = "allow-host") -> str:
    """A name as somebody writes it, as `host_name` finds it in a header.

    Args:
        text: The name; a port is left out, since any is answered.
        argument: What it was given as, for the message.

    Raises:
        UserError: No browser can ask under it.

    >>> known_host("Lab.example:8800"), known_host("::1"), known_host("[::1]:8800")
    ('lab.example', '::1', '::1')
    """
    bare = text.count(":") > 1 and not text.startswith("[")  # an IPv6 address, without a port
    name = text.lower() if bare else host_name(text)
    if not name or re.search(r"[\s/@]", text):
        raise UserError(f"{argument}: expected a name such as lab.example, got {text!r}")
    return name
