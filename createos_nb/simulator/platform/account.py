"""Serves `createos_nb.contract.account`."""

from __future__ import annotations

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.registry import Call, Payload, serves
from createos_nb.simulator.times import rfc3339


@serves("GetCurrentUser")
def current_user(context: WorldContext, call: Call) -> Payload:
    """The user whose key this is."""
    user = context.state.users[call.user]
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


def projects_in_use(context: WorldContext, user: str) -> int:
    """Projects that count against the quota of a user."""
    return sum(p.user == user and p.status != "deleted" for p in context.state.projects.values())


def keys_in_use(context: WorldContext, user: str) -> int:
    """Keys that count against the quota of a user: neither revoked nor expired."""
    now = context.state.now
    return sum(k.user == user and not k.revoked_at and k.expires > now for k in context.state.keys.values())


@serves("GetQuotas")
def quotas(context: WorldContext, call: Call) -> Payload:
    """Used and allowed counts."""
    settings = context.state.settings
    return {
        "projects": _quota(projects_in_use(context, call.user), settings.projects),
        "apiKeys": _quota(keys_in_use(context, call.user), settings.api_keys),
    }


def _quota(current: int, most: int) -> dict[str, int]:
    return {"current": current, "max": most, "remaining": max(most - current, 0)}
