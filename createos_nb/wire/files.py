"""Files at signed addresses: streamed to the disk, with the errors of any other answer, and never with a key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from createos_nb.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    RequestError,
    TimedOut,
    Unreachable,
    Unreadable,
)
from createos_nb.operation import Operation
from createos_nb.secret import Secret, bare, barely
from createos_nb.wire import response
from createos_nb.wire.addresses import read_url
from createos_nb.wire.incoming import pieces
from createos_nb.wire.log import Sent
from createos_nb.wire.quiet import without_bytes
from createos_nb.wire.sealed import Sealed, SignedURL
from createos_nb.wire.transport import Transport, why

_MOST_REDIRECTS: Final = 5
#: Bytes that are read of an answer that says no. What is shown of them is cut when the secrets in them are masked.
_REASON: Final = 1_000_000
_EXPIRED: Final = "A signed address lives for minutes: make the call again, it asks for a new one."
_ODD: Final = "The platform gave an address that no file can be fetched from. Try again, and report it if it stays."


def save(transport: Transport, operation: Operation, given: Secret | str, target: Path, *, most: int) -> int:
    """Write what lies at the address that `operation` gave to a new file, and give its bytes.

    Tried again as any read. Raises a `RequestError`, in which the address is masked; a file that is shorter than
    announced is `Unreadable`. Raises `InvalidInput` for one of more than `most` bytes.
    """
    kept = Secret(given)
    url = _url(transport, operation, kept)
    attempt, began = 1, transport.clock.now()
    while True:
        try:
            return _once(transport, operation, url, target, most, attempt)
        except RequestError as error:
            wait = transport.retry.wait(operation, error, attempt)
            if wait is None or transport.clock.now() - began + wait > transport.retry.budget:
                raise
            transport.wait(wait, f"{operation.call}: {error.reason[:80]}")
            attempt += 1


def _once(transport: Transport, operation: Operation, url: httpx.URL, target: Path, most: int, attempt: int) -> int:
    facts: dict[str, Any] = {"operation": operation.name, "method": "GET", "path": _shown(url)}
    secrets = barely(_secrets, url)
    sent = transport.there.tick()
    status: int | None = None
    size = 0
    deadline = transport.for_transfer()
    try:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = transport.fetch(url, Sealed(secrets), deadline)
            try:
                status = answer.status_code
                location = Secret(answer.headers.get("location", ""))
                if status in (301, 302, 303, 307, 308) and location:
                    url = _next(url, location, {**facts, "status": status})
                    secrets += barely(_secrets, url)
                    continue
                if status != 200:
                    now = transport.there.heard()
                    raise barely(_refusal, answer, operation, facts["path"], Sealed(secrets), now)
                size = barely(_written, answer, target, most, facts)
                return size
            finally:
                answer.close()
        raise Unreadable("the file is always said to be somewhere else", hint=_ODD, status=status, **facts)
    except (httpx.TransportError, httpx.DecodingError) as error:
        # the exception holds the request, and with it the whole address
        error.request = httpx.Request("GET", f"{url.scheme}://{url.netloc.decode('ascii')}")
        error.args = tuple(response.masked(str(one), Sealed(secrets)) for one in error.args)
        raise response.redacted(_no_answer(error, facts), Sealed(secrets)) from bare(error)
    finally:
        spent = transport.there.tick() - sent
        transport.log.add(
            Sent(transport.there.ago(spent), operation.name, "GET", facts["path"], status, spent, attempt, size)
        )


def _written(answer: httpx.Response, target: Path, most: int, facts: Mapping[str, Any]) -> int:
    said = answer.headers.get("content-length", "")
    announced = int(said) if said.isascii() and said.isdecimal() else None
    size = 0
    with open(target, "wb") as file:
        for chunk in pieces(answer) if (announced or 0) <= most else [b""]:
            size += len(chunk)
            if size > most:
                break
            file.write(chunk)
    if max(size, announced or 0) > most:
        raise InvalidInput(f"{facts['operation']}: the file has more than {most:,} bytes; max_bytes= allows more")
    # what came over the wire is counted where there is a wire; there is none to a world in this process
    came = answer.num_bytes_downloaded or (None if "content-encoding" in answer.headers else size)
    if announced is not None and came is not None and came != announced:
        raise Unreadable(
            f"the file was cut off: {came:,} of {announced:,} bytes came",
            hint="The connection was cut: try again.",
            **facts,
        )
    return size


def _url(transport: Transport, operation: Operation, given: Secret) -> httpx.URL:
    """The address, checked: it must be one of the web, and no less protected than the platform itself."""
    facts: dict[str, Any] = {"operation": operation.name, "method": "GET", "path": "(signed address)"}
    url = _joined(transport.base, given)
    if url is None:
        raise Unreadable("the signed address is no URL", hint=_ODD, **facts)
    return _protected(url, transport.base.scheme == "https", facts)


def _next(url: httpx.URL, location: Secret, facts: Mapping[str, Any]) -> httpx.URL:
    joined = _joined(url, location)
    if joined is None:
        raise Unreadable("the file is said to be at an address that is no URL", hint=_ODD, **facts)
    return _protected(joined, url.scheme == "https", facts)


def _joined(url: httpx.URL, location: Secret) -> SignedURL | None:
    """The address that another one leads to; None where that is none."""
    try:
        return SignedURL(read_url(location.reveal().strip(), url))
    except httpx.InvalidURL:
        return None


def _protected(url: httpx.URL, tls: bool, facts: Mapping[str, Any]) -> httpx.URL:
    if url.scheme not in (("https",) if tls else ("https", "http")) or not url.host:
        kind = "unencrypted" if url.scheme == "http" else f"of the kind {url.scheme!r}"
        raise Unreadable(f"the file is said to be at an address that is {kind}", hint=_ODD, **facts)
    return SignedURL(url.copy_with(username=None, password=None)) if url.userinfo else url


def _shown(url: httpx.URL) -> str:
    """Host and the first part of the path: what lies behind it may open the file, too."""
    first = urlsplit(str(url)).path.split("/")[1:2]
    return f"//{url.host}/{first[0] if first else ''}…"


def _secrets(url: httpx.URL) -> tuple[Secret, ...]:
    """What no error may repeat: the address, its path and the values of its query."""
    parts = urlsplit(str(url))
    return tuple(map(Secret, (str(url), parts.query, parts.path, *(value for _, value in parse_qsl(parts.query)))))


def _refusal(answer: httpx.Response, operation: Operation, path: str, secrets: Sealed, now: float) -> RequestError:
    body = b""
    for chunk in pieces(answer):
        body += chunk
        if len(body) >= _REASON:
            break
    error = response.refusal(response.Answer(operation, answer.status_code, answer.headers, body, path, secrets, now))
    error.method = "GET"
    if isinstance(error, Forbidden | NotFound) or answer.status_code in (400, 401):
        error.hint = _EXPIRED
    return error


def _no_answer(error: Exception, facts: Mapping[str, Any]) -> RequestError:
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"the file did not come in time ({why(error)})", **facts)
    if isinstance(error, httpx.DecodingError):
        return Unreadable(f"the file can't be decoded: {error}", **facts)
    return Unreachable(f"the connection failed: {without_bytes(str(error)) or type(error).__name__}", **facts)
