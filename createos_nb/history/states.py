"""States of resources: what was so, from when until when, and how exactly that is known.

A list is a look. What it shows was so when it was read; since when, the resource says itself (`updatedAt`), where that
lies between the look before and this one. What a list no longer shows, ended between the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from createos_nb.errors import InvalidInput
from createos_nb.times import unix

if TYPE_CHECKING:
    import pyarrow as pa

#: Where a resource says what people call it.
_NAMES: Final = ("uniqueName", "name", "displayName")
_DEPLOYMENT: Final = ("projectDeploymentId", "deploymentId")
_MICROSECONDS: Final = 1_000_000
#: Fields that change without anything having happened.
_VOLATILE: Final = frozenset({"downloadUri", "lastUsedAt"})


@dataclass(frozen=True)
class State:
    """A resource as it was for a time; all times are Unix seconds.

    Attributes:
        id: Of the resource.
        project_id: Of its project; "" for what is the account's.
        record: The row of the wire as JSON, with fingerprints in place of secrets.
        valid_from: Since when it was so: the platform's own time where that is known, else when it was first seen.
        seen_at: When it was first seen so.
        last_seen: When it was last seen so.
        not_before: When it was last seen otherwise, or not there; None where nobody had looked before.
        valid_to: Until when it was so, at the latest; None while it is.
        ended_after: When it was last seen so before it ended; None while it is.
    """

    id: str
    project_id: str
    record: str
    valid_from: float
    seen_at: float
    last_seen: float
    not_before: float | None = None
    valid_to: float | None = None
    ended_after: float | None = None

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """Return the row of the wire."""
        fields: Mapping[str, Any] = json.loads(self.record)
        return fields

    @cached_property
    def made(self) -> float:
        """Return when the resource was made, in Unix seconds; 0 where it does not say so."""
        text = self.fields.get("createdAt")
        try:
            return unix(text, self.seen_at) if isinstance(text, str) else 0.0
        except InvalidInput:
            return 0.0

    @cached_property
    def name(self) -> str | None:
        """Return what people call it."""
        return _first_text(self.fields, _NAMES)

    @cached_property
    def row(self) -> Mapping[str, Any]:
        """Return the row of its dataset."""
        fields = self.fields
        version = fields.get("versionNumber")
        times = ("valid_from", "valid_to", "not_before", "seen_at", "last_seen", "ended_after")
        return {
            "id": self.id,
            "project_id": self.project_id,
            "name": self.name,
            "status": fields["status"] if isinstance(fields.get("status"), str) else None,
            **{name: _microseconds(getattr(self, name)) for name in times},
            "deployment_id": _first_text(fields, _DEPLOYMENT),
            "version": version if isinstance(version, int) and not isinstance(version, bool) else None,
            "record": self.record,
        }


def states_of(rows: pa.Table) -> list[State]:
    """Return the states of a table of a dataset."""
    return [
        State(
            id=row["id"],
            project_id=row["project_id"],
            record=row["record"],
            valid_from=row["valid_from"].timestamp(),
            seen_at=row["seen_at"].timestamp(),
            last_seen=row["last_seen"].timestamp(),
            **{
                name: None if row[name] is None else row[name].timestamp()
                for name in ("not_before", "valid_to", "ended_after")
            },
        )
        for row in rows.to_pylist()
    ]


def table_of(dataset: str, states: Iterable[State]) -> pa.Table:
    """Return states as a table of their dataset."""
    import pyarrow as pa

    from createos_nb.history.datasets import schema

    return pa.Table.from_pylist([dict(state.row) for state in states], schema=schema(dataset))


def look(
    current: Mapping[str, State],
    rows: Iterable[Mapping[str, Any]],
    *,
    project: str,
    now: float,
    before: float | None,
    whole: bool,
) -> tuple[dict[str, State], list[State]]:
    """Return the current states after a list was read, and those that have ended.

    Args:
        current: The current states of the project, by id.
        rows: What the list shows, without secrets.
        project: Whose list it is.
        now: When it was read.
        before: When it was last read; None for never.
        whole: Whether the list shows all there are: what is not in it is gone.
    """
    after = dict(current)
    ended: list[State] = []
    seen: set[str] = set()
    for fields in rows:
        if not isinstance(fields, Mapping) or not isinstance(id := fields.get("id"), str):
            continue
        seen.add(id)
        record = _record(fields)
        old = current.get(id)
        if old is not None and old.record == record:
            after[id] = replace(old, last_seen=max(old.last_seen, now))
            continue
        last = before if old is None else old.last_seen
        state = State(id, project, record, _since(fields, last, now), now, now, last)
        if old is not None:
            ended.append(replace(old, valid_to=state.valid_from, ended_after=old.last_seen))
        after[id] = state
    for id in set(current) - seen if whole else ():
        ended.append(replace(after.pop(id), valid_to=now, ended_after=current[id].last_seen))
    return after, ended


def _record(fields: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in fields.items() if name not in _VOLATILE}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _since(fields: Mapping[str, Any], before: float | None, now: float) -> float:
    """Since when it is so: what the resource says, where that is possible; else when it was seen."""
    for name in ("updatedAt", "createdAt"):
        text = fields.get(name)
        if not isinstance(text, str):
            continue
        try:
            at = unix(text, now)
        except InvalidInput:
            continue
        if at <= now and (before is None or at > before - 1):
            return at
    return now


def _first_text(fields: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((fields[name] for name in names if isinstance(fields.get(name), str)), None)


def _microseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * _MICROSECONDS)
