"""Values of parameters made from the declarations, and what is sent for them."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from createos_nb.contract.operation import NumberedPage, Operation, Page, Parameter, Record
from createos_nb.contract.operation import Rows as PlainRows
from createos_nb.contract.types import VcsSettings


def example(kind: inspect.Type, full: bool) -> Any:
    """A value that the declaration accepts: the smallest there is, with zero, false and empty texts."""
    if isinstance(kind, inspect.Metadata):
        return example(kind.type, full)
    if isinstance(kind, inspect.UnionType):
        return example(next(t for t in kind.types if not isinstance(t, inspect.NoneType)), full)
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, inspect.BoolType):
        return False
    if isinstance(kind, inspect.IntType):
        return kind.ge or 0
    if isinstance(kind, inspect.FloatType):
        return float(kind.ge or 0)
    if isinstance(kind, inspect.StrType):
        if kind.pattern and "#" in kind.pattern:
            return "#1f77b4"
        return "/" if kind.pattern == "^/" else "a" * (kind.min_length or 0)
    if isinstance(kind, inspect.DictType):
        return {"snake_case": "kept", "camelCase": "kept", "x-y z": "kept"}
    if isinstance(kind, inspect.ListType | inspect.CollectionType):
        return [example(kind.item_type, full)]
    raise AssertionError(kind)


def part(kind: type[msgspec.Struct], full: bool) -> dict[str, Any]:
    fields = inspect.type_info(kind).fields
    values = {one.encode_name: example(one.type, full) for one in fields if full or one.required}
    if kind is VcsSettings:  # commands have a value or are left out
        return {name: "a" if value == "" else value for name, value in values.items()}
    return values


def example_of(p: Parameter, full: bool, wire: Any) -> tuple[Any, Any]:
    """An argument for a parameter, and what is to be sent for it."""
    if p.ref is not None or p.location == "path":
        one = "4711" if p.ref and p.ref.resource == "installation" else wire.uuid(7)
        if p.many:
            return [one], [one]
        return one, int(one) if one == "4711" and p.location == "body" else one
    if p.moment is not None:
        return wire.NOW, "2026-03-02T09:00:00Z" if p.moment.unit == "iso" else int(wire.NOW)
    if p.wire == "type" and p.fields is None and "vcs" in p.bounds()["choices"]:
        return "vcs", "vcs"
    if p.fields is not None:
        found = part(p.fields.of[0], full or p.wire == "settings")
        return ([found], [found]) if p.fields.many else (found, found)
    if p.location == "file":
        return b"PK\x03\x04zip", b"PK\x03\x04zip"
    found = example(inspect.type_info(p.annotation), full)
    return found, found


def empty_answer(one: Operation) -> Any:
    answer = one.answer
    if isinstance(answer, Page):
        return {answer.rows: [], "pagination": {"total": 0, "limit": 20, "offset": 0, "count": 0}}
    if isinstance(answer, PlainRows):
        return {answer.inside: []} if answer.inside else []
    if isinstance(answer, NumberedPage):
        return []
    if one.call == "analytics.success_percentage":
        return {"successPercentage": 99.5}
    return {} if isinstance(answer, Record) else "done"
