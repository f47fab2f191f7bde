"""The journal: an append-only file of what a run starts and what it has done, one file a run.

One JSON object a line, written through to the disk before the next thing happens. It holds no secrets: values of
variables are fingerprints that only the key of the client could have made.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

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


class Journal:
    """The journal of one run: read it with `frame()`, go on with `createos_nb.plans.resume`.

    Reading needs no lock; whoever writes holds one (`with journal.writing(…)`). A last line that was cut off counts as
    not written.

    Attributes:
        path: the file.
        entries: what is in it, oldest first.
        wrong: "" where every line is as it was written, else what is not; such a journal can be looked at, and nothing
            is done by it.

    Args:
        path: the file; one that is not there is an empty journal.

    Raises:
        JournalError: the file is no journal, or can't be read.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
        >>> journal = createos_nb.plans.Journal(receipt.journal)
        >>> journal.finished, journal.plan["reason"]
        (True, 'the sale')
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
        """Read it from the disk anew.

        Raises:
            JournalError: the file is no journal, or can't be read.

        Examples:
            >>> journal = createos_nb.plans.Journal("of-no-run-yet.jsonl")
            >>> journal.read()
            >>> journal.entries
            []
        """
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
        """Refuse a journal whose lines were changed after they were written: it is not acted on.

        Raises:
            JournalError: it was edited or damaged.

        Examples:
            >>> createos_nb.plans.Journal("of-no-run-yet.jsonl").check_sound()
        """
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
        """Return the steps of the plan.

        Returns:
            The steps, as the plan had them.

        Raises:
            JournalError: it holds no plan, was edited, or was written by a newer version of createos_nb.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
            >>> [step.operation for step in createos_nb.plans.Journal(receipt.journal).steps()]
            ['UpdateProjectEnvironmentResources']
        """
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
    def passed_freezes(self) -> set[str]:
        """Ids of the freezes that the run was let pass, with a reason."""
        return {freeze for entry in self.entries if (freeze := entry.get("freeze")) is not None}

    @property
    def over(self) -> bool:
        """Whether the run is over: it has finished or failed."""
        return bool(self.entries) and self.entries[-1]["event"] in ENDINGS

    @property
    def finished(self) -> bool:
        """Whether the run has finished."""
        return bool(self.entries) and self.entries[-1]["event"] == "finished"

    @property
    def started(self) -> bool:
        """Whether a write was sent to the platform, or may have been."""
        steps = [entry.get("step") for entry in self.entries if entry["event"] == "started"]
        return any(step is not None and self.pending(step) is not None for step in steps)

    def pending(self, step: int) -> Entry | None:
        """Return the entry before the write of a step, if that was sent, or may have been.

        Args:
            step: number of the step, from 0.

        Returns:
            The entry; None where nothing was sent, or the platform refused it.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
            >>> createos_nb.plans.Journal(receipt.journal).pending(0)["operation"]
            'UpdateProjectEnvironmentResources'
        """
        pending = None
        for entry in self.entries:
            if entry.get("step") == step and entry["event"] in ("started", "refused"):
                pending = entry if entry["event"] == "started" else None
        return pending

    def attempts(self, step: int) -> list[dict[str, Any]]:
        """Return what is known of each time that a step was started: its baseline, and what it noted while it wrote.

        Args:
            step: number of the step, from 0.

        Returns:
            A mapping for each start, oldest first; an empty list where it was never started.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
            >>> createos_nb.plans.Journal(receipt.journal).attempts(0)
            [{}]
        """
        found: list[dict[str, Any]] = []
        for entry in self.entries:
            if entry.get("step") == step and entry["event"] in ("started", "noted"):
                facts = dict(entry.get("baseline") or {})
                if entry["event"] == "started" or not found:
                    found.append(facts)
                else:
                    found[-1] |= facts
        return found

    def newest(self, step: int, event: JournalEvent) -> Entry | None:
        """Return the newest entry of an event about a step.

        Args:
            step: number of the step, from 0.
            event: such as "started" or "done".

        Returns:
            The entry; None where there is none.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
            >>> createos_nb.plans.Journal(receipt.journal).newest(0, "done")["target"]
            'storefront / staging'
        """
        entries = [entry for entry in self.entries if entry.get("step") == step and entry["event"] == event]
        return entries[-1] if entries else None

    def is_held(self) -> bool:
        """Return whether somebody writes it now, this process or another.

        Returns:
            True while the run is at work.

        Examples:
            >>> createos_nb.plans.Journal("of-no-run-yet.jsonl").is_held()
            False
        """
        return self._file is not None or self._lock.is_held()

    def frame(self) -> pd.DataFrame:
        """Return one row an entry, oldest first.

        Returns:
            A frame of time (UTC), event (str), step (Int64, from 1), operation, target, text (str).

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
            >>> createos_nb.plans.Journal(receipt.journal).frame()["event"].tolist()
            ['plan', 'started', 'answered', 'done', 'finished']
        """
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
        """Open it for writing, alone: use as a context manager.

        Args:
            since: when the run was started, Unix seconds; whoever finds it in use reads that.
            account: whose run it is.

        Returns:
            This journal.

        Raises:
            JournalBusy: another process, or another run of this one, writes it.
            JournalError: it can't be written, or was edited.

        Examples:
            >>> journal = createos_nb.plans.Journal("new-run.jsonl")
            >>> with journal.writing(since=1_772_442_000.0, account="marlow"):
            ...     journal.is_held()
            True
        """
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
        """End writing and release the lock.

        Examples:
            >>> journal = createos_nb.plans.Journal("new-run.jsonl").writing(since=1_772_442_000.0)
            >>> journal.close()
            >>> journal.is_held()
            False
        """
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._lock.release()

    def write(self, event: JournalEvent, at: float, **facts: Any) -> None:
        """Append one entry; it is on the disk when this returns.

        Args:
            event: such as "started" or "done".
            at: when it happened by the platform's clock, Unix seconds.
            facts: what else the entry holds, such as `step` or `text`; secrets are masked.

        Raises:
            JournalError: it is not open for writing, or the disk refuses.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> with createos_nb.plans.Journal("new-run.jsonl").writing(since=1_772_442_000.0) as journal:
            ...     journal.write("plan", 1_772_442_000.0, plan=plan.record("the sale"))
            >>> journal.frame()["event"].tolist()
            ['plan']
        """
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
