"""Following a log: 200 made-up feeds with bursts, equal lines, stalls and failing reads."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.client.follow import Alignment, follow_log
from createos_nb.dtypes import TEXT
from createos_nb.errors import Unauthorized, Unreachable

WINDOW = 60


def feed(seed: int, stamped: bool) -> tuple[list[tuple[float, str]], list[float], list[bool]]:
    """Lines with the moment of each, moments of reads, and which reads fail."""
    chance = random.Random(seed)
    lines: list[tuple[float, str]] = []
    reads: list[float] = []
    fails: list[bool] = []
    now = 0.0
    stalls = 0
    for _ in range(80):
        roll = chance.random()
        if roll < 0.04 and reads:
            step = chance.randint(WINDOW + 20, 300)
            stalls += 1
        elif roll < 0.12:
            step = chance.randint(20, WINDOW - 8)
        else:
            step = chance.randint(1, 9)
        # a stall is of the reader: lines go on being written, so that a long one loses some
        for _ in range(chance.choice([0, 1, 2, 5, 30]) + (step // 2 if step > WINDOW else 0)):
            at = now + chance.uniform(0.01, step - 0.01)
            text = chance.choice(["tick", "tick", "tick", f"request {chance.randint(1, 5)}", f"line {len(lines)}"])
            lines.append((at, text))
        now += step
        reads.append(now)
        fails.append(chance.random() < 0.1 and step < 5)
    return sorted(lines), reads, fails


def follow_log_by_hand(seed: int, stamped: bool) -> tuple[list[tuple[float, str]], list[Any], int, int]:
    """Lines that were written and could be read, what was shown of them, gaps, and long stalls."""
    lines, reads, fails = feed(seed, stamped)
    alignment = Alignment(WINDOW)
    shown: list[Any] = []
    readable: set[int] = set()
    good: list[float] = []
    gaps = stalls = 0
    for now, fail in zip(reads, fails, strict=True):
        if fail:
            continue
        anchor = good[-2] if len(good) > 1 else now - WINDOW
        asked = now - (good[-1] if good and now - anchor > WINDOW and not stamped else anchor)
        reach = min(asked, WINDOW)  # the source gives no more, whatever is asked for
        there = [place for place, (at, _) in enumerate(lines) if now - reach < at <= now]
        given = [(lines[place][0] if stamped else None, lines[place][1]) for place in there]
        fresh = alignment.add(given, now - reach, now)
        readable |= set(there)
        stalls += bool(good) and now - good[-1] > WINDOW
        gaps += fresh.gap
        shown += [there[place] for place in fresh.positions]
        good.append(now)
    return [lines[place] for place in sorted(readable)], [lines[place] for place in shown], gaps, stalls


@pytest.mark.grid(2)
@pytest.mark.parametrize("stamped", [True, False], ids=["with times", "without times"])
def test_nothing_is_lost_and_nothing_comes_twice(stamped: bool) -> None:
    """200 feeds: what could be read is shown once, in order, and each long stall is one gap."""
    stalls = 0
    for seed in range(200):
        readable, shown, gaps, long = follow_log_by_hand(seed, stamped)
        assert shown == readable, f"feed {seed}"
        assert gaps == long, f"feed {seed}"
        stalls += long
    assert stalls > 200


def test_equal_lines_without_times_are_counted() -> None:
    """Three equal lines, of which one has left the window while another one was written."""
    alignment = Alignment(60)
    alignment.add([(None, "a")], -60, 0)
    assert alignment.add([(None, "a"), (None, "a"), (None, "a")], -60, 10).positions == [1, 2]
    assert alignment.add([(None, "a"), (None, "a"), (None, "a")], 0, 20).positions == [2]


def test_a_long_stall_that_a_longer_window_bridges_is_no_gap() -> None:
    alignment = Alignment(60)
    alignment.add([(1.0, "one"), (9.0, "two")], -50, 10)
    fresh = alignment.add([(9.0, "two"), (50.0, "three"), (150.0, "four")], 5, 160)
    assert (fresh.gap, fresh.positions) == (False, [1, 2])


def test_a_line_that_comes_late_is_found() -> None:
    alignment = Alignment(60)
    alignment.add([(1.0, "one"), (9.0, "two")], -50, 10)
    fresh = alignment.add([(1.0, "one"), (5.0, "late"), (9.0, "two")], -45, 15)
    assert fresh.positions == [1]


def test_lines_of_a_traceback_go_with_their_first() -> None:
    alignment = Alignment(60)
    alignment.add([(1.0, "Traceback"), (None, "  File a"), (None, "  File a")], -50, 10)
    fresh = alignment.add([(None, "  File a"), (12.0, "Traceback"), (None, "  File a")], 5, 20)
    assert (fresh.gap, fresh.positions) == (False, [1, 2])


def test_a_quiet_log_has_no_gaps() -> None:
    alignment = Alignment(60)
    assert not alignment.add([], -60, 0).gap
    assert not alignment.add([], -60, 30).gap
    assert alignment.add([(75.0, "at last")], 0, 80) == (False, [0])


class Ticking:
    speed, least = 1.0, 0.0
    virtual = True

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    passed = now

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def frame(*texts: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": pd.Series([pd.NaT] * len(texts), dtype="datetime64[us, UTC]"),
            "line_number": pd.array(range(1, len(texts) + 1), dtype="Int64"),
            "stage": pd.Series(["run"] * len(texts), dtype=TEXT),
            "level": pd.Series([None] * len(texts), dtype=TEXT),
            "text": pd.Series(list(texts), dtype=TEXT),
        }
    )


def test_failing_reads_are_read_again_and_a_refused_key_is_raised() -> None:
    answers = iter([frame("one"), Unreachable("no"), frame("two"), Unauthorized("no")])
    asked = []

    def read(since: int) -> pd.DataFrame:
        asked.append(since)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    lines = follow_log(read, Ticking(), every=5, window=60, lasting=None, is_over=lambda: False)
    assert next(lines)["text"].tolist() == ["one"]
    assert next(lines)["text"].tolist() == ["two"]
    with pytest.raises(Unauthorized):
        next(lines)
    assert asked == [60, 5, 10, 15]


def test_it_gives_up_after_five_minutes_of_failures() -> None:
    clock = Ticking()

    def read(since: int) -> pd.DataFrame:
        raise Unreachable("no")

    with pytest.raises(Unreachable):
        next(follow_log(read, clock, every=5, window=60, lasting=None, is_over=lambda: False))
    assert 300 < clock.at < 320


@pytest.mark.parametrize("resource", ["environments", "deployments"])
def test_the_simulated_log_is_follow_log_whole(resource: str) -> None:
    """What following shows is what one long read shows afterwards, each line once."""
    client = createos_nb.simulate("storefront")
    target = "production" if resource == "environments" else 17
    calls = getattr(client, resource)
    began = client.clock.now()
    parts = list(calls.follow("storefront", target, every=7, window=60, lasting=300))
    shown = pd.concat(parts, ignore_index=True)
    whole = calls.logs("storefront", target, start=began - 60)
    assert not shown["gap"].any()
    assert len(whole) > 50
    assert shown["text"].tolist() == whole["text"].tolist()
    assert shown["time"].tolist() == whole["time"].tolist()
    assert str(shown["gap"].dtype) == "boolean"
    assert str(shown["line_number"].dtype) == "Int64"
