"""Reading the traffic of a baseline and a candidate, poll by poll, and what the gate says of it.

What could not be read is never taken for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.decision import PROMOTE, ROLLBACK
from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.analysis.releases.verdict import release_verdict
from createos_nb.dtypes import TEXT
from createos_nb.plans.errors import PASSING
from createos_nb.plans.gates import ReleaseGate, Verdict, interval_of, verdict_of
from createos_nb.plans.step_error import StepError
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.gates import Gate

MINUTE: Final = 60
_ERRORS: Final = ["status_4xx", "status_5xx"]
_PATHS: Final = ["time", "path", "status", "count"]
_MOST_MINUTES: Final = 240
"""Minutes of an environment whose error paths are read in one poll."""


@dataclass
class EnvironmentTraffic:
    """The traffic of one environment over a stretch of time, shifted by `lag` seconds onto the time of the other one.

    `begin`, `end`: Unix seconds of its own time; `end` None: until now.
    """

    client: Client
    project: str
    environment: str
    begin: int
    end: int | None = None
    lag: int = 0
    frame: pd.DataFrame | None = None
    """Requests over time as they were read last, on its own time."""
    _paths: dict[pd.Timestamp, pd.DataFrame] = field(default_factory=dict)
    _complete: pd.DataFrame | None = None

    def requests(self, now: int, paths: bool) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.Timestamp | None]:
        """Requests over time, the top error paths of its minutes, and the first minute whose paths could not be read.

        All on the other environment's time.
        """
        frame = self.frame = self._read(now)
        if not paths:
            return self._shifted(frame), None, None
        failed = self._failed(frame, now - self.lag)
        self._read_paths(failed, int(frame.attrs.get("bucket_seconds") or MINUTE))
        unknown = failed.difference(_index(self._paths))
        first = unknown[0] + self._shift if len(unknown) else None
        return self._shifted(frame), self._joined_paths(), first

    def before(self, seconds: int) -> pd.DataFrame | None:
        """The history of so many seconds before it begins, on the other environment's time."""
        if seconds < MINUTE:
            return None
        calls = self.client.analytics
        begin, end = self.begin - seconds, self.begin
        return self._shifted(calls.requests_over_time(self.project, self.environment, start=begin, end=end))

    def _read(self, now: int) -> pd.DataFrame:
        if self._complete is not None:
            return self._complete
        end = now if self.end is None else min(self.end, now)
        frame = self.client.analytics.requests_over_time(self.project, self.environment, start=self.begin, end=end)
        if self.end is not None and self.end <= now - 2 * MINUTE and frame["count"].notna().all():
            self._complete = frame  # a past stretch does not change
        return frame

    def _failed(self, frame: pd.DataFrame, until: int) -> pd.DatetimeIndex:
        """Minutes that are over by then and in which requests failed."""
        running = _index(frame.attrs.get("partial", ()))
        failed = frame[_ERRORS].sum(axis=1).fillna(0).to_numpy(dtype=float) > 0
        minutes = pd.DatetimeIndex(frame.index[failed & (frame.index < pd.Timestamp(until, unit="s", tz="UTC"))])
        return minutes.difference(running[running > frame.index[0]]) if len(running) else minutes

    def _read_paths(self, failed: pd.DatetimeIndex, width: int) -> None:
        unread = [minute for minute in failed if minute not in self._paths]
        for minute in unread[:_MOST_MINUTES]:
            start = int(minute.timestamp())
            try:
                paths = self.client.analytics.top_error_paths(
                    self.project, self.environment, start=start, end=start + width
                )
            except PASSING:
                return  # the next poll reads them
            self._paths[minute] = paths.assign(time=minute + self._shift)[_PATHS]

    def _shifted(self, frame: pd.DataFrame) -> pd.DataFrame:
        if not self.lag:
            return frame
        shifted = frame.set_axis(frame.index + self._shift)
        shifted.index.name = frame.index.name
        # what the end of the window cuts is whole by now
        shifted.attrs = {key: value for key, value in frame.attrs.items() if key != "partial"} | {"partial": []}
        return shifted

    def _joined_paths(self) -> pd.DataFrame:
        parts = [rows for rows in self._paths.values() if len(rows)]
        if parts:
            return pd.concat(parts, ignore_index=True)
        kinds: dict[str, Any] = dict(zip(_PATHS, ("datetime64[us, UTC]", TEXT, TEXT, "Int64"), strict=True))
        return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in kinds.items()})

    @property
    def _shift(self) -> pd.Timedelta:
        return pd.Timedelta(seconds=self.lag)


def _index(moments: Iterable[Any]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(list(moments), utc=True)).as_unit("us")


@dataclass
class ReleaseTraffic:
    """The traffic of a release: baseline, candidate, and the history of the baseline.

    Each `poll` is a verdict on all since the release.
    """

    baseline: EnvironmentTraffic
    candidate: EnvironmentTraffic
    history_seconds: int
    paths: bool
    terms: dict[str, Any]
    probed: frozenset[str] = frozenset()
    """Paths that the watch probes itself: their errors are no single client's, so the guard never leaves them out."""
    _history: pd.DataFrame | None = None
    _history_read: bool = False

    def poll(self, now: int) -> tuple[ReleaseVerdict | None, str]:
        """The verdict on the traffic so far, or None while no bucket is over; and what could not be read.

        It goes no further than the paths are known: without the minutes of which they are not, it would see those
        without errors alone. Raises what the reads of requests raise.
        """
        if now - self.candidate.begin < MINUTE:
            return None, ""
        if not self._history_read:
            self._history = self.baseline.before(self.history_seconds)
            self._history_read = True
        old, old_paths, old_until = self.baseline.requests(now, self.paths)
        new, new_paths, new_until = self.candidate.requests(now, self.paths)
        unknown = [first for first in (old_until, new_until) if first is not None]
        if unknown:
            old, new = (_before(frame, min(unknown)) for frame in (old, new))
        why = f"the error paths of {min(unknown):%H:%M} UTC could not be read" if unknown else ""
        if not len(new) or not len(old) or not np.isin(new.index, old.index).any():
            return None, why
        history = self._history if self._history is not None and len(self._history) else None
        old_paths, new_paths = (self._others(paths) for paths in (old_paths, new_paths))
        verdict = release_verdict(old, new, history=history, old_paths=old_paths, new_paths=new_paths, **self.terms)
        return verdict, why

    def _others(self, paths: pd.DataFrame | None) -> pd.DataFrame | None:
        if paths is None or not self.probed:
            return paths
        return paths[~paths["path"].str.replace(r"\?.*", "", regex=True).isin(self.probed)]


def _before(frame: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    cut = frame[frame.index < moment]
    cut.attrs = frame.attrs
    return cut


class Release(NamedTuple):
    """Two environments of a project: the one that serves, and the one that is to serve."""

    project: str
    baseline: str
    candidate: str
    name: str
    """Name of the candidate."""


class ReleaseMonitor:
    """Polls the traffic of a release for its gate.

    `paths`: what the watch probes itself; `since`: when it began, in Unix seconds of the platform's clock;
    `seconds`: how long it is to last.
    """

    def __init__(
        self, client: Client, release: Release, gate: Gate, *, paths: Sequence[str], since: float, seconds: float
    ) -> None:
        self._client, self._release, self._gate, self._since = client, release, gate, since
        self._before = max(3600.0, seconds)
        self.interval = interval_of(gate)
        self._traffic: ReleaseTraffic | None = None
        if isinstance(gate, ReleaseGate):
            baseline = EnvironmentTraffic(client, release.project, release.baseline, int(since))
            candidate = EnvironmentTraffic(client, release.project, release.candidate, int(since))
            history = int(parse_duration(gate.history, "history"))
            self._traffic = ReleaseTraffic(baseline, candidate, history, gate.paths, gate.terms, frozenset(paths))

    def poll(self, *, last: bool) -> Verdict:
        """The gate's verdict on the traffic so far; `last`: there won't be another poll.

        Raises what the reads raise, and `StepError` where the gate fails: it can be fixed.
        """
        if isinstance(self._gate, ReleaseGate):
            return self._release_verdict(self._gate, last)
        return self._judged(self._gate)

    def _release_verdict(self, gate: ReleaseGate, last: bool) -> Verdict:
        assert self._traffic is not None, "a release gate reads the traffic of both environments"
        verdict, missed = self._traffic.poll(int(self._client.transport.now()))
        if verdict is not None and verdict.decision in (ROLLBACK, PROMOTE):
            return Verdict(verdict.decision == PROMOTE, verdict.sentence)
        reason = verdict.sentence if verdict is not None else "No minute could be judged yet."
        if missed:
            reason += f" Mind that {missed}."
        if not last or gate.otherwise is None:
            return Verdict(False, reason, decided=False, enough=False)
        rate = self._judged(gate.otherwise)
        reason = f"{rate.reason}, by the server error rate alone. The release verdict is open: {reason}"
        return Verdict(rate.passed, reason, decided=False, enough=rate.enough)

    def _judged(self, gate: Callable[..., Any]) -> Verdict:
        release, calls, end = self._release, self._client.analytics, self._client.transport.now()
        candidate = calls.requests_over_time(release.project, release.candidate, start=self._since, end=end)
        baseline = calls.requests_over_time(release.project, release.baseline, start=end - self._before, end=end)
        try:
            return verdict_of(gate(baseline, candidate))
        except Exception as error:  # a gate is anybody's code
            raise StepError(
                f"the gate could not judge {release.name}: {type(error).__name__}: {error}",
                "Nothing was switched. Fix the gate and run the notebook again: it goes on with this run.",
                kind="missing input",
            ) from error
