"""Errors of requests: each is made once, from finished facts, with no secret in it. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import httpx

from createos_nb.contract.operation import Operation
from createos_nb.errors import (
    InvalidResponse,
    RequestError,
    RequestTimeout,
    ResponseTooLarge,
    TransportError,
    Unreachable,
)
from createos_nb.http.redacted_logging import strip_quoted_bytes
from createos_nb.http.response_body import BodyTooLarge
from createos_nb.http.uncertain_outcome import recovery_hint
from createos_nb.redaction import strip_frames
from createos_nb.redactor import redact

Error = TypeVar("Error", bound=RequestError)

_LONGEST_REASON: Final = 2_000
_LONGEST_NAME: Final = 100
_MOST_FIELDS: Final = 100
#: A request that failed so was never sent.
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class NoReply:
    """Nothing came back from an address, and why."""

    reason: str

    @classmethod
    def of(cls, error: httpx.TransportError | httpx.DecodingError) -> NoReply:
        """What an error of httpx says, without what was received."""
        name = type(error).__name__
        if isinstance(error, httpx.TimeoutException):
            return cls(f"no answer in time ({name})")
        return cls(strip_quoted_bytes(str(error)) or name)


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Facts that every error about a request names, and secrets that none may repeat.

    Args:
        operation: What was asked for.
        path: Of the request; of a file's address, as much as may be shown.
        secrets: Texts that are replaced by dots.
    """

    operation: Operation
    path: str
    secrets: Iterable[str] = field(default=(), repr=False)

    def error(
        self,
        kind: type[Error],
        reason: str,
        *,
        status: int | None = None,
        hint: str = "",
        code: str = "",
        fields: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        applied: bool | None = None,
    ) -> Error:
        """Make an error: redacted first, then truncated, for half a secret is one, too.

        `applied`: False where it is certain that nothing changed, None where only reading can tell.
        """
        secrets = tuple(self.secrets)

        def safe(text: str, max_length: int = _LONGEST_REASON) -> str:
            return truncate(redact(text, secrets), max_length)

        return kind(
            safe(reason),
            operation=self.operation.name,
            method=self.operation.method,
            path=self.path,
            status=status,
            hint=redact(self._hint(kind, hint or kind.default_hint, applied), secrets),
            code=safe(code),
            fields={safe(name, _LONGEST_NAME): safe(text) for name, text in [*(fields or {}).items()][:_MOST_FIELDS]},
            retry_after=retry_after,
            applied=applied,
        )

    def no_response(
        self, error: httpx.TransportError | httpx.DecodingError, url: httpx.URL | str, what: str = "answer"
    ) -> RequestError:
        """Make the error for a failure of httpx, which is its cause, without its frames and what was sent.

        Args:
            error: Of httpx.
            url: What the cause says that was asked.
            what: What did not come.
        """
        applied = False if isinstance(error, _NEVER_SENT) else None
        failure: RequestError
        if isinstance(error, httpx.TimeoutException):
            late = "no answer in time" if what == "answer" else f"the {what} did not come in time"
            failure = self.error(RequestTimeout, f"{late} ({_which_timeout(error)})", applied=applied)
        elif isinstance(error, httpx.DecodingError):
            kind = ResponseTooLarge if isinstance(error, BodyTooLarge) else InvalidResponse
            failure = self.error(kind, f"the {what} can't be decoded: {error}")
        else:
            reason = strip_quoted_bytes(str(error)) or type(error).__name__
            failure = self.error(Unreachable, f"the connection failed: {reason}", applied=applied)
        # whoever reports errors sends the request of a cause along
        error.request = httpx.Request(self.operation.method, url)
        error.args = tuple(redact(str(argument), self.secrets) for argument in error.args)
        failure.__cause__ = strip_frames(error)
        return failure

    def _hint(self, kind: type[RequestError], hint: str, applied: bool | None) -> str:
        if self.operation.effect == "read":
            return hint
        if applied is None:
            # what a read would be told, that it may simply be tried again, is wrong here; who answered is worth knowing
            own = hint if issubclass(kind, InvalidResponse) else ""
            return f"{recovery_hint(self.operation, self.path)}. {own}".removesuffix(". ")
        return f"Nothing was applied. {hint}".rstrip() if issubclass(kind, TransportError) else hint


def truncate(text: str, max_length: int) -> str:
    """Return the text, or its beginning and an ellipsis where it has more than `max_length` characters."""
    return text if len(text) <= max_length else text[: max_length - 1] + "…"


def _which_timeout(error: httpx.TimeoutException) -> str:
    """Which timeout it was, and what it says: a plain one says only "timed out"."""
    message, kind = str(error), type(error).__name__
    return kind if message in ("", "timed out") else f"{kind}: {message}"
