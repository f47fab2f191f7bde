"""Signatures of webhooks: who holds the secret of an endpoint can tell a true body from one that anybody sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final, Literal, get_args

from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret, revealed

#: How the HMAC-SHA256 of a body is written.
Scheme = Literal["hex", "sha256=hex", "base64"]

#: The header that holds it.
HEADER: Final = "X-Webhook-Signature"


def sign(body: bytes, secret: str | Secret, *, scheme: Scheme = "hex") -> str:
    """Return the signature of a body.

    Args:
        body: All of it, as it is sent.
        secret: Of the endpoint.
        scheme: How the HMAC-SHA256 of the body is written: "hex", "sha256=hex" (with that word before it) or "base64".

    Returns:
        What the header `X-Webhook-Signature` holds.

    Raises:
        InvalidInput: The body is not bytes, there is no secret, or no such scheme.

    Examples:
        >>> createos_nb.webhooks.sign(b"{}", createos_nb.Secret("s3cret"))[:16]
        'adbde1ce40c89c14'
    """
    if not isinstance(body, bytes | bytearray | memoryview):
        raise InvalidInput(f"a body is signed as the bytes that are sent, not as a {type(body).__name__}")
    if not isinstance(secret, str | Secret) or not secret:
        raise InvalidInput("a signature needs the secret of the endpoint: client.webhooks.create gives it, once")
    if scheme not in get_args(Scheme):
        raise InvalidInput(f"there is no scheme {scheme!r} of signatures; there is: {', '.join(get_args(Scheme))}")
    digest = hmac.new(revealed(secret).encode("utf-8", "surrogatepass"), body, hashlib.sha256).digest()
    if scheme == "base64":
        return base64.b64encode(digest).decode("ascii")
    return ("sha256=" if scheme == "sha256=hex" else "") + digest.hex()


def verify(body: bytes, signature: str | None, secret: str | Secret, *, scheme: Scheme = "hex") -> bool:
    """Return whether a webhook's body is what the holder of the endpoint's secret has sent. Takes constant time.

    It can't know a replay: the platform signs no time, so that a body that somebody has recorded is as good when it
    comes again. Keep the ids of the deliveries that you have seen, as `createos-nb listen` does.

    Args:
        body: All of it, as the bytes that came: JSON that was decoded and encoded again is another text.
        signature: What the header `X-Webhook-Signature` holds; None where it is missing.
        secret: Of the endpoint; `client.webhooks.create` gives it, once.
        scheme: How the HMAC-SHA256 of the body is written: "hex", "sha256=hex" (with that word before it) or "base64".
            The platform does not document it.

    Returns:
        Whether the signature is that of the body.

    Raises:
        InvalidInput: The body is not bytes, the signature no text, there is no secret, or no such scheme.

    Examples:
        >>> secret = createos_nb.Secret("s3cret")
        >>> signature = createos_nb.webhooks.sign(b'{"id": 1}', secret)
        >>> createos_nb.webhooks.verify(b'{"id": 1}', signature, secret)
        True
        >>> createos_nb.webhooks.verify(b'{"id": 2}', signature, secret)
        False
    """
    if signature is not None and not isinstance(signature, str):
        raise InvalidInput(f"a signature is the text of a header, not a {type(signature).__name__}")
    expected = sign(body, secret, scheme=scheme)
    # as bytes, for texts beyond ASCII can't be compared in constant time
    return hmac.compare_digest(expected.encode(), (signature or "").encode("utf-8", "surrogatepass"))
