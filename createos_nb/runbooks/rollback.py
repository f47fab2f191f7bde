"""Rolling back: the newest healthy older deployment is assigned again; nothing is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of, version_of
from createos_nb.plans.steps.auto_promotion import promotion_step
from createos_nb.plans.steps.environments import assign_step, wake_step
from createos_nb.runbooks.auto_promote import release
from createos_nb.runbooks.candidates import candidates_of
from createos_nb.runbooks.opinion import Opinion

if TYPE_CHECKING:
    import os

    from createos_nb.client.client import Client
    from createos_nb.contract.deployments import Deployment
    from createos_nb.contract.projects import Project
    from createos_nb.diagnostics.diagnosis import Diagnosis
    from createos_nb.plans.steps.base import Step

_RUN_TIME = "run-time variables are not rolled back: it runs with those of today"


def rollback(
    client: Client,
    project: str,
    environment: str,
    *,
    to: str | int | None = None,
    hold: bool = True,
    allow_description_change: bool = False,
    snapshot: pd.DataFrame | None = None,
    journals: str | os.PathLike[str] | None = None,
    diagnosis: Diagnosis | bool | None = True,
) -> Plan:
    """Assign an older deployment to an environment again.

    Without `to`: the newest older deployment that served in the environment and was healthy. `plan.candidates` shows
    what there was to choose from: version, deployment, status, eligible, why_not, evidence (journal, snapshot,
    inferred, none), because, and what is known of its traffic. The platform keeps no history of assignments: evidence
    is what a journal says, what a snapshot says, or what branch, auto-promotion and analytics let infer.

    One that sleeps is woken first. Auto-promotion is held, or the next push would undo the rollback;
    `plan.follow_up("release")` is the plan that releases it. Where the platform would not take the environment's
    description back with that change, the plan can't be applied, and says so.

    A diagnosis is made beside it, and what it says of a rollback stands among the warnings: that it agrees, speaks
    against it (the fault lies outside, or a variable is missing), or does not know. It refuses nothing, and is no part
    of the digest.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.
        to: version of the deployment to roll back to, such as 15 or "v15", or its id.
        hold: hold auto-promotion, too.
        allow_description_change: let the plan change a description that the platform would not take back when
            auto-promotion is switched: it takes letters, digits, spaces, `_` and `-` only. The plan shows the new text.
        snapshot: an earlier frame of `client.environments.list`, as evidence of what served then.
        journals: the folder of journals to take evidence from (default: `plans.default_folder()`).
        diagnosis: what `diagnostics.diagnose` has just returned for this environment, which costs no request; True to
            make one (7 requests more where all is well, up to 26 in trouble), False or None for none.

    Returns:
        A plan of at most three steps (hold, wake, assign); where `to` is live already, of the first at most, with a
        warning that says so. Nothing is changed before `apply`.

    Raises:
        InvalidInput: there is nothing to roll back to, `to` can't be rolled back to, or the diagnosis is of something
            else.
        UnknownName: there is no such project, environment or deployment.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> plan = createos_nb.runbooks.rollback(client, "storefront", "production")
        >>> plan.title
        'roll storefront / production back from v4 to v3'
        >>> plan.candidates.loc[plan.candidates["eligible"], "version"].tolist()
        [3, 2, 1]
        >>> receipt = plan.apply(confirm=plan.digest, reason="a third of the checkouts fail")
        >>> receipt.checks.result
        'PASS'
        >>> client = createos_nb.simulate("shared-incident")
        >>> diagnosis = createos_nb.diagnostics.diagnose(client, "storefront", "production")
        >>> plan = createos_nb.runbooks.rollback(client, "storefront", "production", diagnosis=diagnosis)
        >>> plan.warnings[0].split(" (")[0]
        'the diagnosis speaks against it: external_dependency since 13:30 UTC'
    """
    opinion = Opinion(diagnosis, "rollback")
    current = Snapshot(client)
    with opinion.beside(client, project, environment):
        owner = current.find_project(project, "environments", "deployments")
        row = current.find_environment(owner, environment)
        name = f"{name_of(owner)} / {name_of(row)}"
        running = current.live_deployment(id_of(owner), row)
        if running is None:
            raise InvalidInput(
                f"nothing is live in {name}: there is nothing to roll back (runbooks.assign assigns one)"
            )
        requested = None if to is None else current.find_deployment(owner, to)
        candidates = candidates_of(current, owner, row, running, snapshot=snapshot, journals=journals)
    chosen, why = _chosen(candidates, current, owner, requested, name)
    is_live = chosen.id == running.id
    steps: list[Step] = []
    warnings: list[str] = [*opinion.lines(client, owner, row, {"to": chosen.version_number}), _RUN_TIME]
    if is_live:
        warnings = [f"{version_of(chosen)} is live in {name} already: {_offer(candidates)}"]
    follow_ups: dict[str, Any] = {}
    promotes = current.promotes_itself(row)
    if promotes is None:
        warnings.append("whether the environment promotes by itself can't be read: a push may undo the rollback")
    elif promotes and hold:
        step, notes = promotion_step(
            owner, row, False, "or the next push would undo the rollback", allow_description_change
        )
        steps.append(step)
        warnings += notes
        warnings.append('auto-promotion stays held: plan.follow_up("release") releases it when the fix is there')
        follow_ups["release"] = lambda: release(client, id_of(owner), id_of(row))
    elif promotes:
        warnings.append(f"auto-promotion stays on: the next push to {row.branch} undoes the rollback")
    if not is_live:
        if in_status(chosen, "sleeping"):
            steps.append(wake_step(id_of(owner), name_of(owner), chosen, "it has to run before it can be assigned"))
        steps.append(assign_step(owner, row, running, id_of(chosen), version_of(chosen), why))
    if chosen.settings != running.settings:
        warnings.append(f"{version_of(chosen)} was built with other settings than {version_of(running)}")
    return make_plan(
        current,
        f"leave {name} on {version_of(chosen)}, which is live already"
        if is_live
        else f"roll {name} back from {version_of(running)} to {version_of(chosen)}",
        steps,
        runbook="rollback",
        arguments={
            "project": id_of(owner),
            "environment": id_of(row),
            "to": None if to is None else id_of(chosen),
            "hold": hold,
            "allow_description_change": allow_description_change,
        },
        warnings=warnings,
        candidates=candidates,
        diagnosis=opinion.diagnosis,
        follow_ups=follow_ups,
    )


def _chosen(
    candidates: pd.DataFrame,
    current: Snapshot,
    owner: Project,
    requested: Deployment | None,
    name: str,
) -> tuple[Deployment, str]:
    """The deployment to roll back to, and why. Raises `InvalidInput`."""
    if requested is not None:
        if not in_status(requested, "deployed", "sleeping"):
            raise InvalidInput(
                f"{version_of(requested)} is {requested.status}: only what is deployed or sleeps can be assigned"
            )
        return requested, "asked for"
    eligible = candidates[candidates["eligible"]]
    if eligible.empty:
        reasons = "".join(f"\n  · v{row.version}: {row.why_not}" for row in candidates.head(8).itertuples())
        raise InvalidInput(
            f"{name}: no older deployment is known to have served there and been healthy:{reasons}\n→ to="
        )
    best = eligible.iloc[0]
    row = current.deployment(id_of(owner), str(best["deployment"]))
    if row is None:
        raise InvalidInput(f"v{best['version']} has just gone: try again")
    return row, f"the newest older one that is fit: {best['because']}"


def _offer(candidates: pd.DataFrame) -> str:
    """Which versions `to` could name, or how to find them."""
    fit = [f"to={version}" for version in candidates.loc[candidates["eligible"], "version"].head(3)]
    return f"older ones that are fit: {', '.join(fit)}" if fit else "no older one is known to be fit"
