"""Analytics: what the users of an environment asked for, and what they got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import field

from createos_nb.contract.operation import UNSET, Record, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Number, Row, Text, Whole, about
from createos_nb.contract.types import End, EnvironmentRef, ProjectRef, Start

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


class OverallRequests(Row):
    """Requests of a window by class of their status."""

    total: Annotated[Number, about("all requests, 1xx and 3xx included", unit="requests")] = None
    # the platform calls them success, client and server: 3xx is a success too, and in its total only
    status_2xx: Annotated[Number, about("answers with 2xx", unit="requests")] = field(default=None, name="success")
    status_4xx: Annotated[Number, about("answers with 4xx", unit="requests")] = field(default=None, name="client")
    status_5xx: Annotated[Number, about("answers with 5xx", unit="requests")] = field(default=None, name="server")


class Rpm(Row):
    """Requests per minute in a window."""

    peak: Annotated[Number, about("the busiest minute", unit="requests/min")] = None
    average: Annotated[Number, about("mean over the window", unit="requests/min")] = None


class SuccessPercentage(Row):
    """Share of answers that were a success."""

    success_percentage: Annotated[Number, about("(2xx + 3xx) / total; NA without requests", unit="%")] = None


class StatusCount(Row):
    """Requests by status code."""

    status: Annotated[Text, about("HTTP status code")] = None
    count: Annotated[Whole, about("requests", unit="requests")] = None


class RequestsBucket(Row):
    """Requests of a stretch of time by class of their status."""

    timestamp: Annotated[Whole, about("start of the bucket; the index `time`", unit="UTC", alias="time")] = None
    count: Annotated[Whole, about("all requests", unit="requests")] = None
    status_2xx: Annotated[Whole, about("answers with 2xx", unit="requests")] = field(default=None, name="status2xx")
    status_3xx: Annotated[Whole, about("answers with 3xx", unit="requests")] = field(default=None, name="status3xx")
    status_4xx: Annotated[Whole, about("answers with 4xx", unit="requests")] = field(default=None, name="status4xx")
    status_5xx: Annotated[Whole, about("answers with 5xx", unit="requests")] = field(default=None, name="status5xx")


class PathCount(Row):
    """Requests by path."""

    path: Annotated[Text, about("path of the request")] = None
    count: Annotated[Whole, about("requests", unit="requests")] = None


class ErrorPathCount(Row):
    """Failed requests by path and status."""

    path: Annotated[Text, about("path of the request")] = None
    status: Annotated[Text, about("HTTP status code, 4xx or 5xx")] = None
    count: Annotated[Whole, about("requests of this path with this status", unit="requests")] = None


class Overview(Row):
    """All analytics of a window at once."""

    overall_requests: OverallRequests | None = None
    rpm: Rpm | None = None
    success_percentage: Annotated[Number, about("(2xx + 3xx) / total; NA without requests", unit="%")] = None
    request_distribution: Annotated[list[StatusCount] | None, about("as analytics.request_distribution")] = None
    top_hit_paths: Annotated[list[PathCount] | None, about("as analytics.top_hit_paths")] = None
    top_error_paths: Annotated[list[ErrorPathCount] | None, about("as analytics.top_error_paths")] = None


_AT = "/v1/projects/{project_id}/environments/{environment_id}/analytics"


class Analytics(Resource):
    """Requests to an environment and how they were answered."""

    name = "analytics"

    @operation("GetProjectEnvironmentAnalytics", f"GET {_AT}", answer=Record(Overview), enveloped=False)
    def overview(
        self, project: ProjectRef, environment: EnvironmentRef, *, start: Start = UNSET, end: End = UNSET
    ) -> Mapping[str, Any]:
        """All analytics of a window in one request.

        Returns:
            The parts by name, each as the call of that name gives it.

        Examples:
            >>> client = createos_nb.simulate()
            >>> window = client.analytics.overview("storefront", "production", start="-1h")
            >>> window["top_hit_paths"].head(2)
                    path  count
            0          /   1020
            1  /products    775
        """

    @operation(
        "GetProjectEnvironmentAnalyticsOverallRequests", f"GET {_AT}/overall-requests", answer=Record(OverallRequests)
    )
    def overall_requests(
        self, project: ProjectRef, environment: EnvironmentRef, *, start: Start = UNSET, end: End = UNSET
    ) -> pd.Series:
        """Requests of a window: all, and those answered with 2xx, 4xx and 5xx; 1xx and 3xx are in the total only.

        Returns:
            Counts by class of status.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.analytics.overall_requests("storefront", "production", start="-1h")
            total         5235.0
            status_2xx    4838.0
            status_4xx     100.0
            status_5xx       0.0
            dtype: object
        """

    @operation(
        "GetProjectEnvironmentAnalyticsRequestsOverTime",
        f"GET {_AT}/requests-over-time",
        answer=Rows(RequestsBucket),
        failures="400 401 403 404 422 500",
    )
    def requests_over_time(
        self, project: ProjectRef, environment: EnvironmentRef, *, start: Start = UNSET, end: End = UNSET
    ) -> pd.DataFrame:
        """Requests by class of their status over time, on a regular grid.

        The index is `time` (UTC), counts are Int64.

        Returns:
            One row a bucket; NA where there is no data, 0 where there were no requests.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.analytics.requests_over_time("storefront", "production", start="-1h").head(2)
                                       count  status_2xx  status_3xx  status_4xx  status_5xx
            time
            2026-03-02 08:00:00+00:00    108         100           7           1           0
            2026-03-02 08:01:00+00:00     91          84           6           1           0
        """

    @operation("GetProjectEnvironmentAnalyticsRPM", f"GET {_AT}/rpm", answer=Record(Rpm))
    def rpm(
        self, project: ProjectRef, environment: EnvironmentRef, *, start: Start = UNSET, end: End = UNSET
    ) -> pd.Series:
        """Requests per minute of a window: peak and average.

        Returns:
            Requests per minute.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.analytics.rpm("storefront", "production", start="-1h")
            peak       136.0
            average    87.25
            dtype: object
        """

    @operation(
        "GetProjectEnvironmentAnalyticsSuccessPercentage",
        f"GET {_AT}/success-percentage",
        answer=Record(SuccessPercentage),
    )
    def success_percentage(
        self, project: ProjectRef, environment: EnvironmentRef, *, start: Start = UNSET, end: End = UNSET
    ) -> pd.Series:
        """Share of answers with 2xx or 3xx, 0–100.

        Returns:
            A percentage, 0–100; NA without requests.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.analytics.success_percentage("storefront", "production", start="-1h")
            success_percentage    98.08978
            dtype: object
        """

    @operation(
        "GetProjectEnvironmentAnalyticsRequestDistribution",
        f"GET {_AT}/request-distribution",
        answer=Rows(StatusCount),
    )
    def request_distribution(
        self, project: ProjectRef, environment: EnvironmentRef, *, start: Start = UNSET, end: End = UNSET
    ) -> pd.DataFrame:
        """Requests of a window by status code.

        Returns:
            One row a status code.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.analytics.request_distribution("storefront", "production", start="-1h").head(3)
              status  count
            0    200   4651
            1    201    187
            2    301     21
        """

    @operation("GetProjectEnvironmentAnalyticsTopHitPaths", f"GET {_AT}/top-hit-paths", answer=Rows(PathCount))
    def top_hit_paths(
        self, project: ProjectRef, environment: EnvironmentRef, *, start: Start = UNSET, end: End = UNSET
    ) -> pd.DataFrame:
        """The ten most requested paths of a window.

        Returns:
            One row a path, the most requested first.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.analytics.top_hit_paths("storefront", "production", start="-1h").head(3)
                         path  count
            0               /   1020
            1       /products    775
            2  /assets/app.js    438
        """

    @operation("GetProjectEnvironmentAnalyticsTopErrorPaths", f"GET {_AT}/top-error-paths", answer=Rows(ErrorPathCount))
    def top_error_paths(
        self, project: ProjectRef, environment: EnvironmentRef, *, start: Start = UNSET, end: End = UNSET
    ) -> pd.DataFrame:
        """The ten paths with most 4xx and 5xx answers of a window, each with its status.

        Returns:
            One row a path and status, the most frequent first.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.analytics.top_error_paths("storefront", "production", start="-1h").head(3)
                       path status  count
            0  /favicon.ico    404     49
            1  /api/session    401     32
            2        /login    422     19
        """
