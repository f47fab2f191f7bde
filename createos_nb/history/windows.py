"""Windows of an environment that one answer tells of: its top ten lists, the lines of its log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb import contract
from createos_nb.errors import InvalidInput
from createos_nb.frames.read import decode_json
from createos_nb.history.datasets import schema
from createos_nb.history.manifest import Asked
from createos_nb.spans import Span, union
from createos_nb.times import unix
from createos_nb.uploads.secret_tokens import mask_tokens

if TYPE_CHECKING:
    import pyarrow as pa

    from createos_nb.client.session import Session

_MICROSECONDS: Final = 1_000_000
_ANALYTICS: Final = contract.find("GetProjectEnvironmentAnalytics")
#: Seconds of log that the platform keeps.
_LOG: Final = 86_400
#: Dataset → the field of the answer that lists it, and the fields of its rows by column.
_LISTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "paths": ("topHitPaths", {"path": "path", "count": "count"}),
    "error_paths": ("topErrorPaths", {"path": "path", "status": "status", "count": "count"}),
    "status_codes": ("requestDistribution", {"status": "status", "count": "count"}),
}


def began(record: str, now: float) -> float:
    """Return when a resource was made, in Unix seconds; 0 where it does not say so."""
    try:
        made = json.loads(record).get("createdAt")
        return unix(made, now) if isinstance(made, str) else 0.0
    except (ValueError, InvalidInput):
        return 0.0


def top_lists(session: Session, ids: Mapping[str, str], window: Span) -> dict[str, pa.Table]:
    """Return the paths asked most, those that failed most, and the statuses of a window, by dataset: one request."""
    answer = decode_json(_ANALYTICS, session.send(_ANALYTICS, {**ids, "start": window[0], "end": window[1]}))
    fields = answer if isinstance(answer, dict) else {}
    return {
        dataset: _table(dataset, _rows(fields.get(name)), wires, ids, window)
        for dataset, (name, wires) in _LISTS.items()
    }


def log_lines(session: Session, ids: Mapping[str, str], asked: Asked, window: Span) -> dict[str, pa.Table]:
    """Return the lines of a log that were written since it was last read, secrets masked.

    `asked` gets the new end; a stretch of which lines may be missing becomes a gap.
    """
    now = window[1]
    end = asked.known[-1][1] if asked.known else max(window[0], now - _LOG)
    reaches = max(end, now - _LOG)
    frame = session.runtime_log(ids["project_id"], ids["environment_id"], max(1, now - reaches + 1))
    cut = not frame.attrs["complete"]
    frame = frame[frame["time"].notna()]
    times = frame["time"].dt.as_unit("us").astype("int64").to_numpy()
    frame = frame[(times >= reaches * _MICROSECONDS) & (times < now * _MICROSECONDS)]
    if cut:
        reaches = int(frame["time"].min().timestamp()) if len(frame) else now
    asked.gaps = union([*asked.gaps, (end, reaches)])
    asked.known = union([*asked.known, (reaches, now)])
    rows = [
        {
            **ids,
            "time": line.time,
            "level": None if pd.isna(line.level) else str(line.level),
            "message": mask_tokens(str(line.text)),
            "number": number,
        }
        for number, line in enumerate(frame.itertuples(index=False))
    ]
    return {"logs": _arrow("logs", rows)}


def _rows(value: Any) -> Sequence[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _table(
    dataset: str, rows: Sequence[Mapping[str, Any]], wires: Mapping[str, str], ids: Mapping[str, str], window: Span
) -> pa.Table:
    start, end = (moment * _MICROSECONDS for moment in window)
    return _arrow(
        dataset,
        [
            {**ids, "start": start, "end": end, **{name: _value(name, row.get(wire)) for name, wire in wires.items()}}
            for row in rows
        ],
    )


def _value(name: str, value: Any) -> Any:
    """A count, or a text without the tokens in it; None for anything else."""
    if name == "count":
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    return mask_tokens(str(value)) if isinstance(value, str | int) else None


def _arrow(dataset: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=schema(dataset))
