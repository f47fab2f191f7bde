"""What needs the account to be explained, and only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.later import attached

if TYPE_CHECKING:
    from createos_nb.insight.around import effect as effect
    from createos_nb.insight.judging import errors_fell as errors_fell
    from createos_nb.insight.judging import errors_not_risen as errors_not_risen
    from createos_nb.insight.judging import none_lost as none_lost

# Name to module: loaded when first asked for.
_HOMES = {
    "effect": "around",
    "errors_fell": "judging",
    "errors_not_risen": "judging",
    "none_lost": "judging",
}

__all__ = sorted(_HOMES)

__getattr__, __dir__ = attached(__name__, _HOMES)
