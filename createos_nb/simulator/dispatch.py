"""From a raw request to a raw answer: routing, authentication, checks, the handler, the envelope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from createos_nb.api import OPERATIONS
from createos_nb.operation import Operation
from createos_nb.simulator import access, limits
from createos_nb.simulator.answers import Headers, Reply, encode, failure, success
from createos_nb.simulator.refusal import Refusal, declared
from createos_nb.simulator.registry import HANDLERS, Call
from createos_nb.simulator.router import Router
from createos_nb.simulator.validation import body_of, query_of

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

ROUTER: Final = Router(OPERATIONS.values())
_REMEMBERED: Final = 4096


class Dispatch:
    """Answers the requests to the API of one world."""

    def __init__(self, world: Core) -> None:
        self._world = world
        #: Headers that say what is left of the rate limits of the key of the request at hand.
        self._spent: Headers = ()
        self._routes: dict[tuple[str, str], tuple[Operation, tuple[str, ...]]] = {}
        self._queries: dict[tuple[str, str], dict[str, Any]] = {}

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes) -> Reply:
        """One request to the API, its lock already held."""
        world = self._world
        if method == "HEAD":
            status, answered, body = self._head(path, query, headers, content)
            return Reply(status, (*answered, ("content-length", str(len(body)))), b"")
        try:
            operation, ids = self.route(method, path)
        except Refusal as refusal:
            return failure(world.dialect, refusal.status, refusal.text, refusal.headers)
        try:
            return self._perform(operation, ids, path, query, headers, content)
        except limits.Exceeded as exceeded:
            return exceeded.reply
        except Refusal as refusal:
            status = declared(refusal.status, operation.failures)
            return failure(world.dialect, status, refusal.text, refusal.headers + self._spent)

    def _head(self, path: str, query: str, headers: Mapping[str, str], content: bytes) -> Reply:
        """What GET answers, unless it changes something: HEAD must be safe."""
        try:
            writes = self.route("GET", path)[0].effect != "read"
        except Refusal:
            writes = False
        if writes:
            return failure(self._world.dialect, 405, "HEAD is not allowed here", (("allow", "GET"),))
        return self.answer("GET", path, query, headers, content)

    def _perform(
        self,
        operation: Operation,
        ids: tuple[str, ...],
        path: str,
        query: str,
        headers: Mapping[str, str],
        content: bytes,
    ) -> Reply:
        world = self._world
        self._spent = ()
        user = access.user_of(world, headers, needed=401 in operation.failures)
        if world.limited:
            self._spent = limits.spend(world, operation, headers)
        body: Any = None
        if not operation.upload:
            if len(content) > world.state.settings.body_bytes:
                raise Refusal(413, f"a body has at most {world.state.settings.body_bytes} bytes")
            reader = body_of(operation)
            if not reader.empty:
                body = reader.read(content)
        call = Call(operation, user, ids, self._query(operation, query), body, content, headers)
        try:
            payload = HANDLERS[operation.name](world, call)
        finally:
            # Also what is refused may have counted against a quota.
            if world.written is not None and operation.effect != "read":
                world.written(operation.method, path, query, headers, content)
        if type(payload) is not bytes:
            payload = encode(payload)
        reply = success(world.dialect, payload, operation.success, operation.enveloped)
        return Reply(reply.status, reply.headers + self._spent, reply.body) if self._spent else reply

    def route(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        """The operation and the values of its path. Refuses with 404 or 405."""
        found = self._routes.get((method, path))
        if found is None:
            found = ROUTER.find(method, path)
            if len(self._routes) >= _REMEMBERED:
                self._routes.clear()
            self._routes[method, path] = found
        return found

    def _query(self, operation: Operation, query: str) -> dict[str, Any]:
        found = self._queries.get((operation.name, query))
        if found is None:
            found = query_of(operation).read(query)
            if len(self._queries) >= _REMEMBERED:
                self._queries.clear()
            self._queries[operation.name, query] = found
        return found
