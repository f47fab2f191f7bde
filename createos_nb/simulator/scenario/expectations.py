"""The expectations of a scenario: that they speak of what is there, and say where and when to look for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.times import SECOND, duration

if TYPE_CHECKING:
    from createos_nb.simulator.scenario.reader import Source
    from createos_nb.simulator.scenario.schema import CauseSection, ExpectSection

_OF_NOW = ("live", "status", "build_log", "log", "remaining")
"""What the API shows of the present only."""
CLAIMS = ("live", "status", "rpm", "errors", "client_errors", "top_error", "build_log", "log", "remaining")
"""Fields of a `[[expect]]` that say what is shown; the others say where and when."""


def claims_of(expectation: ExpectSection) -> list[str]:
    """Return the claims that an expectation makes."""
    return [name for name in CLAIMS if getattr(expectation, name) not in (None, "")]


def check_ground_truth(source: Source, context: WorldContext) -> None:
    """Check that what a file claims can be looked for. Raises `InvalidInput` with line and field."""
    truth = source.scenario.ground_truth
    if truth is not None:
        for place in truth.where:
            _check_place(source, context, place, "ground_truth.where")
        for name in ("began", "ended"):
            if when := getattr(truth, name):
                source.moment(when, f"ground_truth.{name}")
        for n, cause in enumerate(truth.causes):
            _check_cause(source, context, cause, f"ground_truth.causes[{n}]")
    for n, expectation in enumerate(source.scenario.expect):
        _check_expectation(source, context, expectation, f"expect[{n}]")


def _check_place(source: Source, context: WorldContext, place: str, where: str) -> None:
    try:
        if "/" in place:
            context.find_environment(place)
        else:
            context.find_project(place)
    except (LookupError, ValueError) as error:
        raise source.error(where, str(error)) from None


def _check_cause(source: Source, context: WorldContext, cause: CauseSection, where: str) -> None:
    if cause.began:
        source.moment(cause.began, f"{where}.began")
    state = context.state
    domains = {domain.name for project in state.projects.values() for domain in project.domains.values()}
    if cause.where and cause.where not in domains | {key.name for key in state.keys.values()}:
        _check_place(source, context, cause.where, f"{where}.where")
        project = context.find_project(cause.where.partition("/")[0])
        if cause.version not in {None, *(row.version for row in context.deployments(project).values())}:
            raise source.error(f"{where}.version", f"project {project.name} has no version {cause.version}")
    elif cause.version is not None:
        raise source.error(f"{where}.version", "is that of a project's deployment, and the cause is in no project")


def _check_expectation(source: Source, context: WorldContext, expectation: ExpectSection, where: str) -> None:
    claims = claims_of(expectation)
    if not claims:
        raise source.error(where, f"claims nothing; there is: {', '.join(CLAIMS)}")
    if expectation.where:
        _check_place(source, context, expectation.where, f"{where}.where")
    elif claims != ["remaining"]:
        raise source.error(where, 'needs a where: "project" or "project/environment"')
    try:
        if duration(expectation.over) < 60 * SECOND:
            raise source.error(f"{where}.over", "a window lasts at least a minute")
    except ValueError as error:
        raise source.error(f"{where}.over", str(error)) from None
    if source.moment(expectation.at, f"{where}.at") < source.start:
        for name in claims:
            if name in _OF_NOW:
                raise source.error(f"{where}.{name}", "what was the case before the start can't be asked for")
    for name in claims:
        if name in ("live", "rpm", "errors", "client_errors", "top_error") and "/" not in expectation.where:
            raise source.error(f"{where}.{name}", 'is read from an environment: where = "project/environment"')
    if expectation.status and (expectation.version is None) == (not expectation.domain):
        raise source.error(f"{where}.status", "is that of a version or of a domain: give one of them")
    if expectation.build_log and expectation.version is None:
        raise source.error(f"{where}.build_log", "is that of a version: give it")
    if (expectation.remaining is None) != (expectation.quota is None):
        raise source.error(where, "quota and remaining belong together")
