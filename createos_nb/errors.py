"""Errors, by who is at fault and what to do about them.

    CreateOSError
    ├── ConfigurationError        no key, an unknown profile, an unreadable config file
    │   └── MissingExtra          an extra of this package is not installed; says how to install it
    ├── InvalidInput              refused here, before anything was sent (also a ValueError)
    │   ├── UnknownName           nothing has that name or id; lists what there is (also a LookupError)
    │   ├── UnknownField          the operation has no such field or argument; names the nearest (also a TypeError)
    │   ├── AmbiguousName         several things have that name; lists their ids
    │   └── ReadOnlyError         the client was opened with read_only=True
    ├── RequestRefused            the platform answered, and said no
    │   ├── Unauthorized          the key is missing, wrong, expired or revoked            (401)
    │   ├── Forbidden             the key may not do this                                  (403)
    │   ├── NotFound              it does not exist, or no longer                          (404)
    │   ├── Conflict              it exists already                                        (409)
    │   ├── Invalid               the platform did not accept the values or the state      (400, 405, 413, 415, 422)
    │   ├── QuotaExceeded         the account has no more of it; waiting does not help     (429)
    │   ├── RateLimited           too many requests; waiting helps                         (429 with Retry-After)
    │   └── ServerError           the platform failed; the request may be right            (5xx)
    ├── TransportError            nothing usable came back
    │   ├── Unreachable           the connection failed or broke
    │   ├── RequestTimeout        no answer in time
    │   └── InvalidResponse       an answer came that is not the platform's (a proxy's page, cut off, empty)
    │       └── ResponseTooLarge  an answer came that is larger than the client reads
    └── PlanError                 a plan was not carried out: see `createos_nb.plans.errors`

    IncompleteWarning             a table may lack rows; its `attrs` say which
    ReplacedWarning               a value of an answer can't be read, and was replaced; says which
    SecretWarning                 an upload sends a file that holds what looks like a token
    RateLimitWarning              a read will wait on the rate limit; says for how many requests
    ClockWarning                  times may be wrong: a window in the future there, or nobody says what time it is
    CreationWarning               the platform is going to refuse a new project's settings
    PatternWarning                a setting looks like a pattern, and the platform takes it for a name
    UnneededExceptionWarning      an accepted exception matches nothing, is not needed, or has ended

Every error about a request has `operation` (the platform's name), `method`, `path`, `status` (None without an answer),
`reason` (the platform's own words), `hint` (what to do next) and, for operations that change something, `applied`:
False where it is certain that nothing changed, None where only reading can tell.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Final

from createos_nb.display import visible
from createos_nb.naming import nearest

_PACKAGE: Final = str(Path(__file__).parent) + os.sep


class CreateOSError(Exception):
    """Anything that this library raises on purpose. Its text is safe to print, whatever it repeats."""

    def __str__(self) -> str:
        return visible(self._message())

    def _message(self) -> str:
        """The message as it is; `str` spells out what a terminal would act on."""
        return super().__str__()

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.args, self.__dict__.copy()))


def _rebuild(kind: type[CreateOSError], args: tuple[Any, ...], state: dict[str, Any]) -> CreateOSError:
    """A pickled or copied error again: its constructor takes other arguments than the message it made of them."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(CreateOSError):
    """The client can't be opened: no key, an unknown profile, a config file that can't be read."""


class MissingExtra(ConfigurationError):
    """An extra of this package is not installed; the message says how to install it."""


class InvalidInput(CreateOSError, ValueError):
    """Refused before anything was sent; the message says what is wrong with which argument."""


class UnknownName(InvalidInput, LookupError):
    """No project, environment, deployment, domain … has this name or id. `known` lists what there is."""

    def __init__(self, resource: str, name: object, known: Iterable[object] = (), where: str = "") -> None:
        self.resource, self.name, self.known = resource, name, tuple(str(item) for item in known)
        where_text = f" in {where}" if where else ""
        message = f"there is no {resource} {name!r}{where_text}"
        if self.known:
            listed = ", ".join(self.known[:12]) + (f", … ({len(self.known)} in all)" if len(self.known) > 12 else "")
            message += f"; there is: {listed}{nearest(name, self.known)}"
        else:
            message += f"; there is no {resource} at all" + where_text
        super().__init__(message)


class UnknownField(InvalidInput, TypeError):
    """The operation has no field or argument of this name. `known` lists those that it has."""

    def __init__(self, name: str, known: Iterable[str], message: str) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(message)


class AmbiguousName(InvalidInput):
    """Several have this name; `ids` lists them, and an id serves wherever the name does."""

    def __init__(self, resource: str, name: object, ids: Iterable[str], where: str = "") -> None:
        self.resource, self.name, self.ids = resource, name, tuple(ids)
        where_text = f" in {where}" if where else ""
        super().__init__(
            f"{len(self.ids)} {resource}s{where_text} are named {name!r}; use one id of: {', '.join(self.ids)}"
        )


class ReadOnlyError(InvalidInput):
    """The client was opened with read_only=True, and this operation changes something. Nothing was sent."""


class RequestError(CreateOSError):
    """A request that did not give its value. See the tree above for the attributes."""

    default_hint: ClassVar[str] = ""

    def __init__(
        self,
        reason: str,
        *,
        operation: str = "",
        method: str = "",
        path: str = "",
        status: int | None = None,
        hint: str = "",
        code: str = "",
        applied: bool | None = None,
        retry_after: float | None = None,
        fields: dict[str, str] | None = None,
    ) -> None:
        self.reason, self.operation, self.method, self.path = reason, operation, method, path
        self.status, self.code, self.applied, self.retry_after = status, code, applied, retry_after
        self.fields = fields or {}
        self.hint = hint or self.default_hint
        super().__init__(reason)

    def _message(self) -> str:
        head = f"{self.operation}: {self.reason}" if self.operation else self.reason
        facts = [f"HTTP {self.status}"] if self.status is not None else []
        if self.method:
            facts.append(f"{self.method} {self.path}")
        text = head + (f" ({', '.join(facts)})" if facts else "")
        return visible(f"{text}\n→ {self.hint}" if self.hint else text)


class RequestRefused(RequestError):
    """The platform answered, and said no."""


class Unauthorized(RequestRefused):
    """The key is missing, wrong, expired or revoked."""

    default_hint = "Check the key: it may be mistyped, expired or revoked. `createos-nb whoami` says which one is used."


class Forbidden(RequestRefused):
    """The key is known, but may not do this."""

    default_hint = "This key may not do this: ask the owner of the account, or use a key of that account."


class NotFound(RequestRefused):
    """It does not exist, no longer exists, or belongs to another account."""

    default_hint = "List what there is: it may have been deleted or transferred, or belong to another account."


class Conflict(RequestRefused):
    """It exists already, or something else holds its name."""

    default_hint = "Choose another name, or use the one that exists."


class Invalid(RequestRefused):
    """The platform did not accept the values, or not in this state. `fields` says which, where the platform did."""

    default_hint = "Read the reason: a value is outside the platform's limits, or the state does not allow this now."


class QuotaExceeded(RequestRefused):
    """The account has no more of this; no retry mends it."""

    default_hint = "A quota is used up: waiting does not help. See client.account.quotas(); delete what is unused."


class RateLimited(RequestRefused):
    """Too many requests for now; `retry_after` says how many seconds to wait, where the platform said so."""

    default_hint = "Too many requests: wait and try again; rate_limit= of connect() slows a client down by itself."


class ServerError(RequestRefused):
    """The platform failed; the request may be right."""

    default_hint = "The platform failed. Reads were tried again; of a write, read the state before you try again."


class TransportError(RequestError):
    """Nothing usable came back."""


class Unreachable(TransportError):
    """The connection could not be made, or broke."""

    default_hint = "Check the base URL, the network, and the proxy settings."


class RequestTimeout(TransportError):
    """No answer in time."""

    default_hint = "The platform is slow or the network is: raise timeout= of connect(), or try again."


class InvalidResponse(TransportError):
    """An answer came that is not the platform's: a proxy's page, a cut-off or empty body."""

    default_hint = "Something between here and the platform answered instead of it: check the base URL and the proxy."


class ResponseTooLarge(InvalidResponse):
    """An answer came that is larger than the client reads."""

    default_hint = "max_answer_bytes= of connect() allows more; ask for fewer rows, or for a shorter window."


class IncompleteWarning(UserWarning):
    """A table may lack rows; its `attrs` say which."""


class ReplacedWarning(UserWarning):
    """A value of an answer can't be read, and was replaced; the message and `attrs["replaced"]` say which."""


class SecretWarning(UserWarning):
    """An upload sends a file that holds what looks like a token; the message says which file and what."""


class RateLimitWarning(UserWarning):
    """A read will wait on the rate limit; the message says for how many requests."""


class ClockWarning(UserWarning):
    """Times may be wrong: a window lies in the other side's future, or its answers don't say what time it is."""


class CreationWarning(UserWarning):
    """Settings of a new project that the platform is going to refuse; the message says what to change."""


class PatternWarning(UserWarning):
    """A setting looks like a pattern (`feature/*`), and the platform takes it for an exact name: it matches nothing."""


class UnneededExceptionWarning(UserWarning):
    """An accepted exception from a practice matches nothing, is not needed, or has ended; the message says which."""


def warn(message: str, category: type[Warning]) -> None:
    """Give a warning that points at the line outside this package which led here, however deep the way was.

    Args:
        message: What it says; control characters are spelled out.
        category: Its class.

    Examples:
        >>> import warnings
        >>> from createos_nb.errors import warn
        >>> with warnings.catch_warnings(record=True, action="always") as given:
        ...     warn("the list may lack rows", UserWarning)
        >>> str(given[0].message)
        'the list may lack rows'
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(visible(message), category, stacklevel=level)
