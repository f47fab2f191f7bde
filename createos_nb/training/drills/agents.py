"""Trainees to compare with: an expert that goes by a diagnosis, and people who do the same whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from createos_nb import runbooks
from createos_nb.causes import CAUSES
from createos_nb.diagnostics import Diagnosis, Finding, diagnose
from createos_nb.diagnostics.diagnosis import LIKELY
from createos_nb.diagnostics.runbook_calls import ASKED_FOR
from createos_nb.errors import CreateOSError
from createos_nb.training.drills.expert import apply_plan

if TYPE_CHECKING:
    from createos_nb.diagnostics.diagnosis import RunbookCall
    from createos_nb.training.drills.drill import Drill

#: Whoever takes a drill: asks `drill.client`, acts by it, and submits.
Agent: TypeAlias = "Callable[[Drill], Any]"
#: From this weight on a second cause is told, too.
_CERTAIN: Final = 0.8
#: So many environments are looked at.
_MOST: Final = 8


def expert(drill: Drill) -> None:
    """Diagnose what the alert names and do what that calls for; then look at all else, and say what is found.

    It knows nothing but what `diagnose` says: where that is wrong, it is, too. Where something has to be deleted or
    revoked that only a person can choose, it leaves it.
    """
    project, _, environment = drill.alert.where.partition("/")
    diagnosis = diagnose(drill.client, project or None, environment or None)
    told = _likely(diagnosis)[:1]
    _say(drill, told)
    _act(drill, told)
    for other in _elsewhere(drill, diagnosis):
        more = [one for one in _likely(other) if (one.cause, one.where) not in {(o.cause, o.where) for o in told}]
        # what fails because it asks another project tells to look there: what is found there counts
        least = LIKELY if not told or told[-1].cause == "internal_dependency" else _CERTAIN
        more = [one for one in more if one.weight >= least]
        if more:
            told = [*told, *more]
            _say(drill, told)
            _act(drill, more)
    if not told:
        drill.submit(cause="none")


def _likely(diagnosis: Diagnosis) -> list[Finding]:
    """Return what is told of a place: its first cause; and what stands beside it, where nothing else is told."""
    told = [finding for finding in diagnosis.findings if finding.weight >= LIKELY][:1]
    if told:
        # an environment that nobody has ever used is no incident
        return told if diagnosis.status != "unknown" else []
    noted = [(cause, note) for note in diagnosis.notes for cause in CAUSES if note.startswith(cause.replace("_", " "))]
    return [
        Finding(cause, diagnosis.where.partition("/")[0], None, LIKELY, (note,), (), "") for cause, note in noted[:1]
    ]


def _elsewhere(drill: Drill, first: Diagnosis) -> Iterator[Diagnosis]:
    """Diagnose the other environments of the account, the alert's project as a whole, and the account."""
    client, project = drill.client, first.where.partition("/")[0]
    if first.where == "account":
        return
    rows = client.fleet.environments()
    places = [(str(row.project), str(row.unique_name)) for row in rows.itertuples()]
    named = " ".join(finding.fix for finding in first.findings[:1])
    places.sort(key=lambda place: ("/".join(place) not in named, place[0] != project))
    for name, environment in places[:_MOST]:
        if f"{name}/{environment}" != first.where:
            yield diagnose(client, name, environment)
    for name in dict.fromkeys(name for name, _ in places[:_MOST]):
        if name != first.where:
            yield diagnose(client, name)


def _say(drill: Drill, told: Sequence[Finding]) -> None:
    if told:
        drill.submit(cause=[one.cause for one in told], where=[one.where for one in told])


def _act(drill: Drill, told: Sequence[Finding]) -> None:
    for finding in told:
        if finding.runbook is not None:
            _follow(drill, finding)
        elif finding.cause == "key_expired":
            _try(lambda: apply_plan(runbooks.create_key(drill.client, "renewed-key"), "a key has expired"))


def _follow(drill: Drill, finding: Finding) -> None:
    assert finding.runbook is not None
    call = finding.runbook
    options: dict[str, Any] = {}
    for name, value in call.options.items():
        if isinstance(value, Mapping):
            value = {key: _value(drill, finding, key, text) for key, text in value.items()}
        options[name] = value
    if call.function in ("rollback",):
        options["diagnosis"] = None
    _try(lambda: apply_plan(_plan(drill, call, options), finding.evidence[0]))


def _value(drill: Drill, finding: Finding, name: str, text: Any) -> Any:
    if text != ASKED_FOR:
        return text
    place = finding.where if "/" in finding.where else f"{finding.where}/{_environment(drill, finding.where)}"
    return drill.ask_owner(place, name)


def _environment(drill: Drill, project: str) -> str:
    return str(drill.client.environments.list(project)["unique_name"].iloc[0])


def _plan(drill: Drill, call: RunbookCall, options: dict[str, Any]) -> Any:
    return getattr(runbooks, call.function)(drill.client, *call.arguments, **options)


def do_nothing(drill: Drill) -> None:
    """Look at the projects, and say that nothing is wrong."""
    drill.client.projects.list()
    drill.submit(cause="none")


def roll_back(drill: Drill) -> None:
    """Roll back what the alert names, at once, and blame the release."""
    place = _place(drill)
    if place is None:
        return
    drill.submit(cause="bad_release", where="/".join(place))
    _try(lambda: apply_plan(runbooks.rollback(drill.client, *place, diagnosis=None), "whatever it is"))


def scale_to_three(drill: Drill) -> None:
    """Give what the alert names three replicas, and blame the load."""
    place = _place(drill)
    if place is None:
        return
    drill.submit(cause="capacity", where="/".join(place))
    _try(lambda: apply_plan(runbooks.scale(drill.client, *place, replicas=3), "more is better"))


def restart(drill: Drill) -> None:
    """Deploy again what is live in each environment of the account, and blame a crash."""
    client = drill.client
    rows = client.fleet.environments()
    place = _place(drill)
    if place is not None:
        drill.submit(cause="runtime_crash", where="/".join(place))
    for row in rows[rows["project_deployment_id"].notna()].itertuples():
        _try(partial(_redeploy, drill, row))


def _redeploy(drill: Drill, row: Any) -> None:
    """Make the live deployment again, and assign what comes of it."""
    client, project = drill.client, str(row.project)
    made = client.deployments.retrigger(project, str(row.project_deployment_id))
    for _ in range(60):
        newest = client.deployments.list(project, limit=1).iloc[0]
        if newest["status"] not in ("queue", "building", "deploying"):
            break
        client.clock.sleep(15)
    if newest["status"] == "deployed" and not row.is_auto_promote_enabled:
        apply_plan(runbooks.assign(client, project, str(newest["id"]), str(row.unique_name)), f"started again: {made}")


def _place(drill: Drill) -> tuple[str, str] | None:
    """Return project and environment of the alert; of an alert of the account none."""
    project, _, environment = drill.alert.where.partition("/")
    if not project:
        drill.client.projects.list()
        drill.submit(trouble=True)
        return None
    return project, environment or _environment(drill, project)


def _try(act: Callable[[], Any]) -> None:
    """Do something; where the platform or the plan refuses it, leave it."""
    try:
        act()
    except CreateOSError:
        return


#: The trainees to compare with, by name.
AGENTS: Final[Mapping[str, Agent]] = {
    "expert": expert,
    "do_nothing": do_nothing,
    "roll_back": roll_back,
    "scale_to_three": scale_to_three,
    "restart": restart,
}
