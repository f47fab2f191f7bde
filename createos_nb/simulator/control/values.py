"""What the controls of a served world take and give, as JSON and as the values of a `World`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, structs

from createos_nb.dtypes import TEXT
from createos_nb.simulator.envelope import Dialect
from createos_nb.simulator.state import JournalEntry
from createos_nb.simulator.times import from_datetime, from_rfc3339
from createos_nb.simulator.world.base import BaseWorld
from createos_nb.simulator.world.events import journal_frame
from createos_nb.simulator.world.faults import Faults

if TYPE_CHECKING:
    import pandas as pd

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment_text(moment: int) -> str:
    """Return microseconds since 1970 as RFC 3339 text, to the microsecond."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat().replace("+00:00", "Z")


def timestamp(text: str) -> pd.Timestamp:
    """Return the Timestamp (UTC) that `moment_text` wrote."""
    import pandas as pd

    return pd.Timestamp(from_rfc3339(text), unit="us", tz="UTC")


class Description(Struct):
    """A served world.

    Attributes:
        id: which world it is; a fork and a saved world keep it.
        lineage: its id, the name of its course, and the courses before it.
        scenario: what it was opened from.
        seed: what its random figures are drawn from.
        dialect: "production" or "documented": how its answers are wrapped.
        now: its time.
        speed: seconds of its time in a real one; 0: it stands still.
        account: the user whom the scenario is about.
        projects: how many there are.
    """

    id: str
    lineage: str
    scenario: str
    seed: int
    dialect: Dialect
    now: str
    speed: float
    account: str
    projects: int


class Event(Struct):
    """Something that has happened in the world; "" and null where there is none."""

    time: str
    what: str
    project: str
    environment: str
    version: int | None
    text: str


class AccountRow(Struct):
    """An account of the world."""

    username: str
    email: str
    display_name: str


class GithubAccountRow(Struct):
    """A GitHub account; `connected_to` is the user's name, "" where nobody has connected it."""

    username: str
    installation_id: int
    connected_to: str


class Replayed(Struct):
    """What became of an access log: times are as they are in the world, null without requests."""

    lines: int
    kept: int
    malformed: int
    reasons: dict[str, int]
    first: str | None
    last: str | None


class FaultsState(Struct):
    """Injected faults: their id, whether they strike, and how often each has struck, in their order."""

    id: str
    active: bool
    injected: list[int]


class Fork(Struct):
    """A world that was forked: under this path its platform answers, and its own controls."""

    path: str


@dataclass(frozen=True)
class Answer:
    """What a control gives.

    Attributes:
        schema: its type as JSON; `bytes` for a file.
        dump: makes it from what the function returned.
        load: makes what the method of a world returns from it.
    """

    schema: Any
    dump: Callable[[Any], Any] = lambda value: value
    load: Callable[[Any], Any] = lambda value: value


def _dump_time(time: pd.Timestamp) -> str:
    return moment_text(from_datetime(time.to_pydatetime(warn=False)))


def _dump_world(world: BaseWorld) -> str:
    return moment_text(world.state.now)


def _dump_events(frame: pd.DataFrame) -> list[Event]:
    return [
        Event(_dump_time(time), what, project, environment, _number(version), text)
        for time, what, project, environment, version, text in frame.itertuples(index=False)
    ]


def _number(value: Any) -> int | None:
    import pandas as pd

    return None if pd.isna(value) else int(value)


def load_events(events: list[Event], scenario: str) -> pd.DataFrame:
    """Return the frame of `World.events`."""
    entries = [
        JournalEntry(from_rfc3339(e.time), e.what, e.project, e.environment, e.version or 0, e.text) for e in events
    ]
    return journal_frame(entries, scenario)


def _rows(kind: type[Struct]) -> Answer:
    """Return the answer for a frame of texts and whole numbers."""

    def load(rows: list[Struct]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(
            {
                field.name: pd.Series(
                    [getattr(row, field.name) for row in rows], dtype="int64" if field.type in (int, "int") else TEXT
                )
                for field in structs.fields(kind)
            }
        )

    return Answer(list[kind], lambda frame: frame.to_dict("records"), load)  # type: ignore[valid-type]


def _dump_replayed(series: pd.Series) -> Replayed:
    import pandas as pd

    first, last = (None if pd.isna(series[name]) else _dump_time(series[name]) for name in ("first", "last"))
    counts = {name: int(series[name]) for name in ("lines", "kept", "malformed")}
    return Replayed(**counts, reasons=series["reasons"], first=first, last=last)


def _load_replayed(replayed: Replayed) -> pd.Series:
    import pandas as pd

    times = {
        name: pd.NaT if text is None else timestamp(text)
        for name, text in (("first", replayed.first), ("last", replayed.last))
    }
    return pd.Series({**structs.asdict(replayed), **times}, dtype=object, name="replay")


def dump_faults(identity: str, faults: Faults) -> FaultsState:
    """Return the state of faults as JSON says it."""
    return FaultsState(identity, faults.active, list(faults.injected))


NOTHING: Final = Answer(None)
TEXT_ANSWER: Final = Answer(str)
VERSION: Final = Answer(int | None)
TIME: Final = Answer(str, _dump_time, timestamp)
MOVED: Final = Answer(str, _dump_world, timestamp)
DESCRIPTION: Final = Answer(Description)
EVENTS: Final = Answer(list[Event], _dump_events)
ACCOUNTS: Final = _rows(AccountRow)
GITHUB: Final = _rows(GithubAccountRow)
REPLAYED: Final = Answer(Replayed, _dump_replayed, _load_replayed)
FAULTS: Final = Answer(FaultsState)
FORK: Final = Answer(Fork)
FILE: Final = Answer(bytes)
