"""The candidate environment beside the one that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.gates import Gate, ReleaseGate, ServerErrorRate
from createos_nb.plans.snapshot import Row
from createos_nb.plans.steps.base import CREATED, Target
from createos_nb.plans.steps.checks import Watch
from createos_nb.plans.steps.create import CreateEnvironment
from createos_nb.plans.steps.environments import accepted, target_of
from createos_nb.runbooks.arguments import validate

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step


def ensure_environment(client: Client, project: Row, row: Row | None, name: str, like: Row, steps: list[Step]) -> Row:
    """Return the environment, or one that a step creates like another one: that step joins the steps.

    Raises `InvalidInput` for a name that an environment can't have.
    """
    if row is not None:
        return row
    name = validate(client, "CreateProjectEnvironment", "unique_name", name)
    resources = like.get("resources") or {}
    text = f"Second environment of {like['uniqueName']}"
    step = CreateEnvironment(
        target=target_of(project),
        why=f"beside {like['uniqueName']}, and like it",
        name=name,
        display=accepted("display name", name.capitalize(), name) or name.capitalize(),
        description=accepted("description", text, name) or text,
        branch=like.get("branch"),
        cpu=int(resources.get("cpu") or 200),
        memory=int(resources.get("memory") or 500),
        replicas=int(resources.get("replicas") or 1),
        like=like["id"],
    )
    steps.append(step)
    return {"id": f"{CREATED}{len(steps) - 1}", "uniqueName": name, "projectDeploymentId": None}


def watch_step(
    project: Row, candidate: Row, baseline: Row, paths: list[str], requests: int, seconds: float, gate: Gate
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
    target = Target(
        project=project["id"],
        project_name=project["uniqueName"],
        environment=candidate["id"],
        environment_name=candidate["uniqueName"],
    )
    step = Watch(
        target=target,
        why=str(shipped or "the gate decides"),
        paths=paths,
        requests=requests,
        baseline=baseline["id"],
        baseline_name=baseline["uniqueName"],
        seconds=float(seconds),
        gate=shipped,
    )
    return step, inputs
