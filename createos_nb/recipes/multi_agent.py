"""The recipe of several agents: projects of one app, one of which knows the addresses of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.snapshot import Snapshot, id_of
from createos_nb.plans.steps.base import CREATED, Target
from createos_nb.plans.steps.create_app import CreateApp
from createos_nb.recipes.patterns import APP, ORCHESTRATOR, worker_variable
from createos_nb.runbooks.arguments import validate, validate_variables
from createos_nb.runbooks.launch_steps import Address, LaunchRequest, launch_steps

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import TransientInputs
    from createos_nb.plans.plan import Plan
    from createos_nb.plans.steps.base import Step

_WHAT: Final = "multi_agent"
#: What an agent is described by: arguments of `runbooks.launch`.
_KEYS: Final = (
    "source",
    "image",
    "repository",
    "settings",
    "variables",
    "cpu",
    "memory",
    "replicas",
    "paths",
    "domain",
)

Agent = Mapping[str, Any]


def multi_agent(
    client: Client,
    name: str,
    *,
    orchestrator: Agent,
    workers: Mapping[str, Agent],
    app: str = APP,
    environment: str = "production",
) -> Plan:
    """Launch several agents in one app, as one plan: workers, and an orchestrator that knows their addresses.

    The documentation's: an app "Agent Swarm", an orchestrator, and workers such as researcher and executor, whose
    addresses it has in WORKER_RESEARCHER_URL and WORKER_EXECUTOR_URL; they talk over HTTP or gRPC.

    Ours: each project is called `name`, a dash and the agent, because a project's name has to be free on the whole
    platform; the workers come first, and their addresses are those that the platform tells then, because the
    documentation's (https://researcher.createos.io) are of a domain that is reached no more; settings that are left out
    are found in each source as `runbooks.launch` does; one environment each, which is called alike.

    A run that was interrupted is resumed to one app and one project each. `plans.resume` takes what no journal holds by
    project: `source={"swarm-researcher": …}`, `variables={"swarm-researcher.TOKEN": …}` (or "TOKEN" where all have the
    same). Its undo deletes the projects with all that is in them, and the app if the run has created it.

    Args:
        client: an open client, of the platform or of a simulated world.
        name: what the names of the projects begin with.
        orchestrator: what the orchestrator is: arguments of `runbooks.launch` by name: one of source, image and
            repository; settings, variables, cpu, memory, replicas, paths, domain.
        workers: the same of each worker, by its name, such as {"researcher": {"image": …, "settings": {"port": 8000}}}.
        app: the app that groups them, by name or id; it is created where there is none of that name.
        environment: unique name of the environment of each.

    Returns:
        A plan of five steps for each project (seven with a domain), and one for the app. Nothing is changed before
        `apply`. Each project is verified from outside.

    Raises:
        InvalidInput: an agent is described by something else; it is not said what to launch; the orchestrator has a
            variable already that is to hold an address.
        UnknownName: there is no such repository or branch.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.recipes.multi_agent(
        ...     client,
        ...     "swarm",
        ...     orchestrator={"source": {"main.py": "…", "requirements.txt": ""}, "settings": {"port": 8000}},
        ...     workers={
        ...         "researcher": {"image": "ghcr.io/juniper-goods/researcher:v1", "settings": {"port": 8000}},
        ...         "executor": {"image": "ghcr.io/juniper-goods/executor:v1", "settings": {"port": 8000}},
        ...     },
        ... )
        >>> len(plan.steps), plan.title
        (16, 'launch swarm-researcher, swarm-executor, swarm-orchestrator in app Agent Swarm')
        >>> plan.apply().checks.result
        'PASS'
        >>> client.apps.projects("Agent Swarm")["unique_name"].sort_values().tolist()
        ['swarm-executor', 'swarm-orchestrator', 'swarm-researcher']
    """
    if not isinstance(workers, Mapping) or not workers:
        raise InvalidInput(f"{_WHAT}: workers: what each is, by its name, such as {{'researcher': {{'image': …}}}}")
    if ORCHESTRATOR in workers:
        raise InvalidInput(f"{_WHAT}: workers: {ORCHESTRATOR!r} is the name of the orchestrator's project")
    agents = {str(worker): _checked(str(worker), agent) for worker, agent in workers.items()}
    agents[ORCHESTRATOR] = _checked(ORCHESTRATOR, orchestrator)
    variables = {worker: worker_variable(worker) for worker in agents if worker != ORCHESTRATOR}
    if len(set(variables.values())) < len(variables):
        raise InvalidInput(f"{_WHAT}: workers: two of these names make one variable: {', '.join(variables)}")
    if taken := sorted(set(variables.values()) & set(agents[ORCHESTRATOR].get("variables") or {})):
        raise InvalidInput(
            f"{_WHAT}: {ORCHESTRATOR}: {', '.join(taken)} is set by the plan, to the address of a worker"
        )

    snapshot = Snapshot(client)
    steps: list[Step] = []
    app_ids = _app(snapshot, validate(client, "CreateApp", "name", app), steps)
    inputs: dict[int, TransientInputs] = {}
    addresses: dict[str, Address] = {}
    arguments: dict[str, Any] = {}
    warnings: list[str] = []
    names = []
    for agent, described in agents.items():
        first = len(steps)
        request = LaunchRequest(
            name=f"{name}-{agent}",
            environment=environment,
            addresses=addresses if agent == ORCHESTRATOR else {},
            what=f"{_WHAT}: {agent}",
            among=True,
            **described,
        )
        made = launch_steps(snapshot, request, app_ids, first)
        addresses[variables.get(agent, "")] = Address(f"{CREATED}{first}", f"{CREATED}{first + 1}", request.name)
        steps += made.steps
        inputs |= made.inputs
        arguments[agent] = made.arguments
        warnings += made.warnings
        names.append(request.name)
    return make_plan(
        snapshot,
        f"launch {', '.join(names)} in app {app_ids[1]}",
        steps,
        runbook=_WHAT,
        arguments={"name": name, "agents": arguments, "app": app, "environment": environment},
        inputs=inputs,
        warnings=warnings,
    )


def _checked(agent: str, described: Agent) -> dict[str, Any]:
    """What an agent is described by. Raises `InvalidInput`."""
    what = f"{_WHAT}: {agent}"
    if not isinstance(described, Mapping):
        raise InvalidInput(f"{what}: a map such as {{'image': …, 'settings': {{'port': 8000}}}}, not {described!r}")
    if other := [key for key in described if key not in _KEYS]:
        raise InvalidInput(f"{what}: {', '.join(map(str, other))}: an agent has {', '.join(_KEYS)}")
    result = dict(described)
    if result.get("variables"):
        result["variables"] = {
            name: value
            for name, value in validate_variables(result["variables"], f"{what}: variables").items()
            if value is not None
        }
    return result


def _app(snapshot: Snapshot, app: str, steps: list[Step]) -> tuple[str, str]:
    """Id and name of the app; where there is none, a step that creates it is added."""
    for row in snapshot.apps():
        if app in (row.name, row.id):
            return id_of(row), row.name or id_of(row)
    steps.append(CreateApp(target=Target(project="", project_name="", thing_name=app), why="it groups them"))
    return f"{CREATED}{len(steps) - 1}", app
