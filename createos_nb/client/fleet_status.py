"""How an environment of the fleet does, from what the overview has read of it: a status, and the reason in a sentence.

It is the status now (at the end of the window, where that is past): judged over the last hour of the window, and over
its last stretch, the fewest whole buckets of at least 5 minutes and 20 requests. With the objective `target`, the limit
is `BURN` times the error budget: 1 % of requests that end with 5xx for 99.9 %; so fast, a month's budget is spent in
three days.

* `down`: half of the requests of the last stretch or more failed with 5xx; or the live deployment has failed, and
  answers nobody.
* `degraded`: more than the limit failed, in the last hour or in the last stretch; where it is over, the reason says
  since when.
* `asleep`: the live deployment sleeps.
* `unknown`: it could not be read, has no figures, nothing is deployed, nobody asked in the last hour, or so few did
  that what failed may be chance.
* `healthy`: requests came, and no more than the limit failed.

Rows are in the order of trouble: down; degraded; not read, or without figures; those whose newest deployment failed,
whatever is live; asleep; those that nobody asked, or too few; healthy. Among equals the faster burn comes first.

Few requests say little: `down` and `degraded` are said of shares that lie above the limit by more than chance only.
The bound is Chernoff's on the binomial tail (1952): `P(so many errors or more | n, limit) ≤ exp(−n·KL(share ‖ limit))`,
and it has to be below `CHANCE`. At the limit of 1 % that is 3 errors of 3 requests, 5 of 20, 7 of 60, 18 of 500.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from createos_nb.causes import Status
from createos_nb.naming import DEPLOYMENT_STATES
from createos_nb.percentages import failure
from createos_nb.times import format_duration

#: Times the error budget: a faster burn is trouble.
BURN: Final = 10.0
#: Share of requests that fail where an environment is down.
DOWN: Final = 0.5
#: The binomial tail below which errors are no chance.
CHANCE: Final = 5e-5
#: Seconds of the window that are judged.
JUDGED: Final = 3600
#: The last stretch has at least so many seconds and requests.
STRETCH: Final = (300, 20)
#: The order of rows: what comes first needs a look first.
_DOWN, _DEGRADED, _NO_FIGURES, _NEWEST_FAILED, _ASLEEP, _QUIET, _HEALTHY = range(7)


@dataclass(frozen=True)
class Verdict:
    """A status and its reason; `rank` orders environments by trouble, the least first."""

    status: Status
    reason: str
    rank: int


@dataclass(frozen=True)
class Live:
    """What is live in an environment, as the platform says it.

    `status`: of the live deployment on the wire; None where nothing is live, or nothing is known of it. `failed`: what
    became of a newer deployment that would have gone live here, such as "version 4 failed"; "" where none failed.
    """

    deployed: bool
    version: int | None = None
    status: str | None = None
    failed: str = ""

    @property
    def name(self) -> str:
        """The live version in words."""
        return f"version {self.version}" if self.version is not None else "the live version"


@dataclass(frozen=True)
class _Span:
    """Requests of some whole buckets that follow one another."""

    seconds: int
    requests: int
    errors: int

    @property
    def share(self) -> float:
        return self.errors / self.requests if self.requests else 0.0

    def exceeds(self, limit: float) -> bool:
        """Return whether more than a share failed, and not by chance."""
        return chance(self.errors, self.requests, limit) < CHANCE

    def __str__(self) -> str:
        """Return what failed, as a part of a sentence."""
        which = f"{self.requests:,} request{'' if self.requests == 1 else 's'}"
        share = f" ({failure(100 * self.share, 1)})" if self.errors else ""
        failed = f"{self.errors:,} of {which} failed{share}" if self.errors else f"none of {which} failed"
        return f"{failed} in the last {format_duration(self.seconds)}"


def judge(rows: np.ndarray, width: int, live: Live, *, end: int, target: float) -> Verdict:
    """Judge an environment.

    Args:
        rows: Its whole buckets in order of time: begin (Unix seconds), count, 2xx, 3xx, 4xx, 5xx.
        width: Of a bucket, in seconds.
        live: What is live.
        end: The end of the window, in Unix seconds.
        target: Share of the requests that should not end with 5xx.

    Returns:
        The verdict.
    """
    limit = BURN * (1 - target)
    judged = rows[rows[:, 0] >= end - max(JUDGED, 2 * width)]
    hour, stretch = _span(judged, width), _last_stretch(judged, width)
    also = f"; {live.failed}" if live.failed else ""
    quiet = _NEWEST_FAILED if live.failed else _QUIET
    if live.status == "sleeping":
        asked = f"; {hour}" if hour.errors else ""
        return Verdict("asleep", f"{live.name} sleeps{asked}{also}", min(quiet, _ASLEEP))
    broken = DEPLOYMENT_STATES.get(live.status or "") == "failed"
    if broken and stretch.share >= (DOWN if stretch.requests else 0):
        answers = str(stretch) if stretch.requests else "nobody asked for it"
        return Verdict("down", f"{live.name} is {live.status}; {answers}{also}", _DOWN)
    if stretch.share >= DOWN and stretch.exceeds(limit):
        return Verdict("down", f"{stretch}{also}", _DOWN)
    if hour.exceeds(limit):
        lately = _recovery(judged, width, limit) or (f", {stretch}" if stretch.seconds < hour.seconds else "")
        return Verdict("degraded", f"{hour}{lately}{also}", _DEGRADED)
    if stretch.exceeds(limit):
        return Verdict("degraded", f"{stretch}{also}", _DEGRADED)
    if broken:
        return Verdict("degraded", f"{live.name} is {live.status}, but requests are answered; {hour}{also}", _DEGRADED)
    if not len(judged):
        return Verdict("unknown", f"there are no figures of the last {format_duration(JUDGED)}{also}", _NO_FIGURES)
    if not hour.requests:
        nobody = f"nobody asked in the last {format_duration(hour.seconds)}" if live.deployed else "nothing is deployed"
        return Verdict("unknown", f"{nobody}{also}", quiet)
    recovered = _recovery(judged, width, limit) if hour.share > limit else ""
    if hour.share > limit and not recovered:
        return Verdict("unknown", f"{hour}, which may be chance{also}", quiet)
    return Verdict("healthy", f"{hour}{recovered}{also}", _NEWEST_FAILED if live.failed else _HEALTHY)


def unread(reason: str, since: str = "") -> Verdict:
    """Return the verdict on an environment that could not be read: its figures are older, or there are none."""
    figures = f"; the figures are of {since}" if since else ""
    return Verdict("unknown", f"it could not be read: {reason}{figures}", _NO_FIGURES)


def chance(errors: int, requests: int, limit: float) -> float:
    """Return a bound on the probability of so many errors or more where a share of `limit` fails: at most 1."""
    if not requests or errors <= limit * requests:
        return 1.0
    if limit <= 0:
        return 0.0
    share = errors / requests
    divergence = share * math.log(share / limit)
    if share < 1:
        divergence += (1 - share) * math.log((1 - share) / (1 - limit))
    return math.exp(-requests * divergence)


def _span(rows: np.ndarray, width: int) -> _Span:
    return _Span(len(rows) * width, int(rows[:, 1].sum()), int(rows[:, 5].sum()))


def _recovery(rows: np.ndarray, width: int, limit: float) -> str:
    """Since when no more than the limit fails, where enough requests came since; "" where it goes on.

    The beginning is where the errors above the limit, summed up, are highest: the estimate of a CUSUM.
    """
    spared = np.cumsum((limit * rows[:, 1] - rows[:, 5])[::-1])
    recovered = rows[len(rows) - 1 - int(np.argmax(spared)) :]
    since = _span(recovered, width)
    seconds, requests = STRETCH
    if since.seconds < seconds or since.requests < requests or since.share > limit:
        return ""
    begun = datetime.fromtimestamp(int(recovered[0, 0]), UTC)
    return f"; recovered since {begun:%H:%M} UTC: {since.errors:,} of {since.requests:,}"


def _last_stretch(rows: np.ndarray, width: int) -> _Span:
    """The fewest buckets at the end that have enough seconds and requests; all of them where none have."""
    seconds, requests = STRETCH
    buckets = max(1, -(-seconds // width))
    counts = np.cumsum(rows[::-1, 1])
    enough = int(np.searchsorted(counts, requests)) + 1
    return _span(rows[-max(buckets, enough) :], width)
