"""What takes the webhooks of a world in this process, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias


class WebhookRequest(NamedTuple):
    """One attempt at a delivery.

    Attributes:
        endpoint: id of the endpoint.
        delivery: id of the delivery, the same at each attempt; the body holds it too.
        url: the address that it is for.
        headers: those that matter: the content's type, and the signature as `X-Webhook-Signature`.
        body: what is posted.
    """

    endpoint: str
    delivery: str
    url: str
    headers: Mapping[str, str]
    body: bytes


#: Takes a delivery. That it did is said by None, True or a status of 2xx; by False, another status or an error, that
#: it did not.
WebhookReceiver: TypeAlias = Callable[[WebhookRequest], object]
