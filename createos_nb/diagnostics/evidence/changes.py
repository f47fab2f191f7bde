"""What was changed, and when: as far as the times of resources and the log's starts say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

#: An environment that changed so soon after its live version was ready was changed by its assignment.
_ASSIGNED_WITHIN: Final = pd.Timedelta("2h")
#: Two times of the same act differ by less.
_SLACK: Final = pd.Timedelta("90s")


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        time: when it was made (UTC).
        kind: "release" (another version became live), "configuration" (variables or resources of the environment),
            "environment" (one of the two: the platform keeps only the time) or "settings" (of the project).
        text: what it was, in a few words.
        version: the version that is live since; None where the change was none of versions.
    """

    time: pd.Timestamp
    kind: Literal["release", "configuration", "environment", "settings"]
    text: str
    version: int | None = None


@dataclass(frozen=True)
class LastServed:
    """Until when a version that is not live any more served.

    Attributes:
        moment: the time of its last line; None if it did not serve in the time that can be read.
    """

    moment: pd.Timestamp | None


def changes_of(
    project: pd.Series,
    environment: pd.Series,
    live: pd.Series | None,
    before: pd.Series | None,
    newer: Any,
    starts: pd.Series,
    last_served: Callable[[], LastServed | None],
) -> list[Change]:
    """Return the changes that an environment shows, newest first.

    The platform keeps one time for an environment, that of its last change. It was the assignment of the live version
    where that had become ready not long before, and a change of variables or resources where the log shows the same
    version running before, or no other one served until then; else it may have been either. A version that was built
    from the same commit or image as the one before it brings no code: its variables or settings are what changed.

    Args:
        project: Row of the project.
        environment: Row of the environment.
        live: Row of the live deployment, None if there is none or it could not be read.
        before: Row of the version before it, None if there is none.
        newer: When the first version after the live one was created; NaT if there is none.
        starts: Versions that the log says were started, by time.
        last_served: Reads until when the version before served; None if that can't be known.

    Returns:
        The changes.
    """
    found: list[Change] = []
    changed, made = environment["updated_at"], environment["created_at"]
    if live is not None and pd.notna(live["version_number"]):
        version = int(live["version_number"])
        ready = live["updated_at"] if pd.notna(live["updated_at"]) else live["created_at"]
        if pd.isna(ready) or (pd.notna(changed) and changed < ready - _SLACK):
            changed = pd.NaT
        assigned = ready
        if pd.notna(changed):
            last = last_served()
            ran_before = (starts[starts.index < changed - _SLACK] == str(version)).any()
            replaced = last.moment if last is not None and last.moment is not None else None
            if ran_before or (last is not None and (replaced is None or replaced < changed - _SLACK)):
                # the version before had stopped serving by then, so that something else was changed
                text = "variables or resources were changed"
                if pd.notna(newer) and newer < changed:  # one of them may have been live until then
                    text = f"version {version} was assigned again, or {text}"
                found.append(Change(changed, "configuration", text))
                assigned = ready if replaced is None else max(ready, replaced)
            elif last is not None or changed - ready <= _ASSIGNED_WITHIN:
                assigned = changed
            else:
                text = f"version {version} was assigned, or variables or resources were changed"
                found.append(Change(changed, "environment", text, version))
        if pd.notna(assigned):
            found.append(_release(assigned, version, live, before))
    elif pd.notna(changed) and (pd.isna(made) or changed - made > _SLACK):
        found.append(Change(changed, "environment", "the environment was changed"))
    settings, created = project["updated_at"], project["created_at"]
    if pd.notna(settings) and (pd.isna(created) or settings - created > _SLACK):
        found.append(Change(settings, "settings", "the project's settings were changed"))
    return sorted(found, key=lambda change: change.time, reverse=True)


def _release(moment: pd.Timestamp, version: int, live: pd.Series, before: pd.Series | None) -> Change:
    text = f"version {version} became live"
    if before is not None:
        for source in ("source_commit", "source_image"):
            if isinstance(live[source], str) and live[source] and live[source] == before[source]:
                number = int(before["version_number"])
                same = f"{text}, with the code of version {number}: its variables or settings differ"
                return Change(moment, "configuration", same)
    return Change(moment, "release", text, version)
