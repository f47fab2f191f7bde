"""What the checks of an executed notebook say."""

from __future__ import annotations

from typing import Any

from createos_nb.checks import MIME, Check, Checks


def of(notebook: Any) -> Checks | None:
    """The last checks that the notebook shows; None where it shows none."""
    for cell in reversed(notebook.cells):
        for output in reversed(cell.get("outputs", [])):
            kept = output.get("data", {}).get(MIME)
            if kept is not None:
                return Checks(Check(**one) for one in kept["checks"])
    return None
