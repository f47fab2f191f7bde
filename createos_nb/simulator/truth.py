"""What a scenario's file claims: that it speaks of what is there, and where and when to look for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.simulator.finding import environment_at, project_named
from createos_nb.simulator.moments import SECOND, duration

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core
    from createos_nb.simulator.scenario import Source
    from createos_nb.simulator.scenario_sections import SeenSection

_OF_NOW = ("live", "status", "build_log", "log", "remaining")
"""What the API shows of the present only."""
CLAIMS = ("live", "status", "rpm", "errors", "top_error", "build_log", "log", "remaining")
"""Fields of a `[[seen]]` that say what is seen; the others say where and when."""


def claims_of(seen: SeenSection) -> list[str]:
    """The claims that a `[[seen]]` makes."""
    return [name for name in CLAIMS if getattr(seen, name) not in (None, "")]


def check_truth(source: Source, world: Core) -> None:
    """Check that what a file claims can be looked for. Raises `InvalidInput` with line and field."""
    truth = source.scenario.truth
    if truth is not None:
        for place in truth.where:
            _check_place(source, world, place, "truth.where")
        for name in ("began", "ended"):
            if when := getattr(truth, name):
                source.moment(when, f"truth.{name}")
    for n, seen in enumerate(source.scenario.seen):
        _check_seen(source, world, seen, f"seen[{n}]")


def _check_place(source: Source, world: Core, place: str, where: str) -> None:
    try:
        if "/" in place:
            environment_at(world, place)
        else:
            project_named(world, place)
    except (LookupError, ValueError) as error:
        raise source.error(where, str(error)) from None


def _check_seen(source: Source, world: Core, seen: SeenSection, where: str) -> None:
    claims = claims_of(seen)
    if not claims:
        raise source.error(where, f"claims nothing; there is: {', '.join(CLAIMS)}")
    if seen.where:
        _check_place(source, world, seen.where, f"{where}.where")
    elif claims != ["remaining"]:
        raise source.error(where, 'needs a where: "project" or "project/environment"')
    try:
        if duration(seen.over) < 60 * SECOND:
            raise source.error(f"{where}.over", "a window lasts at least a minute")
    except ValueError as error:
        raise source.error(f"{where}.over", str(error)) from None
    if source.moment(seen.at, f"{where}.at") < source.start:
        for name in claims:
            if name in _OF_NOW:
                raise source.error(f"{where}.{name}", "what was the case before the start can't be asked for")
    for name in claims:
        if name in ("live", "rpm", "errors", "top_error") and "/" not in seen.where:
            raise source.error(f"{where}.{name}", 'is seen in an environment: where = "project/environment"')
    if seen.status and (seen.version is None) == (not seen.domain):
        raise source.error(f"{where}.status", "is that of a version or of a domain: give one of them")
    if seen.build_log and seen.version is None:
        raise source.error(f"{where}.build_log", "is that of a version: give it")
    if (seen.remaining is None) != (seen.quota is None):
        raise source.error(where, "quota and remaining belong together")
