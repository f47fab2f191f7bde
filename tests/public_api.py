"""The public functions, methods and classes of the package, and what their docstrings must say."""

from __future__ import annotations

import ast
import enum
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

import createos_nb
from createos_nb.contract.documentation import documentation
from createos_nb.contract.operation import Operation
from createos_nb.contract.resource import Declared

PACKAGE = Path(createos_nb.__file__).parent
#: The rooms whose names people import.
ROOMS = (
    "",
    "agents",
    "analysis",
    "client",
    "contract",
    "diagnostics",
    "frames",
    "http",
    "panels",
    "plans",
    "plots",
    "runbooks",
    "simulator",
    "training",
    "uploads",
    "webhooks",
)
#: What is used by the names of its files: the ground, notebooks as programs, and the commands.
FILES = tuple(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    for pattern in ("*.py", "notebooks/*.py", "cli/*.py")
    for path in sorted(PACKAGE.glob(pattern))
    if path != PACKAGE / "__init__.py"
)
SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Examples|Note|Warning|See Also):$", re.MULTILINE)


@dataclass(frozen=True)
class Documented:
    """A public function, method, operation or class."""

    name: str
    room: str
    object: Any
    #: Of a class: people construct it, for a room exports it.
    exported: bool = False
    operation: Operation | None = None

    @property
    def is_class(self) -> bool:
        return inspect.isclass(self.object)

    def lacks(self) -> list[str]:
        """Return what its docstring does not say."""
        docstring = documentation(self.operation) if self.operation else inspect.cleandoc(self.object.__doc__ or "")
        if not docstring:
            return ["a docstring"]
        parts = SECTION.split(docstring)
        sections = dict(zip(parts[1::2], parts[2::2], strict=True))
        summary = docstring.partition("\n")[0]
        lacks = [] if summary.endswith(".") else ["a summary that ends with a period"]
        named = self._parameters()
        described = {*re.findall(r"^    \*{0,2}(\w+)(?: \(.*\))?:", sections.get("Args", ""), re.MULTILINE)}
        lacks += [f"Args: {name}" for name in named if name not in described]
        if named or not self.is_class:
            lacks += [f"Args: {name} is no parameter" for name in sorted(described.difference(named))]
        if not self.is_class and self._returns() and not sections.keys() & {"Returns", "Yields"}:
            lacks.append("Returns")
        if (not self.is_class or self._constructed()) and ">>> " not in sections.get("Examples", ""):
            lacks.append("Examples")
        return lacks

    def _parameters(self) -> list[str]:
        if self.is_class and not self._constructed():
            return []
        if self.operation is not None:
            return list(self.operation.signature.parameters)
        function = vars(self.object)["__init__"] if self.is_class else self.object
        names = list(inspect.signature(function).parameters)
        return names[1:] if names[:1] in (["self"], ["cls"]) else names

    def _returns(self) -> bool:
        return inspect.signature(self.object).return_annotation not in (None, "None", "NoReturn", "Never")

    def _constructed(self) -> bool:
        """People construct it: its constructor is written out, and it is no error."""
        return (
            self.exported
            and "__init__" in vars(self.object)
            and not is_dataclass(self.object)
            and not issubclass(self.object, BaseException)
            and not getattr(self.object, "_is_protocol", False)
        )


@functools.cache
def public_api() -> tuple[Documented, ...]:
    """Return everything public once, under the shortest name it has.

    That is what `__all__` of the rooms names, the public methods of those classes, and, in turn, the classes that the
    annotations of what these return name.
    """
    found: dict[Any, Documented] = {}
    exported = [
        (f"{module.__name__}.{name}".removeprefix("createos_nb."), getattr(module, name))
        for module in (importlib.import_module(f"createos_nb.{room}".rstrip(".")) for room in (*ROOMS, *FILES))
        for name in getattr(module, "__all__", None) or _defined(module)
    ]
    queue = list(exported)
    while queue:
        name, value = queue.pop(0)
        function = value.operation.function if isinstance(value, Declared) else value
        is_written = inspect.isfunction(function) and function.__name__ != "<lambda>"
        if not (inspect.isclass(value) or is_written) or not _ours(function) or function in found:
            continue
        operation = value.operation if isinstance(value, Declared) else None
        found[function] = Documented(name, _room(function), function, (name, value) in exported, operation)
        if inspect.isclass(value):
            queue += [(f"{name}.{attribute}", member) for attribute, member in _members(value)]
            returned = [kind for function in _properties(value) for kind in _kinds_returned(function)]
        else:
            returned = list(_kinds_returned(function))
        queue += [(kind.__name__, kind) for kind in returned]
    return tuple(found.values())


def _defined(module: ModuleType) -> list[str]:
    """The names that a file defines; of a command its functions, for its classes are its own."""
    return [
        name
        for name, value in vars(module).items()
        if name[0] != "_"
        and getattr(value, "__module__", "") == module.__name__
        and not (inspect.isclass(value) and module.__name__.startswith("createos_nb.cli"))
    ]


def _ours(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).partition(".")[0] == "createos_nb"


def _room(value: Any) -> str:
    parts = value.__module__.split(".")
    return parts[1] if len(parts) > 2 or parts[-1] in (*ROOMS, "cli") else "the ground"


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods that a class has from this package, its base classes' included."""
    for base in kind.__mro__:
        if not _ours(base) or issubclass(kind, enum.Enum):
            continue
        for name, member in vars(base).items():
            if not name.startswith("_"):
                yield name, member.__func__ if isinstance(member, classmethod | staticmethod) else member


def _properties(kind: type) -> Iterator[Callable[..., Any]]:
    for base in kind.__mro__:
        for name, member in vars(base).items() if _ours(base) else ():
            if not name.startswith("_") and isinstance(member, functools.cached_property | property):
                function = member.func if isinstance(member, functools.cached_property) else member.fget
                if function is not None:
                    yield function


def _kinds_returned(function: Callable[..., Any]) -> Iterator[type]:
    """Yield this package's classes that the annotation of what a function returns names."""
    annotation = function.__annotations__.get("return", "")
    known = _names(sys.modules[function.__module__])
    for name in re.findall(r"[A-Za-z_][\w.]*", annotation if isinstance(annotation, str) else ""):
        head, *rest = name.split(".")
        value = known.get(head)
        for part in rest:
            value = getattr(value, part, None)
        if inspect.isclass(value) and _ours(value) and not issubclass(value, msgspec.Struct) and name[0] != "_":
            yield value


@functools.cache
def _names(module: ModuleType) -> dict[str, Any]:
    """The names of a module, those included that it imports for checkers only."""
    names = dict(vars(module))
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("createos_nb"):
            source = importlib.import_module(node.module or "")
            names |= {alias.asname or alias.name: getattr(source, alias.name) for alias in node.names}
    return names
