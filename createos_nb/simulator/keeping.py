"""Keeping a world: to fork it, to set it back, to write it to a file and read it again.

A file is one line of JSON (format, version, dialect, digest) and the compressed state. It is written whole or not at
all: under another name first, which then takes the place of the old file.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from dataclasses import fields
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from msgspec import Struct

from createos_nb.errors import InvalidInput
from createos_nb.lineage import Lineage
from createos_nb.simulator.state import State
from createos_nb.simulator.traffic import Cause, Cell, Events, Recorded

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

FORMAT: Final = "createos-nb world"
VERSION: Final = 1
_LONGEST_HEAD: Final = 4096
#: Of so many earlier courses a file keeps the names.
_COURSES: Final = 50


class Head(Struct, kw_only=True):
    """The first line of a file."""

    format: str
    version: int
    dialect: str = "production"
    digest: str = ""
    lineage: Lineage = Lineage()


class Whole(Struct):
    """What a file holds after its first line."""

    state: State
    origin: bytes


_encode: Final = msgspec.msgpack.Encoder().encode
_decode_state: Final = msgspec.msgpack.Decoder(State).decode
_decode_whole: Final = msgspec.msgpack.Decoder(Whole).decode


def frozen(core: Core) -> bytes:
    """The state of a world as bytes."""
    core.state.recorded = {key: _packed(one.events) for key, one in core.recorded.items() if len(one)}
    try:
        return _encode(core.state)
    finally:
        core.state.recorded = {}


def thawed(data: bytes) -> tuple[State, dict[str, Recorded]]:
    """The state that was frozen, and what it knows of single requests."""
    state = _decode_state(data)
    return state, _recorded(state)


def _recorded(state: State) -> dict[str, Recorded]:
    found = {key: Recorded(_unpacked(one)) for key, one in state.recorded.items()}
    state.recorded = {}
    return found


# --- files ------------------------------------------------------------------------------------------------------------


def save(core: Core, file: str | Path) -> Path:
    """Write a world to a file, whole, or leave the old file as it is. Raises `OSError`."""
    path = Path(file)
    core.state.recorded = {key: _packed(one.events) for key, one in core.recorded.items() if len(one)}
    try:
        body = zlib.compress(_encode(Whole(core.state, core.origin)), 1)
    finally:
        core.state.recorded = {}
    head = Head(
        format=FORMAT, version=VERSION, dialect=core.dialect, digest=digest_of(body), lineage=_short(core.lineage)
    )
    write_whole(path, msgspec.json.encode(head) + b"\n" + body)
    return path


def digest_of(body: bytes) -> str:
    """What tells a damaged file."""
    return blake2b(body, digest_size=16).hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Put content into a file so that after a crash either the old or the new content is there, never a part."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as made:
        try:
            made.write(content)
            made.flush()
            os.fsync(made.fileno())
        except BaseException:
            made.close()
            Path(made.name).unlink(missing_ok=True)
            raise
    try:
        Path(made.name).replace(path)
    except OSError:
        Path(made.name).unlink(missing_ok=True)
        raise
    _settle_folder(path.parent)


def _settle_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_saved_world(path: Path) -> bool:
    """Whether a file looks like a saved world."""
    try:
        with path.open("rb") as file:
            return FORMAT.encode() in file.read(100)
    except OSError:
        return False


def head_of(path: Path) -> Head:
    """The first line of a saved world. Raises `InvalidInput` as `read` does, `OSError`."""
    with path.open("rb") as file:
        return _head(path, file.readline(_LONGEST_HEAD))


def _head(path: Path, line: bytes) -> Head:
    try:
        head = msgspec.json.decode(line[:_LONGEST_HEAD], type=Head) if line.endswith(b"\n") else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        head = None
    if head is None or head.format != FORMAT:
        raise InvalidInput(f"{path.name} is not a saved world")
    if head.version > VERSION:
        raise InvalidInput(
            f"{path.name} was saved by a newer version of createos_nb (format {head.version}, this one reads up to "
            f"{VERSION}): upgrade createos_nb to read it"
        )
    return head


def _short(lineage: Lineage) -> Lineage:
    """A lineage that a first line has room for."""
    return Lineage(lineage.id, lineage.course, lineage.past[-_COURSES:])


def read(file: str | Path) -> tuple[Head, Whole, dict[str, Recorded]]:
    """First line, state and single requests of a saved world.

    Raises `InvalidInput` for what is no saved world, a damaged one, or one of a newer version; `OSError`.
    """
    path = Path(file)
    first, newline, body = path.read_bytes().partition(b"\n")
    head = _head(path, first + newline)
    if head.digest != digest_of(body):
        raise InvalidInput(f"{path.name} is damaged: its content does not match what was written")
    try:
        whole = _decode_whole(zlib.decompress(body))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise InvalidInput(f"{path.name} can't be read: {error}") from None
    return head, whole, _recorded(whole.state)


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


def _packed(events: Events) -> bytes:
    content: dict[str, Any] = {one.name: getattr(events, one.name) for one in fields(events)}
    for name, kind in _ARRAYS.items():
        # Little-endian, so that a file can be read on any machine.
        content[name] = np.asarray(content[name], dtype=np.dtype(kind).newbyteorder("<")).tobytes()
    content["cells"] = [[*cell[:3], int(cell.cause), *cell[4:]] for cell in events.cells]
    return _encode(content)


def _unpacked(data: bytes) -> Events:
    content = msgspec.msgpack.decode(data)
    for name, kind in _ARRAYS.items():
        content[name] = np.frombuffer(content[name], dtype=np.dtype(kind).newbyteorder("<")).astype(kind)
    content["cells"] = tuple(
        Cell(method, path, status, Cause(cause), ms, size, note)
        for method, path, status, cause, ms, size, note in content["cells"]
    )
    content["clients"], content["agents"] = tuple(content["clients"]), tuple(content["agents"])
    return Events(**content)
