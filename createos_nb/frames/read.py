"""Decode JSON into rows: fast by the declaration, slowly but completely where the wire says more than that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

import msgspec

from createos_nb.contract.operation import NumberedPage, Operation, Page, Record, Rows
from createos_nb.contract.row import Row
from createos_nb.errors import InvalidResponse
from createos_nb.frames.build import CHUNK, REPLACED, Builder, warn_of_replaced
from createos_nb.http.lenient_json import (
    Payload,
    RepairedJson,
    Replaced,
    json_of,
    repair_json,
    replacements_below,
    replacements_of,
)
from createos_nb.process import ForkLock
from createos_nb.redaction import without_frames, wrap_secrets

_MAKING: Final = ForkLock()


class _Pagination(msgspec.Struct):
    total: int | None = None


class DecodedRows:
    """The rows of one answer: structs where they fitted, decoded JSON where they did not."""

    __slots__ = ("attrs", "raw", "rows", "total")

    def __init__(
        self,
        rows: Sequence[Row] = (),
        raw: Sequence[Any] | None = None,
        total: int | None = None,
        attrs: dict[str, Any] | None = None,
    ) -> None:
        self.rows, self.raw, self.total, self.attrs = rows, raw, total, attrs or {}

    def __len__(self) -> int:
        return len(self.rows if self.raw is None else self.raw)

    def items(self) -> Sequence[Any]:
        """Return the rows, as structs or as they came."""
        return self.rows if self.raw is None else self.raw

    def into(self, builder: Builder) -> None:
        """Give the rows to a builder, once: they are let go on the way, for a long list fills the memory twice else."""
        if self.raw is not None:
            builder.add_raw(self.raw)
            return
        rows, self.rows = list(self.rows), ()
        for at in range(0, len(rows), CHUNK):
            chunk = rows[at : at + CHUNK]
            rows[at : at + CHUNK] = [None] * len(chunk)  # type: ignore[list-item]  # nobody reads them any more
            builder.add(chunk)


class Reader:
    """Reads the answers of one operation."""

    def __init__(self, operation: Operation) -> None:
        answer = operation.answer
        if not isinstance(answer, Record | Rows | Page | NumberedPage):
            raise TypeError(f"{operation.name} gives no rows")
        self.operation, self.answer = operation, answer
        self.of = cast("type[Row]", answer.of)
        #: The rows lie in a field, or are no objects: they are decoded as they come.
        self._wrapped = isinstance(answer, Record | Rows) and answer.inside is not None
        self._wrapped |= isinstance(answer, Rows) and answer.bare is not None
        self._decode = msgspec.json.Decoder(self._shape()).decode

    def _shape(self) -> Any:
        answer, of = self.answer, self.answer.of
        if isinstance(answer, Record):
            return of
        if isinstance(answer, Page):
            return msgspec.defstruct(
                "PageOf" + of.__name__,
                [("rows", list[of], msgspec.field(name=answer.rows)), ("pagination", _Pagination)],  # type: ignore[valid-type]  # made at run time
            )
        return list[of]  # type: ignore[valid-type]  # made at run time

    def read(self, data: Payload) -> DecodedRows:
        """The rows of one payload.

        Raises:
            InvalidResponse: It is no row, page or array at all.
        """
        return without_frames(self._read, data)

    def _read(self, data: Payload) -> DecodedRows:
        if not self._wrapped and not isinstance(data, RepairedJson):
            try:
                decoded = self._decode(data)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                return self._slow(data)
            if isinstance(self.answer, Page):
                return DecodedRows(decoded.rows, total=decoded.pagination.total)
            return DecodedRows([decoded] if isinstance(self.answer, Record) else decoded)
        return self._slow(data)

    def _slow(self, data: Payload) -> DecodedRows:
        return self.decoded(*_decode_lenient(self.operation, data))

    def decoded(self, value: Any, replaced: Sequence[Replaced] = ()) -> DecodedRows:
        """The rows of a payload that is decoded already, its secrets masked. Raises as `read` does."""
        answer = self.answer
        attrs: dict[str, Any] = {}
        total = None
        if isinstance(answer, Record):
            if answer.inside and isinstance(value, dict) and answer.inside in value:
                value, replaced = value[answer.inside], _part(self.operation, replaced, answer.inside)
            if not isinstance(value, dict):
                raise unexpected_payload(self.operation, "an object", value)
            return DecodedRows(
                raw=_marked(self.operation, [value], [Replaced((0, *path), what) for path, what in replaced])
            )
        if isinstance(answer, Page):
            if not isinstance(value, dict) or answer.rows not in value:
                raise unexpected_payload(self.operation, "a page", value)
            pagination = value.get("pagination")
            count = pagination.get("total") if isinstance(pagination, dict) else None
            total = count if isinstance(count, int) and not isinstance(count, bool) else None
            value, replaced = value[answer.rows], _part(self.operation, replaced, answer.rows)
        elif isinstance(answer, Rows) and answer.inside and isinstance(value, dict) and answer.inside in value:
            attrs = {k: v for k, v in value.items() if k != answer.inside and isinstance(v, str | int | bool)}
            value, replaced = value[answer.inside], _part(self.operation, replaced, answer.inside)
        if value is None:  # an empty array, as some servers write it
            value = []
        if not isinstance(value, list):
            raise unexpected_payload(self.operation, "an array", value)
        if isinstance(answer, Rows) and answer.bare:
            value = [{answer.bare: item} for item in value]
        return DecodedRows(raw=_marked(self.operation, value, replaced), total=total, attrs=attrs)


def _part(operation: Operation, replaced: Sequence[Replaced], key: str) -> list[Replaced]:
    """Return the replaced values of the rows; warn of replaced values outside of them."""
    warn_of_replaced(operation.call, [str(replacement) for replacement in replaced if replacement.path[:1] != (key,)])
    return list(replacements_below(replaced, key))


def _marked(operation: Operation, rows: list[Any], replaced: Sequence[Replaced]) -> list[Any]:
    """The rows; those in which something was replaced say so, to whoever makes a frame of them."""
    for path, what in replaced:
        row = rows[path[0]] if path and isinstance(path[0], int) else None
        message = str(Replaced(path[1:], what))
        if isinstance(row, dict):
            row.setdefault(REPLACED, []).append(message)
        else:
            warn_of_replaced(operation.call, [f"row {path[0] if path else 0}: {what}"])
    return rows


def unexpected_payload(operation: Operation, expected: str, value: Any, why: str = "") -> InvalidResponse:
    """The error for a payload that is not what the contract says."""
    return InvalidResponse(
        why or f"the answer holds {_kind(value)} where {expected} belongs",
        operation=operation.name,
        method=operation.method,
        path=operation.path,
        status=operation.success,
        hint="The platform answers in a way that this version does not know: client.call() gives it as it came.",
    )


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)


@cache
def _cached_reader(operation: Operation) -> Reader:
    return Reader(operation)


def reader(operation: Operation) -> Reader:
    """Return the reader of an operation; one for each, made once.

    Args:
        operation: An operation whose answer has rows.

    Returns:
        The reader.

    Examples:
        >>> from createos_nb.frames import reader
        >>> operation = createos_nb.contract.find("CheckProjectUniqueName")
        >>> rows = reader(operation).read(b'{"isAvailable": true}')
        >>> len(rows)
        1
    """
    # A decoder that is made while another thread makes one of the same rows gets to see half of them, and its first use
    # ends the process.
    with _MAKING.held:
        return _cached_reader(operation)


def decode_json(operation: Operation, data: Payload) -> Any:
    """A payload as decoded JSON with its secrets masked.

    Raises:
        InvalidResponse: No JSON reader takes it.
    """
    return without_frames(_decode_json, operation, data)


def _decode_json(operation: Operation, data: Payload) -> Any:
    value, replaced = _decode_lenient(operation, data)
    warn_of_replaced(operation.call, [str(replacement) for replacement in replaced])
    return value


def _decode_lenient(operation: Operation, data: Payload) -> tuple[Any, Sequence[Replaced]]:
    """A payload as decoded JSON with its secrets masked, and what was replaced in it because it can't be read."""
    try:
        return wrap_secrets(msgspec.json.decode(json_of(data))), replacements_of(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        reason, repaired = str(error), repair_json(json_of(data))
    try:
        if repaired is not None:
            return wrap_secrets(json.loads(bytes(repaired.json))), (*replacements_of(data), *repaired.replaced)
    except (ValueError, RecursionError) as error:
        reason = str(error)
    # raised out here, for an error of decoding holds the whole payload
    raise unexpected_payload(operation, "JSON", data, f"the answer is JSON that can't be read: {reason}")
