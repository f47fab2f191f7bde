"""Files on their way to the platform and back: what is sent, what is left out and why, and how an archive is unpacked.

No network here; the only I/O is the local disk.
"""

from __future__ import annotations

from createos_nb.uploads.atomic_write import atomic_file, atomic_folder
from createos_nb.uploads.encoding import Packed, pack
from createos_nb.uploads.selection import MOST_BYTES, Selection, select
from createos_nb.uploads.unpacking import unpack

__all__ = ["MOST_BYTES", "Packed", "Selection", "atomic_file", "atomic_folder", "pack", "select", "unpack"]
