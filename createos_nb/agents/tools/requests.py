"""Requests over time, and the paths that fail."""

from __future__ import annotations

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.agents.tool import tool
from createos_nb.times import beginning


@tool()
def requests(
    context: ToolContext,
    project: str,
    environment: str,
    start: str = "1h",
    end: str = "now",
    step: str | None = None,
    offset: int = 0,
) -> Answer:
    """Read the requests to an environment over time, by class of their status.

    Args:
        context: what tools share.
        project: by name or id.
        environment: by name or id.
        start: first moment, such as 1h (ago), or a time in ISO 8601 (UTC).
        end: moment after the last.
        step: length of a bucket, such as 5min; by default as the platform gives them.
        offset: rows to leave out.

    Returns:
        a row for each bucket: null where there is no data, 0 where there were no requests; those that the window or the
        present cuts are named in `partial`.
    """
    analytics = context.client.analytics
    frame = analytics.requests_over_time(project, environment, start=beginning(start), end=end, step=step)
    flat = frame.reset_index()
    flat.attrs = frame.attrs
    return Answer({"bucket_seconds": frame.attrs.get("bucket_seconds")}, flat)


@tool()
def error_paths(
    context: ToolContext, project: str, environment: str, start: str = "1h", end: str = "now", offset: int = 0
) -> Answer:
    """Read which paths of an environment failed most, with how often, and how requests ended as a whole.

    Args:
        context: what tools share.
        project: by name or id.
        environment: by name or id.
        start: first moment, such as 1h (ago), or a time in ISO 8601 (UTC).
        end: moment after the last.
        offset: rows to leave out.

    Returns:
        the paths with errors, and facts about all requests of the window.
    """
    found = context.client.analytics.overview(project, environment, start=beginning(start), end=end)
    facts = {
        "requests": {name: int(value) for name, value in found.overall_requests.dropna().items()},
        "success_percentage": found.success_percentage.iloc[0],
        "statuses": found.request_distribution.to_dict("records"),
        "top_paths": found.top_hit_paths.to_dict("records"),
    }
    return Answer(facts, found.top_error_paths)
