"""From a raw request to a raw answer: routing, authentication, checks, the handler, the envelope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

from createos_nb.contract import OPERATIONS
from createos_nb.contract.operation import Operation
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import Headers, Response, encode, failure, success
from createos_nb.simulator.platform import access, limits
from createos_nb.simulator.platform.errors import HttpError, UnknownFieldError, declared
from createos_nb.simulator.platform.registry import SERVICES, BodyCall
from createos_nb.simulator.platform.strictness import refuse_unknown, without_unknown
from createos_nb.simulator.platform.validation import QueryValues, query_of

_REMEMBERED: Final = 4096


class _Node:
    """One step of a path."""

    __slots__ = ("any", "literal", "verbs")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.verbs: dict[str, Operation] = {}


class Router:
    """Finds operations by verb and path."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            node = self._root
            for part in operation.path.strip("/").split("/"):
                if part.startswith("{"):
                    node.any = node.any or _Node()
                    node = node.any
                else:
                    node = node.literal.setdefault(part, _Node())
            node.verbs[operation.method] = operation

    def find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        """Return the operation and the values of its path. Refuses with 404 or 405."""
        parts = path.strip("/").split("/") if "%" not in path else [unquote(p) for p in path.strip("/").split("/")]
        matches: list[tuple[_Node, tuple[str, ...]]] = []
        _walk(self._root, parts, 0, (), matches)
        for node, ids in matches:
            operation = node.verbs.get(method)
            if operation is not None:
                return operation, ids
        if not matches:
            raise HttpError(404, f"there is nothing at {path}")
        allowed = sorted({verb for node, _ in matches for verb in node.verbs})
        raise HttpError(405, f"{method} is not allowed here", headers=(("allow", ", ".join(allowed)),))


def _walk(
    node: _Node, parts: list[str], at: int, ids: tuple[str, ...], matches: list[tuple[_Node, tuple[str, ...]]]
) -> None:
    if at == len(parts):
        if node.verbs:
            matches.append((node, ids))
        return
    part = parts[at]
    literal = node.literal.get(part)
    if literal is not None:
        _walk(literal, parts, at + 1, ids, matches)
    if node.any is not None and part:
        _walk(node.any, parts, at + 1, (*ids, part), matches)


ROUTER: Final = Router(OPERATIONS.values())


class Dispatch:
    """Answers the requests to the API of one world."""

    def __init__(self, context: WorldContext) -> None:
        self._context = context
        #: Headers that say what is left of the rate limits of the key of the request at hand.
        self._spent: Headers = ()
        self._routes: dict[tuple[str, str], tuple[Operation, tuple[str, ...]]] = {}
        self._queries: dict[tuple[str, str], QueryValues] = {}

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes) -> Response:
        """Answer one request to the API, whose lock is already held."""
        context = self._context
        if method == "HEAD":
            status, answered, body = self._head(path, query, headers, content)
            return Response(status, (*answered, ("content-length", str(len(body)))), b"")
        try:
            operation, ids = self.route(method, path)
        except HttpError as error:
            return failure(context.dialect, error.status, error.message, error.headers)
        try:
            return self._perform(operation, ids, path, query, headers, content)
        except limits.RateLimitExceeded as exceeded:
            return exceeded.reply
        except UnknownFieldError as error:
            return failure(context.dialect, error.status, error.message, self._spent)
        except HttpError as error:
            status = declared(error.status, operation.failures)
            return failure(context.dialect, status, error.message, error.headers + self._spent)

    def _head(self, path: str, query: str, headers: Mapping[str, str], content: bytes) -> Response:
        """Return what GET answers, unless it changes something: HEAD must be safe."""
        try:
            writes = self.route("GET", path)[0].effect != "read"
        except HttpError:
            writes = False
        if writes:
            return failure(self._context.dialect, 405, "HEAD is not allowed here", (("allow", "GET"),))
        return self.answer("GET", path, query, headers, content)

    def _perform(
        self,
        operation: Operation,
        ids: tuple[str, ...],
        path: str,
        query: str,
        headers: Mapping[str, str],
        content: bytes,
    ) -> Response:
        context = self._context
        self._spent = ()
        user = access.user_of(context, headers, needed=401 in operation.failures)
        if context.limits_requests:
            self._spent = limits.spend(context, operation, headers)
        if not operation.upload and len(content) > context.state.settings.body_bytes:
            raise HttpError(413, f"a body has at most {context.state.settings.body_bytes} bytes")
        service = SERVICES[operation.name]
        if operation.effect != "read" or operation.at("body"):
            if context.state.settings.unknown_fields == "refuse":
                refuse_unknown(operation, query, content)
            else:
                content = without_unknown(operation, content)
        body = service.read(content)
        call = BodyCall(operation, user, ids, self._query(operation, query), content, headers, body)
        try:
            payload = service.handler(context, call)
        finally:
            # Also what is refused may have counted against a quota.
            if context.on_write is not None and operation.effect != "read":
                context.on_write(operation.method, path, query, headers, content)
        if type(payload) is not bytes:
            payload = encode(payload)
        reply = success(context.dialect, payload, operation.success, operation.enveloped)
        return Response(reply.status, reply.headers + self._spent, reply.body) if self._spent else reply

    def route(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        """Return the operation and the values of its path. Refuses with 404 or 405."""
        match = self._routes.get((method, path))
        if match is None:
            match = ROUTER.find(method, path)
            if len(self._routes) >= _REMEMBERED:
                self._routes.clear()
            self._routes[method, path] = match
        return match

    def _query(self, operation: Operation, query: str) -> QueryValues:
        values = self._queries.get((operation.name, query))
        if values is None:
            values = query_of(operation).read(query)
            if len(self._queries) >= _REMEMBERED:
                self._queries.clear()
            self._queries[operation.name, query] = values
        return values
