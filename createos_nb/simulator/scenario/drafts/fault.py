"""What makes a function a fault, and all of them by name."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from createos_nb.causes import Cause
from createos_nb.errors import UnknownName
from createos_nb.simulator.scenario.drafts.draft import Draft

_FOLDER = "createos_nb.simulator.scenario.faults"


@dataclass(frozen=True, slots=True)
class Fault:
    """A template of a fault.

    Attributes:
        name: that of its function.
        cause: the word for it; empty where nothing is wrong.
        shows: what it is like, in a sentence.
        faint: whether it can be hard to see.
        draw: puts it into a draft.
    """

    name: str
    cause: Cause | None
    shows: str
    faint: bool
    draw: Callable[[Draft], None]


_KNOWN: dict[str, Fault] = {}


def fault(cause: Cause | None, *, faint: bool = True) -> Callable[[Callable[[Draft], None]], Callable[[Draft], None]]:
    """Make a function a template of a fault; its name and the first line of its docstring serve.

    Args:
        cause: the word for it; None where nothing is wrong.
        faint: whether it can be hard to see.
    """

    def mark(draw: Callable[[Draft], None]) -> Callable[[Draft], None]:
        name, shows = draw.__name__, (draw.__doc__ or "").partition("\n")[0]
        if name in _KNOWN:
            raise ValueError(f"there are two faults named {name}")
        _KNOWN[name] = Fault(name, cause, shows, faint, draw)
        return draw

    return mark


@cache
def all_faults() -> Mapping[str, Fault]:
    """Return every fault by its name, in order of files and of their functions."""
    folder = import_module(_FOLDER)
    for module in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        import_module(f"{_FOLDER}.{module}")
    return dict(_KNOWN)


def fault_named(name: str) -> Fault:
    """Return a fault. Raises `UnknownName`, with what there is."""
    known = all_faults()
    if name not in known:
        raise UnknownName("fault", name, list(known))
    return known[name]
