"""TLS: the certificates that `verify=` asks for, and what the environment says of proxies."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import httpx

from createos_nb.errors import ConfigurationError

_READ: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


#: Whether certificates are checked, and by which: True, False, the path of certificates, or a context.
Verify: TypeAlias = bool | str | os.PathLike[str] | ssl.SSLContext


def ssl_context(verify: object) -> ssl.SSLContext | bool:
    """Return `verify` as httpx takes it; a path is a file or a folder of certificates.

    Raises:
        ConfigurationError: The certificates can't be read, or it is none of these.
    """
    if isinstance(verify, bool | ssl.SSLContext):
        return verify
    if not isinstance(verify, str | os.PathLike):
        raise ConfigurationError("verify= is True, False, an ssl.SSLContext, or the path of certificates")
    path = Path(verify).expanduser()
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=str(path))
        return ssl.create_default_context(cafile=str(path))
    except OSError as error:  # also what ssl finds wrong in the file
        raise ConfigurationError(f"the certificates at {path} can't be read: {error.strerror or error}") from None


@contextmanager
def environment() -> Iterator[None]:
    """Raise what httpx finds wrong in the environment as a `ConfigurationError` that names what it read there."""
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
