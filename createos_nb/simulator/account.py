"""Serves `createos_nb.api.account`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.simulator.moments import rfc3339
from createos_nb.simulator.registry import Call, serves

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


@serves("GetCurrentUser")
def current_user(world: Core, call: Call) -> Any:
    """The user whose key this is."""
    user = world.state.users[call.user]
    return {
        "id": user.id,
        "email": user.email,
        "username": user.username,
        "displayName": user.display,
        "profileImagePath": None,
        "suspendedAt": None,
        "createdAt": rfc3339(user.created),
        "updatedAt": rfc3339(user.created),
    }


def projects_in_use(world: Core, user: str) -> int:
    """Projects that count against the quota of a user."""
    return sum(p.user == user and p.status != "deleted" for p in world.state.projects.values())


def keys_in_use(world: Core, user: str) -> int:
    """Keys that count against the quota of a user: neither revoked nor expired."""
    now = world.state.now
    return sum(k.user == user and not k.revoked_at and k.expires > now for k in world.state.keys.values())


@serves("GetQuotas")
def quotas(world: Core, call: Call) -> Any:
    """Used and allowed counts."""
    settings = world.state.settings
    return {
        "projects": _quota(projects_in_use(world, call.user), settings.projects),
        "apiKeys": _quota(keys_in_use(world, call.user), settings.api_keys),
    }


def _quota(current: int, most: int) -> dict[str, int]:
    return {"current": current, "max": most, "remaining": max(most - current, 0)}
