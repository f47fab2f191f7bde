"""What a fleet can be given as: a history, a pandas frame, a Polars lazy frame, a Dask frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from createos_nb.analysis.fleets.frames import of_frame
from createos_nb.analysis.fleets.parts import Fleet
from createos_nb.errors import InvalidInput


def fleet_of(source: Any, columns: Sequence[str], window: Mapping[str, Any], scheduler: Any = None) -> Fleet:
    """Return the parts of a fleet.

    Args:
        source: Whatever has it.
        columns: The counts that are needed.
        window: What of a history is meant: start, end, step, projects, where they are given.
        scheduler: Looks through a Dask frame, whose partitions may lie on its cluster; None for Dask's own choice.

    Raises:
        InvalidInput: It is no source of a fleet, or a window is given for what is no history.
        FrameError: A frame is not a fleet's.
    """
    if hasattr(source, "by_environment"):
        fleet: Fleet = source.by_environment(**window)
        return fleet
    kinds = [f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(source).__mro__]
    known = isinstance(source, pd.DataFrame) or {"polars.LazyFrame", "polars.DataFrame", "dask.DataFrame"} & {*kinds}
    if not known:
        raise InvalidInput(
            "analysis.fleet: a fleet is a history, a pandas frame, a Polars lazy frame or a Dask frame, not "
            f"{type(source).__name__}"
        )
    if window:
        raise InvalidInput(f"analysis.fleet: {', '.join(window)} choose of a history; select the rows of a frame first")
    if isinstance(source, pd.DataFrame):
        return of_frame(source, columns)
    if "dask.DataFrame" in kinds:
        from createos_nb.analysis.fleets.dask_frames import of_dask

        return of_dask(source, columns, scheduler)
    from createos_nb.analysis.fleets.lazy_frames import of_lazy

    return of_lazy(source.lazy(), columns)
