"""Plans of one step, whose undo is its opposite: suspend and resume a project, group projects, keep one awake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from createos_nb.contract.apps import App
from createos_nb.errors import AmbiguousName, InvalidInput, UnknownName
from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of
from createos_nb.plans.steps.apps import regroup
from createos_nb.plans.steps.base import Target
from createos_nb.plans.steps.cronjobs import ResumeCronjob, ScheduleRequest, SuspendCronjob
from createos_nb.plans.steps.environments import target_of, wake_step
from createos_nb.plans.steps.project_status import ResumeProject, SuspendProject
from createos_nb.times import DurationLike, parse_duration

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.cronjobs import Cronjob
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step
    from createos_nb.plans.steps.reversible import ReversibleStep

#: The longest pause between two requests that a field of minutes can say.
_LONGEST: Final = 30


def setting(snapshot: Snapshot, kind: type[ReversibleStep], target: Target, after: Mapping[str, Any]) -> list[Step]:
    """Return the one step of a kind that brings a target to a state; none where it is so already.

    The kind says what is read before, the write, what holds after, and the opposite that undoes it.
    """
    step = kind(target=target, why="asked for", after=dict(after))
    step.before = step.read(snapshot, {})
    return [] if step.before == step.after else [step]


def suspend_project(client: Client, project: str) -> Plan:
    """Suspend a project: every environment of it pauses, and none of its addresses is served until it is resumed.

    Deployments, variables and domains stay. `runbooks.resume_project` lets it go on, and so does the undo.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.

    Returns:
        A plan of one step; of none where it is suspended already. Nothing is changed before `apply`.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.suspend_project(client, "chat-bot")
        >>> receipt = plan.apply(confirm=plan.confirmation, reason="nobody chats in summer")
        >>> client.projects.get("chat-bot")["state"], receipt.undo().title
        ('suspended', 'undo: suspend project chat-bot')
    """
    snapshot, owner = _project(client, project)
    steps = setting(snapshot, SuspendProject, target_of(owner), {"status": "suspended"})
    return make_plan(
        snapshot,
        f"suspend project {name_of(owner)}",
        steps,
        runbook="suspend_project",
        arguments={"project": id_of(owner)},
        warnings=["while it is suspended nearly nothing of it can be read or changed"] if steps else [],
    )


def resume_project(client: Client, project: str) -> Plan:
    """Resume a suspended project: what was live is live again.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.

    Returns:
        A plan of one step; of none where it is active already. Nothing is changed before `apply`.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> client = createos_nb.simulate()
        >>> receipt = createos_nb.runbooks.resume_project(client, "winter-sale").apply()
        >>> client.projects.get("winter-sale")["state"]
        'active'
    """
    snapshot, owner = _project(client, project)
    return make_plan(
        snapshot,
        f"resume project {name_of(owner)}",
        setting(snapshot, ResumeProject, target_of(owner), {"status": "active"}),
        runbook="resume_project",
        arguments={"project": id_of(owner)},
    )


def _project(client: Client, project: str) -> tuple[Snapshot, Project]:
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, active=False)
    if in_status(owner, "deleting", "deleted"):
        raise UnknownName("project", project)
    return snapshot, owner


def group(client: Client, projects: str | Sequence[str], app: str | None) -> Plan:
    """Put projects into an app, or take them out of the one that they are in; each is in one app at most.

    An app is a label: nothing that runs changes. `client.apps.create` makes one.

    Args:
        client: an open client, of the platform or of a simulated world.
        projects: name or id of the project, or several.
        app: name or id of the app; None takes the projects out of the apps that they are in.

    Returns:
        A plan of one step (of one for each app that projects are taken out of); of none where all are so already.
        Nothing is changed before `apply`.

    Raises:
        UnknownName: there is no such project or app.
        AmbiguousName: several apps have that name: give its id.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.group(client, ["chat-bot", "landing-pages"], "Shop")
        >>> plan.frame()[["field", "before", "after"]].values.tolist()
        [['chat-bot', 'Back office', 'Shop'], ['landing-pages', '–', 'Shop']]
        >>> plan.apply().checks.result
        'PASS'
    """
    snapshot = Snapshot(client)
    apps = snapshot.apps()
    chosen = None if app is None else _app(apps, app)
    ids = _projects(snapshot, [projects] if isinstance(projects, str) else list(projects))
    rows = {id_of(row): row for row in snapshot.projects()}
    now = {name: rows[identity].app_id or None for name, identity in ids.items()}
    wanted = None if chosen is None else id_of(chosen)
    changed = {name: identity for name, identity in ids.items() if now[name] != wanted}
    labels = {id_of(row): str(row.name) for row in apps}

    def target(identity: str) -> Target:
        return Target(project="", project_name="", thing=identity, thing_name=labels.get(identity, identity))

    steps = regroup(target, changed, now, dict.fromkeys(changed, wanted), labels, "asked for")
    names = ", ".join(ids)
    return make_plan(
        snapshot,
        f"take {names} out of its app" if chosen is None else f"put {names} into app {chosen.name}",
        steps,
        runbook="group",
        arguments={"projects": sorted(ids.values()), "app": wanted},
    )


def _app(apps: list[App], app: str) -> App:
    matching = [row for row in apps if app in (row.id, row.name)]
    if len(matching) > 1:
        raise AmbiguousName("app", app, [id_of(row) for row in matching])
    if not matching:
        raise UnknownName("app", app, [row.name for row in apps])
    return matching[0]


def _projects(snapshot: Snapshot, names: list[str]) -> dict[str, str]:
    """Ids by name. Raises `InvalidInput`, `UnknownName`."""
    if not names:
        raise InvalidInput("projects: name at least one")
    rows = [row for row in snapshot.projects() if row.id]
    found: dict[str, str] = {}
    for name in names:
        row = next((one for one in rows if name in (one.unique_name, one.id)), None)
        if row is None:
            raise UnknownName("project", name, map(name_of, rows))
        found[name_of(row)] = id_of(row)
    return found


def keep_awake(
    client: Client,
    project: str,
    environment: str,
    *,
    every: DurationLike = "10min",
    path: str = "/",
    on: bool = True,
) -> Plan:
    """Keep an environment awake: a cron job asks it so often that it never was idle for long; or let it sleep again.

    The platform has no switch for it: what nobody asks for falls asleep after an idle time, which it does not tell. So
    a cron job named `keep-awake-` and the environment sends a GET request; these requests count in its figures. What
    sleeps now is woken first. With `on=False` the job is suspended, and with `on=True` a suspended one goes on as it
    is.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.
        every: the time between two requests, such as "10min": whole minutes, at most 30, shorter than the idle time.
        path: what is asked for: something cheap that answers below 400.
        on: False: let it sleep again.

    Returns:
        A plan of one step, after a step that wakes what sleeps; of none where it is so already. Nothing is changed
        before `apply`.

    Raises:
        InvalidInput: `every` is no whole number of minutes up to 30, or the path does not begin with a slash.
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.keep_awake(client, "chat-bot", "production")
        >>> plan.frame()["what"].tolist()
        ['wake v1', 'create cron job keep-awake-production: GET / of production at */10 * * * *']
        >>> plan.apply(confirm=plan.confirmation, reason="the first question waits too long").checks.result
        'PASS'
    """
    minutes = parse_duration(every, "every") / 60
    if minutes != int(minutes) or not 1 <= minutes <= _LONGEST:
        raise InvalidInput(f"every: whole minutes from 1 to {_LONGEST}, such as '10min', not {every!r}")
    if not path.startswith("/"):
        raise InvalidInput(f"path: it begins with a slash, such as '/health', not {path!r}")
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments", "cronjobs")
    row = snapshot.find_environment(owner, environment)
    name = f"keep-awake-{name_of(row)}"
    job = next((one for one in snapshot.cronjobs(id_of(owner)) if one.name == name and _is_there(one)), None)
    where = f"{name_of(owner)} / {name_of(row)}"
    arguments: dict[str, Any] = {"project": id_of(owner), "environment": id_of(row), "on": on}
    if not on:
        steps = [] if job is None else _status_of(snapshot, SuspendCronjob, owner, job, "suspended")
        warnings = ["it falls asleep after the platform's idle time, if nobody else asks for it"] if steps else []
        title = f"let {where} sleep"
    else:
        arguments |= {"every": int(minutes), "path": path}
        steps, warnings = _waking(snapshot, owner, row)
        if job is None:
            target, schedule = target_of(owner, row), "* * * * *" if minutes == 1 else f"*/{minutes:.0f} * * * *"
            steps.append(ScheduleRequest(target=target, why="asked for", name=name, schedule=schedule, path=path))
        else:
            steps += _status_of(snapshot, ResumeCronjob, owner, job, "active")
            warnings.append(f"{name} is there already, at {job.schedule}: its schedule and its path stay as they are")
        title = f"keep {where} awake"
    return make_plan(snapshot, title, steps, runbook="keep_awake", arguments=arguments, warnings=warnings)


def _is_there(job: Cronjob) -> bool:
    return job.status not in ("deleting", "deleted")


def _waking(snapshot: Snapshot, owner: Project, row: Environment) -> tuple[list[Step], list[str]]:
    """The step that wakes what is live, where it sleeps; and what keeping it awake can't know."""
    warnings = ["the platform does not tell its idle time: requests further apart than that keep nothing awake"]
    live = snapshot.live_deployment(id_of(owner), row)
    if live is None:
        return [], [*warnings, f"nothing is live in {name_of(row)}: the requests fail until something is"]
    if not in_status(live, "sleeping"):
        return [], warnings
    return [wake_step(id_of(owner), name_of(owner), live, "no request wakes what sleeps")], warnings


def _status_of(snapshot: Snapshot, kind: type[ReversibleStep], owner: Project, job: Cronjob, status: str) -> list[Step]:
    target = Target(project=id_of(owner), project_name=name_of(owner), thing=id_of(job), thing_name=str(job.name))
    return setting(snapshot, kind, target, {"status": status})
