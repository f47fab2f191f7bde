"""The top ten lists of a window: paths asked most, paths that failed most, statuses. Two of them have no sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from createos_nb import contract
from createos_nb.frames.read import decode_json
from createos_nb.history.datasets import schema
from createos_nb.spans import Span
from createos_nb.uploads.secret_tokens import mask_tokens

if TYPE_CHECKING:
    import pyarrow as pa

    from createos_nb.client.session import Session

_MICROSECONDS: Final = 1_000_000
_ANALYTICS: Final = contract.find("GetProjectEnvironmentAnalytics")
#: Dataset → the field of the answer that lists it, and the fields of its rows by column.
_LISTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "paths": ("topHitPaths", {"path": "path", "count": "count"}),
    "error_paths": ("topErrorPaths", {"path": "path", "status": "status", "count": "count"}),
    "status_codes": ("requestDistribution", {"status": "status", "count": "count"}),
}


def top_lists(session: Session, ids: Mapping[str, str], window: Span) -> dict[str, pa.Table]:
    """Return the paths asked most, those that failed most, and the statuses of a window, by dataset: one request."""
    answer = decode_json(_ANALYTICS, session.send(_ANALYTICS, {**ids, "start": window[0], "end": window[1]}))
    fields = answer if isinstance(answer, dict) else {}
    return {
        dataset: _table(dataset, _rows(fields.get(name)), wires, ids, window)
        for dataset, (name, wires) in _LISTS.items()
    }


def _rows(value: Any) -> Sequence[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _table(
    dataset: str, rows: Sequence[Mapping[str, Any]], wires: Mapping[str, str], ids: Mapping[str, str], window: Span
) -> pa.Table:
    import pyarrow as pa

    start, end = (moment * _MICROSECONDS for moment in window)
    kept = [
        {**ids, "start": start, "end": end, **{name: _value(name, row.get(wire)) for name, wire in wires.items()}}
        for row in rows
    ]
    return pa.Table.from_pylist(kept, schema=schema(dataset))


def _value(name: str, value: Any) -> Any:
    """A count, or a text without the tokens in it; None for anything else."""
    if name == "count":
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    return mask_tokens(str(value)) if isinstance(value, str | int) else None
