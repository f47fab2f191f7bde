"""Requests on a schedule: what the platform itself asks an environment for, such as the runs of a cron job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from createos_nb.simulator.traffic.cron import cron
from createos_nb.simulator.traffic.mixture import SHARE_BITS, Mixture
from createos_nb.simulator.traffic.phase import Phase, Sample
from createos_nb.simulator.traffic.profile import Bot, Page
from createos_nb.simulator.traffic.randomness import Key, Words, kind_of, mixed
from createos_nb.simulator.traffic.serving_state import answers
from createos_nb.simulator.traffic.spans import Span

AGENT = "createos-cron/1.0"
CLIENT = "192.0.2.250"
PROMPT = 900
"""Milliseconds within which a request that is due is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """Requests that are due at minutes of a schedule, from when to when.

    Attributes:
        name: names its random stream; a cron job's id serves.
        schedule: a cron expression, UTC.
        start: Unix seconds; none is due before.
        end: Unix seconds, the first at which none is due any more; None while it goes on.
        method: of HTTP; empty for what asks for nothing, and only has its times.
        path: without the query string, starting with "/".
    """

    name: str
    schedule: str
    start: int
    end: int | None = None
    method: str = "GET"
    path: str = "/"

    def __post_init__(self) -> None:
        cron(self.schedule)
        if self.end is not None and self.end < self.start:
            raise ValueError(f"{self.name} ends at {self.end}, before it starts at {self.start}")

    def due(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """Return which of the minutes `first` to `last` (since 1970, `last` left out) it is due in."""
        begin = max(first, -(-self.start // 60))
        stop = last if self.end is None else min(last, -(-self.end // 60))
        due = np.zeros(last - first, dtype=bool)
        if begin < stop:
            due[begin - first : stop - first] = cron(self.schedule).minutes(begin, stop)
        return due


def load(scheduled: Sequence[Scheduled], span: Span) -> npt.NDArray[np.int64] | int:
    """How many requests are due in each minute of a span, Q16, where load changes anything; they need CPU, too."""
    if not scheduled or not span.phase.serving_state.strained:
        return 0
    counts = np.zeros(span.last - span.first, dtype=np.int64)
    for run in scheduled:
        counts += run.due(span.first, span.last)
    return counts << 16


def samples(
    scheduled: Sequence[Scheduled], key: Key, span: Span, more: npt.NDArray[np.int64] | int
) -> Iterator[Sample]:
    """The requests that are due in the minutes of a span, by how they are answered; `more`: see `load`."""
    phase, minutes = span.phase, span.last - span.first
    for run in scheduled:
        if run.start >= span.last * 60 or (run.end is not None and run.end <= span.first * 60):
            continue
        due = run.due(span.first, span.last)
        if not due.any():
            continue
        kind = kind_of(f"scheduled {run.name}")
        word = np.zeros((minutes, 4), dtype=np.uint64)
        minute = np.flatnonzero(due)
        word[minute] = mixed(key[0] ^ kind, minute[:, None] + span.first, np.arange(4)[None, :])
        yield from _answered(run, kind, phase, key, span, due, word, more)


def _answered(
    run: Scheduled,
    kind: int,
    phase: Phase,
    key: Key,
    span: Span,
    due: npt.NDArray[np.bool_],
    word: Words,
    more: npt.NDArray[np.int64] | int,
) -> Iterator[Sample]:
    page = (Page(path=run.path, method=run.method),)
    bot = Bot(name=run.name, rpm=0, pages=page, client=CLIENT, agent=AGENT)
    serving_state = phase.serving_state
    slow, throttled, lost = serving_state.under(
        phase.load(phase.rate(key, span.first, span.last), span.first, span.last) + more
        if serving_state.strained
        else np.zeros(0, dtype=np.int64)
    )
    point = (word[:, 3] >> np.uint64(48)).astype(np.int64)
    left = due
    for share, mixture in ((lost, serving_state.exhausted(page)), (throttled, serving_state.throttled(page))):
        if share is not None and mixture is not None:
            gone = left & (point < share)
            if gone.any():
                yield _drawn(kind, mixture, gone, word, bot, 256)
            # The rest is spread evenly again, for the next that may take its share of it.
            point = np.where(left & ~gone, (point - share) * 65_536 // np.maximum(65_536 - share, 1), point)
            left = left & ~gone
    if left.any():
        yield _drawn(kind, answers(serving_state, page), left, word, bot, slow)


def _drawn(
    kind: int, mixture: Mixture, due: npt.NDArray[np.bool_], word: Words, bot: Bot, slow: npt.NDArray[np.int64] | int
) -> Sample:
    point = (word[:, 0] >> np.uint64(64 - SHARE_BITS)).astype(np.int64)
    counts: list[npt.NDArray[np.int64] | None] = []
    before = 0
    for share in mixture.share.tolist():
        falls = due & (point >= before) & (point < before + share)
        counts.append(falls.astype(np.int64) if share else None)
        before += share
    return Sample(kind, mixture, tuple(counts), word, bot, slow, PROMPT)
