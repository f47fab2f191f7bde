"""Parse an HTTP response into its payload, or into an error. No I/O."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from createos_nb.contract.operation import Text, TextOrId
from createos_nb.errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvalidResponse,
    NotFound,
    QuotaExceeded,
    RateLimited,
    RequestError,
    RequestRefused,
    RequestTimeout,
    ServerError,
    Unauthorized,
)
from createos_nb.http.failures import RequestFacts, truncate
from createos_nb.http.lenient_json import Payload, RepairedJson, json_of, part, repair_json
from createos_nb.redaction import without_frames
from createos_nb.redactor import redact, spellings

_BY_STATUS: Final[Mapping[int, type[RequestRefused]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
}
_BY_CODE: Final[Mapping[str, type[RequestRefused]]] = {
    "VALIDATION_ERROR": Invalid,
    "UNAUTHORIZED": Unauthorized,
    "FORBIDDEN": Forbidden,
    "NOT_FOUND": NotFound,
    "CONFLICT": Conflict,
    "RATE_LIMITED": RateLimited,
    "INTERNAL_ERROR": ServerError,
}
_EXCERPT: Final = 160
#: Characters of a body that an excerpt is looked for in: the others may be markup.
_WINDOW: Final = 4_000


class _Envelope(msgspec.Struct):
    """The fields that wrap an answer; what is not there stays unset."""

    status: Any = msgspec.UNSET
    success: Any = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    message: Any = msgspec.UNSET
    error: Any = msgspec.UNSET

    def __repr__(self) -> str:  # what an answer repeats may be secret
        return "<envelope>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


_DECODER: Final = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """The unparsed response of an operation. `now`: Unix seconds, for dates in its headers."""

    facts: RequestFacts
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    now: float = 0.0


def parse_response(response: RawResponse) -> Payload:
    """Return the JSON of what the operation gives, out of whichever envelope it came in.

    Raises the `RequestError` that the response is: also for a failure that came as HTTP 200.
    """
    data = without_frames(_parse_response, response)
    if isinstance(response.facts.operation.answer, Text | TextOrId):
        return without_frames(_redact_sentence, data, response.facts)
    return data


def file_of(response: RawResponse) -> bytes:
    """Return the body of a response that is a file. Raises the `RequestError` that the response is."""
    if not 200 <= response.status < 300:
        raise to_exception(response)
    return response.body


def _redact_sentence(data: Payload, facts: RequestFacts) -> Payload:
    """Return the platform's sentence without the secrets of the request: people print it."""
    sentence = _json(bytes(json_of(data)))
    if not isinstance(sentence, str):
        return data
    redacted = redact(sentence, facts.secrets)
    if redacted == sentence:
        return data
    text = msgspec.Raw(msgspec.json.encode(redacted))
    return RepairedJson(text, data.replaced) if isinstance(data, RepairedJson) else text


def _parse_response(response: RawResponse) -> Payload:
    if not 200 <= response.status < 300:
        raise to_exception(response)
    unwrapped = not response.facts.operation.enveloped
    body = response.body
    envelope, lenient = _envelope(body), None
    if envelope is None:
        if unwrapped and body.lstrip()[:1] == b"[" and _json(body) is not None:
            return msgspec.Raw(body)
        lenient = repair_json(body)
        if lenient is None:
            raise _not_json(response)
        if unwrapped and bytes(lenient.json)[:1] == b"[":
            return lenient
        envelope = _envelope(lenient.json)
        if envelope is None:
            raise _not_json(response)
    if envelope.status in ("fail", "error") or envelope.success is False:
        raise to_exception(response)
    if envelope.status == "success" or envelope.success is True:
        data = msgspec.Raw(b"null") if envelope.data is msgspec.UNSET else envelope.data
        return part(lenient, "data", data) if lenient else data
    if isinstance(envelope.error, dict) or (unwrapped and isinstance(envelope.error, str)):
        raise to_exception(response)
    if unwrapped:
        return lenient or msgspec.Raw(body)
    raise _not_json(response)


def to_exception(response: RawResponse, *, denied_hint: str = "") -> RequestError:
    """Return the error for a response that says no, in any of the platform's shapes or none of them.

    `denied_hint`: instead of the usual hints, where the request was not allowed, or what it asked for is not there.
    """
    status, headers = response.status, response.headers
    body = _json(response.body)
    reason, fields, code = _reason(body)
    retry_after = _retry_after(headers, response.now)
    kind = _kind(response, code, body, retry_after)
    # a redirect may be the end of a request that was carried out; so may whatever the platform calls its own fault
    certain = status < 500 and not issubclass(kind, ServerError | InvalidResponse | RequestTimeout)
    hint = ""
    if kind is InvalidResponse:
        # redacted before it is cut: half a secret is not found any more
        location = redact(headers.get("location", "?"), response.facts.secrets)
        reason = f"redirected to {location.split('?')[0]}"
        hint = "The address answers with a redirect: check the base URL."
    elif issubclass(kind, Forbidden | NotFound) or status in (400, 401):
        hint = denied_hint
    return response.facts.error(
        kind,
        reason or excerpt(response.body, response.facts.secrets) or "no reason given",
        status=status,
        hint=hint,
        code=code,
        fields=fields,
        retry_after=retry_after,
        applied=False if certain else None,
    )


def _not_json(response: RawResponse) -> RequestError:
    """The error for a response that is not the platform's."""
    body = response.body
    kind = response.headers.get("content-type", "").split(";")[0] or "no content type"
    if body.lstrip()[:1] in (b"{", b"["):  # half of an answer of the platform: variables may stand in it
        what = f"{kind}, {len(body)} bytes: it begins like JSON, and is cut off or damaged"
    elif body.strip():
        what = f"{kind}, {len(body)} bytes: {excerpt(body, response.facts.secrets)}"
    else:
        what = "an empty body"
    reason = f"the answer is not the platform's JSON ({what})"
    return response.facts.error(InvalidResponse, reason, status=response.status)


def excerpt(body: bytes, secrets: Iterable[str] = ()) -> str:
    """The beginning of a body in one line, without markup and without the secrets: half a secret is one, too."""
    secrets = tuple(secrets)
    # the window's end may cut a secret in two, and half of one is not found: as much as that could be is left out
    longest = max((len(form) for secret in secrets for form in spellings(secret)), default=0)
    window = _WINDOW + longest
    text = body[: 4 * window].decode("utf-8", "replace")
    if len(text) > window:
        cut = redact(text[:window], secrets)
        text = cut[: len(cut) - longest]
    else:
        text = redact(text, secrets)
    text = re.sub(r"<[^>]*>", " ", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    text = redact(" ".join(text.split()), (" ".join(secret.split()) for secret in secrets))
    return truncate(text, _EXCERPT)


def _envelope(body: bytes | msgspec.Raw) -> _Envelope | None:
    """Return the envelope of a body; None where it has none."""
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _json(body: bytes) -> Any:
    """The JSON of a body; None where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        repaired = repair_json(body)
        return None if repaired is None else json.loads(bytes(repaired.json))


def _kind(response: RawResponse, code: str, body: Any, retry_after: float | None) -> type[RequestError]:
    status = response.status
    if 300 <= status < 400:
        return InvalidResponse
    if status == 429:
        # Without Retry-After it is a quota, where the operation has one: no wait mends that.
        empty = response.headers.get("x-ratelimit-remaining") == "0"
        limited = retry_after is not None or code == "RATE_LIMITED" or empty
        return RateLimited if limited or not response.facts.operation.has_quota else QuotaExceeded
    if status == 408:
        return RequestTimeout
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status >= 500:
        return ServerError
    if status >= 400:
        return _BY_STATUS.get(status, Invalid)
    if isinstance(body, dict) and body.get("status") == "error":  # HTTP 200; JSend: "error" is the server's fault
        return ServerError
    return Invalid


def _reason(body: Any) -> tuple[str, dict[str, str], str]:
    """Reason, reason by field, and code, from whichever shape the failure has."""
    if not isinstance(body, dict):
        return (body if isinstance(body, str) else ""), {}, ""
    error = body.get("error")
    if isinstance(error, dict):
        details = error.get("details")
        fields = _fields(details) if isinstance(details, dict) else {}
        return str(error.get("message") or error.get("code") or ""), fields, str(error.get("code") or "")
    data = body.get("data")
    if isinstance(data, str) and data:
        return data, {}, ""
    if isinstance(data, dict) and data:
        fields = _fields(data)
        return "; ".join(f"{name}: {text}" for name, text in fields.items()), fields, ""
    for name in ("message", "error", "detail", "reason"):
        if isinstance(body.get(name), str) and body[name]:
            return body[name], {}, ""
    return "", {}, ""


def _fields(data: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(name): text if isinstance(text, str) else msgspec.json.encode(text).decode() for name, text in data.items()
    }


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, from `Retry-After` as seconds or as an HTTP date; None where it says nothing usable."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        until = http_date(value)
        if until is None:
            return None
        # counted from the server's own clock where it tells it, so that a skewed clock here does no harm
        since = http_date(headers.get("date", ""))
        seconds = until - (now if since is None else since)
    return max(0.0, seconds) if math.isfinite(seconds) else None


@lru_cache(maxsize=64)
def http_date(value: str) -> float | None:
    """An HTTP date as Unix seconds; None for anything else."""
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
