"""A served world with the methods of an embedded one: each is one request that steers it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cached_property, wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Self, TypeVar

from createos_nb.client.served.controls import Controls
from createos_nb.client.served.faults import ServedFaults
from createos_nb.client.served.steered_clock import ControlClock, SteeredClock
from createos_nb.lineage import Lineage
from createos_nb.naming import nearest
from createos_nb.process import ProcessBound
from createos_nb.redaction import Secret
from createos_nb.simulator import World
from createos_nb.simulator.control.operations import FORKS
from createos_nb.simulator.control.values import Description, load_events, moment_text, timestamp
from createos_nb.simulator.envelope import Dialect
from createos_nb.simulator.times import SECOND, MomentLike
from createos_nb.simulator.world import snapshot
from createos_nb.simulator.world.faults import Fault, FaultKind, chosen_faults
from createos_nb.storage import atomic_write

if TYPE_CHECKING:
    import pandas as pd

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

#: What a world in another process does not have, and why.
ELSEWHERE: Final = {
    "api": "its requests are answered in the process that serves it: send them with the client",
    "handle": "its requests are answered in the process that serves it: send them with the client",
    "transport": "a client reaches it over HTTP: give createos_nb.Client its base_url and its key",
    "state": "only the process that serves it sees its inside; world.save(file) gives all of it as a file",
    "on_webhook": "it posts its webhooks: client.webhooks.create registers an address, and createos-nb listen receives",
    "become": "world.load(file) sends it the file of a saved world",
}
_INSIDE: Final = "only the process that serves it sees its inside: ask the platform, by the client"


def _sent(method: Callable[Concatenate[World, P], R]) -> Callable[Concatenate[ServedWorld, P], R]:
    """Return a method of a world as one request to the process that serves it."""

    @wraps(method)
    def send(self: ServedWorld, /, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = self._controls(method.__name__, *args, **kwargs)
        return result

    return send


def _documented(method: Callable[..., Any]) -> Callable[[F], F]:
    """Return a decorator that takes the docstring over from a method of a world."""

    def document(function: F) -> F:
        function.__doc__ = method.__doc__
        return function

    return document


class ServedWorld(ProcessBound):
    """A world that another process serves with `--control`; see `createos_nb.connect_world`.

    It has the methods of an embedded world (`createos_nb.simulator.World`), and they do the same. What can't be done
    from here says why.

    Attributes:
        clock: a `createos_nb.clock.Clock` that moves this world.

    Args:
        url: where its platform answers, such as "http://127.0.0.1:8765".
        token: what `createos-nb serve --control` printed.

    Raises:
        ConfigurationError: no world can be steered there, or not with this token.
        TransportError: nothing answers there.

    Examples:
        >>> from createos_nb.client.served.world import ServedWorld
        >>> with createos_nb.simulator.serve(createos_nb.simulate().world, speed=0, control=True) as served:
        ...     str(ServedWorld(served.url, served.token).advance("15min"))
        '2026-03-02 09:15:00+00:00'
    """

    _instead = "open it again with connect_world() where it is needed"

    def __init__(self, url: str, token: str | Secret) -> None:
        self.clock = SteeredClock(lambda seconds: self._controls("advance", seconds))
        self._controls = Controls(url, token, ControlClock(self.clock))
        del token
        self._first = self._describe()

    def _describe(self) -> Description:
        description: Description = self._controls("describe")
        return description

    def __repr__(self) -> str:
        """From what is known of it here: to show an object asks nobody."""
        if "_first" not in vars(self):  # a traceback that shows variables meets one that could not be opened
            return "<World: not opened>"
        now = timestamp(moment_text(round(self.clock.ticks() * SECOND)))
        facts = f"{self._first.scenario}, seed {self._first.seed}, {now.isoformat()}"
        return f"<World {facts}, served at {self.base_url}>"

    if not TYPE_CHECKING:  # to checkers it has its own attributes and nothing else

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            known = [known for known in dir(type(self)) if not known.startswith("_")]
            suggestion = "" if name in ELSEWHERE else nearest(name, known)
            raise AttributeError(f"a served world has no {name!r}: {ELSEWHERE.get(name, _INSIDE)}{suggestion}")

    # --- which world --------------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """Where its platform answers."""
        return self._controls.url

    @property
    def id(self) -> str:
        """Which world this is: a new one whenever a scenario is opened, kept by `fork`, `save` and `load`."""
        return self._describe().id

    @property
    def scenario(self) -> str:
        """Name of the scenario that it was opened from."""
        return self._first.scenario

    @property
    def seed(self) -> int:
        """The seed that it was opened with."""
        return self._first.seed

    @property
    def lineage(self) -> Lineage:
        """Which world this is, and whose past is its own."""
        return self.clock.lineage

    @property
    def dialect(self) -> Dialect:
        """How its answers are wrapped."""
        return self._describe().dialect

    @property
    def account(self) -> str:
        """Name of the user whose account it is."""
        return self._first.account

    @cached_property
    def key(self) -> str:
        """An API key of the account that the scenario is about."""
        return self.key_of(self.account)

    @cached_property
    def access_token(self) -> str:
        """An access token of that account."""
        return self.access_token_of(self.account)

    @_documented(World.jitter)
    def jitter(self) -> random.Random:
        """Return a generator for the waits of a client."""
        return random.Random(self._first.seed)

    accounts = _sent(World.accounts)
    key_of = _sent(World.key_of)
    access_token_of = _sent(World.access_token_of)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> pd.Timestamp:
        """The time in the world (UTC)."""
        return timestamp(self._describe().now)

    advance = _sent(World.advance)

    @_documented(World.at)
    def at(self, time: MomentLike) -> Self:
        """Let time pass until a moment."""
        self._controls("at", time)
        return self

    # --- copies -------------------------------------------------------------------------------------------------------

    @_documented(World.fork)
    def fork(self) -> Self:
        """Return another world, served below a path of its own."""
        path = self._controls("fork").path
        return type(self)(self.base_url.partition(FORKS)[0] + path, self._controls.token)

    @_documented(World.reset)
    def reset(self) -> Self:
        """Set everything back to what it was when the world was opened."""
        self._controls("reset")
        self.clock.skews.clear()
        return self

    @_documented(World.save)
    def save(self, file: str | Path) -> Path:
        """Write the world to a file here."""
        path = Path(file)
        atomic_write(path, self._controls("snapshot"))
        return path

    @_documented(World.load)
    def load(self, file: str | Path) -> Self:
        """Become the world of a file here."""
        path = Path(file)
        content = path.read_bytes()
        snapshot.parse(content, path.name)  # what is wrong with it is said by its name, before it is sent
        self._controls("load_snapshot", content)
        return self

    # --- what happens -------------------------------------------------------------------------------------------------

    @_documented(World.events)
    def events(self) -> pd.DataFrame:
        """Return what has happened in the world."""
        return load_events(self._controls("events"), self._first.scenario)

    push = _sent(World.push)
    set_behavior = _sent(World.set_behavior)
    traffic = _sent(World.traffic)
    incident = _sent(World.incident)
    end_incident = _sent(World.end_incident)
    connect = _sent(World.connect)
    disconnect = _sent(World.disconnect)
    github_accounts = _sent(World.github_accounts)
    github_code = _sent(World.github_code)
    set_dns = _sent(World.set_dns)
    set_dns_record = _sent(World.set_dns_record)
    fail_scan = _sent(World.fail_scan)

    @_documented(World.faults)
    def faults(
        self,
        *faults: Fault,
        seed: int = 0,
        what: FaultKind | None = None,
        operations: Sequence[str] = (),
        probability: float = 1.0,
        count: int | None = None,
        skip: int = 0,
        seconds: float = 5.0,
        status: int = 503,
    ) -> ServedFaults:
        """Inject faults of the API itself."""
        chosen = chosen_faults(
            faults,
            what=what,
            operations=operations,
            probability=probability,
            count=count,
            skip=skip,
            seconds=seconds,
            status=status,
        )
        return ServedFaults(self._controls, self.clock, chosen, seed)

    @_documented(World.replay)
    def replay(
        self,
        project: str,
        environment: str,
        source: str | Path | bytes | IO[bytes],
        *,
        end: MomentLike | None = None,
        query: bool = True,
    ) -> pd.Series:
        """Let an access log become the traffic of an environment."""
        if isinstance(source, str | Path):
            content = Path(source).read_bytes()
        else:
            content = source if isinstance(source, bytes) else source.read()
        replayed: pd.Series = self._controls("replay", project, environment, content, end=end, query=query)
        return replayed
