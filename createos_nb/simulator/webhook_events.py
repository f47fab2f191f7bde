"""What happens in a world as events of webhooks: their names, their bodies, and who is told.

The platform does not document which events it has for projects: these names, and the fields of the body, are the
simulator's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappush
from typing import Final, get_args

import msgspec
from msgspec import Struct

from createos_nb.naming import DeploymentStatus
from createos_nb.simulator.ids import uuid_of
from createos_nb.simulator.state import ScheduledEvent, State
from createos_nb.simulator.times import rfc3339
from createos_nb.simulator.webhook_state import WebhookDelivery, WebhookEndpoint

DUE: Final = "webhook delivery is due"
"""Name of the event in the world at which a delivery is attempted."""

#: Events by what the world's journal says of the same.
ACTIONS: Final[Mapping[str, str]] = {
    "project made": "project.create",
    "project changed": "project.update",
    "project settings changed": "project.update_settings",
    "project suspending": "project.suspend",
    "project resumed": "project.unsuspend",
    "project deleting": "project.delete",
    "project transferred": "project.transfer",
    "environment made": "environment.create",
    "environment changed": "environment.update",
    "variables changed": "environment.update_variables",
    "environment resized": "environment.update_resources",
    "environment deleting": "environment.delete",
    "deployment queued": "deployment.create",
    # each status by its own word
    **{f"deployment {status}": f"deployment.{status}" for status in get_args(DeploymentStatus) if status != "queue"},
    "deployment assigned": "deployment.assign",
    "deployment promoted by itself": "deployment.assign",
    "domain made": "domain.create",
    "domain not verified": "domain.verification_failed",
    "domain verified": "domain.verified",
    "domain active": "domain.active",
    "domain routed": "domain.update_environment",
    "domain deleting": "domain.delete",
    "scan made": "scan.create",
    "cron job made": "cronjob.create",
    "cron job changed": "cronjob.update",
    "cron job deleting": "cronjob.delete",
    "cron job suspended": "cronjob.suspend",
    "cron job resumed": "cronjob.unsuspend",
    "API key made": "api_key.create",
    "API key revoked": "api_key.revoke",
}
#: Events of which the journal does not tell.
_OTHERS: Final = ("scan.retrigger", "scan.in_progress", "scan.success", "scan.failed", "api_key.update")
EVENTS: Final = tuple(sorted({*ACTIONS.values(), *_OTHERS}))


class Subject(Struct, kw_only=True, rename="camel"):
    """What an event is about; null where that says nothing."""

    project_id: str | None = None
    project_name: str | None = None
    environment_id: str | None = None
    environment_name: str | None = None
    deployment_id: str | None = None
    version_number: int | None = None
    resource_id: str | None = None
    """Of a domain, cron job, scan or API key."""
    resource_name: str | None = None
    status: str | None = None
    """Of the deployment, domain or scan."""
    text: str | None = None


class EventBody(Subject, kw_only=True, rename="camel"):
    """The body of a webhook."""

    id: str
    """Of the delivery: the same at each attempt, and no other delivery's, of another world either."""
    endpoint_id: str
    audit_log_id: str
    event_action: str
    created_at: str
    user_id: str


def notify(state: State, course: str, action: str, user: str, subject: Subject) -> None:
    """Make the deliveries of an event: one for each endpoint of the account that is told of it.

    `course`: of the world's lineage, so that no delivery of another world has the same id.
    """
    endpoints = [endpoint for endpoint in state.webhooks.values() if endpoint.user == user]
    if not endpoints:
        return
    number = state.audit_logs[user] = state.audit_logs.get(user, 0) + 1
    audit_log = uuid_of(state.seed, "audit log", user, number)
    for endpoint in endpoints:
        if not endpoint.events or action in endpoint.events:
            _deliver(state, course, endpoint, audit_log, action, subject)


def _deliver(
    state: State, course: str, endpoint: WebhookEndpoint, audit_log: str, action: str, subject: Subject
) -> None:
    identity = uuid_of(state.seed, course, "webhook delivery", endpoint.id, audit_log)
    body = EventBody(
        id=identity,
        endpoint_id=endpoint.id,
        audit_log_id=audit_log,
        event_action=action,
        created_at=rfc3339(state.now),
        user_id=endpoint.user,
        **msgspec.structs.asdict(subject),
    )
    endpoint.deliveries[identity] = WebhookDelivery(
        identity, audit_log, action, msgspec.json.encode(body), state.now, state.now
    )
    schedule(state, endpoint.id, state.now)


def schedule(state: State, endpoint: str, moment: int) -> None:
    """Have one delivery of an endpoint attempted at a moment: the oldest that is due then.

    What else the world numbers stays as it is without webhooks.
    """
    heappush(state.scheduled_events, ScheduledEvent(moment, 0, DUE, (endpoint,)))
