"""A client of the platform, with the key that is found for it."""

from __future__ import annotations

import httpx

from createos_nb.client.client import Client
from createos_nb.client.connect import credentials
from createos_nb.http.rate_limit import RateLimit
from createos_nb.http.tls import Verify
from createos_nb.redaction import Secret
from createos_nb.times import DurationLike


def connect(
    profile: str | None = None,
    *,
    api_key: str | Secret | None = None,
    access_token: str | Secret | None = None,
    base_url: str | None = None,
    read_only: bool = False,
    timeout: DurationLike | httpx.Timeout | None = 30.0,
    transfer_timeout: DurationLike | None = 3600.0,
    max_answer_bytes: int | None = 64_000_000,
    verify: Verify = True,
    rate_limit: RateLimit | bool | None = None,
) -> Client:
    """Open a client of the platform. Nothing is sent yet.

    Proxies are read from the environment, as httpx does.

    Args:
        profile: A profile of the config file; by default its default one.
        api_key: The key. Without it and `access_token`, the first of: the environment variable `CREATEOS_API_KEY`; the
            profile; the system's keyring, if the package `keyring` is installed; the token that the official command
            line has saved.
        access_token: A token in place of the key.
        base_url: Where the platform is; else `CREATEOS_API_URL`, the profile's, the platform's.
        read_only: Refuse every operation that changes something.
        timeout: How long one request may take: seconds, or a text such as "90s"; see `Client`.
        transfer_timeout: How long one upload or download may take: seconds, or a text such as "1h"; see `Client`.
        max_answer_bytes: The largest answer that is held in memory; see `Client`.
        verify: True, False, the path of certificates, or an `ssl.SSLContext`.
        rate_limit: A `RateLimit`, or False for none; by default the documented figures on the platform's own host.

    Returns:
        The client.

    Raises:
        ConfigurationError: No key is found; the message says every way to give one.

    Examples:
        >>> client = createos_nb.connect(api_key="skp_0123456789abcdef", read_only=True)
        >>> client.where
        'PLATFORM https://api-createos.nodeops.network · account not asked yet'
        >>> client.close()
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
