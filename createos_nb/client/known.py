"""What a session has seen of environments and deployments: for marks in plots, without asking anybody."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from createos_nb.client.live_versions import Place, Stretch, Version, stretches
from createos_nb.times import iso

#: So many deployments of a project are remembered, the newest.
NEWEST: Final = 20
_FIELDS: Final = ("id", "versionNumber", "status", "source", "createdAt", "updatedAt")


class Known:
    """Environments and the newest deployments, as they were seen last. Safe from several threads.

    What it tells of the past stays true when it grows old; what came since is not in it.
    """

    def __init__(self) -> None:
        self._places: dict[str, tuple[str, Place]] = {}
        self._versions: dict[str, dict[str, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def learn(self, operation: str, project: Any, rows: Iterable[Mapping[str, Any]]) -> None:
        """Remember the rows of a list, as decoded JSON, if they are environments or deployments of a project."""
        if not isinstance(project, str):
            return
        if operation == "ListProjectEnvironments":
            places = [Place.read(row) for row in rows]
            with self._lock:
                self._places |= {place.id: (project, place) for place in places}
        elif operation == "ListDeployments":
            # as they came: most are never looked at, and times take long to read
            versions = {str(row.get("id")): {name: row.get(name) for name in _FIELDS} for row in rows}
            with self._lock:
                known = {**self._versions.get(project, {}), **versions}
                newest = sorted(known.items(), key=lambda item: _number(item[1]))[-NEWEST:]
                self._versions[project] = dict(newest)

    def stretches(self, environment: str, now: float) -> tuple[list[Stretch], dict[str, Version]]:
        """Return what is known of an environment's live versions, and the deployments by id."""
        with self._lock:
            project, place = self._places.get(environment, ("", None))
            rows = list(self._versions.get(project, {}).values())
        versions = {version.id: version for version in map(Version.read, rows)}
        return ([] if place is None else stretches(place, versions.values(), [], now=now)), versions

    def marks(self, environment: str, start: float, end: float, now: float) -> list[list[str]]:
        """Return when versions became live in an environment within a window, for plots: a time and a short text.

        Guesses are left out. Where the deployments of the project have not been seen, it is the environment's last
        change.
        """
        found, versions = self.stretches(environment, now)
        certain = [each for each in found if each.exactness != "guess" and start <= each.start < end]
        return [[iso(int(each.start)), _name(versions.get(each.deployment))] for each in certain]


def _name(version: Version | None) -> str:
    return "environment changed" if version is None or version.number is None else f"version {version.number}"


def _number(row: Mapping[str, Any]) -> int:
    number = row["versionNumber"]
    return number if isinstance(number, int) else 0
