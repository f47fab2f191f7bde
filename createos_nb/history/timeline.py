"""What happened in an environment: each change once, from whichever source knows of it, and how exactly it is known."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from createos_nb.client.findings import severity_counts
from createos_nb.dtypes import TEXT
from createos_nb.history.incidents import Incident
from createos_nb.history.states import State
from createos_nb.naming import SCAN_STATES
from createos_nb.times import iso

_COLUMNS: Final = ("time", "not_before", "kind", "text", "who", "why", "source", "exactness")
#: Fields of an environment's resources, and what people call them.
_RESOURCES: Final = {"replicas": "replicas", "cpu": "CPU (millicores)", "memory": "memory (MB)"}


class Change(NamedTuple):
    """A change; times are Unix seconds."""

    time: float
    not_before: float | None
    kind: str
    text: str
    who: str = ""
    why: str = ""
    source: str = "snapshot"

    def row(self) -> dict[str, Any]:
        """The row of the frame."""
        if self.source == "inferred":  # errors are seen when there are enough of them
            return {**self._asdict(), "exactness": "at the latest"}
        return {**self._asdict(), "exactness": "exact" if self.not_before is None else "between"}


def timeline(
    environment: Sequence[State],
    deployments: Sequence[State],
    domains: Sequence[State],
    scans: Sequence[State],
    events: Iterable[Mapping[str, Any]],
    incidents: Iterable[Incident],
    window: tuple[float, float],
) -> pd.DataFrame:
    """Return the changes of one environment in a window, oldest first.

    Args:
        environment: The states of the environment.
        deployments: The states of the deployments of its project.
        domains: The states of the domains of its project.
        scans: The states of the scans of its project.
        incidents: What its traffic shows.
        events: What sources tell of it: rows of the dataset `events`.
        window: First and last moment, in Unix seconds.
    """
    versions = {state.id: state.row["version"] for state in deployments}
    told = [_told(event) for event in events]
    seen = [
        *_of_environment(sorted(environment, key=lambda state: state.seen_at), versions),
        *_of_deployments(deployments, environment),
        *_of_domains(domains, {state.id for state in environment}),
        *_of_scans(scans, {state.row["deployment_id"] for state in environment}, versions),
        *(Change(each.time, None, "incident", each.text, source="inferred") for each in incidents),
    ]
    changes = [change for change in (*told, *seen) if window[0] <= change.time <= window[1]]
    frame = pd.DataFrame([change.row() for change in sorted(changes, key=lambda c: c.time)], columns=list(_COLUMNS))
    for name in ("time", "not_before"):
        milliseconds = pd.to_numeric(frame[name], errors="coerce").astype("Float64").mul(1000).round().astype("Int64")
        frame[name] = pd.to_datetime(milliseconds, unit="ms", utc=True).astype("datetime64[us, UTC]")
    frame = frame.astype(dict.fromkeys(_COLUMNS[2:], TEXT))
    frame.attrs |= {"operation": "history.timeline", "window": [iso(int(window[0])), iso(int(window[1]))]}
    return frame


def _told(event: Mapping[str, Any]) -> Change:
    text = {name: event.get(name) or "" for name in ("kind", "text", "who", "why", "source")}
    return Change(event["time"].timestamp(), None, **text)


def _when(state: State) -> tuple[float, float | None]:
    """When a state began, and after which moment; None where the platform itself says when."""
    exact = state.valid_from < state.seen_at
    return state.valid_from, None if exact or state.not_before is None else state.not_before


def _of_environment(states: Sequence[State], versions: Mapping[str, Any]) -> Iterator[Change]:
    """The last change before the first look, and what two states that follow one another differ in."""
    if states and states[0].not_before is None and states[0].valid_from < states[0].seen_at:
        # what it was, nobody has seen: what is live has been so since then, at least
        live = _version(versions, states[0].fields.get("projectDeploymentId"))
        yield Change(states[0].valid_from, None, "changed", f"not known → {live}", source="platform")
    for old, new in itertools.pairwise(states):
        before, after = old.fields, new.fields
        time, not_before = _when(new)
        for kind, text in _differences(before, after, versions):
            yield Change(time, not_before, kind, text, source="snapshot" if not_before is not None else "platform")


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any], versions: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    if (old := before.get("projectDeploymentId")) != (new := after.get("projectDeploymentId")):
        yield "assigned", f"{_version(versions, old)} → {_version(versions, new)}"
    old_size, new_size = (_map(row.get("resources")) for row in (before, after))
    sizes = [
        f"{name} {old_size.get(field)} → {new_size.get(field)}"
        for field, name in _RESOURCES.items()
        if old_size.get(field) != new_size.get(field)
    ]
    if sizes:
        yield "scaled", ", ".join(sizes)
    old_values, new_values = (_map(_map(row.get("settings")).get("runEnvs")) for row in (before, after))
    if old_values != new_values:
        yield "variables", "; ".join(_names(old_values, new_values))
    if before.get("isAutoPromoteEnabled") != after.get("isAutoPromoteEnabled"):
        yield "auto-promotion", "switched on" if after.get("isAutoPromoteEnabled") else "switched off"


def _names(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Which variables came, went and changed: names only."""
    groups = {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "changed": [name for name in new if name in old and new[name] != old[name]],
    }
    for what, names in groups.items():
        if names:
            yield f"{what} {', '.join(sorted(names))}"


def _of_deployments(deployments: Sequence[State], environment: Sequence[State]) -> Iterator[Change]:
    """Each deployment of the environment's branch when it was made, and when it failed."""
    branches = {state.fields.get("branch") for state in environment} - {None, ""}
    told: set[tuple[str, str]] = set()
    for state in sorted(deployments, key=lambda one: one.seen_at):
        fields = state.fields
        source = _map(fields.get("source"))
        if branches and source.get("branch") not in (None, *branches):
            continue
        name = f"version {fields.get('versionNumber')}"
        if (state.id, "made") not in told and state.made:
            told.add((state.id, "made"))
            yield Change(state.made, None, "deployed", f"{name} made", source="platform")
        if str(fields.get("status")) == "failed" and (state.id, "failed") not in told:
            told.add((state.id, "failed"))
            time, not_before = _when(state)
            yield Change(time, not_before, "failed", f"{name} failed", source="platform")


def _of_domains(domains: Sequence[State], environments: set[str]) -> Iterator[Change]:
    """When a domain was routed to the environment, or away from it, and what became of its status."""
    by_id: dict[str, list[State]] = {}
    for state in sorted(domains, key=lambda one: one.seen_at):
        by_id.setdefault(state.id, []).append(state)
    for states in by_id.values():
        for old, new in zip([None, *states], states, strict=False):
            before = {} if old is None else old.fields
            after = new.fields
            was, here = before.get("environmentId") in environments, after.get("environmentId") in environments
            if not (was or here) or (old is None and new.not_before is None):
                continue
            time, not_before = _when(new)
            source = "platform" if not_before is None else "snapshot"
            if was != here:
                routed = f"{after.get('name')} routed {'here' if here else 'away'}"
                yield Change(time, not_before, "domain", routed, source=source)
            elif before.get("status") != after.get("status"):
                yield Change(time, not_before, "domain", f"{after.get('name')}: {after.get('status')}", source=source)


def _of_scans(scans: Sequence[State], deployments: set[Any], versions: Mapping[str, Any]) -> Iterator[Change]:
    """What became of the scans of what was live here."""
    for state in scans:
        if (deployment := state.row["deployment_id"]) not in deployments:
            continue
        time, not_before = _when(state)
        counts = severity_counts(state.fields.get("parsedReport")) or {}
        findings = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        status = SCAN_STATES.get(str(state.row["status"]), state.row["status"])
        text = f"{_version(versions, deployment)}: {status}{', ' if findings else ''}{findings}"
        source = "platform" if not_before is None else "snapshot"
        yield Change(time, not_before, "scan", text, source=source)


def _version(versions: Mapping[str, Any], id: Any) -> str:
    if not id:
        return "nothing"
    number = versions.get(str(id))
    return f"version {number}" if number is not None else f"deployment {str(id)[:8]}"


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
