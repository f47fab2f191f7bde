"""From verb and path to the operation: literal paths before templated ones."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from createos_nb.operation import Operation
from createos_nb.simulator.refusal import Refusal


class _Node:
    """One step of a path."""

    __slots__ = ("any", "literal", "verbs")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.verbs: dict[str, Operation] = {}


class Router:
    """Finds operations by verb and path."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            node = self._root
            for part in operation.path.strip("/").split("/"):
                if part.startswith("{"):
                    node.any = node.any or _Node()
                    node = node.any
                else:
                    node = node.literal.setdefault(part, _Node())
            node.verbs[operation.method] = operation

    def find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        """The operation and the values of its path. Refuses with 404 or 405."""
        parts = path.strip("/").split("/") if "%" not in path else [unquote(p) for p in path.strip("/").split("/")]
        matches: list[tuple[_Node, tuple[str, ...]]] = []
        _walk(self._root, parts, 0, (), matches)
        for node, ids in matches:
            operation = node.verbs.get(method)
            if operation is not None:
                return operation, ids
        if not matches:
            raise Refusal(404, f"there is nothing at {path}")
        allowed = sorted({verb for node, _ in matches for verb in node.verbs})
        raise Refusal(405, f"{method} is not allowed here", headers=(("allow", ", ".join(allowed)),))


def _walk(
    node: _Node, parts: list[str], at: int, ids: tuple[str, ...], matches: list[tuple[_Node, tuple[str, ...]]]
) -> None:
    if at == len(parts):
        if node.verbs:
            matches.append((node, ids))
        return
    part = parts[at]
    literal = node.literal.get(part)
    if literal is not None:
        _walk(literal, parts, at + 1, ids, matches)
    if node.any is not None and part:
        _walk(node.any, parts, at + 1, (*ids, part), matches)
