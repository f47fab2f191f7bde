"""Readings of a fleet for metrics: what is live, how it does, and counters that grow from reading to reading."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.client.fleet_overview import FleetOverview, Judging
from createos_nb.errors import CreateOSError, IncompleteWarning
from createos_nb.metrics.counts import Counters, Counts

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: Seconds of finished minutes that gauges of requests are about.
WINDOW: Final = 3600
#: Requests of a reading that are for no project: the lists of projects and apps.
_LISTS: Final = 2


@dataclass(frozen=True)
class Reading:
    """One reading of a fleet.

    Attributes:
        at: When, in Unix seconds, on the clock of the platform or world.
        where: Account, base URL, and PLATFORM or SIMULATOR.
        environments: One row each, as `client.fleet.overview` gives them; without those that can't be read now.
        counts: The counters, by project and environment; empty where nothing is counted.
        readable: Whether each active project could be read, by name; one that was never read is left out.
        complete: Everything was read now; False where it is not known.
        requests: Requests that this reading has sent.
        requests_total: Requests that all readings of this exporter have sent; None of one that reads once.
        failures_total: Readings that failed as a whole; None of one that reads once.
        budget: Requests an hour that the exporter may send; None where that is not limited.
        problem: Why nothing could be read; "".
    """

    at: float
    where: str
    environments: pd.DataFrame
    counts: Mapping[tuple[str, str], Counts] = field(default_factory=dict)
    readable: Mapping[str, bool] = field(default_factory=dict)
    complete: bool = False
    requests: int = 0
    requests_total: int | None = None
    failures_total: int | None = None
    budget: int | None = None
    problem: str = ""


class Exporter:
    """Reads a fleet again and again for its metrics; requests that are known are not asked for again.

    Args:
        client: The client; it only reads.
        projects: Only these, by name or id.
        apps: Only projects in these apps, by name or id.
        target: The objective that `burn_rate` is held against.
        known: Counters of an earlier export, which are counted on.
        counting: Whether readings count requests: one that stands alone, and goes on from none, has nothing to count.
        every: Seconds between two readings; None: it reads once.
        budget: Requests an hour; None: all is read each time.

    Examples:
        >>> from createos_nb.metrics import Exporter
        >>> client = createos_nb.simulate("bad-release")
        >>> exporter = Exporter(client)
        >>> reading = exporter.read()
        >>> reading.complete, reading.requests, len(reading.environments)
        (True, 5, 2)
        >>> time = client.world.advance("10min")
        >>> reading = exporter.read()
        >>> reading.counts["storefront", "production"].requests["5xx"] > 0
        True
    """

    def __init__(
        self,
        client: Client,
        projects: str | Sequence[str] | None = None,
        *,
        apps: str | Sequence[str] | None = None,
        target: float = 0.999,
        known: Mapping[tuple[str, str], Counts] | None = None,
        counting: bool = True,
        every: float | None = None,
        budget: int | None = None,
    ) -> None:
        self._client, self._projects, self._apps = client, projects, apps
        self._judging = Judging(target)
        self._judging.check()
        self._overview = FleetOverview(client.session)
        self._counters, self._counting = Counters(known), counting
        self._budget, self._repeats = budget, every is not None
        self._share = None if budget is None or every is None else max(1, int(budget * every / 3600))
        self._requests, self._readings, self._failures = 0, 0, 0
        self._last: Reading | None = None

    def read(self) -> Reading:
        """Read the fleet once.

        Returns:
            The reading. One that fails as a whole has the counters as they were, and no other figure of environments;
            where the budget is used up it is the last one again, which is not complete.

        Raises:
            InvalidInput: There is no such project or app, or an argument is out of range.

        Examples:
            >>> from createos_nb.metrics import Exporter
            >>> Exporter(createos_nb.simulate("shared-incident")).read().readable
            {'storefront': True, 'orders-api': True, 'landing-pages': True}
        """
        now, problem, frame = self._client.session.transport.now, "", None
        allowed = self._allowed()
        if allowed == 0 and self._last is not None:
            return replace(self._last, requests=0, complete=False)
        with self._client.transport.log.counting() as sent, warnings.catch_warnings():
            warnings.simplefilter("ignore", IncompleteWarning)  # the figures say it
            try:
                frame = self._overview.read(
                    f"-{WINDOW}s",
                    judging=self._judging,
                    projects=self._projects,
                    apps=self._apps,
                    max_requests=allowed,
                )
            except ValueError:
                raise
            except CreateOSError as error:
                problem = str(error).split("\n", 1)[0]
        self._requests += len(sent)
        self._failures += frame is None
        reading = Reading(
            now(),
            self._client.where,
            pd.DataFrame(),
            complete=False,
            requests=len(sent),
            requests_total=self._requests if self._repeats else None,
            failures_total=self._failures if self._repeats else None,
            budget=self._budget,
            problem=problem,
        )
        if frame is not None:
            if self._counting:
                self._counters.add(self._overview.series().items())
            attrs = frame.attrs
            failed = {*attrs["failed"]}
            names = [*dict.fromkeys(frame["project"]), *failed]
            reading = replace(
                reading,
                environments=frame[~frame["project"].isin(failed)],
                readable={str(name): name not in failed for name in names},
                complete=bool(attrs["complete"]) and not attrs["left"],
            )
        self._last = replace(reading, counts=dict(self._counters.counts))
        return self._last

    def _allowed(self) -> int | None:
        """Return the requests for projects of the next reading: what the ones before took too many is saved first."""
        if self._share is None:
            return None
        self._readings += 1
        left = self._share * self._readings - self._requests
        return 0 if left <= 0 else max(1, min(left, self._share) - _LISTS)


def value_of(value: Any) -> float | None:
    """Return a cell as a figure; None for NA, which is exported as nothing, never as 0."""
    if value is None or pd.isna(value):
        return None
    return value.timestamp() if isinstance(value, pd.Timestamp) else float(value)
