"""Serves `createos_nb.contract.account`."""

from __future__ import annotations

from createos_nb.contract.account import Quota, Quotas, User
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.registry import Call, Payload, serves
from createos_nb.simulator.times import rfc3339


@serves("GetCurrentUser")
def current_user(context: WorldContext, call: Call) -> Payload:
    """Return the user whose key this is."""
    user = context.state.users[call.user]
    return User(
        id=user.id,
        email=user.email,
        username=user.username,
        display_name=user.display,
        created_at=rfc3339(user.created),
        updated_at=rfc3339(user.created),
    )


def projects_in_use(context: WorldContext, user: str) -> int:
    """Return how many projects count against the quota of a user."""
    return sum(p.user == user and p.status != "deleted" for p in context.state.projects.values())


def keys_in_use(context: WorldContext, user: str) -> int:
    """Return how many keys count against the quota of a user: those neither revoked nor expired."""
    now = context.state.now
    return sum(k.user == user and not k.revoked_at and k.expires > now for k in context.state.keys.values())


@serves("GetQuotas")
def quotas(context: WorldContext, call: Call) -> Payload:
    """Return used and allowed counts."""
    settings = context.state.settings
    return Quotas(
        projects=_quota(projects_in_use(context, call.user), settings.projects),
        api_keys=_quota(keys_in_use(context, call.user), settings.api_keys),
    )


def _quota(current: int, most: int) -> Quota:
    return Quota(current=current, max=most, remaining=max(most - current, 0))
