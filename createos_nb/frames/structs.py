"""Rows as the structs that the contract declares, for whoever reads single fields: what does not fit is left out."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from msgspec.structs import fields

from createos_nb.contract.operation import Operation
from createos_nb.contract.row import Row
from createos_nb.frames.read import reader
from createos_nb.frames.schema import schema
from createos_nb.redaction import Secret

R = TypeVar("R", bound=Row)

#: Whole numbers of more bits can't stand in a frame.
_BITS: Final = 63


def structs_of(operation: Operation, of: type[R], payload: object) -> list[tuple[R, tuple[str, ...]]]:
    """Return the rows of a decoded payload as structs, each with the names of what was left out (settings.runEnvs).

    `payload`: as `client.call` gives it, its secrets masked; those in maps stay `Secret`, and keys of maps stay as they
    are.

    Raises:
        InvalidResponse: It holds no rows at all.
    """
    return [struct_of(of, row) for row in reader(operation).decoded(payload).items()]


def struct_of(of: type[R], value: object) -> tuple[R, tuple[str, ...]]:
    """Return one row as a struct, and what was left out of it.

    A field that holds something else than is declared is None, as is one that is missing; a field that the contract
    does not know has no place. A masked text of a declared field (a token, a body) has none either: `client.call` gives
    it.
    """
    if isinstance(value, dict) and not any(map(_too_long, value.values())):
        try:
            return msgspec.convert(value, of), ()
        except msgspec.ValidationError:
            pass
    unfit: list[str] = []
    return msgspec.convert(_fitting(of, value, (), unfit), of), tuple(unfit)


def _fitting(of: type[Row], value: object, path: tuple[str, ...], unfit: list[str]) -> dict[str, object]:
    """The declared fields of a row, as far as their values are what is declared."""
    if not isinstance(value, dict):
        unfit.append(".".join(path) or "the row")
        return {}
    nested = schema(of).nested
    fitting: dict[str, object] = {}
    for field in fields(of):
        name = field.encode_name
        item, here = value.get(name), (*path, name)
        if item is None or isinstance(item, Secret):
            continue
        inner = nested.get((field.name,))
        if inner is not None:
            fitting[name] = _fitting(inner, item, here, unfit)
            continue
        if isinstance(item, float) and item.is_integer() and not _fits(item, field.type):
            item = int(item)  # the wire writes counts as floats in places
        if _too_long(item) or not _fits(item, field.type):
            unfit.append(".".join(here))
        else:
            fitting[name] = item
    return fitting


def _fits(value: object, kind: object) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _too_long(value: object) -> bool:
    return isinstance(value, int) and value.bit_length() > _BITS
