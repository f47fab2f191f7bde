"""World events: commits that arrive, who comes, how versions behave, incidents; and the journal of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.naming import nearest
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import hex_of
from createos_nb.simulator.indexed_state import find_environment
from createos_nb.simulator.platform import deployments, lifecycle, serving
from createos_nb.simulator.platform.github import repository_of
from createos_nb.simulator.platform.outcomes import last_good_source
from createos_nb.simulator.state import Deployment, Domain, Environment, JournalEntry, Outcome, Project
from createos_nb.simulator.times import SECOND, MomentLike, duration, from_datetime, from_rfc3339
from createos_nb.simulator.traffic import Behavior, BuildBehavior, Failing, Incident, Profile
from createos_nb.times import DurationLike

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


def moment_of(context: WorldContext, time: MomentLike) -> int:
    """Return microseconds of a moment: "now", "+5min", RFC 3339 text, an aware datetime, a Timestamp, or Unix seconds.

    Raises `InvalidInput` (a `ValueError`).
    """
    try:
        if isinstance(time, str):
            if time == "now":
                return context.state.now
            if time.startswith(("+", "-")):
                return context.state.now + duration(time)
            return from_rfc3339(time)
        if isinstance(time, int | float) and not isinstance(time, bool):
            return round(time * SECOND)
        if hasattr(time, "to_pydatetime"):
            time = time.to_pydatetime(warn=False)
        if isinstance(time, datetime):
            return from_datetime(time)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(str(error)) from None
    raise InvalidInput(f'not a time: {time!r}; give "now", "+5min", RFC 3339 text, an aware datetime or Unix seconds')


def _converted(value: object, kind: type[T], name: str) -> T:
    """Return an object as it is, and a mapping of its fields as an object. Raises `InvalidInput`."""
    if isinstance(value, kind):
        return value
    try:
        converted = msgspec.convert(value, kind)
        _check_fields(value, converted, name)
        return converted
    except (msgspec.ValidationError, TypeError) as error:
        raise InvalidInput(f"{name}: {error}") from None


def _check_fields(value: object, converted: object, name: str) -> None:
    """Raise `InvalidInput` for a field of a mapping, at any depth, that what it was converted to does not have."""
    if is_dataclass(converted) and isinstance(value, Mapping):
        known = [field.name for field in fields(converted)]
        for key, part in value.items():
            if key not in known:
                raise InvalidInput(f"{name} has no field {key!r}; it has: {', '.join(known)}{nearest(str(key), known)}")
            _check_fields(part, getattr(converted, key), f"{name}.{key}")
    elif isinstance(value, list | tuple) and isinstance(converted, list | tuple):
        for part, other in zip(value, converted, strict=True):
            _check_fields(part, other, name)


def _register(context: WorldContext, value: object, known: dict[str, T], kind: type[T], label: str) -> str:
    """Return the name under which the world knows a behavior or source: its own, or a new one for an object."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        if value not in known:
            raise UnknownName(label, value, known, context.state.scenario)
        return value
    converted = _converted(value, kind, label)
    for name, other in known.items():
        if other == converted:
            return name
    name = f"{label}-{len(known) + 1}"
    known[name] = converted
    return name


# --- versions ---------------------------------------------------------------------------------------------------------


def push(
    context: WorldContext,
    project_name: str,
    branch: str,
    message: str,
    image: str,
    files: Mapping[str, str],
    *,
    source: BuildBehavior | Mapping[str, Any] | str | None,
    behavior: Behavior | Mapping[str, Any] | str | None,
    requires: Sequence[str],
) -> int | None:
    """Let a commit, an image or files arrive; see `World.push`."""
    state = context.state
    project = context.find_project(project_name)
    if project.status != "active":
        raise InvalidInput(f"project {project.name} is {project.status}: nothing can be pushed to it")
    outcome = Outcome(
        last_good_source(context, project)
        if source is None
        else _register(context, source, state.sources, BuildBehavior, "source"),
        _register(context, behavior, state.behaviors, Behavior, "behavior"),
        list(requires),
    )
    if project.type == "vcs":
        try:
            deployment = push_commit(context, project, branch, message, outcome)
        except LookupError as error:
            raise InvalidInput(str(error)) from None
        return None if deployment is None else deployment.version
    if project.type == "image":
        if not image:
            raise InvalidInput(f"project {project.name} deploys images: give image=")
        state.outcomes[image] = outcome
        return lifecycle.deploy(context, project, image=image).version
    if not files:
        raise InvalidInput(f"project {project.name} deploys files: give files=")
    state.outcomes[deployments.next_upload_id(context, project)] = outcome
    content = {path: text.encode() for path, text in files.items()}
    return deployments.upload(context, project.user, project, content).version


def push_commit(
    context: WorldContext, project: Project, branch: str, message: str, outcome: Outcome
) -> Deployment | None:
    """Put a commit on a branch of a project's repository, and deploy it; return None where that deploys nothing.

    Every project that is built from the repository deploys it.
    """
    repository = repository_of(context, project)
    if repository is None:
        raise LookupError(f"project {project.name} has no repository that can be reached")
    state = context.state
    state.counter += 1
    commit = hex_of(40, state.seed, "commit", repository.id, branch, message, state.counter)
    repository.heads[branch] = (commit, message)
    if outcome != Outcome():
        state.outcomes[commit] = outcome
    context.record("commit pushed", project, f"{branch}: {message}")
    deployment = None
    for other in state.projects.values():
        if other.status == "active" and other.type == "vcs" and repository_of(context, other) is repository:
            deployed = _deploy_push(context, other, branch, commit, message)
            deployment = deployed if other is project else deployment
    return deployment


def _deploy_push(context: WorldContext, project: Project, branch: str, commit: str, message: str) -> Deployment | None:
    ignored = project.settings.get("ignoreBranches") or []
    if branch in ignored or (
        context.dialect == "documented" and any(fnmatchcase(branch, pattern) for pattern in ignored)
    ):
        return None
    return lifecycle.deploy(context, project, branch=branch, commit=commit, message=message)


def set_behavior(
    context: WorldContext, project_name: str, version: int | str, behavior: Behavior | Mapping[str, Any] | str
) -> None:
    """Let a deployment behave otherwise; see `World.set_behavior`."""
    project = context.find_project(project_name)
    deployment = deployment_of(context, project, version)
    name = _register(context, behavior or Behavior(), context.state.behaviors, Behavior, "behavior")
    context.record("behavior changed", project, f"version {version}", deployment=deployment)
    lifecycle.set_behavior(context, project, deployment, name)


def deployment_of(context: WorldContext, project: Project, version: int | str) -> Deployment:
    """Return a deployment by its number or id. Raises `UnknownName`."""
    known = context.deployments(project).values()
    for deployment in known:
        if version in (deployment.version, deployment.id):
            return deployment
    raise UnknownName("deployment", version, [deployment.version for deployment in known], project.name)


# --- visitors and incidents -------------------------------------------------------------------------------------------


def set_traffic(
    context: WorldContext,
    project_name: str,
    environment_name: str,
    rpm: float | None,
    factor: float,
    changes: Mapping[str, Any],
) -> None:
    """Change who comes to an environment, and through the domains routed to it; see `World.traffic`."""
    project = context.find_project(project_name)
    environment = find_environment(project, environment_name)
    domains = [
        domain
        for domain in project.domains.values()
        if domain.environment == environment.id and domain.status in serving.ROUTED and domain.visitors
    ]
    entrances: list[Environment | Domain] = [environment, *domains]
    profiles = [entrance.visitors for entrance in entrances if entrance.visitors is not None]
    total = sum(profile.rpm for profile in profiles)
    if environment.replayed:
        environment.replayed = False
        context.recorded.pop(environment.id, None)
    if not profiles or not total:
        profile = profiles[0] if profiles else Profile(rpm=0)
        environment.visitors = _changed_profile(profile, {"rpm": (rpm or 0) * factor, **changes})
    else:
        scale = factor if rpm is None else rpm / total * factor
        for entrance in entrances:
            if entrance.visitors is not None:
                entrance.visitors = _changed_profile(
                    entrance.visitors, {"rpm": entrance.visitors.rpm * scale, **changes}
                )
    context.record("visitors changed", project, environment.name, environment=environment)
    serving.settle_visitors(context, project, environment)


def _changed_profile(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    fields = {**msgspec.to_builtins(profile), **msgspec.to_builtins(dict(changes))}
    return _converted(fields, Profile, "visitors")


def start_incident(
    context: WorldContext,
    places: Sequence[str],
    name: str,
    start: MomentLike,
    lasts: DurationLike | None,
    failing: Failing | Mapping[str, Any] | Sequence[Failing | Mapping[str, Any]],
    fields: Mapping[str, Any],
) -> str:
    """Let an incident happen to environments ("project/environment"), and return its name; see `World.incident`."""
    state = context.state
    begins = -(-moment_of(context, start) // SECOND)
    if begins < state.now // SECOND:
        raise InvalidInput("an incident starts now or later: what has been stays as it was")
    end = None if lasts is None else begins + round(duration(lasts) / SECOND)
    name = name or f"incident-{len(state.incidents) + 1}"
    if any(incident.name == name for incident, _ in state.incidents):
        raise InvalidInput(f"there is an incident {name!r} already")
    failures = failing if isinstance(failing, list | tuple) else [failing]
    incident = _converted(
        {
            "name": name,
            "start": begins,
            "end": end,
            "failing": [msgspec.to_builtins(_converted(failure, Failing, "failing")) for failure in failures],
            **fields,
        },
        Incident,
        "incident",
    )
    environments = [context.find_environment(place)[1] for place in places]
    if not environments:
        raise InvalidInput('an incident reaches at least one environment: such as "storefront/production"')
    state.incidents.append((incident, [environment.id for environment in environments]))
    _invalidate(context, environments)
    context.record("incident begins", text=f"{name}: {', '.join(places)}")
    return name


def end_incident(context: WorldContext, name: str) -> None:
    """End an incident now. Raises `UnknownName`."""
    state = context.state
    now = state.now // SECOND
    for place, (incident, affected) in enumerate(state.incidents):
        if incident.name == name:
            if incident.end is None or incident.end > now:
                state.incidents[place] = (replace(incident, end=max(now, incident.start)), affected)
                for project in state.projects.values():
                    _invalidate(context, (project.environments[key] for key in affected if key in project.environments))
                context.record("incident ends", text=name)
            return
    raise UnknownName("incident", name, [incident.name for incident, _ in state.incidents])


def _invalidate(context: WorldContext, environments: Iterable[Environment]) -> None:
    for environment in environments:
        context.invalidate_traffic(environment)


# --- the journal ------------------------------------------------------------------------------------------------------


def journal_frame(entries: Sequence[JournalEntry], scenario: str) -> pd.DataFrame:
    """Return the journal of a world; see `World.events`."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "time": pd.to_datetime([entry.at for entry in entries], unit="us", utc=True).astype("datetime64[us, UTC]"),
            "what": pd.Series([entry.what for entry in entries], dtype=TEXT),
            "project": pd.Series([entry.project for entry in entries], dtype=TEXT),
            "environment": pd.Series([entry.environment for entry in entries], dtype=TEXT),
            "version": pd.Series([entry.version or None for entry in entries], dtype="Int64"),
            "text": pd.Series([entry.text for entry in entries], dtype=TEXT),
        }
    )
    frame.attrs["where"] = f"SIMULATOR {scenario}"
    return frame
