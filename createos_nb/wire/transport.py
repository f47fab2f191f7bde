"""The only I/O: one request sent, its answer read, repeated where that is safe, counted and logged."""

from __future__ import annotations

import threading
import weakref
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from createos_nb.clock import Clock, SystemClock, ticks
from createos_nb.errors import (
    ConfigurationError,
    InvalidInput,
    RateLimited,
    RequestError,
    TimedOut,
    TooLarge,
    Unreachable,
    Unreadable,
)
from createos_nb.lineage import WORLD_HEADER
from createos_nb.mending import Payload
from createos_nb.operation import LogText, Operation
from createos_nb.process import OfThisProcess, Owner
from createos_nb.secret import Secret, bare, barely, revealed
from createos_nb.wire import response
from createos_nb.wire.addresses import read_url
from createos_nb.wire.deadline import LEAST_RATE, Deadline, bounds, deadlines_in, seconds_of
from createos_nb.wire.incoming import ENCODINGS, Oversized, Reply, whole
from createos_nb.wire.limiter import Limiter, RateLimit
from createos_nb.wire.log import Log, Sent
from createos_nb.wire.quiet import Quiet, watch_records, without_bytes
from createos_nb.wire.request import Request
from createos_nb.wire.retry import RetryPolicy
from createos_nb.wire.sealed import Outgoing, Sealed
from createos_nb.wire.server_clock import PROMPT, ServerClock, Steady
from createos_nb.wire.settings import base_of, key_of, origin_of, timeouts_of
from createos_nb.wire.trust import environment, trusted
from createos_nb.wire.unsure import advised
from createos_nb.wire.waiting import Waiting

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
#: Seconds that an answer which is a log may take as a whole, if it keeps coming.
_LONGEST_LOG: Final = 300.0


class Transport(OfThisProcess):
    """Sends requests to one base URL with one key. Safe from several threads."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | Secret | None = None,
        access_token: str | Secret | None = None,
        timeout: float | httpx.Timeout | None = 30.0,
        transfer_timeout: float | None = 3600.0,
        max_answer_bytes: int | None = 64_000_000,
        verify: Any = True,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
        limit: RateLimit | None = None,
        retry: RetryPolicy | None = None,
        concurrency: int = 16,
        user_agent: str = "createos-nb",
    ) -> None:
        self.base = base_of(base_url)
        self.clock = clock or SystemClock()
        self.owner = Owner()
        self.retry = retry or RetryPolicy()
        waiting = Waiting(self.clock)
        #: Sleeps, and tells of long waits.
        self.wait = waiting.wait
        #: The time of the other side.
        self.there = ServerClock(self.clock, self._ask_time)
        self.limiter = Limiter(limit, Steady(self.there), waiting) if limit else None
        self.log = Log()
        #: A simulator answered: it says so in a header.
        self.simulated = False
        #: What a served world says of which world it is; "" of the platform.
        self.world = ""
        self._text = str(self.base)
        self._origin = origin_of(self.base)
        self._key = key_of(api_key or access_token or "")
        self._auth = {"X-Api-Key" if api_key else "X-Access-Token": self._key} if self._key else {}
        # lists of several projects are read at once, and each of them by several threads: together they stay below this
        self._slots = threading.BoundedSemaphore(max(1, concurrency))
        self._timeouts, self._longest = timeouts_of(timeout, transfer_timeout)
        self._most = max_answer_bytes
        if max_answer_bytes is not None and (not isinstance(max_answer_bytes, int) or max_answer_bytes < 1):
            raise ConfigurationError("max_answer_bytes= is a whole number of bytes, or None for no limit")
        watch_records()
        checked = trusted(verify)
        with environment():
            self._http = httpx.Client(
                timeout=timeout,
                verify=checked,
                transport=transport,
                follow_redirects=False,
                headers={"Accept": "application/json", "Accept-Encoding": ENCODINGS, "User-Agent": user_agent},
                limits=httpx.Limits(max_connections=max(64, concurrency), max_keepalive_connections=64),
            )
        if transport is None:  # who forgets to close a client is not warned of each socket; a given one may be shared
            weakref.finalize(self, _close, self._http, self.owner)
        #: What every request carries, but for the key, which only requests to its own origin do.
        self._common = dict(self._http.headers)
        opened = [self._http._transport, *self._http._mounts.values()] if transport is None else [transport]
        #: There are connections, which look at the ends of their requests.
        self._connected = max(map(deadlines_in, opened))  # of each of them: none may be left out
        # a given transport is all that lies between here and the answer: no proxies to choose
        self._way = self._http._transport_for_url if transport is None else lambda url: transport

    def close(self) -> None:
        self._http.close()

    def fingerprint(self, secret: Secret) -> str:
        """What tells one secret from another without telling it: nobody can guess it without the key of this client."""
        return blake2b(
            secret.reveal().encode("utf-8", "surrogatepass"), key=self._key.reveal().encode()[:64], digest_size=8
        ).hexdigest()

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
                self._heard(answer.headers, sent)
                return

    def _heard(self, headers: httpx.Headers, sent: float) -> None:
        """What any answer of the other side says besides: whether it is a simulator, and what time it is there."""
        if SIMULATOR_HEADER in headers:
            self.simulated = True
            self.world = headers.get(WORLD_HEADER, self.world)
        self.there.learn(headers, sent)

    def send(self, request: Request) -> Payload:
        """The JSON of the answer's payload. Raises a `RequestError`."""
        self.owner.check()
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
                self.wait(wait, f"{request.operation.call}: {error.reason[:80]}")
                attempt += 1

    def fetch(self, url: httpx.URL, secrets: Sealed, deadline: Deadline | None) -> httpx.Response:
        """A file at a signed address, streamed by the caller, without the key."""
        return barely(self._streamed, url, secrets, deadline)

    def _streamed(self, url: httpx.URL, secrets: Sealed, deadline: Deadline | None) -> httpx.Response:
        built = Outgoing("GET", url, headers=self._common)
        built.extensions["timeout"] = bounds(self._timeouts, deadline)
        with Quiet(secrets):
            return self._open(built)

    def for_transfer(self) -> Deadline | None:
        """The end of a file's transfer: at the least rate it moves on, up to the longest time for one."""
        seconds = seconds_of(self._timeouts)
        return None if seconds is None else Deadline(seconds, rate=LEAST_RATE, longest=self._longest)

    def ask(self, url: httpx.URL, timeout: float | None = None) -> Reply:
        """A plain GET to any address, once: no key goes along, no redirect is followed. Raises what httpx raises."""
        self.owner.check()
        if self._http.is_closed:
            raise ConfigurationError("this client is closed: open another one")
        built = httpx.Request("GET", url, headers={**self._common, "Accept": "*/*"})
        if timeout is not None:
            built.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
        sent = self.there.tick()
        answer = self._go(built)
        if origin_of(url) == self._origin:
            self._heard(answer.headers, sent)
        return answer

    def _once(self, request: Request, built: httpx.Request, attempt: int) -> Payload:
        operation = request.operation
        sent = self.there.tick()
        status: int | None = None
        size = 0
        try:
            with self._slots, Quiet(self._secrets(request)):
                answer = self._answered(request, built)
            status, size = answer.status_code, len(answer.content)
            if origin_of(answer.url) == self._origin:
                self._heard(answer.headers, sent)
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

    def _outgoing(self, request: Request) -> httpx.Request:
        """The request as httpx sends it."""
        try:
            return barely(self._built, request)
        except httpx.InvalidURL as error:
            raise InvalidInput(f"{request.operation.name}: this makes no address: {error}") from None

    def _answered(self, request: Request, built: httpx.Request) -> Reply:
        """The answer to a request, or the error for there being none."""
        found = barely(self._outcome, request, built)
        if isinstance(found, RequestError):
            raise found
        return found

    def _outcome(self, request: Request, built: httpx.Request) -> Reply | RequestError:
        try:
            return self._exchange(built, request.operation)
        except httpx.TransportError as error:
            failed, cause = self._no_answer(request, error), self._harmless(error, request)
        except httpx.DecodingError as error:
            kind = TooLarge if isinstance(error, Oversized) else Unreadable
            unreadable = kind(f"the answer can't be decoded: {error}", **_facts(request))
            advised(unreadable, request.operation, request.path)
            failed, cause = response.redacted(unreadable, self._secrets(request)), self._harmless(error, request)
        failed.__cause__ = bare(cause)
        return failed

    def _harmless(self, error: httpx.RequestError, request: Request) -> httpx.RequestError:
        """The same error of httpx without what was sent: whoever reports errors sends it along."""
        error.request = httpx.Request(request.operation.method, self._text + request.path)
        error.args = tuple(response.masked(str(one), self._secrets(request)) for one in error.args)
        return error

    def _built(self, request: Request) -> httpx.Request:
        url = self._text + request.path
        if request.query:
            url += "?" + urlencode([(name, revealed(text)) for name, text in request.query])
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

    def _open(self, built: httpx.Request) -> httpx.Response:
        """One request, and its answer as it comes in.

        Not by httpx's own client: it keeps cookies, logs addresses, and fails on a redirect that it can't read.
        """
        with Quiet():
            answer = self._way(built.url).handle_request(built)
        answer.request = built
        return answer

    def _go(self, built: httpx.Request) -> Reply:
        """One request, and its whole answer, within its time and size."""
        given = built.extensions.get("timeout", self._timeouts)
        built.extensions["timeout"] = bounds(given) if self._connected else given
        answer = self._open(built)
        try:
            return Reply(answer.status_code, answer.headers, whole(answer, self._most), built.url)
        finally:
            answer.close()

    def _bounded(self, operation: Operation) -> dict[str, float | None]:
        """The timeouts of one request. What is long by its nature may take longer, if it keeps coming."""
        seconds = seconds_of(self._timeouts) if self._connected else None
        if seconds is None:
            return self._timeouts
        if operation.upload:
            return bounds(self._timeouts, self.for_transfer())
        if isinstance(operation.answer, LogText) or operation.name == "GetBuildLogs":
            longest = max(seconds, _LONGEST_LOG)
            return bounds(self._timeouts, Deadline(seconds, rate=LEAST_RATE, longest=longest))
        return bounds(self._timeouts, Deadline(seconds))

    def _exchange(self, built: httpx.Request, operation: Operation) -> Reply:
        """Send, and follow redirects of reads. Once another origin has had a say, no request carries the key."""
        built.extensions["timeout"] = timeouts = self._bounded(operation)  # one end for all stops on the way
        answer = self._go(built)
        own = True
        for _ in range(_MOST_REDIRECTS):
            where = answer.headers.get("location")
            if answer.status_code not in (301, 302, 303, 307, 308) or operation.effect != "read" or not where:
                break
            try:
                target = read_url(where, built.url)
            except httpx.InvalidURL:
                break
            own = own and origin_of(target) == self._origin
            if target.scheme not in ("http", "https") or built.method != "GET":
                break
            built = Outgoing("GET", target, headers=self._signed(self._common) if own else self._common)
            built.extensions["timeout"] = timeouts
            answer = self._go(built)
        return answer

    def _no_answer(self, request: Request, error: httpx.TransportError) -> RequestError:
        applied = False if isinstance(error, _NEVER_MADE) else None
        facts = {**_facts(request), "applied": applied}
        if isinstance(error, httpx.TimeoutException):
            told: RequestError = TimedOut(f"no answer in time ({why(error)})", **facts)
        else:
            said = without_bytes(str(error)) or type(error).__name__
            told = Unreachable(f"the connection failed: {said}", **facts)
        return response.redacted(advised(told, request.operation, request.path), self._secrets(request))

    def _secrets(self, request: Request) -> Sealed:
        """What no error about a request may repeat."""
        return Sealed((self._key, *request.secrets))


def _close(http: httpx.Client, owner: Owner) -> None:
    """Close connections that nobody uses any more; in a fork the locks around them may be held for ever."""
    if owner.here:
        http.close()


def why(error: httpx.TimeoutException) -> str:
    """Which timeout it was, and what it says: a plain one says only "timed out"."""
    said, kind = str(error), type(error).__name__
    return kind if said in ("", "timed out") else f"{kind}: {said}"


def _facts(request: Request) -> dict[str, Any]:
    return {"operation": request.operation.name, "method": request.operation.method, "path": request.path}
