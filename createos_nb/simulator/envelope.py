"""What an answer looks like on the wire, in each dialect.

production   `{"status":"success","data":X}` and `{"status":"fail","data":"text","message":"text"}`: what the official
             command-line client is written for
documented   `{"success":true,"data":X}` and `{"success":false,"message":"text"}`: what the platform's schemas say; two
             operations come bare
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

Dialect = Literal["production", "documented"]
Headers = tuple[tuple[str, str], ...]

SPEED: Final = "x-createos-speed"
"""In this header a served world says how many of its seconds pass in a real one."""
TIME: Final = "x-createos-time"
"""In this header a served world that is steered says its time, in Unix seconds to the microsecond."""
SIMULATED: Final = ("x-createos-simulator", "1")
"""What tells a simulator from the platform."""
JSON: Final[Headers] = (("content-type", "application/json"), SIMULATED)
encode: Final = msgspec.json.Encoder().encode

_OPENING: Final[dict[str, bytes]] = {
    "production": b'{"status":"success","data":',
    "documented": b'{"success":true,"data":',
}


class Response(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: Headers
    body: bytes


def success(dialect: Dialect, payload: bytes, status: int, enveloped: bool) -> Response:
    """Return a payload, already JSON, in its envelope."""
    if dialect == "documented" and not enveloped:
        return Response(status, JSON, payload)
    return Response(status, JSON, _OPENING[dialect] + payload + b"}")


def failure(dialect: Dialect, status: int, text: str, headers: Headers = ()) -> Response:
    """Return a refusal with its reason."""
    body: dict[str, Any] = {"success": False, "message": text}
    if dialect == "production":
        body = {"status": "fail", "data": text, "message": text}
    return Response(status, JSON + headers, encode(body))


def rate_limited(text: str, headers: Headers) -> Response:
    """Return the third shape of a failure, which comes with a 429 that a wait mends."""
    body = {"error": {"code": "RATE_LIMITED", "message": text, "details": {}}}
    return Response(429, JSON + headers, encode(body))


def array(rows: Sequence[bytes]) -> bytes:
    """Return rows that are JSON already, as an array."""
    return b"[" + b",".join(rows) + b"]"


def page(rows: Sequence[bytes], *, total: int, limit: int, offset: int, name: str = "data") -> bytes:
    """Return a page of rows that are JSON already."""
    return b'{"%b":[%b],"pagination":{"total":%d,"limit":%d,"offset":%d,"count":%d}}' % (
        name.encode(),
        b",".join(rows),
        total,
        limit,
        offset,
        len(rows),
    )
