"""Imports point down only, and importing the package loads nothing that draws."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import createos_nb

PACKAGE = Path(createos_nb.__file__).parent
#: From the ground up. A room may import its own floor and those below it, except where ROOMS_APART says otherwise.
FLOORS = [
    {
        "checks",
        "clock",
        "errors",
        "files",
        "later",
        "lineage",
        "mending",
        "noun",
        "operation",
        "percentages",
        "private",
        "process",
        "progress",
        "secret",
        "text",
        "times",
        "veil",
        "words",
    },
    {"api"},
    {"wire", "frames", "archive"},
    {"nouns", "client", "fleet", "glance", "credentials", "profiles", "exports", "reference", "openapi"},
    {"analysis", "insight", "history", "plans", "runbooks"},
    {"plots", "panels"},
    {"cli", "running", "opening", "magics", "samples", "__init__"},
]
#: Rooms that know less than their floor would let them: pure functions, and the side wing behind the transport's seam.
KNOW_ONLY = {
    "simulator": {"simulator"} | FLOORS[0] | FLOORS[1],
    "analysis": {"analysis"} | FLOORS[0],
    "wire": {"wire"} | FLOORS[0],
    "frames": {"frames", "api"} | FLOORS[0],
    "archive": {"archive"} | FLOORS[0],
}
#: Only the roof joins client and simulator.
ROOF = FLOORS[-1]


def imports() -> list[tuple[str, str, str]]:
    """(file, room, imported room) of every import of the package within the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        room = inside.parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                assert not isinstance(node, ast.ImportFrom), f"{inside}: imports name the whole way"
                continue
            for name in names:
                parts = name.split(".")
                if parts[0] == "createos_nb" and len(parts) > 1:
                    there = (PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").exists()
                    found.append((str(inside), room, parts[1] if there else "__init__"))
    return found


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def test_every_room_has_its_floor() -> None:
    rooms = {
        path.name.removesuffix(".py")
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - set.union(*FLOORS) == {"simulator"}


def test_imports_point_down_only() -> None:
    wrong = []
    for file, room, other in imports():
        if room in KNOW_ONLY:
            allowed = other in KNOW_ONLY[room]
        elif other == "simulator":
            allowed = room in ROOF
        else:
            allowed = floor_of(other) <= floor_of(room)
        if not allowed:
            wrong.append(f"{file} imports {other}")
    assert not wrong


def test_only_the_transport_opens_connections() -> None:
    """Whoever else needs an answer asks the transport for it; the command line's server answers, and asks nobody."""
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
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in opens:
                on = node.func.value
                if isinstance(on, ast.Name) and on.id in ("httpx", "requests", "urllib"):
                    found.add(str(path.relative_to(PACKAGE)))
    assert found == {"wire/transport.py"}


def test_importing_the_package_loads_nothing_that_draws() -> None:
    heavy = ("matplotlib", "ipywidgets", "IPython", "scipy", "tqdm", "createos_nb.simulator")
    code = f"import sys, createos_nb; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
