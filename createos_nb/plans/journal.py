"""The journal: an append-only file of what a run was about to do and what it has done, one file a run.

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
from typing import TYPE_CHECKING, Any, Final

from createos_nb.plans import entries
from createos_nb.plans.errors import JournalBusy, JournalError
from createos_nb.plans.lock import FileLock, Taken
from createos_nb.plans.who import person, who
from createos_nb.private import FILE, closed_to_others, private_folder
from createos_nb.secret import legible
from createos_nb.times import iso

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

#: Events after which a run is over.
ENDINGS: Final = frozenset({"finished", "failed"})
_COLUMNS: Final = ("time", "event", "step", "operation", "target", "text")
_temporary: list[str] = []


def default_folder(embedded: bool = False) -> Path:
    """Where journals are kept: `CREATEOS_NB_JOURNALS`, or a folder of the user's data.

    Runs on an embedded simulated world end with their process, as the world does: theirs is a temporary folder.
    """
    if given := os.environ.get("CREATEOS_NB_JOURNALS"):
        return Path(given)
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
    """Where journals of simulated worlds are: of `createos-nb run`, and of those that were opened in this process."""
    kept = sorted(default_folder().glob("simulated/*"))
    return [*kept, *(Path(one) for one in _temporary)]


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
        self.entries: list[dict[str, Any]] = []
        self.wrong = ""
        self._file: int | None = None
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock"))
        self.read()

    # --- reading ------------------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read it from the disk again. Raises `JournalError` for a file that is no journal."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise JournalError(f"journal {self.path} can't be read: {error}") from error
        found, wrong = entries.read(content)
        if content.strip() and not found and content.count(b"\n"):  # without: the very first line was cut off
            raise JournalError(
                f"{self.path} is no journal of createos_nb, or its first line is damaged: move it away to begin anew"
            )
        self.entries, self.wrong = found, wrong

    def sound(self) -> None:
        """Raises `JournalError` where lines were changed after they were written: nothing is done by such a journal."""
        if self.wrong:
            raise JournalError(
                f"journal {self.path} was edited or damaged ({self.wrong}): what was confirmed can't be told from it, "
                "and nothing is done by it. Look at what is so on the platform, move the file away, and make the plan "
                "anew"
            )

    @property
    def plan(self) -> dict[str, Any] | None:
        """The plan as it was written down; None in an empty journal."""
        found = [entry["plan"] for entry in self.entries if entry["event"] == "plan"]
        return found[-1] if found else None

    @property
    def over(self) -> bool:
        """The run is over: finished, or stopped by a failure."""
        return bool(self.entries) and self.entries[-1]["event"] in ENDINGS

    @property
    def finished(self) -> bool:
        """The run has come to its end."""
        return bool(self.entries) and self.entries[-1]["event"] == "finished"

    @property
    def begun(self) -> bool:
        """Something was written to the platform, or may have been."""
        return any(self.pending(entry["step"]) for entry in self.entries if entry["event"] == "about to")

    def pending(self, step: int) -> dict[str, Any] | None:
        """The entry before the write of a step that was made, or may have been."""
        found = None
        for entry in self.entries:
            if entry.get("step") == step and entry["event"] in ("about to", "refused"):
                found = entry if entry["event"] == "about to" else None
        return found

    def of(self, step: int, event: str) -> dict[str, Any] | None:
        """The newest entry of a kind about a step."""
        found = [entry for entry in self.entries if entry.get("step") == step and entry["event"] == event]
        return found[-1] if found else None

    def held(self) -> bool:
        """Somebody is writing it now, this process or another."""
        return self._file is not None or self._lock.taken()

    def frame(self) -> pd.DataFrame:
        """time (UTC), event, step (Int64, from 1), operation, target, text: one row an entry, oldest first."""
        import pandas as pd

        rows = [
            {
                "time": entry.get("at"),
                "event": entry["event"],
                "step": None if entry.get("step") is None else entry["step"] + 1,
                "operation": entry.get("operation", ""),
                "target": entry.get("target", ""),
                "text": entry.get("text", ""),
            }
            for entry in self.entries
        ]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        frame["time"] = pd.to_datetime(frame["time"], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
        frame = frame.astype({"step": "Int64", **dict.fromkeys(("event", "operation", "target", "text"), "str")})
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
            self._lock.acquire(f"{person(who(account))}, process {os.getpid()}, since {iso(int(since))}")
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, FILE)
        except Taken as taken:
            raise JournalBusy(f"journal {self.path} is in use", taken.holder) from None
        except OSError as error:
            self._lock.release()
            raise JournalError(f"journal {self.path} can't be written: {error}") from error
        try:
            self.read()  # another may have written between the first look and the lock
            self.sound()
            size = os.fstat(self._file).st_size
            if size:
                os.lseek(self._file, size - 1, os.SEEK_SET)
                if os.read(self._file, 1) != b"\n":
                    os.write(self._file, b"\n")
            _settle(self.path.parent)
        except BaseException:
            self.close()
            raise
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End writing and give the lock up."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._lock.release()

    def write(self, event: str, at: float, **facts: Any) -> None:
        """Append one entry; it is on the disk when this returns. Raises `JournalError`."""
        if self._file is None:
            raise JournalError(f"journal {self.path} is not open for writing")
        # `at` is the platform's time; `local` is what the clock of this machine says
        entry = {"event": event, "at": iso(round(at, 3)), "local": iso(round(time.time(), 3)), **facts}
        plain = json.loads(legible(entry))
        entry = entries.sealed(plain, self.entries[-1][entries.SUM] if self.entries else "")
        line = legible(entry).encode("utf-8", "backslashreplace") + b"\n"
        try:
            append(self._file, line)
        except OSError as error:
            raise JournalError(f"journal {self.path} can't be written: {error}; nothing more was done") from error
        self.entries.append(entry)


def append(file: int, line: bytes) -> None:
    """One line to the end of a file, through to the disk."""
    written = 0
    while written < len(line):
        written += os.write(file, line[written:])
    os.fsync(file)


def path_for(folder: Path, at: float, words: Mapping[str, str], intent: str) -> Path:
    """A new name in a folder: when, what, where, and for which intent."""
    stamp = iso(int(at)).replace(":", "").replace("-", "")
    name = "-".join([stamp, *(re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-")[:40] for word in words.values() if word)])
    path = folder / f"{name}-{intent}.jsonl"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}-{intent}.jsonl"
    return path


def _settle(folder: Path) -> None:
    """Make a new name survive a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
