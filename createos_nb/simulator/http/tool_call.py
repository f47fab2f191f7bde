"""A call of a tool as the request that it stands for, and the answer as what the tool says."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from createos_nb.contract.operation import Operation, Parameter
from createos_nb.contract.tools import BODY
from createos_nb.naming import nearest
from createos_nb.simulator.envelope import Response
from createos_nb.simulator.http.ingress import Request
from createos_nb.simulator.platform.errors import HttpError

_FORM: Final = (
    b'--%b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n%b\r\n--%b--\r\n"
)
_FAILURES: Final = frozenset({"fail", "error"})
_SHOWN: Final = 80
"""Characters of a name that is not known, in the refusal of it."""

Ask = Callable[[Request], Awaitable[Response]]
"""Answers a request."""


class ToolAnswer(NamedTuple):
    """What a tool says.

    Attributes:
        text: the answer as it came, or why the call was refused.
        value: the answer as JSON; None where it is none.
        failed: whether the call failed.
        status: of HTTP.
        retry_after: seconds after which it may be called again, if the answer says so.
    """

    text: str
    value: Any
    failed: bool
    status: int
    retry_after: str | None = None


def request_of(operation: Operation, arguments: Mapping[str, Any], credentials: Mapping[str, str]) -> Request:
    """Return the request to the API that a call of a tool stands for.

    What travels in the body may also be given beside `body`, for no other argument has such a name.

    Args:
        operation: The tool.
        arguments: Those of the call; null in the query is an argument that is not given.
        credentials: Headers that say who calls.

    Returns:
        The request. Its values are not checked yet: the API does that.

    Raises:
        HttpError: An argument is unknown, or lacks, or can't be written into a request.
    """
    inside = [*operation.at("body"), *operation.at("file")]
    body = _body(operation, arguments, inside)
    path = operation.path
    for p in operation.at("path"):
        path = path.replace("{" + p.wire + "}", quote(_scalar(p.wire, _given(arguments, p)), safe="", errors="replace"))
    query = {
        p.wire: _scalar(p.wire, arguments[p.wire]) for p in operation.at("query") if arguments.get(p.wire) is not None
    }
    content_type, content = "application/json", b""
    if operation.upload:
        content_type, content = _form(inside[0], body or {})
    elif body is not None:
        content = json.dumps(body).encode()
    headers = {**credentials, "content-type": content_type}
    return Request(operation.method, "", path, urlencode(query, errors="replace"), headers, content)


def answer_of(response: Response) -> ToolAnswer:
    """Return what a tool says for an answer of the API.

    Args:
        response: The answer, which has failed also where its body says so, or is no JSON.

    Returns:
        The body as it came, or the status and the platform's reason.
    """
    text = response.body.decode("utf-8", "replace")
    try:
        value = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return refusal(response.status, f"the answer is no JSON: {text[:200]}", None)
    says = value if isinstance(value, dict) else {}
    if response.status < 400 and says.get("status") not in _FAILURES and says.get("success") is not False:
        return ToolAnswer(text, value, False, response.status)
    error = says.get("error")
    reason = error.get("message") if isinstance(error, dict) else says.get("message")
    return refusal(response.status, str(reason or text), value, dict(response.headers).get("retry-after"))


def refusal(status: int, reason: str, value: Any, retry_after: str | None = None) -> ToolAnswer:
    """Return what a tool says of a call that failed."""
    wait = f" (try again after {retry_after} s)" if retry_after is not None else ""
    return ToolAnswer(f"{status}: {reason}{wait}", value, True, status, retry_after)


def _body(operation: Operation, arguments: Mapping[str, Any], inside: list[Parameter]) -> dict[str, Any] | None:
    """What the request has in its body. Refuses arguments that the tool does not have."""
    fields = {p.wire for p in inside}
    names = {p.wire for p in operation.parameters} - fields
    body: dict[str, Any] | None = None
    if inside:
        names.add(BODY)
        given = arguments.get(BODY)
        if isinstance(given, dict):
            body = given
        elif given is not None:
            raise HttpError(400, f"{BODY} must be an object with {', '.join(sorted(fields))}")
        else:
            names |= fields
            beside = {name: value for name, value in arguments.items() if name in fields}
            body = beside if beside or any(p.required for p in inside) else None
    _known(operation, "argument", arguments, names)
    if body is not None:
        _known(operation, f"field of {BODY}", body, fields)
    return body


def _known(operation: Operation, what: str, given: Mapping[str, Any], names: set[str]) -> None:
    for name in given:
        if name not in names:
            has, shown = ", ".join(sorted(names)) or "none", name[:_SHOWN]
            raise HttpError(400, f"{operation.name} has no {what} {shown!r}; it has: {has}{nearest(shown, names)}")


def _given(arguments: Mapping[str, Any], p: Parameter) -> Any:
    value = arguments.get(p.wire)
    if value in (None, ""):
        raise HttpError(400, f"{p.wire} is required")
    return value


def _scalar(name: str, value: Any) -> str:
    """A value as it is written into a path or a query."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # to JSON 5.0 is a whole number
    if isinstance(value, str | int | float):
        return str(value)
    raise HttpError(400, f"{name} must be a text or a number")


def _form(p: Parameter, body: Mapping[str, Any]) -> tuple[str, bytes]:
    """The content type and the bytes of a form that holds a file."""
    text = body.get(p.wire)
    if not isinstance(text, str) or not text:
        raise HttpError(400, f"{BODY}.{p.wire} is required: the bytes of the {p.wire} in base64")
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise HttpError(400, f"{BODY}.{p.wire} must be the bytes of the {p.wire} in base64") from None
    boundary = hashlib.sha256(content).hexdigest()
    edge, name = boundary.encode(), p.wire.encode()
    return f"multipart/form-data; boundary={boundary}", _FORM % (edge, name, name, content, edge)
