"""Reads that are shared: what is asked twice within a stretch of work, at the same time too, is one request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from createos_nb.http.lenient_json import Payload
from createos_nb.http.request import Request

Key = tuple[object, ...]
_SHARED: Final[ContextVar[SharedReads | None]] = ContextVar("shared_reads", default=None)


class SharedReads:
    """Answers to reads by what was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Key, Future[Payload]] = {}

    def get(self, key: Key, ask: Callable[[], Payload]) -> Payload:
        """Return the answer that is there or on its way, else that of `ask`. What has failed may be asked again."""
        with self._lock:
            answer = self._answers.get(key)
            is_first = answer is None
            if answer is None:
                answer = self._answers[key] = Future()
        if not is_first:
            return answer.result()
        try:
            answer.set_result(ask())
        except BaseException as error:
            with self._lock:
                del self._answers[key]
            answer.set_exception(error)
            raise
        return answer.result()


@contextmanager
def sharing() -> Iterator[None]:
    """Share reads within: those of this context, and of threads that were given a copy of it."""
    token = _SHARED.set(SharedReads())
    try:
        yield
    finally:
        _SHARED.reset(token)


def shared(request: Request, of: object, ask: Callable[[Request], Payload]) -> Payload:
    """Return the answer to a read, shared where reads are; `of`: whose it is, and what was written before it."""
    answers = _SHARED.get()
    if answers is None or request.content is not None or request.file is not None:
        return ask(request)
    return answers.get((of, request.operation.name, request.path, request.query), lambda: ask(request))
