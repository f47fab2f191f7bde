"""A fleet of many projects at once, each with a history that is expanded from the seed when somebody looks."""

from __future__ import annotations

from typing import Final

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import hex_of, uuid_of
from createos_nb.simulator.platform.runtimes import FRAMEWORKS
from createos_nb.simulator.seeded_history import RUNNING, build_failed, created_at, deployment_id
from createos_nb.simulator.state import Environment, Project, Repository, Seeded
from createos_nb.simulator.times import DAY, SECOND
from createos_nb.simulator.traffic import Profile, Segment

_PLACES: Final = ("north", "south", "east", "west", "harbour", "hill", "river", "meadow", "forest", "island", "valley")
_TRADES: Final = ("orders", "ledger", "search", "mail", "stock", "reports", "auth", "media", "maps", "chat", "pricing")
_AGE: Final = 120 * DAY
_FIRST_REPOSITORY: Final = 650_000_000
_HEADS: Final = {branch: (hex_of(40, "fleet", branch), f"Start of {branch}") for branch in ("main", "staging")}


def generate_fleet(context: WorldContext, projects: int, deployments: int) -> None:
    """Put vcs projects into a world, each with two environments and a repository of its own.

    `deployments` is the number of all of them.
    """
    state = context.state
    user = next(iter(state.users))
    account = state.github[0]
    frameworks = tuple(FRAMEWORKS)
    for n in range(projects):
        framework = frameworks[n % len(frameworks)]
        runtimes, port, install, build, run, _ = FRAMEWORKS[framework]
        # A field without a value is left out: the platform takes no empty command.
        commands = {"installCommand": install, "buildCommand": build, "runCommand": run}
        count = deployments // projects + (n < deployments % projects)
        name = f"{_PLACES[n // len(_TRADES) % len(_PLACES)]}-{_TRADES[n % len(_TRADES)]}-{n:04}"
        created = (state.now - _AGE + _AGE // 2 * n // projects) // SECOND * SECOND
        repository = Repository(_FIRST_REPOSITORY + n, name, "main", True, [], dict(_HEADS), ["README.md"])
        account.repositories.append(repository)
        project = Project(
            id=uuid_of(state.seed, "project", name),
            user=user,
            name=name,
            display=name.replace("-", " ").capitalize(),
            type="vcs",
            created=created,
            updated=created,
            description=f"Number {n} of the fleet",
            source={
                "vcsName": "github",
                "vcsInstallationId": str(account.installation),
                "vcsRepoId": str(repository.id),
                "vcsFullName": f"{account.username}/{name}",
            },
            settings={
                "runtime": runtimes[0],
                "framework": framework,
                "port": port,
                **{name: command for name, command in commands.items() if command},
                "hasDockerfile": False,
                "useBuildAI": False,
                "ignoreBranches": [],
                "runEnvs": {"LOG_LEVEL": "info"},
                "buildVars": {},
            },
            versions=count,
            seeded=Seeded(count, state.now),
        )
        state.projects[project.id] = project
        _environments(context, project, n)


def _environments(context: WorldContext, project: Project, n: int) -> None:
    seed, count, base = context.state.seed, project.versions, context.state.settings.base_domain
    good = [
        version for version in range(count, max(count - 4 * RUNNING, 0), -1) if not build_failed(seed, project, version)
    ]
    for place, name in enumerate(("production", "staging")):
        version = good[1 - place] if len(good) > 1 else good[0] if good else 0
        environment = Environment(
            id=uuid_of(seed, "environment", project.id, name),
            name=name,
            display=name.capitalize(),
            created=project.created,
            updated=project.created,
            host=f"{project.name}.{base}" if not place else f"{project.name}-{name}.{base}",
            description=f"{name.capitalize()} of number {n}",
            branch="main" if not place else "staging",
            cpu=(200, 300, 400, 500)[n % 4],
            memory=(500, 768, 1024)[n % 3],
            replicas=1 + (n % 3 if not place else 0),
            variables={"LOG_LEVEL": "info"},
            profiles=[(project.created // SECOND, Profile(rpm=(0.5 + n % 17) if not place else 0.1))],
        )
        if version:
            environment.deployment = deployment_id(seed, project, version)
            start = created_at(project, version) // SECOND + 180
            environment.segments.append(
                Segment(
                    start=start,
                    deployment=environment.deployment,
                    version=version,
                    replicas=environment.replicas,
                    cpu=environment.cpu,
                    memory=environment.memory,
                    port=project.settings["port"],
                    runtime=project.settings["runtime"],
                    framework=project.settings["framework"],
                    launched=start - 20,
                )
            )
        project.environments[environment.id] = environment
        context.hosts[environment.host] = (project.id, environment.id)
