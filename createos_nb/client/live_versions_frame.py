"""Live versions of a project, read from the platform, as a frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from createos_nb.client.live_versions import Place, Sighting, Stretch, Version, stretches
from createos_nb.client.session import Session
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput

#: Sightings by environment id.
Sightings = Mapping[str, list[Sighting]]
_KNOWN: Final = ("time", "environment_id", "deployment_id", "began", "source")
_TIMES: Final = ("start", "end", "not_before", "not_after")


def sightings_of(known: pd.DataFrame | None) -> Sightings:
    """Return what a frame says was live, by environment id. Raises `InvalidInput` for one without its columns."""
    found: defaultdict[str, list[Sighting]] = defaultdict(list)
    if known is None:
        return found
    if not isinstance(known, pd.DataFrame) or not set(_KNOWN) <= set(known.columns):
        raise InvalidInput(
            f"fleet.live_versions: known= is a frame with the columns {', '.join(_KNOWN)}, as "
            "createos_nb.plans.assignments(client) gives it"
        )
    if not isinstance(known["time"].dtype, pd.DatetimeTZDtype):
        raise InvalidInput("fleet.live_versions: the column time of known= has times with a zone (datetime64[us, UTC])")
    if wrong := sorted(set(known["source"].dropna()) - {"journal", "history"}):
        raise InvalidInput(f"fleet.live_versions: the source of known= is 'journal' or 'history', not {wrong[0]!r}")
    complete = known[list(_KNOWN)].dropna()
    seconds = complete["time"].dt.as_unit("us").astype("int64") / 1e6
    columns = (seconds, complete["environment_id"], complete["deployment_id"], complete["began"], complete["source"])
    for at, environment, deployment, began, source in zip(*columns, strict=True):
        found[str(environment)].append(Sighting(float(at), str(deployment), bool(began), source))
    return found


def live_versions_of(session: Session, project: str, sightings: Sightings, window: tuple[float, float]) -> pd.DataFrame:
    """Return the live versions of all environments of a project in a window, asking for as few pages as can tell."""
    places = [Place.read(row) for row in session.rows("ListProjectEnvironments", project_id=project)]
    found, versions = _stretches(session, project, places, sightings, window[0])
    rows = [
        {
            "environment": place.name,
            "version": version.number if (version := versions.get(stretch.deployment)) is not None else None,
            **{name: getattr(stretch, name) for name in Stretch.__dataclass_fields__},
        }
        for place, of_place in zip(places, found, strict=True)
        for stretch in of_place
        if stretch.start < window[1] and (stretch.end is None or stretch.end > window[0])
    ]
    return live_versions_frame(rows)


def _stretches(
    session: Session, project: str, places: Sequence[Place], sightings: Sightings, since: float
) -> tuple[list[list[Stretch]], dict[str, Version]]:
    """The stretches of each place, and the deployments: page by page, until they reach back to a moment."""
    versions: dict[str, Version] = {}
    now = session.transport.now()
    while True:
        found = [stretches(place, versions.values(), sightings.get(place.id, []), now=now) for place in places]
        lives = [stretch for of_place in found for stretch in of_place]
        reaching = all(not of_place or of_place[0].start <= since for of_place in found)
        if not lives or (reaching and {stretch.deployment for stretch in lives} <= versions.keys()):
            return found, versions
        page, total = session.deployments_page(project, len(versions))
        read = {version.id: version for version in map(Version.read, page)}
        if read.keys() <= versions.keys():
            return found, versions
        versions |= read
        if len(versions) >= total:
            found = [stretches(place, versions.values(), sightings.get(place.id, []), now=now) for place in places]
            return found, versions


def live_versions_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the frame of `Fleet.live_versions`, without its first column."""
    columns = ["environment", "version", "deployment", "start", "end", "source", "exactness", "not_before", "not_after"]
    frame = pd.DataFrame(list(rows), columns=columns)
    frame = frame.astype(
        {"version": "Int64", **dict.fromkeys(("environment", "deployment", "source", "exactness"), TEXT)}
    )
    for name in _TIMES:
        seconds = pd.to_numeric(frame[name]).astype("float64").round(3)
        frame[name] = pd.to_datetime(seconds, unit="s", utc=True).astype("datetime64[us, UTC]")
    return frame
