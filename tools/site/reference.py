"""The rest of the reference from the code: errors, the fields of a scenario's file, MCP tools."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from createos_nb import errors
from createos_nb.contract import OPERATIONS
from createos_nb.simulator.scenario import schema, steps
from tools.site.api import escaped, google, heading, module_text

_FRONT: Final = """\
Reference
=========

Made from the code: what is written here is what the library declares.

.. list-table::
   :widths: 30 70

   * - :doc:`client/index`
     - every call of a client: arguments, request, columns with dtypes and units
   * - :doc:`api/index`
     - runbooks, plans, analyses, plots, panels and all else that can be imported
   * - :doc:`errors`
     - the tree of errors and warnings, by who is at fault and what to do
   * - :doc:`cli`
     - every command of ``createos-nb`` with its options, and the exit codes
   * - :doc:`scenarios`
     - the file that describes a simulated world
   * - :doc:`scenario-fields`
     - its tables and steps, field by field
   * - :doc:`models`
     - the simulator's models with parameters, limits and units
   * - :doc:`agent_tools`
     - the tools of ``createos-nb mcp``, for agents at work
   * - :doc:`mcp-tools`
     - the tools that a served world offers to agents
   * - :doc:`data`
     - the sample files that come with the library

.. toctree::
   :hidden:

   client/index
   api/index
   errors
   cli
   scenarios
   scenario-fields
   models
   agent_tools
   mcp-tools
   data
"""


def write(source: Path) -> None:
    """Write these pages, and the page that lists the reference."""
    folder = source / "reference"
    made = {
        "index": _FRONT,
        "errors": _errors(),
        "mcp-tools": _tools(),
        "scenario-fields": _fields(),
    }
    for name, text in made.items():
        (folder / f"{name}.rst").write_text(text, encoding="utf-8")


# --- errors -----------------------------------------------------------------------------------------------------------


def _errors() -> str:
    lines = [heading("Errors"), *module_text(errors)]
    plan_errors = importlib.import_module("createos_nb.plans.errors")
    for module, words in ((errors, "Errors and warnings"), (plan_errors, "Errors of plans")):
        lines.append(heading(words, "-"))
        for name, value in vars(module).items():
            own = inspect.isclass(value) and issubclass(value, BaseException) and value.__module__ == module.__name__
            if own and not name.startswith("_"):
                lines.append(f".. autoexception:: {module.__name__}.{name}\n   :show-inheritance:\n")
    return "\n".join(lines)


# --- tools for agents -------------------------------------------------------------------------------------------------


def _tools() -> str:
    from createos_nb.simulator.http.mcp_server import tool

    lines = [
        heading("MCP tools"),
        "The tools of ``/mcp`` of a served world: each is an operation of the platform. :doc:`/mcp` says how an agent "
        "is connected. Ids of the path and the query are arguments of their own, and what a request has in its body is "
        "the argument ``body``.\n",
        ".. list-table::\n   :header-rows: 1\n   :widths: 26 40 12 22\n",
        "   * - tool\n     - what it does\n     - effect\n     - arguments",
    ]
    for operation in sorted(OPERATIONS.values(), key=lambda one: one.name):
        one = tool(operation)
        properties: dict[str, Any] = one.input_schema.get("properties", {})
        required = set(one.input_schema.get("required", ()))
        arguments = ", ".join(f"``{name}``" + ("" if name in required else " (optional)") for name in properties)
        cells = (f"``{one.name}``", escaped(one.description or ""), operation.effect, arguments or "none")
        lines.append("   * - " + "\n     - ".join(cells))
    return "\n".join([*lines, ""])


# --- fields of a scenario's file --------------------------------------------------------------------------------------


def _fields() -> str:
    lines = [
        heading("Fields of a scenario"),
        "Every table of the file and every step of a history, as the code declares them; :doc:`scenarios` explains how "
        "they work together. A field that is not named here is an error that names its line.\n",
        heading("Tables", "-"),
    ]
    for kind in _structs(schema):
        if kind.__name__ not in {"Section"}:
            lines += _struct(kind)
    lines.append(heading("Steps of a history", "-"))
    for kind in _structs(steps):
        if kind.__struct_fields__:
            lines += _struct(kind)
    return "\n".join(lines)


def _structs(module: Any) -> list[type[msgspec.Struct]]:
    return [
        value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


def _struct(kind: type[msgspec.Struct]) -> Iterator[str]:
    config = kind.__struct_config__
    text = inspect.getdoc(kind) or ""
    # a table's docstring begins with its name in the file
    named = None if config.tag else re.match(r"`([^`]+)`[.:;,]? *", text)
    title = f'{config.tag_field} = "{config.tag}"' if config.tag else named[1] if named else kind.__name__
    yield heading(f"``{title}``", "~")
    rest = text[named.end() :] if named else text
    yield from google(rest[:1].upper() + rest[1:])
    fields = msgspec.structs.fields(kind)
    if not fields:
        yield ""
        return
    yield "\n.. list-table::\n   :header-rows: 1\n   :widths: 26 44 30\n\n   * - field\n     - type\n     - default"
    for one in fields:
        annotation = (
            kind.__annotations__.get(one.encode_name) or inspect.get_annotations(kind).get(one.name) or one.type
        )
        default = "required" if one.required else f"``{_default(one)}``"
        yield f"   * - ``{one.encode_name}``\n     - ``{_type(annotation)}``\n     - {default}"
    yield ""


def _default(one: msgspec.structs.FieldInfo) -> str:
    if one.default is not msgspec.NODEFAULT:
        return repr(one.default)
    value: Any = one.default_factory() if callable(one.default_factory) else ""
    return repr(value)


def _type(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    return re.sub(r"\s+", " ", re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text))
