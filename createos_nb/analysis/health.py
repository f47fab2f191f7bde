"""Every environment of a fleet on one line: how it did, how it stands against its objective, and whether it alerts.

What `summary`, `slo` and `burn_alerts` say, joined, with the ones that need somebody first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.objectives.burn import burn_alerts
from createos_nb.analysis.objectives.slo import slo
from createos_nb.analysis.traffic import summary
from createos_nb.analysis.validation import FrameError
from createos_nb.display import format_target
from createos_nb.dtypes import TEXT
from createos_nb.times import format_duration, whole_seconds

STANDINGS = ("alerts", "missed", "met", "no requests", "no data")
"""What can be said of an environment, the most urgent first."""

_SAID = {
    "alerts": ("alerts now", "alert now"),
    "missed": ("misses the objective", "miss the objective"),
    "met": ("keeps it", "keep it"),
    "no requests": ("had no requests", "had no requests"),
    "no data": ("has no data", "have no data"),
}
"""Standings as predicates of one environment and of several."""

_KEYS = ["project", "environment"]


def fleet_health(
    frame: pd.DataFrame,
    *,
    target: float = 0.999,
    window: str | pd.Timedelta = "30d",
    errors: str | tuple[str, ...] = ("5xx",),
) -> pd.DataFrame:
    """Return one row per environment of a fleet, the most urgent first.

    Args:
        frame: requests over time of a fleet, as `client.fleet.requests_over_time` returns them.
        target: share of the requests that should not be errors, between 0 and 1, the same for all; as for :func:`slo`.
        window: length of the SLO's window, such as "30d", the same for all; as for :func:`slo`.
        errors: the status classes that spend the budget; as for :func:`slo`.

    Returns:
        A frame with the columns `project`, `environment`, `standing` ("alerts" while a burn-rate alert fires at the end
        of the frame, else "missed" or "met" for the objective over the window, else "no requests" or "no data"),
        `firing` (the names of the alerts that fire, the fastest first, "" without), `requests`, `errors` (Int64, in the
        whole frame), `rpm_average`, `rpm_peak`, `success_percentage`, `success_low`, `success_high` (0 to 100),
        `achieved` (0 to 1), `budget_left` (share of the error budget, negative when overspent), `burn_rate` (of the
        last hour), `onsets` (alerts that began in the frame, Int64), `coverage` (share of the window with data). NaN
        and NA where there is nothing to go by. `attrs["sentence"]` says it in one; `attrs` also has `target`, `window`,
        `errors`, `start` and `end` (UTC, as text).

    Raises:
        FrameError: the frame is not a fleet's, or can't be read as requests.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> health = createos_nb.analysis.fleet_health(client.fleet.requests_over_time(start="-6h"))
        >>> health[["project", "environment", "standing"]].head(1).values.tolist()
        [['storefront', 'production', 'alerts']]
    """
    if not {*_KEYS, "time"} <= set(frame.columns if isinstance(frame, pd.DataFrame) else ()):
        raise FrameError("frame must be a fleet: columns 'project', 'environment', 'time' and the counts")
    traffic: Any = summary(frame)
    budgets: Any = slo(frame, target=target, window=window, errors=errors)
    alerts = burn_alerts(frame, target=target, window=window, errors=errors)
    keys = pd.MultiIndex.from_frame(traffic[_KEYS])
    by = alerts.groupby(_KEYS, sort=False)
    urgent = alerts[alerts["firing"]].sort_values("factor", ascending=False, kind="stable")
    firing = urgent.groupby(_KEYS, sort=False)["alert"].agg(", ".join)
    onsets = by.size().reindex(keys, fill_value=0)
    names = firing.reindex(keys).fillna("").astype(TEXT)
    wrong = sum(traffic[f"status_{status}"] for status in ((errors,) if isinstance(errors, str) else errors))
    table = pd.DataFrame(
        {
            **{key: traffic[key] for key in _KEYS},
            "standing": _standing(traffic, budgets, names.to_numpy(dtype=object)),
            "firing": names.to_numpy(),
            "requests": traffic["requests"],
            "errors": wrong,
            **{name: traffic[name] for name in ("rpm_average", "rpm_peak", "success_percentage")},
            **{name: traffic[name] for name in ("success_low", "success_high")},
            "achieved": budgets["achieved"],
            "budget_left": 1 - budgets["spent"],
            "burn_rate": budgets["burn_rate"],
            "onsets": pd.array(onsets.to_numpy(dtype=np.int64), dtype="Int64"),
            "coverage": budgets["coverage"],
        }
    ).astype({"standing": TEXT, "firing": TEXT, "errors": "Int64"})
    urgency = table["standing"].map({name: rank for rank, name in enumerate(STANDINGS)})
    budget_left = table["budget_left"].fillna(np.inf)
    table = table.assign(_urgency=urgency, _left=budget_left).sort_values(["_urgency", "_left", *_KEYS], kind="stable")
    table = table.drop(columns=["_urgency", "_left"]).reset_index(drop=True)
    length = format_duration(whole_seconds(window, name="window"))
    times = pd.DatetimeIndex(frame["time"]).tz_convert("UTC").unique().sort_values()
    width = (times[1:] - times[:-1]).min() if len(times) > 1 else pd.Timedelta(int(frame.attrs["bucket_seconds"]), "s")
    table.attrs = {
        "target": target,
        "window": length,
        "errors": [errors] if isinstance(errors, str) else list(errors),
        "start": times[0].isoformat(),
        "end": (times[-1] + width).isoformat(),
        "sentence": _sentence(table, target, length),
    }
    return table


def _standing(traffic: pd.DataFrame, budgets: pd.DataFrame, firing: Any) -> list[str]:
    standings = []
    rows = zip(firing, budgets["met"], traffic["observed"], strict=True)
    for names, met, observed in rows:
        if names:
            standings.append("alerts")
        elif pd.isna(met):
            standings.append("no requests" if observed > 0 else "no data")
        else:
            standings.append("met" if met else "missed")
    return standings


def _sentence(table: pd.DataFrame, target: float, window: str) -> str:
    number = table["standing"].value_counts()
    parts = [f"{count} {_SAID[name][count != 1]}" for name in STANDINGS if (count := int(number.get(name, 0)))]
    environments = "environment" if len(table) == 1 else "environments"
    return f"{len(table)} {environments} against {format_target(target)} over {window}: {', '.join(parts)}."
