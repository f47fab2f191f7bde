"""The only I/O: one request sent, its answer read, repeated where that is safe, counted and logged."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from createos_nb.clock import Clock, SystemClock, ticks
from createos_nb.errors import (
    ConfigurationError,
    InvalidInput,
    RateLimited,
    RequestError,
    TimedOut,
    Unreachable,
    Unreadable,
)
from createos_nb.operation import Operation
from createos_nb.secret import MASK, Secret
from createos_nb.wire import response
from createos_nb.wire.limiter import Limiter, RateLimit
from createos_nb.wire.log import Log, Sent
from createos_nb.wire.request import Request
from createos_nb.wire.retry import RetryPolicy
from createos_nb.wire.server_clock import PROMPT, ServerClock, Steady
from createos_nb.wire.trust import environment, trusted
from createos_nb.wire.unsure import advised

#: A simulator names itself in this header of its answers.
SIMULATOR_HEADER: Final = "x-createos-simulator"

#: How often it is asked what time it is there, before that is given up.
_ASKED: Final = 3

_MOST_REDIRECTS: Final = 5
_NEVER_MADE: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
#: Parameters of an address that open what lies behind it: a transfer's token, the signature of a signed address.
_OPENS: Final = re.compile(r"((?:^|[?&])[^=&]*(?:token|sig|signature|credential|key|secret)[^=&]*=)[^&#\s\"]+", re.I)


def _hide_tokens(record: logging.LogRecord) -> bool:
    """httpx logs whole addresses; a transfer's token travels in one, and a signed address opens a file."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            _OPENS.sub(rf"\g<1>{MASK}", str(one)) if isinstance(one, httpx.URL) and one.query else one
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
        concurrency: int = 16,
        user_agent: str = "createos-nb",
    ) -> None:
        self.base = _base(base_url)
        self.clock = clock or SystemClock()
        self.retry = retry or RetryPolicy()
        #: The time of the other side.
        self.there = ServerClock(self.clock, self._ask_time)
        self.limiter = Limiter(limit, Steady(self.there)) if limit else None
        self.log = Log()
        #: A simulator answered: it says so in a header.
        self.simulated = False
        self._text = str(self.base)
        self._origin = _origin(self.base)
        self._key = _key(api_key or access_token or "")
        self._auth = {"X-Api-Key" if api_key else "X-Access-Token": self._key} if self._key else {}
        # lists of several projects are read at once, and each of them by several threads: together they stay below this
        self._slots = threading.BoundedSemaphore(max(1, concurrency))
        checked = trusted(verify)
        with environment():
            self._http = httpx.Client(
                timeout=timeout,
                verify=checked,
                transport=transport,
                follow_redirects=False,
                headers={"Accept": "application/json", "User-Agent": user_agent},
                limits=httpx.Limits(max_connections=max(64, concurrency), max_keepalive_connections=64),
            )
        #: What every request carries; the key only where the origin is its own.
        self._common = dict(self._http.headers)
        self._own = {**self._common, **self._auth}
        # a given transport is all that lies between here and the answer: no proxies to choose, no cookies to keep
        self._go = self._http.send if transport is None else self._direct(transport)

    def close(self) -> None:
        self._http.close()

    def fingerprint(self, secret: str) -> str:
        """What tells one secret from another without telling it: nobody can guess it without the key of this client."""
        return blake2b(secret.encode(), key=self._key.reveal().encode()[:64], digest_size=8).hexdigest()

    def now(self) -> float:
        """Unix seconds as the other side counts them; see `ServerClock.now`."""
        return self.there.now()

    def _ask_time(self) -> None:
        """A HEAD without the key, for which any answer serves. Raises `NoAnswer`, `ConfigurationError`."""
        if self._http.is_closed:
            raise ConfigurationError("this client is closed: open another one")
        began = ticks()
        for attempt in range(1, _ASKED + 1):
            asked = httpx.Request("HEAD", self.base, headers=self._common)
            left = PROMPT - (ticks() - began)
            asked.extensions["timeout"] = httpx.Timeout(max(left, 0.1)).as_dict()
            sent = self.there.tick()
            try:
                answer = self._go(asked)
            except (httpx.TransportError, httpx.DecodingError) as error:
                pause = 0.1 * 2**attempt
                if attempt == min(_ASKED, self.retry.attempts) or ticks() - began + pause > PROMPT:
                    late = isinstance(error, httpx.TimeoutException)
                    said = str(error) or type(error).__name__
                    raise (TimedOut if late else Unreachable)(
                        f"what time it is there could not be asked: {said}", method="HEAD", path="/"
                    ) from error
                self.clock.sleep(pause)
            else:
                self._heard(answer, sent)
                return

    def _heard(self, answer: httpx.Response, sent: float) -> None:
        """What any answer of the other side says besides: whether it is a simulator, and what time it is there."""
        self.simulated |= SIMULATOR_HEADER in answer.headers
        self.there.learn(answer.headers, sent)

    def send(self, request: Request) -> msgspec.Raw | bytes:
        """The JSON of the answer's payload. Raises a `RequestError`."""
        if self._http.is_closed:
            raise ConfigurationError("this client is closed: open another one")
        try:
            built = self._built(request)
        except httpx.InvalidURL as error:
            raise InvalidInput(f"{request.operation.name}: this makes no address: {error}") from None
        attempt, began, held_back = 1, self.clock.now(), 0.0
        while True:
            if self.limiter:
                held_back += self.limiter.wait(request.operation)
            try:
                return self._once(request, built, attempt)
            except RequestError as error:
                wait = self.retry.wait(request.operation, error, attempt)
                limited = self.limiter is not None and isinstance(error, RateLimited)
                budget = self.retry.patience if limited else self.retry.budget
                if wait is None or self.clock.now() - began - held_back + wait > budget:
                    raise
                self.clock.sleep(wait)
                attempt += 1

    def fetch(self, address: str, timeout: float | None = None) -> httpx.Response:
        """A file at a signed address, streamed by the caller; the key goes along to no other origin than its own."""
        built = self._http.build_request("GET", address)
        return self._http.send(built, stream=True)

    def ask(self, address: httpx.URL, timeout: float | None = None) -> httpx.Response:
        """A plain GET to any address, once: no key goes along, no redirect is followed. Raises what httpx raises."""
        if self._http.is_closed:
            raise ConfigurationError("this client is closed: open another one")
        built = httpx.Request("GET", address, headers={**self._common, "Accept": "*/*"})
        if timeout is not None:
            built.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
        sent = self.there.tick()
        answer = self._go(built)
        if _origin(address) == self._origin:
            self._heard(answer, sent)
        return answer

    def _once(self, request: Request, built: httpx.Request, attempt: int) -> msgspec.Raw | bytes:
        operation = request.operation
        sent = self.there.tick()
        status: int | None = None
        size = 0
        try:
            with self._slots:
                answer = self._exchange(built, operation)
            status, size = answer.status_code, len(answer.content)
            if _origin(answer.request.url) == self._origin:
                self._heard(answer, sent)
        except httpx.TransportError as error:
            # the exception holds the request, and with it the key; whoever reports errors sends it along
            error.request = httpx.Request(operation.method, self._text + request.path)
            raise self._no_answer(request, error) from error
        except httpx.DecodingError as error:
            error.request = httpx.Request(operation.method, self._text + request.path)
            unreadable = Unreadable(f"the answer can't be decoded: {error}", **_facts(request))
            advised(unreadable, operation, request.path)
            raise response.redacted(unreadable, self._secrets(request)) from error
        finally:
            spent = self.there.tick() - sent
            self.log.add(
                Sent(
                    self.there.ago(spent), operation.name, operation.method, request.path, status, spent, attempt, size
                )
            )
        told: float | None = None
        try:
            return response.payload(
                response.Answer(
                    operation,
                    answer.status_code,
                    answer.headers,
                    answer.content,
                    request.path,
                    self._secrets(request),
                    self.there.heard(),
                )
            )
        except RequestError as error:
            told = error.retry_after
            raise
        finally:
            if self.limiter:
                self.limiter.learn(answer.headers, told)

    def _built(self, request: Request) -> httpx.Request:
        url = self._text + request.path
        if request.query:
            url += "?" + urlencode(request.query)
        method = request.operation.method
        if request.file is not None:
            files = {"file": ("upload.zip", request.file, "application/zip")}
            return self._http.build_request(method, url, headers=self._auth, files=files)
        content = request.content
        headers = self._own if content is None else {**self._own, "Content-Type": "application/json"}
        return httpx.Request(method, url, headers=headers, content=content)

    def _direct(self, transport: httpx.BaseTransport) -> Callable[[httpx.Request], httpx.Response]:
        timeout = self._http.timeout.as_dict()

        def go(built: httpx.Request) -> httpx.Response:
            built.extensions.setdefault("timeout", timeout)
            answer = transport.handle_request(built)
            answer.request = built
            try:
                answer.read()
            finally:
                answer.close()
            return answer

        return go

    def _exchange(self, built: httpx.Request, operation: Operation) -> httpx.Response:
        """Send, and follow redirects of reads. Once another origin has had a say, no request carries the key."""
        answer = self._go(built)
        own = True
        for _ in range(_MOST_REDIRECTS):
            where = answer.headers.get("location")
            if answer.status_code not in (301, 302, 303, 307, 308) or operation.effect != "read" or not where:
                break
            try:
                target = built.url.join(where)
            except httpx.InvalidURL:
                break
            own = own and _origin(target) == self._origin
            if target.scheme not in ("http", "https") or built.method != "GET":
                break
            built = httpx.Request("GET", target, headers=self._own if own else self._common)
            answer = self._go(built)
        return answer

    def _no_answer(self, request: Request, error: httpx.TransportError) -> RequestError:
        applied = False if isinstance(error, _NEVER_MADE) else None
        facts = {**_facts(request), "applied": applied}
        if isinstance(error, httpx.TimeoutException):
            told: RequestError = TimedOut(f"no answer in time ({type(error).__name__})", **facts)
        else:
            said = str(error) or type(error).__name__
            told = Unreachable(f"the connection failed: {said}", **facts)
        return response.redacted(advised(told, request.operation, request.path), self._secrets(request))

    def _secrets(self, request: Request) -> tuple[str, ...]:
        """What no error about a request may repeat."""
        return (self._key.reveal(), *request.secrets)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _facts(request: Request) -> dict[str, Any]:
    return {"operation": request.operation.name, "method": request.operation.method, "path": request.path}


def host(address: str) -> str:
    """The host of an address, in lower case."""
    return _base(address).host


def _base(address: str) -> httpx.URL:
    """The base URL, checked. Raises `ConfigurationError`."""
    text = str(address).strip().rstrip("/")
    try:
        base = httpx.URL(text)
        urlsplit(text)  # which knows what brackets are for
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(f"the base URL is no URL: {error}") from None
    if base.userinfo:
        raise ConfigurationError("the base URL must hold no user name and no password: it is shown in many places")
    if base.scheme not in ("http", "https") or not base.host or base.query or base.fragment:
        raise ConfigurationError(f"the base URL {str(base)!r} must be like https://host or http://127.0.0.1:8765")
    return base


def _key(text: str) -> Secret:
    """The key as a header can carry it. Raises `ConfigurationError`, which does not repeat it."""
    key = Secret(Secret(text).reveal().strip())
    if not key.isascii() or not key.isprintable():
        raise ConfigurationError("the key holds characters that no key has: copy it again, without quotes around it")
    return key
