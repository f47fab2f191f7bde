"""How a deployment is going to fare, decided when it is made: by what is deployed and by its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.platform.github import repository_of
from createos_nb.simulator.platform.runtimes import runtime_of
from createos_nb.simulator.state import Deployment, Outcome, Project
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import MANIFESTS, Build, BuildBehavior, BuildSettings, build

USUAL: Final = Outcome()
SOUND: Final = BuildBehavior()
REMEMBERED: Final = 256
"""Builds that a world keeps in mind; the others are worked out again."""


def decide(context: WorldContext, project: Project, deployment: Deployment) -> None:
    """Decide the outcome of a new deployment."""
    outcome = context.state.outcomes.get(deployment.commit or deployment.image or deployment.upload, USUAL)
    deployment.source, deployment.behavior = outcome.source, outcome.behavior
    variables = dict(deployment.settings.get("runEnvs") or {})
    for environment in project.environments.values():
        variables.update(environment.variables)
    if any(variables.get(name, value) != value for name, value in outcome.values.items()):
        deployment.behavior = outcome.otherwise
    deployment.missing = next((name for name in outcome.requires if name not in variables), "")


def build_of(context: WorldContext, project: Project, deployment: Deployment) -> Build:
    """Return the build of a deployment, from beginning to end, as it is going to be or has been."""
    build_result = context.builds.get(deployment.id)
    if build_result is None:
        if len(context.builds) >= REMEMBERED:
            context.builds.clear()
        build_result = context.builds[deployment.id] = _build(context, project, deployment)
    return build_result


def _build(context: WorldContext, project: Project, deployment: Deployment) -> Build:
    settings = deployment.settings
    behavior = context.state.sources.get(deployment.source, SOUND)
    if project.type == "vcs" and not deployment.commit:
        behavior = replace(behavior, reachable=False)
    if project.type == "vcs" and behavior.directories == SOUND.directories:
        behavior = replace(behavior, directories=_folders(context, project))
    if project.type == "vcs" and not settings.get("port") and not behavior.unhealthy:
        behavior = replace(behavior, unhealthy="no port is set in the project's settings")
    return build(
        context.state.seed,
        deployment.id,
        BuildSettings(
            source=project.type,
            repository=project.source.get("vcsFullName") or project.source.get("vcsRepoId") or project.name,
            branch=deployment.branch or "main",
            commit=deployment.commit or deployment.upload[:7],
            directory=_text(settings, "directoryPath"),
            runtime=runtime_of(settings) or "build-ai",
            framework=_text(settings, "framework"),
            install=_text(settings, "installCommand"),
            build=_text(settings, "buildCommand"),
            variables=tuple(settings.get("buildVars") or ()),
            run_variables=tuple(settings.get("runEnvs") or ()),
            dockerfile=settings.get("hasDockerfile") is True,
            build_ai=settings.get("useBuildAI") is True,
            port=settings.get("port") or 8080,
        ),
        behavior,
        deployment.created // SECOND,
    )


def _folders(context: WorldContext, project: Project) -> tuple[str, ...]:
    """Return the folders of a project's repository that a build can begin in; its top where nothing is known of it."""
    repository = repository_of(context, project)
    split = [path.rpartition("/") for path in repository.files] if repository is not None else []
    return tuple(sorted({folder for folder, _, name in split if name in MANIFESTS})) or SOUND.directories


def last_good_source(context: WorldContext, project: Project) -> str:
    """Return the name of the source of the newest version that was built and started; where none was, of the newest."""
    deployments = list(context.deployments(project).values())
    good = [deployment for deployment in deployments if deployment.live_at]
    return (good or deployments)[-1].source if deployments else ""


def failure_of(context: WorldContext, project: Project, deployment: Deployment) -> str:
    """Return why a deployment that was built can't be started; empty if it can."""
    if project.type == "image":
        return context.state.sources.get(deployment.source, SOUND).unhealthy
    return build_of(context, project, deployment).failure


def _text(settings: Mapping[str, Any], name: str) -> str:
    value = settings.get(name)
    return value if isinstance(value, str) else ""
