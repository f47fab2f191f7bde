"""Random 64-bit words by address: any word of any stream, at once, the same on every machine.

Two sources, both of integers alone:

* `words`: Philox 4x64 (a counter-based generator). A block of four words has the address (key, kind, index), so the
  words of a minute are had without those of the minutes before it.
* `mixed`: a keyed finaliser for single events, whose addresses are scattered.

No distribution of a library is drawn from anywhere; `tables` turns words into counts.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Key = tuple[int, int]

_MASK = (1 << 64) - 1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER = np.uint64(0x9FB21C651E98DF25)
_OTHER = np.uint64(0xD6E8FEB86659FD93)
_generators = threading.local()


def key_of(seed: int, stream: str) -> Key:
    """The 128-bit key of a world's seed and the name of a stream in it."""
    digest = hashlib.sha256(f"{seed}\x00{stream}".encode()).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little")


def kind_of(name: str) -> int:
    """The 64-bit number of a named purpose within a stream, so that adding one never moves another's words."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")


def words(key: Key, kind: int, first: int, blocks: int) -> Words:
    """Blocks `first` to `first + blocks` of a kind, shape (blocks, 4), dtype uint64.

    Args:
        key: of the stream.
        kind: the purpose, 0 to 2**64 - 1.
        first: index of the first block; negative ones wrap around.
        blocks: how many.
    """
    generator: np.random.Philox | None = getattr(_generators, "philox", None)
    if generator is None:
        generator = _generators.philox = np.random.Philox(key=[0, 0])
    counter = np.array([first & _MASK, kind, 0, 0], dtype=np.uint64)
    state: Any = {
        "bit_generator": "Philox",
        "state": {"counter": counter, "key": np.array(key, dtype=np.uint64)},
        "buffer": np.zeros(4, dtype=np.uint64),
        "buffer_pos": 4,
        "has_uint32": 0,
        "uinteger": 0,
    }
    generator.state = state
    return np.asarray(generator.random_raw(4 * blocks), dtype=np.uint64).reshape(blocks, 4)


def _finalise(value: Words) -> Words:
    value = value ^ (value >> np.uint64(32))
    value *= _MULTIPLIER
    value ^= value >> np.uint64(29)
    value *= _OTHER
    value ^= value >> np.uint64(32)
    return value


def mixed(key: int, first: npt.ArrayLike, second: npt.ArrayLike) -> Words:
    """One word for each pair of numbers (broadcast), dtype uint64; for addresses that are not in a row."""
    a = np.atleast_1d(np.asarray(first)).astype(np.uint64)
    b = np.atleast_1d(np.asarray(second)).astype(np.uint64)
    return _finalise(_finalise(a * _GOLDEN ^ np.uint64(key)) + b * _GOLDEN)


def uniform(word: Words, below: int) -> Ints:
    """Whole numbers 0 <= n < `below` (at most 2**31) from the upper half of each word."""
    return (((word >> np.uint64(32)) * np.uint64(below)) >> np.uint64(32)).astype(np.int64)
