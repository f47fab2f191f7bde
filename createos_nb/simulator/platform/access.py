"""Who asks, and what they may see: users, projects and what belongs to a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, TypeVar

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import Call
from createos_nb.simulator.platform.validation import check_id
from createos_nb.simulator.state import Cronjob, Deployment, Domain, Environment, Project

CREDENTIALS: Final = ("x-api-key", "x-access-token")
"""Headers that say who asks."""


class _Owned(Protocol):
    user: str


T = TypeVar("T")
R = TypeVar("R", bound=_Owned)


def user_of(context: WorldContext, headers: Mapping[str, str], *, needed: bool) -> str:
    """Return the id of the user whose key or access token came with a request.

    Where none is needed, a wrong one is as good as none: "".
    """
    try:
        return _owner(context, headers)
    except HttpError:
        if needed:
            raise
        return ""


def _owner(context: WorldContext, headers: Mapping[str, str]) -> str:
    secret = headers.get("x-api-key")
    if secret is not None:
        user = context.user_by_secret.get(secret)
        if user is not None:
            return user
        key = context.key_by_secret.get(secret)
        if key is None:
            raise HttpError(401, "invalid API key")
        if key.revoked_at:
            raise HttpError(401, "this API key has been revoked")
        if key.expires <= context.state.now:
            raise HttpError(401, "this API key has expired")
        return key.user
    token = headers.get("x-access-token")
    if token is not None:
        user = context.user_by_secret.get(token)
        if user is None:
            raise HttpError(401, "invalid access token")
        return user
    raise HttpError(401, "no API key: send it as X-Api-Key")


def owned(call: Call, name: str, resources: Mapping[str, R]) -> R:
    """Return the resource of the caller that a path names. Refuses another account's (404).

    `name`: what it is, for people.
    """
    resource = resources.get(call.ids[0])
    if resource is None or resource.user != call.user:
        check_id(f"{name.lower().replace(' ', '_')}_id", call.ids[0])
        raise HttpError(404, f"{name} not found")
    return resource


def project_of(context: WorldContext, call: Call, *, active: bool = True) -> Project:
    """Return the project that a path names. Refuses another account's (404), and one that is not active (422)."""
    project = context.state.projects.get(call.ids[0])
    if project is None or project.user != call.user or project.status == "deleted":
        check_id("project_id", call.ids[0])
        raise HttpError(404, "project not found")
    if active and project.status != "active":
        raise HttpError(422, f"project is {project.status}")
    return project


def _within(resources: Mapping[str, T], name: str, identity: str) -> T:
    resource = resources.get(identity)
    if resource is None:
        check_id(f"{name.replace(' ', '_')}_id", identity)
        raise HttpError(404, f"{name} not found")
    return resource


def environment_of(project: Project, identity: str) -> Environment:
    """Return an environment of a project by its id."""
    return _within(project.environments, "environment", identity)


def deployment_of(context: WorldContext, project: Project, identity: str) -> Deployment:
    """Return a deployment of a project by its id."""
    return _within(context.deployments(project), "deployment", identity)


def domain_of(project: Project, identity: str) -> Domain:
    """Return a domain of a project by its id."""
    return _within(project.domains, "domain", identity)


def cronjob_of(project: Project, identity: str) -> Cronjob:
    """Return a cron job of a project by its id."""
    return _within(project.cronjobs, "cronjob", identity)
