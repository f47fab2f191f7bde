"""Who asks, and what they may see: users, projects and what belongs to a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import Call
from createos_nb.simulator.platform.validation import check_id
from createos_nb.simulator.state import Cronjob, Deployment, Domain, Environment, Project

T = TypeVar("T")


def user_of(context: WorldContext, headers: Mapping[str, str], *, needed: bool) -> str:
    """Id of the user whose key or access token came with a request.

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


def project_of(context: WorldContext, call: Call, *, active: bool = True) -> Project:
    """The project that a path names. Refuses another account's (404), and one that is not active (422)."""
    project = context.state.projects.get(call.ids[0])
    if project is None or project.user != call.user or project.status == "deleted":
        check_id("project_id", call.ids[0])
        raise HttpError(404, "project not found")
    if active and project.status != "active":
        raise HttpError(422, f"project is {project.status}")
    return project


def _within(resources: dict[str, T], name: str, identity: str) -> T:
    resource = resources.get(identity)
    if resource is None:
        check_id(f"{name.replace(' ', '_')}_id", identity)
        raise HttpError(404, f"{name} not found")
    return resource


def environment_of(project: Project, given: str) -> Environment:
    """An environment of a project by its id."""
    return _within(project.environments, "environment", given)


def deployment_of(context: WorldContext, project: Project, given: str) -> Deployment:
    """A deployment of a project by its id."""
    return _within(context.deployments(project), "deployment", given)


def domain_of(project: Project, given: str) -> Domain:
    """A domain of a project by its id."""
    return _within(project.domains, "domain", given)


def cronjob_of(project: Project, given: str) -> Cronjob:
    """A cron job of a project by its id."""
    return _within(project.cronjobs, "cronjob", given)
