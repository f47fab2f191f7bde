"""Webhook events as events of a history: what the platform told of, when, and which user did it."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from createos_nb.webhooks.event_file import read_events

if TYPE_CHECKING:
    import pandas as pd

#: Names the files that `createos-nb listen` writes, as `PATH` names folders.
VARIABLE: Final = "CREATEOS_NB_WEBHOOKS"
_COLUMNS: Final = ("time", "key", "project", "environment", "kind", "text", "who", "why")


def events(client: Any) -> pd.DataFrame:
    """Return the events in the files that `CREATEOS_NB_WEBHOOKS` names; a history folds them in at each `sync`.

    Args:
        client: Not asked.

    Returns:
        As of `event_source`; no rows where the variable is not set.

    Raises:
        OSError: A file can't be read.

    Examples:
        >>> from createos_nb.webhooks.history_source import events
        >>> len(events(None))
        0
    """
    files = [path for path in os.environ.get(VARIABLE, "").split(os.pathsep) if path]
    return event_source(*files)(client)


def event_source(*files: str | os.PathLike[str]) -> Callable[[Any], pd.DataFrame]:
    """Return files of `createos-nb listen` as a source of events for `History.add_source`.

    Args:
        *files: The files, of endpoints of the history's account; they may be appended to meanwhile.

    Returns:
        A function that takes a client, which it does not ask, and returns the events: time (UTC: when it happened, or
        when it came), key (of the audit log, so that two endpoints tell of it once; else the delivery's), project and
        environment (ids or names), kind (such as environment.update_resources), text, who (the user's id), why (empty:
        no webhook says so). `attrs["complete"]` is False where a line is damaged, and `attrs["damaged"]` names it.

    Raises:
        OSError: The function can't read a file.

    Examples:
        >>> import json, pathlib
        >>> client = createos_nb.simulate("bad-release")
        >>> body = {"id": "d1", "endpointId": "e1", "eventAction": "project.update", "projectName": "storefront"}
        >>> line = {"received_at": "2026-03-04T13:00:00Z", "id": "d1", "body": json.dumps(body)}
        >>> _ = pathlib.Path("events.jsonl").write_text(json.dumps(line))
        >>> history = createos_nb.history.open(client, "account")
        >>> history.add_source("webhook", createos_nb.webhooks.event_source("events.jsonl"))
        >>> history.sync(since="-1d").rows["events"]
        1
        >>> changes = history.timeline("storefront", "production")
        >>> changes[changes["source"] == "webhook"]["kind"].tolist()
        ['project.update']
    """

    def source(_client: Any) -> pd.DataFrame:
        import pandas as pd

        frames = [read_events(file) for file in files]
        rows = [row for frame in frames for row in frame.to_dict("records")]
        found = pd.DataFrame([_event(row) for row in rows], columns=list(_COLUMNS))
        found["time"] = pd.to_datetime(found["time"], utc=True).astype("datetime64[us, UTC]")
        damaged = [f"{frame.attrs['where']}: line {line}" for frame in frames for line in frame.attrs["damaged"]]
        found.attrs |= {"complete": not damaged, "damaged": damaged}
        return found

    return source


def _event(row: dict[Any, Any]) -> dict[str, Any]:
    import pandas as pd

    body = row["body"]
    happened = row["created_at"] if pd.notna(row["created_at"]) else row["received_at"]
    return {
        "time": happened,
        "key": _key(row, body),
        "project": _first(body.get("projectId"), row["project"]),
        "environment": _first(body.get("environmentId"), row["environment"]),
        "kind": _first(row["event"]) or "webhook",
        "text": ", ".join(dict.fromkeys(filter(None, (_first(row[name]) for name in ("resource", "text", "status"))))),
        "who": _first(row["user_id"]),
        "why": "",
    }


def _key(row: dict[Any, Any], body: dict[str, Any]) -> str:
    """What tells an event from the others: what happened, else the delivery, else the body and when it came."""
    id = _first(row["id"])
    content = sha256(msgspec.json.encode(body, order="sorted")).hexdigest()
    if audited := _first(row["audit_log_id"]):
        return audited
    if id and ("endpointId" in body or id != body.get("id")):
        return id
    # any other id may be that of a project, as in `Event.identity`
    return f"{id or row['received_at']} {content}"


def _first(*values: Any) -> str:
    """The first that is a text; "" without any."""
    return next((value for value in values if isinstance(value, str) and value), "")
