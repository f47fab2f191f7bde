"""Branches to ignore: the documentation shows patterns, the platform takes exact names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from createos_nb.errors import PatternWarning, warn

if TYPE_CHECKING:
    from createos_nb.contract.operation import Operation

_NAMES: Final = ("ignore_branches", "ignoreBranches")
_WILD: Final = frozenset("*?[")


def warn_of_patterns(operation: Operation, values: Mapping[str, Any]) -> None:
    """A `PatternWarning` where a branch to ignore holds a wildcard, whichever way the settings came."""
    patterns = [branch for branch in _ignored(values) if _WILD & set(branch)]
    if patterns:
        warn(
            f"{operation.call}: ignore_branches: {', '.join(map(repr, patterns[:5]))}: the platform compares whole "
            "names, so that a pattern matches no branch and pushes to such branches still deploy; name each branch",
            PatternWarning,
        )


def _ignored(value: Any, depth: int = 0) -> Iterator[str]:
    """Branches to ignore in the values of a call, also inside settings."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if not isinstance(value, Mapping) or depth > 3:
        return
    for name, item in value.items():
        if name in _NAMES and isinstance(item, list | tuple):
            yield from (branch for branch in item if isinstance(branch, str))
        else:
            yield from _ignored(item, depth + 1)
