"""Files on their way to the platform and back: what is sent, what is left out and why, and how an archive is unpacked.

No network here; the only I/O is the local disk.
"""

from __future__ import annotations

from createos_nb.archive.packing import Packed, packed
from createos_nb.archive.placing import placed_file, placed_folder
from createos_nb.archive.selection import MOST_BYTES, Selection, selected
from createos_nb.archive.unpacking import unpacked

__all__ = ["MOST_BYTES", "Packed", "Selection", "packed", "placed_file", "placed_folder", "selected", "unpacked"]
