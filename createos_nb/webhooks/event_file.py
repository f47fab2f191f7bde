"""The file that `createos-nb listen` appends events to: a line of JSON each, on the disk before it is acknowledged."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from createos_nb.errors import InvalidInput
from createos_nb.storage import FILE, sync_folder

if TYPE_CHECKING:
    import pandas as pd

_BEGINNING: Final = b'{"received_at":'
#: Names under which the body of an event may hold the delivery's id; the simulator's is the last.
_IDS: Final = ("deliveryId", "delivery_id", "id")
#: Texts of a body that are columns of their own: column → field of the wire.
_TEXTS: Final = {
    "event": "eventAction",
    "project": "projectName",
    "environment": "environmentName",
    "resource": "resourceName",
    "status": "status",
    "text": "text",
    "audit_log_id": "auditLogId",
    "user_id": "userId",
}


class Event(Struct, kw_only=True, omit_defaults=True):
    """A line of the file: a body whose signature was verified, and when it came (RFC 3339, this machine's time)."""

    received_at: str
    id: str | None = None
    """The delivery's id, where the body holds one."""
    body: str = ""
    base64: str = ""
    """The body, where it is no text."""

    def identity(self) -> str | None:
        """Return what tells that a delivery comes again: its id; None without one.

        An `id` with no `endpointId` beside it may be that of a project, say: then the body has to be the same, too.
        """
        fields = self.fields()
        if self.id is None or "endpointId" in fields or self.id != fields.get("id"):
            return self.id
        return f"{self.id} {sha256(self.content()).hexdigest()}"

    def content(self) -> bytes:
        """Return the body as it came."""
        return base64.b64decode(self.base64) if self.base64 else self.body.encode()

    def fields(self) -> dict[str, Any]:
        """Return the body's fields; none where it is no object of JSON."""
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            decoded = msgspec.json.decode(self.content())
            return decoded if isinstance(decoded, dict) else {}
        return {}


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Event).decode


def event_of(content: bytes, received: datetime) -> Event:
    """Return the event of a body."""
    try:
        event = Event(received_at=received.isoformat(timespec="milliseconds"), body=content.decode())
    except UnicodeDecodeError:
        text = base64.b64encode(content).decode("ascii")
        event = Event(received_at=received.isoformat(timespec="milliseconds"), base64=text)
    fields = event.fields()
    event.id = next((fields[name] for name in _IDS if fields.get(name) and isinstance(fields[name], str)), None)
    return event


class EventFile:
    """Appends events to a file, each delivery once.

    Attributes:
        path: the file.
        events: how many it holds.
        damaged: lines of it that can't be read.

    Args:
        path: the file; it is made where it is missing.

    Raises:
        InvalidInput: it is in use by another listener, or holds something else.
        OSError: it can't be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = self.damaged = 0
        self._seen: set[str | None] = set()
        self._torn = False
        new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), FILE)
        try:
            _hold(self._file, path)
            self._end = self._read()
            if new:
                sync_folder(path.absolute().parent)
        except BaseException:
            os.close(self._file)
            raise

    def _read(self) -> int:
        """Learn which deliveries it holds; return where the last whole line ends, which is all that stays."""
        content = self.path.read_bytes()
        end = content.rfind(b"\n") + 1
        for _, event in _events(content[:end]):
            if event is None:
                self.damaged += 1
            else:
                self.events += 1
                self._remember(event)
        tail = content[end:]
        cut_off = _BEGINNING.startswith(tail[: len(_BEGINNING)])
        if (self.damaged and not self.events) or not cut_off:
            raise InvalidInput(f"{self.path} holds something else than events: name another file")
        if tail:  # a write that was cut off was never acknowledged: it comes again
            os.ftruncate(self._file, end)
        return end

    def _remember(self, event: Event) -> None:
        self._seen.add(event.identity())

    def knows(self, event: Event) -> bool:
        """Return whether the file holds this delivery already; without an id nobody can tell."""
        return event.id is not None and event.identity() in self._seen

    def append(self, event: Event) -> None:
        """Write an event to the disk. Raises `OSError`; what was written of it is cut off before the next one."""
        if self._torn:
            self._cut()
        rest = memoryview(_encode(event) + b"\n")
        length = len(rest)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError:
            self._torn = True
            with contextlib.suppress(OSError):  # once more before the next one
                self._cut()
            raise
        self._end += length
        self.events += 1
        self._remember(event)

    def _cut(self) -> None:
        os.ftruncate(self._file, self._end)
        self._torn = False

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _hold(file: int, path: Path) -> None:
    """Hold a file against other listeners, as long as this process lives."""
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InvalidInput(f"{path} is in use: another listener appends to it; name another file") from None


def _events(content: bytes) -> Iterator[tuple[int, Event | None]]:
    """The lines of a file by their number, from 1 on; None for one that can't be read."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line:
            continue
        try:
            yield number, _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            yield number, None


def read_events(file: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the events that `createos-nb listen` has written.

    The fields of the bodies are the simulator's; those of the platform are not documented, so that `body` holds all of
    them.

    Args:
        file: The file; it may be appended to meanwhile.

    Returns:
        One row an event, in the order in which they came: `received_at` and `created_at` (UTC), `id` of the delivery,
        `event`, `project`, `environment`, `version` (Int64), `resource`, `status`, `text`, `audit_log_id`, `user_id`
        (str), `body` (a dict). `attrs["complete"]` is False where a line is damaged, and `attrs["damaged"]` lists the
        numbers of these lines.

    Raises:
        OSError: The file can't be read.

    Examples:
        >>> import json, pathlib
        >>> body = json.dumps({"eventAction": "project.create", "projectName": "storefront"})
        >>> line = json.dumps({"received_at": "2026-03-02T09:00:00Z", "body": body})
        >>> _ = pathlib.Path("events.jsonl").write_text(line)
        >>> createos_nb.webhooks.read_events("events.jsonl")["event"].to_list()
        ['project.create']
    """
    import pandas as pd

    from createos_nb.dtypes import TEXT

    content = Path(file).read_bytes()
    lines = list(_events(content))
    damaged = [number for number, event in lines if event is None]
    events = [event for _, event in lines if event is not None]
    bodies = [event.fields() for event in events]

    def texts(values: list[Any]) -> pd.Series:
        return pd.Series([value if isinstance(value, str) else None for value in values], dtype=TEXT)

    columns = {name: texts([body.get(field) for body in bodies]) for name, field in _TEXTS.items()}
    versions = [body.get("versionNumber") for body in bodies]
    versions = [value if type(value) is int and abs(value) < 2**63 else None for value in versions]
    frame = pd.DataFrame(
        {
            "received_at": _times([event.received_at for event in events]),
            "created_at": _times([body.get("createdAt") for body in bodies]),
            "id": texts([event.id for event in events]),
            **{name: columns[name] for name in ("event", "project", "environment")},
            "version": pd.Series(versions, dtype="Int64"),
            **{name: columns[name] for name in ("resource", "status", "text", "audit_log_id", "user_id")},
            "body": pd.Series(bodies, dtype=object),
        }
    )
    frame.attrs |= {"complete": not damaged, "damaged": damaged, "where": str(file)}
    return frame


def _times(values: list[Any]) -> pd.Series:
    import pandas as pd

    texts = pd.Series([value if isinstance(value, str) else None for value in values], dtype=object)
    return pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce").astype("datetime64[us, UTC]")


def now() -> datetime:
    """Return this machine's time, in UTC."""
    return datetime.now(UTC)
