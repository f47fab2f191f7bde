"""Write the reference of the tools for agents: `python -m tools.agent_tools` makes data/agent_tools.md."""

from __future__ import annotations

from createos_nb.agents.tool_reference import markdown
from createos_nb.data_files import folder

if __name__ == "__main__":
    (folder("data") / "agent_tools.md").write_text(markdown(), encoding="utf-8")
    print("wrote data/agent_tools.md")
