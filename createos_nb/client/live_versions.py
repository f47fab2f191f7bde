"""Which version was live when in an environment: from what was seen of it, and inferred where nobody saw it.

The platform says what is live now, when an environment changed last, and when each deployment was made; who assigned
what, and when, it does not say. What somebody has written down (the journal of plans) is exact. The rest is inferred:

* What is live now became so between the making of its deployment and the last change of the environment. In an
  environment that promotes by itself, and whose newest built version it is, that was when it was built; else the last
  change is taken. What was seen live at a moment of the past became so when it was built, or, where it was not live
  after that, at that moment.
* Before that, the newest built version of the environment's branch (without a branch, of the project) is taken. Where
  the environment promotes by itself that is what the platform does; elsewhere it is a guess, and says so.

When a deployment was built is not said either: it is the time of its last change while it is `deployed`, unless that
came long after others needed; else as long after it was made as the others took (their median).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from createos_nb.client.last_change import branch_of, moment

#: What says that a version was live: a journal, another record of the past, or an inference.
Source = Literal["journal", "history", "inferred"]
#: What is known of the moment at which a version became live; see `Fleet.live_versions`.
Exactness = Literal["exact", "within", "built", "guess"]
#: Statuses of deployments that were built.
BUILT = frozenset({"deployed", "sleeping", "crashing"})
#: Seconds that a deployment takes to be built where none says so.
_BUILD = 60.0
#: A last change so many times later than a usual build is no end of a build.
_LONG = 5.0


@dataclass(frozen=True, slots=True)
class Version:
    """A deployment, as far as it matters here; times in Unix seconds."""

    id: str
    number: int | None
    status: str | None
    branch: str | None
    created: float | None
    updated: float | None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Version:
        """Read a deployment from decoded JSON."""
        number, status = row.get("versionNumber"), row.get("status")
        return cls(
            id=str(row.get("id")),
            number=number if isinstance(number, int) else None,
            status=status if isinstance(status, str) else None,
            branch=branch_of(row),
            created=moment(row, "createdAt"),
            updated=moment(row, "updatedAt"),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """An environment, as far as it matters here; times in Unix seconds."""

    id: str
    name: str
    live: str | None
    branch: str | None
    promotes: bool
    created: float | None
    updated: float | None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Place:
        """Read an environment from decoded JSON."""
        live, branch = row.get("projectDeploymentId"), row.get("branch")
        return cls(
            id=str(row.get("id")),
            name=str(row.get("uniqueName")),
            live=live if isinstance(live, str) and live else None,
            branch=branch if isinstance(branch, str) and branch else None,
            promotes=row.get("isAutoPromoteEnabled") is True,
            created=moment(row, "createdAt"),
            updated=moment(row, "updatedAt"),
        )


class Sighting(NamedTuple):
    """A deployment was live at a moment (Unix seconds); `began`: from that moment on."""

    at: float
    deployment: str
    began: bool
    source: Source


@dataclass(frozen=True)
class Stretch:
    """One version being live; times in Unix seconds. `end`: None while it is live.

    `not_before`, `not_after`: between them it became live, as far as is known.
    """

    deployment: str
    start: float
    end: float | None
    source: Source
    exactness: Exactness
    not_before: float | None
    not_after: float | None


class _Switch(NamedTuple):
    """A version became live."""

    at: float
    deployment: str
    source: Source
    exactness: Exactness
    not_before: float | None
    not_after: float | None


def stretches(place: Place, versions: Iterable[Version], sightings: Iterable[Sighting], *, now: float) -> list[Stretch]:
    """Return which version was live when, oldest first.

    Args:
        place: The environment, as it is now.
        versions: Deployments of its project.
        sightings: What was written down of it.
        now: The present, in Unix seconds.

    Returns:
        The stretches; none where nothing is live, and nothing was written down.
    """
    seen = sorted((sighting for sighting in sightings if sighting.at <= now), key=lambda each: (each.at, each.began))
    if place.live is not None:
        seen.append(Sighting(now, place.live, began=False, source="inferred"))
    switches: list[_Switch] = []
    history = _History(place, list(versions))
    before: Sighting | None = None
    for sighting in seen:
        live = switches[-1].deployment if switches else None
        if sighting.began:
            if before is None:
                switches += history.promoted(None, sighting.at, next_live=sighting.deployment)
            switches.append(
                _Switch(sighting.at, sighting.deployment, sighting.source, "exact", sighting.at, sighting.at)
            )
        elif live != sighting.deployment:
            after = before.at if before is not None else None
            last = place.updated if sighting.at == now else None
            switch = history.switch(sighting.deployment, after, sighting.at, last)
            switches += history.promoted(after, switch.at, next_live=sighting.deployment)
            switches.append(switch._replace(source=sighting.source))
        before = sighting
    switches = [each for each, previous in zip(switches, [None, *switches], strict=False) if _is_new(each, previous)]
    ends = [switch.at for switch in switches[1:]] + [None] * bool(switches)
    return [
        Stretch(each.deployment, each.at, end, each.source, each.exactness, each.not_before, each.not_after)
        for each, end in zip(switches, ends, strict=True)
    ]


def _is_new(switch: _Switch, previous: _Switch | None) -> bool:
    return previous is None or switch.deployment != previous.deployment


class _History:
    """When the versions that may have been live in an environment were built."""

    def __init__(self, place: Place, versions: Sequence[Version]) -> None:
        self._place = place
        self._versions = {version.id: version for version in versions}
        took = [
            version.updated - version.created
            for version in versions
            if version.status == "deployed" and version.updated is not None and version.created is not None
        ]
        self._usual = statistics.median(took) if took else _BUILD
        fits = [
            version
            for version in versions
            if version.status in BUILT and (place.branch is None or version.branch == place.branch)
        ]
        built = ((self.built(version), version) for version in fits)
        self._built = sorted(((at, version.id) for at, version in built if at is not None), key=lambda each: each[0])

    def built(self, version: Version) -> float | None:
        """Return when a version was built, about; None where its times are not known."""
        if version.created is None:
            return None
        if version.status == "deployed" and version.updated is not None:
            took = version.updated - version.created
            if 0 <= took <= _LONG * max(self._usual, _BUILD):
                return version.updated
        guess = version.created + self._usual
        return guess if version.updated is None else min(guess, max(version.updated, version.created))

    def switch(self, deployment: str, after: float | None, until: float, changed: float | None) -> _Switch:
        """Return when a version became live that was seen at `until`, and was not at `after`.

        `changed`: when the environment changed last, where that bounds it.
        """
        version = self._versions.get(deployment)
        created = version.created if version is not None else None
        bounds = [each for each in (after, created, self._place.created) if each is not None]
        not_before = max(bounds) if bounds else None
        lowest = not_before if not_before is not None else float("-inf")
        not_after = changed if changed is not None and lowest <= changed <= until else until
        built = self.built(version) if version is not None else None
        if self._place.promotes and built is not None and lowest <= built <= not_after:
            newest = [id for at, id in self._built if at <= not_after]
            if newest and newest[-1] == deployment:
                return _Switch(built, deployment, "inferred", "built", not_before, not_after)
        at = not_after
        if changed is None and built is not None and lowest <= built <= until and (after is None or built > after):
            at = built  # nothing says more, and what is built is often used soon
        return _Switch(at, deployment, "inferred", "within", not_before, not_after)

    def promoted(self, after: float | None, until: float, *, next_live: str) -> list[_Switch]:
        """Return the versions that were live between two moments, before `next_live` became so.

        After a moment at which something was seen to be live, only a promotion changes that by itself.
        """
        if after is not None and not self._place.promotes:
            return []
        built = [(at, id) for at, id in self._built if (after is None or at > after) and at < until]
        if built and built[-1][1] == next_live:
            built.pop()  # it became live at `until`, and not when it was built
        exactness: Exactness = "built" if self._place.promotes else "guess"
        return [
            _Switch(at, id, "inferred", exactness, self._versions[id].created, self._latest(id, until))
            for at, id in built
        ]

    def _latest(self, deployment: str, until: float) -> float:
        """The moment at which a version was built at the latest, or was no longer what was live."""
        updated = self._versions[deployment].updated
        return until if updated is None else min(updated, until)
