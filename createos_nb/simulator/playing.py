"""What a scenario's file has happen on the way to the start of its world, and how it is played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.scenario import Source
from createos_nb.simulator.settings import WorldSettings
from createos_nb.simulator.state import State, User
from createos_nb.simulator.world import World


class Playing:
    """A world on its way to its start: what is going to happen, and when."""

    _owner: User
    _world: World

    def __init__(self, source: Source, seed: int, settings: WorldSettings) -> None:
        self._source, self._file, self._seed = source, source.scenario, seed
        self._state = State(seed, source.name.removesuffix(".toml"), source.start, settings)
        self._state.behaviours, self._state.sources = dict(source.behaviours), dict(source.sources)
        self._plays: list[tuple[int, int, str, Callable[[], Any]]] = []

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
