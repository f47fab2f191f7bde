"""Addresses of the web, read once and wholly: httpx reads some parts of one only when they are asked for."""

from __future__ import annotations

import httpx

from createos_nb.errors import InvalidInput


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


def read_address(text: str) -> httpx.URL:
    """An address that somebody typed; a bare host means https. Raises `InvalidInput` for what is none of HTTP."""
    try:
        url = read_url(text if "://" in text else f"https://{text}")
    except httpx.InvalidURL as error:
        raise InvalidInput(f"probe: {text!r} is no address: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidInput(f"probe: {text!r} is no address of HTTP, such as https://shop.createos.nodeops.network/path")
    if url.userinfo:
        raise InvalidInput("probe: an address must hold no user name and no password: it is shown in many places")
    return url.copy_with(fragment=None)
