"""The ingress of a world: each request goes to the API, or to the gateway, by the host that it names."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import JSON, SIMULATED, Response, encode
from createos_nb.simulator.http.gateway import Gateway, GatewayRequest, TimedResponse, listing
from createos_nb.simulator.platform import name_servers
from createos_nb.simulator.world.api import Api

PREFIX: Final = "/~/"
"""Under this path, followed by a host, the gateway answers for a browser that can't be told where a name leads."""
_OWN_NAMES: Final = frozenset(
    {"", "127.0.0.1", "localhost", "[::1]", "api.simulator.invalid", "files.simulator.invalid"}
)
DNS: Final = "dns.simulator.invalid"
"""Under `PREFIX` this host tells what the name servers answer: `/resolve?name=…&type=A&server=…`."""
_OWN_PATHS: Final = ("/v1/", "/signed/")
_TEMPORARY, _PERMANENT = 307, 308


class Request(Struct, array_like=True):
    """One HTTP request as it came, and as it can be written down and made again.

    Attributes:
        method: of HTTP.
        host: as the request named it, with or without a port.
        path: as in the request line, percent-encoded.
        query: without its question mark.
        headers: by their name in lower case.
        body: all of it.
    """

    method: str
    host: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def name(self) -> str:
        """The host's name: in lower case, without port and final dot."""
        return _name(self.host)


class Ingress:
    """The ingress of one world; the world's lock is held by the caller.

    `mount`: the path that all of it is served below, which requests come without.
    """

    def __init__(self, api: Api, mount: str = "") -> None:
        self._api, self._mount = api, mount
        self._gateway = Gateway(api.context)

    def is_api(self, request: Request) -> bool:
        """Return whether the API, and not the gateway, answers a request."""
        name = request.name
        return not request.path.startswith(PREFIX) and (name in _OWN_NAMES or not self._gateway.owns(name))

    def knows(self, host: str) -> bool:
        """Return whether a host, with or without a port, is the API's, or one that the gateway answers for."""
        name = _name(host)
        return name in _OWN_NAMES or self._gateway.owns(name)

    def leads_nowhere(self, request: Request) -> bool:
        """Return whether outside nobody would know the host's name, so that no request could be sent there."""
        name = request.name
        if name in _OWN_NAMES or request.path.startswith((*_OWN_PATHS, PREFIX)):
            return False
        return not self._gateway.resolves(name)

    def answer(self, request: Request) -> TimedResponse:
        """Answer a request. Raises `ConnectionBroken` as the API does."""
        if request.path.startswith(PREFIX):
            return self._by_path(request)
        if not self.is_api(request):
            return self._gateway.answer(_gateway_request(request, request.name, request.path, ""))
        redirect = _redirect_to_referrer(request)
        if redirect is not None:
            return TimedResponse(redirect, 0)
        response = self._api.handle(request.method, request.path, request.query, request.headers, request.body)
        return TimedResponse(response, 0)

    def _by_path(self, request: Request) -> TimedResponse:
        host, slash, rest = request.path.removeprefix(PREFIX).partition("/")
        prefix = self._mount + PREFIX
        if not host:
            return TimedResponse(listing(self._gateway.addresses(), prefix), 0)
        if not slash:
            return TimedResponse(_redirect(_PERMANENT, f"{self._mount}{request.path}/", request.query), 0)
        if host.lower() == DNS:
            return _name_servers(self._api.context, request, rest)
        return self._gateway.answer(_gateway_request(request, host.lower(), "/" + rest, prefix + host))


def _name_servers(context: WorldContext, request: Request, path: str) -> TimedResponse:
    """What the name servers answer, as JSON; it takes as long as the slowest."""
    asked = parse_qs(request.query)
    name, type = (asked.get(key, [""])[0] for key in ("name", "type"))
    if path != "resolve" or not name or type not in name_servers.TYPES:
        return TimedResponse(Response(400, JSON, encode({"message": "ask for resolve?name=…&type=A or TXT"})), 0)
    answers = name_servers.ask(context, name, type, tuple(asked.get("server", ())))
    return TimedResponse(Response(200, JSON, encode({"answers": answers})), name_servers.longest(answers))


def _name(host: str) -> str:
    host = host.lower()
    return (host if host.endswith("]") else host.rpartition(":")[0] or host).rstrip(".")


def _gateway_request(request: Request, host: str, path: str, prefix: str) -> GatewayRequest:
    return GatewayRequest(request.method, host, path, request.headers, prefix, request.body)


def _redirect_to_referrer(request: Request) -> Response | None:
    """Back to the address whose page asked: a page under `PREFIX` asks for `/style.css`, and means its own."""
    if request.method not in ("GET", "HEAD") or request.path.startswith(_OWN_PATHS):
        return None
    page = urlsplit(request.headers.get("referer", ""))
    if page.netloc != request.host or not page.path.startswith(PREFIX):
        return None
    host = page.path.removeprefix(PREFIX).partition("/")[0]
    return _redirect(_TEMPORARY, f"{PREFIX}{host}{request.path}", request.query) if host else None


def _redirect(status: int, path: str, query: str) -> Response:
    return Response(status, (("location", path + ("?" + query if query else "")), SIMULATED), b"")
