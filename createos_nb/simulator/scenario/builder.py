"""Builds a world from a scenario: applies what is in the file, from its first moment to the start of the world."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from createos_nb.errors import InvalidInput
from createos_nb.simulator.scenario.build_account import AccountBuilder
from createos_nb.simulator.scenario.build_projects import ProjectBuilder
from createos_nb.simulator.scenario.expectations import check_ground_truth
from createos_nb.simulator.scenario.fleet import generate_fleet
from createos_nb.simulator.scenario.reader import Source, read_scenario
from createos_nb.simulator.scenario.schema import CallSection, FleetSection, Scenario
from createos_nb.simulator.settings import settled
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import Incident
from createos_nb.simulator.world import calls
from createos_nb.simulator.world.snapshot import dump_state, is_saved_world, load_state, read
from createos_nb.simulator.world.world import World

_OPENED: Final[dict[tuple[Any, ...], bytes]] = {}
_REMEMBERED: Final = 8
"""Worlds whose start is kept in mind."""
_CALL_FIELDS: Final = (
    "path",
    "method",
    "endpoint",
    "count",
    "timeout",
    "retries",
    "backoff",
    "max_backoff",
    "retry_budget",
    "status",
)


def open_world(
    scenario: str | Path | Scenario = "storefront", *, seed: int = 7, dialect: str = "production", **settings: Any
) -> World:
    """Open a world, as a scenario describes it.

    Args:
        scenario: the name of a file in `data/scenarios`, or the path of such a file, or of a saved world; or one that
            was made up, as by `fault_scenario`.
        seed: decides ids, traffic, and how long things take.
        dialect: "production" or "documented".
        settings: in place of the scenario's, see `WorldSettings`; of a scenario with a fleet also `projects` (how many
            there are) and `deployments` (of all of them).

    Returns:
        The world, at the first moment of the scenario's present.

    Raises:
        InvalidInput: an unknown scenario, dialect or setting, or a mistake in the file, with its line and field.

    Examples:
        >>> createos_nb.simulator.open_world("storefront")
        <World storefront, seed 7, 2026-03-02T09:00:00+00:00, 8 projects>
    """
    if not isinstance(scenario, Scenario) and is_saved_world(Path(scenario)):
        return _saved(Path(scenario), settings)
    source = read_scenario(scenario)
    known = (source.name, source.text, seed, dialect, repr(sorted(settings.items())))
    opened = _OPENED.get(known)
    if opened is None:
        # The same world is opened again and again by tests and notebooks: its start is built once.
        world = ScenarioBuilder(source, seed, dialect, settings).world()
        while len(_OPENED) >= _REMEMBERED:
            del _OPENED[next(iter(_OPENED))]
        _OPENED[known] = world.initial_state
        return world
    world = World(load_state(opened)[0], dialect=dialect)
    world.initial_state = opened
    return world


def _saved(path: Path, settings: dict[str, Any]) -> World:
    if settings:
        raise InvalidInput(f"a saved world keeps its settings; {', '.join(settings)} can't be given")
    saved = read(path)
    world = World(saved.state, dialect=saved.dialect)
    world.lineage = saved.lineage.branch(saved.state.now)
    world.initial_state = saved.initial_state
    world.replace_state(saved.state, saved.recorded)
    return world


class ScenarioBuilder(AccountBuilder, ProjectBuilder):
    """Builds one world from a scenario file."""

    def __init__(self, source: Source, seed: int, dialect: str, settings: dict[str, Any]) -> None:
        self._dialect = dialect
        self._fleet = source.scenario.fleet
        if self._fleet is not None:
            counts: dict[str, Any] = {n: settings.pop(n) for n in ("projects", "deployments") if n in settings}
            try:
                self._fleet = msgspec.convert({**msgspec.structs.asdict(self._fleet), **counts}, FleetSection)
            except msgspec.ValidationError as error:
                raise InvalidInput(f"fleet: {error}") from None
        try:
            base = settled(source.scenario.settings)
        except InvalidInput as error:
            raise source.error("settings", str(error)) from None
        super().__init__(source, seed, settled(settings, base))

    def world(self) -> World:
        """Build the world."""
        file, state = self._file, self._state
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
        for n, call in enumerate(file.calls):
            self._call(call, f"calls[{n}]")
        self._actions.sort(key=lambda action: action[:2])
        state.now = min([state.now, *(moment for moment, *_ in self._actions)])
        self._world = world = World(state, dialect=self._dialect)
        for moment, _, where, action in self._actions:
            world.move_to(moment)
            self._try(action, where)
        world.move_to(self._source.start)
        self._incidents(world)
        if self._fleet is not None:
            generate_fleet(world, self._fleet.projects, self._fleet.deployments)
        world.rebuild_indexes()
        check_ground_truth(self._source, world)
        world.initial_state = dump_state(world)
        return world

    def _call(self, section: CallSection, where: str) -> None:
        start = self._source.moment(section.start, f"{where}.start") if section.start else 0
        end = self._source.moment(section.end, f"{where}.end") if section.end else None
        made = [self._made(section.caller, f"{where}.caller"), self._made(section.callee, f"{where}.callee")]
        begins = max(start, *made)
        fields = {name: getattr(section, name) for name in _CALL_FIELDS}

        def make() -> None:
            try:
                calls.add(
                    self._world,
                    section.caller,
                    section.callee,
                    section.name,
                    -(-begins // SECOND),
                    None if end is None else end // SECOND,
                    fields,
                )
            except InvalidInput as error:
                raise self._source.error(where, str(error)) from None

        self._actions.append((min(begins, self._source.start), len(self._actions), where, make))

    def _made(self, place: str, where: str) -> int:
        """Return when an environment of the file is made."""
        for n, project in enumerate(self._file.projects):
            for m, environment in enumerate(project.environments):
                if place == f"{project.name}/{environment.name}":
                    path = f"projects[{n}].environments[{m}].made"
                    return self._source.moment(environment.made or project.made, path)
        raise self._source.error(where, f"there is no environment {place!r}")

    def _incidents(self, world: World) -> None:
        names = {
            f"{project.name}/{environment.name}": environment
            for project in world.state.projects.values()
            for environment in project.environments.values()
        }
        for n, section in enumerate(self._file.incidents):
            where = f"incidents[{n}]"
            for name in section.environments:
                if name not in names:
                    raise self._source.error(f"{where}.environments", f"there is no environment {name!r}")
            start = self._source.moment(section.start, f"{where}.start") // SECOND
            end = self._source.moment(section.end, f"{where}.end") // SECOND if section.end else None
            try:
                incident = Incident(
                    name=section.name,
                    start=start,
                    end=end,
                    rate=section.rate,
                    ramp=section.ramp,
                    fade=section.fade,
                    failing=tuple(section.failing),
                    jitter=section.jitter,
                    slow=section.slow,
                    stolen=section.stolen,
                )
            except ValueError as error:
                raise self._source.error(where, str(error)) from None
            world.state.incidents.append((incident, [names[name].id for name in section.environments]))
            for name in section.environments:
                world.invalidate_traffic(names[name])
