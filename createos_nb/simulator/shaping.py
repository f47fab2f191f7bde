"""What shapes a world from outside: commits that arrive, who comes, how versions behave, incidents."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator import lifecycle, live, pushes, uploads
from createos_nb.simulator.fates import last_good_source
from createos_nb.simulator.finding import environment_at, environment_named, project_named
from createos_nb.simulator.moments import SECOND, duration, from_datetime, from_rfc3339
from createos_nb.simulator.state import Deployment, Domain, Environment, Fate, Project
from createos_nb.simulator.traffic import Behaviour, BuildBehaviour, Failing, Incident, Profile

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

T = TypeVar("T")


def moment_of(core: Core, time: Any) -> int:
    """Microseconds of a moment: "now", "+5min", RFC 3339 text, an aware datetime, a Timestamp, or Unix seconds.

    Raises `InvalidInput` (a `ValueError`).
    """
    try:
        if isinstance(time, str):
            if time == "now":
                return core.state.now
            if time.startswith(("+", "-")):
                return core.state.now + duration(time)
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


def _made(given: Any, kind: type[T], what: str) -> T:
    """What was given as an object or as a mapping. Raises `InvalidInput`."""
    if isinstance(given, kind):
        return given
    try:
        return msgspec.convert(given, kind)
    except (msgspec.ValidationError, TypeError) as error:
        raise InvalidInput(f"{what}: {error}") from None


def _named(core: Core, given: Any, known: dict[str, T], kind: type[T], what: str) -> str:
    """The name under which something is kept: its own, or a new one for an object or a mapping."""
    if given is None or given == "":
        return ""
    if isinstance(given, str):
        if given not in known:
            raise UnknownName(what, given, known, core.state.scenario)
        return given
    made = _made(given, kind, what)
    name = next((key for key, one in known.items() if one == made), "")
    if not name:
        name = f"{what}-{len(known) + 1}"
        known[name] = made
    return name


def push(
    core: Core,
    project: str,
    branch: str = "main",
    *,
    message: str = "A commit",
    image: str = "",
    files: dict[str, str] | None = None,
    source: Any = None,
    behaviour: Any = None,
    requires: list[str] | None = None,
) -> int | None:
    """A commit arrives on a branch and is deployed, unless the project ignores the branch.

    Of a project of images `image` is deployed, of one of uploads `files` (path → text).

    Args:
        core: the world.
        project: name or id.
        branch: of its repository; a new one may be given.
        message: of the commit.
        image: for a project of images.
        files: for a project of uploads.
        source: what it is like when built: a `BuildBehaviour`, a mapping of its fields, or a name of the scenario.
            {}: a sound one. None: as the newest version that was built and started, so that this one is, too; where
            there was none yet, as the newest version.
        behaviour: what it does once it runs: a `Behaviour`, a mapping of its fields, or a name of the scenario.
        requires: run-time variables without which it ends at its start.

    Returns:
        The number of the version that is queued now; None where the branch is ignored.
    """
    state = core.state
    here = project_named(core, project)
    if here.status != "active":
        raise InvalidInput(f"project {here.name} is {here.status}: nothing can be pushed to it")
    fate = Fate(
        last_good_source(core, here)
        if source is None
        else _named(core, source, state.sources, BuildBehaviour, "source"),
        _named(core, behaviour, state.behaviours, Behaviour, "behaviour"),
        list(requires or ()),
    )
    if here.type == "vcs":
        try:
            made = pushes.push(core, here, branch, message, fate)
        except LookupError as error:
            raise InvalidInput(str(error)) from None
        return None if made is None else made.version
    if here.type == "image":
        if not image:
            raise InvalidInput(f"project {here.name} deploys images: give image=")
        state.fates[image] = fate
        return lifecycle.deploy(core, here, image=image).version
    if not files:
        raise InvalidInput(f"project {here.name} deploys files: give files=")
    state.fates[uploads.identity_of(core, here)] = fate
    content = {path: text.encode() for path, text in files.items()}
    return uploads.upload(core, here.user, here, content).version


def behave(core: Core, project: str, version: int | str, behaviour: Any = None, **facts: Any) -> None:
    """Let a deployment behave otherwise from now on, wherever it is live.

    `behaviour`: a `Behaviour`, a mapping of its fields, or a name of the scenario; or its fields as keywords.
    """
    here = project_named(core, project)
    deployment = _version(core, here, version)
    given = facts if behaviour is None else behaviour
    name = _named(core, given or Behaviour(), core.state.behaviours, Behaviour, "behaviour")
    core.note("behaviour changed", here, f"version {version}", deployment=deployment)
    lifecycle.behave(core, here, deployment, name)


def _version(core: Core, project: Project, version: int | str) -> Deployment:
    deployments = core.deployments(project)
    for one in deployments.values():
        if version in (one.version, one.id):
            return one
    raise UnknownName("deployment", version, [one.version for one in deployments.values()], project.name)


def traffic(
    core: Core, project: str, environment: str, *, rpm: float | None = None, factor: float = 1.0, **changes: Any
) -> None:
    """Let others, more or fewer come to an environment from now on; its domains' visitors are meant as well.

    Args:
        core: the world.
        project: name or id.
        environment: name or id.
        rpm: mean requests a minute of all of them over a week.
        factor: on what is there.
        changes: other fields of `Profile`, such as clumping=0.5 or pages=[{"path": "/"}].
    """
    here = project_named(core, project)
    there = environment_named(here, environment)
    domains = [
        one
        for one in here.domains.values()
        if one.environment == there.id and one.status in live.ROUTED and one.visitors
    ]
    sides: list[Environment | Domain] = [there, *domains]
    crowds = [one.visitors for one in sides if one.visitors is not None]
    total = sum(one.rpm for one in crowds)
    if there.replayed:
        there.replayed = False
        core.recorded.pop(there.id, None)
    if not crowds or not total:
        there.visitors = _changed(crowds[0] if crowds else Profile(rpm=0), {"rpm": (rpm or 0) * factor, **changes})
    else:
        scale = factor if rpm is None else rpm / total * factor
        for one in sides:
            if one.visitors is not None:
                one.visitors = _changed(one.visitors, {"rpm": one.visitors.rpm * scale, **changes})
    core.note("visitors changed", here, there.name, environment=there)
    live.settle_visitors(core, here, there)


def _changed(profile: Profile, changes: dict[str, Any]) -> Profile:
    whole = msgspec.to_builtins(profile)
    unknown = [name for name in changes if name not in whole]
    if unknown:
        raise InvalidInput(f"visitors have no {unknown[0]!r}; they have: {', '.join(whole)}")
    return _made({**whole, **{key: msgspec.to_builtins(value) for key, value in changes.items()}}, Profile, "visitors")


def incident(
    core: Core,
    *environments: str,
    name: str = "",
    start: Any = "now",
    lasts: str | float | None = None,
    failing: Any = (),
    **facts: Any,
) -> str:
    """Let something from outside happen to environments: a crowd, a lost upstream, a noisy neighbour.

    Args:
        core: the world.
        environments: each as "project/environment".
        name: names its random stream; by default "incident-1", "incident-2", …
        start: when, not before now.
        lasts: how long, such as "20min" or seconds; None: until `end_incident`.
        failing: shares of requests that fail: `Failing`s or mappings of its fields.
        facts: other fields of `Incident`: rate, ramp, fade, wobble, slow, …

    Returns:
        Its name.
    """
    state = core.state
    begins = -(-moment_of(core, start) // SECOND)
    if begins < state.now // SECOND:
        raise InvalidInput("an incident starts now or later: what has been stays as it was")
    if lasts is not None:
        facts["end"] = begins + (round(duration(lasts) / SECOND))
    name = name or f"incident-{len(state.incidents) + 1}"
    if any(one.name == name for one, _ in state.incidents):
        raise InvalidInput(f"there is an incident {name!r} already")
    given = failing if isinstance(failing, list | tuple) else [failing]
    facts["failing"] = [msgspec.to_builtins(_made(one, Failing, "failing")) for one in given]
    made = _made({"name": name, "start": begins, **facts}, Incident, "incident")
    reached = [environment_at(core, one) for one in environments]
    if not reached:
        raise InvalidInput('an incident reaches at least one environment: such as "storefront/production"')
    state.incidents.append((made, [one.id for _, one in reached]))
    _reaches(core, reached)
    core.note("incident begins", text=f"{name}: {', '.join(environments)}")
    return name


def _reaches(core: Core, reached: list[tuple[Project, Environment]]) -> None:
    for _, environment in reached:
        core.traffic_changed(environment)


def end_incident(core: Core, name: str) -> None:
    """End an incident now. Raises `UnknownName`."""
    state = core.state
    now = state.now // SECOND
    for place, (one, reached) in enumerate(state.incidents):
        if one.name == name:
            if one.end is None or one.end > now:
                state.incidents[place] = (replace(one, end=max(now, one.start)), reached)
                for project in state.projects.values():
                    _reaches(core, [(project, project.environments[i]) for i in reached if i in project.environments])
                core.note("incident ends", text=name)
            return
    raise UnknownName("incident", name, [one.name for one, _ in state.incidents])
