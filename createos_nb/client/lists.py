"""Lists as the client reads them: all pages, each row once, and whether none is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from createos_nb.contract.operation import NumberedPage, Operation, Page
from createos_nb.contract.row import Row
from createos_nb.errors import InvalidInput, RateLimitWarning, warn
from createos_nb.frames import reader
from createos_nb.frames.read import DecodedRows
from createos_nb.http.lenient_json import Payload
from createos_nb.http.pagination import MOST_PAGES, read_all
from createos_nb.http.request import encode
from createos_nb.http.transport import Transport
from createos_nb.process import ProcessBound
from createos_nb.progress import progress
from createos_nb.redaction import without_frames, wrap_secrets

_LONG_WAIT: Final = 5.0
#: A list that names no total is read again until two readings agree, so many times.
_READINGS: Final = 3


class ListResult(NamedTuple):
    """Rows in the platform's order; whether all that was asked for is there; how many the platform says there are."""

    rows: DecodedRows
    complete: bool
    total: int | None


#: Sends one request with the wire's values, and gives the JSON of its payload.
Send: TypeAlias = Callable[[Operation, Mapping[str, Any]], Payload]


class ListReader(ProcessBound):
    """Reads all rows of operations that list, over a transport."""

    def __init__(self, send: Send, transport: Transport, concurrency: int) -> None:
        self._send, self._transport, self._concurrency = send, transport, concurrency

    def read(self, operation: Operation, values: Mapping[str, Any], limit: Any = None) -> ListResult:
        """All rows, or the first `limit`.

        Raises:
            InvalidInput: `limit` is no number of rows.
        """
        if limit is not None and (isinstance(limit, bool) or not hasattr(limit, "__index__") or limit < 1):
            raise InvalidInput(
                f"{operation.call}: limit={limit!r} is no number of rows: give 1 or more, or none for all"
            )
        max_rows = None if limit is None else int(limit)
        if isinstance(operation.answer, Page):
            return self._pages(operation, values, max_rows, operation.answer.most)
        if isinstance(operation.answer, NumberedPage):
            return self._numbered(operation, values, max_rows, operation.answer.most)
        return ListResult(reader(operation).read(self._send(operation, values)), True, None)

    def warn_of_wait(self, label: str, requests: int) -> None:
        """Warn beforehand where so many requests will wait for the rate limit."""
        limiter = self._transport.limiter
        if limiter and requests > 1 and (seconds := limiter.cost(requests)) > _LONG_WAIT:
            warn(
                f"{label} takes {requests} more requests, and waits about {seconds:.0f} s for the rate limit",
                RateLimitWarning,
            )

    def _pages(self, operation: Operation, values: Mapping[str, Any], limit: int | None, page_size: int) -> ListResult:
        read = reader(operation)
        warned = False

        def fetch(offset: int, size: int) -> tuple[list[Any], int | None]:
            page = read.read(self._send(operation, {**values, "limit": size, "offset": offset}))
            return list(page.items()), page.total

        with progress(operation.call, self._transport.server_clock) as tick:

            def on_page(done: int, of_all: int) -> None:
                nonlocal warned
                if not warned:
                    warned = True
                    self.warn_of_wait(operation.call, of_all - done)
                if tick:
                    tick(done, of_all)

            result = read_all(fetch, row_key, page=page_size, limit=limit, concurrency=self._concurrency, tick=on_page)
        return ListResult(_rowset(result.rows), result.complete, result.total)

    def _numbered(
        self, operation: Operation, values: Mapping[str, Any], limit: int | None, page_size: int
    ) -> ListResult:
        """Pages that are counted from one and name no total: complete when two readings agree."""
        rows, several, ended = self._reading(operation, values, limit, page_size)
        complete = not several
        cut = limit is None and not ended
        for _ in range(_READINGS - 1):
            if complete or cut:
                break
            reread, _, ended = self._reading(operation, values, limit, page_size)
            complete = reread.keys() == rows.keys()
            rows = reread
        first_rows = list(rows.values())[:limit]
        return ListResult(_rowset(first_rows), complete, len(rows) if ended else None)

    def _reading(
        self, operation: Operation, values: Mapping[str, Any], limit: int | None, page_size: int
    ) -> tuple[dict[object, Any], bool, bool]:
        """Rows by key; whether that took several pages; whether the list ended."""
        size = page_size if limit is None else min(page_size, limit)
        rows: dict[object, Any] = {}
        number = 0
        while (limit is None or len(rows) < limit) and number < MOST_PAGES:
            number += 1
            page = reader(operation).read(self._send(operation, {**values, "page": number, "per_page": size}))
            before = len(rows)
            for row in page.items():
                rows.setdefault(row_key(row), row)
            # a platform that gives the same page again and again has no more rows either
            if len(page) < size or len(rows) == before:
                return rows, number > 1, True
        return rows, number > 1, False


def row_key(row: Any) -> object:
    """Return the key of a row: its id or name, else a digest of its content."""
    if isinstance(row, Row):
        key = getattr(row, "id", None) or getattr(row, "name", None)
    else:
        key = row.get("id") or row.get("name") if isinstance(row, dict) else None
    # a digest, for the row may hold secrets
    return key if isinstance(key, str | int) else blake2b(encode(row)).digest()


def decode_row(row: Any) -> Any:
    """A row as decoded JSON with its secrets masked, whichever road it came."""
    return without_frames(_hidden, row) if isinstance(row, Row) else row


def _hidden(row: Row) -> Any:
    return wrap_secrets(msgspec.to_builtins(row))


def _rowset(rows: list[Any]) -> DecodedRows:
    if all(isinstance(row, Row) for row in rows):
        return DecodedRows(rows)
    return DecodedRows(raw=[decode_row(row) for row in rows])


__all__ = ["ListReader", "ListResult", "decode_row", "row_key"]
