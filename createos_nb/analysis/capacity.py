"""Number of replicas for the traffic, from the load that each replica has served.

The platform tells requests and errors, no CPU, no memory and no latency. So the only honest measure of capacity is a
demonstration: the load per replica at which the errors still met the target. For CPU and memory there is no
evidence, and the advice says that instead of a number.

Model. A bucket carries `rpm / replicas`. It met the target if its errors were within `(1 − target)` of its requests.
The demonstrated capacity c* is the fifth highest load of buckets that met it, so that one lucky bucket demonstrates
nothing. A limit has been seen if the buckets with more load than c* failed more often than the target allows, by more
than chance (1 in 1,000), and more often than the others. Needed are `⌈q99 / c*⌉` replicas for the 99th percentile of
the pace, and `⌈q99 · (1 + headroom) / c*⌉` with room to grow. Where no limit has been seen, more than the present
number is never advised: what has been served well so far is no evidence against the replicas that served it.

Measured on the week after, in 1,600 simulated services that fail beyond a load: too few replicas in 2 of them.
`benchmarks/statistics/RESULTS.md`, section Capacity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.validation import Floats, FrameError, requests, status_classes
from createos_nb.display import format_target, text_card
from createos_nb.dtypes import TEXT
from createos_nb.html import html_card

MOST = 3
"""Replicas that the platform allows for an environment."""

_TIMES = 5
_FEWEST = 60


@dataclass(frozen=True, eq=False, repr=False)
class ReplicasAdvice:
    """Advice on the number of replicas of one environment; see :func:`replicas_advice`.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1d")
        >>> advice = createos_nb.analysis.replicas_advice(requests, replicas=3)
        >>> advice.replicas, advice.limit_seen
        (3, False)
    """

    replicas: int
    """What is advised, 1 to 3."""
    current: int
    needed: int | None
    """⌈q99 / c*⌉, which may exceed what the platform allows; None without evidence."""
    with_headroom: int | None
    """The same with room to grow; None without evidence."""
    demonstrated: float
    """c*: requests per minute and replica at which the target was still met; NaN if never."""
    limit_seen: bool
    """Whether more load than that made more errors."""
    q99: float
    """99th percentile of the requests per minute."""
    peak: float
    """Highest requests per minute."""
    target: float
    headroom: float
    reason: str
    cpu: str = "no evidence: the platform does not tell CPU use"
    memory: str = "no evidence: the platform does not tell memory use"

    @property
    def sentence(self) -> str:
        """Return the advice as a sentence."""
        if self.replicas == self.current:
            return f"Keep {self.current} {_plural(self.current)}: {self.reason}."
        step = "more" if self.replicas > self.current else "fewer"
        return f"{self.replicas} {_plural(self.replicas)} instead of {self.current} ({step}): {self.reason}."

    def _rows(self) -> list[tuple[str, Any]]:
        demonstrated = "nothing" if np.isnan(self.demonstrated) else f"{self.demonstrated:,.1f} rpm per replica"
        rates = f"99 % of the time below {self.q99:,.1f} rpm, peak {self.peak:,.1f} rpm"
        if np.isnan(self.peak):
            rates = "no data"
        kind = "more load failed" if self.limit_seen else "no limit was seen"
        return [
            ("demonstrated", f"{demonstrated} at {format_target(self.target)}; {kind}"),
            ("pace", rates),
            ("CPU", self.cpu),
            ("memory", self.memory),
        ]

    def __repr__(self) -> str:
        return text_card("Replicas", self.sentence, self._rows())

    def _repr_html_(self) -> str:
        return html_card("Replicas", self.sentence, self._rows())


def replicas_advice(
    frame: pd.DataFrame,
    *,
    replicas: int | pd.Series[Any] | Mapping[tuple[str, str], int],
    target: float = 0.999,
    headroom: float = 0.3,
    errors: str | tuple[str, ...] = ("5xx",),
) -> ReplicasAdvice | pd.DataFrame:
    """Advise a number of replicas, 1 to 3.

    More than one replica needs an app that keeps no state.

    Args:
        frame: requests over time of one environment or of a fleet.
        replicas: the number that served it; or a Series of it indexed by time, each value holding until the next, if it
            changed; for a fleet a mapping, or a Series indexed by project and environment, from `(project,
            environment)` to the number.
        target: share of the requests that should not be errors, between 0 and 1.
        headroom: room to grow, 0.3 for 30 %; between 0 and 10.
        errors: the status classes that are errors, such as "5xx".

    Returns:
        A :class:`ReplicasAdvice` for one environment; for a fleet a frame with `project`, `environment`, `replicas`,
        `current`, `needed`, `with_headroom` (Int64), `demonstrated` (requests per minute and replica), `limit_seen`
        (bool), `q99`, `peak` (requests per minute) and `reason`.

    Raises:
        FrameError: the frame can't be read as requests, or the replicas do not fit it.
        ValueError: `target` or `headroom` is out of range.

    Examples:
        >>> client = createos_nb.simulate("flash-crowd")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-2d")
        >>> createos_nb.analysis.replicas_advice(requests, replicas=1).replicas
        3
    """
    if not 0 < target < 1:
        raise ValueError(f"target must lie between 0 and 1 (0.999 is 99.9 %), not {target!r}")
    if not 0 <= headroom <= 10:
        raise ValueError(f"headroom must lie between 0 and 10 (0.3 is 30 %), not {headroom!r}")
    statuses = status_classes(errors)
    counts = requests(frame, columns=("count", *(f"status_{status}" for status in statuses)), fleet=True)
    rpm = np.where(counts.observed, counts.count, np.nan) * (60 / max(counts.bucket_seconds, 1))
    failed = counts.errors(statuses)
    if counts.environments is None:
        number = _over_time(replicas, counts.index)
        return _advise(rpm, counts.count, failed, number, target, headroom)
    numbers_of = _by_environment(replicas, counts.environments)
    advice = [
        _advise(
            rpm[row],
            counts.count[row],
            failed[row],
            np.full(len(counts.index), numbers_of[key]),
            target,
            headroom,
        )
        for row, key in enumerate(counts.environments)
    ]
    table = pd.DataFrame(
        {
            "project": counts.environments.get_level_values("project"),
            "environment": counts.environments.get_level_values("environment"),
            "replicas": [row.replicas for row in advice],
            "current": [row.current for row in advice],
            "needed": [row.needed for row in advice],
            "with_headroom": [row.with_headroom for row in advice],
            "demonstrated": [row.demonstrated for row in advice],
            "limit_seen": np.array([row.limit_seen for row in advice], dtype=np.bool_),
            "q99": [row.q99 for row in advice],
            "peak": [row.peak for row in advice],
            "reason": pd.array([row.reason for row in advice], dtype=TEXT),
        }
    )
    return table.astype(dict.fromkeys(("replicas", "current", "needed", "with_headroom"), "Int64"))


def _advise(
    rpm: Floats, count: Floats, failed: Floats, number: Floats, target: float, headroom: float
) -> ReplicasAdvice:
    current = int(number[-1]) if len(number) else 1
    observed = np.isfinite(rpm) & np.isfinite(failed) & np.isfinite(number)
    rpm, count, failed, load = rpm[observed], count[observed], failed[observed], (rpm / number)[observed]
    busy = count > 0
    if int(busy.sum()) < _FEWEST:
        reason = f"only {int(busy.sum())} buckets with requests, too few to say more"
        q99, peak = (float(np.quantile(rpm, 0.99)), float(rpm.max())) if len(rpm) else (np.nan, np.nan)
        return _unchanged(current, q99, peak, target, headroom, reason)
    q99, peak = float(np.quantile(rpm, 0.99)), float(rpm.max())
    within_target = busy & (failed <= (1 - target) * count)
    if int(within_target.sum()) < _TIMES:
        reason = f"no load was served at {format_target(target)}, so its errors have another cause than load"
        return _unchanged(current, q99, peak, target, headroom, reason)
    demonstrated = float(np.sort(load[within_target])[-_TIMES])
    limit = _limit_seen(load > demonstrated, count, failed, target)
    needed = _ceiling(q99 / demonstrated)
    with_headroom = _ceiling(q99 * (1 + headroom) / demonstrated)
    # without a limit nothing says that more would help
    desired = with_headroom if limit else min(max(needed, with_headroom), current)
    replicas = int(np.clip(desired, 1, MOST))
    reason = _reason(replicas, desired, current, with_headroom, limit, demonstrated, q99, headroom)
    return ReplicasAdvice(
        replicas, current, needed, with_headroom, demonstrated, limit, q99, peak, target, headroom, reason
    )


def _unchanged(current: int, q99: float, peak: float, target: float, headroom: float, reason: str) -> ReplicasAdvice:
    """Advise the current number, for lack of evidence, within the maximum."""
    replicas = min(current, MOST)
    if replicas < current:
        reason += f"; {MOST} are the most"
    return ReplicasAdvice(replicas, current, None, None, np.nan, False, q99, peak, target, headroom, reason)


def _limit_seen(over_limit: Any, count: Floats, failed: Floats, target: float) -> bool:
    """Return whether the buckets with more load failed more often than the target allows and than the others did."""
    from scipy.special import betainc

    of, bad = float(count[over_limit].sum()), float(failed[over_limit].sum())
    if int(over_limit.sum()) < _TIMES or bad == 0:
        return False
    others = float(failed[~over_limit].sum()) / max(float(count[~over_limit].sum()), 1.0)
    allowed = max(1 - target, others)
    return bool(bad > 2 * allowed * of and betainc(bad, of - bad + 1, allowed) < 1e-3)


def _reason(
    replicas: int,
    desired: int,
    current: int,
    with_headroom: int,
    limit: bool,
    demonstrated: float,
    q99: float,
    headroom: float,
) -> str:
    evidence = f"each replica has carried {demonstrated:,.0f} rpm, and 99 % of the time {q99:,.0f} rpm come"
    if desired > MOST and not limit:
        return f"{evidence}; nothing shows that fewer would do, but {MOST} are the most"
    if desired > MOST:
        return f"{evidence}; {desired} would be needed, and {MOST} are the most: beyond that an external load balancer"
    if not limit and with_headroom > current:
        return f"{evidence}; nothing has failed under load, so there is no evidence for more"
    if limit:
        return f"{evidence}; more load than that has failed, and {format_target(headroom)} are kept free"
    return f"{evidence}, with {format_target(headroom)} kept free"


def _by_environment(replicas: Any, environments: pd.MultiIndex) -> dict[Any, float]:
    known: Any = replicas
    if isinstance(replicas, pd.Series) and replicas.index.nlevels == 2:
        known = replicas.to_dict()
    if not isinstance(known, Mapping):
        raise FrameError(
            "replicas of a fleet must be a mapping from (project, environment) to their number, "
            "or a Series indexed by project and environment"
        )
    values = pd.array([known.get(key, pd.NA) for key in environments], dtype="Float64").to_numpy(na_value=np.nan)
    absent = np.isnan(values)
    if absent.any():
        project, environment = environments[int(np.argmax(absent))]
        raise FrameError(f"replicas has no number for {project}/{environment}")
    return dict(zip(environments, _checked(values).tolist(), strict=True))


def _over_time(replicas: Any, index: pd.DatetimeIndex) -> Floats:
    if isinstance(replicas, pd.Series):
        if not isinstance(replicas.index, pd.DatetimeIndex) or replicas.index.tz is None:
            raise FrameError("replicas over time must be a Series with a DatetimeIndex in UTC")
        steps = replicas.sort_index()
        at = steps.index.searchsorted(index, side="right") - 1
        values = steps.to_numpy(dtype="float64", na_value=np.nan)
        known = np.where(at >= 0, values[np.maximum(at, 0)], np.nan)
        return _checked(known)
    if isinstance(replicas, (int, np.integer)) and not isinstance(replicas, bool):
        return _checked(np.full(len(index), float(replicas)))
    raise FrameError(f"replicas must be a number or a Series over time, not {type(replicas).__name__}")


def _checked(number: Floats) -> Floats:
    if (number < 1).any():
        raise FrameError(f"replicas must be at least 1, not {np.nanmin(number):g}")
    return number


def _ceiling(value: float) -> int:
    # 3.0000000001 replicas are three
    return max(int(np.ceil(value - 1e-9)), 1)


def _plural(number: int) -> str:
    return "replica" if number == 1 else "replicas"
