"""The engine is a library of its own."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import createos_nb.simulator.traffic as engine

OWN = "createos_nb.simulator.traffic"


def test_it_imports_the_standard_library_numpy_and_itself_alone() -> None:
    files = sorted(Path(engine.__file__).parent.rglob("*.py"))
    assert len(files) > 20
    strangers = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            for name in names:
                known = name.split(".")[0] in sys.stdlib_module_names | {"numpy"}
                if not known and name != OWN and not name.startswith(f"{OWN}."):
                    strangers.add(f"{file.name}: {name}")
    assert strangers == set()


def test_no_transcendental_function_and_no_distribution_of_a_library_decides_anything() -> None:
    forbidden = {
        "exp",
        "log",
        "log2",
        "log10",
        "erf",
        "sqrt",
        "pow",
        "power",
        "sin",
        "cos",
        "poisson",
        "gamma",
    }
    for file in sorted(Path(engine.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"np", "math"}:
                assert node.attr not in forbidden, (file.name, node.attr)
            if isinstance(node, ast.ImportFrom) and node.module in {"math", "random"}:
                assert {alias.name for alias in node.names} <= {"isqrt"}, file.name


def test_every_public_name_is_there_and_says_what_it_is() -> None:
    assert len(set(engine.__all__)) == len(engine.__all__)
    for name in engine.__all__:
        assert hasattr(engine, name)
        if callable(getattr(engine, name)):
            assert getattr(engine, name).__doc__, name
