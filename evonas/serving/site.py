"""The addresses of a live page, and the server that answers them."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..files import encodable
from ..report import PLOTLY, SCRIPTS, asset
from .guards import LOCAL, Guard, known_host
from .watching import WatchedRun

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

FILES = {**dict.fromkeys((PLOTLY, *SCRIPTS), "text/javascript"), "style.css": "text/css"}


def make_site(run: str | Path, hosts: Iterable[str] = LOCAL) -> Starlette:
    """The application, for any ASGI server.

    Args:
        run: The run folder; the run may be going on.
        hosts: Names under which it may be asked.

    Raises:
        UserError: No readable run is there, or a name is none.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware

    known = tuple(map(known_host, hosts))
    watched = WatchedRun(Path(run))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        watched.close()

    return Starlette(
        routes=_routes(watched),
        middleware=[
            Middleware(Guard, hosts=known),
            Middleware(GZipMiddleware, minimum_size=2000, compresslevel=4),
        ],
        lifespan=lifespan,
    )


def _routes(watched: WatchedRun) -> list[Route]:
    """The addresses, and what each answers."""
    from starlette.responses import HTMLResponse, PlainTextResponse, Response
    from starlette.routing import Route

    def page(_: Request) -> Response:
        return HTMLResponse(watched.page(), headers={"cache-control": "no-store"})

    def rows(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 16):
            return PlainTextResponse(f"after: expected a whole number, got {after[:40]!r}\n", 400)
        return _json(watched.news(int(after), request.query_params.get("of", "")))

    def individual(request: Request) -> Response:
        number = request.path_params["number"]
        if number >= 2**63:
            return PlainTextResponse("there is none of that number\n", 404)
        try:
            return _json(watched.individual(number))
        except UserError as error:
            return PlainTextResponse(encodable(f"{error}\n"), 404)

    def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in FILES:
            return PlainTextResponse("there is no such file\n", 404)
        return Response(asset(name), media_type=FILES[name], headers={"cache-control": "no-cache"})

    return [
        Route("/", _answered(page)),
        Route("/rows", _answered(rows)),
        Route("/individual/{number:int}", _answered(individual)),
        Route("/assets/{name}", file),
    ]


def _answered(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """The same, with what goes wrong in words."""

    def guarded(request: Request) -> Response:
        from starlette.responses import PlainTextResponse

        try:
            return answer(request)
        except (UserError, OSError) as error:
            return PlainTextResponse(encodable(f"{error}\n"), 503)

    return guarded


def _json(data: Any) -> Response:
    from starlette.responses import Response

    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Response(text, media_type="application/json", headers={"cache-control": "no-store"})


def serve(
    run: str | Path,
    host: str = "127.0.0.1",
    port: int = 8800,
    allowed: Iterable[str] = (),
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serves a run's page until it is interrupted.

    Args:
        run: The run folder.
        host: The address to listen at.
        port: 0 for any that is free.
        allowed: Further names under which the server may be asked.
        ready: Called with the page's address when it can be opened.

    Raises:
        UserError: No readable run is there, nothing can listen at that address, or a name is none.
    """
    import uvicorn

    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port < 65536:
        raise UserError(f"port: expected a number from 0 to 65535, got {port!r}")
    site = make_site(run, (*LOCAL, known_host(host, "host"), *allowed))
    with _listening(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listener.getsockname()[1]}/")
        config = uvicorn.Config(
            site, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(64)
        except BaseException:
            listener.close()
            raise
    except (OSError, ValueError) as error:  # ValueError: the name cannot be one, such as a..b
        why = getattr(error, "strerror", None) or error
        raise UserError(
            f"host {host}, port {port}: cannot listen there: {why}; --port takes another"
        ) from None
    return listener
