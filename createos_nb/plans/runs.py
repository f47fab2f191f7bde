"""The runs of a folder of journals, as a table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from createos_nb.dtypes import TEXT
from createos_nb.plans.actor import actor_text
from createos_nb.plans.errors import JournalError
from createos_nb.plans.journal import Journal
from createos_nb.plans.journal_files import default_folder, simulated_folders

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.plans.journal_entries import JournalEvent

_RUN_COLUMNS: Final = ("started", "title", "state", "done", "steps", "ended", "reason", "who", "where", "world", "file")
#: The state of a run; see `runs`.
RunState = Literal["finished", "failed", "stopped", "interrupted", "at work", "damaged", "unreadable"]
_STATES: Final[Mapping[JournalEvent | None, RunState]] = {
    "finished": "finished",
    "failed": "failed",
    "cancelled": "stopped",
    "stopped": "stopped",
}


def runs(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return the runs whose journals are in a folder, newest first, one row each.

    Reads only; a folder that is not there has no runs.

    Args:
        folder: a folder of journals; by default `default_folder()`, and those of runs on simulated worlds: of
            `createos-nb run`, and of this process.

    Returns:
        A frame of started (UTC), title, state, done and steps (Int64: how many steps there are, and how many of them
        are done), ended (UTC, of the last entry), reason, who (account, user and host), where (account, base URL,
        PLATFORM or SIMULATOR), world (id of the simulated world; "" on the platform), file (its name in the folder, or
        its path where it is elsewhere). `state` is finished; failed; stopped (it can be resumed); interrupted (so can
        it: its process ended in the midst of it); at work (another kernel holds it now); damaged (lines were changed
        after they were written: what can be read of it is shown, and it is not acted on); unreadable. `attrs["folder"]`
        is the folder.

    Raises:
        JournalError: the folder can't be read.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> receipt = plan.apply(confirm=plan.digest, reason="the sale", journal="runs/scale.jsonl")
        >>> createos_nb.plans.runs("runs")[["title", "state", "reason"]].values.tolist()
        [['scale storefront / staging: replicas 2', 'finished', 'the sale']]
    """
    import pandas as pd

    parent = Path(folder) if folder is not None else default_folder()
    try:
        folders = [parent, *(simulated_folders() if folder is None else ())]
        paths = [path for each in dict.fromkeys(folders) for path in sorted(each.glob("*.jsonl"))]
    except OSError as error:
        raise JournalError(f"the folder {parent} can't be read: {error}") from error
    frame = pd.DataFrame([_run_row(path, parent) for path in paths], columns=list(_RUN_COLUMNS))
    for name in ("started", "ended"):
        times = pd.to_datetime(frame[name], utc=True, format="ISO8601", errors="coerce")
        frame[name] = times.astype("datetime64[us, UTC]")
    texts = dict.fromkeys(("title", "state", "reason", "who", "where", "world", "file"), TEXT)
    frame = frame.astype({**texts, "done": "Int64", "steps": "Int64"})
    frame = frame.sort_values("started", ascending=False, kind="stable", na_position="last", ignore_index=True)
    frame.attrs["folder"] = str(parent)
    return frame


def state_of(journal: Journal) -> RunState:
    """Return the state of a run; see `runs`."""
    if journal.wrong:
        return "damaged"
    last = journal.entries[-1]["event"] if journal.entries else None
    if last in _STATES:
        return _STATES[last]
    return "at work" if journal.is_held() else "interrupted"


def _run_row(path: Path, folder: Path) -> dict[str, object]:
    file = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
    unknown = {"title": "", "reason": "", "who": "", "where": "", "world": "", "file": file}
    try:
        journal = Journal(path)
    except JournalError as error:
        return {**unknown, "state": "unreadable" if isinstance(error.__cause__, OSError) else "damaged"}
    plan = journal.plan
    if plan is None:
        return {**unknown, "state": "damaged"}
    return {
        "started": journal.entries[0]["at"],
        "title": plan["title"],
        "state": state_of(journal),
        "done": len(journal.completed),
        "steps": len(plan["steps"]),
        "ended": journal.entries[-1]["at"],
        "reason": plan["reason"] or "",
        "who": actor_text(plan.get("who")),
        "where": plan["where"],
        "world": plan.get("world", ""),
        "file": file,
    }
