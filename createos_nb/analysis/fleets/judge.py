"""What is done with one part of a fleet, wherever that is: read, judged by one of the functions, sent back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from createos_nb.analysis.anomalies.anomaly import anomalies
from createos_nb.analysis.change_points.change_points import change_points
from createos_nb.analysis.fleets.parts import EnvironmentRequests, Grid, Part, Place, on_grid
from createos_nb.analysis.objectives.burn import burn_alerts
from createos_nb.analysis.objectives.slo import slo
from createos_nb.analysis.traffic import summary

#: What a fleet can be judged by.
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "slo": slo,
    "burn_alerts": burn_alerts,
    "anomalies": anomalies,
    "summary": summary,
    "change_points": change_points,
}


@dataclass(frozen=True)
class Job:
    """What is asked of each environment.

    Attributes:
        function: Its name in `FUNCTIONS`.
        arguments: Of the function.
        columns: The counts that it reads.
        grid: Of the fleet.
        dtypes: Of the columns `project` and `environment` of the result.
        only: Rows are kept where this column is True; None for all.
    """

    function: str
    arguments: Mapping[str, Any]
    columns: Sequence[str]
    grid: Grid
    dtypes: Mapping[str, Any]
    only: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of one environment.

    Attributes:
        place: Which one.
        rows: Of the result; None where there is no answer.
        why: Why nothing can be said of it; "" where something can.
        unknown: Spans that nobody knows, as pairs of texts.
        out_of_memory: Whether it may be answered where it is alone.
    """

    place: Place
    rows: pd.DataFrame | None = None
    why: str = ""
    unknown: Sequence[Sequence[str]] = ()
    out_of_memory: bool = False


def judge(job: Job, part: Part) -> list[Outcome]:
    """Return what comes of the environments of a part: an error is the answer for that environment."""
    outcomes: list[Outcome] = []
    try:
        outcomes.extend(_judged(job, found) for found in part.read(job.columns))
    except MemoryError as error:
        why = failure(error)
        return [Outcome(place, why=why, out_of_memory=True) for place in part.places]
    except Exception as error:  # noqa: BLE001  # whatever a file, an engine or a frame brings up: the others go on
        done = {outcome.place for outcome in outcomes}
        outcomes += [Outcome(place, why=failure(error)) for place in part.places if place not in done]
    return outcomes


def failure(error: BaseException) -> str:
    """Return an error in words."""
    if isinstance(error, MemoryError):
        return f"memory ran out ({str(error) or 'MemoryError'}): give fewer workers=, or a shorter window"
    plain = isinstance(error, ValueError) or type(error).__module__.startswith("createos_nb")
    kind = "" if plain else type(error).__name__
    text = str(error).split("\n", 1)[0]
    return f"{kind}: {text}" if kind and text else kind or text


def _judged(job: Job, found: EnvironmentRequests) -> Outcome:
    try:
        frame = on_grid(found, job.grid)
        no_data = bool(frame["count"].isna().all())
        rows: pd.DataFrame = FUNCTIONS[job.function](frame, **job.arguments)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # of this environment: the others of its part go on
        return Outcome(found.place, why=failure(error), unknown=found.unknown)
    rows.attrs = {}
    if job.only is not None:
        rows = rows[rows[job.only].fillna(False).astype(bool)]
    rows = rows.astype(dict(job.dtypes))
    return Outcome(found.place, rows, "it has no data in this window" if no_data else "", found.unknown)
