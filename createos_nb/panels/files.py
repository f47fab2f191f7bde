"""Where the panels' front-end files are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: JavaScript and CSS beside the modules that use them.
FRONT: Final = Path(__file__).parent / "front"
