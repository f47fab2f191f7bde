"""The datasets of a history: what each one holds, and the schema of its files."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa


class Dataset(NamedTuple):
    """A dataset.

    Attributes:
        name: Also the name of its folder.
        meaning: What a row is.
        columns: Their names, and their types in Arrow's words.
        time: The column of its times, by which files are cut into months.
    """

    name: str
    meaning: str
    columns: dict[str, str]
    time: str


_PLACE: Final = {"project_id": "string", "environment_id": "string"}
_COUNTS: Final = dict.fromkeys(("count", "status_2xx", "status_3xx", "status_4xx", "status_5xx"), "int64")
#: A window whose top ten a list is: lists of two windows have no sum.
_WINDOW: Final = {**_PLACE, "start": "time", "end": "time"}
#: What is so from `valid_from` until `valid_to`, as far as it was seen.
_STATE: Final = {
    "id": "string",
    "project_id": "string",
    "name": "string",
    "status": "string",
    "valid_from": "time",
    "valid_to": "time",
    "not_before": "time",
    "seen_at": "time",
    "last_seen": "time",
    "ended_after": "time",
    "deployment_id": "string",
    "version": "int64",
    "record": "string",
}

#: Resources whose states are kept.
RESOURCES: Final = ("projects", "environments", "deployments", "domains", "api_keys", "scans")
#: Datasets that one answer about a day gives together.
DAILY: Final = ("paths", "error_paths", "status_codes")
_STATES: Final = {
    "projects": "a project, as it was for a time",
    "environments": "an environment, as it was for a time",
    "deployments": "a deployment, as it was for a time",
    "domains": "a domain, as it was for a time",
    "api_keys": "an API key, without its secret, as it was for a time",
    "scans": "a security scan, as it was for a time",
}

#: All datasets, by name.
DATASETS: Final = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            "requests",
            "the requests of an environment in one bucket of time",
            {**_PLACE, "time": "time", "seconds": "int32", **_COUNTS, "seen_at": "time"},
            "time",
        ),
        Dataset(
            "paths",
            "one of the ten paths asked most in a window",
            {**_WINDOW, "path": "string", "count": "int64"},
            "start",
        ),
        Dataset(
            "error_paths",
            "one of the ten paths that failed most in a window",
            {**_WINDOW, "path": "string", "status": "string", "count": "int64"},
            "start",
        ),
        Dataset(
            "status_codes",
            "the answers with one status in a window",
            {**_WINDOW, "status": "string", "count": "int64"},
            "start",
        ),
        *(Dataset(name, meaning, dict(_STATE), "valid_from") for name, meaning in _STATES.items()),
        Dataset(
            "events",
            "what a source tells of: a run of a plan, a webhook event",
            {
                "time": "time",
                "source": "string",
                "key": "string",
                "project": "string",
                "environment": "string",
                "kind": "string",
                "text": "string",
                "who": "string",
                "why": "string",
            },
            "time",
        ),
        Dataset(
            "logs",
            "a line of a runtime log, its secrets masked",
            {**_PLACE, "time": "time", "level": "string", "message": "string", "number": "int64"},
            "time",
        ),
    )
}


@cache
def schema(name: str) -> pa.Schema:
    """Return the schema of a dataset's files; times are microseconds in UTC.

    Args:
        name: The dataset.

    Returns:
        The schema.

    Examples:
        >>> from createos_nb.history.datasets import schema
        >>> schema("requests").field("time").type
        TimestampType(timestamp[us, tz=UTC])
    """
    import pyarrow as pa

    types = {"time": pa.timestamp("us", tz="UTC"), "string": pa.string(), "int64": pa.int64(), "int32": pa.int32()}
    return pa.schema([(column, types[kind]) for column, kind in DATASETS[name].columns.items()])
