"""Requests below `/_world/`: who may steer, which control is meant, and what it answers."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.redaction import Secret
from createos_nb.simulator.control.openapi import document
from createos_nb.simulator.control.operations import CONTROLS, PREFIX, Control
from createos_nb.simulator.control.steering import Steering
from createos_nb.simulator.envelope import JSON, SIMULATED, Headers, Response, encode, success
from createos_nb.simulator.world.world import World

_DOCUMENT: Final = f"{PREFIX}/openapi.json"
_FILE: Final[Headers] = (("content-type", "application/octet-stream"), SIMULATED)


class Steered(NamedTuple):
    """The answer of a control, and whether the request may have changed the world as it would change it once more."""

    response: Response
    repeatable: bool = False


class Controller:
    """Answers the requests below `/_world/` of one served world; the world's lock is held by the caller.

    Args:
        steering: the world.
        token: what who steers has to send.
    """

    def __init__(self, steering: Steering, token: Secret) -> None:
        self._steering, self._token = steering, token

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Steered:
        """Answer one request."""
        if path == _DOCUMENT and method == "GET":
            return Steered(Response(200, JSON, encode(document(self._steering.world.files_url))))
        if not self._allowed(headers.get("authorization", "")):
            text = "steering needs the token that createos-nb serve --control printed: Authorization: Bearer TOKEN"
            return Steered(_failure(401, "UNAUTHORIZED", text, headers=(("www-authenticate", "Bearer"),)))
        return perform(self._steering, method, path, query, body)

    def _allowed(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        # compared in constant time: an answer that comes sooner tells nothing of the token
        right = hmac.compare_digest(token.strip().encode(), self._token.reveal().encode())
        return right and scheme.lower() == "bearer"


def is_control(path: str) -> bool:
    """Return whether a path is one of those that steer a world."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def perform(steering: Steering, method: str, path: str, query: str, body: bytes) -> Steered:
    """Do what a request asks for, whoever sent it."""
    found = _find(method, path)
    if isinstance(found, Response):
        return Steered(found)
    control, ids = found
    repeatable = control.of_world and control.effect != "read"
    try:
        positional, named = _arguments(control, ids, query, body)
        target = steering.world if control.of_world else steering
        result = control.answer.dump(control.function(target, *positional, **named))
    except UnknownName as error:
        details = {"resource": error.resource, "name": str(error.name), "known": list(error.known)}
        return Steered(_failure(400, "UNKNOWN_NAME", str(error), details), repeatable)
    except InvalidInput as error:
        return Steered(_failure(400, "INVALID_INPUT", str(error)), repeatable)
    if control.answer.schema is bytes:
        return Steered(Response(control.success, _FILE, result), repeatable)
    return Steered(success("production", encode(result), control.success, enveloped=True), repeatable)


def repeat(world: World, method: str, path: str, query: str, body: bytes) -> None:
    """Do again what a repeatable request did to a world that is as it was then."""
    found = _find(method, path)
    if isinstance(found, Response) or not found[0].of_world:
        return
    control, ids = found
    with contextlib.suppress(InvalidInput):  # it failed then, too
        positional, named = _arguments(control, ids, query, body)
        control.function(world, *positional, **named)


def _failure(
    status: int, code: str, text: str, details: Mapping[str, Any] | None = None, headers: Headers = ()
) -> Response:
    body = {"error": {"code": code, "message": text, "details": details or {}}}
    return Response(status, JSON + headers, encode(body))


# --- which control ----------------------------------------------------------------------------------------------------


def _find(method: str, path: str) -> tuple[Control, dict[str, str]] | Response:
    """Return the control of a request and the values of its path; or the refusal, where there is none."""
    parts = [unquote(part) for part in path.rstrip("/").split("/")]
    allowed: list[str] = []
    for control in CONTROLS.values():
        ids = _matched(control.path.rstrip("/").split("/"), parts)
        if ids is None:
            continue
        if control.method == method:
            return control, ids
        allowed.append(control.method)
    if not allowed:
        return _failure(404, "NOT_FOUND", f"there is nothing at {path}; GET {_DOCUMENT} lists the controls")
    methods = ", ".join(sorted(allowed))
    text = f"{method} is not allowed here: only {methods}"
    return _failure(405, "METHOD_NOT_ALLOWED", text, headers=(("allow", methods),))


def _matched(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    ids: dict[str, str] = {}
    for expected, part in zip(pattern, parts, strict=True):
        if expected.startswith("{") and part:
            ids[expected[1:-1]] = part
        elif expected != part:
            return None
    return ids


# --- its arguments ----------------------------------------------------------------------------------------------------


def _arguments(control: Control, ids: dict[str, str], query: str, body: bytes) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a request, positional and by name, checked. Raises `InvalidInput`."""
    as_text = bool(control.file) or control.effect == "read"
    given = dict(parse_qsl(query, keep_blank_values=True)) if as_text else _object(body)
    try:
        # what comes as text may stand for a number
        checked = msgspec.convert({**given, **ids}, control.checked, strict=not as_text)
    except msgspec.ValidationError as error:
        names = ", ".join(argument.name for argument in control.arguments) or "nothing"
        raise InvalidInput(f"{control.name}: {error}; it takes {names}") from None
    named = {name: value for name, value in msgspec.structs.asdict(checked).items() if value is not msgspec.UNSET}
    if control.file:
        named[control.file] = body
    variadic = next((argument.name for argument in control.arguments if argument.variadic), "")
    return (named.pop(variadic) if variadic else []), named


def _object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("the body is not valid JSON") from None
    if not isinstance(decoded, dict):
        raise InvalidInput('the body is no JSON object, such as {"by": "15min"}')
    return decoded
