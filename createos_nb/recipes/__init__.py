"""Recipes: the deployment patterns of the platform's documentation, each a function that returns a `Plan`.

plan = recipes.mcp_server(client, "stock-tools", repository="juniper-goods/services")
plan                                                   # each setting says whether it is the documentation's or ours
receipt = plan.apply()
receipt.undo()                                         # a plan, too
"""

from __future__ import annotations

from createos_nb.recipes.catalog import catalog
from createos_nb.recipes.extensions import find
from createos_nb.recipes.multi_agent import multi_agent
from createos_nb.recipes.patterns import Pattern, Variable
from createos_nb.recipes.single import agent, chat_bot, mcp_server, rag_service
from createos_nb.runbooks.launch_sources import PatternSetting

__all__ = [
    "Pattern",
    "PatternSetting",
    "Variable",
    "agent",
    "catalog",
    "chat_bot",
    "find",
    "mcp_server",
    "multi_agent",
    "rag_service",
]
