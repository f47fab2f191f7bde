"""Worlds to act on: clients of them, what they hold, what was changed in them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from createos_nb.client.client import Client
from createos_nb.http.retry import RetryPolicy

READS = ("GET", "HEAD")
#: POSTs that only ask.
ASKING = ("available-unique-name", "/content")
#: What the world notes when somebody has changed something.
CHANGES = (
    "GitHub connected",
    "app made",
    "project made",
    "domain made",
    "domain verified",
    "deployment queued",
    "deployment assigned",
    "deployment cancelled",
    "environment made",
    "environment changed",
    "environment resized",
    "variables changed",
    "project settings changed",
    "domain routed",
    "domain deleting",
    "deployment gone",
    "environment deleting",
    "cron job deleting",
    "project deleting",
    "project transferred",
    "project suspending",
    "project resumed",
    "cron job made",
    "cron job suspended",
    "cron job resumed",
    "app deleted",
    "template deleted",
    "scan made",
    "API key made",
    "API key revoked",
)


class Between(httpx.BaseTransport):
    """A transport that counts, and lets something happen at the boundary before a request."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.sent: list[tuple[str, str]] = []
        self.before: Callable[[int, httpx.Request], None] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.before is not None:
            self.before(len(self.sent), request)
        self.sent.append((request.method, request.url.path))
        return self.inner.handle_request(request)

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [one for one in self.sent if is_write(*one)]


def is_write(method: str, path: str) -> bool:
    if path.endswith(("/transfer", "/transfer-uri")):  # asked for by GET, and yet they change something
        return True
    return method not in READS and not path.endswith(ASKING)


def client_of(world: Any, transport: httpx.BaseTransport | None = None, clock: Any = None, **more: Any) -> Client:
    return Client(
        api_key=world.key,
        base_url=world.base_url,
        transport=transport or world.transport(),
        clock=clock or world.clock,
        world=world,
        account=world.account,
        rate_limit=False,
        retry=RetryPolicy(random=world.jitter()),
        **more,
    )


def settled(world: Any) -> dict[str, Any]:
    """All that the account holds, hours later: no times, no passing states."""
    world.at("2026-03-02T13:00:00Z")
    apps = {app.id: app.name for app in world.state.apps.values()}
    state: dict[str, Any] = {
        "": {
            "apps": sorted(app.name for app in world.state.apps.values()),
            "keys": sorted(key.name for key in world.state.keys.values() if not key.revoked_at),
        }
    }
    for project in world.state.projects.values():
        versions = {one.id: one.version for one in world.deployments(project).values()}
        state[project.name] = {
            "settings": project.settings,
            "status": (project.status, world.state.users[project.user].username, apps.get(project.app)),
            "cron jobs": {job.name: (job.schedule, job.status) for job in project.cronjobs.values()},
            "deployments": {
                one.version: (one.status, one.commit, one.image, one.scan and one.scan.status)
                for one in world.deployments(project).values()
            },
            "environments": {
                one.name: {
                    "live": versions.get(one.deployment),
                    "auto": one.auto_promote,
                    "text": (one.display, one.description, one.branch),
                    "size": (one.cpu, one.memory, one.replicas),
                    "variables": dict(sorted(one.variables.items())),
                    "status": one.status,
                    "port": one.port,
                }
                for one in project.environments.values()
            },
            "domains": {
                one.name: (one.status, getattr(project.environments.get(one.environment), "name", None))
                for one in project.domains.values()
            },
        }
    return json.loads(json.dumps(state))


def changes(world: Any) -> Counter[tuple[str, ...]]:
    """How often each thing was changed by somebody."""
    frame = world.events()
    frame = frame[frame["what"].isin(CHANGES)]
    return Counter((row.what, row.project, row.environment, row.text) for row in frame.itertuples())
