"""The journal: an append-only file of what a run starts and what it has done, one file a run; and the runs of a folder.

One JSON object a line, written through to the disk before the next thing happens. It holds no secrets: values of
variables are fingerprints that only the key of the client could have made.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import msgspec

from createos_nb.dtypes import TEXT
from createos_nb.plans import journal_entries
from createos_nb.plans.actor import actor_text, current_actor
from createos_nb.plans.errors import JournalBusy, JournalError
from createos_nb.plans.steps.registry import steps_from
from createos_nb.process_lock import LockHeld, ProcessLock
from createos_nb.redaction import redacted_json
from createos_nb.storage import (
    FILE,
    append_line,
    closed_to_others,
    private_folder,
    sync_folder,
)
from createos_nb.times import iso

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

    from createos_nb.plans.journal_entries import Entry, JournalEvent, PlanRecord
    from createos_nb.plans.steps.base import Step

#: Version of the format; a newer one is not read.
FORMAT: Final = 1
#: Events after which a run is over.
ENDINGS: Final[frozenset[JournalEvent]] = frozenset({"finished", "failed"})
_ENTRY_COLUMNS: Final = ("time", "event", "step", "operation", "target", "text")
_RUN_COLUMNS: Final = ("started", "title", "state", "done", "steps", "ended", "reason", "who", "where", "world", "file")
#: The state of a run; see `runs`.
RunState = Literal["finished", "failed", "stopped", "interrupted", "at work", "damaged", "unreadable"]
_STATES: Final[Mapping[JournalEvent | None, RunState]] = {
    "finished": "finished",
    "failed": "failed",
    "cancelled": "stopped",
    "stopped": "stopped",
}
_temporary: list[str] = []


def default_folder(embedded: bool = False) -> Path:
    """Return where journals are kept: `CREATEOS_NB_JOURNALS`, or a folder of the user's data.

    Runs on an embedded simulated world end with their process, as the world does: theirs is a temporary folder.
    """
    if folder := os.environ.get("CREATEOS_NB_JOURNALS"):
        return Path(folder)
    if embedded:
        if not _temporary:
            # not a TemporaryDirectory: one that nobody closes warns when the process ends
            _temporary.append(tempfile.mkdtemp(prefix="createos-journals-"))
            atexit.register(_removed, _temporary[0], os.getpid())
        return Path(_temporary[0])
    from platformdirs import user_data_path

    own = user_data_path("createos-nb", appauthor=False) / "journals"
    closed_to_others(own)
    return own


def simulated_folders() -> list[Path]:
    """Return where journals of simulated worlds are: of `createos-nb run`, and of those opened in this process."""
    of_commands = sorted(default_folder().glob("simulated/*"))
    return [*of_commands, *(Path(folder) for folder in _temporary)]


def _removed(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child ends as well, and its parent goes on
        shutil.rmtree(folder, ignore_errors=True)


class Journal:
    """The journal of one run: read it with `frame()`, go on with `createos_nb.plans.resume`.

    `entries`: what is in it, oldest first. Reading needs no lock; whoever writes holds one (`with journal.writing(…)`).
    A last line that was cut off counts as not written. `wrong`: "" where every line is as it was written, else what is
    not; such a journal can be looked at, and nothing is done by it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.entries: list[Entry] = []
        self.wrong = ""
        self._file: int | None = None
        self._lock = ProcessLock(self.path.with_name(self.path.name + ".lock"))
        self.read()

    # --- reading ------------------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read it from the disk anew. Raises `JournalError` for a file that is no journal."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise JournalError(f"journal {self.path} can't be read: {error}") from error
        entries, wrong = journal_entries.read(content)
        if content.strip() and not entries and content.count(b"\n"):  # without: the very first line was cut off
            raise JournalError(
                f"{self.path} is no journal of createos_nb, or its first line is damaged: move it away to start anew"
            )
        self.entries, self.wrong = entries, wrong

    def check_sound(self) -> None:
        """Raises `JournalError` where lines were changed after they were written: such a journal is not acted on."""
        if self.wrong:
            raise JournalError(
                f"journal {self.path} was edited or damaged ({self.wrong}): it does not say what was confirmed, and is "
                "not acted on. Look at the state on the platform, move the file away, and make the plan again"
            )

    @property
    def plan(self) -> PlanRecord | None:
        """The plan as it was written down; None in an empty journal."""
        plans = [plan for entry in self.entries if (plan := entry.get("plan")) is not None]
        return plans[-1] if plans else None

    def steps(self) -> list[Step]:
        """The steps of the plan. Raises `JournalError`."""
        plan = self.plan
        if plan is None:
            raise JournalError(f"journal {self.path} holds no plan")
        self.check_sound()
        if plan["format"] > FORMAT:
            raise JournalError(f"journal {self.path} was written by a newer version of createos_nb: upgrade to go on")
        try:
            return steps_from(plan["steps"])
        except (msgspec.ValidationError, KeyError) as error:
            raise JournalError(f"journal {self.path} can't be read: {error}") from None

    @property
    def completed(self) -> set[int]:
        """Numbers of the steps, from 0, that are done or need not be done."""
        over = {entry.get("step") for entry in self.entries if entry["event"] in ("done", "skipped")}
        return {step for step in over if step is not None}

    @property
    def created(self) -> dict[int, str]:
        """Ids of what the steps have created, by the number of the step from 0."""
        ids = {}
        for entry in self.entries:
            step, created = entry.get("step"), entry.get("created")
            if entry["event"] == "answered" and step is not None and created:
                ids[step] = created
        return ids

    @property
    def over(self) -> bool:
        """The run is over: it has finished or failed."""
        return bool(self.entries) and self.entries[-1]["event"] in ENDINGS

    @property
    def finished(self) -> bool:
        """The run has finished."""
        return bool(self.entries) and self.entries[-1]["event"] == "finished"

    @property
    def started(self) -> bool:
        """A write was sent to the platform, or may have been."""
        steps = [entry.get("step") for entry in self.entries if entry["event"] == "started"]
        return any(step is not None and self.pending(step) is not None for step in steps)

    def pending(self, step: int) -> Entry | None:
        """The entry before the write of a step, if that was sent, or may have been."""
        pending = None
        for entry in self.entries:
            if entry.get("step") == step and entry["event"] in ("started", "refused"):
                pending = entry if entry["event"] == "started" else None
        return pending

    def newest(self, step: int, event: JournalEvent) -> Entry | None:
        """The newest entry of an event about a step."""
        entries = [entry for entry in self.entries if entry.get("step") == step and entry["event"] == event]
        return entries[-1] if entries else None

    def is_held(self) -> bool:
        """Whether somebody writes it now, this process or another."""
        return self._file is not None or self._lock.is_held()

    def frame(self) -> pd.DataFrame:
        """time (UTC), event, step (Int64, from 1), operation, target, text: one row an entry, oldest first."""
        import pandas as pd

        rows = [
            {
                "time": entry.get("at"),
                "event": entry["event"],
                "step": None if (step := entry.get("step")) is None else step + 1,
                "operation": entry.get("operation", ""),
                "target": entry.get("target", ""),
                "text": entry.get("text", ""),
            }
            for entry in self.entries
        ]
        frame = pd.DataFrame(rows, columns=list(_ENTRY_COLUMNS))
        frame["time"] = pd.to_datetime(frame["time"], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
        frame = frame.astype({"step": "Int64", **dict.fromkeys(("event", "operation", "target", "text"), TEXT)})
        frame.attrs["journal"] = str(self.path)
        return frame

    def __repr__(self) -> str:
        last = self.entries[-1]["event"] if self.entries else "empty"
        return f"<Journal {self.path}: {len(self.entries)} entries, {last}>"

    # --- writing ------------------------------------------------------------------------------------------------------

    def writing(self, since: float, account: str = "") -> Self:
        """Open it for writing, alone: use as a context manager. Raises `JournalBusy`, `JournalError`."""
        try:
            private_folder(self.path.parent)
            self._lock.acquire(f"{actor_text(current_actor(account))}, process {os.getpid()}, since {iso(int(since))}")
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, FILE)
        except LockHeld as error:
            raise JournalBusy(f"journal {self.path} is in use", error.holder) from None
        except OSError as error:
            self._lock.release()
            raise JournalError(f"journal {self.path} can't be written: {error}") from error
        try:
            self.read()  # another may have written since it was read first
            self.check_sound()
            size = os.fstat(self._file).st_size
            if size:
                os.lseek(self._file, size - 1, os.SEEK_SET)
                if os.read(self._file, 1) != b"\n":
                    os.write(self._file, b"\n")
            sync_folder(self.path.parent)
        except BaseException:
            self.close()
            raise
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End writing and release the lock."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._lock.release()

    def write(self, event: JournalEvent, at: float, **facts: Any) -> None:
        """Append one entry; it is on the disk when this returns. Raises `JournalError`."""
        if self._file is None:
            raise JournalError(f"journal {self.path} is not open for writing")
        # `at` is the platform's time; `local` is what the clock of this machine says
        fields = {"event": event, "at": iso(round(at, 3)), "local": iso(round(time.time(), 3)), **facts}
        plain = cast("Entry", json.loads(redacted_json(fields)))
        entry = journal_entries.sealed(plain, self.entries[-1].get("sum", "") if self.entries else "")
        line = redacted_json(entry).encode("utf-8", "backslashreplace") + b"\n"
        try:
            append_line(self._file, line)
        except OSError as error:
            raise JournalError(f"journal {self.path} can't be written: {error}; nothing more was done") from error
        self.entries.append(entry)


def path_for(folder: Path, at: float, words: Mapping[str, str], intent: str) -> Path:
    """Return a new name in a folder: when, what, where, and for which intent."""
    stamp = iso(int(at)).replace(":", "").replace("-", "")
    name = "-".join([stamp, *(re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-")[:40] for word in words.values() if word)])
    path = folder / f"{name}-{intent}.jsonl"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}-{intent}.jsonl"
    return path


# --- the runs of a folder ---------------------------------------------------------------------------------------------


def runs(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return the runs whose journals are in a folder, newest first, one row each.

    Without a folder: those of `default_folder()`, and those on simulated worlds: of `createos-nb run`, and of this
    process.

    started (UTC), title, state, done and steps (Int64: how many steps there are, and how many of them are done), ended
    (UTC, of the last entry), reason, who (account, user and host), where (account, base URL, PLATFORM or SIMULATOR),
    world (id of the simulated world; "" on the platform), file (its name in the folder, or its path where it is
    elsewhere). `state` is finished; failed; stopped (it can be resumed); interrupted (so can it: its process
    ended in the midst of it); at work (another kernel holds it now); damaged (lines were changed after they were
    written: what can be read of it is shown, and it is not acted on); unreadable. `attrs["folder"]` is the folder.
    Reads only; a folder that is not there has no runs.
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
