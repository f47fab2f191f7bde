"""The effect of a change on success and volume, by `analysis.change_impact`, from the windows that it needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.dtypes import TEXT

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: The columns of `change_impact` that tell an effect, and their dtypes.
EFFECT: Final[dict[str, Any]] = {
    **dict.fromkeys(("success_difference", "success_low", "success_high"), "Float64"),
    "success_changed": "boolean",
    **dict.fromkeys(("volume_ratio", "volume_low", "volume_high"), "Float64"),
    "volume_changed": "boolean",
    "note": TEXT,
}
_DAY: Final = 86_400
_COUNTS: Final = ("count", "status_2xx", "status_3xx", "status_4xx", "status_5xx")


def effect(
    client: Client, project: str, environments: Sequence[str], change: tuple[int, int], window: int, days: int, now: int
) -> dict[str, Any]:
    """Return the effect of one change, by column of `EFFECT`; NA, and a note, where it can't be known.

    Args:
        client: The client.
        project: The project, by name or id.
        environments: By names or ids; their requests are added up.
        change: When it began and ended, in Unix seconds.
        window: Seconds before and after.
        days: Earlier days whose same hours are looked at.
        now: The present, in Unix seconds.
    """
    from createos_nb.analysis.impacts import change_impact

    nothing: dict[str, Any] = dict.fromkeys(EFFECT, pd.NA)
    if window > _DAY:
        return {**nothing, "note": "a window of more than a day has no same hours before"}
    start, end = change[0] - window, min(change[1] + window, now)
    if end <= change[1]:
        return {**nothing, "note": "the time after it has not come yet"}
    traffic = None
    for day in range(days + 1):
        asked = (start - day * _DAY) // 60 * 60, math.ceil((end - day * _DAY) / 60) * 60
        part = _sum([_series(client, project, name, asked[0], min(asked[1], now)) for name in environments])
        if traffic is None:
            traffic = part
        elif part.attrs.get("bucket_seconds") == traffic.attrs.get("bucket_seconds"):
            traffic = _joined(part, traffic)
    times = pd.to_datetime([change[0], change[1]], unit="s", utc=True).as_unit("us")
    timeline = pd.DataFrame({"time": [times[1]], "not_before": [times[0]], "kind": ["change"], "text": [""]})
    assert traffic is not None
    row = change_impact(timeline, traffic, window=pd.Timedelta(window, unit="s")).iloc[0]
    return {name: row[name] for name in EFFECT}


def _series(client: Client, project: str, environment: str, start: int, end: int) -> pd.DataFrame:
    frame = client.analytics.requests_over_time(project, environment, start=start, end=end)
    whole: pd.DataFrame = frame.drop(pd.DatetimeIndex(frame.attrs["partial"])) if frame.attrs["partial"] else frame
    return whole


def _sum(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The requests of several environments; NA where one of them is."""
    total = frames[0][[*_COUNTS]]
    for frame in frames[1:]:
        total = total + frame[[*_COUNTS]]
    total.attrs = {"bucket_seconds": frames[0].attrs["bucket_seconds"]}
    return total


def _joined(earlier: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Both on one grid: what lies between them was not asked for, and is NA."""
    attrs = later.attrs
    rows = pd.concat([earlier, later])
    rows = rows[~rows.index.duplicated(keep="last")].sort_index()
    rows = rows.asfreq(f"{attrs['bucket_seconds']}s")
    rows.attrs = attrs
    return rows
