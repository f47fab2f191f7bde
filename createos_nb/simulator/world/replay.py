"""An access log becomes the traffic of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.indexed_state import find_environment
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import Recorded, read_access_log
from createos_nb.simulator.world.events import moment_of

if TYPE_CHECKING:
    import pandas as pd


def replay(
    context: WorldContext, project: str, environment: str, source: Any, *, end: Any = None, query: bool = True
) -> pd.Series:
    """Let an access log become the traffic of an environment, in place of what was there.

    Args:
        context: the world.
        project: name or id.
        environment: name or id.
        source: path of a log in common or combined format, plain or gzip, its bytes, or a file open for reading bytes.
        query: whether the query string is part of a path, as it is for whoever counts the log by hand.
        end: None for the log's own times; "now", a Timestamp, a datetime or RFC 3339 text for where it is to end.

    Returns:
        A Series: `lines`, `kept`, `malformed` (all int), `reasons` (a dict: reason → lines), `first` and `last` (UTC
        Timestamps, NaT without requests) as they are in the world.

    Raises:
        UnknownName: no such project or environment.
        InvalidInput: `end` is not a time.
        OSError: the file can't be read.
    """
    import pandas as pd

    here = context.find_project(project)
    target = find_environment(here, environment)
    log = read_access_log(source, query=query)
    events = log.events if end is None else log.ending(moment_of(context, end) // SECOND)
    context.recorded[target.id] = Recorded(events)
    target.replayed, target.visitors = True, None
    target.profiles.clear()
    context.invalidate_traffic(target, past=True)
    context.record("access log replayed", here, f"{len(events)} requests", environment=target)
    times = [pd.Timestamp(int(events.time[at]), unit="us", tz="UTC") if len(events) else pd.NaT for at in (0, -1)]
    malformed = sum(log.malformed.values())
    return pd.Series(
        {
            "lines": log.lines,
            "kept": len(events),
            "malformed": malformed,
            "reasons": dict(log.malformed),
            "first": times[0],
            "last": times[1],
        },
        dtype=object,
        name="replay",
    )
