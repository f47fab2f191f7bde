"""The only I/O: one request sent, its answer read, repeated where that is safe, counted and logged."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from createos_nb.clock import Clock, SystemClock
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
from createos_nb.secret import MASK, Secret, barely
from createos_nb.wire import response
from createos_nb.wire.limiter import Limiter, RateLimit
from createos_nb.wire.log import Log, Sent
from createos_nb.wire.request import Request
from createos_nb.wire.retry import RetryPolicy
from createos_nb.wire.sealed import Outgoing, Sealed
from createos_nb.wire.trust import environment, trusted
from createos_nb.wire.unsure import advised

#: A simulator names itself in this header of its answers.
SIMULATOR_HEADER: Final = "x-createos-simulator"

#: The time in an answer is a whole second, and an answer takes time: smaller differences say nothing.
_EXACT: Final = 5.0
#: Seconds that an answer may take which only tells the time.
_PROMPT: Final = 5.0

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
        api_key: str | Secret | None = None,
        access_token: str | Secret | None = None,
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
        self.limiter = Limiter(limit, self.clock) if limit else None
        self.log = Log()
        #: A simulator answered: it says so in a header.
        self.simulated = False
        #: Seconds by which the other side's clock is ahead of this one.
        self._ahead = 0.0
        #: What this clock and the ticks of the machine read when that was learned; None: not yet.
        self._learned: tuple[float, float] | None = (0.0, 0.0) if self.clock.virtual else None
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
        #: What every request carries, but for the key, which only requests to its own origin do.
        self._common = dict(self._http.headers)
        # a given transport is all that lies between here and the answer: no proxies to choose, no cookies to keep
        self._go = self._http.send if transport is None else self._direct(transport)

    def close(self) -> None:
        self._http.close()

    def fingerprint(self, secret: Secret) -> str:
        """What tells one secret from another without telling it: nobody can guess it without the key of this client."""
        return blake2b(
            secret.reveal().encode("utf-8", "surrogatepass"), key=self._key.reveal().encode()[:64], digest_size=8
        ).hexdigest()

    def now(self) -> float:
        """Unix seconds, as the other side counts them: its answers carry its time, and a clock here may be wrong.

        A served simulator lives in a time of its own altogether: "-1h" means its last hour. Where nothing has been
        answered yet, or this clock was set since, it is asked: a HEAD without the key, for which any answer serves.
        """
        if self._learned is None or abs(self._drift(self._learned)) > _EXACT:
            self._ask_time()
        return self.clock.now() + self._ahead

    def _marks(self) -> tuple[float, float]:
        """Two readings that go alike, unless this clock is set; a virtual one says itself by how much."""
        if self.clock.virtual:
            return getattr(self.clock, "skew", 0.0), 0.0
        return self.clock.now(), time.perf_counter()

    def _drift(self, learned: tuple[float, float]) -> float:
        clock, ticks = self._marks()
        return (clock - learned[0]) - (ticks - learned[1])

    def _ask_time(self) -> None:
        # also where it is asked in vain: not before every request again
        self._learned = self._marks()
        asked = httpx.Request("HEAD", self.base, headers=self._common)
        asked.extensions["timeout"] = httpx.Timeout(_PROMPT).as_dict()
        try:
            if not self._http.is_closed:
                answer = self._go(asked)
                self.simulated |= SIMULATOR_HEADER in answer.headers
                self._learn_time(answer.headers)
        except (httpx.TransportError, httpx.DecodingError):
            pass  # the request that the time is wanted for says what is wrong

    def _learn_time(self, headers: httpx.Headers) -> None:
        there = response.http_date(headers["date"]) if "date" in headers else None
        if there is not None:
            self._learned = self._marks()
            ahead = there - self.clock.now()
            self._ahead = ahead if abs(ahead) > _EXACT else 0.0

    def send(self, request: Request) -> msgspec.Raw | bytes:
        """The JSON of the answer's payload. Raises a `RequestError`."""
        if self._http.is_closed:
            raise ConfigurationError("this client is closed: open another one")
        built = self._outgoing(request)
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

    def fetch(self, address: httpx.URL | str, timeout: float | None = None) -> httpx.Response:
        """A file at a signed address, streamed by the caller; no key goes along."""
        return barely(self._streamed, address)

    def _streamed(self, address: httpx.URL | str) -> httpx.Response:
        return self._http.send(self._http.build_request("GET", address), stream=True)

    def ask(self, address: httpx.URL, timeout: float | None = None) -> httpx.Response:
        """A plain GET to any address, once: no key goes along, no redirect is followed. Raises what httpx raises."""
        if self._http.is_closed:
            raise ConfigurationError("this client is closed: open another one")
        built = httpx.Request("GET", address, headers={**self._common, "Accept": "*/*"})
        if timeout is not None:
            built.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
        answer = self._go(built)
        if _origin(address) == self._origin:
            self.simulated |= SIMULATOR_HEADER in answer.headers
            self._learn_time(answer.headers)
        return answer

    def _once(self, request: Request, built: httpx.Request, attempt: int) -> msgspec.Raw | bytes:
        operation = request.operation
        virtual = self.clock.virtual
        began = self.clock.now()
        ticks = began if virtual else time.perf_counter()
        status: int | None = None
        size = 0
        try:
            with self._slots:
                answer = self._answered(request, built)
            status, size = answer.status_code, len(answer.content)
            self.simulated |= SIMULATOR_HEADER in answer.headers
            self._learn_time(answer.headers)
        finally:
            spent = (self.clock.now() if virtual else time.perf_counter()) - ticks
            self.log.add(Sent(began, operation.name, operation.method, request.path, status, spent, attempt, size))
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
                    self.clock.now(),
                )
            )
        except RequestError as error:
            told = error.retry_after
            raise
        finally:
            if self.limiter:
                self.limiter.learn(answer.headers, told)

    def _outgoing(self, request: Request) -> httpx.Request:
        """The request as httpx sends it."""
        try:
            return barely(self._built, request)
        except httpx.InvalidURL as error:
            raise InvalidInput(f"{request.operation.name}: this makes no address: {error}") from None

    def _answered(self, request: Request, built: httpx.Request) -> httpx.Response:
        """The answer to a request, or the error for there being none."""
        try:
            return barely(self._exchange, built, request.operation)
        except httpx.TransportError as error:
            raise self._no_answer(request, error) from self._harmless(error, request)
        except httpx.DecodingError as error:
            unreadable = Unreadable(f"the answer can't be decoded: {error}", **_facts(request))
            advised(unreadable, request.operation, request.path)
            raise response.redacted(unreadable, self._secrets(request)) from self._harmless(error, request)

    def _harmless(self, error: httpx.RequestError, request: Request) -> httpx.RequestError:
        """The same error of httpx without what was sent: whoever reports errors sends it along."""
        error.request = httpx.Request(request.operation.method, self._text + request.path)
        error.args = tuple(response.masked(str(one), self._secrets(request)) for one in error.args)
        return error

    def _built(self, request: Request) -> httpx.Request:
        url = self._text + request.path
        if request.query:
            url += "?" + urlencode([(name, _plain(text)) for name, text in request.query])
        method = request.operation.method
        if request.file is not None:
            files = {"file": ("upload.zip", request.file, "application/zip")}
            return Outgoing(method, url, headers=self._signed(self._common), files=files)
        content = request.content
        headers = self._common if content is None else {**self._common, "Content-Type": "application/json"}
        return Outgoing(method, url, headers=self._signed(headers), content=content)

    def _signed(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers with the key among them."""
        return {**headers, **{name: key.reveal() for name, key in self._auth.items()}}

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
            built = Outgoing("GET", target, headers=self._signed(self._common) if own else self._common)
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

    def _secrets(self, request: Request) -> Sealed:
        """What no error about a request may repeat."""
        return Sealed((self._key, *request.secrets))


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


def _plain(text: str | Secret) -> str:
    return text.reveal() if isinstance(text, Secret) else text


def _key(text: str | Secret) -> Secret:
    """The key as a header can carry it. Raises `ConfigurationError`, which does not repeat it."""
    key = Secret(_plain(text).strip())
    if not key.reveal().isascii() or not key.reveal().isprintable():
        raise ConfigurationError("the key holds characters that no key has: copy it again, without quotes around it")
    return key
