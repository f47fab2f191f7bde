"""What is done to a served world beside the methods that any world has: its speed, its faults by id, files, forks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator.control.values import Description, FaultsState, Fork, dump_faults, moment_text
from createos_nb.simulator.http.clock_driver import ClockDriver
from createos_nb.simulator.world import snapshot
from createos_nb.simulator.world.faults import Fault, Faults, chosen_faults
from createos_nb.simulator.world.world import World

_FAULTS: Final = 200
"""Faults that are kept by their id, those included that were stopped."""


class Steering:
    """One served world, for who steers it; the world's lock is held by the caller.

    Attributes:
        world: the world.

    Args:
        world: the world.
        clock: moves its clock.
        add_fork: serves a fork; returns its path.
    """

    def __init__(self, world: World, clock: ClockDriver, add_fork: Callable[[World, float], str]) -> None:
        self.world = world
        self._clock, self._add_fork = clock, add_fork
        self._faults: dict[str, Faults] = {}
        self._count = 0

    def describe(self) -> Description:
        """Return which world this is, its time and its speed."""
        world, state = self.world, self.world.state
        projects = sum(project.status != "deleted" for project in state.projects.values())
        return Description(
            id=world.id,
            lineage=str(world.lineage),
            scenario=state.scenario,
            seed=state.seed,
            dialect=world.dialect,
            now=moment_text(state.now),
            speed=self._clock.speed,
            account=world.account,
            projects=projects,
        )

    def set_speed(self, speed: float) -> Description:
        """Let the world's time pass at another speed from now on.

        Args:
            speed: seconds of the world in a real one, 0 to 1,000,000; at 0 only controls move its time.

        Raises:
            InvalidInput: another speed.
        """
        self._clock.set_speed(speed)
        return self.describe()

    # --- faults -------------------------------------------------------------------------------------------------------

    def inject(self, faults: Sequence[Fault], seed: int = 0) -> FaultsState:
        """Let faults of the API strike from now on.

        Args:
            faults: which; each as a table of a faults file.
            seed: decides which requests are struck, where a probability is below 1.

        Raises:
            InvalidInput: no fault, one that makes no sense, or too many that strike already.
        """
        chosen = self.world.faults(*chosen_faults(faults, what=None, operations=()), seed=seed)
        while len(self._faults) >= _FAULTS:
            stopped = next((key for key, known in self._faults.items() if not known.active), None)
            if stopped is None:
                raise InvalidInput(f"{_FAULTS} faults strike already: stop some of them, or reset the world")
            del self._faults[stopped]
        self._count += 1
        self._faults[str(self._count)] = chosen.start()
        return dump_faults(str(self._count), chosen)

    def injected(self, faults_id: str) -> FaultsState:
        """Return whether faults strike, and how often they have struck.

        Args:
            faults_id: what `inject` gave.

        Raises:
            UnknownName: there are no such faults.
        """
        return dump_faults(faults_id, self._known(faults_id))

    def start_faults(self, faults_id: str) -> FaultsState:
        """Let faults strike again that were stopped.

        Args:
            faults_id: what `inject` gave.

        Raises:
            UnknownName: there are no such faults.
        """
        return dump_faults(faults_id, self._known(faults_id).start())

    def stop_faults(self, faults_id: str) -> FaultsState:
        """Let faults strike no more.

        Args:
            faults_id: what `inject` gave.

        Raises:
            UnknownName: there are no such faults.
        """
        faults = self._known(faults_id)
        faults.stop()
        return dump_faults(faults_id, faults)

    def _known(self, faults_id: str) -> Faults:
        if faults_id not in self._faults:
            raise UnknownName("fault", faults_id, self._faults)
        return self._faults[faults_id]

    # --- copies -------------------------------------------------------------------------------------------------------

    def fork(self) -> Fork:
        """Make another world that is as this one is now; from here on neither sees what happens in the other."""
        return Fork(self._add_fork(self.world.fork(), self._clock.speed))

    def snapshot(self) -> bytes:
        """Return the world as the content of a file, as `World.save` writes it."""
        return snapshot.dump(self.world)

    def load_snapshot(self, file: bytes) -> World:
        """Become the world of a file.

        Args:
            file: content of a file that `World.save` wrote, or `snapshot` gave.

        Raises:
            InvalidInput: it is no saved world, a damaged one, or one of another version.
        """
        self.world.become(snapshot.parse(file, "the body"))
        return self.world
