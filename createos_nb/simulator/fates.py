"""How a deployment is going to fare, decided when it is made: by what is deployed and by its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from createos_nb.simulator.github import repository_of
from createos_nb.simulator.moments import SECOND
from createos_nb.simulator.state import Deployment, Fate, Project
from createos_nb.simulator.traffic import MANIFESTS, Build, BuildBehaviour, BuildSettings, build

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

USUAL: Final = Fate()
SOUND: Final = BuildBehaviour()
REMEMBERED: Final = 256
"""Builds that a world keeps in mind; the others are worked out again."""


def decide(world: Core, project: Project, deployment: Deployment) -> None:
    """Give a new deployment its fate."""
    fate = world.state.fates.get(deployment.commit or deployment.image or deployment.upload, USUAL)
    deployment.builds, deployment.behaviour = fate.source, fate.behaviour
    given = set(deployment.settings.get("runEnvs") or {})
    for environment in project.environments.values():
        given.update(environment.variables)
    deployment.missing = next((name for name in fate.requires if name not in given), "")


def build_of(world: Core, project: Project, deployment: Deployment) -> Build:
    """The build of a deployment, from beginning to end, as it is going to be or has been."""
    found = world.builds.get(deployment.id)
    if found is None:
        if len(world.builds) >= REMEMBERED:
            world.builds.clear()
        found = world.builds[deployment.id] = _build(world, project, deployment)
    return found


def _build(world: Core, project: Project, deployment: Deployment) -> Build:
    settings = deployment.settings
    behaviour = world.state.sources.get(deployment.builds, SOUND)
    if project.type == "vcs" and not deployment.commit:
        behaviour = replace(behaviour, reachable=False)
    if project.type == "vcs" and behaviour.directories == SOUND.directories:
        behaviour = replace(behaviour, directories=_folders(world, project))
    if project.type == "vcs" and not settings.get("port") and not behaviour.unhealthy:
        behaviour = replace(behaviour, unhealthy="no port is set in the project's settings")
    return build(
        world.state.seed,
        deployment.id,
        BuildSettings(
            source=project.type,
            repository=project.source.get("vcsFullName") or project.source.get("vcsRepoId") or project.name,
            branch=deployment.branch or "main",
            commit=deployment.commit or deployment.upload[:7],
            directory=_text(settings, "directoryPath"),
            runtime=_text(settings, "runtime") or "build-ai",
            framework=_text(settings, "framework"),
            install=_text(settings, "installCommand"),
            build=_text(settings, "buildCommand"),
            variables=tuple(settings.get("buildVars") or ()),
            run_variables=tuple(settings.get("runEnvs") or ()),
            dockerfile=settings.get("hasDockerfile") is True,
            build_ai=settings.get("useBuildAI") is True,
            port=settings.get("port") or 8080,
        ),
        behaviour,
        deployment.created // SECOND,
    )


def _folders(world: Core, project: Project) -> tuple[str, ...]:
    """Folders of a project's repository that hold what a build begins with; its top where nothing is known of it."""
    repository = repository_of(world, project)
    split = [path.rpartition("/") for path in repository.files] if repository is not None else []
    return tuple(sorted({folder for folder, _, name in split if name in MANIFESTS})) or SOUND.directories


def last_good_source(world: Core, project: Project) -> str:
    """Name of the source of the newest version that was built and started; where none was, of the newest."""
    deployments = list(world.deployments(project).values())
    good = [one for one in deployments if one.live_at]
    return (good or deployments)[-1].builds if deployments else ""


def failure_of(world: Core, project: Project, deployment: Deployment) -> str:
    """Why a deployment that was built can't be started; empty if it can."""
    if project.type == "image":
        return world.state.sources.get(deployment.builds, SOUND).unhealthy
    return build_of(world, project, deployment).failure


def _text(settings: Mapping[str, Any], name: str) -> str:
    value = settings.get(name)
    return value if isinstance(value, str) else ""
