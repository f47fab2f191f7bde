"""Whom a connection trusts: certificates as `verify` says it, and what the environment says of proxies."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from createos_nb.errors import ConfigurationError

_READ: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


def trusted(verify: Any) -> ssl.SSLContext | bool:
    """`verify` as httpx takes it; a path is a file or a folder of certificates. Raises `ConfigurationError`."""
    if isinstance(verify, bool | ssl.SSLContext):
        return verify
    if not isinstance(verify, str | os.PathLike):
        raise ConfigurationError("verify= is True, False, an ssl.SSLContext, or the path of certificates")
    place = Path(verify).expanduser()
    try:
        if place.is_dir():
            return ssl.create_default_context(capath=str(place))
        return ssl.create_default_context(cafile=str(place))
    except OSError as error:  # also what ssl finds wrong in the file
        raise ConfigurationError(f"the certificates at {place} can't be read: {error.strerror or error}") from None


@contextmanager
def environment() -> Iterator[None]:
    """What httpx finds wrong in the environment, as `ConfigurationError` that names what it read there."""
    try:
        yield
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        read = [name for name in _READ if os.environ.get(name) or os.environ.get(name.lower())]
        # a proxy's address may hold a password: httpx masks it, but not in one that it can't read
        unreadable = isinstance(error, httpx.InvalidURL)
        why = "an address is no URL" if unreadable else getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"no connection can be set up: {why}. Read from the environment: {', '.join(read) or 'nothing'}"
        ) from None
