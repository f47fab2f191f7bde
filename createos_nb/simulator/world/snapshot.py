"""Snapshots of a world: to fork it, to reset it, to save it to a file and load it again.

A file is one line of JSON (format, version, dialect, digest) and the compressed state. It is written whole or not at
all: under another name first, which then takes the place of the old file.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import fields
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

from createos_nb.errors import InvalidInput
from createos_nb.lineage import Lineage
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import Dialect
from createos_nb.simulator.state import State
from createos_nb.simulator.times import from_rfc3339
from createos_nb.simulator.traffic import Cause, Cell, Events, Recorded
from createos_nb.storage import atomic_write

FORMAT: Final = "createos-nb world"
VERSION: Final = 3
OLDEST: Final = 2
"""What is missing in a world of an older version has its default."""
_LONGEST_HEADER: Final = 4096
#: Of so many earlier courses a file keeps the names.
_COURSES: Final = 50
#: Bytes that the content of a file may have, once it is decompressed.
_LARGEST: Final = 2_000_000_000
_END_OF_TIME: Final = from_rfc3339("9000-01-01T00:00:00Z")


class FileHeader(Struct, kw_only=True):
    """The first line of a file."""

    format: str
    version: int
    dialect: Dialect = "production"
    digest: str = ""
    lineage: Lineage = Lineage()


class FileBody(Struct):
    """The content of a file after its first line."""

    state: State
    initial_state: bytes


class SavedWorld(NamedTuple):
    """A world as it was saved.

    Attributes:
        dialect: how answers are wrapped.
        lineage: which world it is.
        state: everything that it knew.
        recorded: requests that were known one by one.
        initial_state: the state at its start, as `dump_state` gives it.
    """

    dialect: Dialect
    lineage: Lineage
    state: State
    recorded: dict[str, Recorded]
    initial_state: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decode_state: Final = msgspec.msgpack.Decoder(State).decode
_decode_body: Final = msgspec.msgpack.Decoder(FileBody).decode


def dump_state(context: WorldContext) -> bytes:
    """Return the state of a world as bytes."""
    context.state.recorded = {
        key: _dump_events(requests.events) for key, requests in context.recorded.items() if len(requests)
    }
    try:
        return _encode(context.state)
    finally:
        context.state.recorded = {}


def load_state(data: bytes) -> tuple[State, dict[str, Recorded]]:
    """Return a state that was dumped, and what it knows of single requests.

    Raises `InvalidInput` where it can't be read: it came with the file of a world that something else has written.
    """
    try:
        state = _decode_state(data)
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"the state at the start of this world can't be read: {error}") from None
    return state, _take_recorded(state)


def _take_recorded(state: State) -> dict[str, Recorded]:
    recorded = {key: Recorded(_load_events(data)) for key, data in state.recorded.items()}
    state.recorded = {}
    return recorded


# --- files ------------------------------------------------------------------------------------------------------------


def save(context: WorldContext, file: str | Path) -> Path:
    """Write a world to a file, whole, or leave the old file as it is. Raises `OSError`."""
    path = Path(file)
    atomic_write(path, dump(context))
    return path


def dump(context: WorldContext) -> bytes:
    """Return the content of a file that a world is saved to."""
    context.state.recorded = {
        key: _dump_events(requests.events) for key, requests in context.recorded.items() if len(requests)
    }
    try:
        body = zlib.compress(_encode(FileBody(context.state, context.initial_state)), 1)
    finally:
        context.state.recorded = {}
    header = FileHeader(
        format=FORMAT, version=VERSION, dialect=context.dialect, digest=digest_of(body), lineage=_short(context.lineage)
    )
    return msgspec.json.encode(header) + b"\n" + body


def digest_of(body: bytes) -> str:
    """Return the digest that tells a damaged file."""
    return blake2b(body, digest_size=16).hexdigest()


def is_saved_world(path: Path) -> bool:
    """Return whether a file looks like a saved world."""
    try:
        with path.open("rb") as file:
            return FORMAT.encode() in file.read(100)
    except OSError:
        return False


def header_of(path: Path) -> FileHeader:
    """Return the first line of a saved world. Raises `InvalidInput` as `read` does, `OSError`."""
    with path.open("rb") as file:
        return _header(path.name, file.readline(_LONGEST_HEADER))


def _header(name: str, line: bytes) -> FileHeader:
    try:
        head = msgspec.json.decode(line[:_LONGEST_HEADER], type=FileHeader) if line.endswith(b"\n") else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        head = None
    if head is None or head.format != FORMAT:
        raise InvalidInput(f"{name} is not a saved world: open a file that world.save(file) wrote")
    if head.version > VERSION:
        raise InvalidInput(
            f"{name} was saved by a newer version of createos_nb (format {head.version}, this one reads "
            f"{VERSION}): upgrade createos_nb to read it"
        )
    if head.version < OLDEST:
        raise InvalidInput(
            f"{name} was saved by an older version of createos_nb (format {head.version}, this one reads "
            f"{OLDEST} to {VERSION}): make its world anew and save it again"
        )
    return head


def _short(lineage: Lineage) -> Lineage:
    """Return a lineage that a first line has room for."""
    return Lineage(lineage.id, lineage.course, lineage.past[-_COURSES:])


def read(file: str | Path) -> SavedWorld:
    """Read a saved world.

    Raises `InvalidInput` for what is no saved world, a damaged one, or one of another version; `OSError`.
    """
    path = Path(file)
    return parse(path.read_bytes(), path.name)


def parse(data: bytes, name: str) -> SavedWorld:
    """Return the saved world that the content of a file is; `name` is the file's, for errors.

    Raises `InvalidInput` as `read` does.
    """
    first, newline, content = data.partition(b"\n")
    header = _header(name, first + newline)
    if header.digest != digest_of(content):
        raise InvalidInput(f"{name} is damaged, for its content has changed since it was written: open another copy")
    try:
        body = _decode_body(_decompressed(content))
        recorded = _take_recorded(body.state)
    except (zlib.error, msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
        raise InvalidInput(f"{name} can't be read: {error}") from None
    if not 0 <= body.state.now < _END_OF_TIME:
        raise InvalidInput(f"{name} can't be read: its time, {body.state.now}, is none that a world has")
    return SavedWorld(header.dialect, header.lineage, body.state, recorded, body.initial_state)


def _decompressed(content: bytes) -> bytes:
    """Return the content of a file after its first line, within a size that no world has."""
    stream = zlib.decompressobj()
    body = stream.decompress(content, _LARGEST)
    if not stream.eof:
        raise zlib.error(f"it is cut off, or larger than {_LARGEST} bytes")
    return body


# --- single requests --------------------------------------------------------------------------------------------------

_ARRAYS: Final[Mapping[str, Any]] = {
    "time": np.int64,
    "cell": np.int32,
    "status": np.int16,
    "ms": np.int64,
    "size": np.int64,
    "client": np.int32,
    "agent": np.int32,
}


def _dump_events(events: Events) -> bytes:
    content: dict[str, Any] = {field.name: getattr(events, field.name) for field in fields(events)}
    for name, kind in _ARRAYS.items():
        # Little-endian, so that a file can be read on any machine.
        content[name] = np.asarray(content[name], dtype=np.dtype(kind).newbyteorder("<")).tobytes()
    content["cells"] = [[*cell[:3], int(cell.cause), *cell[4:]] for cell in events.cells]
    return _encode(content)


def _load_events(data: bytes) -> Events:
    content = msgspec.msgpack.decode(data)
    for name, kind in _ARRAYS.items():
        content[name] = np.frombuffer(content[name], dtype=np.dtype(kind).newbyteorder("<")).astype(kind)
    content["cells"] = tuple(
        Cell(method, path, status, Cause(cause), ms, size, note)
        for method, path, status, cause, ms, size, note in content["cells"]
    )
    content["clients"], content["agents"] = tuple(content["clients"]), tuple(content["agents"])
    return Events(**content)
