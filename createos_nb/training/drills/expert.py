"""What puts an incident right, for who knows what it is: the runbooks that the ground truth names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb import runbooks
from createos_nb.client.connect.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from createos_nb.client.client import Client
    from createos_nb.plans import Plan
    from createos_nb.simulator.scenario.schema import CauseSection
    from createos_nb.simulator.world.world import World
    from createos_nb.training.drills.problem import Problem

#: Seconds after the alert at which the expert of the forks acts: it knows the truth, and has to type.
DELAY = 180


def mend(problem: Problem, world: World) -> None:
    """Do in a fork what the ground truth calls for, as soon as somebody could who knows it."""
    world.move(DELAY * 1_000_000)
    client = simulate(world)
    for plan in plans_for(client, problem):
        apply_plan(plan, "what the ground truth calls for")


def apply_plan(plan: Plan, reason: str) -> None:
    """Apply a plan without a word on the screen. Raises what `Plan.apply` raises."""
    plan.apply(confirm=plan.confirmation, reason=reason, on_event=lambda event: None)


def plans_for(client: Client, problem: Problem) -> Iterator[Plan]:
    """Yield the plans that put an incident right, each made when the one before it is done."""
    for cause in problem.causes:
        plan = _plan(client, problem, cause)
        if plan is not None:
            yield plan


def _plan(client: Client, problem: Problem, cause: CauseSection) -> Plan | None:
    project, _, environment = cause.where.partition("/")
    arguments: dict[str, Any] = dict(cause.arguments)
    facts = problem.truth.facts
    if cause.cause == "key_expired":
        return runbooks.create_key(client, f"{cause.where}-new"[:48])
    match cause.runbook:
        case "":
            return None
        case "revoke_key":
            keys = client.api_keys.list()
            others = [
                name for name in keys["name"] if name in {key.name for key in problem.scenario.api_keys if not key.own}
            ]
            return runbooks.revoke_key(client, others[-1])
        case "delete":
            return _deletion(client, problem, cause, arguments)
        case "wake":
            return runbooks.wake(client, project, environment=environment)
        case "assign":
            return runbooks.assign(client, project, arguments["deployment"], environment)
        case "rollback":
            return runbooks.rollback(client, project, environment, diagnosis=None, **arguments)
        case "set_variables":
            values = {name: facts.get("value_before", "a value") for name in arguments["variables"]}
            return runbooks.set_variables(client, project, environment, values)
        case "settings":
            if "build_vars" in arguments:
                arguments["build_vars"] = dict.fromkeys(arguments["build_vars"], "a value")
            return runbooks.settings(client, project, redeploy=True, **arguments)
        case other:
            return getattr(runbooks, other)(client, project, environment, **arguments)  # type: ignore[no-any-return]  # a runbook


def _deletion(client: Client, problem: Problem, cause: CauseSection, arguments: dict[str, Any]) -> Plan:
    if "project" in arguments:
        return runbooks.delete(client, arguments["project"])
    owner = next(
        one.name for one in problem.scenario.projects if any(cause.where == domain.name for domain in one.domains)
    )
    return runbooks.delete(client, owner, domain=arguments["domain"])


def can_be_mended(problem: Problem) -> bool:
    """Return whether anything here puts any of the causes right."""
    return any(cause.runbook or cause.cause == "key_expired" for cause in problem.causes)
