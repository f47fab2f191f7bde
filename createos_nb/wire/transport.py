"""The only I/O: one request sent, its answer read, repeated where that is safe, counted and logged."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import msgspec

from createos_nb.clock import Clock, SystemClock
from createos_nb.errors import ConfigurationError, NoAnswer, RequestError, TimedOut, Unreachable, Unreadable
from createos_nb.operation import Operation
from createos_nb.secret import MASK, Secret
from createos_nb.wire import response
from createos_nb.wire.limiter import Limiter, RateLimit
from createos_nb.wire.log import Log, Sent
from createos_nb.wire.request import Request
from createos_nb.wire.retry import RetryPolicy

#: A simulator names itself in this header of its answers.
SIMULATOR_HEADER: Final = "x-createos-simulator"

_MOST_REDIRECTS: Final = 5
_NEVER_MADE: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_TOKEN: Final = re.compile(r"(token=)[^&\s\"]+")


def _hide_tokens(record: logging.LogRecord) -> bool:
    """httpx logs whole addresses; a transfer's token travels in one."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            _TOKEN.sub(rf"\g<1>{MASK}", str(one)) if isinstance(one, httpx.URL) and b"token=" in one.query else one
            for one in record.args
        )
    return True


logging.getLogger("httpx").addFilter(_hide_tokens)


class Transport:
    """Sends requests to one base URL with one key. Safe from several threads."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        access_token: str | None = None,
        timeout: float | httpx.Timeout | None = 30.0,
        verify: Any = True,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
        limit: RateLimit | None = None,
        retry: RetryPolicy | None = None,
        user_agent: str = "createos-nb",
    ) -> None:
        try:
            self.base = httpx.URL(base_url.rstrip("/"))
        except httpx.InvalidURL as error:
            raise ConfigurationError(f"the base URL {base_url!r} is no URL: {error}") from None
        if self.base.scheme not in ("http", "https") or not self.base.host:
            raise ConfigurationError(f"the base URL {base_url!r} must be like https://host or http://127.0.0.1:8765")
        self.clock = clock or SystemClock()
        self.retry = retry or RetryPolicy()
        self.limiter = Limiter(limit, self.clock) if limit else None
        self.log = Log()
        #: A simulator answered: it says so in a header.
        self.simulated = False
        self._text = str(self.base)
        self._origin = _origin(self.base)
        self._key = Secret(api_key or access_token or "")
        self._auth = {"X-Api-Key": api_key} if api_key else {"X-Access-Token": access_token} if access_token else {}
        self._http = httpx.Client(
            timeout=timeout,
            verify=verify,
            transport=transport,
            follow_redirects=False,
            headers={"Accept": "application/json", "User-Agent": user_agent},
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
        )

    def close(self) -> None:
        self._http.close()

    def send(self, request: Request) -> msgspec.Raw | bytes:
        """The JSON of the answer's payload. Raises a `RequestError`."""
        attempt, began = 1, self.clock.now()
        while True:
            try:
                return self._once(request, attempt)
            except RequestError as error:
                wait = self.retry.wait(request.operation, error, attempt)
                if wait is None or self.clock.now() - began + wait > self.retry.budget:
                    raise response.redacted(error, (self._key.reveal(), *request.secrets)) from error.__cause__
                self.clock.sleep(wait)
                attempt += 1

    def fetch(self, address: str, timeout: float | None = None) -> httpx.Response:
        """A file at a signed address, streamed by the caller; the key goes along to no other origin than its own."""
        built = self._http.build_request("GET", address)
        return self._http.send(built, stream=True)

    def _once(self, request: Request, attempt: int) -> msgspec.Raw | bytes:
        operation = request.operation
        if self.limiter:
            self.limiter.wait(operation)
        virtual = self.clock.virtual
        began = self.clock.now()
        ticks = began if virtual else time.perf_counter()
        status: int | None = None
        size = 0
        try:
            answer = self._exchange(self._built(request), operation)
            status, size = answer.status_code, len(answer.content)
            self.simulated |= SIMULATOR_HEADER in answer.headers
        except httpx.TransportError as error:
            raise _no_answer(operation, error, request) from error
        except httpx.DecodingError as error:
            raise Unreadable(f"the answer can't be decoded: {error}", **_facts(operation, None)) from error
        finally:
            spent = (self.clock.now() if virtual else time.perf_counter()) - ticks
            self.log.add(Sent(began, operation.name, operation.method, request.path, status, spent, attempt, size))
        try:
            return response.payload(operation, answer.status_code, answer.headers, answer.content)
        except RequestError as error:
            error.path = request.path
            if self.limiter:
                self.limiter.learn(answer.headers, error.retry_after)
            raise
        finally:
            if self.limiter and "x-ratelimit-remaining" in answer.headers:
                self.limiter.learn(answer.headers, None)

    def _built(self, request: Request) -> httpx.Request:
        url = self._text + request.path
        if request.query:
            url += "?" + urlencode(request.query)
        method = request.operation.method
        if request.file is not None:
            files = {"file": ("upload.zip", request.file, "application/zip")}
            return self._http.build_request(method, url, headers=self._auth, files=files)
        content = request.content
        headers = {**self._auth, "Content-Type": "application/json"} if content is not None else self._auth
        return self._http.build_request(method, url, headers=headers, content=content)

    def _exchange(self, built: httpx.Request, operation: Operation) -> httpx.Response:
        """Send, and follow redirects of reads. A request to another origin carries no key."""
        answer = self._http.send(built)
        for _ in range(_MOST_REDIRECTS):
            if answer.status_code not in (301, 302, 303, 307, 308) or operation.effect != "read":
                break
            target = built.url.join(answer.headers.get("location", ""))
            own = _origin(target) == self._origin
            if target.scheme not in ("http", "https") or built.method != "GET":
                break
            built = self._http.build_request("GET", target, headers=self._auth if own else {})
            answer = self._http.send(built)
        return answer


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _facts(operation: Operation, applied: bool | None) -> dict[str, Any]:
    return {"operation": operation.name, "method": operation.method, "path": operation.path, "applied": applied}


def _no_answer(operation: Operation, error: httpx.TransportError, request: Request) -> NoAnswer:
    facts: Mapping[str, Any] = {
        **_facts(operation, False if isinstance(error, _NEVER_MADE) else None),
        "path": request.path,
    }
    said = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"no answer in time ({type(error).__name__})", **facts)
    if isinstance(error, httpx.UnsupportedProtocol):
        return Unreachable(said, **{**facts, "applied": False})
    return Unreachable(f"the connection failed: {said}", **facts)
