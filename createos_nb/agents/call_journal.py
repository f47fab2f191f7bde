"""The journal of calls: what agents have asked for, and what became of it, in a file that only grows."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from createos_nb.plans.journal_files import default_folder
from createos_nb.storage import append_line, private_folder


def default_path() -> Path:
    """Return where the journal of calls is kept.

    Returns:
        `agents/calls.jsonl` in `createos_nb.plans.default_folder()`; it need not exist yet.

    Examples:
        >>> from createos_nb.agents.call_journal import default_path
        >>> default_path().name
        'calls.jsonl'
    """
    return default_folder() / "agents" / "calls.jsonl"


class CallJournal:
    """A journal of calls: a line as each begins, and one when it is answered.

    A line is on the disk before the call goes on. Where it can't be written, the call is refused: what nobody can look
    up afterwards is not done.

    Args:
        path: the file; it is made, readable by its owner alone.
        redact: puts dots in place of secrets, in whatever is written.
        where: says which account it is.

    Examples:
        >>> import pathlib
        >>> from createos_nb.agents.call_journal import CallJournal
        >>> journal = CallJournal(pathlib.Path("calls/agent.jsonl"))
        >>> number = journal.begin("diagnose", {"project": "storefront"})
        >>> journal.end(number, "answered", {"complete": True})
        >>> [line["event"] for line in journal.lines()]
        ['called', 'answered']
    """

    def __init__(
        self, path: Path, redact: Callable[[Any], Any] = lambda value: value, where: Callable[[], str] = str
    ) -> None:
        self.path, self._redact, self._where = path, redact, where
        self._lock = threading.Lock()
        self._calls = 0
        private_folder(path.parent)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._session = f"{os.getpid():x}-{datetime.now(UTC):%Y%m%dT%H%M%S}"

    def begin(self, tool: str, arguments: Mapping[str, Any], caller: str = "") -> int:
        """Write that a call begins.

        Args:
            tool: its name.
            arguments: what it was called with, without secrets.
            caller: what the client calls itself.

        Returns:
            The call's number.

        Raises:
            OSError: the line can't be written.
        """
        with self._lock:
            self._calls += 1
            number = self._calls
        row = {"tool": tool, "arguments": dict(arguments), "caller": caller, "where": self._where()}
        self._write(number, "called", row)
        return number

    def end(self, number: int, event: str, facts: Mapping[str, Any]) -> None:
        """Write what became of a call.

        Args:
            number: the call's number.
            event: "answered", "refused" or "failed".
            facts: what is to be known of it.

        Raises:
            OSError: the line can't be written.
        """
        self._write(number, event, facts)

    def lines(self) -> list[dict[str, Any]]:
        """Return all lines, oldest first, those of earlier sessions too.

        Returns:
            at (UTC, ISO 8601), session, call, event, and what belongs to it.
        """
        texts = self.path.read_text(encoding="utf-8").splitlines()
        return [json.loads(text) for text in texts if text]

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, number: int, event: str, facts: Mapping[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        row = {"at": at, "session": self._session, "call": number, "event": event, **facts}
        line = json.dumps(self._redact(row), ensure_ascii=False, default=str) + "\n"
        with self._lock:
            append_line(self._file, line.encode("utf-8", "replace"))
