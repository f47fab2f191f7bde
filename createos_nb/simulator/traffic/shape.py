"""The mean number of visitors in each minute: day, week, growth and slow noise, in whole numbers (Q16)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import isqrt

import numpy as np

from createos_nb.simulator.traffic.profile import Profile
from createos_nb.simulator.traffic.randomness import Ints, Key, kind_of, words
from createos_nb.simulator.traffic.tables import MAX_RATE, normal

ONE = 65_536
STEP = 5
"""Minutes between two knots of the slow noise."""
STEPS_A_DAY = 1440 // STEP
DAY = 1440
WEEK = 7 * DAY
_MONDAY = 3 * DAY
_SLOW = kind_of("slow noise")
_DAYS = kind_of("noise of days")


@lru_cache(maxsize=256)
def _week(rpm: float, day: tuple[int, ...], week: tuple[int, ...], utc_offset: int) -> Ints:
    """Mean requests of each minute of a week that begins on Monday 00:00 UTC, Q16, int64 of 10,080."""
    knots = [[hour * of_day for hour in day] for of_day in week]
    flat = [value for row in knots for value in row]
    flat.append(flat[0])
    knot = np.array(flat, dtype=np.int64)
    minute = np.arange(60, dtype=np.int64)
    curve = (knot[:-1, None] * (60 - minute) + knot[1:, None] * minute).ravel()
    total = int(curve.sum())
    scale = round(rpm * 1000) * ONE * WEEK
    rate = [min(int(value) * scale // (total * 1000), MAX_RATE * ONE) for value in curve]
    return np.roll(np.array(rate, dtype=np.int64), -utc_offset)


@lru_cache(maxsize=4096)
def _grown(permille: int, weeks: int) -> int:
    """(1 + permille / 1000) ** weeks in Q32, by repeated squaring, kept within 1/256 and 256."""
    base, power, result = ((1000 + permille) << 32) // 1000, max(weeks, 0), 1 << 32
    while power:
        if power & 1:
            result = result * base >> 32
        base = base * base >> 32
        power >>= 1
        if not 1 << 20 < base < 1 << 44:
            # Past every limit already; squaring it further would only make the numbers long.
            base = min(max(base, 1 << 20), 1 << 44)
    return min(max(result, 1 << 24), 1 << 40)


def _growth(profile: Profile, origin: int, first: int, last: int) -> Ints:
    """Growth at the midnights `first` to `last` (days since 1970, inclusive) after the day `origin`, Q16."""
    permille = round(profile.growth * 1000)
    days = np.arange(first, last + 1, dtype=np.int64) - origin
    if not permille:
        return np.full(len(days), ONE, dtype=np.int64)
    knots = []
    for day in days.tolist():
        week, rest = divmod(max(day, 0), 7)
        low, high = _grown(permille, week), _grown(permille, week + 1)
        knots.append((low * (7 - rest) + high * rest) // 7 >> 16)
    return np.array(knots, dtype=np.int64)


def _chain(carry: int, before: Sequence[int], shocks: Sequence[int]) -> list[int]:
    """A first-order autoregression that starts from nothing and has come through the shocks `before`."""
    x = 0
    for e in before:
        x = (x * carry >> 10) + e
    line = []
    for e in shocks:
        x = (x * carry >> 10) + e
        line.append(x)
    return line


def _noise(key: Key, profile: Profile, first: int, days: int) -> Ints:
    """The slow noise around 0 at the knots of `days` days from `first`, Q16, shape (days, 289).

    Each day is a first-order autoregression that starts from nothing one day earlier, a checkpoint that is thus rebuilt
    from the seed alone; the last column is the first knot of the next day by this day's chain.
    """
    sd = round(profile.jitter * 1000)
    if not sd:
        return np.zeros((days, STEPS_A_DAY + 1), dtype=np.int64)
    carry = round(profile.autocorrelation * 1024)
    # sd * sqrt(1 - carry**2), both in thousandths and 1/1024.
    innovation = isqrt(sd * sd * (1024 * 1024 - carry * carry))
    blocks = STEPS_A_DAY // 4
    word = words(key, _SLOW, (first - 1) * blocks, (days + 1) * blocks + 1).ravel()
    shock = normal().z[(word >> np.uint64(48)).astype(np.int64)] * innovation // (1000 * 1024)
    grid = shock[: (days + 1) * STEPS_A_DAY].reshape(days + 1, STEPS_A_DAY)
    after = shock[STEPS_A_DAY * 2 :: STEPS_A_DAY][:days]
    # For so few days Python's own numbers are faster than many operations on short arrays.
    rows, late = grid.tolist(), after.tolist()
    lines = [_chain(carry, rows[day], [*rows[day + 1], late[day]]) for day in range(days)]
    return np.array(lines, dtype=np.int64)


def _of_days(key: Key, profile: Profile, first: int, days: int) -> Ints:
    """The noise of whole days at their knots (noon to noon, interpolated), Q16, shape (days, 289)."""
    sd = round(profile.daily_jitter * 1000)
    if not sd:
        return np.zeros((days, STEPS_A_DAY + 1), dtype=np.int64)
    word = words(key, _DAYS, first - 1, days + 2)[:, 0]
    noon = normal().z[(word >> np.uint64(48)).astype(np.int64)] * sd // 1000
    half = STEPS_A_DAY // 2
    at = np.arange(STEPS_A_DAY + 1, dtype=np.int64)
    early = (noon[:-2, None] * (half - at[:half]) + noon[1:-1, None] * (half + at[:half])) // STEPS_A_DAY
    late = at[half:] - half
    return np.concatenate(
        [early, (noon[1:-1, None] * (STEPS_A_DAY - late) + noon[2:, None] * late) // STEPS_A_DAY], axis=1
    )


def visitors(key: Key, profile: Profile, origin: int, first: int, last: int) -> Ints:
    """Mean number of visitors' requests in the minutes `first` to `last` (since 1970, `last` left out), Q16, int64.

    Args:
        key: of the environment's stream.
        profile: the shape.
        origin: the minute from which the profile holds; growth counts from its midnight.
        first: the first minute.
        last: the minute after the last.
    """
    day, end = first // DAY, -(-last // DAY)
    days = end - day
    growth = _growth(profile, origin // DAY, day, end)
    at = np.arange(STEPS_A_DAY + 1, dtype=np.int64)
    grown = (growth[:-1, None] * (STEPS_A_DAY - at) + growth[1:, None] * at) // STEPS_A_DAY
    noise = _noise(key, profile, day, days) + _of_days(key, profile, day, days)
    # Never below a sixteenth: a site is rarely quiet by chance alone.
    knots = grown * np.maximum(noise + ONE, ONE // 16) >> 16
    lo, hi = knots[:, :-1, None], knots[:, 1:, None]
    minute = np.arange(STEP, dtype=np.int64)
    factor = ((lo * STEP + (hi - lo) * minute) // STEP).reshape(-1)[first - day * DAY : last - day * DAY]
    base = _week(profile.rpm, profile.day, profile.week, profile.utc_offset)
    start = (first + _MONDAY) % WEEK
    if start + last - first <= WEEK:
        rate = base[start : start + last - first]
    else:
        rate = np.take(base, np.arange(start, start + last - first), mode="wrap")
    result: Ints = np.minimum(rate * factor >> 16, MAX_RATE * ONE)
    return result
