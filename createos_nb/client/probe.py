"""A probe: what an address answers, as somebody outside gets it, without a key."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.http.failures import NoReply
from createos_nb.http.transport import SIMULATOR_HEADER
from createos_nb.http.urls import read_address, read_url
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.clock import Clock
    from createos_nb.http.response_body import Reply
    from createos_nb.http.transport import Transport
    from createos_nb.http.types import URL
    from createos_nb.times import DurationLike

VERSION: Final = "x-createos-version"
"""The header in which a simulator says which version answered; the platform has none."""
_UNKNOWN: Final = ("x-createos-gateway", "unknown-host")
_BY_PATH: Final = "/~/"
_EXCERPT: Final = 2_000


def probe(
    transport: Transport, address: str, *, inside: bool, served: bool, timeout: DurationLike | None = None
) -> pd.Series:
    """One GET to an address; see `Client.probe`.

    Args:
        transport: of the client.
        address: of an environment, a deployment or a domain, with a path or without; a bare host means https.
        inside: a simulator in this process answers.
        served: a simulator answers at the client's base URL, and knows the address.
        timeout: None: the client's.
    """
    url = read_address(str(address).strip())
    seconds = None if timeout is None else parse_duration(timeout, "probe: timeout")
    if seconds == 0:
        raise InvalidInput("probe: timeout= is more than 0")
    request_url = _by_path(transport, url) if served else url
    virtual = transport.clock.virtual
    at, started, ticks = transport.now(), transport.clock.now(), time.perf_counter()
    reply = transport.ask(request_url, seconds)
    answer, error = (None, reply.reason) if isinstance(reply, NoReply) else (reply, None)
    ms = (transport.clock.now() - started if virtual else time.perf_counter() - ticks) * 1_000
    if answer is not None and served and answer.headers.get(_UNKNOWN[0]) == _UNKNOWN[1]:
        answer, error = None, f"the name {url.host} is not known"
    if answer is not None and virtual:
        ms = _reported_ms(answer, ms)
        if served:
            _let_pass(transport.clock, ms)
    return _series(url, at, ms, answer, error)


def _series(url: URL, at: float, ms: float, answer: Reply | None, error: str | None) -> pd.Series:
    status = None if answer is None else answer.status_code
    headers: dict[str, str] = {} if answer is None else dict(answer.headers)
    kind = headers.get("content-type", "")
    is_text = kind.startswith("text/") or "json" in kind or "xml" in kind
    facts: dict[str, Any] = {
        "url": str(url),
        "status": status,
        "ok": status is not None and 200 <= status < 400,
        "version": _version(headers.get(VERSION)),
        "ms": round(ms, 1),
        "bytes": None if answer is None else len(answer.content),
        "content_type": kind or None,
        "headers": headers,
        "text": answer.text[:_EXCERPT] if answer is not None and is_text else None,
        "error": error,
        "time": pd.Timestamp(round(at * 1e6), unit="us", tz="UTC"),
        "simulated": SIMULATOR_HEADER in headers,
    }
    return pd.Series(facts, dtype=object, name="probe")


def _version(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdecimal() else text


def _reported_ms(answer: Reply, measured: float) -> float:
    """Milliseconds that a simulator in this process says its answer took: its clock only goes in whole seconds."""
    name, _, value = answer.headers.get("server-timing", "").partition(";dur=")
    return float(value) if name == "app" and value.isdecimal() else measured


def _let_pass(clock: Clock, ms: float) -> None:
    """Let the time of a steered world pass as that of one in this process does: the answer, and the second's end."""
    now = clock.now()
    clock.sleep(math.floor(now + ms / 1_000) + 1 - now)


def _by_path(transport: Transport, url: URL) -> URL:
    """Return where a served simulator answers for an address."""
    path = url.raw_path.decode("ascii")
    return read_url(f"{transport.base}{_BY_PATH}{quote(url.host)}{path}")
