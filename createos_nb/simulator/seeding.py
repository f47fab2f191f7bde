"""Many projects at once: their histories are worked out from the seed when somebody looks, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from createos_nb.simulator.ids import digest, hex_of, uuid_of
from createos_nb.simulator.moments import DAY, HOUR, MINUTE, SECOND
from createos_nb.simulator.runtimes import FRAMEWORKS
from createos_nb.simulator.state import Deployment, Environment, Project, Repository, Seeded
from createos_nb.simulator.traffic import Profile, Segment

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

_PLACES: Final = ("north", "south", "east", "west", "harbour", "hill", "river", "meadow", "forest", "island", "valley")
_TRADES: Final = ("orders", "ledger", "search", "mail", "stock", "reports", "auth", "media", "maps", "chat", "pricing")
_MESSAGES: Final = (
    "Mend the time zone of reports",
    "Cache the price list",
    "Raise the timeout of the mail queue",
    "Show the stock of a size",
    "Drop an unused table",
    "Log the id of each request",
    "Accept a second address",
    "Speed up the first page",
)
_AGE: Final = 120 * DAY
_KEPT: Final = 3
"""How many of a project's newest good deployments still run."""
_FAILED: Final = 14
"""One deployment in so many failed to build."""
_FIRST_REPOSITORY: Final = 650_000_000
_HEADS: Final = {branch: (hex_of(40, "fleet", branch), f"Start of {branch}") for branch in ("main", "staging")}
BROKEN: Final = "broken"
"""The source of a scenario that a failed deployment was built from."""


def sow(world: Core, projects: int, deployments: int) -> None:
    """Put vcs projects into a world, each with two environments and a repository of its own.

    `deployments` is the number of all of them.
    """
    state = world.state
    user = next(iter(state.users))
    account = state.github[0]
    frameworks = tuple(FRAMEWORKS)
    for n in range(projects):
        framework = frameworks[n % len(frameworks)]
        runtimes, port, install, build, run, _ = FRAMEWORKS[framework]
        count = deployments // projects + (n < deployments % projects)
        name = f"{_PLACES[n // len(_TRADES) % len(_PLACES)]}-{_TRADES[n % len(_TRADES)]}-{n:04}"
        made = (state.now - _AGE + _AGE // 2 * n // projects) // SECOND * SECOND
        repository = Repository(_FIRST_REPOSITORY + n, name, "main", True, [], dict(_HEADS), ["README.md"])
        account.repositories.append(repository)
        project = Project(
            id=uuid_of(state.seed, "project", name),
            user=user,
            name=name,
            display=name.replace("-", " ").capitalize(),
            type="vcs",
            created=made,
            updated=made,
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
                "installCommand": install,
                "buildCommand": build,
                "runCommand": run,
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
        _environments(world, project, n)


def _environments(world: Core, project: Project, n: int) -> None:
    seed, count = world.state.seed, project.versions
    good = [version for version in range(count, max(count - 4 * _KEPT, 0), -1) if not _failed(seed, project, version)]
    for place, name in enumerate(("production", "staging")):
        version = good[1 - place] if len(good) > 1 else good[0] if good else 0
        environment = Environment(
            id=uuid_of(seed, "environment", project.id, name),
            name=name,
            display=name.capitalize(),
            created=project.created,
            updated=project.created,
            host=f"{project.name}.createos.io" if not place else f"{project.name}-{name}.createos.io",
            description=f"{name.capitalize()} of number {n}",
            branch="main" if not place else "staging",
            cpu=(200, 300, 400, 500)[n % 4],
            memory=(500, 768, 1024)[n % 3],
            replicas=1 + (n % 3 if not place else 0),
            variables={"LOG_LEVEL": "info"},
            profiles=[(project.created // SECOND, Profile(rpm=(0.5 + n % 17) if not place else 0.1))],
        )
        if version:
            environment.deployment = _id(seed, project, version)
            start = _made(project, version) // SECOND + 180
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
        world.hosts[environment.host] = (project.id, environment.id)


def _id(seed: int, project: Project, version: int) -> str:
    return uuid_of(seed, "deployment", project.id, version)


def _failed(seed: int, project: Project, version: int) -> bool:
    return digest(seed, "fate", project.id, version, size=1)[0] % _FAILED == 0


def _made(project: Project, version: int) -> int:
    """When a version was made: evenly over the life of the project, the last one an hour before its end."""
    if project.seeded is None:
        return project.created
    span = project.seeded.until - HOUR - project.created
    moment = project.created + span * version // project.seeded.deployments
    return moment // SECOND * SECOND


def unfold(world: Core, project: Project) -> None:
    """Work out the history of a project."""
    seeded, seed = project.seeded, world.state.seed
    if seeded is None:
        return
    running = 0
    made: list[Deployment] = []
    for version in range(seeded.deployments, 0, -1):
        identity = _id(seed, project, version)
        created = _made(project, version)
        failed = _failed(seed, project, version)
        raw = digest(seed, "commit", project.id, version, size=20)
        running += not failed
        done = created + 3 * MINUTE
        deployment = Deployment(
            id=identity,
            version=version,
            status="build_error" if failed else "deployed" if running <= _KEPT else "sleeping",
            created=created,
            updated=done,
            settings=project.settings,
            branch="main" if raw[0] % 3 else "staging",
            commit=raw.hex(),
            message=_MESSAGES[raw[1] % len(_MESSAGES)],
            builds=BROKEN if failed else "",
        )
        if failed:
            deployment.ended_at = done
        else:
            deployment.launched_at, deployment.live_at = done - 20 * SECOND, done
        made.append(deployment)
    later = project.deployments
    project.deployments = {one.id: one for one in reversed(made)} | later
    project.seeded = None
