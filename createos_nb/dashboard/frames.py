"""Messages of a web socket: JSON as text; with bytes behind it, as one binary message."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, Final

_LENGTH: Final = struct.Struct("<I")


def pack(data: dict[str, Any], buffers: Sequence[bytes] = ()) -> str | bytes:
    """Return a message.

    Args:
        data: JSON.
        buffers: Bytes that belong to it.

    Returns:
        A text; where there are buffers, bytes: the length of the JSON, the JSON with their `sizes`, the buffers.

    Examples:
        >>> from createos_nb.dashboard.frames import pack, unpack
        >>> pack({"n": 1})
        '{"n":1}'
        >>> unpack(pack({"n": 1}, [b"ab", b"c"]))
        ({'n': 1, 'sizes': [2, 1]}, [b'ab', b'c'])
    """
    if not buffers:
        return json.dumps(data, separators=(",", ":"))
    text = json.dumps({**data, "sizes": [len(buffer) for buffer in buffers]}, separators=(",", ":")).encode()
    return b"".join([_LENGTH.pack(len(text)), text, *buffers])


def unpack(message: str | bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the JSON and the buffers of a message.

    Args:
        message: As `pack` returns it.

    Returns:
        Both.

    Raises:
        ValueError: It is no such message.
    """
    if isinstance(message, str):
        return _object(message), []
    if len(message) < _LENGTH.size:
        raise ValueError("too short")
    (length,) = _LENGTH.unpack_from(message)
    start = _LENGTH.size + length
    data = _object(message[_LENGTH.size : start].decode())
    sizes = data.get("sizes", [])
    if not isinstance(sizes, list) or any(type(size) is not int or size < 0 for size in sizes):
        raise ValueError("sizes")
    if start + sum(sizes) != len(message):
        raise ValueError("its length is not that of its parts")
    buffers = []
    for size in sizes:
        buffers.append(message[start : start + size])
        start += size
    return data, buffers


def _object(text: str) -> dict[str, Any]:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("no object")
    return data
