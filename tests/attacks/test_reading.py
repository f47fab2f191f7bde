"""Attacks on reading: totals that lie, logs that are cut, and durations in every spelling at every call."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pandas as pd

import createos_nb
from createos_nb.analysis.resample import whole_seconds
from createos_nb.contract.operation import OPERATIONS, Page
from createos_nb.diagnostics.impact import impact
from createos_nb.errors import CreateOSError, IncompleteWarning
from createos_nb.plans.gates import ReleaseGate
from createos_nb.runbooks.arguments import validate_pace
from createos_nb.simulator.times import duration
from createos_nb.times import format_duration, parse_duration, unix
from tests.attacks.tally import tally, times

#: What a server says of the length of a list of so many rows: (name, what it says at the n-th request).
LIES: list[tuple[str, Callable[[int, int], Any]]] = [
    *((f"{by:+}", lambda rows, n, by=by: rows + by) for by in (-3, -2, -1, 1, 2, 19, 20, 21)),
    *((str(said), lambda rows, n, said=said: said) for said in (0, -1, 10_000_000, 10**12, 2**70)),
    *((repr(said), lambda rows, n, said=said: said) for said in (None, "40", "", True, 40.5, [40], {"n": 1})),
    ("changing", lambda rows, n: rows + n),
    ("shrinking", lambda rows, n: max(0, rows - n)),
    ("random", lambda rows, n: random.Random(rows * 1000 + n).choice([0, rows, rows - 1, rows + 1, 10**9])),
]
MOVING = ("changing", "shrinking", "random")


def lists() -> Iterator[tuple[str, str, int, tuple[str, ...]]]:
    """(call, field of the rows, most rows of a page, arguments) of each list that has pages with a total."""
    for one in OPERATIONS.values():
        if isinstance(one.answer, Page):
            needed = tuple(p.name for p in one.parameters if p.required and p.name not in ("limit", "offset"))
            yield one.call, one.answer.rows, one.answer.most, needed


def serving(wire: Any, field: str, rows: int, said: Callable[[int, int], Any]) -> Callable[[httpx.Request], Any]:
    asked = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        offset, size = int(request.url.params["offset"]), int(request.url.params["limit"])
        part = [{"id": wire.uuid(n)} for n in range(rows)[offset : offset + size]]
        return wire.ok({field: part, "pagination": {"total": said(rows, asked), "limit": size, "offset": offset}})

    return handle


def undetectable(rows: int, said: Any, most: int) -> bool:
    """The one lie that takes a request more to find out: too small, and on the last row of a full page."""
    return isinstance(said, int) and not isinstance(said, bool) and 0 < said < rows and said % most == 0


def test_a_list_is_whole_or_says_that_it_is_not(wire: Any) -> None:
    numbers = random.Random(12)
    promise = "whole row by row, or complete=False; few requests beyond the rows"
    with tally("reading", "totals that lie, over every list with pages", promise) as found:
        for call, field, most, needed in lists():
            resource, name = call.split(".")
            for lie, said in LIES:
                for _ in range(times(2)):
                    rows = numbers.choice(
                        [0, 1, most - 1, most, most + 1, 2 * most, 3 * most + 1, numbers.randrange(150)]
                    )
                    if (
                        lie != "random"
                        and undetectable(rows, said(rows, 1), most)
                        and lie not in ("changing", "shrinking")
                    ):
                        rows += 1 + (said(rows + 1, 1) % most == 0)
                        if undetectable(rows, said(rows, 1), most):
                            continue
                    client, seen = wire.client(
                        serving(wire, field, rows, said), concurrency=numbers.choice([1, 16]), retry=wire.no_retries
                    )
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", IncompleteWarning)
                        frame = getattr(getattr(client, resource), name)(*[wire.uuid(9)] * len(needed))
                    whole = frame["id"].tolist() == [wire.uuid(n) for n in range(rows)]
                    complete = frame.attrs["complete"]
                    if lie in MOVING and complete and not whole:
                        # one total on all pages that were read, on the last row of a full page: see `undetectable`
                        found.check(len(frame) % most == 0 and len(seen) == len(frame) // most, (call, lie, rows))
                        continue
                    found.check(complete is False or whole, (call, lie, rows, len(frame), complete))
                    pages = -(-rows // most) + 1
                    found.check(len(seen) <= 4 * (2 * pages + 16), (call, lie, rows, f"{len(seen)} requests"))


def test_a_log_that_was_cut_says_so(wire: Any) -> None:
    numbers = random.Random(5)
    with tally("reading", "logs cut at a cap or a window", "complete=False, and a reason in attrs") as found:
        for _ in range(times(25)):
            cap = numbers.choice([200, 1000, 5000])
            since = numbers.choice([600, 3600, 86_400])
            lines = cap + numbers.randrange(1, 3000)
            begin = wire.NOW - since
            moments = sorted(begin + since * numbers.random() for _ in range(lines))[-cap:]
            text = "\n".join(f"{pd.Timestamp(at, unit='s', tz='UTC').isoformat()} line" for at in moments)
            gone = moments[0] - begin
            inner = max(np.diff([*moments, wire.NOW]))
            if cap < 5000 and gone <= max(60, 10 * inner):
                continue  # cut so little that its own rhythm hides it
            client, _ = wire.client(wire.ok(text))
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                frame = client.deployments.logs(wire.uuid(1), wire.uuid(2), start=wire.NOW - since)
            told = any(one.category is IncompleteWarning for one in caught)
            found.check(frame.attrs["complete"] is False and bool(frame.attrs.get("cut")) and told, (cap, since, lines))
    with tally("reading", "logs that are whole", "complete=True, no warning") as found:
        for _ in range(times(25)):
            since = numbers.choice([60, 600, 3600, 86_400])
            moments = sorted(wire.NOW - since * numbers.random() for _ in range(numbers.randrange(0, 1500)))
            text = "\n".join(f"{pd.Timestamp(at, unit='s', tz='UTC').isoformat()} line" for at in moments)
            client, _ = wire.client(wire.ok(text))
            frame = client.deployments.logs(wire.uuid(1), wire.uuid(2), start=wire.NOW - since)
            found.check(frame.attrs["complete"] is True, (since, len(moments), frame.attrs.get("cut")))


SPELLED = {
    60: [
        "60s",
        "1min",
        "1 m",
        "1 minute",
        "60 sec",
        "0.5min 30s",
        pd.Timedelta("1min"),
        timedelta(minutes=1),
        60,
        60.0,
    ],
    90: ["90s", "1m30s", "1 min 30 s", "90 seconds", np.timedelta64(90, "s"), np.int64(90), timedelta(seconds=90)],
    5400: ["1h30m", "90min", "1.5h", "1 hour 30 minutes", "1h 30min", "90 MIN", pd.Timedelta(hours=1.5), 5400],
    172_800: ["2 days", "2d", "48h", "48 hours", "2D", "1d 24h", pd.Timedelta("2D"), timedelta(days=2)],
}
WRONG: list[Any] = [
    "", " ", "90", "soon", "5 parsecs", "1M", "1y", "PT15M", "00:15:00", "-5min", "1h 1h", "1,5h", "h", "nan", "inf",
    "1e3s", "9" * 400 + "w", None, True, float("nan"), float("inf"), -1, pd.NaT, timedelta(seconds=-1), [60], {"s": 1},
    np.timedelta64("NaT", "s"), 10**400, b"90s",
]  # fmt: skip


def entries() -> dict[str, Callable[[Any], float]]:
    """Each call that takes a duration, as a function from what it is given to the seconds that it read."""
    world = createos_nb.simulate("storefront")

    def advanced(by: Any) -> float:
        before = world.world.now
        return float((world.world.advance(by) - before).total_seconds())

    def around(by: Any) -> float:
        now = world.world.now
        frame = impact(world, "storefront", "production", now - pd.Timedelta("4D"), now - pd.Timedelta("3D"), window=by)
        return float((frame.loc["before", "end"] - frame.loc["before", "start"]).total_seconds())

    def gate(by: Any) -> float:
        return parse_duration(ReleaseGate(every=by).every)

    return {
        "times.parse_duration": parse_duration,
        "analysis (every=, window=, season=)": lambda by: float(whole_seconds(by)),
        "scenario files, incidents": lambda by: duration(by) / 1e6,
        "world.advance": advanced,
        "diagnostics.impact": around,
        "runbooks (seconds=)": lambda by: validate_pace(1, by)[1],
        "ReleaseGate(every=)": gate,
    }


def test_a_duration_means_the_same_wherever_it_is_given() -> None:
    with tally("reading", "durations in many spellings, at every call", "the same length everywhere") as found:
        for where, read in entries().items():
            for seconds, spellings in SPELLED.items():
                for one in spellings:
                    got = read(one)
                    found.check(got == seconds, (where, one, got))
        for seconds in range(1, times(300)):
            found.check(parse_duration(format_duration(seconds * 0.25)) == seconds * 0.25, seconds)
        found.check(parse_duration("500ms") == 0.5, "500ms")
        found.check(unix("-500ms", 100.0) == 99.5, "-500ms")
    with tally("reading", "texts and values that are no duration, at every call", "refused in words") as found:
        for where, read in entries().items():
            for one in WRONG:
                if where in ("scenario files, incidents", "world.advance") and one in ("-5min",):
                    continue  # a moment before the start is one there
                try:
                    got: object = read(one)
                except (CreateOSError, ValueError) as error:
                    got = error if "of time" in str(error) or "second" in str(error) else None
                found.check(isinstance(got, Exception), (where, one, got))
