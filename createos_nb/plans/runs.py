"""The runs of a folder of journals."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from createos_nb.plans.errors import JournalError
from createos_nb.plans.journal import Journal, default_folder, simulated_folders
from createos_nb.plans.who import person

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS: Final = ("started", "title", "state", "done", "steps", "ended", "reason", "who", "where", "world", "file")
#: What the last entry of a journal says of its run.
_STATES: Final = {"finished": "finished", "failed": "failed", "cancelled": "stopped", "stopped": "stopped"}


def runs(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """The runs whose journals are in a folder, newest first, one row each.

    Without a folder: those of `default_folder()`, and those on simulated worlds: of `createos-nb run`, and of this
    process.

    started (UTC), title, state, done and steps (Int64: how many steps there are, and how many of them are done), ended
    (UTC, of the last entry), reason, who (account, user and host), where (account, base URL, PLATFORM or SIMULATOR),
    world (id of the simulated world; "" on the platform), file (its name in the folder, or its path where it is
    elsewhere). `state` is finished; failed; stopped (it can be taken up again); interrupted (so can it: its process
    ended in the midst of it); at work (another kernel holds it now); damaged (lines were changed after they were
    written: what can be read of it is shown, and nothing is done by it); unreadable. `attrs["folder"]` is the folder.
    Reads only; a folder that is not there has no runs.
    """
    import pandas as pd

    place = Path(folder) if folder is not None else default_folder()
    try:
        places = [place, *(simulated_folders() if folder is None else ())]
        paths = [path for one in dict.fromkeys(places) for path in sorted(one.glob("*.jsonl"))]
    except OSError as error:
        raise JournalError(f"the folder {place} can't be read: {error}") from error
    frame = pd.DataFrame([_row(path, place) for path in paths], columns=list(_COLUMNS))
    for name in ("started", "ended"):
        times = pd.to_datetime(frame[name], utc=True, format="ISO8601", errors="coerce")
        frame[name] = times.astype("datetime64[us, UTC]")
    texts = dict.fromkeys(("title", "state", "reason", "who", "where", "world", "file"), "str")
    frame = frame.astype({**texts, "done": "Int64", "steps": "Int64"})
    frame = frame.sort_values("started", ascending=False, kind="stable", na_position="last", ignore_index=True)
    frame.attrs["folder"] = str(place)
    return frame


def state_of(journal: Journal) -> str:
    """What has become of a run; see `runs`."""
    if journal.wrong:
        return "damaged"
    last = journal.entries[-1]["event"] if journal.entries else ""
    if last in _STATES:
        return _STATES[last]
    return "at work" if journal.held() else "interrupted"


def _row(path: Path, folder: Path) -> dict[str, object]:
    file = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
    unknown = {"title": "", "reason": "", "who": "", "where": "", "world": "", "file": file}
    try:
        journal = Journal(path)
    except JournalError as error:
        return {**unknown, "state": "unreadable" if isinstance(error.__cause__, OSError) else "damaged"}
    plan = journal.plan
    if plan is None:
        return {**unknown, "state": "damaged"}
    over = {entry.get("step") for entry in journal.entries if entry["event"] in ("done", "skipped")}
    return {
        "started": journal.entries[0]["at"],
        "title": plan["title"],
        "state": state_of(journal),
        "done": len(over),
        "steps": len(plan["steps"]),
        "ended": journal.entries[-1]["at"],
        "reason": plan["reason"] or "",
        "who": person(plan.get("who")),
        "where": plan["where"],
        "world": plan.get("world", ""),
        "file": file,
    }
