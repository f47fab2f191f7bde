"""Who asks, and what they may see: users, projects and what belongs to a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call
from createos_nb.simulator.state import Cronjob, Deployment, Domain, Environment, Project
from createos_nb.simulator.validation import check_id

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

T = TypeVar("T")


def user_of(world: Core, headers: Mapping[str, str], *, needed: bool) -> str:
    """Id of the user whose key or access token came with a request.

    Where none is needed, a wrong one is as good as none: "".
    """
    try:
        return _owner(world, headers)
    except Refusal:
        if needed:
            raise
        return ""


def _owner(world: Core, headers: Mapping[str, str]) -> str:
    secret = headers.get("x-api-key")
    if secret is not None:
        user = world.owner_of.get(secret)
        if user is not None:
            return user
        key = world.key_with.get(secret)
        if key is None:
            raise Refusal(401, "invalid API key")
        if key.revoked_at:
            raise Refusal(401, "this API key has been revoked")
        if key.expires <= world.state.now:
            raise Refusal(401, "this API key has expired")
        return key.user
    token = headers.get("x-access-token")
    if token is not None:
        user = world.owner_of.get(token)
        if user is None:
            raise Refusal(401, "invalid access token")
        return user
    raise Refusal(401, "no API key: send it as X-Api-Key")


def project_of(world: Core, call: Call, *, active: bool = True) -> Project:
    """The project that a path names. Refuses another account's (404), and one that is not active (422)."""
    project = world.state.projects.get(call.ids[0])
    if project is None or project.user != call.user or project.status == "deleted":
        check_id("project_id", call.ids[0])
        raise Refusal(404, "project not found")
    if active and project.status != "active":
        raise Refusal(422, f"project is {project.status}")
    return project


def _within(found: dict[str, T], name: str, given: str) -> T:
    one = found.get(given)
    if one is None:
        check_id(f"{name.replace(' ', '_')}_id", given)
        raise Refusal(404, f"{name} not found")
    return one


def environment_of(project: Project, given: str) -> Environment:
    """An environment of a project by its id."""
    return _within(project.environments, "environment", given)


def deployment_of(world: Core, project: Project, given: str) -> Deployment:
    """A deployment of a project by its id."""
    return _within(world.deployments(project), "deployment", given)


def domain_of(project: Project, given: str) -> Domain:
    """A domain of a project by its id."""
    return _within(project.domains, "domain", given)


def cronjob_of(project: Project, given: str) -> Cronjob:
    """A cron job of a project by its id."""
    return _within(project.cronjobs, "cronjob", given)
