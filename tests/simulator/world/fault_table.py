"""Every fault, for a read and for a write through the client: what comes of it, as a table.

python tests/simulator/world/fault_table.py              the table
python tests/simulator/world/fault_table.py --write      keep it in data/faults.md, after a change that was meant
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pandas as pd

import createos_nb
from createos_nb.client.client import Client
from createos_nb.data_files import folder
from createos_nb.errors import RequestError
from createos_nb.simulator.world.faults import Fault

FILE: Final = "faults.md"
NAME: Final = "Shops of the north"
_READ: Final = "read"
_WRITE: Final = "write"


class Case(NamedTuple):
    """Faults that strike together, and what is read meanwhile (by default, the apps)."""

    title: str
    faults: tuple[Fault, ...]
    read: Callable[[Client], pd.DataFrame] | None = None


def _once(what: Any, **more: Any) -> tuple[Fault, ...]:
    return (Fault(what=what, count=1, **more),)


def _twice(what: Any, **more: Any) -> tuple[Fault, ...]:
    return (Fault(what=what, count=2, **more),)


def _always(what: Any, **more: Any) -> tuple[Fault, ...]:
    return (Fault(what=what, **more),)


def _many(client: Client) -> pd.DataFrame:
    return client.deployments.list("landing-gate")


def _hour(client: Client) -> pd.DataFrame:
    return client.analytics.requests_over_time("storefront", "production")


CASES: Final = (
    Case("none", ()),
    Case("latency of 5 s", _once("latency", seconds=5)),
    Case("latency of 60 s, longer than the client waits, once", _once("latency", seconds=60)),
    Case("latency of 60 s, always", _always("latency", seconds=60)),
    Case("429 with `Retry-After: 7`, once", _once("rate-limit", seconds=7)),
    Case("429 with `Retry-After: 7`, twice", _twice("rate-limit", seconds=7)),
    Case("429 with `Retry-After: 7`, always", _always("rate-limit", seconds=7)),
    Case("429 with `Retry-After: 900`, longer than the client's budget", _once("rate-limit", seconds=900)),
    Case("429 without `Retry-After`, once", _once("quota")),
    Case("429 without `Retry-After`, always", _always("quota")),
    *(
        Case(f"{status}, {often}", make("error", status=status))
        for status in (500, 502, 503, 504)
        for often, make in (("once", _once), ("always", _always))
    ),
    Case("503, twice", _twice("error")),
    Case("connection refused, once", _once("refused")),
    Case("connection refused, always", _always("refused")),
    Case("connection dropped before anything was applied, once", _once("drop-before")),
    Case("connection dropped before anything was applied, twice", _twice("drop-before")),
    Case("connection dropped before anything was applied, always", _always("drop-before")),
    Case("connection dropped after it was applied, once", _once("drop-after")),
    Case("connection dropped after it was applied, twice", _twice("drop-after")),
    Case("connection dropped after it was applied, always", _always("drop-after")),
    Case("body cut off, once", _once("cut")),
    Case("body cut off, always", _always("cut")),
    Case("HTML of a proxy with 502, once", _once("html", status=502)),
    Case("HTML of a proxy with 502, always", _always("html", status=502)),
    Case("HTML of a proxy with 200, once", _once("html", status=200)),
    Case("HTML of a proxy with 200, always", _always("html", status=200)),
    Case("failure under HTTP 200, once", _once("failure-200")),
    Case("failure under HTTP 200, always", _always("failure-200")),
    Case("rows that move while 45 deployments are paged", _always("moving-rows"), _many),
    Case("client's clock 2 h ahead", _always("clock-skew", seconds=7200), _hour),
    Case("client's clock 2 h behind", _always("clock-skew", seconds=-7200), _hour),
    Case("latency of 5 s, and the connection dropped after it was applied", _once("latency") + _once("drop-after")),
    Case(
        "connection refused, then dropped before it was applied, then 503",
        _once("refused") + _once("drop-before", skip=1) + _once("error", skip=2),
    ),
    Case(
        "429 with `Retry-After: 7`, then dropped after it was applied",
        _once("rate-limit", seconds=7) + _once("drop-after", skip=1),
    ),
    Case("503 while rows move", _always("moving-rows") + _twice("error", skip=1), _many),
)


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    Attributes:
        got: "the value", or the name of the error.
        error: that error.
        right: the value is the one that there is without a fault.
        requests: how many were sent.
        waited: seconds of the world's time.
        applied: how often the write was applied.
    """

    got: str
    error: RequestError | None
    right: bool
    requests: int
    waited: float
    applied: int


def prepared() -> Client:
    """A client with more deployments than fit on two pages."""
    client = createos_nb.simulate("storefront", seed=7, live_limit=100)
    client.projects.create(
        unique_name="landing-gate", display_name="Landing gate", type="image", settings={"port": 8080}
    )
    for n in range(45):
        client.deployments.create("landing-gate", image=f"nginx:1.{n}")
    client.world.advance("20min")
    return client


def outcome(client: Client, case: Case, kind: str) -> Outcome:
    """What comes of one call while the faults of a case strike."""
    world = client.world
    assert world is not None
    read = case.read or (lambda one: one.apps.list())
    sound = read(client)
    sent, clock = len(client.log()), world.state.now
    error: RequestError | None = None
    right = False
    running = world.faults(*case.faults, seed=7).start() if case.faults else None
    try:
        if kind == _READ:
            right = _same(sound, read(client), case)
        else:
            right = isinstance(client.apps.create(name=NAME), pd.Series)
    except RequestError as caught:
        error = caught
    finally:
        if running is not None:
            running.stop()
    return Outcome(
        type(error).__name__ if error is not None else "the value",
        error,
        right,
        len(client.log()) - sent,
        (world.state.now - clock) / 1e6,
        sum(app.name == NAME for app in world.state.apps.values()),
    )


def _same(sound: pd.DataFrame, found: pd.DataFrame, case: Case) -> bool:
    """Whether a frame is what it is without faults; where rows move, each that was there throughout is in it, once."""
    if any(fault.what == "moving-rows" for fault in case.faults):
        return bool(sound["id"].isin(found["id"]).all() and found["id"].is_unique)
    return sound.equals(found)


def outcomes() -> list[tuple[Case, Outcome, Outcome]]:
    """Each case with what comes of a read and of a write, each in a world of its own."""
    whole = prepared().world
    assert whole is not None
    rows = []
    for case in CASES:
        read, write = (outcome(createos_nb.simulate(whole.fork()), case, kind) for kind in (_READ, _WRITE))
        rows.append((case, read, write))
    return rows


def _told(one: Outcome) -> str:
    text = one.got if one.error is None else f"`{one.got}`"
    facts = [f"{one.requests} request{'s' * (one.requests != 1)}"]
    if one.waited:
        facts.append(f"{one.waited:.1f} s")
    return f"{text} ({', '.join(facts)})"


def _said(one: Outcome) -> str:
    """What the error of a write says of it."""
    if one.error is None:
        return "–"
    return "was not" if one.error.applied is False else "may have been"


def markdown(rows: list[tuple[Case, Outcome, Outcome]]) -> str:
    """The page."""
    lines = [
        "# Faults",
        "",
        "What comes of every fault that `client.world.faults(…)` (or `createos-nb serve --faults FILE`) can inject,",
        "for a read and for a write through the client. Made by running each:",
        "`python tests/simulator/world/fault_table.py --write`; a test holds this page against the code.",
        "",
        "The read is `client.apps.list()`, unless the fault is about pages (45 deployments) or about time (the last",
        "hour of requests); the write is `client.apps.create(name=…)`. In brackets: requests sent, and how much of the",
        "world's time went by. *Applied* is how often the write was applied in truth; the last column is what the",
        "error says of it (`applied` False or None). Where it may have been, the error names the call that shows",
        "whether it was.",
        "",
        "Over real connections it is the same, but that a served world can't refuse one: it breaks it.",
        "",
        "Reads are repeated within five tries and 300 s; writes only where it is certain that nothing was applied.",
        "",
        "| fault | a read gives | a write gives | applied | the error says that it |",
        "| --- | --- | --- | --- | --- |",
    ]
    for case, read, write in rows:
        lines.append(f"| {case.title} | {_told(read)} | {_told(write)} | {write.applied} | {_said(write)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    page = markdown(outcomes())
    if "--write" in sys.argv:
        (folder("data") / FILE).write_text(page, encoding="utf-8")
    sys.stdout.write(page)
