"""A fleet judged environment by environment, for more than fits into one frame."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.analysis.fleets.judge import FUNCTIONS, Job, Outcome, judge
from createos_nb.analysis.fleets.parts import Fleet, Part
from createos_nb.analysis.fleets.sources import fleet_of
from createos_nb.analysis.grids import FrameError, utc_index
from createos_nb.analysis.validation import COUNTS, status_classes
from createos_nb.clock import SystemClock
from createos_nb.errors import IncompleteWarning, InvalidInput, warn
from createos_nb.progress import progress

if TYPE_CHECKING:
    from createos_nb.times import DurationLike

#: Rows for which no process is started: one takes a second or two to begin.
_FEW = 1_000_000
#: Seconds after which a bar shows how far it is.
_LONG = 15.0
#: Environments that a warning names.
_NAMED = 5


def fleet(
    source: Any,
    function: str,
    *,
    start: Any = None,
    end: Any = None,
    step: DurationLike | None = None,
    projects: str | Sequence[str] | None = None,
    only: str | None = None,
    workers: int | None = None,
    scheduler: Any = None,
    **arguments: Any,
) -> pd.DataFrame:
    """Judge every environment of a fleet by itself, in several processes or on a cluster.

    The answer is that of the function for one frame of the whole fleet, to the last bit; only there need not be such a
    frame: each environment is read where it is judged, and only the counts that the function needs.

    Args:
        source: a history, also one that is opened to be read only; or requests over time of a fleet: a pandas frame, a
            Polars lazy frame or a Dask frame with the columns `project`, `environment` (or `project_id`,
            `environment_id`), `time` and the counts.
        function: "slo", "burn_alerts", "anomalies", "summary" or "change_points".
        start: of a history: the first moment, such as "-30d"; by default all that there is.
        end: of a history: the moment after the last; by default the last synchronization.
        step: of a history: the length of a bucket, such as "1h".
        projects: of a history: only this project, or these, by name or id.
        only: a column of the result that says yes or no: rows are kept where it says yes, such as "anomaly" or
            "firing". Anomalies have a row for each bucket.
        workers: how many processes; by default one for each processor, and none for less than a million rows. With 1
            all is done in this process.
        scheduler: a `distributed.Client`: its cluster does the work. It needs the extra `dask`, and each worker this
            package and, for a history, the same files under the same path.
        arguments: of the function, such as `target=0.999`.

    Returns:
        The rows of the function for each environment, in the order of the frame, with `project` and `environment` in
        front. `attrs` are those of the function, and `function`; `complete`; `missing`: by environment, why nothing can
        be said of it; `unknown`: by environment, what of the window nobody knows (pairs of texts).

    Raises:
        FrameError: the source is no fleet, or has no rows.
        InvalidInput: there is no such function or argument, or the source or scheduler is none.
        MissingExtra: `scheduler=` needs the extra `dask`.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> history = createos_nb.history.open(client, "account")
        >>> _ = history.sync(since="-1d")
        >>> objectives = createos_nb.analysis.fleet(history, "slo", target=0.999, window="1d")
        >>> objectives[["environment", "met"]].values.tolist()
        [['production', False], ['staging', <NA>]]
        >>> objectives.attrs["complete"]
        True
    """
    columns = _columns(function, arguments)
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise InvalidInput(f"analysis.fleet: workers={workers!r} is a number of processes, at least 1")
    if scheduler is not None:
        _check_scheduler(scheduler, workers)
    given = {"start": start, "end": end, "step": step, "projects": projects}
    window = {name: value for name, value in given.items() if value is not None}
    whole = fleet_of(source, columns, window, scheduler)
    if not whole.parts:
        raise FrameError("there is no environment in it")
    template = _template(function, arguments, whole, columns, only)
    dtypes = {name: template.dtypes[name] for name in ("project", "environment")}
    job = Job(function, arguments, columns, whole.grid, dtypes, only)
    outcomes: dict[Any, Outcome] = {}
    places = whole.places
    with (
        progress("analysis.fleet", SystemClock(), unit="environments", after=_LONG) as tick,
        contextlib.closing(_run(job, whole.parts, workers, scheduler)) as run,
    ):
        for found in run:
            outcomes |= {outcome.place: outcome for outcome in found}
            if tick:
                tick(len(outcomes), len(places))
    ordered = [outcomes[place] for place in places]
    return _joined(function, template, ordered, whole.attrs)


def _columns(function: str, arguments: dict[str, Any]) -> tuple[str, ...]:
    """The counts that a function reads."""
    if function not in FUNCTIONS:
        raise InvalidInput(f"analysis.fleet: function is {', '.join(FUNCTIONS)}, not {function!r}")
    if function == "summary":
        return COUNTS
    return ("count", *(f"status_{status}" for status in status_classes(arguments.get("errors", ("5xx",)))))


def _check_scheduler(scheduler: Any, workers: int | None) -> None:
    from createos_nb.analysis.fleets.cluster import check_client

    check_client(scheduler)
    if workers is not None:
        raise InvalidInput("analysis.fleet: a cluster has its own workers: leave workers= out, or scheduler=")


def _template(
    function: str, arguments: dict[str, Any], whole: Fleet, columns: Sequence[str], only: str | None
) -> pd.DataFrame:
    """The result without its rows, from two buckets without data; what is wrong with the arguments is said here."""
    times = (whole.grid.first + whole.grid.width * np.arange(2)) * 1_000_000
    labels = whole.labels.iloc[[0, 0]].reset_index(drop=True)
    frame = labels.assign(time=utc_index(times), **dict.fromkeys(columns, np.nan))
    frame.attrs = {"live_versions": whole.attrs["live_versions"]} if "live_versions" in whole.attrs else {}
    try:
        template: pd.DataFrame = FUNCTIONS[function](frame, **arguments)
    except TypeError as error:
        raise InvalidInput(f"analysis.fleet: {error}") from None
    if only is not None and (only not in template or not pd.api.types.is_bool_dtype(template[only].dtype)):
        able = [name for name in template if pd.api.types.is_bool_dtype(template[name].dtype)]
        raise InvalidInput(
            f"analysis.fleet: only={only!r} is a column of {function} that says yes or no: "
            f"{', '.join(map(str, able)) or 'it has none'}"
        )
    return template.iloc[:0]


def _run(job: Job, parts: Sequence[Part], workers: int | None, scheduler: Any) -> Generator[list[Outcome]]:
    if scheduler is not None:
        from createos_nb.analysis.fleets.cluster import judge_on_cluster

        return judge_on_cluster(job, parts, scheduler)
    if workers is None:
        workers = 1 if sum(part.rows for part in parts) < _FEW else _processors()
    if workers == 1:
        return (judge(job, part) for part in parts)
    from createos_nb.analysis.fleets.pool import judge_in_processes

    return judge_in_processes(job, parts, min(workers, len(parts)))


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _joined(function: str, template: pd.DataFrame, outcomes: list[Outcome], attrs: dict[str, Any]) -> pd.DataFrame:
    rows = [outcome.rows for outcome in outcomes if outcome.rows is not None and len(outcome.rows)]
    result = pd.concat(rows, ignore_index=True) if rows else template.reset_index(drop=True)
    missing = {outcome.place.name: outcome.why for outcome in outcomes if outcome.why}
    unknown = {outcome.place.name: [list(span) for span in outcome.unknown] for outcome in outcomes if outcome.unknown}
    result.attrs = dict(template.attrs) | {
        **attrs,
        "function": function,
        "complete": not missing and not unknown,
        "missing": missing,
        "unknown": unknown,
    }
    _warn(missing, unknown, len(outcomes))
    return result


def _warn(missing: dict[str, str], unknown: dict[str, Any], environments: int) -> None:
    said = []
    if missing:
        named = "; ".join(f"{name}: {why}" for name, why in list(missing.items())[:_NAMED])
        more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        said.append(
            f"nothing can be said of {len(missing)} of {environments} environments ({named}{more}); "
            'attrs["missing"] says why'
        )
    if unknown:
        said.append(
            f"not all of the window is known of {len(unknown)} of {environments} environments; "
            'attrs["unknown"] says what is missing'
        )
    if said:
        warn(f"analysis.fleet: {'. '.join(said)}", IncompleteWarning)
