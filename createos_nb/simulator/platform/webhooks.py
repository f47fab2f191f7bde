"""Serves `createos_nb.contract.webhooks`."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import webhooks
from createos_nb.contract.row import Row
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.access import owned
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.validation import value_or
from createos_nb.simulator.platform.webhook_deliveries import schedule_pending, secret_of
from createos_nb.simulator.times import rfc3339, rfc3339_or_null
from createos_nb.simulator.webhook_address import problem_of
from createos_nb.simulator.webhook_events import EVENTS
from createos_nb.simulator.webhook_state import WebhookDelivery, WebhookEndpoint


class EndpointDraft(Struct, kw_only=True):
    """Body of `CreateWebhookEndpoint`."""

    url: str
    events: list[str] | UnsetType | None = UNSET


class EndpointDetails(Row):
    """An endpoint with its deliveries."""

    endpoint: webhooks.WebhookEndpoint
    deliveries: list[webhooks.WebhookDelivery]


@serves("ListWebhookEndpoints")
def list_endpoints(context: WorldContext, call: Call) -> Payload:
    """Return the endpoints of the account, oldest first."""
    return [_row(endpoint) for endpoint in context.state.webhooks.values() if endpoint.user == call.user]


def _row(endpoint: WebhookEndpoint) -> webhooks.WebhookEndpoint:
    return webhooks.WebhookEndpoint(
        id=endpoint.id,
        user_id=endpoint.user,
        url=endpoint.url,
        events=endpoint.events,
        active=endpoint.active,
        failure_count=endpoint.failures,
        created_at=rfc3339(endpoint.created),
    )


def _delivery_row(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> webhooks.WebhookDelivery:
    return webhooks.WebhookDelivery(
        id=delivery.id,
        endpoint_id=endpoint.id,
        audit_log_id=delivery.audit_log,
        event_action=delivery.action,
        payload=msgspec.json.decode(delivery.body),
        status=delivery.status,
        attempts=delivery.attempts,
        last_error=delivery.error or None,
        next_attempt_at=rfc3339(delivery.next_attempt),
        created_at=rfc3339(delivery.created),
        delivered_at=rfc3339_or_null(delivery.delivered),
    )


@serves("CreateWebhookEndpoint", EndpointDraft)
def create_endpoint(context: WorldContext, call: BodyCall[EndpointDraft]) -> Payload:
    """Register an address; this is the only answer that holds its secret."""
    body, state = call.body, context.state
    problem = problem_of(body.url)
    if problem:
        raise HttpError(400, f"url {problem}")
    names = value_or(body.events, None)
    unknown = next((name for name in names or () if name not in EVENTS), None)
    if unknown is not None:
        raise HttpError(400, f"events: there is no event {unknown[:100]!r}; there is: {', '.join(EVENTS)}")
    if sum(endpoint.user == call.user for endpoint in state.webhooks.values()) >= state.settings.webhook_endpoints:
        raise HttpError(400, f"quota exceeded: {state.settings.webhook_endpoints} webhook endpoints")
    endpoint = WebhookEndpoint(
        id=context.new_id("webhook endpoint"),
        user=call.user,
        url=body.url,
        created=state.now,
        events=None if names is None else list(dict.fromkeys(names)),
    )
    state.webhooks[endpoint.id] = endpoint
    return webhooks.NewWebhookEndpoint(
        id=endpoint.id, url=endpoint.url, secret=secret_of(context, endpoint), events=endpoint.events, active=True
    )


@serves("ListWebhookActions")
def list_actions(context: WorldContext, call: Call) -> Payload:
    """Return the names of all events."""
    return msgspec.json.encode(EVENTS)


def _endpoint(context: WorldContext, call: Call) -> WebhookEndpoint:
    return owned(call, "webhook endpoint", context.state.webhooks)


@serves("GetWebhookEndpoint")
def get_endpoint(context: WorldContext, call: Call) -> Payload:
    """Return an endpoint and its deliveries, newest first."""
    endpoint = _endpoint(context, call)
    newest_first = reversed(endpoint.deliveries.values())
    return EndpointDetails(
        endpoint=_row(endpoint), deliveries=[_delivery_row(endpoint, delivery) for delivery in newest_first]
    )


@serves("DeleteWebhookEndpoint")
def delete_endpoint(context: WorldContext, call: Call) -> Payload:
    """Delete an endpoint with its deliveries."""
    del context.state.webhooks[_endpoint(context, call).id]
    return "Webhook endpoint deleted successfully"


@serves("SuspendWebhookEndpoint")
def suspend_endpoint(context: WorldContext, call: Call) -> Payload:
    """Attempt nothing until the endpoint is resumed; its deliveries are kept."""
    endpoint = _endpoint(context, call)
    if not endpoint.active:
        raise HttpError(422, "webhook endpoint is suspended already")
    endpoint.active = False
    return "Webhook endpoint suspended successfully"


@serves("ResumeWebhookEndpoint")
def resume_endpoint(context: WorldContext, call: Call) -> Payload:
    """Attempt deliveries again, those of the meantime first."""
    endpoint = _endpoint(context, call)
    if endpoint.active:
        raise HttpError(422, "webhook endpoint is active: only a suspended one can be resumed")
    endpoint.active = True
    schedule_pending(context, endpoint)
    return "Webhook endpoint resumed successfully"
