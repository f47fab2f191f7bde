"""Requests over time as a history keeps them: whole buckets, each once, and what is known of which span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from createos_nb.frames import Buckets
from createos_nb.frames.series import COUNTS
from createos_nb.history.manifest import Asked
from createos_nb.spans import Span, difference, union

if TYPE_CHECKING:
    import pyarrow as pa

#: Seconds in which figures may still grow.
UNSETTLED: Final = 300
#: Seconds after which what the platform gives nothing of is a gap, and is not asked for again.
LATE: Final = 3600
_MICROSECONDS: Final = 1_000_000


class Kept(NamedTuple):
    """The buckets of one window of one environment.

    Attributes:
        settled: int64, one line a bucket whose figures are final: begin and length in seconds, then the five counts.
        unsettled: Those that may still grow.
        known: The spans of the settled ones.
        gaps: Spans of which nothing came, and no more will.
    """

    settled: np.ndarray
    unsettled: np.ndarray
    known: list[Span]
    gaps: list[Span]


def kept(buckets: Buckets, window: Span, missing: list[Span], now: float) -> Kept:
    """Return what is to be kept of an answer.

    Args:
        buckets: The answer.
        window: What was asked for.
        missing: What of it was missing: a bucket that reaches beyond that is left out, for a part of it is there.
        now: The present.
    """
    width = buckets.width
    rows = buckets.rows[np.argsort(buckets.rows[:, 0], kind="stable")]
    begins = rows[:, 0]
    whole = (begins >= window[0]) & (begins + width <= window[1])
    if len(missing) > 1 or missing != [window]:
        inside = np.zeros(len(rows), dtype=bool)
        for start, end in missing:
            inside |= (begins >= start) & (begins + width <= end)
        whole &= inside
    rows = rows[whole]
    _, first = np.unique(rows[:, 0], return_index=True)
    rows = rows[first]
    wide = np.column_stack([rows[:, 0], np.full(len(rows), width, dtype=np.int64), rows[:, 1:]])
    final = wide[:, 0] + width <= now - UNSETTLED
    known = spans_of(wide[final])
    came = spans_of(wide)
    late = [span for span in missing if span[0] < now - LATE]
    gaps = [(start, min(end, int(now) - LATE)) for start, end in difference(late, came)]
    return Kept(wide[final], wide[~final], known, union(gaps))


def spans_of(rows: np.ndarray) -> list[Span]:
    """Return the spans of buckets that lie one behind the other; `rows` as in `Kept`, sorted."""
    if not len(rows):
        return []
    begins, ends = rows[:, 0], rows[:, 0] + rows[:, 1]
    breaks = np.flatnonzero(begins[1:] != ends[:-1])
    firsts = np.concatenate([[0], breaks + 1])
    lasts = np.concatenate([breaks, [len(rows) - 1]])
    return [(int(begins[i]), int(ends[j])) for i, j in zip(firsts, lasts, strict=True)]


def missing_of(asked: Asked | None, window: Span) -> list[Span]:
    """Return what of a window is to be asked for."""
    if asked is None:
        return [window]
    return difference([window], [*asked.known, *asked.gaps])


def note(asked: Asked, found: Kept) -> None:
    """Enter what was found into what was asked."""
    asked.known = union([*asked.known, *found.known])
    asked.gaps = union([*asked.gaps, *found.gaps])


def table_of(rows: Mapping[tuple[str, str], np.ndarray], seen: float) -> pa.Table:
    """Return buckets as a table of the dataset `requests`; keys are project and environment ids."""
    import pyarrow as pa

    from createos_nb.history.datasets import schema

    filled = {place: numbers for place, numbers in rows.items() if len(numbers)}
    if not filled:
        return schema("requests").empty_table()
    numbers = np.concatenate(list(filled.values()))
    lengths = [len(each) for each in filled.values()]
    texts = {
        "project_id": _repeated([project for project, _ in filled], lengths),
        "environment_id": _repeated([environment for _, environment in filled], lengths),
    }
    figures = {
        "time": numbers[:, 0] * _MICROSECONDS,
        "seconds": numbers[:, 1],
        **{name: numbers[:, 2 + i] for i, name in enumerate(COUNTS)},
        "seen_at": np.full(len(numbers), round(seen * _MICROSECONDS), dtype=np.int64),
    }
    arrays = texts | {name: pa.array(each) for name, each in figures.items()}
    return pa.table(
        [arrays[name].cast(schema("requests").field(name).type) for name in schema("requests").names],
        schema=schema("requests"),
    )


def _repeated(texts: Sequence[str], lengths: Sequence[int]) -> pa.Array:
    """Each text as often as its length says; by number, for numpy would make each one anew."""
    import pyarrow as pa

    return pa.array(texts, pa.string()).take(pa.array(np.repeat(np.arange(len(texts)), lengths)))


def rows_of(table: pa.Table) -> dict[str, np.ndarray]:
    """Return the buckets of a table by environment id, sorted by time, as in `Kept`."""
    if not table.num_rows:
        return {}
    times = table["time"].cast("int64").to_numpy() // _MICROSECONDS
    columns = [times, table["seconds"].to_numpy(), *(table[name].to_numpy() for name in COUNTS)]
    numbers = np.column_stack(columns).astype(np.int64)
    encoded = table["environment_id"].combine_chunks().dictionary_encode()
    codes, names = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
    order = np.lexsort((numbers[:, 0], codes))
    numbers, codes = numbers[order], codes[order]
    edges = np.searchsorted(codes, np.arange(len(names) + 1))
    return {name: numbers[edges[i] : edges[i + 1]] for i, name in enumerate(names)}


def within(rows: np.ndarray, window: Span) -> np.ndarray:
    """Return the buckets that lie in a window, or reach into it, as a view; `rows` as in `Kept`, sorted."""
    # of buckets that lie one behind the other, those that have ended come first
    begins, ends = rows[:, 0], rows[:, 0] + rows[:, 1]
    first, last = np.searchsorted(ends, window[0], side="right"), np.searchsorted(begins, window[1])
    chosen: np.ndarray = rows[first:last]
    return chosen
