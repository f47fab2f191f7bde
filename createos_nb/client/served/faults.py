"""Faults of a served world, for a `with` block or from `start` to `stop`."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from createos_nb.client.served.controls import Controls
from createos_nb.client.served.steered_clock import SteeredClock
from createos_nb.simulator.control.values import FaultsState
from createos_nb.simulator.world.faults import Fault


class ServedFaults:
    """Faults that a served world injects while a `with` block runs, or from `start` to `stop`.

    Attributes:
        faults: which.

    Args:
        controls: of the world.
        clock: that a skew puts forward.
        faults: which.
        seed: decides which requests are struck, where a probability is below 1.
    """

    def __init__(self, controls: Controls, clock: SteeredClock, faults: Sequence[Fault], seed: int) -> None:
        self._controls, self._clock, self._seed = controls, clock, seed
        self.faults = list(faults)
        self._state: FaultsState | None = None

    @property
    def active(self) -> bool:
        """Whether they strike."""
        return self._asked().active

    @property
    def injected(self) -> list[int]:
        """How often each has struck, by its place in `faults`."""
        return self._asked().injected

    def start(self) -> ServedFaults:
        """Let them strike.

        Returns:
            These faults.

        Examples:
            >>> world = createos_nb.simulator.open_world("storefront")
            >>> with createos_nb.simulator.serve(world, speed=0, control=True) as served:
            ...     client = createos_nb.connect_world(served.url, served.token)
            ...     faults = client.world.faults(what="error", count=1).start()
            ...     len(client.projects.list()), faults.injected
            (8, [1])
        """
        if self._state is None:
            self._state = self._controls("inject", self.faults, seed=self._seed)
        else:
            self._state = self._controls("start_faults", self._state.id)
        skew = sum(fault.seconds for fault in self.faults if fault.what == "clock-skew")
        if self._state is not None and skew:
            self._clock.skews[self._state.id] = skew
        return self

    def stop(self) -> None:
        """Let them strike no more.

        Examples:
            >>> world = createos_nb.simulator.open_world("storefront")
            >>> with createos_nb.simulator.serve(world, speed=0, control=True) as served:
            ...     client = createos_nb.connect_world(served.url, served.token)
            ...     faults = client.world.faults(what="error").start()
            ...     faults.stop()
            ...     len(client.projects.list()), faults.injected
            (8, [0])
        """
        if self._state is not None:
            self._clock.skews.pop(self._state.id, None)
            self._state = self._controls("stop_faults", self._state.id)

    def _asked(self) -> FaultsState:
        """What the world says of them; once they are stopped, what it said then."""
        if self._state is None:
            return FaultsState("", active=False, injected=[0] * len(self.faults))
        if self._state.active:
            self._state = self._controls("injected", self._state.id)
        state: FaultsState = self._state
        return state

    def __enter__(self) -> ServedFaults:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
