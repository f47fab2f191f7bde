"""One environment's traffic: every figure of any window, all of them from the same requests."""

from __future__ import annotations

from collections.abc import Sequence

from createos_nb.simulator.traffic.generated import GeneratedRequests
from createos_nb.simulator.traffic.mixture import CLASSES
from createos_nb.simulator.traffic.probing import Answer, answer, idle_at
from createos_nb.simulator.traffic.profile import Page
from createos_nb.simulator.traffic.runtime_logs import LogLine, runtime_log

_EVER = 60 << 32
"""Seconds of a bucket that every window fits into."""


class Traffic(GeneratedRequests):
    """The requests that one environment got, generated and recorded.

    Nothing is stored but the parameters; any window is worked out when it is asked for, and two windows that overlap
    agree on what they share. What is added later (a segment's end, a next segment, an incident) changes nothing before
    its own time. An instance is immutable but for `recorded`; make a new one when the world changes (microseconds).

    Args:
        seed: of the world.
        stream: names the environment within the world, for ever.
        profiles: who comes: a profile that holds from `created` on; or (from when, profile) in order of time; or None
            for an environment whose traffic is recorded only (a replayed log).
        segments: what is live when; in order of time; where there is none, every request gets 404.
        incidents: those that concern this environment.
        recorded: requests that are known one by one.
        created: Unix seconds; nothing is generated before.
        scheduled: requests that come on a schedule.
    """

    def totals(self, start: int, end: int) -> dict[str, int]:
        """Return the requests of [start, end) by class.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.

        Returns:
            Counts: "total", and "2xx" to "5xx"; a replayed 1xx is in the total only.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> traffic.totals(end - 3600, end)
            {'total': 5235, '2xx': 4838, '3xx': 297, '4xx': 100, '5xx': 0}
        """
        whole = self.series(start, end, _EVER)
        result = {"total": int(whole.total.sum())}
        result.update(zip(CLASSES, whole.counts.sum(axis=0).tolist(), strict=True))
        return result

    def statuses(self, start: int, end: int) -> dict[int, int]:
        """Return the requests of [start, end) by status code: see `Cells.statuses`.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.

        Returns:
            Counts by status code, in order of the codes.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> list(traffic.statuses(end - 3600, end))
            [200, 201, 301, 302, 303, 304, 401, 404, 422]
        """
        return self.cells(start, end).statuses()

    def top_paths(self, start: int, end: int, limit: int = 10) -> list[tuple[str, int]]:
        """Return the paths with most requests in [start, end): see `Cells.top_paths`.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.
            limit: how many at most.

        Returns:
            Pairs of path and count.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> traffic.top_paths(end - 3600, end, limit=1)
            [('/', 1020)]
        """
        return self.cells(start, end).top_paths(limit)

    def top_errors(self, start: int, end: int, limit: int = 10) -> list[tuple[str, int, int]]:
        """Return the paths and error statuses with most requests in [start, end): see `Cells.top_errors`.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.
            limit: how many at most.

        Returns:
            Triples of path, status and count.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> traffic.top_errors(end - 3600, end, limit=1)
            [('/favicon.ico', 404, 49)]
        """
        return self.cells(start, end).top_errors(limit)

    def success_percentage(self, start: int, end: int) -> float | None:
        """Return 100 * (2xx + 3xx) / all of [start, end).

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.

        Returns:
            0 to 100; None without requests.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> round(traffic.success_percentage(end - 3600, end), 2)
            98.09
        """
        totals = self.totals(start, end)
        return 100 * (totals["2xx"] + totals["3xx"]) / totals["total"] if totals["total"] else None

    def rpm(self, start: int, end: int) -> tuple[int, float]:
        """Return the peak and the average of requests a minute in [start, end).

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.

        Returns:
            The most in a minute of the clock, and all by the minutes.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> peak, average = traffic.rpm(end - 3600, end)
            >>> peak, round(average, 1)
            (136, 87.2)
        """
        if end <= start:
            return 0, 0.0
        first = self.created
        if len(self.recorded):
            first = min(first, int(self.recorded.events.time[0]) // 1_000_000)
        # A window may begin long before there was anything.
        counts = self.series(max(start, first), end, 60).total
        return int(counts.max(initial=0)), int(counts.sum()) * 60 / (end - start)

    def answer(self, time: int, method: str, path: str, nth: int = 0, pages: Sequence[Page] | None = None) -> Answer:
        """Return what a request from outside gets at a second, by what is live and its load; it is not recorded.

        Args:
            time: Unix seconds.
            method: of HTTP; HEAD is answered as GET.
            path: without the query string.
            nth: tells apart requests of the same second.
            pages: that exist; None for those of the profile, or "/" alone where there is none. A path that is not
                among them gets 404, a known one with another method 405.

        Returns:
            The answer.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> traffic.answer(end, "GET", "/no-such-page").status
            404
        """
        return answer(self.timeline, self.key, time, method, path, nth, pages, self._calls)

    def idle_at(self, start: int, end: int, seconds: int) -> int | None:
        """Return the first second t in (start, end] by which no request had come in [t - seconds, t), from `start` on.

        So a deployment that sleeps after `seconds` without a request falls asleep at t.

        Args:
            start: Unix seconds.
            end: Unix seconds.
            seconds: how long without a request.

        Returns:
            Unix seconds; None if there is none.

        Raises:
            ValueError: `seconds` is less than 1.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> traffic.idle_at(end - 3600, end, 1800) is None
            True
        """
        if seconds < 1:
            raise ValueError(f"idle time is at least 1 second, not {seconds}")
        return idle_at(self.series, self.events, start, end, seconds)

    def logs(self, start: int, end: int, deployment: str | None = None) -> list[LogLine]:
        """Return the runtime log's lines of [start, end), in order of time.

        Args:
            start: Unix seconds.
            end: Unix seconds, left out.
            deployment: only what ran while this deployment was live; None: everything.

        Returns:
            The lines; `str` of one begins with its time.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> traffic, end = world.traffic_of(environment), world.state.now // 1_000_000
            >>> lines = traffic.logs(end - 60, end)
            >>> str(lines[0])[:4]
            '2026'
        """
        return runtime_log(self.timeline, self.events, start, end, deployment)
