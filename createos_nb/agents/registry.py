"""The tools: whatever is one in a file of `createos_nb/agents/tools/`."""

from __future__ import annotations

import functools
import pkgutil
from importlib import import_module

from createos_nb.agents import tools as package
from createos_nb.agents.tool import Tool


@functools.cache
def tools() -> dict[str, Tool]:
    """Return all tools by their names, sorted.

    Returns:
        The tools; a server offers those that it can answer.

    Examples:
        >>> from createos_nb.agents.registry import tools
        >>> list(tools())[:3]
        ['account', 'alert', 'apply']
    """
    found: dict[str, Tool] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Tool):
                found[value.name] = value
    return dict(sorted(found.items()))
