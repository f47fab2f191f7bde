"""Identifiers of a world: worked out from its seed, so that the same story gets the same ids on every machine."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

_SEPARATOR: Final = "\x1f"


def digest(*parts: object, size: int = 16) -> bytes:
    """Return `size` bytes (at most 64) that depend on all parts and on nothing else."""
    return blake2b(_SEPARATOR.join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=size).digest()


def uuid_of(*parts: object) -> str:
    """Return an id in the shape of a random (version 4) UUID."""
    raw = bytearray(digest(*parts))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def hex_of(length: int, *parts: object) -> str:
    """Return `length` hexadecimal digits (at most 128), as in the id of a commit."""
    return digest(*parts, size=(length + 1) // 2).hex()[:length]


def number_of(below: int, *parts: object) -> int:
    """Return a whole number from 0 to `below` - 1."""
    return int.from_bytes(digest(*parts, size=8), "big") % below
