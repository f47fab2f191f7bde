"""Which deployments of a project nobody needs, and why each of the others stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import pandas as pd

from createos_nb.contract.deployments import Deployment, DeploymentSource
from createos_nb.contract.environments import Environment
from createos_nb.contract.projects import Project
from createos_nb.dtypes import TEXT
from createos_nb.frames.arrays import readable_times
from createos_nb.naming import DeploymentStatus, text_for
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of, version_of
from createos_nb.runbooks.candidates import candidates_of, source_of

Action = Literal["keep", "delete", "cancel"]
#: Why what has ended so is no use to anybody.
_ENDED: Final[Mapping[DeploymentStatus, str]] = {
    "build_error": "failed: its build failed",
    "error": "failed: it did not start",
    "crashing": "failed: it crashes, and is live nowhere",
    "cancelled": "cancelled before it was built",
}


_COLUMNS: Final = ("version", "deployment", "status", "created_at", "source", "live_in", "action", "because")


class Choice(NamedTuple):
    """What becomes of a deployment, and why; `needed`: it is a good one that must stay for the choice to hold."""

    row: Deployment
    live_in: list[str]
    action: Action
    because: str
    needed: bool = False


def choose(
    snapshot: Snapshot,
    project: Project,
    *,
    keep: int,
    spared: Collection[str],
    journals: str | os.PathLike[str] | None = None,
) -> list[Choice]:
    """Return what becomes of each deployment of a project, newest first.

    The traffic that a rollback would choose by is read only for environments of which something is at stake.
    """
    rows = snapshot.deployments(id_of(project))
    environments = snapshot.environments(id_of(project))
    unread = [name_of(row) for row in environments if snapshot.unread(row, ("projectDeploymentId",))]
    if unread:
        because = f"what is live in {', '.join(unread)} can't be read"
        return [Choice(row, [], "keep", because) for row in rows]
    kept = _reasons_to_stay(rows, environments, keep, spared)
    for environment in environments:
        for row, because in _for_rollback(snapshot, project, environment, rows, kept, journals):
            kept.setdefault(id_of(row), because)
    choices = []
    for row in rows:
        live_in = [name_of(one) for one in environments if one.project_deployment_id == row.id]
        action, because = _action(row, rows, kept, keep)
        choices.append(Choice(row, live_in, action, because, action == "keep" and _is_good(row)))
    return choices


def choices_frame(choices: Sequence[Choice]) -> pd.DataFrame:
    """Return one row for each choice, in their order.

    Columns: version (Int64), deployment (id), status, created_at (UTC), source (commit, image or files), live_in (names
    of environments), action (keep, delete or cancel), because (str).
    """
    rows = [
        {
            "version": one.row.version_number,
            "deployment": one.row.id,
            "status": one.row.status,
            "source": source_of(one.row),
            "live_in": ", ".join(one.live_in),
            "action": one.action,
            "because": one.because,
        }
        for one in choices
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    frame["created_at"] = readable_times([one.row.created_at for one in choices])
    texts = ("deployment", "status", "source", "live_in", "action", "because")
    return frame.astype({"version": "Int64", **dict.fromkeys(texts, TEXT)})


def _reasons_to_stay(
    rows: list[Deployment], environments: list[Environment], keep: int, spared: Collection[str]
) -> dict[str, str]:
    """Why deployments stay, by id, without a look at traffic; the first reason counts."""
    kept: dict[str, str] = {}
    for environment in environments:
        live = environment.project_deployment_id
        if live:
            kept[live] = f"{kept[live]}, {name_of(environment)}" if live in kept else f"live in {name_of(environment)}"
    own = next((row for row in rows if in_status(row, "deployed", "crashing")), None)
    if own is not None:
        kept.setdefault(id_of(own), "the newest that runs: it answers at the project's own address")
    for identity in spared:
        kept.setdefault(identity, "spared: asked for")
    good = [row for row in rows if _is_good(row)]
    for row in good[:keep]:
        kept.setdefault(id_of(row), f"one of the {keep} newest good ones" if keep > 1 else "the newest good one")
    return kept


def _for_rollback(
    snapshot: Snapshot,
    project: Project,
    environment: Environment,
    rows: list[Deployment],
    kept: Collection[str],
    journals: str | os.PathLike[str] | None,
) -> list[tuple[Deployment, str]]:
    """What a rollback of an environment would take, and those after it, by which it tells their traffic apart."""
    running = next((row for row in rows if row.id == environment.project_deployment_id), None)
    if running is None:
        return []
    older = [row for row in rows if (row.version_number or 0) < (running.version_number or 0)]
    if all(id_of(row) in kept for row in older if _is_good(row)):
        return []
    candidates = candidates_of(snapshot, project, environment, running, journals=journals)
    fit = candidates.loc[candidates["eligible"], "deployment"]
    if fit.empty:
        return []
    chosen = next(row for row in older if row.id == fit.iloc[0])
    name = name_of(environment)
    return [(chosen, f"a rollback of {name} would take it")] + [
        (row, f"a rollback of {name} tells the traffic of {version_of(chosen)} by it")
        for row in older[: older.index(chosen)]
        if _is_good(row) and _branch(row) == _branch(running)
    ]


def _action(row: Deployment, rows: list[Deployment], kept: Mapping[str, str], keep: int) -> tuple[Action, str]:
    if id_of(row) in kept:
        return "keep", kept[id_of(row)]
    newer = [one for one in rows if _number(one) > _number(row) and _branch(one) == _branch(row)]
    if in_status(row, "queue", "building"):
        overtaking = _first(newer, lambda one: _is_good(one) or in_status(one, "queue", "building", "deploying"))
        if overtaking is None:
            return "keep", "it is being built"
        return "cancel", f"overtaken: {version_of(overtaking)}{_of(row)} is newer"
    if in_status(row, "deploying"):
        return "keep", "it is being deployed"
    if in_status(row, "terminating"):
        return "keep", "it is being deleted already"
    if _is_good(row):
        kind = "asleep" if in_status(row, "sleeping") else "unrouted: it runs"
        newest = f", and not among the {keep} newest good ones" if keep > 1 else ", and not the newest good one"
        return "delete", f"{kind}, live nowhere{newest if keep else ''}"
    because = text_for(_ENDED, str(row.status))
    if not because:
        return "keep", f"what its status, {row.status}, means is not known here"
    if not in_status(row, "cancelled") and not any(not in_status(one, "cancelled", "terminating") for one in newer):
        return "keep", f"the newest{_of(row) or ' one'}: its log says what fails"
    return "delete", because


def _first(rows: list[Deployment], fits: Callable[[Deployment], bool]) -> Deployment | None:
    return next(filter(fits, rows), None)


def _is_good(row: Deployment) -> bool:
    return in_status(row, "deployed", "sleeping")


def _number(row: Deployment) -> int:
    return row.version_number or 0


def _branch(row: Deployment) -> str | None:
    return (row.source or DeploymentSource()).branch


def _of(row: Deployment) -> str:
    return f" of {_branch(row)}" if _branch(row) else ""
