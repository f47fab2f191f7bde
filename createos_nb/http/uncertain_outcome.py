"""The hint after a write that may or may not have been applied. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from createos_nb.contract.operation import Operation

#: What shows the state that a write would have changed: a call, and how many ids of the write's path it takes.
SHOWS: Final[Mapping[str, tuple[str, int]]] = {
    "api_keys": ("api_keys.list", 0),
    "apps": ("apps.list", 0),
    "apps.add_projects": ("apps.projects", 1),
    "apps.add_services": ("apps.services", 1),
    "apps.remove_projects": ("apps.projects", 1),
    "apps.remove_services": ("apps.services", 1),
    "cronjobs": ("cronjobs.list", 1),
    "deployments": ("deployments.list", 1),
    "domains": ("domains.list", 1),
    "environments": ("environments.list", 1),
    "github": ("github.accounts", 0),
    "projects": ("projects.list", 0),
    "security": ("security.scan", 2),
    "templates": ("templates.list_my", 0),
    "webhooks": ("webhooks.list", 0),
    "world": ("world.events", 0),
    "templates.buy": ("templates.purchases", 0),
    "templates.deploy_via_github": ("projects.list", 0),
}


def recovery_hint(operation: Operation, path: str) -> str:
    """Return what to do after a write that may or may not have been applied."""
    return f"It may have been applied all the same. Before you send it again, look: {reading_call(operation, path)}"


def reading_call(operation: Operation, path: str) -> str:
    """Return the call that shows what a write did, as it is typed, with ids of its path where it takes some."""
    call, count = SHOWS.get(operation.call) or SHOWS[operation.resource]
    ids = [
        segment
        for name, segment in zip(operation.path.split("/"), path.split("/"), strict=False)
        if name.startswith("{")
    ]
    return f"client.{call}({', '.join(repr(id) for id in ids[:count])})"
