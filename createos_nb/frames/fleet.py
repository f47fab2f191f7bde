"""Frames of the whole fleet: its overview, and what changed in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from createos_nb.causes import Status
from createos_nb.dtypes import TEXT
from createos_nb.frames.arrays import integers, objects, readable_times, texts, times


@dataclass(frozen=True)
class OverviewRow:
    """One environment of a fleet: how it does, what is live there, and its requests in a window; see `overview_frame`.

    `environment` is None for a project that could never be read.
    """

    project: str
    environment: str | None
    status: Status
    reason: str
    read_at: int
    trend: list[int | None]
    error_trend: list[int | None]
    state: str | None = None
    version: int | None = None
    live_state: str | None = None
    replicas: int | None = None
    requests: int | None = None
    rpm: float | None = None
    success_percentage: float | None = None
    status_5xx: int | None = None
    server_error_percentage: float | None = None
    client_error_percentage: float | None = None
    error_change: float | None = None
    burn: float | None = None
    last_change: str | None = None
    changed_at: str | None = None
    app: str | None = None
    pending: str | None = None
    budget_left: float | None = None


def overview_frame(rows: Sequence[OverviewRow]) -> pd.DataFrame:
    """Return the overview of a fleet, one row an environment, in the order of the rows.

    The columns are those of `createos_nb.columns("fleet.overview")`.
    """
    read_at = pd.to_datetime([row.read_at for row in rows], unit="s", utc=True)
    return pd.DataFrame(
        {
            "project": texts([row.project for row in rows]),
            "app": texts([row.app for row in rows]),
            "environment": texts([row.environment for row in rows]),
            "status": texts([row.status for row in rows]),
            "reason": texts([row.reason for row in rows]),
            "state": texts([row.state for row in rows]),
            "version": integers([row.version for row in rows]),
            "live_state": texts([row.live_state for row in rows]),
            "replicas": integers([row.replicas for row in rows]),
            "requests": integers([row.requests for row in rows]),
            "rpm": pd.array([row.rpm for row in rows], dtype="Float64"),
            "success_percentage": pd.array([row.success_percentage for row in rows], dtype="Float64"),
            "status_5xx": integers([row.status_5xx for row in rows]),
            "server_error_percentage": pd.array([row.server_error_percentage for row in rows], dtype="Float64"),
            "client_error_percentage": pd.array([row.client_error_percentage for row in rows], dtype="Float64"),
            "error_change": pd.array([row.error_change for row in rows], dtype="Float64"),
            "burn": pd.array([row.burn for row in rows], dtype="Float64"),
            "last_change": texts([row.last_change for row in rows]),
            "changed_at": readable_times([row.changed_at for row in rows]),
            "trend": objects([row.trend for row in rows]),
            "error_trend": objects([row.error_trend for row in rows]),
            "read_at": read_at.as_unit("us"),
            "pending": texts([row.pending for row in rows]),
            "budget_left": pd.array([row.budget_left for row in rows], dtype="Float64"),
        }
    )


def changes(
    environments: pd.DataFrame, deployments: pd.DataFrame, domains: pd.DataFrame, since: pd.Timestamp
) -> pd.DataFrame:
    """Return what was made, changed or cancelled since a moment, newest first; see `Fleet.changes`."""
    source = deployments["source_commit_message"].fillna(deployments["source_image"]).fillna("")
    versions = ("v" + deployments["version_number"].astype(TEXT) + " " + source).str.rstrip()
    parts = [
        _part(deployments, "deployment", versions, "created_at", "made"),
        _part(deployments, "deployment", versions, "cancelled_at", "cancelled"),
        _part(environments, "environment", environments["unique_name"], "created_at", "made"),
        _part(environments, "environment", environments["unique_name"], "updated_at", "changed"),
        _part(domains, "domain", domains["name"], "created_at", "made"),
        _part(domains, "domain", domains["name"], "updated_at", "changed"),
    ]
    frame = pd.concat([part[part["time"] >= since] for part in parts], ignore_index=True)
    frame = frame.sort_values(["time", "project", "kind", "name"], ascending=[False, True, True, True], kind="stable")
    frame = frame.drop_duplicates(["time", "project", "kind", "name"]).reset_index(drop=True)
    frame.attrs |= {**environments.attrs, "operation": "fleet.changes"}
    # a time that can't be read is in no window: what it is the time of may be missing
    readable = all(len(part) == part["time"].notna().sum() + part.attrs["without"] for part in parts)
    complete = all(part.attrs.get("complete", True) for part in (environments, deployments, domains))
    frame.attrs["complete"] = complete and readable
    return frame


def _part(frame: pd.DataFrame, kind: str, name: pd.Series, time: str, change: str) -> pd.DataFrame:
    size = len(frame)
    part = pd.DataFrame(
        {
            "time": _timestamps(frame[time]),
            "project": frame["project"],
            "kind": pd.Series([kind] * size, dtype=TEXT, index=frame.index),
            "name": name.astype(TEXT),
            "change": pd.Series([change] * size, dtype=TEXT, index=frame.index),
            "state": frame["state"],
        }
    )
    part.attrs["without"] = int(frame[time].isna().sum())
    return part


def _timestamps(column: pd.Series) -> pd.Series:
    """Times; NaT where one can't be read, which leaves its column one of objects."""
    if column.dtype != object:
        return column
    timestamps = [value if isinstance(value, pd.Timestamp) else _timestamp(value) for value in column]
    return pd.Series(pd.DatetimeIndex(timestamps, tz="UTC").as_unit("us"), index=column.index)


def _timestamp(value: object) -> object:
    parsed = times([value])
    return parsed[0] if isinstance(parsed.dtype, pd.DatetimeTZDtype) else pd.NaT
