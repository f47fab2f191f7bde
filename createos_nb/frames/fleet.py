"""Frames of the whole fleet, made of the frames of its parts."""

from __future__ import annotations

import pandas as pd

from createos_nb.frames.arrays import times
from createos_nb.percentages import round_down

_COUNTS = ["count", "status_2xx", "status_3xx", "status_5xx"]
_KEYS = ["project", "environment"]


def overview(environments: pd.DataFrame, deployments: pd.DataFrame, requests: pd.DataFrame) -> pd.DataFrame:
    """What is live in each environment and how it did in the window of `requests`; see `Fleet.overview`."""
    live = deployments.set_index("id")
    live = live[~live.index.duplicated()]
    at = environments["project_deployment_id"]
    # a bucket of which a count is missing is missing as a whole: else what is unknown would pass for failed
    counts = requests[_KEYS].join(requests[_COUNTS].where(requests[_COUNTS].notna().all(axis=1)))
    sums = counts.groupby(_KEYS)[_COUNTS].sum(min_count=1)
    keys = pd.MultiIndex.from_frame(environments[["project", "unique_name"]])
    sums = sums.reindex(keys).reset_index(drop=True)
    buckets = counts.groupby(_KEYS)["count"].count().reindex(keys).reset_index(drop=True)
    minutes = buckets * (requests.attrs.get("bucket_seconds") or 60) / 60
    total = sums["count"].astype("Float64")
    success = (sums["status_2xx"] + sums["status_3xx"]) * 100 / total.where(total > 0)
    frame = pd.DataFrame(
        {
            "project": environments["project"],
            "environment": environments["unique_name"],
            "state": environments["state"],
            "version": live["version_number"].reindex(at).reset_index(drop=True),
            "live_state": live["state"].reindex(at).reset_index(drop=True),
            "replicas": environments["resources_replicas"],
            "requests": sums["count"].astype("Int64"),
            "rpm": (total / minutes.where(minutes > 0).astype("Float64")).round(1),
            "success_percentage": success.map(round_down, na_action="ignore").astype("Float64"),
            "status_5xx": sums["status_5xx"].astype("Int64"),
        }
    )
    frame.attrs |= {**environments.attrs, "operation": "fleet.overview"}
    for part in (deployments, requests):
        frame.attrs["failed"] = {**frame.attrs.get("failed", {}), **part.attrs.get("failed", {})}
    frame.attrs["complete"] = all(part.attrs.get("complete", True) for part in (environments, deployments, requests))
    return frame


def changes(
    environments: pd.DataFrame, deployments: pd.DataFrame, domains: pd.DataFrame, since: pd.Timestamp
) -> pd.DataFrame:
    """What was made, changed or cancelled since a moment, newest first; see `Fleet.changes`."""
    what = deployments["source_commit_message"].fillna(deployments["source_image"]).fillna("")
    versions = ("v" + deployments["version_number"].astype("str") + " " + what).str.rstrip()
    parts = [
        _part(deployments, "deployment", versions, "created_at", "made"),
        _part(deployments, "deployment", versions, "cancelled_at", "cancelled"),
        _part(environments, "environment", environments["unique_name"], "created_at", "made"),
        _part(environments, "environment", environments["unique_name"], "updated_at", "changed"),
        _part(domains, "domain", domains["name"], "created_at", "made"),
        _part(domains, "domain", domains["name"], "updated_at", "changed"),
    ]
    found = pd.concat([part[part["time"] >= since] for part in parts], ignore_index=True)
    found = found.sort_values(["time", "project", "kind", "name"], ascending=[False, True, True, True], kind="stable")
    found = found.drop_duplicates(["time", "project", "kind", "name"]).reset_index(drop=True)
    found.attrs |= {**environments.attrs, "operation": "fleet.changes"}
    # a time that can't be read is in no window: what it is the time of may be missing
    legible = all(len(part) == part["time"].notna().sum() + part.attrs["without"] for part in parts)
    whole = all(part.attrs.get("complete", True) for part in (environments, deployments, domains))
    found.attrs["complete"] = whole and legible
    return found


def _part(frame: pd.DataFrame, kind: str, name: pd.Series, time: str, change: str) -> pd.DataFrame:
    size = len(frame)
    part = pd.DataFrame(
        {
            "time": _moments(frame[time]),
            "project": frame["project"],
            "kind": pd.Series([kind] * size, dtype="str", index=frame.index),
            "name": name.astype("str"),
            "change": pd.Series([change] * size, dtype="str", index=frame.index),
            "state": frame["state"],
        }
    )
    part.attrs["without"] = int(frame[time].isna().sum())
    return part


def _moments(written: pd.Series) -> pd.Series:
    """Times; NaT where one can't be read, which leaves its column one of objects."""
    if written.dtype != object:
        return written
    moments = [value if isinstance(value, pd.Timestamp) else _moment(value) for value in written]
    return pd.Series(pd.DatetimeIndex(moments, tz="UTC").as_unit("us"), index=written.index)


def _moment(written: object) -> object:
    read = times([written])
    return read[0] if isinstance(read.dtype, pd.DatetimeTZDtype) else pd.NaT
