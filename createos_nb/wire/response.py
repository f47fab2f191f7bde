"""What comes back: an HTTP answer as its payload, or as the error that it is. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
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
    Unauthorized,
    Unreadable,
)
from createos_nb.operation import Operation
from createos_nb.secret import MASK

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


class _Envelope(msgspec.Struct):
    """The fields that wrap an answer; what is not there stays unset."""

    status: Any = msgspec.UNSET
    success: Any = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    message: Any = msgspec.UNSET
    error: Any = msgspec.UNSET


_DECODER: Final = msgspec.json.Decoder(_Envelope)


def payload(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> msgspec.Raw | bytes:
    """The JSON of what the operation gives, out of whichever envelope it came in.

    Raises the `RequestError` that the answer is: also for a failure that came as HTTP 200.
    """
    if not 200 <= status < 300:
        raise refusal(operation, status, headers, body)
    try:
        envelope = _DECODER.decode(body)
    except msgspec.MsgspecError:
        if not operation.enveloped and body.lstrip()[:1] == b"[" and _is_json(body):
            return body
        raise unreadable(operation, status, headers, body) from None
    if envelope.status in ("fail", "error") or envelope.success is False:
        raise refusal(operation, status, headers, body)
    if envelope.status == "success" or envelope.success is True:
        return msgspec.Raw(b"null") if envelope.data is msgspec.UNSET else envelope.data
    if isinstance(envelope.error, dict):
        raise refusal(operation, status, headers, body)
    if not operation.enveloped:
        return body
    raise unreadable(operation, status, headers, body)


def refusal(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> RequestError:
    """The error for an answer that says no, in any of the platform's shapes or none of them."""
    try:
        said = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        said = None
    reason, fields, code = _reason(said)
    retry_after = _retry_after(headers)
    facts: dict[str, Any] = {
        "operation": operation.name,
        "method": operation.method,
        "path": operation.path,
        "status": status,
        "code": code,
        "fields": fields,
        "retry_after": retry_after,
        "applied": None if status >= 500 else False,
    }
    if 300 <= status < 400:
        facts["hint"] = "The address answers with a redirect: check the base URL."
        return Unreadable(f"redirected to {headers.get('location', '?').split('?')[0]}", **facts)
    if not reason:
        reason = excerpt(body) or "no reason given"
    kind = _kind(operation, status, headers, code, said, retry_after)
    return kind(reason, **facts)


def unreadable(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> Unreadable:
    """The error for an answer that is not the platform's."""
    kind = headers.get("content-type", "").split(";")[0] or "no content type"
    what = f"{kind}, {len(body)} bytes: {excerpt(body)}" if body.strip() else "an empty body"
    return Unreadable(
        f"the answer is not the platform's JSON ({what})",
        operation=operation.name,
        method=operation.method,
        path=operation.path,
        status=status,
        applied=None,
    )


def excerpt(body: bytes) -> str:
    """The beginning of a body in one line, without markup."""
    text = re.sub(r"<[^>]*>", " ", body[:4000].decode("utf-8", "replace"))
    text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


def redacted(error: RequestError, secrets: Iterable[str]) -> RequestError:
    """The same error without the secrets that an answer repeated."""
    for secret in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        spelled = {secret, msgspec.json.encode(secret).decode()[1:-1]}
        for form in spelled:
            error.reason = error.reason.replace(form, MASK)
            error.fields = {k: v.replace(form, MASK) for k, v in error.fields.items()}
            error.hint = error.hint.replace(form, MASK)
    error.args = (error.reason,)
    return error


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.MsgspecError:
        return False
    return True


def _kind(
    operation: Operation,
    status: int,
    headers: Mapping[str, str],
    code: str,
    said: Any,
    retry_after: float | None,
) -> type[RequestRefused]:
    if status == 429:
        # Without Retry-After it is a quota, where the operation has one: no wait mends that.
        limited = retry_after is not None or code == "RATE_LIMITED" or headers.get("x-ratelimit-remaining") == "0"
        return RateLimited if limited or not operation.has_quota else QuotaExceeded
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


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `Retry-After` as seconds or as an HTTP date."""
    value = headers.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value)
        # counted from the server's own clock where it tells it, so that a skewed clock here does no harm
        since = parsedate_to_datetime(headers["date"]) if "date" in headers else None
    except (ValueError, TypeError):
        return None
    if since is None:
        from datetime import UTC, datetime

        since = datetime.now(UTC)
    return max(0.0, (until - since).total_seconds())
