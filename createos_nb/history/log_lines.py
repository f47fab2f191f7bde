"""The lines of runtime logs, as a history keeps them: each once, secrets masked, gaps where some may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.history.datasets import schema
from createos_nb.history.manifest import Asked
from createos_nb.spans import Span, union
from createos_nb.uploads.secret_tokens import mask_tokens

if TYPE_CHECKING:
    import pyarrow as pa

    from createos_nb.client.session import Session

_MICROSECONDS: Final = 1_000_000
#: Seconds of log that the platform keeps.
_LOG: Final = 86_400


def log_lines(session: Session, ids: Mapping[str, str], asked: Asked, window: Span) -> dict[str, pa.Table]:
    """Return the lines of a log that were written since it was last read, secrets masked.

    `asked` gets the new end; a stretch of which lines may be missing becomes a gap.
    """
    import pyarrow as pa

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
    return {"logs": pa.Table.from_pylist(rows, schema=schema("logs"))}
