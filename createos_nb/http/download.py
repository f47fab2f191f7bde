"""Files at signed addresses: streamed to the disk, with the errors of any other answer, and never with a key."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from createos_nb.contract.operation import Operation
from createos_nb.errors import InvalidInput, InvalidResponse, RequestError
from createos_nb.http.failures import RequestFacts
from createos_nb.http.redacted_request import RedactedURL, SecretTexts
from createos_nb.http.request_loop import Attempt, follow_redirects, redirect_of
from createos_nb.http.response import RawResponse, to_exception
from createos_nb.http.response_body import pieces
from createos_nb.http.transport import Transport
from createos_nb.http.urls import read_url
from createos_nb.redaction import Secret, without_frames

#: Bytes that are read of an answer that says no. What is shown of them is cut when the secrets in them are masked.
_REASON: Final = 1_000_000
_EXPIRED: Final = "A signed address lives for minutes: make the call again, it asks for a new one."
_ODD: Final = "The platform gave an address that no file can be fetched from. Try again, and report it if it stays."


def save(transport: Transport, operation: Operation, address: Secret | str, target: Path, *, max_bytes: int) -> int:
    """Write what lies at the address that `operation` gave to a new file. Returns its bytes.

    Tried again as any read. Raises a `RequestError`, in which the address is redacted; a file that is shorter than
    announced is `InvalidResponse`.

    Raises:
        InvalidInput: The file has more than `max_bytes` bytes.
    """
    transport.check_open()
    facts = RequestFacts(operation, "(signed address)")
    url = _first(transport, Secret(address), facts)
    path = _safe_path(url)
    return transport.loop.run(
        operation,
        path,
        lambda attempt: _attempt(transport, RequestFacts(operation, path), url, target, max_bytes, attempt),
    )


def _attempt(
    transport: Transport, facts: RequestFacts, url: httpx.URL, target: Path, max_bytes: int, attempt: Attempt
) -> int:
    addresses = [url]
    deadline = transport.for_transfer()

    def redacted() -> RequestFacts:
        """Return the facts for errors, which may repeat none of the addresses so far."""
        secrets = SecretTexts(secret for address in addresses for secret in without_frames(_secrets, address))
        return RequestFacts(facts.operation, facts.path, secrets)

    def following(response: httpx.Response, location: Secret) -> httpx.Request:
        attempt.status = response.status_code
        addresses.append(_next(response.request.url, location, redacted(), response.status_code))
        return transport.unsigned(addresses[-1], deadline)

    def open_(request: httpx.Request) -> httpx.Response:
        return transport.open(request, SecretTexts(without_frames(_secrets, request.url)))

    try:
        response = without_frames(follow_redirects, open_, transport.unsigned(url, deadline), following)
        try:
            attempt.status = response.status_code
            if redirect_of(response) is not None:
                reason = "the address of the file redirects too often"
                raise redacted().error(InvalidResponse, reason, hint=_ODD, status=response.status_code)
            if response.status_code != 200:
                raise without_frames(_denied, response, redacted(), transport.server_clock.last_known())
            size = without_frames(_write, response, target, max_bytes, redacted())
            attempt.received(response.status_code, size)
            return size
        finally:
            response.close()
    except (httpx.TransportError, httpx.DecodingError) as error:
        last = addresses[-1]
        failure = redacted().no_response(error, f"{last.scheme}://{last.netloc.decode('ascii')}", "file")
    raise failure


def _write(response: httpx.Response, target: Path, max_bytes: int, facts: RequestFacts) -> int:
    length = response.headers.get("content-length", "")
    content_length = int(length) if length.isascii() and length.isdecimal() else None
    size = 0
    with open(target, "wb") as file:
        for chunk in pieces(response) if (content_length or 0) <= max_bytes else [b""]:
            size += len(chunk)
            if size > max_bytes:
                break
            file.write(chunk)
    if max(size, content_length or 0) > max_bytes:
        raise InvalidInput(
            f"{facts.operation.name}: the file has more than {max_bytes:,} bytes; max_bytes= allows more"
        )
    # what came over the wire is counted where there is a wire; there is none to a world in this process
    received = response.num_bytes_downloaded or (None if "content-encoding" in response.headers else size)
    if content_length is not None and received is not None and received != content_length:
        reason = f"the file was cut off: {received:,} of {content_length:,} bytes came"
        raise facts.error(InvalidResponse, reason, hint="The connection was cut: try again.")
    return size


def _first(transport: Transport, address: Secret, facts: RequestFacts) -> httpx.URL:
    """The address, checked: it must be one of the web, and no less protected than the platform itself."""
    url = _joined(transport.base, address)
    if url is None:
        raise facts.error(InvalidResponse, "the signed address is no URL", hint=_ODD)
    return _protected(url, transport.base.scheme == "https", facts)


def _next(url: httpx.URL, location: Secret, facts: RequestFacts, status: int) -> httpx.URL:
    joined = _joined(url, location)
    if joined is None:
        reason = "the address of the file is no URL"
        raise facts.error(InvalidResponse, reason, hint=_ODD, status=status)
    return _protected(joined, url.scheme == "https", facts, status)


def _joined(url: httpx.URL, location: Secret) -> RedactedURL | None:
    """The address that another one leads to; None where that is none."""
    try:
        return RedactedURL(read_url(location.reveal().strip(), url))
    except httpx.InvalidURL:
        return None


def _protected(url: httpx.URL, tls: bool, facts: RequestFacts, status: int | None = None) -> httpx.URL:
    if url.scheme not in (("https",) if tls else ("https", "http")) or not url.host:
        kind = "unencrypted" if url.scheme == "http" else f"of the kind {url.scheme!r}"
        reason = f"the address of the file is {kind}"
        raise facts.error(InvalidResponse, reason, hint=_ODD, status=status)
    return RedactedURL(url.copy_with(username=None, password=None)) if url.userinfo else url


def _safe_path(url: httpx.URL) -> str:
    """Host and the first part of the path: what lies behind it may open the file, too."""
    first = urlsplit(str(url)).path.split("/")[1:2]
    return f"//{url.host}/{first[0] if first else ''}…"


def _secrets(url: httpx.URL) -> tuple[Secret, ...]:
    """Return the secrets of an address: the address, its path and the values of its query."""
    parts = urlsplit(str(url))
    return tuple(map(Secret, (str(url), parts.query, parts.path, *(value for _, value in parse_qsl(parts.query)))))


def _denied(response: httpx.Response, facts: RequestFacts, now: float) -> RequestError:
    body = b""
    for chunk in pieces(response):
        body += chunk
        if len(body) >= _REASON:
            break
    raw = RawResponse(facts, response.status_code, response.headers, body, now)
    return to_exception(raw, denied_hint=_EXPIRED)
