"""Sources of events: what tells who did something, and why.

A source is a function that takes the client and returns a frame of events. A package names one under the entry point
`createos_nb.history_sources`; `History.add_source` takes one for as long as the history is open. Where
`attrs["complete"]` of its frame is False, `attrs["damaged"]` says what could not be read, and a synchronization tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pandas as pd

from createos_nb import extensions
from createos_nb.errors import ConfigurationError, InvalidInput
from createos_nb.uploads.secret_tokens import mask_tokens

if TYPE_CHECKING:
    import pyarrow as pa

    from createos_nb.client.client import Client

#: Columns of the frame of a source; `key` tells an event from all others of the source.
COLUMNS: Final = ("time", "key", "project", "environment", "kind", "text", "who", "why")
Source: TypeAlias = "Callable[[Client], pd.DataFrame]"


def installed() -> Iterator[tuple[str, Source | Exception]]:
    """Yield the sources that packages name, and what went wrong with those that can't be loaded."""
    for found in extensions.installed("history_sources"):
        yield found.label, ConfigurationError(found.problem) if found.problem else found.value


def new_events(
    name: str, frame: pd.DataFrame, known: set[tuple[str, str]], names: Mapping[str, str] | None = None
) -> pa.Table:
    """Return the events of a source that are not known yet, as a table of the dataset `events`.

    `names`: of projects and environments, by id: a source may name either.

    Raises:
        InvalidInput: The frame lacks a column, or its times have no zone.
    """
    import pyarrow as pa

    from createos_nb.history.datasets import schema

    if not isinstance(frame, pd.DataFrame) or not set(COLUMNS) <= set(frame.columns):
        raise InvalidInput(f"the source {name!r} of a history gives a frame of {', '.join(COLUMNS)}")
    if len(frame) and not isinstance(frame["time"].dtype, pd.DatetimeTZDtype):
        raise InvalidInput(f"the source {name!r} of a history gives times with a zone (datetime64[us, UTC])")
    rows: list[Mapping[str, Any]] = []
    events: list[dict[str, Any]] = [
        dict(zip(COLUMNS, values, strict=True)) for values in frame[list(COLUMNS)].to_numpy()
    ]
    for event in events:
        key = str(event["key"])
        if pd.isna(event["time"]) or (name, key) in known:
            continue
        known.add((name, key))
        texts = {column: _text(event[column], names or {}) for column in COLUMNS[2:]}
        rows.append({"time": event["time"].to_pydatetime(), "source": name, "key": key, **texts})
    return pa.Table.from_pylist(rows, schema=schema("events"))


def _text(value: Any, names: Mapping[str, str]) -> str | None:
    if pd.isna(value) or value == "":
        return None
    return mask_tokens(names.get(str(value), str(value)))
