"""Commits that arrive on a branch."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from createos_nb.simulator import lifecycle
from createos_nb.simulator.github import repository_of
from createos_nb.simulator.ids import hex_of
from createos_nb.simulator.state import Deployment, Fate, Project

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core


def push(world: Core, project: Project, branch: str, message: str, fate: Fate) -> Deployment | None:
    """A commit arrives on a branch of a project's repository; None where that deploys nothing."""
    repository = repository_of(world, project)
    if repository is None:
        raise LookupError(f"project {project.name} has no repository that can be reached")
    state = world.state
    state.counter += 1
    commit = hex_of(40, state.seed, "commit", repository.id, branch, message, state.counter)
    repository.heads[branch] = (commit, message)
    if fate != Fate():
        state.fates[commit] = fate
    world.note("commit pushed", project, f"{branch}: {message}")
    made = None
    for other in state.projects.values():
        if other.status == "active" and other.type == "vcs" and repository_of(world, other) is repository:
            deployed = _deploy_push(world, other, branch, commit, message)
            made = deployed if other is project else made
    return made


def _deploy_push(world: Core, project: Project, branch: str, commit: str, message: str) -> Deployment | None:
    ignored = project.settings.get("ignoreBranches") or []
    if branch in ignored or (world.dialect == "documented" and any(fnmatchcase(branch, one) for one in ignored)):
        return None
    return lifecycle.deploy(world, project, branch=branch, commit=commit, message=message)
