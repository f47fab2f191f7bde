"""The reference from the code, as reStructuredText: packages by autodoc, calls of a client with their columns."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import GoogleDocstring

import createos_nb
from createos_nb.client.client import RESOURCES, Client
from createos_nb.contract.resource import BoundOperation, Resource

#: Packages whose names people import, with the page's title, in the order of the reference.
ROOMS: Final = {
    "createos_nb": "createos_nb: open an account",
    "createos_nb.runbooks": "runbooks",
    "createos_nb.recipes": "recipes",
    "createos_nb.plans": "plans",
    "createos_nb.diagnostics": "diagnostics",
    "createos_nb.analysis": "analysis",
    "createos_nb.plots": "plots",
    "createos_nb.panels": "panels",
    "createos_nb.history": "history",
    "createos_nb.checks": "checks",
    "createos_nb.metrics": "metrics",
    "createos_nb.notify": "notify",
    "createos_nb.webhooks": "webhooks",
    "createos_nb.training": "training",
    "createos_nb.agents": "agents",
    "createos_nb.simulator": "simulator",
    "createos_nb.frames": "frames",
    "createos_nb.contract": "contract",
    "createos_nb.uploads": "uploads",
}
#: Where a client has calls, each a page.
PLACES: Final = (*RESOURCES, "fleet")
#: What autodoc is to show of a class.
_MEMBERS: Final = "   :members:\n   :inherited-members: BaseException, Struct, Figure, object\n"


def write(source: Path) -> None:
    """Write the pages `reference/api/*.rst` and `reference/client/*.rst`, and the lists of both."""
    _write_rooms(source / "reference" / "api")
    _write_client(source / "reference" / "client")


# --- rooms ------------------------------------------------------------------------------------------------------------


def _write_rooms(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    seen: dict[int, str] = {}
    for room, title in ROOMS.items():
        (folder / f"{page_of(room)}.rst").write_text(_room(room, title, seen), encoding="utf-8")
    entries = "\n   ".join(page_of(room) for room in ROOMS)
    text = [
        heading("Functions and classes"),
        "What can be imported, by package. A client's calls, with the columns of their answers, have "
        ":doc:`pages of their own </reference/client/index>`.\n",
        ".. list-table::\n   :widths: 30 70\n",
        *(
            f"   * - :doc:`{room} <{page_of(room)}>`\n     - {escaped(_summary(importlib.import_module(room)))}"
            for room in ROOMS
        ),
        f"\n.. toctree::\n   :hidden:\n\n   {entries}\n",
    ]
    (folder / "index.rst").write_text("\n".join(text), encoding="utf-8")


def page_of(room: str) -> str:
    """The name of a package's page."""
    return room.removeprefix("createos_nb.")


def public_names(room: str) -> list[str]:
    """What a package offers: its `__all__`, else what is written in it."""
    module = importlib.import_module(room)
    names = getattr(module, "__all__", None)
    if names is None:
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == room]
        names = [name for name in own if not name.startswith("_")]
    return list(names)


def _room(room: str, title: str, seen: dict[int, str]) -> str:
    module = importlib.import_module(room)
    names = public_names(room)
    functions = [name for name in names if inspect.isroutine(getattr(module, name))]
    classes = [name for name in names if inspect.isclass(getattr(module, name))]
    errors = [name for name in classes if issubclass(getattr(module, name), BaseException)]
    others = [name for name in names if name not in functions and name not in classes]
    lines = [heading(title), f".. currentmodule:: {room}\n", *module_text(module)]
    kinds = [("Functions", functions), ("Classes", [name for name in classes if name not in errors])]
    for words, kind in kinds:
        lines += _table(words, kind, module)
    if errors and room == "createos_nb":
        lines.append("The errors and warnings have :doc:`a page of their own </reference/errors>`.\n")
        errors = []
    if others:
        lines += ["\nConstants and types: " + ", ".join(f"``{name}``" for name in others) + ".\n"]
    for words, kind in [*kinds, ("Errors", errors)]:
        if kind:
            lines.append(heading(words, "-"))
        for name in kind:
            value = getattr(module, name)
            if id(value) in seen:
                lines.append(f"``{name}``: see :py:obj:`{seen[id(value)]}`.\n")
                continue
            seen[id(value)] = f"{room}.{name}"
            lines.append(_directive(room, name, value))
    return "\n".join(lines)


def _directive(room: str, name: str, value: Any) -> str:
    if not inspect.isclass(value):
        return f".. autofunction:: {room}.{name}\n"
    if issubclass(value, BaseException):
        return f".. autoexception:: {room}.{name}\n"
    if value is Client:
        # its resources are properties: their calls have pages of their own
        return f".. autoclass:: {room}.{name}\n{_MEMBERS}   :exclude-members: {', '.join(PLACES)}\n"
    return f".. autoclass:: {room}.{name}\n{_MEMBERS}"


def module_text(module: Any) -> list[str]:
    """What a module says of itself; what is indented, or is Python, is a block of code."""
    lines: list[str] = []
    for paragraph in (inspect.getdoc(module) or "").split("\n\n"):
        if language := _language(paragraph):
            lines += [f".. code-block:: {language}", "", textwrap.indent(textwrap.dedent(paragraph), "   "), ""]
        else:
            lines += [*google(paragraph), ""]
    return lines


def _language(paragraph: str) -> str:
    if all(line.startswith("    ") for line in paragraph.split("\n")):
        return "text"
    try:
        statements = ast.parse(paragraph).body
    except SyntaxError:
        return ""
    calls = (ast.Assign, ast.Call)
    return "python" if any(isinstance(node, calls) for one in statements for node in ast.walk(one)) else ""


def _table(words: str, names: Iterable[str], module: Any) -> Iterator[str]:
    rows = [(name, _summary(getattr(module, name))) for name in names]
    if not rows:
        return
    yield f".. list-table:: {words}\n   :widths: 30 70\n   :class: names\n"
    for name, summary in rows:
        yield f"   * - :py:obj:`{name} <{module.__name__}.{name}>`\n     - {escaped(summary)}"
    yield ""


# --- the calls of a client --------------------------------------------------------------------------------------------


def _write_client(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    client = createos_nb.simulate()
    columns = {str(call): rows for call, rows in createos_nb.columns().groupby("call")}
    table = [heading("Calls and columns")]
    table += [
        "Every call of a client: what it takes, the request that it sends, the columns of the frame that it returns. "
        "``client.operations()`` and ``createos_nb.columns()`` give the same as DataFrames.\n",
        ".. list-table::\n   :widths: 30 70\n",
    ]
    for name in PLACES:
        resource = getattr(client, name)
        (folder / f"{name}.rst").write_text(_resource(name, resource, columns), encoding="utf-8")
        table.append(f"   * - :doc:`client.{name} <{name}>`\n     - {escaped(_summary(type(resource)))}")
    table.append("\n.. toctree::\n   :hidden:\n\n   " + "\n   ".join(PLACES) + "\n")
    (folder / "index.rst").write_text("\n".join(table), encoding="utf-8")


def _resource(name: str, resource: Resource, columns: dict[str, Any]) -> str:
    calls = sorted(calls_of(resource))
    lines = [heading(f"client.{name}"), *google(inspect.getdoc(type(resource)) or ""), ""]
    lines.append(".. list-table::\n   :widths: 30 70\n   :class: names\n")
    for call in calls:
        lines.append(
            f"   * - :py:obj:`{call} <client.{name}.{call}>`\n     - {escaped(_summary(getattr(resource, call)))}"
        )
    lines.append("")
    for call in calls:
        lines += _call(f"{name}.{call}", getattr(resource, call), columns)
    return "\n".join(lines)


def calls_of(resource: Resource) -> list[str]:
    """The names of the public calls of a resource."""
    return [
        name
        for name in dir(resource)
        if not name.startswith("_") and callable(getattr(resource, name)) and name != "operations"
    ]


def _call(path: str, call: Any, columns: dict[str, Any]) -> Iterator[str]:
    yield f".. py:function:: client.{path}{signature(call)}\n"
    body = google(inspect.getdoc(call) or "")
    if isinstance(call, BoundOperation):
        one = call.operation
        body = [f"*{one.effect}* · ``{one.name}`` · ``{one.method} {one.path}``", "", *body]
    rows = columns.get(path)
    if rows is not None:
        body += [
            "",
            ".. list-table:: Columns",
            "   :header-rows: 1",
            "   :widths: 26 16 44 14",
            "   :class: columns",
            "",
        ]
        body += ["   * - column", "     - dtype", "     - meaning", "     - unit"]
        for row in rows.itertuples():
            body += [
                f"   * - ``{row.column}``",
                f"     - {escaped(row.dtype)}",
                f"     - {escaped(row.meaning)}",
                f"     - {escaped(row.unit)}",
            ]
    yield textwrap.indent("\n".join(body), "   ")
    yield ""


def signature(call: Any) -> str:
    """The signature of a call as it is written, without what its annotations stand for."""
    parts: list[str] = []
    for p in inspect.signature(call).parameters.values():
        if p.kind is p.KEYWORD_ONLY and not any(part.startswith("*") for part in parts):
            parts.append("*")
        parts.append(str(p.replace(annotation=p.empty)).replace("UNSET", "…"))
    return f"({', '.join(parts)})"


# --- text -------------------------------------------------------------------------------------------------------------


def google(docstring: str) -> list[str]:
    """A Google docstring as lines of reStructuredText."""
    settings: Any = Config(napoleon_google_docstring=True, napoleon_use_rtype=False, napoleon_use_ivar=True)
    lines: list[str] = GoogleDocstring(plain(docstring).split("\n"), settings).lines()
    return lines


def plain(docstring: str) -> str:
    """A docstring in which only backticks and the layout mean something to reStructuredText.

    Single backticks are code here, as in Markdown.
    """
    return "\n".join(
        line if line.lstrip().startswith((">>>", "...")) else _plain(line) for line in docstring.split("\n")
    )


def _plain(line: str) -> str:
    parts: list[str] = re.split(r"(`+[^`]+`+)", line)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"(?<!\\)([*|]|_\b)", r"\\\1", parts[index])
        # code that is followed by a letter, as in a plural
        if index and re.match(r"\w", parts[index]):
            parts[index] = "\\ " + parts[index]
    return "".join(parts)


def escaped(text: str) -> str:
    """A text of one line in which backticks are code and nothing else is markup."""
    return plain(" ".join(str(text).split()))


def heading(text: str, mark: str = "=") -> str:
    """A heading of reStructuredText."""
    return f"{text}\n{mark * len(text)}\n"


def _summary(value: Any) -> str:
    return (inspect.getdoc(value) or "").split("\n\n")[0].split("\n")[0]
