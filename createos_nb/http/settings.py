"""Validated settings of a transport: the base URL, the key, the timeouts. No I/O."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from createos_nb.errors import ConfigurationError, InvalidInput
from createos_nb.http.urls import read_url
from createos_nb.redaction import Secret
from createos_nb.times import DurationLike, parse_duration


def host(address: str) -> str:
    """The host of an address, in lower case."""
    return base_of(address).host


def base_of(address: str) -> httpx.URL:
    """The base URL, checked.

    Raises:
        ConfigurationError: It is no URL of a server, or holds a user name or a password.
    """
    text = str(address).strip().rstrip("/")
    try:
        base = read_url(text)
        urlsplit(text)  # which knows what brackets are for
    except (httpx.InvalidURL, ValueError):
        # why may repeat a part of it, and it may hold a password or a token
        raise ConfigurationError("the base URL is no URL: it must be like https://host") from None
    if base.userinfo:
        raise ConfigurationError("the base URL must hold no user name and no password: it is shown in many places")
    if base.scheme not in ("http", "https") or not base.host or base.query or base.fragment:
        safe_url = str(base.copy_with(query=None, fragment=None)) + ("?…" if base.query else "")
        raise ConfigurationError(f"the base URL {safe_url!r} must be like https://host or http://127.0.0.1:8765")
    return base


def origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return the origin of a URL: scheme, host and port."""
    return url.scheme, url.host, url.port


def timeouts_of(
    timeout: DurationLike | httpx.Timeout | None, longest: DurationLike | None
) -> tuple[dict[str, float | None], float | None]:
    """Timeouts as httpx takes them, and the longest time of a transfer.

    Raises:
        ConfigurationError: One is no duration, or not more than 0.
    """
    try:
        each = timeout if isinstance(timeout, httpx.Timeout) else httpx.Timeout(_seconds("timeout", timeout))
        timeouts, longest = each.as_dict(), _seconds("transfer_timeout", longest)
        if not all(seconds is None or seconds > 0 for seconds in (*timeouts.values(), longest)):
            raise ConfigurationError("timeout= and transfer_timeout= are more than 0, or None for no end")
    except InvalidInput as error:
        raise ConfigurationError(f"{error}, or None for no end") from None
    except TypeError:
        raise ConfigurationError("an httpx.Timeout holds seconds, more than 0, or None for no end") from None
    return timeouts, longest


def _seconds(name: str, length: DurationLike | None) -> float | None:
    return None if length is None else parse_duration(length, name)


def key_of(text: str | Secret) -> Secret:
    """The key as a header can carry it.

    Raises:
        ConfigurationError: No header can carry it; the message does not repeat it.
    """
    key = Secret(Secret(text).reveal().strip())
    if not key.reveal().isascii() or not key.reveal().isprintable():
        raise ConfigurationError("the key holds characters that no key has: copy it again, without quotes around it")
    return key
