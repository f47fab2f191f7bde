"""A regime: everything that decides a minute's requests while nothing changes, and the counts it gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from createos_nb.simulator.traffic.behaviour import Segment
from createos_nb.simulator.traffic.mixture import CELL_BITS, SHARE_BITS, Mixture
from createos_nb.simulator.traffic.profile import Bot, Profile
from createos_nb.simulator.traffic.randomness import Ints, Key, Words, kind_of, words
from createos_nb.simulator.traffic.shape import visitors
from createos_nb.simulator.traffic.tables import MAX_RATE, clumps, counts

VISITORS = 0
_THROTTLED = kind_of("throttled")
_OUT_OF_MEMORY = kind_of("out of memory")
_LOW = np.uint64((1 << 20) - 1)
_ONE = 1 << 16


class Surge(NamedTuple):
    """An incident's factor on the number of visitors: from `start` it goes to `rate` (Q8) within `ramp` seconds; from
    `end`, if that is over, back to 1 within `fade` seconds."""

    start: int
    rate: int
    ramp: int
    end: int | None
    fade: int

    def factor(self, first: int, last: int) -> Ints:
        """The factor in each minute, Q8."""
        time = np.arange(first, last, dtype=np.int64) * 60
        up = np.clip(time - self.start, 0, self.ramp) if self.ramp else np.ones(len(time), dtype=np.int64)
        ramp = self.ramp or 1
        if self.end is not None:
            stopped = min(max(self.end - self.start, 0), ramp) if self.ramp else 1
            left = np.clip(self.end + self.fade - time, 0, self.fade)
            fading = stopped * left // max(self.fade, 1)
            up = np.where(time >= self.end, fading, up)
        return 256 + (self.rate - 256) * up // ramp


class Draw(NamedTuple):
    """The requests of one source in a row of minutes.

    Attributes:
        kind: the number of the source.
        mixture: what answers them.
        counts: for each class its count in each minute, or None if it has none.
        words: the minutes' words, shape (minutes, 4): that of a class decides its count and where its cells begin.
        bot: the client, if it is one.
        slow: factor on durations in each minute, Q8, or one for all.
    """

    kind: int
    mixture: Mixture
    counts: tuple[Ints | None, ...]
    words: Words
    bot: Bot | None
    slow: Ints | int


@dataclass(frozen=True, slots=True)
class Regime:
    """What holds from one change to the next.

    Attributes:
        profile: who comes; None: nobody.
        origin: the minute from which the profile holds.
        segment: what is live; None: nothing.
        serving: what answers visitors, and each bot.
        throttled: what answers the visitors who find no CPU left.
        exhausted: what answers the visitors who find no memory left.
        surges: factors on the number of visitors.
        slow: factor on durations, Q8.
    """

    profile: Profile
    origin: int
    segment: Segment | None
    serving: tuple[Mixture, ...]
    throttled: Mixture | None
    exhausted: Mixture | None
    surges: tuple[Surge, ...]
    slow: int

    def draws(self, key: Key, first: int, last: int) -> Iterator[Draw]:
        """The requests of the whole minutes `first` to `last` (left out), source by source."""
        word = words(key, VISITORS, first, last - first)
        rate = visitors(key, self.profile, self.origin, first, last)
        for surge in self.surges:
            rate = np.minimum(rate * surge.factor(first, last) >> 8, MAX_RATE << 16)
        slow: Ints | int = self.slow
        throttled = lost = None
        if self.segment is not None and (self.throttled is not None or self.exhausted is not None):
            slow, throttled, lost = self._overload(self.segment, rate)
        cv = round(self.profile.clumping * 1000)
        if cv:
            lane = (word[:, 0] ^ word[:, 1] ^ word[:, 2] ^ word[:, 3]) & np.uint64(4095)
            rate = np.minimum(rate * clumps(cv)[lane] >> 12, MAX_RATE << 16)
        if lost is not None and self.exhausted is not None:
            gone = rate * lost >> 16
            rate = rate - gone
            yield _draw(
                _OUT_OF_MEMORY, self.exhausted, gone, words(key, _OUT_OF_MEMORY, first, last - first), None, 256
            )
        if throttled is not None and self.throttled is not None:
            gone = rate * throttled >> 16
            rate = rate - gone
            yield _draw(_THROTTLED, self.throttled, gone, words(key, _THROTTLED, first, last - first), None, 256)
        yield _draw(VISITORS, self.serving[0], rate, word, None, slow)
        for bot, answers in zip(self.profile.bots, self.serving[1:], strict=True):
            kind = kind_of(f"bot {bot.name}")
            yield _draw(
                kind, answers, _at_work(key, kind, bot, first, last), words(key, kind, first, last - first), bot, slow
            )

    def _overload(self, segment: Segment, rate: Ints) -> tuple[Ints | int, Ints | None, Ints | None]:
        """Factor on durations (Q8), share that is throttled away and share that is lost to memory (Q16) by minute."""
        behaviour = segment.behaviour
        slow: Ints | int = self.slow
        throttled = lost = None
        if self.exhausted is not None:
            # Requests a minute that fit into what the limit leaves.
            room = max(segment.memory - behaviour.memory, 0) * segment.replicas
            fits = room * 1000 * _ONE // max(round(behaviour.memory_per_rpm * 1000), 1)
            lost = np.where(rate > fits, (rate - fits) * _ONE // np.maximum(rate, 1), 0)
            rate = np.minimum(rate, fits)
        if self.throttled is not None:
            # A limit of 1,000 millicores is one core: 60,000 ms of it a minute.
            can = segment.cpu * 60 * segment.replicas * 1000 * _ONE // max(round(behaviour.cpu_ms * 1000), 1)
            throttled = np.where(rate > can, (rate - can) * _ONE // np.maximum(rate, 1), 0)
            busy = np.minimum(rate, can) * 256 // max(can, 1)
            # The queue of one server: 1 / (1 - load), at most 20.
            slow = np.minimum(256 * 256 // np.maximum(256 - busy, 12), 20 * 256) * self.slow >> 8
        return slow, throttled, lost


def _at_work(key: Key, kind: int, bot: Bot, first: int, last: int) -> Ints:
    """A bot's mean in each minute, Q16."""
    rate = round(bot.rpm * 1000) * _ONE // 1000
    if bot.duty >= 1:
        return np.full(last - first, rate, dtype=np.int64)
    hour, end = first // 60, -(-last // 60)
    word = words(key, kind ^ 1, hour, end - hour)[:, 0] >> np.uint64(44)
    on = (word < np.uint64(round(bot.duty * (1 << 20)))).astype(np.int64) * rate
    return np.repeat(on, 60)[first - hour * 60 : last - hour * 60]


def _draw(kind: int, answers: Mixture, rate: Ints, word: Words, bot: Bot | None, slow: Ints | int) -> Draw:
    drawn: list[Ints | None] = []
    for c, share in enumerate(answers.share.tolist()):
        if not share:
            drawn.append(None)
            continue
        mean = rate if share == 1 << SHARE_BITS else rate * share >> SHARE_BITS
        drawn.append(counts(mean, np.ascontiguousarray(word[:, c])))
    return Draw(kind, answers, tuple(drawn), word, bot, slow)


def begins(word: Words) -> Ints:
    """Where the systematic sample of a class's cells begins, 0 to 2**24 - 1, from the bits that its count left over."""
    return ((word & _LOW) << np.uint64(CELL_BITS - 20)).astype(np.int64)


def per_cell(draw: Draw, c: int) -> Ints:
    """How many of a class's requests fell to each of its cells over all the minutes of a draw, int64.

    The points j * 2**24 + start, one for each of the n requests of a minute, are spread over n times the cells' shares.
    """
    count, edges = draw.counts[c], draw.mixture.within[c]
    if count is None:
        return np.zeros(len(edges) - 1, dtype=np.int64)
    some = np.flatnonzero(count)
    n, start = count[some], begins(draw.words[some, c])
    offset = (1 << CELL_BITS) - 1 - start
    below = np.array([0, *(int((n * edge + offset >> CELL_BITS).sum()) for edge in edges[1:].tolist())], dtype=np.int64)
    return np.diff(below)
