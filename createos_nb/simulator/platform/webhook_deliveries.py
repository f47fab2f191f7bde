"""Deliveries of webhooks: which are due, how an attempt ends, and the receiver in this process."""

from __future__ import annotations

from typing import Final

from createos_nb.redactor import redact
from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.ids import digest
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.webhook_events import DUE, schedule
from createos_nb.simulator.webhook_receiver import WebhookReceiver, WebhookRequest
from createos_nb.simulator.webhook_state import WebhookDelivery, WebhookEndpoint
from createos_nb.webhooks.signature import HEADER, sign

PREFIX: Final = "whsec_"
"""Secrets of a world begin so."""
KEPT: Final = 100
"""Deliveries of an endpoint that are kept when they are over."""
_LONGEST_ERROR: Final = 300


def secret_of(context: WorldContext, endpoint: WebhookEndpoint) -> str:
    """Return what the bodies for an endpoint are signed with; nothing keeps it."""
    return PREFIX + digest(context.state.signing or context.state.seed, "webhook secret", endpoint.id, size=24).hex()


def schedule_pending(context: WorldContext, endpoint: WebhookEndpoint) -> None:
    """Have all that is still to be delivered attempted: at once where it is overdue."""
    for delivery in endpoint.deliveries.values():
        if delivery.status == "pending":
            schedule(context.state, endpoint.id, max(delivery.next_attempt, context.state.now))


def set_receiver(context: WorldContext, receiver: WebhookReceiver | None) -> None:
    """Hand deliveries that are due to a function in this process from now on; see `World.on_webhook`."""
    context.webhook_receiver = receiver
    if receiver is not None:
        for endpoint in context.state.webhooks.values():
            schedule_pending(context, endpoint)


def due_endpoints(context: WorldContext) -> list[str]:
    """Return the ids of the endpoints that have deliveries to attempt now."""
    endpoints = context.state.webhooks.values()
    return [endpoint.id for endpoint in endpoints if _next_delivery(context, endpoint) is not None]


def next_request(context: WorldContext, endpoint_id: str) -> WebhookRequest | None:
    """Return the oldest delivery of an endpoint that is to be attempted now, or None."""
    endpoint = context.state.webhooks.get(endpoint_id)
    delivery = _next_delivery(context, endpoint) if endpoint is not None else None
    if endpoint is None or delivery is None:
        return None
    scheme = context.state.settings.webhook_signature
    signature = sign(delivery.body, secret_of(context, endpoint), scheme=scheme)
    headers = {"Content-Type": "application/json", HEADER: signature}
    return WebhookRequest(endpoint.id, delivery.id, endpoint.url, headers, delivery.body)


def _next_delivery(context: WorldContext, endpoint: WebhookEndpoint) -> WebhookDelivery | None:
    if not endpoint.active:
        return None
    now = context.state.now
    due = (one for one in endpoint.deliveries.values() if one.status == "pending" and one.next_attempt <= now)
    return next(due, None)


@handles_event(DUE)
def _attempt(context: WorldContext, target: tuple[str, ...]) -> None:
    """Hand a delivery to the receiver in this process; without one, it waits for a server's sender."""
    request = next_request(context, target[0]) if context.webhook_receiver is not None else None
    if context.webhook_receiver is None or request is None:
        return
    try:
        error = _received(context.webhook_receiver, request)
    except BaseException:  # the receiver was interrupted: nobody knows what it did
        schedule(context.state, request.endpoint, context.state.now)
        raise
    settle(context, request.endpoint, request.delivery, error)


def _received(receiver: WebhookReceiver, request: WebhookRequest) -> str:
    """Call the receiver, and return why it did not take the delivery; "" if it did."""
    try:
        answer = receiver(request)
    except Exception as error:  # noqa: BLE001  # whatever a receiver raises, the delivery has failed
        return f"{type(error).__name__}: {error}"
    if answer is None or answer is True or (isinstance(answer, int) and 200 <= answer < 300):
        return ""
    if isinstance(answer, int):
        return "the receiver returned False" if answer is False else f"HTTP {answer}"
    return f"the receiver returned a {type(answer).__name__}, where None, True or a status of 2xx belongs"


def settle(context: WorldContext, endpoint_id: str, delivery_id: str, error: str) -> None:
    """Note how an attempt ended: delivered, or what failed; then the next one is due later, or it is given up."""
    endpoint = context.state.webhooks.get(endpoint_id)
    delivery = endpoint.deliveries.get(delivery_id) if endpoint is not None else None
    if endpoint is None or delivery is None or delivery.status != "pending":
        return
    settings, now = context.state.settings, context.state.now
    delivery.attempts += 1
    secrets = [secret_of(context, known) for known in context.state.webhooks.values()] if error else []
    delivery.error = redact(error, secrets)[:_LONGEST_ERROR]
    if not error:
        delivery.status, delivery.delivered, endpoint.failures = "delivered", now, 0
    else:
        endpoint.failures += 1
        if delivery.attempts >= settings.webhook_attempts:
            delivery.status = "failed"
        else:
            wait = min(settings.webhook_backoff * 2 ** (delivery.attempts - 1), settings.webhook_longest_backoff)
            delivery.next_attempt = now + wait * SECOND
            schedule(context.state, endpoint.id, delivery.next_attempt)
    _forget_old(endpoint)


def _forget_old(endpoint: WebhookEndpoint) -> None:
    over = [delivery.id for delivery in endpoint.deliveries.values() if delivery.status != "pending"]
    for identity in over[: max(len(over) - KEPT, 0)]:
        del endpoint.deliveries[identity]
