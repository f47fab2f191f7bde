"""The receiver of webhooks as an ASGI application: it verifies each, appends it to a file, and then acknowledges it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Literal

from createos_nb.redaction import Secret
from createos_nb.webhooks.event_file import Event, EventFile, event_of, now
from createos_nb.webhooks.signature import HEADER, Scheme, verify

Message = MutableMapping[str, Any]
#: What became of a request.
Outcome = Literal["received", "duplicate", "wrong signature", "too large", "not written"]

MOST_BYTES: Final = 1_000_000
"""Of a body."""
_HEADER: Final = HEADER.lower().encode()
_STATUS: Final[dict[Outcome, int]] = {
    "received": 200,
    "duplicate": 200,
    "wrong signature": 401,
    "too large": 413,
    "not written": 503,
}
logger: Final = logging.getLogger(__name__)


class Receiver:
    """Takes webhooks at any path, and answers 2xx to those alone that are on the disk.

    Attributes:
        outcomes: how many requests ended how.

    Args:
        file: what events are appended to.
        secret: of the endpoint.
        scheme: how signatures are written.
        on_outcome: called with what became of each request, and its event where its signature was right.
    """

    def __init__(
        self, file: EventFile, secret: Secret, scheme: Scheme, on_outcome: Callable[[Outcome, Event | None], None]
    ) -> None:
        self._file, self._secret, self._scheme, self._on_outcome = file, secret, scheme, on_outcome
        self.outcomes: Counter[Outcome] = Counter()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """One request."""
        if scope["method"] != "POST":
            await _answer(send, 405, "webhooks are sent by POST", [(b"allow", b"POST")])
            return
        headers = dict(scope["headers"])
        body = await _body(receive)
        if body is None:
            return
        outcome, event = self._take(body, headers.get(_HEADER, b"").decode("latin-1"))
        self.outcomes[outcome] += 1
        await _answer(send, _STATUS[outcome], outcome)
        self._on_outcome(outcome, event)  # last: that it can't be printed undoes no acknowledgment

    def _take(self, body: bytes, signature: str) -> tuple[Outcome, Event | None]:
        if len(body) > MOST_BYTES:
            return "too large", None
        if not verify(body, signature, self._secret, scheme=self._scheme):
            return "wrong signature", None
        event = event_of(body, now())
        if self._file.knows(event):
            return "duplicate", event
        try:
            self._file.append(event)
        except OSError:
            logger.exception("an event can't be written")
            return "not written", event
        return "received", event


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes | None:
    """The body, or the beginning of one that is too large; None where the sender has gone."""
    parts: list[bytes] = []
    size = 0
    while size <= MOST_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body"):
            break
    return b"".join(parts)


async def _answer(
    send: Callable[[Message], Awaitable[None]], status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    content = text.encode()
    about = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*about, *(headers or [])]})
    await send({"type": "http.response.body", "body": content})
