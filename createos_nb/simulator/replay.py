"""An access log becomes the traffic of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator.moments import SECOND, from_datetime, from_rfc3339
from createos_nb.simulator.state import Environment, Project
from createos_nb.simulator.traffic import Recorded, read_access_log

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.simulator.world import World


def find(world: World, project: str, environment: str) -> tuple[Project, Environment]:
    """A project and an environment of it, by name or id. Raises `UnknownName`."""
    projects = [one for one in world.state.projects.values() if one.status != "deleted"]
    for found in projects:
        if project in (found.name, found.id):
            for one in found.environments.values():
                if environment in (one.name, one.id):
                    return found, one
            raise UnknownName("environment", environment, [e.name for e in found.environments.values()], found.name)
    raise UnknownName("project", project, [one.name for one in projects])


def replay(
    world: World, project: str, environment: str, source: Any, *, end: Any = None, query: bool = False
) -> pd.Series:
    """Let an access log become the traffic of an environment, in place of what was there.

    Args:
        world: the world.
        project, environment: name or id.
        source: path of a log in common or combined format, plain or gzip, its bytes, or a file open for reading bytes.
        query: whether the query string is part of a path; by default it is not.
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

    _, target = find(world, project, environment)
    log = read_access_log(source, query=query)
    events = log.events if end is None else log.ending(_second(world, end))
    world.recorded[target.id] = Recorded(events)
    target.replayed, target.visitors = True, None
    target.profiles.clear()
    world.traffic_changed(target)
    world.note("access log replayed", find(world, project, environment)[0], f"{len(events)} requests")
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


def _second(world: World, end: Any) -> int:
    try:
        if isinstance(end, str):
            moment = world.state.now if end == "now" else from_rfc3339(end)
        else:
            moment = from_datetime(end.to_pydatetime() if hasattr(end, "to_pydatetime") else end)
    except (ValueError, AttributeError, TypeError):
        raise InvalidInput(f'end is "now", an aware time or RFC 3339 text, not {end!r}') from None
    return moment // SECOND
