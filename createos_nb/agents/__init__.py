"""Agents: the toolkit as a server of the Model Context Protocol, and examinations of agents in drills.

`createos-nb mcp` serves the tools, for the platform and for simulated worlds alike; `createos-nb drill run` lets any
program take drills, and `examine_command` is the same in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from createos_nb.agents.examination.result import Examination
    from createos_nb.agents.examination.run import examine_command
    from createos_nb.agents.opening import mcp_server

__all__ = ["Examination", "examine_command", "mcp_server"]

# loaded when first used: a server of the tools needs no simulator
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    [],
    {
        "examination.result": ["Examination"],
        "examination.run": ["examine_command"],
        "opening": ["mcp_server"],
    },
)
