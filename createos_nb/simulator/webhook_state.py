"""Webhooks in the state of a world: endpoints, and what was or is to be sent to them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

DeliveryStatus = Literal["pending", "delivered", "failed"]


class WebhookDelivery(Struct, omit_defaults=True):
    """One event for one endpoint."""

    id: str
    audit_log: str
    action: str
    body: bytes
    """What is sent, the same at each attempt."""
    created: int
    next_attempt: int
    status: DeliveryStatus = "pending"
    attempts: int = 0
    error: str = ""
    delivered: int = 0


class WebhookEndpoint(Struct, omit_defaults=True):
    """An address that is told of the events of an account; its secret is worked out from its id."""

    id: str
    user: str
    url: str
    created: int
    events: list[str] | None = None
    """Names of the events that it is told of; none: all."""
    active: bool = True
    failures: int = 0
    """Attempts that failed since the last one that succeeded."""
    deliveries: dict[str, WebhookDelivery] = field(default_factory=dict)
    """In order of their creation: all that are pending, and some that are over."""
