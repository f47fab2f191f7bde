"""The second environment beside one that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.gate import Gate, ReleaseGate, ServerErrorRate
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.present import Row
from createos_nb.plans.steps.environments import accepted, target_of
from createos_nb.plans.steps.making import MakeEnvironment
from createos_nb.plans.steps.step import MADE, Target
from createos_nb.plans.steps.watching import Watch
from createos_nb.runbooks.asked import value_of

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.steps.step import Step


def side_of(client: Client, project: Row, row: Row | None, name: str, like: Row, steps: list[Step]) -> Row:
    """The environment, or one that a step makes after the model of another: that step joins the steps.

    Raises `InvalidInput` for a name that an environment can't have.
    """
    if row is not None:
        return row
    name = value_of(client, "CreateProjectEnvironment", "unique_name", name)
    held = like.get("resources") or {}
    text = f"Second side of {like['uniqueName']}"
    step = MakeEnvironment(
        target=target_of(project),
        why=f"beside {like['uniqueName']}, and like it",
        name=name,
        display=accepted("display name", name.capitalize(), name) or name.capitalize(),
        description=accepted("description", text, name) or text,
        branch=like.get("branch"),
        cpu=int(held.get("cpu") or 200),
        memory=int(held.get("memory") or 500),
        replicas=int(held.get("replicas") or 1),
        like=like["id"],
    )
    steps.append(step)
    return {"id": f"{MADE}{len(steps) - 1}", "uniqueName": name, "projectDeploymentId": None}


def watch_of(
    project: Row, side: Row, baseline: Row, paths: list[str], requests: int, seconds: float, gate: Gate
) -> tuple[Watch, Hidden | None]:
    """The step that watches a side, and what of it no journal holds."""
    shipped: ReleaseGate | ServerErrorRate | None
    if isinstance(gate, ReleaseGate | ServerErrorRate):
        shipped, own = gate, None
    else:
        shipped, own = None, Hidden(gate=gate)
    rate = shipped.otherwise if isinstance(shipped, ReleaseGate) else shipped
    if rate is not None and rate.minimum > requests:
        raise InvalidInput(f"the gate needs {rate.minimum} requests, and requests={requests}")
    target = Target(
        project=project["id"],
        project_name=project["uniqueName"],
        environment=side["id"],
        environment_name=side["uniqueName"],
    )
    step = Watch(
        target=target,
        why=str(shipped or "the gate decides"),
        paths=paths,
        requests=requests,
        beside=baseline["id"],
        beside_name=baseline["uniqueName"],
        seconds=float(seconds),
        gate=shipped,
    )
    return step, own
