"""The runs of a folder of journals."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from createos_nb.plans.errors import JournalError
from createos_nb.plans.journal import Journal, default_folder

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS: Final = ("started", "title", "state", "done", "steps", "ended", "reason", "where", "file")
#: What the last entry of a journal says of its run.
_STATES: Final = {"finished": "finished", "failed": "failed", "cancelled": "stopped", "stopped": "stopped"}


def runs(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """The runs whose journals are in a folder (default: `default_folder()`), newest first, one row each.

    started (UTC), title, state, done and steps (Int64: how many steps there are, and how many of them are done), ended
    (UTC, of the last entry), reason, where (account, base URL, PLATFORM or SIMULATOR), file (its name in the folder).
    `state` is finished; failed; stopped (it can be taken up again); interrupted (so can it: its process ended in the
    midst of it); at work (another kernel holds it now); unreadable. `attrs["folder"]` is the folder. Reads only; a
    folder that is not there has no runs.
    """
    import pandas as pd

    place = Path(folder) if folder is not None else default_folder()
    try:
        paths = sorted(place.glob("*.jsonl"))
    except OSError as error:
        raise JournalError(f"the folder {place} can't be read: {error}") from error
    frame = pd.DataFrame([_row(path) for path in paths], columns=list(_COLUMNS))
    for name in ("started", "ended"):
        times = pd.to_datetime(frame[name], utc=True, format="ISO8601", errors="coerce")
        frame[name] = times.astype("datetime64[us, UTC]")
    texts = dict.fromkeys(("title", "state", "reason", "where", "file"), "str")
    frame = frame.astype({**texts, "done": "Int64", "steps": "Int64"})
    frame = frame.sort_values("started", ascending=False, kind="stable", na_position="last", ignore_index=True)
    frame.attrs["folder"] = str(place)
    return frame


def state_of(journal: Journal) -> str:
    """What has become of a run; see `runs`."""
    last = journal.entries[-1]["event"] if journal.entries else ""
    if last in _STATES:
        return _STATES[last]
    return "at work" if journal.held() else "interrupted"


def _row(path: Path) -> dict[str, object]:
    try:
        journal = Journal(path)
        plan = journal.plan
    except JournalError:
        plan = None
    if plan is None:
        return {"title": "", "state": "unreadable", "reason": "", "where": "", "file": path.name}
    over = {entry.get("step") for entry in journal.entries if entry["event"] in ("done", "skipped")}
    return {
        "started": journal.entries[0].get("at"),
        "title": str(plan.get("title", "")),
        "state": state_of(journal),
        "done": len(over),
        "steps": len(plan.get("steps") or ()),
        "ended": journal.entries[-1].get("at"),
        "reason": str(plan.get("reason") or ""),
        "where": str(plan.get("where", "")),
        "file": path.name,
    }
