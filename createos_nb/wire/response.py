"""What comes back: an HTTP answer as its payload, or as the error that it is. No I/O."""

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

from createos_nb.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PlatformFault,
    QuotaExceeded,
    RateLimited,
    RequestError,
    RequestRefused,
    TimedOut,
    Unauthorized,
    Unreadable,
)
from createos_nb.mending import Payload, mended, part
from createos_nb.operation import Operation
from createos_nb.secret import MASK, barely
from createos_nb.veil import spellings
from createos_nb.wire.unsure import advised

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
    "INTERNAL_ERROR": PlatformFault,
}
_EXCERPT: Final = 160
_LONGEST_REASON: Final = 2_000
_MOST_FIELDS: Final = 100
#: Characters of a body that an excerpt is looked for in: the others may be markup.
_WINDOW: Final = 4_000
#: Shorter texts are words and numbers that sentences are made of: hiding them would garble every reason.
_SHORTEST: Final = 4


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
class Answer:
    """What came back for an operation. `secrets`: texts that no error may repeat; `now`: Unix seconds."""

    operation: Operation
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    path: str = ""
    secrets: Iterable[str] = field(default=(), repr=False)
    now: float = 0.0

    def facts(self, **more: Any) -> dict[str, Any]:
        """What every error about it says."""
        path = self.path or self.operation.path
        return {
            "operation": self.operation.name,
            "method": self.operation.method,
            "path": path,
            "status": self.status,
            **more,
        }


def payload(answer: Answer) -> Payload:
    """The JSON of what the operation gives, out of whichever envelope it came in.

    Raises the `RequestError` that the answer is: also for a failure that came as HTTP 200.
    """
    return barely(_payload, answer)


def _payload(answer: Answer) -> Payload:
    if not 200 <= answer.status < 300:
        raise refusal(answer)
    bare = not answer.operation.enveloped
    body = answer.body
    envelope, again = _enveloped(body), None
    if envelope is None:
        if bare and body.lstrip()[:1] == b"[" and _decoded(body) is not None:
            return msgspec.Raw(body)
        again = mended(body)
        if again is None:
            raise unreadable(answer)
        if bare and bytes(again.json)[:1] == b"[":
            return again
        envelope = _enveloped(again.json)
        if envelope is None:
            raise unreadable(answer)
    if envelope.status in ("fail", "error") or envelope.success is False:
        raise refusal(answer)
    if envelope.status == "success" or envelope.success is True:
        data = msgspec.Raw(b"null") if envelope.data is msgspec.UNSET else envelope.data
        return part(again, "data", data) if again else data
    if isinstance(envelope.error, dict) or (bare and isinstance(envelope.error, str)):
        raise refusal(answer)
    if bare:
        return again or msgspec.Raw(body)
    raise unreadable(answer)


def refusal(answer: Answer) -> RequestError:
    """The error for an answer that says no, in any of the platform's shapes or none of them."""
    status, headers = answer.status, answer.headers
    said = _decoded(answer.body)
    reason, fields, code = _reason(said)
    retry_after = _retry_after(headers, answer.now)
    kind = _kind(answer, code, said, retry_after)
    # a redirect may be the end of a request that was carried out; so may whatever the platform calls its own fault
    certain = status < 500 and not issubclass(kind, PlatformFault | Unreadable | TimedOut)
    facts = answer.facts(code=code, fields=fields, retry_after=retry_after, applied=False if certain else None)
    if kind is Unreadable:
        # masked before it is cut: half a secret is not found any more
        reason = f"redirected to {masked(headers.get('location', '?'), answer.secrets).split('?')[0]}"
        facts["hint"] = "The address answers with a redirect: check the base URL."
    error = kind(reason or excerpt(answer.body, answer.secrets) or "no reason given", **facts)
    if not certain:
        advised(error, answer.operation, answer.path)
    return _shortened(redacted(error, answer.secrets))


def unreadable(answer: Answer) -> RequestError:
    """The error for an answer that is not the platform's."""
    body = answer.body
    kind = answer.headers.get("content-type", "").split(";")[0] or "no content type"
    if body.lstrip()[:1] in (b"{", b"["):  # half of an answer of the platform: variables may stand in it
        what = f"{kind}, {len(body)} bytes: it begins like JSON, and is cut off or damaged"
    else:
        what = f"{kind}, {len(body)} bytes: {excerpt(body, answer.secrets)}" if body.strip() else "an empty body"
    error = Unreadable(f"the answer is not the platform's JSON ({what})", **answer.facts())
    return redacted(advised(error, answer.operation, answer.path), answer.secrets)


def excerpt(body: bytes, secrets: Iterable[str] = ()) -> str:
    """The beginning of a body in one line, without markup and without the secrets: half a secret is one, too."""
    secrets = tuple(secrets)
    # the window's end may cut a secret in two, and half of one is not found: as much as that could be is left out
    longest = max((len(form) for secret in secrets for form in spellings(secret)), default=0)
    window = _WINDOW + longest
    text = body[: 4 * window].decode("utf-8", "replace")
    if len(text) > window:
        cut = masked(text[:window], secrets)
        text = cut[: len(cut) - longest]
    else:
        text = masked(text, secrets)
    text = re.sub(r"<[^>]*>", " ", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    text = masked(" ".join(text.split()), (" ".join(secret.split()) for secret in secrets))
    return _cut(text, _EXCERPT)


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with dots in place of the secrets, as they are or as JSON, an address or a page spell them."""
    for secret in sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True):
        for form in spellings(secret):
            text = text.replace(form, MASK)
    return text


def redacted(error: RequestError, secrets: Iterable[str]) -> RequestError:
    """The same error without the secrets that an answer repeated."""
    secrets = tuple(secrets)
    if secrets:
        error.reason, error.hint, error.code = (masked(one, secrets) for one in (error.reason, error.hint, error.code))
        error.fields = {masked(name, secrets): masked(text, secrets) for name, text in error.fields.items()}
        error.args = (error.reason,)
    return error


def _shortened(error: RequestError) -> RequestError:
    """The same error without what nobody reads: a reason may be as long as an answer. Only after it was masked."""
    error.reason, error.code = (_cut(one, _LONGEST_REASON) for one in (error.reason, error.code))
    fields = list(error.fields.items())
    error.fields = {_cut(name, 100): _cut(text, _LONGEST_REASON) for name, text in fields[:_MOST_FIELDS]}
    error.args = (error.reason,)
    return error


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _enveloped(body: bytes | msgspec.Raw) -> _Envelope | None:
    """What wraps the body; None where nothing does."""
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _decoded(body: bytes) -> Any:
    """The JSON of a body; None where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        again = mended(body)
        return None if again is None else json.loads(bytes(again.json))


def _kind(answer: Answer, code: str, said: Any, retry_after: float | None) -> type[RequestError]:
    status = answer.status
    if 300 <= status < 400:
        return Unreadable
    if status == 429:
        # Without Retry-After it is a quota, where the operation has one: no wait mends that.
        empty = answer.headers.get("x-ratelimit-remaining") == "0"
        limited = retry_after is not None or code == "RATE_LIMITED" or empty
        return RateLimited if limited or not answer.operation.has_quota else QuotaExceeded
    if status == 408:
        return TimedOut
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status >= 500:
        return PlatformFault
    if status >= 400:
        return _BY_STATUS.get(status, Invalid)
    if isinstance(said, dict) and said.get("status") == "error":  # HTTP 200; JSend: "error" is the server's fault
        return PlatformFault
    return Invalid


def _reason(said: Any) -> tuple[str, dict[str, str], str]:
    """Reason, reason by field, and code, from whichever shape the failure has."""
    if not isinstance(said, dict):
        return (said if isinstance(said, str) else ""), {}, ""
    error = said.get("error")
    if isinstance(error, dict):
        details = error.get("details")
        fields = _fields(details) if isinstance(details, dict) else {}
        return str(error.get("message") or error.get("code") or ""), fields, str(error.get("code") or "")
    data = said.get("data")
    if isinstance(data, str) and data:
        return data, {}, ""
    if isinstance(data, dict) and data:
        fields = _fields(data)
        return "; ".join(f"{name}: {text}" for name, text in fields.items()), fields, ""
    for name in ("message", "error", "detail", "reason"):
        if isinstance(said.get(name), str) and said[name]:
            return said[name], {}, ""
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
