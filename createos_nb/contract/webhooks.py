"""Webhooks: addresses that the platform tells of events by a signed POST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from createos_nb.contract.operation import UNSET, Record, Ref, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Anything, Created, Flag, Row, Text, Time, UserId, Whole, about

if TYPE_CHECKING:
    import pandas as pd


class WebhookEndpoint(Row):
    """An address that is told of events, without its secret."""

    id: Annotated[Text, about("id")] = None
    user_id: UserId = None
    url: Annotated[Text, about("the address")] = None
    events: Annotated[list[str] | None, about("names of the events that it is told of; none: all")] = None
    active: Annotated[Flag, about("events are sent to it; False while it is suspended")] = None
    failure_count: Annotated[Whole, about("failed attempts to reach it", unit="attempts")] = None
    created_at: Created = None


class NewWebhookEndpoint(Row):
    """A new endpoint, the only time that its secret is given."""

    id: Annotated[Text, about("id")] = None
    url: Annotated[Text, about("the address")] = None
    secret: Annotated[Text, about("what its events are signed with: masked, `.reveal()` gives it")] = None
    events: Annotated[list[str] | None, about("names of the events that it is told of; none: all")] = None
    active: Annotated[Flag, about("events are sent to it")] = None


class WebhookDelivery(Row):
    """One event that was, or is to be, sent to an endpoint."""

    id: Annotated[Text, about("id")] = None
    endpoint_id: Annotated[Text, about("id of the endpoint")] = None
    audit_log_id: Annotated[Text, about("id of what happened")] = None
    event_action: Annotated[Text, about("name of the event")] = None
    payload: Annotated[Anything, about("what is sent")] = None
    status: Annotated[Text, about("status on the wire")] = None
    attempts: Annotated[Whole, about("attempts until now", unit="attempts")] = None
    last_error: Annotated[Text, about("why the last attempt failed")] = None
    next_attempt_at: Annotated[Time, about("when the next attempt is due", unit="UTC")] = None
    created_at: Created = None
    delivered_at: Annotated[Time, about("when the endpoint took it", unit="UTC")] = None


class WebhookAction(Row):
    """The name of an event."""

    event: Annotated[Text, about("name of an event that an endpoint can be told of")] = None


WebhookEndpointRef = Annotated[str, Ref("webhook"), Meta(description="an endpoint: its address or id")]
WebhookUrl = Annotated[str, Meta(description="the address: https, without a user name or password")]
WebhookEvents = Annotated[Sequence[str] | None, Meta(description="names of events that there are; null or empty: all")]

_SOURCE = "official command-line client (July 2026)"
_ONE = "/v1/webhook-endpoints/{webhook_endpoint_id}"


class Webhooks(Resource):
    """Addresses that are told of events by a signed POST, and their deliveries."""

    name = "webhooks"

    @operation(
        "ListWebhookEndpoints",
        "GET /v1/webhook-endpoints",
        answer=Rows(WebhookEndpoint),
        failures="401 500",
        source=_SOURCE,
    )
    def list(self) -> pd.DataFrame:
        """Webhook endpoints without their secrets, one row each.

        Returns:
            One row an endpoint; times in UTC.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.webhooks.create(url="https://hooks.example.com/createos", events=["deployment.assign"])
            >>> client.webhooks.list()[["url", "events", "active"]]
                                              url               events  active
            0  https://hooks.example.com/createos  [deployment.assign]    True
        """

    @operation(
        "CreateWebhookEndpoint",
        "POST /v1/webhook-endpoints",
        answer=Record(NewWebhookEndpoint),
        success=201,
        failures="400 401 500",
        source=_SOURCE,
    )
    def create(self, *, url: WebhookUrl, events: WebhookEvents = UNSET) -> pd.Series:
        """Register an address; its signing secret is in this answer and in no later one.

        The secret is masked: `.reveal()` gives it.

        Returns:
            `id`, `url`, the masked `secret`, `events` and `active`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> endpoint = client.webhooks.create(url="https://hooks.example.com/createos")
            >>> endpoint["secret"], bool(endpoint["active"])
            (Secret(••••••), True)
        """

    @operation(
        "ListWebhookActions",
        "GET /v1/webhook-endpoints/actions",
        answer=Rows(WebhookAction, bare="event"),
        failures="401 500",
        source=_SOURCE,
    )
    def actions(self) -> pd.DataFrame:
        """Names of the events that an endpoint can be told of, one row each. Those of the simulator are its own.

        Returns:
            One row an event.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.webhooks.actions().query("event.str.startswith('project.')")["event"].head(3).to_list()
            ['project.create', 'project.delete', 'project.suspend']
        """

    @operation(
        "GetWebhookEndpoint",
        f"GET {_ONE}",
        answer=Record(WebhookEndpoint, inside="endpoint"),
        failures="401 404 500",
        source=_SOURCE,
    )
    def get(self, webhook_endpoint: WebhookEndpointRef) -> pd.Series:
        """One webhook endpoint and, on the wire, its deliveries.

        `deliveries` gives those as rows.

        Returns:
            The row of the endpoint, with the labels of `list`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.webhooks.create(url="https://hooks.example.com/createos")
            >>> int(client.webhooks.get("https://hooks.example.com/createos")["failure_count"])
            0
        """

    @operation("DeleteWebhookEndpoint", f"DELETE {_ONE}", failures="401 404 500", source=_SOURCE)
    def delete(self, webhook_endpoint: WebhookEndpointRef) -> str:
        """Delete an endpoint, and what was not sent to it yet.

        Examples:
            >>> client = createos_nb.simulate()
            >>> endpoint = client.webhooks.create(url="https://hooks.example.com/createos")
            >>> _ = client.webhooks.delete("https://hooks.example.com/createos")
            >>> len(client.webhooks.list())
            0
        """

    @operation("SuspendWebhookEndpoint", f"POST {_ONE}/suspend", failures="401 404 422 500", source=_SOURCE)
    def suspend(self, webhook_endpoint: WebhookEndpointRef) -> str:
        """Send nothing to an endpoint until it is resumed.

        Examples:
            >>> client = createos_nb.simulate()
            >>> endpoint = client.webhooks.create(url="https://hooks.example.com/createos")
            >>> _ = client.webhooks.suspend(endpoint["id"])
            >>> bool(client.webhooks.get(endpoint["id"])["active"])
            False
        """

    @operation("ResumeWebhookEndpoint", f"POST {_ONE}/resume", failures="401 404 422 500", source=_SOURCE)
    def resume(self, webhook_endpoint: WebhookEndpointRef) -> str:
        """Send events to an endpoint again; on the simulator also those of the meantime.

        Examples:
            >>> client = createos_nb.simulate()
            >>> endpoint = client.webhooks.create(url="https://hooks.example.com/createos")
            >>> _ = client.webhooks.suspend(endpoint["id"])
            >>> _ = client.webhooks.resume(endpoint["id"])
            >>> bool(client.webhooks.get(endpoint["id"])["active"])
            True
        """
