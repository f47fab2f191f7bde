"""Addresses of the web, read once and wholly: httpx reads some parts of one only when they are asked for."""

from __future__ import annotations

import httpx


def read_url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """An address, or where a link in an answer from `base` leads.

    Raises:
        httpx.InvalidURL: It is no address.
    """
    try:
        url = httpx.URL(text) if base is None else base.join(text)
        _ = url.host, url.port, url.netloc  # a host in Punycode that is none shows only now
    except (ValueError, TypeError):
        raise httpx.InvalidURL("it can't be read") from None
    return url
