"""A client of the platform, with the key that is found for it."""

from __future__ import annotations

from createos_nb.client.client import Client
from createos_nb.client.connect import credentials
from createos_nb.http.rate_limit import RateLimit
from createos_nb.http.tls import Verify
from createos_nb.http.types import Timeout
from createos_nb.redaction import Secret
from createos_nb.times import DurationLike


def connect(
    profile: str | None = None,
    *,
    api_key: str | Secret | None = None,
    access_token: str | Secret | None = None,
    base_url: str | None = None,
    read_only: bool = False,
    timeout: DurationLike | Timeout | None = 30.0,
    transfer_timeout: DurationLike | None = 3600.0,
    max_answer_bytes: int | None = 64_000_000,
    verify: Verify = True,
    rate_limit: RateLimit | bool | None = None,
) -> Client:
    """Open a client of the platform. Nothing is sent yet.

    The key is the first of: `api_key` or `access_token`; the environment variable `CREATEOS_API_KEY`; the named (or the
    default) profile of the config file; the system's keyring, if the package `keyring` is installed; the token that the
    official command line has saved. The base URL: `base_url`, `CREATEOS_API_URL`, the profile's, the platform's.
    `read_only=True` refuses every operation that changes something. Proxies and certificates: as httpx reads them from
    the environment, and `verify` (True, False, the path of certificates, or an `ssl.SSLContext`). `timeout`,
    `transfer_timeout`, `max_answer_bytes`: how long a request, a file (seconds, or a text such as "90s") and how large
    an answer may be; see `Client`.

    Raises `ConfigurationError`, which says every way to give a key.
    """
    # so that a traceback that shows variables shows dots
    api_key = Secret(api_key) if api_key else None
    access_token = Secret(access_token) if access_token else None
    resolved = credentials.find(profile, api_key=api_key, access_token=access_token, base_url=base_url)
    return Client(
        api_key=resolved.api_key,
        access_token=resolved.access_token,
        base_url=resolved.base_url,
        read_only=read_only,
        timeout=timeout,
        transfer_timeout=transfer_timeout,
        max_answer_bytes=max_answer_bytes,
        verify=verify,
        rate_limit=rate_limit,
    )
