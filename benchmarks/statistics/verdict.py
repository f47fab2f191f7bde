"""How often the release verdict errs, how soon it decides, and what the field's judges do on the same releases.

`python -m benchmarks.statistics.verdict [--part 0.1] [--seed SEED] [ACCESS_LOG]` prints Markdown. Seeds are `SEED` and
the number of the cell times 1,000; those that were looked at while the verdict was designed lie between 7,000,000 and
7,400,000. With an access log in Common or Combined format its clients are dealt to two sides again and again, as those
of a made-up log are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.statistics.verdict_baselines import RIVALS
from benchmarks.statistics.verdict_cells import (
    CLIENT_ERRORS,
    COVERED,
    DAY,
    HEALTHY,
    LASTING,
    LATE,
    ODD,
    ONE_SIDED,
    STARTS,
    UNEVEN,
    WORSE,
)
from benchmarks.statistics.verdict_log import log_tables
from benchmarks.statistics.verdict_worlds import Drawn, World, draw
from createos_nb.analysis.releases.combine_evidence import over_kinds
from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.decision import DOUBT, Terms, down, exposed, negligible, settled
from createos_nb.analysis.releases.evidence import Evidence, evaluate
from createos_nb.analysis.releases.weights import PRIOR, Weights, from_one, from_pair

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SEED = 31_573_000
TERMS = Terms()
HEIGHT = float(np.log(1 / TERMS.alpha))
RELEASES = 400
BATCH = 100
WARM_UP = 3
"""Buckets."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What the verdict said of n releases after each bucket, `(n, T)`."""

    rolled: Bools
    promoted: Bools
    exact: Bools
    """Where the e-process for independent errors alone had rolled back."""
    evidence: Floats
    """To roll back, as a logarithm."""


@dataclass(frozen=True)
class Outcome:
    """Shares of 1, medians over all, ∞ where there is none."""

    releases: int
    rolled: float
    minutes: float
    """Until the rollback, of those rolled back, from the beginning of the regression."""
    requests: float
    """Requests of one side until the rollback, the mean of both."""
    ever: float
    """Promoted at any time."""
    soon: float
    """Promoted by minute 35."""
    promote_minutes: float
    end: float
    """Stands at `promote` at the end."""
    exact: float


def judge(classes: Sequence[PairedCounts], weights: Sequence[Weights]) -> Judged:
    """What `release_verdict` says of counts of one or two classes of errors, without paths."""
    first = classes[0]
    judged = np.broadcast_to(np.arange(first.new_requests.shape[1]) >= WARM_UP, first.new_requests.shape)
    within = [one.within(judged) for one in classes]
    found = [evaluate(one, worse=TERMS.worse, weights=each) for one, each in zip(within, weights, strict=True)]
    # a class of which there are no errors is watched beside
    rollback, exact = (
        over_kinds(np.stack([getattr(one, name) for one in _two(found)])) for name in ("rollback", "exact")
    )
    is_down = down(first.new_requests, first.new_errors, first.old_requests, first.old_errors, first.bucket_seconds)
    shown = np.ones_like(is_down)
    for one, each in zip(found, within, strict=True):
        requests, failed = np.cumsum(each.new_requests, axis=1), np.cumsum(each.new_errors, axis=1)
        shown &= (one.promote >= -np.log(TERMS.beta)) | negligible(requests, failed, TERMS)
    doubt = np.max([one.rollback for one in found], axis=0) >= np.log(DOUBT)
    ready = exposed(judged, first.new_requests, first.bucket_seconds, TERMS.exposure)
    rolled, promoted = settled(((rollback >= HEIGHT) & (exact >= HEIGHT)) | is_down, shown & ready & ~doubt)
    return Judged(rolled, promoted, exact >= HEIGHT, rollback)


def _two(found: Sequence[Evidence]) -> Sequence[Evidence]:
    nothing = np.zeros_like(found[0].rollback)
    return found if len(found) > 1 else [found[0], Evidence(nothing, nothing, nothing)]


def outcome(world: World, seed: int, history: int = 0, *, pair: bool = False, client: World | None = None) -> Outcome:
    """The verdict on a world; `history`: buckets before, of the old side alone or of a pair."""
    judged: list[Judged] = []
    requests: list[Floats] = []
    for number, first in enumerate(range(0, world.releases, BATCH)):
        size = min(BATCH, world.releases - first)
        worlds = [world] if client is None else [world, client]
        drawn = [
            draw(replace(one, releases=size), seed + 100 * number + 50 * at, history=history)
            for at, one in enumerate(worlds)
        ]
        weights = [weights_of(one, pair) if history else PRIOR for one in drawn]
        judged.append(judge([one.watch for one in drawn], weights))
        watch = drawn[0].watch
        requests.append(np.cumsum((watch.old_requests + watch.new_requests) / 2, axis=1))
    rolled, promoted = (np.concatenate([getattr(one, name) for one in judged]) for name in ("rolled", "promoted"))
    back, well = first_of(rolled), first_of(promoted)
    at = np.where(np.isfinite(back), back, 1).astype(np.int64) - 1
    asked = np.where(np.isfinite(back), np.concatenate(requests)[np.arange(len(back)), at], np.inf)
    found = np.isfinite(back)
    return Outcome(
        releases=len(back),
        rolled=float(found.mean()),
        minutes=float(np.median(back[found])) - world.begins if found.any() else np.inf,
        requests=float(np.median(asked)),
        ever=float(np.isfinite(well).mean()),
        soon=float((well <= 35).mean()),
        promote_minutes=float(np.median(well)),
        end=float(promoted[:, -1].mean()),
        exact=float(np.concatenate([one.exact for one in judged]).any(axis=1).mean()),
    )


def weights_of(drawn: Drawn, pair: bool) -> Weights:
    """What a history of one side, or of a pair, makes of the weights."""
    before = drawn.before
    if pair:
        return PRIOR.times(from_pair(before))
    # up to the first bucket that is judged
    old, new = (one[:, : WARM_UP + 1].sum(axis=1) for one in (drawn.watch.old_requests, drawn.watch.new_requests))
    share = new / np.maximum(old + new, 1.0)
    return PRIOR.without(from_one(before.old_requests, before.old_errors, before.bucket_seconds, share=share))


def first_of(reached: Bools) -> Floats:
    """The number of buckets until it is first reached; ∞ if never."""
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def covered(world: World, seed: int) -> tuple[float, float]:
    """Shares of releases whose ratio was below `low` or above `high` at any of ten looks."""
    from createos_nb.analysis.releases.interval import bounds

    below, above = [], []
    for number, first in enumerate(range(0, world.releases, BATCH)):
        part = draw(replace(world, releases=min(BATCH, world.releases - first)), seed + 100 * number).watch
        found = bounds(part, np.arange(5, 60, 6), weights=PRIOR, worse=2.0, alpha=TERMS.alpha, beta=TERMS.beta)
        below.append((found.low > world.ratio).any(axis=1))
        above.append((found.high < world.ratio).any(axis=1))
    return float(np.concatenate(below).mean()), float(np.concatenate(above).mean())


def rival(name: str, world: World, seed: int) -> float:
    """The share of releases that another judge rolls back, on the first of the same releases."""
    return float(RIVALS[name](draw(replace(world, releases=min(BATCH, world.releases)), seed).watch).any(axis=1).mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", type=float, default=1.0, help="of the releases")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="a word of the title")
    parser.add_argument("log", nargs="?", type=Path, help="an access log")
    asked = parser.parse_args(arguments)
    for title, table in tables(asked.part, asked.seed, asked.log, asked.only):
        print(f"### {title}\n\n{table}\n", flush=True)


def report() -> str:
    """All tables as Markdown."""
    found = "\n\n".join(f"### {title}\n\n{table}" for title, table in tables(1.0, SEED, None, ""))
    return f"## Release verdict\n\nSeed {SEED:,} and the number of the cell times 1,000.\n\n{found}"


_HEALTHY = "rolled back %; promoted %, by minute 35 %, median minute"


def tables(part: float, seed: int, log: Path | None, only: str) -> Iterable[tuple[str, str]]:
    """Titles and Markdown."""
    groups: tuple[tuple[str, tuple[World, ...], bool], ...] = (
        ("Healthy releases", HEALTHY, False),
        ("Healthy releases with noise of one side's own that lasts", LASTING, True),
        ("Cold starts", STARTS, False),
        ("Incidents of one side", ONE_SIDED, False),
        ("Uneven splits", UNEVEN, False),
        ("What nobody asked for", ODD, False),
    )
    number = 0
    for title, worlds, pairs in groups:
        cells = _numbered(worlds, number, part, seed)
        number += 100
        if only not in title:
            continue
        heads = ["", "no history", "an hour of one side", *(["an hour of a pair"] if pairs else []), *RIVALS]
        rows = []
        for world, own in cells:
            found = [outcome(world, own), outcome(world, own, 60)]
            found += [outcome(world, own, 60, pair=True)] if pairs else []
            rows.append([world.name, *map(_well, found), *(f"{100 * rival(name, world, own):.0f}" for name in RIVALS)])
        yield f"{title}: {_HEALTHY}", _rows(heads, rows)
    for title, worlds in (("Worse from the start", WORSE), ("Worse later", LATE)):
        cells = _numbered(worlds, number, part, seed)
        number += 100
        if only not in title:
            continue
        rows = []
        for world, own in cells:
            found = [outcome(world, own), outcome(world, own, 60), outcome(world, own, 60, pair=True)]
            rows.append([world.name, *map(_bad, found), *(f"{100 * rival(name, world, own):.0f}" for name in RIVALS)])
        heads = ["", "no history", "an hour of one side", "an hour of a pair", *RIVALS]
        yield f"{title}: found %, median minutes (requests a side); promoted ever %, at the end %", _rows(heads, rows)
    if only in "A day of history":
        names = ("own AR 0.8 CV 0.5, 600 rpm", "2×, shared AR 0.95, 600 rpm", "2×, 600 rpm", "600 rpm a side")
        worlds = tuple(world for world in (*HEALTHY, *LASTING, *WORSE) if world.name in names)
        rows = [
            [world.name, *(_bad(outcome(replace(world, releases=max(world.releases // 4, 50)), own, 1440, pair=pair))
                           for pair in (False, True))]
            for world, own in _numbered(worlds, 900, part, seed)
        ]  # fmt: skip
        yield (
            "A day of history: rolled back %, median minutes; promoted ever %, at the end %",
            _rows(["", "of one side", "of a pair"], rows),
        )
    if only in "Classes of errors":
        rows = []
        for at, (name, server, client) in enumerate(CLIENT_ERRORS):
            ((world, own),) = _numbered((server,), 1_000 + at, part, seed)
            found = [outcome(world, own, history, client=client) for history in (0, 60)]
            rows.append([name, *map(_bad, found)])
        yield (
            "Classes of errors: rolled back %, median minutes; promoted ever %, at the end %",
            _rows(["", "no history", "an hour of one side"], rows),
        )
    if only in "Watched for a day":
        rows = [
            [world.name, _well(outcome(world, own))]
            for world, own in _numbered(DAY, 1_100, part, seed)
        ]  # fmt: skip
        yield f"Watched for a day: {_HEALTHY}", _rows(["", "no history"], rows)
    if only in "The ratio outside its bounds":
        rows = [
            [world.name, " / ".join(f"{100 * one:.2f}" for one in covered(world, own))]
            for world, own in _numbered(COVERED, 1_200, part, seed)
        ]
        yield "The ratio outside its bounds at any of ten looks, %: below / above", _rows(["", "no history"], rows)
    if only in "Clients dealt":
        yield from log_tables(part, log)


def _numbered(worlds: Iterable[World], first: int, part: float, seed: int) -> list[tuple[World, int]]:
    return [
        (replace(world, releases=max(round(min(world.releases, RELEASES) * part), 20)), seed + 1_000 * (first + number))
        for number, world in enumerate(worlds)
    ]


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _minutes(value: float) -> str:
    return f", {value:.0f}" if np.isfinite(value) else ""


def _well(one: Outcome) -> str:
    return f"{100 * one.rolled:.1f}; {100 * one.ever:.0f}, {100 * one.soon:.0f}{_minutes(one.promote_minutes)}"


def _bad(one: Outcome) -> str:
    asked = f" ({one.requests:,.0f})" if np.isfinite(one.requests) else ""
    return f"{100 * one.rolled:.1f}{_minutes(one.minutes)}{asked}; {100 * one.ever:.1f}, {100 * one.end:.1f}"


if __name__ == "__main__":
    main()
