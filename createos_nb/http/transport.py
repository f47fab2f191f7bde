"""The only I/O: requests sent to one base URL, and their responses read."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from typing import Final, NamedTuple, TypeVar
from urllib.parse import urlencode

import httpx

from createos_nb.clock import Clock, SystemClock, ticks
from createos_nb.contract.operation import LogText, Operation
from createos_nb.errors import (
    ConfigurationError,
    InvalidInput,
    RequestError,
    RequestTimeout,
    Unreachable,
)
from createos_nb.http.deadline import LEAST_RATE, Deadline, bounds, deadlines_in, seconds_of
from createos_nb.http.failures import NoReply, RequestFacts
from createos_nb.http.lenient_json import Payload
from createos_nb.http.log import Log
from createos_nb.http.rate_limit import Limiter, RateLimit
from createos_nb.http.redacted_logging import RedactedLogging, redact_log_records
from createos_nb.http.redacted_request import RedactedRequest, SecretTexts
from createos_nb.http.request import Request
from createos_nb.http.request_loop import Attempt, RequestLoop, follow_redirects
from createos_nb.http.response import RawResponse, file_of, parse_response
from createos_nb.http.response_body import ENCODINGS, Reply, read_body
from createos_nb.http.retry import RetryPolicy
from createos_nb.http.server_clock import ASK_TIMEOUT, ElapsedClock, ServerClock
from createos_nb.http.settings import base_of, key_of, origin_of, timeouts_of
from createos_nb.http.tls import Verify, environment, ssl_context
from createos_nb.http.urls import read_url
from createos_nb.http.wait_messages import WaitMessages
from createos_nb.lineage import WORLD_HEADER
from createos_nb.process import Owner, ProcessBound
from createos_nb.redaction import Secret, revealed, without_frames
from createos_nb.times import DurationLike

Result = TypeVar("Result")

#: A simulator names itself in this header of its answers.
SIMULATOR_HEADER: Final = "x-createos-simulator"

#: How often it is asked what time it is there, before that is given up.
_TIME_ATTEMPTS: Final = 3

#: Another key than its own with which a transport signs the requests of one thread, for now.
_BORROWED: Final[ContextVar[tuple[int, Secret] | None]] = ContextVar("borrowed key", default=None)

#: Seconds that an answer which is a log may take as a whole, if it keeps coming.
_LONGEST_LOG: Final = 300.0

#: The kind of an answer that goes on as long as somebody listens.
_EVENT_STREAM: Final = "text/event-stream"


class Signature(NamedTuple):
    """A key, and the headers that carry it."""

    key: Secret
    headers: dict[str, Secret]


class Transport(ProcessBound):
    """Sends requests to one base URL with one key. Safe from several threads."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | Secret | None = None,
        access_token: str | Secret | None = None,
        bearer: str | Secret | None = None,
        timeout: DurationLike | httpx.Timeout | None = 30.0,
        transfer_timeout: DurationLike | None = 3600.0,
        max_answer_bytes: int | None = 64_000_000,
        verify: Verify = True,
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
        waiting = WaitMessages(self.clock)
        #: The time of the other side.
        self.server_clock = ServerClock(self.clock, self._ask_time)
        self.limiter = Limiter(limit, ElapsedClock(self.server_clock), waiting) if limit else None
        self.log = Log()
        #: Sends again where that is safe, and logs.
        self.loop = RequestLoop(self.clock, self.server_clock, self.retry, waiting, self.log)
        #: A simulator answered: it says so in a header.
        self.simulated = False
        #: What a served world says of which world it is; "" of the platform.
        self.world = ""
        self._text = str(self.base)
        self._origin = origin_of(self.base)
        self._key = key_of(api_key or access_token or bearer or "")
        self._auth = {"X-Api-Key" if api_key else "X-Access-Token": self._key} if self._key else {}
        if bearer:
            self._auth = {"Authorization": Secret(f"Bearer {self._key.reveal()}")}
        #: The key of fingerprints: plans that were made before `use_api_key` still compare with what is read after it.
        self._first_key = self._key
        # lists of several projects are read at once, and each of them by several threads: together they stay below this
        self._slots = threading.BoundedSemaphore(max(1, concurrency))
        self._timeouts, self._longest = timeouts_of(timeout, transfer_timeout)
        self._max_bytes = max_answer_bytes
        if max_answer_bytes is not None and (not isinstance(max_answer_bytes, int) or max_answer_bytes < 1):
            raise ConfigurationError("max_answer_bytes= is a whole number of bytes, or None for no limit")
        redact_log_records()
        context = ssl_context(verify)
        with environment():
            self._http = httpx.Client(
                timeout=httpx.Timeout(**self._timeouts),
                verify=context,
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
        self._transport_for = self._http._transport_for_url if transport is None else lambda url: transport

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def use_api_key(self, api_key: Secret) -> None:
        """Sign all requests from now on with another API key of the same account."""
        key = key_of(api_key)
        self.signature = Signature(key, {"X-Api-Key": key})

    @property
    def signature(self) -> Signature:
        """What requests are signed with; it can be set, to one that was there before."""
        return Signature(self._key, self._auth)

    @signature.setter
    def signature(self, signature: Signature) -> None:
        self._key, self._auth = signature

    @contextmanager
    def signed_with(self, api_key: Secret) -> Iterator[None]:
        """Sign the requests of this thread with another API key, while the block lasts."""
        token = _BORROWED.set((id(self), key_of(api_key)))
        try:
            yield
        finally:
            _BORROWED.reset(token)

    def fingerprint(self, secret: Secret) -> str:
        """Return a keyed digest of a secret, which nobody can guess without the key of this client."""
        return blake2b(
            secret.reveal().encode("utf-8", "surrogatepass"), key=self._first_key.reveal().encode()[:64], digest_size=8
        ).hexdigest()

    def now(self) -> float:
        """Unix seconds as the other side counts them; see `ServerClock.now`."""
        return self.server_clock.now()

    def _ask_time(self) -> None:
        """A HEAD without the key, for which any answer serves.

        Raises:
            TransportError: No answer came.
            ConfigurationError: The client is closed.
        """
        if self._http.is_closed:
            raise ConfigurationError("this client is closed: open another one")
        started = ticks()
        for attempt in range(1, _TIME_ATTEMPTS + 1):
            request = httpx.Request("HEAD", self.base, headers=self._common)
            seconds_left = ASK_TIMEOUT - (ticks() - started)
            request.extensions["timeout"] = httpx.Timeout(max(seconds_left, 0.1)).as_dict()
            sent = self.server_clock.tick()
            try:
                reply = self._reply(request)
            except (httpx.TransportError, httpx.DecodingError) as error:
                pause = 0.1 * 2**attempt
                if attempt == min(_TIME_ATTEMPTS, self.retry.attempts) or ticks() - started + pause > ASK_TIMEOUT:
                    late = isinstance(error, httpx.TimeoutException)
                    reason = str(error) or type(error).__name__
                    raise (RequestTimeout if late else Unreachable)(
                        f"the server's time could not be read: {reason}", method="HEAD", path="/"
                    ) from error
                self.clock.sleep(pause)
            else:
                self._learn(reply.headers, sent)
                return

    def _learn(self, headers: httpx.Headers, sent: float) -> None:
        """Read from the headers of an answer whether it is of a simulator, and the time there."""
        if SIMULATOR_HEADER in headers:
            self.simulated = True
            self.world = headers.get(WORLD_HEADER, self.world)
        self.server_clock.learn(headers, sent)

    def check_open(self) -> None:
        """Raise `ConfigurationError` where the client is closed, or belongs to another process."""
        self.owner.check()
        if self._http.is_closed:
            raise ConfigurationError("this client is closed: open another one")

    def send(self, request: Request) -> Payload:
        """Send a request, again where that is safe. Returns the JSON of its payload. Raises a `RequestError`."""
        return self._sent(request, parse_response)

    def send_for_file(self, request: Request) -> bytes:
        """Send a request as `send` does. Returns the body of its answer as it came."""
        return self._sent(request, file_of)

    def _sent(self, request: Request, parse: Callable[[RawResponse], Result]) -> Result:
        self.check_open()
        prepared = self._prepared(request)
        return self.loop.run(
            request.operation,
            request.path,
            lambda attempt: self._attempt(request, prepared, attempt, parse),
            self.limiter,
        )

    # --- files and other addresses, without the key -------------------------------------------------------------------

    def unsigned(self, url: httpx.URL, deadline: Deadline | None) -> RedactedRequest:
        """Return a GET of an address, without the key."""
        request = RedactedRequest("GET", url, headers=self._common)
        request.extensions["timeout"] = bounds(self._timeouts, deadline)
        return request

    def open(self, request: httpx.Request, secrets: SecretTexts) -> httpx.Response:
        """Send a request once. Returns the response as it comes in; nothing that is logged meanwhile holds a secret.

        Not by httpx's own client: it keeps cookies, logs addresses, and fails on a redirect that it can't read.
        """
        with RedactedLogging(secrets):
            response = self._transport_for(request.url).handle_request(request)
        response.request = request
        return response

    def for_transfer(self) -> Deadline | None:
        """The end of a file's transfer: at the least rate it moves on, up to the longest time for one."""
        seconds = seconds_of(self._timeouts)
        return None if seconds is None else Deadline(seconds, rate=LEAST_RATE, longest=self._longest)

    def ask(self, url: httpx.URL, timeout: float | None = None) -> Reply | NoReply:
        """Send a plain GET to any address, once: without the key, no redirect followed."""
        self.check_open()
        request = httpx.Request("GET", url, headers={**self._common, "Accept": "*/*"})
        if timeout is not None:
            request.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
        sent = self.server_clock.tick()
        try:
            reply = self._reply(request)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return NoReply.of(error)
        if origin_of(url) == self._origin:
            self._learn(reply.headers, sent)
        return reply

    # --- one attempt of a request -------------------------------------------------------------------------------------

    def _attempt(
        self, request: Request, prepared: httpx.Request, attempt: Attempt, parse: Callable[[RawResponse], Result]
    ) -> Result:
        facts = RequestFacts(request.operation, request.path, SecretTexts((*self._keys(), *request.secrets)))
        with self._slots, RedactedLogging(facts.secrets):
            reply = without_frames(self._outcome, facts, prepared)
        if isinstance(reply, RequestError):
            raise reply
        attempt.received(reply.status_code, len(reply.content))
        if origin_of(reply.url) == self._origin:
            self._learn(reply.headers, attempt.sent)
        retry_after: float | None = None
        try:
            return parse(
                RawResponse(facts, reply.status_code, reply.headers, reply.content, self.server_clock.last_known())
            )
        except RequestError as error:
            retry_after = error.retry_after
            raise
        finally:
            if self.limiter:
                self.limiter.learn(reply.headers, retry_after)

    def _outcome(self, facts: RequestFacts, prepared: httpx.Request) -> Reply | RequestError:
        """The reply to a request, or the error for there being none."""
        try:
            return self._exchange(prepared, facts.operation)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return facts.no_response(error, self._text + facts.path)

    def _exchange(self, prepared: httpx.Request, operation: Operation) -> Reply:
        """Send, and follow redirects of reads. Once another origin has had a say, no request carries the key."""
        timeouts = self._bounded(operation)  # one end for all stops on the way
        keyed = True

        def following(response: httpx.Response, location: Secret) -> httpx.Request | None:
            nonlocal keyed
            if operation.effect != "read" or response.request.method != "GET":
                return None
            try:
                target = read_url(location.reveal(), response.request.url)
            except httpx.InvalidURL:
                return None
            if target.scheme not in ("http", "https"):
                return None
            keyed = keyed and origin_of(target) == self._origin
            request = RedactedRequest("GET", target, headers=self._signed(self._common) if keyed else self._common)
            request.extensions["timeout"] = timeouts
            return request

        prepared.extensions["timeout"] = timeouts
        response = follow_redirects(lambda request: self.open(request, SecretTexts(())), prepared, following)
        return self._read(response)

    def _prepared(self, request: Request) -> httpx.Request:
        """The request as httpx sends it."""
        try:
            return without_frames(self._outgoing, request)
        except httpx.InvalidURL as error:
            raise InvalidInput(f"{request.operation.name}: this makes no address: {error}") from None

    def _outgoing(self, request: Request) -> httpx.Request:
        url = self._text + request.path
        if request.query:
            url += "?" + urlencode([(name, revealed(text)) for name, text in request.query])
        method = request.operation.method
        if request.file is not None:
            files = {"file": ("upload.zip", request.file, "application/zip")}
            return RedactedRequest(method, url, headers=self._signed(self._common), files=files)
        content = request.content
        headers = self._common if content is None else {**self._common, "Content-Type": request.content_type}
        return RedactedRequest(method, url, headers=self._signed(headers), content=content)

    def _signed(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers with the key among them."""
        borrowed = _BORROWED.get()
        auth = self._auth if borrowed is None or borrowed[0] != id(self) else {"X-Api-Key": borrowed[1]}
        return {**headers, **{name: key.reveal() for name, key in auth.items()}}

    def _keys(self) -> tuple[Secret, ...]:
        """The keys that a request of this thread may carry, which no error repeats."""
        borrowed = _BORROWED.get()
        return (self._key,) if borrowed is None else (self._key, borrowed[1])

    def _reply(self, request: httpx.Request) -> Reply:
        """Send a request once, within its time. Returns its whole response; of a stream of events only the head."""
        timeouts = request.extensions.get("timeout", self._timeouts)
        request.extensions["timeout"] = bounds(timeouts) if self._connected else timeouts
        response = self.open(request, SecretTexts(()))
        if response.headers.get("content-type", "").partition(";")[0].strip().lower() == _EVENT_STREAM:
            response.close()  # it need not end
            return Reply(response.status_code, response.headers, b"", response.request.url)
        return self._read(response)

    def _read(self, response: httpx.Response) -> Reply:
        """The whole response, within its size."""
        try:
            content = read_body(response, self._max_bytes)
            return Reply(response.status_code, response.headers, content, response.request.url)
        finally:
            response.close()

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


def _close(http: httpx.Client, owner: Owner) -> None:
    """Close connections that nobody uses any more; in a fork the locks around them may be held for ever."""
    if owner.here:
        http.close()
