"""A phase of traffic: everything that decides a minute's requests while nothing changes, and the counts it gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from createos_nb.simulator.traffic.mixture import SHARE_BITS, Mixture
from createos_nb.simulator.traffic.profile import Bot, Profile
from createos_nb.simulator.traffic.randomness import Ints, Key, Words, kind_of, words
from createos_nb.simulator.traffic.serving_state import ServingState, answers
from createos_nb.simulator.traffic.shape import visitors
from createos_nb.simulator.traffic.tables import MAX_RATE, counts, overdispersion_factors

VISITORS = 0
_THROTTLED = kind_of("throttled")
_OUT_OF_MEMORY = kind_of("out of memory")
_ONE = 1 << 16


class Spike(NamedTuple):
    """An incident's factor on the number of visitors.

    From `start` it goes to `rate` (Q8) within `ramp` seconds; from `end`, if that is over, back to 1 within `fade`
    seconds.
    """

    start: int
    rate: int
    ramp: int
    end: int | None
    fade: int

    def factor(self, first: int, last: int) -> Ints:
        """The factor in each minute, Q8."""
        time = np.arange(first, last, dtype=np.int64) * 60
        # Before the minute of the start is over it has begun already.
        up = np.clip(time + 59 - self.start, 0, self.ramp) if self.ramp else np.ones(len(time), dtype=np.int64)
        ramp = self.ramp or 1
        if self.end is not None:
            reached = min(max(self.end - self.start, 0), ramp) if self.ramp else 1
            up = reached * np.clip(self.end + self.fade - time, 0, self.fade) // max(self.fade, 1)
        return 256 + (self.rate - 256) * up // ramp


class Sample(NamedTuple):
    """The sampled requests of one source in a row of minutes.

    Attributes:
        kind: the number of the source.
        mixture: what answers them.
        counts: for each class its count in each minute, or None if it has none.
        words: the minutes' words, shape (minutes, 4): that of a class decides its count and where its cells begin.
        bot: the client, if it is one.
        slow: factor on durations in each minute, Q8, or one for all.
        spread: milliseconds from the begin of a minute within which its requests come.
    """

    kind: int
    mixture: Mixture
    counts: tuple[Ints | None, ...]
    words: Words
    bot: Bot | None
    slow: Ints | int
    spread: int = 60_000


class Load(Protocol):
    """Requests that other environments make, beside the visitors."""

    def load(self, first: int, last: int) -> Ints:
        """Return their mean in each of the minutes `first` to `last` (left out), Q16."""
        ...


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time from one change to the next.

    Attributes:
        profile: who comes.
        origin: the minute from which the profile holds.
        serving_state: how they are answered.
        spikes: factors on the number of visitors.
        calls: what other environments ask for; None: nothing.
    """

    profile: Profile
    origin: int
    serving_state: ServingState
    spikes: tuple[Spike, ...]
    calls: Load | None = None

    def within(self, calls: Load) -> Phase:
        """Return the same with what other environments ask for."""
        return replace(self, calls=calls)

    def load(self, rate: Ints, first: int, last: int) -> Ints:
        """What the environment has to serve: its visitors, given as `rate`, and calls; Q16."""
        return rate if self.calls is None else np.minimum(rate + self.calls.load(first, last), MAX_RATE << 16)

    def rate(self, key: Key, first: int, last: int) -> Ints:
        """Mean number of visitors' requests in each of the minutes `first` to `last` (left out), Q16."""
        rate = visitors(key, self.profile, self.origin, first, last)
        for spike in self.spikes:
            rate = np.minimum(rate * spike.factor(first, last) >> 8, MAX_RATE << 16)
        return rate

    def samples(self, key: Key, first: int, last: int, more: Ints | int = 0) -> Iterator[Sample]:
        """The requests of the whole minutes `first` to `last` (left out), source by source.

        `more`: requests of other sources in each minute, Q16, that need CPU and memory as well.
        """
        profile, serving_state, minutes = self.profile, self.serving_state, last - first
        word = words(key, VISITORS, first, minutes)
        rate = self.rate(key, first, last)
        strained = serving_state.strained
        slow, throttled, lost = serving_state.under(self.load(rate, first, last) + more if strained else rate)
        cv = round(profile.overdispersion * 1000)
        if cv:
            quantile = (word[:, 0] ^ word[:, 1] ^ word[:, 2] ^ word[:, 3]) & np.uint64(4095)
            rate = np.minimum(rate * overdispersion_factors(cv)[quantile] >> 12, MAX_RATE << 16)
        for kind, share, mixture in (
            (_OUT_OF_MEMORY, lost, serving_state.exhausted(profile.pages)),
            (_THROTTLED, throttled, serving_state.throttled(profile.pages)),
        ):
            if share is not None and mixture is not None and share.any():
                gone = rate * share >> 16
                rate = rate - gone
                yield _sample(kind, mixture, gone, words(key, kind, first, minutes), None, 256)
        yield _sample(VISITORS, answers(serving_state, profile.pages), rate, word, None, slow)
        for bot in profile.bots:
            kind = kind_of(f"bot {bot.name}")
            at_work = _at_work(key, kind, bot, first, last)
            yield _sample(kind, answers(serving_state, bot.pages), at_work, words(key, kind, first, minutes), bot, slow)


def _at_work(key: Key, kind: int, bot: Bot, first: int, last: int) -> Ints:
    """A bot's mean in each minute, Q16."""
    rate = round(bot.rpm * 1000) * _ONE // 1000
    if bot.duty >= 1:
        return np.full(last - first, rate, dtype=np.int64)
    hour, end = first // 60, -(-last // 60)
    word = words(key, kind ^ 1, hour, end - hour)[:, 0] >> np.uint64(44)
    on = (word < np.uint64(round(bot.duty * (1 << 20)))).astype(np.int64) * rate
    return np.repeat(on, 60)[first - hour * 60 : last - hour * 60]


def _sample(kind: int, mixture: Mixture, rate: Ints, word: Words, bot: Bot | None, slow: Ints | int) -> Sample:
    drawn: list[Ints | None] = []
    for c, share in enumerate(mixture.share.tolist()):
        if not share:
            drawn.append(None)
            continue
        mean = rate if share == 1 << SHARE_BITS else rate * share >> SHARE_BITS
        drawn.append(counts(mean, np.ascontiguousarray(word[:, c])))
    return Sample(kind, mixture, tuple(drawn), word, bot, slow)
