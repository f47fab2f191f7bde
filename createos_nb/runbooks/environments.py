"""The candidate environment beside the one that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.contract.environments import Environment
from createos_nb.errors import InvalidInput
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.gates import Gate, ReleaseGate, ServerErrorRate
from createos_nb.plans.snapshot import id_of, name_of
from createos_nb.plans.steps.base import CREATED
from createos_nb.plans.steps.checks import Watch
from createos_nb.plans.steps.create import CreateEnvironment
from createos_nb.plans.steps.environments import accepted, resources_of, target_of
from createos_nb.runbooks.arguments import validate

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step


def ensure_environment(
    client: Client, project: Project, row: Environment | None, name: str, like: Environment, steps: list[Step]
) -> Environment:
    """Return the environment, or one that a step creates like another one: that step joins the steps.

    Raises `InvalidInput` for a name that an environment can't have.
    """
    if row is not None:
        return row
    name = validate(client, "CreateProjectEnvironment", "unique_name", name)
    resources = resources_of(like)
    text = f"Second environment of {name_of(like)}"
    step = CreateEnvironment(
        target=target_of(project),
        why=f"beside {name_of(like)}, and like it",
        name=name,
        display=accepted("display name", name.capitalize(), name) or name.capitalize(),
        description=accepted("description", text, name) or text,
        branch=like.branch,
        cpu=resources["cpu"] or 200,
        memory=resources["memory"] or 500,
        replicas=resources["replicas"] or 1,
        like=id_of(like),
    )
    steps.append(step)
    return Environment(id=f"{CREATED}{len(steps) - 1}", unique_name=name)


def watch_step(
    project: Project,
    candidate: Environment,
    baseline: Environment,
    paths: list[str],
    requests: int,
    seconds: float,
    gate: Gate,
) -> tuple[Watch, TransientInputs | None]:
    """Return the step that watches a candidate, and its transient inputs."""
    shipped: ReleaseGate | ServerErrorRate | None
    if isinstance(gate, ReleaseGate | ServerErrorRate):
        shipped, inputs = gate, None
    else:
        shipped, inputs = None, TransientInputs(gate=gate)
    rate = shipped.otherwise if isinstance(shipped, ReleaseGate) else shipped
    if rate is not None and rate.minimum > requests:
        raise InvalidInput(f"the gate needs {rate.minimum} requests, and requests={requests}")
    step = Watch(
        target=target_of(project, candidate),
        why=str(shipped or "the gate decides"),
        paths=paths,
        requests=requests,
        baseline=id_of(baseline),
        baseline_name=name_of(baseline),
        seconds=float(seconds),
        gate=shipped,
    )
    return step, inputs
