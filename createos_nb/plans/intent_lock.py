"""The lock of an intent: one run of it at a time, across processes; and the earlier runs of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from createos_nb.client.world_of import lineage_of
from createos_nb.plans.actor import actor_text, current_actor
from createos_nb.plans.errors import JournalBusy, JournalError
from createos_nb.plans.journal import Journal
from createos_nb.plans.journal_files import default_folder
from createos_nb.plans.world_identity import belongs
from createos_nb.process_lock import LockHeld, ProcessLock, unreliable_locks
from createos_nb.storage import private_folder
from createos_nb.times import iso

if TYPE_CHECKING:
    from typing import Self

    from createos_nb.client.client import Client

#: Seconds that whoever only looks up a receipt is given to be done, before the lock counts as held.
_PATIENCE: Final = 0.5
_ONLY_REREAD: Final = "against another process with the same plan only the re-read before each write protects"
#: What a journal says where no lock could be had.
UNLOCKED: Final = f"no lock could be had ({{error}}): {_ONLY_REREAD}"


class IntentLock:
    """The lock of one intent on one account or world: use it as a context manager. Raises `JournalBusy`.

    It ends with its process, however that ends. `failure`: why no lock could be had, where none could; then nothing
    but the re-read before each write keeps others off.
    """

    def __init__(self, client: Client, intent: str) -> None:
        self._client, self._intent = client, intent
        self._folder = folder_for(client)
        course = lineage_of(client).course
        name = f"{intent}-{course}" if course else intent
        self._lock = ProcessLock(self._folder / "locks" / f"{name}.lock")
        self.failure = ""

    def __enter__(self) -> Self:
        try:
            private_folder(self._lock.path.parent)
            self._lock.acquire(_holder(self._client), timeout=_PATIENCE)
        except LockHeld as error:
            raise JournalBusy("this plan is being applied", error.holder) from None
        except OSError as error:
            self.failure = error.strerror or type(error).__name__
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def note(self, journal: Journal) -> None:
        """Note which journal the newest run of the intent is kept in, wherever that is."""
        self._lock.note = str(journal.path.absolute())
        self._lock.write()
        if self.failure:
            journal.write("unlocked", self._client.clock.now(), text=UNLOCKED.format(error=self.failure))

    # --- earlier runs -------------------------------------------------------------------------------------------------

    def journals(self) -> list[Journal]:
        """Journals of the intent that belong to what the client acts on, newest first. Raises `JournalError`."""
        paths = sorted(self._folder.glob(f"*-{self._intent}.jsonl"), reverse=True)
        noted = self._noted()
        if noted is not None and noted.absolute() not in [path.absolute() for path in paths]:
            paths.insert(0, noted)
        journals = [Journal(path) for path in paths]
        # of an edited one nobody can say where it belongs: it is listed, and refused
        return [
            journal
            for journal in journals
            if journal.plan is not None and (belongs(journal, self._client) or journal.wrong)
        ]

    def finished_runs(self) -> frozenset[Path]:
        """Journals of finished runs; a damaged one is none of them."""
        try:
            sound = [journal for journal in self.journals() if not journal.wrong]
        except JournalError:
            return frozenset()  # it is said when the plan is applied
        return frozenset(journal.path.absolute() for journal in sound if journal.finished)

    def _noted(self) -> Path | None:
        note = self._lock.read_note()
        path = Path(note) if note else None
        return path if path is not None and path.is_file() else None


def folder_for(client: Client) -> Path:
    """Return where the journals of a client's runs are kept."""
    return default_folder(embedded=client.embedded)


def lock_warning(client: Client) -> str:
    """Return what to know where the journals are on a file system whose locks may not hold; else ""."""
    kind = unreliable_locks(folder_for(client))
    return f"the journals are on a file system ({kind}) where locks may not hold: {_ONLY_REREAD}" if kind else ""


def _holder(client: Client) -> str:
    actor = actor_text(current_actor(client.whoami()))
    return f"{actor}, process {os.getpid()}, since {iso(int(client.clock.now()))}"
