"""The tools of `createos-nb mcp` as one page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from createos_nb.agents.registry import tools
from createos_nb.agents.tool import Tool

_HEAD: Final = """\
# Tools for agents

What `createos-nb mcp` offers, made from signatures and docstrings by `python -m tools.agent_tools`; `docs/agents.md`
says how they go together. `apply` is offered with `--allow-changes`, `sql` where there is a history, `alert` and
`submit` in a drill.
"""
_EFFECTS: Final = {"read": "reads", "change": "changes the account", "answer": "answers a drill"}


def markdown() -> str:
    """Return the reference of the tools.

    Returns:
        Markdown: a heading for each tool, what it is for, and its arguments.

    Examples:
        >>> from createos_nb.agents.tool_reference import markdown
        >>> markdown().splitlines()[0]
        '# Tools for agents'
    """
    return "\n".join([_HEAD, *(line for one in tools().values() for line in _section(one))])


def _section(one: Tool) -> list[str]:
    lines = [f"## {one.name}", "", f"{one.description} It {_EFFECTS[one.effect]}.", ""]
    properties: Mapping[str, Mapping[str, Any]] = one.schema["properties"]
    if not properties:
        return lines
    required = one.schema.get("required", ())
    lines += ["| argument | takes | meaning |", "| --- | --- | --- |"]
    for name, schema in properties.items():
        default = "needed" if name in required else f"default {_text(schema.get('default'))}"
        meaning = schema.get("description", "").replace("|", "\\|")
        lines.append(f"| `{name}` | {_kind(schema)}; {default} | {meaning} |")
    return [*lines, ""]


def _kind(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        kinds = [_kind(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"] if value is not None)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}s"
    return {"string": "text", "boolean": "true or false"}.get(str(schema.get("type")), str(schema.get("type", "any")))


def _text(value: Any) -> str:
    return "none" if value is None else f"`{value}`"
