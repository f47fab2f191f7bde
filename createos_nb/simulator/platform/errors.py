"""Errors of the simulated platform: a status, and the reason that the caller reads."""

from __future__ import annotations

from typing import Final


class HttpError(Exception):
    """An error response: an HTTP status and the reason that the caller reads."""

    def __init__(self, status: int, message: str, *, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class UnknownFieldError(HttpError):
    """A request has a field that its operation does not know: 400, also where the operation declares none."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


#: Where an operation does not know a status, the next one that says nearly the same.
_NEXT: Final = {
    400: (422, 404, 403),
    403: (404, 401),
    404: (400, 422, 403),
    409: (422, 400, 403),
    422: (400, 409, 403, 404),
    429: (422, 400, 403),
}


def declared(status: int, failures: tuple[int, ...]) -> int:
    """Return the status that an operation with these failures answers instead of one that it never answers."""
    if status in failures:
        return status
    return next((other for other in _NEXT.get(status, ()) if other in failures), status)
