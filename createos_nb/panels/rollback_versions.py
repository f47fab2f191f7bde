"""What an environment could be rolled back to, and how what is live now fares: read for the panel that rolls back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from createos_nb.analysis.intervals import wilson, z_of
from createos_nb.errors import CreateOSError
from createos_nb.frames.arrays import readable_times
from createos_nb.panels.assign import WHY_NOT, age
from createos_nb.plans.snapshot import Snapshot, id_of, version_of
from createos_nb.runbooks.candidates import candidates_of, source_of

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.deployments import Deployment

_FIT: Final = ("deployed", "sleeping")
#: How far back requests are shown.
_WINDOW: Final = pd.Timedelta("3h")


class Share(NamedTuple):
    """Server errors among requests: how many of each, the percentage, and its 95 % interval (NaN without requests)."""

    errors: int
    requests: int
    percentage: float
    low: float
    high: float


def candidates(client: Client, project: str, environment: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """List what an environment could be rolled back to, newest first, and say what is live now.

    One request more than the list takes: the requests over time of the last three hours.

    Columns of the frame: version (str), state, age, source, evidence, because, requests (Int64),
    server_error_percentage (Float64), why_not (why it is not taken by default; empty where it is fit), off (why it
    can't be taken at all), since and until (UTC: when it was the newest, NaT where that is not known). The facts: live
    (version, "" where nothing is), live_source, live_since (UTC, or None: the last change of the environment,
    so that it is live at least since then), auto (auto-promotion is on), branch, traffic
    (`requests_over_time`, or None where it can't be read), versions (a frame of version, start and exactness, as
    `fleet.live_versions` has them). Raises what the client raises.
    """
    snapshot = Snapshot(client)
    project_row = snapshot.find_project(project)
    row = snapshot.find_environment(project_row, environment)
    live = snapshot.live_deployment(id_of(project_row), row)
    rows = candidates_of(snapshot, project_row, row, live)
    traffic = None
    if live is not None:
        try:
            now = client.now
            traffic = client.analytics.requests_over_time(id_of(project_row), id_of(row), start=now - _WINDOW, end=now)
        except CreateOSError:
            pass  # versions can be chosen without it
    since = None if live is None else _last(_time(live.created_at), _time(row.updated_at))
    facts = {
        "live": version_of(live) if live is not None else "",
        "live_source": source_of(live) if live is not None else "",
        "live_since": since,
        "auto": bool(row.is_auto_promote_enabled),
        "branch": row.branch or "the project",
        "traffic": traffic,
        "versions": _versions(snapshot.deployments(id_of(project_row)), row.branch, live, since),
    }
    clock = client.clock.now()
    frame = pd.DataFrame(
        {
            "version": ["v" + str(number) for number in rows["version"]],
            "state": rows["status"].tolist(),
            "age": [age(created, clock) for created in rows["created_at"]],
            "source": rows["source"].tolist(),
            "evidence": rows["evidence"].tolist(),
            # where there is no evidence the reason against it says it all
            "because": ["" if candidate.evidence == "none" else candidate.because for candidate in rows.itertuples()],
            "requests": rows["requests"],
            "server_error_percentage": rows["server_error_percentage"],
            "why_not": rows["why_not"].tolist(),
            "off": ["" if status in _FIT else WHY_NOT.get(str(status), f"it is {status}") for status in rows["status"]],
            "since": rows["created_at"],
            "until": _until(rows, since),
        }
    )
    return frame.reset_index(drop=True), facts


def with_known_starts(versions: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return versions with the starts that an earlier reading knew: what was live then, a later one only guesses."""
    found = versions.copy()
    known = before[before["exactness"] == "exact"]
    listed = set(zip(found["version"], found["start"], found["exactness"], strict=True))
    for version, start in zip(known["version"], known["start"], strict=True):
        guessed = found.index[(found["version"] == version) & (found["exactness"] == "guess")]
        if len(guessed) and (version, start, "exact") not in listed:
            found.loc[guessed[-1], "start"] = start
            found.loc[guessed[-1], "exactness"] = "exact"
    return found.sort_values("start", kind="stable", ignore_index=True)


def share_since(traffic: pd.DataFrame | None, since: pd.Timestamp | None) -> Share:
    """Return the server errors from a time on, in whole buckets of `requests_over_time`; no data is 0 of 0, NaN."""
    if traffic is None or not len(traffic):
        return share_of(0, 0)
    rows = traffic if since is None else traffic[traffic.index >= since.ceil("min")]
    return share_of(int(rows["status_5xx"].sum()), int(rows["count"].sum()))


def share_of(errors: int, requests: int) -> Share:
    """Return server errors among requests with their interval, Wilson's."""
    if not requests:
        return Share(errors, requests, float("nan"), float("nan"), float("nan"))
    low, high = wilson(np.array([float(errors)]), np.array([float(requests)]), z_of(0.95))
    return Share(errors, requests, 100 * errors / requests, 100 * float(low[0]), 100 * float(high[0]))


def _last(*moments: pd.Timestamp | None) -> pd.Timestamp | None:
    """Return the last of some times: what is live was made by then, and is live since the environment changed."""
    return max((moment for moment in moments if moment is not None), default=None)


def _until(rows: pd.DataFrame, live_since: pd.Timestamp | None) -> pd.DatetimeIndex:
    """When the next one that was fit took the place of each."""
    ends, end = [], pd.NaT if live_since is None else live_since
    for created, why_not in zip(rows["created_at"], rows["why_not"], strict=True):
        ends.append(end if pd.isna(end) or pd.isna(created) or created < end else pd.NaT)
        end = created if not why_not else end
    return pd.DatetimeIndex(pd.to_datetime(pd.Series(ends, dtype="object"), utc=True))


def _versions(
    deployments: list[Deployment], branch: str | None, live: Deployment | None, since: pd.Timestamp | None
) -> pd.DataFrame:
    """Which version was live when: guessed from when each was made, known of what is live now."""
    rows = []
    for row in deployments:
        if row.status not in _FIT or not row.version_number:
            continue
        if branch and (row.source is None or row.source.branch != branch):
            continue
        made = _time(row.created_at)
        if made is not None and (since is None or made < since):
            rows.append((row.version_number, made, "guess"))
    rows.sort(key=lambda entry: entry[1])
    if live is not None and since is not None:
        if rows and rows[-1][0] == live.version_number:
            rows.pop()  # it was made before it became live
        rows.append((live.version_number or 0, since, "exact"))
    frame = pd.DataFrame(rows, columns=["version", "start", "exactness"])
    return frame.assign(start=pd.to_datetime(frame["start"], utc=True))


def _time(text: str | None) -> pd.Timestamp | None:
    """Return a time of the platform; None where it gives none, or one that can't be read."""
    moment = readable_times([text])[0]
    return None if pd.isna(moment) else moment
