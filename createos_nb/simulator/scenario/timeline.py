"""The timeline of a scenario: what happens on the way to the start of its world, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.scenario.reader import Source
from createos_nb.simulator.settings import WorldSettings
from createos_nb.simulator.state import State, User
from createos_nb.simulator.world.world import World


class Timeline:
    """The actions that lead to the start of a world, each with its moment; a builder schedules and applies them."""

    _owner: User
    _world: World

    def __init__(self, source: Source, seed: int, settings: WorldSettings) -> None:
        self._source, self._file, self._seed = source, source.scenario, seed
        self._state = State(seed, source.name.removesuffix(".toml"), source.start, settings)
        self._state.behaviors, self._state.sources = dict(source.behaviors), dict(source.sources)
        self._actions: list[tuple[int, int, str, Callable[[], Any]]] = []

    def _schedule(self, where: str, when: str, action: Callable[[], Any]) -> int:
        """Let something happen on the way to the start; gives its moment."""
        moment = self._source.moment(when, where)
        if moment > self._source.start:
            raise self._source.error(where, f"{when!r} lies after the start: only steps of a history may")
        self._actions.append((moment, len(self._actions), where, action))
        return moment

    def _try(self, action: Callable[[], Any], where: str) -> None:
        try:
            action()
        except (LookupError, HttpError) as why:
            raise self._source.error(where, str(why.args[0] if why.args else why)) from None
