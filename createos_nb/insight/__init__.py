"""What needs the account to be explained, and only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.later import attached

if TYPE_CHECKING:
    from createos_nb.insight.around import effect as effect

# Name to module: loaded when first asked for.
_HOMES = {"effect": "around"}

__all__ = sorted(_HOMES)

__getattr__, __dir__ = attached(__name__, _HOMES)
