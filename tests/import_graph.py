"""Which file of a package imports which, however it does so."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Graph = dict[str, set[str]]


class ImportGraph:
    """The imports between the modules of one package.

    Every import counts: at the top of a file, within a function, under `TYPE_CHECKING`, by the name of a module in a
    string, and by a map of `lazy_loader`. Importing a module runs the `__init__` of every package above it, so that is
    imported too, unless the importing file lies in that package: then it is running already. The package's own
    `__init__` counts where it is named; it runs before everything.

    Attributes:
        modules: The file of each module, by dotted name.
        edges: The modules that each module imports.
    """

    def __init__(self, package: Path) -> None:
        self.name = package.name
        paths = sorted(package.rglob("*.py"))
        self.modules = {self._dotted(path.relative_to(package.parent)): path for path in paths}
        self.edges: Graph = {module: set() for module in self.modules}
        for module, path in self.modules.items():
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for target in self._targets(module, tree):
                self._add(module, target)

    def room(self, module: str) -> str:
        """Return the part of the package that a module belongs to: "plans", "errors", "__init__"."""
        _, *inside = module.split(".")
        return inside[0] if inside else "__init__"

    def circles(self) -> list[str]:
        """Return circles of imports until none is left, each as "a → b → a"."""
        edges = {module: set(targets) for module, targets in self.edges.items()}
        circles = []
        while True:
            try:
                graphlib.TopologicalSorter(edges).prepare()
            except graphlib.CycleError as error:
                imported_first: list[str] = error.args[1]
                circle = imported_first[::-1]
                circles.append(" → ".join(circle))
                edges[circle[0]].discard(circle[1])
            else:
                return circles

    def _dotted(self, path: Path) -> str:
        return ".".join(path.with_suffix("").parts).removesuffix(".__init__")

    def _add(self, module: str, target: str) -> None:
        """Add an import of a module, or of a name within one."""
        parts = target.split(".")
        while parts and ".".join(parts) not in self.modules:
            parts.pop()
        for length in range(2, len(parts)):
            above = ".".join(parts[:length])
            if not module.startswith(f"{above}.") and module != above:
                self.edges[module].add(above)
        if parts and ".".join(parts) != module:
            self.edges[module].add(".".join(parts))

    def _targets(self, module: str, tree: ast.Module) -> Iterator[str]:
        constants = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if self._inside(alias.name))
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module}: imports name the whole way"
                yield from (f"{node.module}.{alias.name}" for alias in node.names if self._inside(node.module or ""))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                if node.value in self.modules and node.value != self.name:
                    yield node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "attach":
                yield from (f"{module}.{name}" for name in _attached(node, constants))

    def _inside(self, target: str) -> bool:
        return target == self.name or target.startswith(f"{self.name}.")


def _attached(call: ast.Call, constants: dict[str, ast.expr]) -> Iterator[str]:
    """Return the submodules that `lazy_loader.attach(package, submodules, names)` can load."""
    for argument in [*call.args[1:], *(keyword.value for keyword in call.keywords)]:
        value: Any = constants.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
        yield from ast.literal_eval(value) or ()
