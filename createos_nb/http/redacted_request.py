"""Secret texts of a request, for the code that has to remove them from errors and logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx

from createos_nb.redaction import MASK, Secret


class SecretTexts:
    """Secrets as plain texts for whoever goes through them; it shows none itself."""

    __slots__ = ("_secrets",)

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._secrets = tuple(secrets)

    def __iter__(self) -> Iterator[str]:
        return (secret.reveal() for secret in self._secrets)

    def __repr__(self) -> str:
        return MASK


class RedactedURL(httpx.URL):
    """An address that opens what lies behind it. It shows its host alone."""

    def __repr__(self) -> str:
        return f"URL({self.scheme}://{self.host}/{MASK})"


class RedactedRequest(httpx.Request):
    """A request that may carry tokens in its address. It shows its method alone."""

    def __repr__(self) -> str:
        return f"<Request {self.method}>"
