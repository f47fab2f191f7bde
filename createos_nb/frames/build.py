"""Build a typed frame from rows, page by page, so that no more than one page of rows is alive at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import numpy as np
import pandas as pd

from createos_nb.contract.row import Row
from createos_nb.errors import ReplacedWarning, warn
from createos_nb.frames.arrays import Array, arrays, joined, objects
from createos_nb.frames.schema import Schema, extra_name, schema
from createos_nb.redaction import without_frames

#: So many rows are held as Python values before they become arrays: few enough for the processor to keep them near.
CHUNK = 1024
#: In a row as decoded JSON: what was replaced in it because it can't be read. No field of the platform's is so named.
REPLACED: Final = "createos-nb: replaced"


class Builder:
    """Collects rows into columns. `add` takes decoded structs, `add_raw` the rows that did not fit the declaration.

    Args:
        of: The kind of row; its fields are the columns.

    Examples:
        >>> from createos_nb.frames import Builder
        >>> from createos_nb.contract.row import Availability
        >>> builder = Builder(Availability)
        >>> builder.add([Availability(is_available=True)])
        >>> builder.frame()
           is_available
        0          True
    """

    def __init__(self, of: type[Row]) -> None:
        self.schema = schema(of)
        self.count = 0
        self._plan = _plan(self.schema)
        self._values: dict[tuple[str, ...], list[Any]] = {path: [] for path, _ in self._plan.getters}
        self._chunks: list[list[Array]] = []
        self._rows: list[Row] = []
        self._pending = 0
        self._trusted = True
        self._extra: dict[tuple[str, ...], list[Any]] = {}
        self._replaced: list[str] = []

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows that are structs of the declared kind.

        Args:
            rows: The rows; they can be let go afterwards.

        Examples:
            >>> from createos_nb.frames import Builder
            >>> from createos_nb.contract.row import Availability
            >>> builder = Builder(Availability)
            >>> builder.add([Availability(is_available=True), Availability()])
            >>> builder.frame()["is_available"].to_list()
            [True, <NA>]
        """
        self._rows.extend(rows)
        self._advance(len(rows))

    def add_raw(self, rows: Iterable[Any]) -> None:
        """Take rows that are decoded JSON: what the declaration does not know becomes an extra column.

        Args:
            rows: The rows, with the wire's names.

        Examples:
            >>> from createos_nb.frames import Builder
            >>> from createos_nb.contract.row import Availability
            >>> builder = Builder(Availability)
            >>> builder.add_raw([{"isAvailable": False, "reservedBy": "tamsin"}])
            >>> builder.frame()
               is_available reserved_by
            0         False      tamsin
        """
        self._take_apart()
        self._trusted = False
        for row in rows:
            known = row if isinstance(row, dict) else {"value": row}
            if REPLACED in known:
                self._replaced += [f"row {self.count}, {message}" for message in known[REPLACED]]
                known = {key: value for key, value in known.items() if key != REPLACED}
            extras: dict[tuple[str, ...], Any] = {}
            for path, wire in self._plan.wires:
                self._values[path].append(_dig(known, wire))
            _unknown(known, (), self.schema, extras)
            for wire, value in extras.items():
                self._extra.setdefault(wire, [None] * self.count).append(value)
            self._advance(1)

    def frame(self) -> pd.DataFrame:
        """Return the frame: the declared columns in their order, then what was not declared.

        Returns:
            One row for each that was added, with the declared dtypes, also without rows.

        Examples:
            >>> from createos_nb.frames import Builder
            >>> from createos_nb.contract.row import Availability
            >>> Builder(Availability).frame().dtypes
            is_available    boolean
            dtype: object
        """
        if self._pending or not self._chunks:
            self._flush()
        columns_shown = self._plan.columns
        columns = {column.name: joined([chunk[i] for chunk in self._chunks]) for i, column in enumerate(columns_shown)}
        for wire, values in self._extra.items():
            columns[_free(extra_name(wire), columns)] = objects(values)
        index = pd.RangeIndex(self.count)
        # pandas would make an array of objects that are all texts an array of texts
        data = {
            name: pd.Series(values, index=index, dtype=object, copy=False) if isinstance(values, np.ndarray) else values
            for name, values in columns.items()
        }
        frame = pd.DataFrame(data, index=index, copy=False)
        if self._replaced:
            frame.attrs["replaced"] = self._replaced
            warn_of_replaced(self.schema.of.__name__, self._replaced)
        return frame

    def _take_apart(self) -> None:
        """The pending structs as values by column; many at once, for a page costs more by the call than by the row."""
        at: dict[tuple[str, ...], Sequence[Any]] = {(): self._rows}
        for path, empty in self._plan.parents:
            parents = map(attrgetter(path[-1]), at[path[:-1]])
            at[path] = [empty if parent is None else parent for parent in parents]
        for path, getter in self._plan.getters:
            self._values[path].extend(map(getter, at[path[:-1]]))
        self._rows = []

    def _advance(self, rows: int) -> None:
        self.count += rows
        self._pending += rows
        for values in self._extra.values():
            values.extend([None] * (self.count - len(values)))
        if self._pending >= CHUNK:
            self._flush()

    def _flush(self) -> None:
        """The pending rows as arrays; their Python values are let go, secrets among them."""
        without_frames(self._into_arrays)

    def _into_arrays(self) -> None:
        self._take_apart()
        for path, second in self._plan.second_spellings:
            self._values[path] = [
                b if a is None else a for a, b in zip(self._values[path], self._values[second], strict=True)
            ]
        values = [self._values[column.path] for column in self._plan.columns]
        self._chunks.append(arrays(self._plan.columns, values, trusted=self._trusted))
        self._values = {path: [] for path in self._values}
        self._pending = 0
        self._trusted = True


class _Plan:
    """The paths of the columns through the nested structs; computed once for each resource."""

    def __init__(self, of: Schema) -> None:
        read = [column for column in of.columns if column.kind != "state"]
        by_name = {column.name: column.path for column in read if column.into is None}
        self.columns = [column for column in of.columns if column.into is None]
        self.parents = [(path, kind()) for path, kind in of.nested.items() if path]
        self.getters = [(column.path, attrgetter(column.path[-1])) for column in read]
        self.wires = [(column.path, column.wire) for column in read]
        #: columns whose gaps a second spelling fills
        self.second_spellings = [(by_name[column.into], column.path) for column in read if column.into]


_PLANS: dict[type[Row], _Plan] = {}


def _plan(of: Schema) -> _Plan:
    plan = _PLANS.get(of.of)
    if plan is None:
        plan = _PLANS[of.of] = _Plan(of)
    return plan


def frame_of(of: type[Row], rows: Sequence[Row] = (), raw: Sequence[Any] = ()) -> pd.DataFrame:
    """Return a frame of a few rows.

    Args:
        of: The kind of row; its fields are the columns.
        rows: Rows as structs.
        raw: Rows as decoded JSON.

    Returns:
        The frame.

    Examples:
        >>> from createos_nb.frames import frame_of
        >>> from createos_nb.contract.row import Availability
        >>> frame_of(Availability, raw=[{"isAvailable": True}])
           is_available
        0          True
    """
    builder = Builder(of)
    builder.add(rows)
    builder.add_raw(raw)
    return builder.frame()


def record_of(frame: pd.DataFrame) -> pd.Series:
    """Return the one row of a frame as a Series with the same labels, named for what it is.

    Args:
        frame: A frame of one row.

    Returns:
        The row.

    Examples:
        >>> from createos_nb.frames import record_of
        >>> record_of(pd.DataFrame({"name": ["nightly"], "runs": [3]}))
        name    nightly
        runs          3
        Name: nightly, dtype: object
    """
    values = objects([frame[name].array[0] for name in frame.columns])
    name = next((frame[n].array[0] for n in ("unique_name", "name") if n in frame.columns), None)
    record = pd.Series(values, index=frame.columns, name=name if isinstance(name, str) else None, dtype=object)
    if "replaced" in frame.attrs:
        record.attrs["replaced"] = frame.attrs["replaced"]
    return record


def warn_of_replaced(label: str, replaced: Sequence[str]) -> None:
    """A warning for values that can't be read, and stand replaced."""
    if replaced:
        listed = "; ".join(replaced[:3]) + (f"; … ({len(replaced)} in all)" if len(replaced) > 3 else "")
        warn(f"{label}: unreadable values were replaced: {listed}", ReplacedWarning)


def _dig(row: Mapping[str, Any], wire: tuple[str, ...]) -> Any:
    value: Any = row
    for part in wire:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _free(name: str, taken: Collection[str]) -> str:
    """The name, or the name with a number: the wire may spell two fields in ways that are one in ours."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _unknown(value: Mapping[str, Any], wire: tuple[str, ...], of: Schema, extras: dict[tuple[str, ...], Any]) -> None:
    """Fields that the declaration lacks, at whatever depth it knows."""
    columns, parents = _known(of)
    for key, item in value.items():
        path = (*wire, key)
        if path in columns:
            continue
        if path in parents:
            if isinstance(item, dict):
                _unknown(item, path, of, extras)
            elif item is not None:
                extras[path] = item
        else:
            extras[path] = item


_KNOWN: dict[type[Row], tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]] = {}


def _known(of: Schema) -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    known = _KNOWN.get(of.of)
    if known is None:
        columns = frozenset(column.wire for column in of.columns)
        parents = {wire[:depth] for wire in columns for depth in range(1, len(wire))}
        known = _KNOWN[of.of] = (columns, frozenset(parents))
    return known
