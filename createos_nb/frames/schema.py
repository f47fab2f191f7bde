"""Which columns a resource's table has: name, dtype, unit and meaning, read from its declaration."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from createos_nb.contract.row import Row
from createos_nb.naming import SECRET_MAPS, SECRET_VALUES, snake

Kind = Literal["text", "whole", "number", "flag", "time", "map", "secret", "names", "object", "state"]

DTYPES: Mapping[Kind, str] = {
    "text": "str",
    "whole": "Int64",
    "number": "Float64",
    "flag": "boolean",
    "time": "datetime64[us, UTC]",
    "map": "object",
    "secret": "object",
    "names": "object",
    "object": "object",
    "state": "str",
}


@dataclass(frozen=True)
class Column:
    """One column. `path` are the attributes that lead to it, `wire` the wire's names of them."""

    name: str
    kind: Kind
    path: tuple[str, ...]
    wire: tuple[str, ...]
    meaning: str = ""
    unit: str = ""
    states: Mapping[str, str] | None = None
    into: str | None = None

    @property
    def dtype(self) -> str:
        """Its dtype in a frame."""
        return DTYPES[self.kind]


@dataclass(frozen=True)
class Schema:
    """The columns of a resource, and the nested structs that they are read through."""

    of: type[Row]
    columns: tuple[Column, ...]
    nested: Mapping[tuple[str, ...], type[Row]]

    @property
    def names(self) -> list[str]:
        """The names of the frame's columns."""
        return [column.name for column in self.columns if column.into is None]


@cache
def schema(of: type[Row]) -> Schema:
    """The schema of a declared resource."""
    nested: dict[tuple[str, ...], type[Row]] = {(): of}
    columns = list(_columns(of, (), (), "", nested))
    names = {column.name for column in columns}
    resolved: list[Column] = []
    for column in columns:
        if column.into in names:  # a second spelling of another column: it fills that one's gaps
            resolved.append(column)
            continue
        resolved.append(_renamed(column))
        if column.states is not None:
            state = column.name.removesuffix("status") + "state"
            meaning = "the same in people's words"
            resolved.append(Column(state, "state", column.path, column.wire, meaning, "", column.states))
    return Schema(of, tuple(resolved), nested)


def _renamed(column: Column) -> Column:
    if column.into is None:
        return column
    return Column(column.into, column.kind, column.path, column.wire, column.meaning, column.unit, column.states, None)


def _columns(
    of: type[Row],
    path: tuple[str, ...],
    wire: tuple[str, ...],
    prefix: str,
    nested: dict[tuple[str, ...], type[Row]],
) -> list[Column]:
    columns: list[Column] = []
    hints = get_type_hints(of, include_extras=True)
    for field in msgspec.structs.fields(of):
        annotation = hints[field.name]
        inner, metas = _unwrapped(annotation)
        field_path, on_wire = (*path, field.name), (*wire, field.encode_name)
        if isinstance(inner, type) and issubclass(inner, Row):
            nested[field_path] = inner
            columns += _columns(inner, field_path, on_wire, f"{prefix}{field.name}_", nested)
            continue
        extra: dict[str, Any] = {}
        for meta in metas:
            extra |= {key: value for key, value in (meta.extra or {}).items() if value}
        unprefixed = extra.get("bare", False)
        meaning = next((meta.description for meta in metas if meta.description), "")
        columns.append(
            Column(
                name=field.name if unprefixed else prefix + field.name,
                kind=_kind(inner, extra, field.encode_name),
                path=field_path,
                wire=on_wire,
                meaning=meaning,
                unit=extra.get("unit", ""),
                states=extra.get("states"),
                into=extra.get("alias"),
            )
        )
    return columns


def _unwrapped(annotation: Any) -> tuple[Any, list[msgspec.Meta]]:
    metas: list[msgspec.Meta] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *marks = get_args(annotation)
            metas += [mark for mark in marks if isinstance(mark, msgspec.Meta)]
        elif get_origin(annotation) in (Union, types.UnionType):
            rest = [part for part in get_args(annotation) if part is not type(None)]
            if len(rest) != 1:
                return annotation, metas
            annotation = rest[0]
        else:
            return annotation, metas


def _kind(inner: Any, extra: Mapping[str, Any], wire: str) -> Kind:
    if extra.get("kind") == "time":
        return "time"
    if wire in SECRET_MAPS:
        return "map"
    if wire in SECRET_VALUES:
        return "secret"
    kinds: dict[Any, Kind] = {str: "text", int: "whole", float: "number", bool: "flag", list[str]: "names"}
    return kinds.get(inner, "object")


def extra_name(wire: tuple[str, ...]) -> str:
    """The column of a field that the contract does not know: its snake_case name behind its parents'."""
    return "_".join(snake(part) for part in wire)
