"""What a step needs and no journal may hold: values of variables, files, callables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from createos_nb.secret import Secret


@dataclass
class Hidden:
    """Kept in memory only, beside the step.

    `values`: variables to set, by name (None takes one away); `old`: what they were, for the undo; `source`: what is
    uploaded, or the token of a transfer; `gate`: a callable that judges; `issued`: secrets that the platform has given
    once.
    """

    values: Mapping[str, Secret | None] = field(default_factory=dict, repr=False)
    old: dict[str, Secret | None] = field(default_factory=dict, repr=False)
    source: Any = field(default=None, repr=False)
    gate: Callable[..., Any] | None = field(default=None, repr=False)
    issued: dict[str, Secret] = field(default_factory=dict, repr=False)
