"""From a scenario to a world: what is in the file is played from its first moment to the start of the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from createos_nb.errors import InvalidInput
from createos_nb.simulator import apps, cronjobs, domains, environments, live, projects, schedule, steps
from createos_nb.simulator.api_keys import secret_of
from createos_nb.simulator.ids import digest, hex_of, uuid_of
from createos_nb.simulator.keeping import frozen, is_saved_world, read, thawed
from createos_nb.simulator.moments import DAY, SECOND, duration
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.runtimes import check_runtime
from createos_nb.simulator.scenario import (
    AppSection,
    CronjobSection,
    DomainSection,
    EnvironmentSection,
    FleetSection,
    ProjectSection,
    Source,
    TemplateSection,
    read_scenario,
)
from createos_nb.simulator.settings import settled
from createos_nb.simulator.state import (
    GithubAccount,
    Key,
    Project,
    Purchase,
    Repository,
    Service,
    State,
    Template,
    User,
)
from createos_nb.simulator.traffic import Incident, Profile
from createos_nb.simulator.validation import fields_of
from createos_nb.simulator.world import World

_OPENED: Final[dict[tuple[Any, ...], bytes]] = {}
_REMEMBERED: Final = 8
"""Worlds whose start is kept in mind."""


def open_world(
    scenario: str | Path = "storefront", *, seed: int = 7, dialect: str = "production", **settings: Any
) -> World:
    """A world, as a scenario describes it.

    Args:
        scenario: the name of a file in `data/scenarios`, or the path of such a file, or of a saved world.
        seed: decides ids, traffic, and how long things take.
        dialect: "production" or "documented".
        settings: in place of the scenario's, see `WorldSettings`; of a scenario with a fleet also `projects` (how many
            there are) and `deployments` (of all of them).

    Raises:
        InvalidInput: an unknown scenario, dialect or setting, or a mistake in the file, with its line and field.
    """
    if is_saved_world(Path(scenario)):
        return _saved(Path(scenario), settings)
    source = read_scenario(scenario)
    known = (source.name, source.text, seed, dialect, repr(sorted(settings.items())))
    opened = _OPENED.get(known)
    if opened is None:
        # The same world is opened again and again by tests and notebooks: its start is played once.
        world = Opening(source, seed, dialect, settings).world()
        while len(_OPENED) >= _REMEMBERED:
            del _OPENED[next(iter(_OPENED))]
        _OPENED[known] = world.origin
        return world
    world = World(thawed(opened)[0], dialect=dialect)
    world.origin = opened
    return world


def _saved(path: Path, settings: dict[str, Any]) -> World:
    if settings:
        raise InvalidInput(f"a saved world keeps its settings; {', '.join(settings)} can't be given")
    dialect, whole, recorded = read(path)
    world = World(whole.state, dialect=dialect)
    world.origin = whole.origin
    world.become(whole.state, recorded)
    return world


class Opening:
    """One world on its way from the file to its start."""

    def __init__(self, source: Source, seed: int, dialect: str, settings: dict[str, Any]) -> None:
        self._source, self._file, self._seed, self._dialect = source, source.scenario, seed, dialect
        self._fleet = self._file.fleet
        if self._fleet is not None:
            counts: dict[str, Any] = {n: settings.pop(n) for n in ("projects", "deployments") if n in settings}
            try:
                self._fleet = msgspec.convert({**msgspec.structs.asdict(self._fleet), **counts}, FleetSection)
            except msgspec.ValidationError as error:
                raise InvalidInput(f"fleet: {error}") from None
        try:
            base = settled(self._file.settings)
        except InvalidInput as error:
            raise source.error("settings", str(error)) from None
        self._settings = settled(settings, base)
        self._plays: list[tuple[int, int, str, Callable[[], Any]]] = []
        self._own = ""

    def world(self) -> World:
        """Play the file."""
        file, source = self._file, self._source
        state = State(self._seed, source.name.removesuffix(".toml"), source.start, self._settings)
        self._state = state
        state.behaviours, state.sources = dict(source.behaviours), dict(source.sources)
        self._people()
        self._accounts()
        self._keys()
        for n, app in enumerate(file.apps):
            self._app(app, f"apps[{n}]")
        for name in file.services:
            self._service(name)
        for n, project in enumerate(file.projects):
            self._project(project, f"projects[{n}]")
        for n, template in enumerate(file.templates):
            self._template(template, f"templates[{n}]")
        self._plays.sort(key=lambda play: play[:2])
        state.now = min([source.start, *(moment for moment, *_ in self._plays)])
        self._world = world = World(state, dialect=self._dialect)
        for moment, _, where, action in self._plays:
            schedule.run_until(world, moment)
            self._try(action, where)
        schedule.run_until(world, source.start)
        self._incidents(world)
        if self._fleet is not None:
            from createos_nb.simulator.seeding import sow

            sow(world, self._fleet.projects, self._fleet.deployments)
        world.index()
        world.origin = frozen(world)
        return world

    # --- playing ------------------------------------------------------------------------------------------------------

    def _play(self, where: str, when: str, action: Callable[[], Any]) -> int:
        """Let something happen on the way to the start; gives its moment."""
        moment = self._source.moment(when, where)
        if moment > self._source.start:
            raise self._source.error(where, f"{when!r} lies after the start: only steps of a history may")
        self._plays.append((moment, len(self._plays), where, action))
        return moment

    def _try(self, action: Callable[[], Any], where: str) -> None:
        try:
            action()
        except (LookupError, Refusal) as why:
            raise self._source.error(where, str(why.args[0] if why.args else why)) from None

    # --- the account --------------------------------------------------------------------------------------------------

    def _people(self) -> None:
        for n, person in enumerate(self._file.users):
            identity = uuid_of(self._seed, "user", person.username)
            self._state.users[identity] = User(
                id=identity,
                username=person.username,
                email=person.email,
                display=person.display,
                created=self._source.moment(person.made, f"users[{n}].made"),
                token="sat_" + digest(self._seed, "token", identity, size=20).hex(),
                secret=secret_of(self._seed, identity),
            )
        self._owner = next(iter(self._state.users.values()))

    def _accounts(self) -> None:
        for account in self._file.github:
            repositories = []
            for one in account.repositories:
                heads = {}
                for branch in dict.fromkeys([one.branch, *one.branches]):
                    heads[branch] = (hex_of(40, self._seed, "commit", one.id, branch), f"Start of {branch}")
                repositories.append(
                    Repository(one.id, one.name, one.branch, one.private, one.protected, heads, one.files)
                )
            user = self._owner.id if account.connected else ""
            self._state.github.append(
                GithubAccount(account.installation, account.username, account.owner, user, repositories)
            )

    def _keys(self) -> None:
        moment = self._source.moment
        for n, key in enumerate(self._file.api_keys):
            where = f"api_keys[{n}]"
            made = moment(key.made, f"{where}.made")
            revoked = moment(key.revoked, f"{where}.revoked") if key.revoked else 0
            identity = uuid_of(self._seed, "key", key.name)
            one = Key(
                id=identity,
                user=self._owner.id,
                name=key.name,
                secret=self._owner.secret if key.own else secret_of(self._seed, identity),
                created=made,
                updated=max(made, revoked),
                expires=moment(key.expires, f"{where}.expires"),
                description=key.description,
                revoked_at=revoked,
            )
            self._state.keys[identity] = one

    def _service(self, name: str) -> str:
        identity = uuid_of(self._seed, "service", name)
        self._state.services[identity] = Service(identity, self._owner.id, name)
        return identity

    def _app(self, section: AppSection, where: str) -> None:
        services = [self._service(name) for name in section.services]

        def make() -> None:
            app = apps.new_app(self._world, self._owner.id, section.name, section.description, section.color)
            app.services = services

        self._play(f"{where}.made", section.made, make)

    # --- projects -----------------------------------------------------------------------------------------------------

    def _project(self, section: ProjectSection, where: str) -> None:
        source = self._repository(section, where) if section.type == "vcs" else {}
        made: list[Project] = []
        try:
            fields_of(section.settings, projects.SETTINGS_OF[section.type], "")
            check_runtime(section.type, section.settings)
        except Refusal as why:
            raise self._source.error(f"{where}.settings", why.text) from None

        def make() -> None:
            world = self._world
            if projects.name_taken(world, section.name):
                raise LookupError(f"there are two projects named {section.name}")
            made.append(
                projects.new_project(
                    world,
                    self._user(section.owner),
                    section.name,
                    section.display,
                    section.type,
                    settings=dict(section.settings),
                    source=source,
                    description=section.description,
                    app=self._app_named(section.app),
                    scanning=section.scanning,
                )
            )
            for future, step in later:
                steps.plan(world, made[0], future, step)

        later: list[tuple[int, Any]] = []
        self._play(f"{where}.made", section.made, make)
        for n, environment in enumerate(section.environments):
            self._environment(section, environment, f"{where}.environments[{n}]", made)
        for n, domain in enumerate(section.domains):
            self._domain(domain, f"{where}.domains[{n}]", made)
        for n, step in enumerate(section.history):
            place = f"{where}.history[{n}]"
            moment = self._source.moment(step.at, f"{place}.at")
            if moment > self._source.start:
                later.append((moment, step))
            else:
                self._step(place, step, made)
        for n, job in enumerate(section.cronjobs):
            self._cronjob(job, f"{where}.cronjobs[{n}]", made)

    def _step(self, where: str, step: steps.Step, made: list[Project]) -> None:
        self._play(where, step.at, lambda: steps.perform(step, self._world, made[0]))

    def _user(self, name: str) -> str:
        if not name:
            return self._owner.id
        for user in self._state.users.values():
            if user.username == name:
                return user.id
        raise LookupError(f"owner: there is no user {name!r}")

    def _app_named(self, name: str) -> str:
        if not name:
            return ""
        for app in self._state.apps.values():
            if app.name == name:
                return app.id
        raise LookupError(f"app: there is no app {name!r} at that time")

    def _repository(self, section: ProjectSection, where: str) -> dict[str, Any]:
        owner, _, name = section.repository.partition("/")
        for account in self._file.github:
            for one in account.repositories:
                if account.username == owner and one.name == name:
                    return {
                        "vcsName": "github",
                        "vcsInstallationId": str(account.installation),
                        "vcsRepoId": str(one.id),
                    }
        raise self._source.error(f"{where}.repository", f"there is no repository {section.repository!r} in the file")

    def _environment(
        self, project: ProjectSection, section: EnvironmentSection, where: str, made: list[Project]
    ) -> None:
        if project.type == "vcs" and not section.branch:
            raise self._source.error(f"{where}.branch", "an environment of a vcs project needs a branch")
        visitors = self._visitors(section, where)

        def make() -> None:
            environment = environments.new_environment(
                self._world,
                made[0],
                section.name,
                section.display,
                description=section.description,
                branch=section.branch,
                auto_promote=section.auto_promote,
                cpu=section.cpu,
                memory=section.memory,
                replicas=section.replicas,
                port=section.port,
                variables=dict(section.variables),
            )
            environment.visitors = visitors
            live.settle_visitors(self._world, made[0], environment)

        self._play(f"{where}.made", section.made or project.made, make)

    def _visitors(self, section: EnvironmentSection | DomainSection, where: str) -> Profile | None:
        if not section.traffic:
            return None
        profile = self._source.profiles.get(section.traffic)
        if profile is None:
            known = ", ".join(self._file.profiles) or "none"
            raise self._source.error(f"{where}.traffic", f"there is no profile {section.traffic!r}; there is: {known}")
        return profile if section.rpm is None else replace(profile, rpm=section.rpm)

    def _domain(self, section: DomainSection, where: str, made: list[Project]) -> None:
        try:
            delay = -1 if section.dns == "never" else duration(section.dns) // SECOND if section.dns else None
        except ValueError as error:
            raise self._source.error(f"{where}.dns", str(error)) from None

        visitors = self._visitors(section, where)

        def make() -> None:
            project = made[0]
            target = steps.environment_named(project, section.environment).id if section.environment else ""
            domains.new_domain(self._world, project, section.name, target, delay).visitors = visitors

        def found() -> Any:
            return next(one for one in made[0].domains.values() if one.name == section.name)

        def look() -> None:
            domains.refresh(self._world, made[0], found())

        def end() -> None:
            domain = found()
            domain.status, domain.message = section.status or domain.status, section.message or domain.message
            self._world.changed(domain)

        self._play(f"{where}.made", section.made, make)
        for n, when in enumerate(section.refreshed):
            self._play(f"{where}.refreshed[{n}]", when, look)
        if section.status or section.message:
            self._play(f"{where}.status", "now", end)

    def _cronjob(self, section: CronjobSection, where: str, made: list[Project]) -> None:
        def make() -> None:
            environment = steps.environment_named(made[0], section.environment)
            schedule_text = cronjobs.checked(section.schedule)
            cronjobs.new_cronjob(
                self._world, made[0], environment, section.name, section.type, schedule_text, section.settings
            )

        def pause() -> None:
            job = next(one for one in made[0].cronjobs.values() if one.name == section.name)
            job.status, job.suspended_at = "suspended", self._world.state.now
            self._world.changed(job)

        self._play(f"{where}.made", section.made, make)
        if section.suspended:
            self._play(f"{where}.suspended", section.suspended, pause)

    # --- the rest -----------------------------------------------------------------------------------------------------

    def _template(self, section: TemplateSection, where: str) -> None:
        state, seed = self._state, self._seed
        identity = uuid_of(seed, "template", section.name)

        def make() -> None:
            now = state.now
            project = next((p for p in state.projects.values() if p.name == section.project), None)
            if section.project and project is None:
                raise LookupError(f"project: there is no project {section.project!r} at that time")
            environment = next(iter(project.environments), "") if project is not None else ""
            state.templates[identity] = Template(
                id=identity,
                user=uuid_of(seed, "user", section.author) if section.author else self._owner.id,
                author=section.author or self._owner.display,
                name=section.name,
                status=section.status,
                created=now,
                updated=now,
                amount=section.amount,
                categories=section.categories,
                description=section.description,
                overview=section.overview,
                use_cases=section.use_cases,
                project=project.id if project is not None else uuid_of(seed, "template project", section.name),
                environment=environment or uuid_of(seed, "template environment", section.name),
                image=f"https://images.example.com/{identity[:8]}.png",
                video=f"https://videos.example.com/{identity[:8]}",
                project_configuration=section.configuration,
                build_resources={"cpu": 500, "memory": 1024},
                deployment_resources={"cpu": 200, "memory": 500, "replicas": 1},
                rejections=[(now + DAY, section.rejected)] if section.rejected else [],
            )

        def buy() -> None:
            bought = uuid_of(seed, "purchase", section.name)
            state.purchases[bought] = Purchase(bought, self._owner.id, identity, section.amount, state.now)

        self._play(f"{where}.made", section.made, make)
        if section.bought:
            self._play(f"{where}.bought", section.bought, buy)

    def _incidents(self, world: World) -> None:
        names = {
            f"{project.name}/{environment.name}": environment
            for project in world.state.projects.values()
            for environment in project.environments.values()
        }
        for n, one in enumerate(self._file.incidents):
            where = f"incidents[{n}]"
            for name in one.environments:
                if name not in names:
                    raise self._source.error(f"{where}.environments", f"there is no environment {name!r}")
            start = self._source.moment(one.start, f"{where}.start") // SECOND
            end = self._source.moment(one.end, f"{where}.end") // SECOND if one.end else None
            try:
                incident = Incident(
                    name=one.name,
                    start=start,
                    end=end,
                    rate=one.rate,
                    ramp=one.ramp,
                    fade=one.fade,
                    failing=tuple(one.failing),
                    wobble=one.wobble,
                    slow=one.slow,
                )
            except ValueError as error:
                raise self._source.error(where, str(error)) from None
            world.state.incidents.append((incident, [names[name].id for name in one.environments]))
            for name in one.environments:
                world.traffic_changed(names[name])
