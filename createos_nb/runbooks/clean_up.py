"""Cleaning up a project: old, failed, asleep and unrouted deployments go in bulk, and what is needed stays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.render import Part
from createos_nb.plans.snapshot import Snapshot, id_of, name_of, version_of
from createos_nb.plans.steps.base import Target
from createos_nb.plans.steps.clean_up import UNFINISHED, CancelDeployment, CleanUpDeployment
from createos_nb.runbooks.candidates import source_of
from createos_nb.runbooks.unneeded import Choice, choices_frame, choose

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step


def clean_up(
    client: Client,
    project: str,
    *,
    keep: int = 3,
    spare: Sequence[str | int] = (),
    journals: str | os.PathLike[str] | None = None,
) -> Plan:
    """Delete a project's deployments that nobody needs, in bulk and for good: failed, cancelled, asleep, unrouted.

    These stay: what is live in an environment; what answers at the project's own address; what `runbooks.rollback`
    would choose for each environment, and what its choice rests on; the newest good ones (deployed or asleep); the
    newest failure of a branch while nothing good is newer, for its log; what is being built. A build that a newer
    deployment of its branch has overtaken is cancelled. `plan.candidates` has a row for each deployment with what
    becomes of it and why, and the plan shows it.

    There is no undo: what is deleted can't be restored, nor be rolled back to. `apply` asks for the typed name of the
    project and a reason. Before each deletion everything is read once more: once another version is live anywhere in
    the project, one that was to be deleted is woken, or one that was to stay is gone, nothing more is deleted.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        keep: how many of the newest good deployments stay, those that are live among them.
        spare: versions or ids of deployments that stay all the same.
        journals: the folder of journals that a rollback would take evidence from (default: `plans.default_folder()`).

    Returns:
        A plan of one step for each deployment that goes, the oldest first; of none where all are needed. Nothing is
        changed before `apply`.

    Raises:
        InvalidInput: `keep` is no whole number from 0 up.
        UnknownName: there is no such project, or no such deployment to spare.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.clean_up(client, "storefront", keep=5)
        >>> plan.title
        'clean up storefront: delete 8 of 18 deployments'
        >>> plan.candidates[["version", "action", "because"]].values.tolist()[9:11]
        [[9, 'keep', 'a rollback of development would take it'], [8, 'delete', 'failed: its build failed']]
        >>> receipt = plan.apply(confirm="storefront", reason="nobody needs them")
        >>> receipt.checks.result, len(client.deployments.list("storefront"))
        ('PASS', 10)
    """
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:
        raise InvalidInput(f"keep: a whole number from 0 up, of the newest good deployments, not {keep!r}")
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments", "deployments")
    spared = [id_of(snapshot.find_deployment(owner, one)) for one in ([spare] if isinstance(spare, str) else spare)]
    choices = choose(snapshot, owner, keep=keep, spared=spared, journals=journals)
    steps = _steps(snapshot, owner, choices)
    candidates = choices_frame(choices)
    return make_plan(
        snapshot,
        f"clean up {name_of(owner)}: {_summary(choices)}",
        steps,
        runbook="clean_up",
        arguments={"project": id_of(owner), "keep": keep, "spare": sorted(spared)},
        warnings=_warnings(owner, choices),
        candidates=candidates,
        listing=Part("Deployments", candidates.drop(columns=["deployment", "created_at"])) if choices else None,
    )


def _steps(snapshot: Snapshot, owner: Project, choices: list[Choice]) -> list[Step]:
    """The builds are cancelled first, then the oldest deployment is deleted first."""
    stays = [id_of(one.row) for one in choices if one.needed]
    labels = {id_of(one.row): version_of(one.row) for one in choices}
    oldest_first = choices[::-1]
    deleted = [id_of(one.row) for one in oldest_first if one.action == "delete"]
    steps: list[Step] = [
        CancelDeployment(
            target=_target(owner, one),
            why=one.because,
            before={"status": UNFINISHED},
            after={"status": "cancelled"},
        )
        for one in oldest_first
        if one.action == "cancel"
    ]
    for one in oldest_first:
        if one.action == "delete":
            step = CleanUpDeployment(
                target=_target(owner, one),
                labels=labels,
                lost={"built from": source_of(one.row), "created at": (one.row.created_at or "")[:19]},
                asleep=one.row.status == "sleeping",
                stays=stays,
                batch=deleted if id_of(one.row) == deleted[-1] else [],
            )
            steps.append(step.planned(snapshot, one.because))
    return steps


def _target(owner: Project, one: Choice) -> Target:
    return Target(
        project=id_of(owner),
        project_name=name_of(owner),
        deployment=id_of(one.row),
        deployment_name=version_of(one.row),
    )


def _summary(choices: list[Choice]) -> str:
    counts = {action: sum(one.action == action for one in choices) for action in ("delete", "cancel")}
    parts = [f"{action} {count}" for action, count in counts.items() if count]
    return f"{' and '.join(parts)} of {len(choices)} deployments" if parts else "every deployment is needed"


def _warnings(owner: Project, choices: list[Choice]) -> list[str]:
    texts = []
    if any(one.action == "delete" for one in choices):
        lost: dict[str, str] = {
            "vcs": "a commit can be built again while its repository has it",
            "upload": "uploaded files are gone with it: client.deployments.download_files saves them before",
            "image": "an image can be deployed again while its registry has it",
        }
        after = f"; {lost[str(owner.type)]}" if str(owner.type) in lost else ""
        texts.append(f"there is no undo: what is deleted can't be restored, nor be rolled back to{after}")
    return texts
