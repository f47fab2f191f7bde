"""Imports point down only and never in a circle, and importing the package loads nothing that draws."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import createos_nb
from tests.import_graph import ImportGraph

PACKAGE = Path(createos_nb.__file__).parent
GROUND = {
    "causes",
    "checks",
    "clock",
    "connections",
    "data_files",
    "display",
    "dtypes",
    "errors",
    "extensions",
    "extras",
    "lineage",
    "hosts",
    "html",
    "log_text",
    "naming",
    "percentages",
    "process",
    "process_lock",
    "progress",
    "redaction",
    "redactor",
    "results",
    "spans",
    "storage",
    "threads",
    "times",
    "toml_fields",
    "webhooks",
}
#: From the ground up. A room imports what lies below it; the files of the ground import one another.
FLOORS = [
    GROUND,
    {"contract"},
    {"uploads"},
    {"http"},
    {"notify"},
    {"frames"},
    {"client"},
    {"metrics"},
    {"analysis"},
    {"plots"},
    {"history"},
    {"diagnostics"},
    {"plans"},
    {"runbooks"},
    {"recipes"},
    {"training"},
    {"panels"},
    {"agents", "dashboard"},
    {"notebooks"},
    {"__init__"},
    {"cli", "pytest_plugin"},
]
#: The side wing stands beside the floors, behind the seam of the transport.
WING = "simulator"
#: Who opens the side wing.
ROOF = {"client", "training", "__init__", "cli"}
#: Rooms that know less than their floor would let them.
KNOW_ONLY = {
    WING: {"contract"} | GROUND,
    "uploads": GROUND,
    "http": {"contract"} | GROUND,
    "analysis": GROUND,
    "plots": {"analysis"} | GROUND,
}


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    return ImportGraph(PACKAGE)


def test_every_room_has_one_floor(graph: ImportGraph) -> None:
    rooms = [room for floor in FLOORS for room in floor]
    assert len(rooms) == len(set(rooms))
    assert {*rooms, WING} == {graph.room(module) for module in graph.modules}


def test_imports_point_down_only(graph: ImportGraph) -> None:
    floors = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    wrong = []
    for module, targets in graph.edges.items():
        room = graph.room(module)
        for target in targets:
            other = graph.room(target)
            if other == room:
                allowed = True
            elif room in KNOW_ONLY:
                allowed = other in KNOW_ONLY[room]
            elif other == WING:
                allowed = room in ROOF
            else:
                allowed = floors[other] < floors[room] or {room, other} <= GROUND
            if not allowed:
                wrong.append(f"{module} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_no_file_is_in_a_circle_with_another(graph: ImportGraph) -> None:
    circles = graph.circles()
    assert not circles, "\n".join(circles)


@pytest.mark.parametrize(
    ("a", "b", "circle"),
    [
        ("import pack.room.b", "x = 1", False),
        ("import pack.room.b", "from pack.room import a", True),
        ("import pack.room.b", "def later():\n    from pack.room.a import f", True),
        ("import pack.room.b", "if TYPE_CHECKING:\n    from pack.room.a import F", True),
        ("import pack.room.b", "module = 'pack.room.a'", True),
        # the __init__ of another package runs, that of the own one is running already
        ("import pack.hall.c", "x = 1", True),
        ("from pack.room import F", "x = 1", False),
    ],
)
def test_every_kind_of_import_counts(tmp_path: Path, a: str, b: str, circle: bool) -> None:
    files = {
        "__init__": "",
        "room/__init__": "",
        "room/a": a,
        "room/b": b,
        "hall/__init__": "from pack.room.a import f",
        "hall/c": "",
    }
    for name, text in files.items():
        path = tmp_path / "pack" / f"{name}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    assert bool(ImportGraph(tmp_path / "pack").circles()) is circle


@pytest.mark.parametrize("names", ["{'room.a': ['f']}", "submodules=['room'], submod_attrs={'room.a': ['f']}"])
def test_what_lazy_loader_loads_is_imported(tmp_path: Path, names: str) -> None:
    room = tmp_path / "pack" / "room"
    room.mkdir(parents=True)
    (tmp_path / "pack" / "__init__.py").write_text(f"import lazy_loader\nlazy_loader.attach(__name__, {names})")
    (room / "__init__.py").write_text("")
    (room / "a.py").write_text("import pack")
    graph = ImportGraph(tmp_path / "pack")
    assert "pack.room.a" in graph.edges["pack"]
    assert len(graph.circles()) == 1


def _naming(*words: str) -> Iterator[tuple[Path, ast.Module]]:
    """The files of the package in which one of some words stands."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if any(word in text for word in words):
            yield path, ast.parse(text)


def test_only_the_transport_opens_connections() -> None:
    """Whoever else needs an answer asks the transport for it; a served world posts its webhooks by itself."""
    opens = {
        "Client",
        "AsyncClient",
        "HTTPTransport",
        "AsyncHTTPTransport",
        "get",
        "post",
        "request",
        "stream",
        "urlopen",
    }
    found = set()
    for path, tree in _naming("httpx", "requests", "urllib"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in opens:
                on = node.func.value
                if isinstance(on, ast.Name) and on.id in ("httpx", "requests", "urllib"):
                    found.add(str(path.relative_to(PACKAGE)))
    assert found == {"http/transport.py", "simulator/http/webhook_sender.py"}


def test_httpx_is_known_to_http_and_to_the_simulators_transport_alone() -> None:
    """Its successor, or another library, would be a matter of two folders."""
    found = set()
    for path, tree in _naming("httpx", "httpcore"):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] in ("httpx", "httpcore") for name in names):
                found.add(path.relative_to(PACKAGE).parent.as_posix())
    assert found == {"http", "simulator/http"}


def test_importing_the_package_loads_nothing_that_draws() -> None:
    heavy = ("matplotlib", "ipywidgets", "IPython", "scipy", "tqdm", "createos_nb.simulator")
    code = f"import sys, createos_nb; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
