"""The deadline of a whole request, checked at each read and write of its connection.

The timeouts of httpx bound one read each, so an answer that comes drop by drop has no end. httpcore hands a timeout on
to the connection as it was given: here it is a number that knows the end of its request, and the connection asks it.
"""

from __future__ import annotations

import ipaddress
import math
import queue
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any, Final

import httpcore
import httpx

from createos_nb.errors import ConfigurationError

#: Bytes a second that an upload, a download or a log makes at least.
LEAST_RATE: Final = 4096
#: Bytes that are handed to the system at once: between two of them the time is looked at.
_PIECE: Final = 65_536


class Deadline:
    """The end of one request. With a `rate`, whatever moves pushes it on, never further than `longest` seconds."""

    __slots__ = ("_last", "_rate", "grace", "until")

    def __init__(self, grace: float, *, rate: float | None = None, longest: float | None = None) -> None:
        now = monotonic()
        self.grace, self._rate = grace, rate
        self._last = math.inf if longest is None else now + longest
        self.until = min(now + grace, self._last)

    @property
    def fixed(self) -> bool:
        """Nothing pushes it on."""
        return self._rate is None

    @property
    def passed(self) -> str:
        """Return the message for a passed deadline."""
        if self._rate is None:
            return f"the request took more than {self.grace:g} s"
        if self.until >= self._last:
            return "the transfer took too long as a whole"
        return f"less than {self._rate:,.0f} bytes a second came or went for {self.grace:g} s"

    def seconds_left(self) -> float:
        """Seconds until then; none or fewer when it has passed."""
        return self.until - monotonic()

    def extend(self, size: int) -> None:
        """Extend the deadline after a transfer of `size` bytes, by their time at the lowest allowed rate."""
        if self._rate is not None:
            self.until = min(self.until + size / self._rate, monotonic() + self.grace, self._last)


class Bound(float):
    """Seconds for one operation on a connection, as httpcore hands them on, and the end of the request behind them."""

    __slots__ = ("deadline",)
    deadline: Deadline

    def __new__(cls, seconds: float, deadline: Deadline) -> Bound:
        """Make a number that carries its deadline."""
        bound = super().__new__(cls, seconds)
        bound.deadline = deadline
        return bound

    def seconds_left(self, expired: type[Exception]) -> float:
        """Seconds for the next operation.

        Raises:
            expired: The request has no time left.
        """
        seconds_left = min(float(self), self.deadline.seconds_left())
        if seconds_left <= 0:
            raise expired(self.deadline.passed)
        return seconds_left


def bounds(timeouts: Mapping[str, float | None], deadline: Deadline | None = None) -> dict[str, float | None]:
    """The timeouts of a request with its end in them; without one, the end that they make together.

    One number for all is the whole request's. Where they differ, they are bounds of its parts, and their sum is the
    whole's; where one is None nothing bounds the whole.
    """
    if deadline is None:
        total = seconds_of(timeouts)
        if total is None or any(isinstance(seconds, Bound) for seconds in timeouts.values()):
            return dict(timeouts)
        deadline = Deadline(total)
    return {name: None if seconds is None else Bound(seconds, deadline) for name, seconds in timeouts.items()}


def seconds_of(timeouts: Mapping[str, float | None]) -> float | None:
    """Return the timeout of a whole request, from those of its parts; None: no bound."""
    seconds = [value for value in timeouts.values() if value is not None]
    if len(seconds) < len(timeouts) or not seconds:
        return None
    return seconds[0] if len(set(seconds)) == 1 else sum(seconds)


def deadlines_in(transport: httpx.BaseTransport | None) -> bool:
    """Have the connections of a transport look at the ends of their requests; whether it has any connections."""
    pool = getattr(transport, "_pool", None)
    if pool is None:
        return False
    backend = getattr(pool, "_network_backend", None)  # httpx has no public way to it, httpcore has
    if backend is None:
        raise ConfigurationError("this version of httpx gives no deadline to a request: install httpx 0.28")
    if not isinstance(backend, _Backend):
        pool._network_backend = _Backend(backend)
    return True


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        if not isinstance(timeout, Bound):
            return _Stream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options), None)
        addresses = _addresses(host, port, timeout)
        failed: Exception = httpcore.ConnectError(f"the name {host} has no address")
        for number, address in enumerate(addresses):
            # a dead address may not use up the time of those after it
            share = timeout.seconds_left(httpcore.ConnectTimeout) / (len(addresses) - number)
            try:
                stream = self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, timeout)
        raise failed

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        seconds_left = timeout.seconds_left(httpcore.ConnectTimeout) if isinstance(timeout, Bound) else timeout
        return _Stream(self._inner.connect_unix_socket(path, seconds_left, socket_options), None)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, first: Bound | None) -> None:
        # a proxy's handshake is read without a timeout: then the one that the connection was made with holds
        self._inner, self._first = inner, first

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        bound = self._first if timeout is None else timeout
        if not isinstance(bound, Bound):
            return self._inner.read(max_bytes, timeout)
        data = self._inner.read(max_bytes, bound.seconds_left(httpcore.ReadTimeout))
        bound.deadline.extend(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        bound = self._first if timeout is None else timeout
        if not isinstance(bound, Bound):
            self._inner.write(buffer, timeout)
            return
        for at in range(0, len(buffer), _PIECE):
            piece = buffer[at : at + _PIECE]
            self._inner.write(piece, bound.seconds_left(httpcore.WriteTimeout))
            bound.deadline.extend(len(piece))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds_left = timeout.seconds_left(httpcore.ConnectTimeout) if isinstance(timeout, Bound) else timeout
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds_left), self._first)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _addresses(host: str, port: int, bound: Bound) -> list[str]:
    """The addresses of a name, found in a thread: the system's look-up takes no timeout."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    results: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            results.put(list(dict.fromkeys(str(info[4][0]) for info in infos)))
        except (OSError, UnicodeError) as error:
            results.put(httpcore.ConnectError(str(error)))

    threading.Thread(target=look_up, name="createos-nb-name", daemon=True).start()
    try:
        addresses = results.get(timeout=bound.seconds_left(httpcore.ConnectTimeout))
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"the name {host} was not found in time") from None
    if isinstance(addresses, Exception):
        raise addresses
    return addresses
