"""The steps that launch a project: those of a plan of its own, or some of a plan that launches several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from createos_nb.contract.environments import Environment
from createos_nb.contract.projects import Project
from createos_nb.errors import InvalidInput
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.steps.base import CREATED, Target
from createos_nb.plans.steps.checks import Probe
from createos_nb.plans.steps.create import CreateEnvironment
from createos_nb.plans.steps.create_project import CreateProject
from createos_nb.plans.steps.environments import accepted, assign_step, target_of
from createos_nb.plans.steps.upload import Upload
from createos_nb.plans.steps.variables import fingerprints
from createos_nb.runbooks.arguments import validate, validate_paths
from createos_nb.runbooks.deploy import deploy_step
from createos_nb.runbooks.domains import adding_steps, valid_domain, waits_for_records
from createos_nb.runbooks.launch_sources import PatternSetting, Variables, kind_of, origin_of, own_settings, secrets_of

if TYPE_CHECKING:
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step

#: Requests that verify it from outside.
_REQUESTS: Final = 3


class Address(NamedTuple):
    """An environment whose address is wanted: ids, such as "created by step 3", and what it is called."""

    project: str
    environment: str
    name: str


@dataclass(frozen=True, kw_only=True)
class LaunchRequest:
    """What to launch: the arguments of `runbooks.launch`, and what a recipe adds.

    Attributes:
        pattern: settings of the recipe, in the wire's spelling.
        probe: the kind of step that verifies it from outside.
        addresses: variables of the environment that hold the address of another one, by name.
        what: what errors begin with.
        among: it is one of several: what a resumed run needs once more is told apart by the project's name.
    """

    name: str
    source: Any = None
    image: str | None = None
    repository: str | None = None
    settings: Mapping[str, Any] | None = None
    variables: Variables | None = None
    environment: str = "production"
    cpu: int = 200
    memory: int = 500
    replicas: int = 1
    paths: str | Sequence[str] = "/"
    domain: str | None = None
    pattern: Mapping[str, PatternSetting] = field(default_factory=dict)
    probe: type[Probe] = Probe
    addresses: Mapping[str, Address] = field(default_factory=dict)
    what: str = "launch"
    among: bool = False


@dataclass(frozen=True)
class LaunchSteps:
    """The steps of a launch, their transient inputs by number in the plan, and what the plan says of them."""

    steps: list[Step]
    inputs: dict[int, TransientInputs]
    arguments: dict[str, Any]
    title: str
    domain: str | None
    warnings: list[str]


def launch_steps(snapshot: Snapshot, request: LaunchRequest, app: tuple[str, str], first: int = 0) -> LaunchSteps:
    """Return the steps of a launch. Raises what `runbooks.launch` raises.

    Args:
        snapshot: of the account.
        request: what to launch.
        app: id and name of the app of the project; "" for none.
        first: the number of its first step in the plan, from 0.
    """
    client, what = snapshot.client, request.what
    given = {"source": request.source, "image": request.image, "repository": request.repository}
    kind = kind_of(given, what)
    name = validate(client, "CreateProject", "unique_name", request.name)
    environment = validate(client, "CreateProjectEnvironment", "unique_name", request.environment)
    size = {"cpu": request.cpu, "memory": request.memory, "replicas": request.replicas}
    size = validate(client, "CreateProjectEnvironment", "resources", size)
    domain = request.domain
    domain = None if domain is None else valid_domain(client, domain)
    paths = validate_paths(request.paths)
    own, build_values = own_settings(kind, what, request.settings)
    run_values = secrets_of(request.variables, "variables", what)
    build_prints, run_prints = (fingerprints(client, values) for values in (build_values, run_values))
    if differing := [one for one in build_prints if run_prints.get(one, build_prints[one]) != build_prints[one]]:
        raise InvalidInput(f"{what}: {', '.join(differing)}: one value in build_vars and another in variables")
    origin = origin_of(snapshot, what, given, own, request.pattern)

    def created(number: int) -> str:
        return f"{CREATED}{first + number}"

    project = Project(id=created(0), unique_name=name, type=kind)
    place = Environment(id=created(1), unique_name=environment)
    deploy, sources, contents = deploy_step(
        snapshot, project, None, request.image, request.source, origin.branch or None
    )
    qualifier = name if request.among else ""
    if isinstance(deploy, Upload):
        deploy.qualifier = qualifier
    steps: list[Step] = [
        CreateProject(
            target=Target(project="", project_name=name),
            why="the name is its address",
            display=_text("display name", name.replace("-", " ").capitalize(), name),
            type=kind,
            settings=origin.detection.settings,
            reasons=origin.detection.reasons,
            build_variables=build_prints,
            source=dict(origin.source),
            repository=origin.repository,
            branch=origin.branch,
            app=app[0],
            app_name=app[1],
            qualifier=qualifier,
        ),
        CreateEnvironment(
            target=target_of(project),
            why="where it serves",
            name=environment,
            display=_text("display name", environment.capitalize(), environment),
            description=_text("description", f"{environment.capitalize()} of {name}", environment),
            branch=origin.branch or None,
            variables=run_prints,
            addresses={variable: [one.project, one.environment] for variable, one in request.addresses.items()},
            labels={one.environment: f"the address of {one.name}" for one in request.addresses.values()},
            qualifier=qualifier,
            **size,
        ),
        deploy,
        assign_step(project, place, None, created(2), "the new deployment", "it is live from then on"),
        request.probe(
            target=target_of(project, place),
            why="verified from outside",
            paths=paths,
            requests=_REQUESTS,
        ),
    ]
    warnings: list[str] = []
    if domain is not None:
        steps += adding_steps(created(0), name, domain, place, created(5))
        warnings.append(waits_for_records(domain))
    inputs = {first + steps.index(deploy): of_source for of_source in sources.values()}
    inputs |= {
        first + number: TransientInputs(values=values)
        for number, values in enumerate((build_values, run_values))
        if values
    }
    arguments = {
        "name": name,
        **contents,
        "repository": origin.repository or None,
        "settings": own,
        "variables": {**build_prints, **run_prints},
        "environment": environment,
        "size": size,
        "paths": paths,
        "domain": domain,
    }
    return LaunchSteps(steps, inputs, arguments, f"{name}: {deploy.source()}", domain, warnings)


def _text(field: str, text: str, otherwise: str) -> str:
    return accepted(field, text, otherwise) or otherwise
