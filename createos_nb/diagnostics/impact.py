"""Impact of a change on the users of an app: before, during and after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.client.name_resolution import names_or_ids
from createos_nb.diagnostics.impact_effect import EFFECT, effect
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.times import iso, parse_duration, unix

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: What a proxy answers where no version does.
_LOST: Final = (502, 503, 504)
_COUNTS: Final = ("requests", "client_errors", "server_errors", "lost")
_SHARES: Final = ("rpm", "success_percentage", "server_error_percentage")
_TIMES: Final = ("start", "end")
#: As many as `change_impact` looks at.
_MOST_DAYS: Final = 7


def impact(
    client: Client,
    project: str,
    environment: str | Sequence[str],
    start: Any,
    end: Any,
    *,
    window: str | float | pd.Timedelta = "15min",
    days: int = 1,
) -> pd.DataFrame:
    """Compare requests and errors before, during and after a change, such as from `receipt.started` to `receipt.ended`.

    Args:
        client: The client.
        project: A project: its unique name or id.
        environment: One, or several whose requests are added up, such as both sides of a switch.
        start: When the change began.
        end: When it ended.
        window: How long before and after: "15min", seconds, a Timedelta; the time after ends at the present.
        days: Earlier days, at most seven, whose same hours the volume is held against; each costs a request for each
            environment where no history is open. From three on it is known how much days differ.

    Returns:
        One row each, index `period`: "before", "during", "after". Columns: `start`, `end` (UTC, to the second; during
        is the whole seconds that the change touches), `requests`, `client_errors` (4xx), `server_errors` (5xx), `lost`
        (502, 503 and 504: what a proxy says where no version answers; an app may say 503 itself) as Int64; `rpm`,
        `success_percentage` ((2xx + 3xx) / requests) and `server_error_percentage` (0–100, NA without requests) as
        Float64. A time that has not come yet is NA. Then what `analysis.change_impact` says of the change, in the row
        "after": `success_difference` with `success_low` and `success_high` (percentage points), `success_changed`,
        `volume_ratio` with `volume_low` and `volume_high`, `volume_changed`, and `note`: why something is NA, or less
        certain. It counts whole minutes.

    Raises:
        InvalidInput: The times are in the wrong order, there is no environment, or `days` is no number of days.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> periods = createos_nb.diagnostics.impact(client, "storefront", "production", "-40min", "-39min")
        >>> periods[["requests", "server_errors", "lost"]]
                requests  server_errors  lost
        period
        before      1476              2     2
        during        91              3     0
        after       1503             57     0
        >>> after = periods.loc["after"]
        >>> round(after["success_difference"], 1), bool(after["success_changed"]), bool(after["volume_changed"])
        (np.float64(-4.8), True, False)
    """
    now = client.transport.now()
    first, last = math.floor(unix(start, now, "start")), math.ceil(unix(end, now, "end"))
    wide = _seconds(window)
    if first > last:
        raise InvalidInput(f"impact: end ({iso(last)}) is before start ({iso(first)})")
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= _MOST_DAYS:
        raise InvalidInput(f"impact: days={days!r}: a whole number from 0 to {_MOST_DAYS}")
    last = max(last, first + 1)
    periods = {"before": (first - wide, first), "during": (first, last), "after": (last, last + wide)}
    names = names_or_ids("effect: environment", environment)
    if not names:
        raise InvalidInput("impact: name an environment")
    present = math.ceil(now)
    rows = [_row(client, project, names, begin, min(end, present)) for begin, end in periods.values()]
    frame = pd.DataFrame(rows, index=pd.Index(list(periods), name="period", dtype=TEXT))
    for name in _TIMES:
        frame[name] = pd.to_datetime(frame[name], unit="s", utc=True).astype("datetime64[us, UTC]")
    told = effect(client, project, names, (first, last), wide, days, int(now))
    for name, value in told.items():
        frame[name] = [pd.NA, pd.NA, value]
    frame = frame.astype({**dict.fromkeys(_COUNTS, "Int64"), **dict.fromkeys(_SHARES, "Float64"), **EFFECT})
    order = [*_TIMES, "requests", "rpm", "success_percentage", *_COUNTS[1:], "server_error_percentage", *EFFECT]
    frame = frame[order]
    frame.attrs |= client.session.provenance("GetProjectEnvironmentAnalyticsRequestDistribution")
    return frame


def _row(client: Client, project: str, environments: list[str], start: int, end: int) -> dict[str, Any]:
    row: dict[str, Any] = {"start": start, "end": end, **dict.fromkeys((*_COUNTS, *_SHARES), pd.NA)}
    if end <= start:
        return {**row, "end": start}
    distributions = [
        client.analytics.request_distribution(project, name, start=start, end=end)[["status", "count"]]
        for name in environments
    ]
    status = pd.to_numeric(
        pd.concat([distribution["status"] for distribution in distributions]), errors="coerce"
    ).astype("Int64")
    count = pd.concat([distribution["count"] for distribution in distributions]).astype("Int64")
    if count.isna().any():
        return row  # the platform has left a count out: then nothing is known of the whole
    total = int(count.sum())
    successes, redirects, client_errors, server_errors = (
        int(count[(status // 100 == kind).fillna(False)].sum()) for kind in (2, 3, 4, 5)
    )
    row |= {
        "requests": total,
        "client_errors": client_errors,
        "server_errors": server_errors,
        "lost": int(count[status.isin(_LOST)].sum()),
        "rpm": 60 * total / (end - start),
    }
    if total:
        row["success_percentage"] = 100 * (successes + redirects) / total
        row["server_error_percentage"] = 100 * server_errors / total
    return row


def _seconds(window: str | float | pd.Timedelta) -> int:
    seconds = parse_duration(window, "impact: window")
    if seconds < 1:
        raise InvalidInput(f"impact: window={window!r}: at least a second")
    return int(seconds)
