"""One run of one wish at a time: from the look for earlier runs to the end, across processes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from createos_nb.plans.belonging import belongs, lineage_of
from createos_nb.plans.errors import JournalBusy, JournalError
from createos_nb.plans.journal import Journal, default_folder
from createos_nb.plans.lock import FileLock, Taken
from createos_nb.plans.who import person, who
from createos_nb.private import private_folder
from createos_nb.times import iso

if TYPE_CHECKING:
    from typing import Self

    from createos_nb.client import Client

#: Seconds that another is given to be done, before it is told of.
_PATIENCE: Final = 0.5
#: What a journal says where no lock could be had.
UNLOCKED = "no lock could be had ({error}): against another process with the same plan only the re-read before each "
UNLOCKED += "write protected"


class OneRun:
    """The lock of one intent on one account or world: use it as a context manager. Raises `JournalBusy`.

    It ends with its process, however that ends. `failed`: why no lock could be had, where none could; then nothing
    but the re-read before each write keeps others off.
    """

    def __init__(self, client: Client, intent: str) -> None:
        self._client, self._intent = client, intent
        self._folder = folder_for(client)
        course = lineage_of(client).course
        name = f"{intent}-{course}" if course else intent
        self._lock = FileLock(self._folder / "locks" / f"{name}.lock")
        self.failed = ""

    @classmethod
    def of(cls, client: Client, intent: str) -> OneRun:
        """The lock of an intent, not taken yet."""
        return cls(client, intent)

    def __enter__(self) -> Self:
        try:
            private_folder(self._lock.path.parent)
            self._taken()
        except Taken as taken:
            raise JournalBusy("this plan is being carried out", taken.holder) from None
        except OSError as error:
            self.failed = error.strerror or type(error).__name__
        return self

    def _taken(self) -> None:
        """Take the lock; whoever only looks up a receipt gives it back at once. Raises `Taken`, `OSError`."""
        ends = time.monotonic() + _PATIENCE
        while True:
            try:
                self._lock.acquire(holder_of(self._client))
                return
            except Taken:
                if time.monotonic() > ends:
                    raise
            time.sleep(0.02)

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def note(self, journal: Journal) -> None:
        """Remember which journal the newest run of the intent is kept in, wherever that is."""
        self._lock.note = str(journal.path.absolute())
        self._lock.write()
        if self.failed:
            journal.write("unlocked", self._client.clock.now(), text=UNLOCKED.format(error=self.failed))

    # --- earlier runs -------------------------------------------------------------------------------------------------

    def journals(self) -> list[Journal]:
        """Those of the intent that belong to what the client acts on, newest first. Raises `JournalError`."""
        paths = sorted(self._folder.glob(f"*-{self._intent}.jsonl"), reverse=True)
        noted = self._noted()
        if noted is not None and noted.absolute() not in [path.absolute() for path in paths]:
            paths.insert(0, noted)
        found = [Journal(path) for path in paths]
        # of an edited one nobody can say where it belongs: it is told of, and refused
        return [one for one in found if one.plan is not None and (belongs(one, self._client) or one.wrong)]

    def ended(self) -> frozenset[Path]:
        """Journals whose runs have come to their end; a damaged one is none of them."""
        try:
            return frozenset(one.path.absolute() for one in self.journals() if one.finished and not one.wrong)
        except JournalError:
            return frozenset()  # it is said when the plan is applied

    def _noted(self) -> Path | None:
        try:
            lines = self._lock.path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            return None
        path = Path(lines[1]) if len(lines) > 1 and lines[1] else None
        return path if path is not None and path.is_file() else None


def folder_for(client: Client) -> Path:
    """Where the journals of a client's runs are kept."""
    return default_folder(embedded=client.world is not None)


def holder_of(client: Client) -> str:
    """Who is at work here, and since when."""
    one = person(who(client.whoami()))
    return f"{one}, process {os.getpid()}, since {iso(int(client.clock.now()))}"
