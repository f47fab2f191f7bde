"""Environments that call each other: what goes from one to the next, exactly, for every window, and never backwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from createos_nb.simulator.traffic import (
    Behavior,
    Bot,
    Call,
    Cause,
    Failing,
    Incident,
    Page,
    Profile,
    Scheduled,
    Segment,
    Traffic,
    connected,
    cycle_of,
)

DAY = 1_772_409_600
"""Monday, 2 March 2026, 00:00 UTC."""
HOUR = 3600
FLAT: dict[str, Any] = {"day": (100,) * 24, "week": (100,) * 7, "jitter": 0.02, "daily_jitter": 0}
BOT = Bot(name="probe", rpm=4, pages=(Page(path="/cart"),))
SHOP = Profile(rpm=60, pages=(Page(path="/"), Page(path="/cart")), bots=(BOT,), **FLAT)
STOCK = Profile(rpm=12, pages=(Page(path="/v1/stock", ms=60), Page(path="/healthz", ms=2)), **FLAT)
PRICES = Profile(rpm=3, pages=(Page(path="/v1/prices", ms=20),), **FLAT)
FIRST = Call(
    name="stock", caller="shop", callee="stock", start=DAY + 600, path="/cart", endpoint="/v1/stock", count=2,
    retries=2, timeout=0.5, backoff=0.4, host="stock.example.com", client="10.42.1.1", agent="shop/1.0",
)  # fmt: skip
SECOND = Call(
    name="prices", caller="stock", callee="prices", start=DAY + 600, path="/v1/*", endpoint="/v1/prices",
    retries=1, timeout=0.3, host="prices.example.com", client="10.42.2.2", agent="stock/1.0",
)  # fmt: skip
LIVE = Segment(start=DAY)


def world(
    calls: Sequence[Call] = (FIRST, SECOND),
    segments: dict[str, list[Segment]] | None = None,
    incidents: dict[str, list[Incident]] | None = None,
    scheduled: dict[str, list[Scheduled]] | None = None,
    joined: bool = True,
    shop: Profile = SHOP,
) -> dict[str, Traffic]:
    """A shop that asks for stock, which asks for prices."""
    profiles = {"shop": shop, "stock": STOCK, "prices": PRICES}
    names = connected(calls, calls[0].caller)
    traffics = {
        name: Traffic(
            7, name, profiles[name], (segments or {}).get(name, [LIVE]), (incidents or {}).get(name, ()), created=DAY,
            scheduled=(scheduled or {}).get(name, ()), joined=joined,
        )
        for name in names
    }  # fmt: skip
    if joined:
        Traffic.join(7, traffics, calls)
    return traffics


def failing(share: float, start: int = DAY) -> list[Segment]:
    return [Segment(start=start, behavior=Behavior(errors=(Failing(status=503, share=share),)))]


def told(traffic: Traffic, start: int, end: int) -> tuple[Any, ...]:
    """All that is known of a window."""
    events, cells = traffic.events(start, end), traffic.cells(start, end)
    return (
        events.time.tobytes(), events.status.tobytes(), events.path, events.ms.tobytes(), events.size.tobytes(),
        [events.clients[i] for i in events.client], [events.agents[i] for i in events.agent],
        [events.cells[i] for i in events.cell], traffic.series(start, end).counts.tobytes(),
        cells.path, cells.status.tobytes(), cells.count.tobytes(), traffic.logs(max(start, end - 40), end),
    )  # fmt: skip


def of_client(traffic: Traffic, client: str, start: int, end: int) -> Any:
    events = traffic.events(start, end)
    return events.take(np.array([events.clients[i] == client for i in events.client], dtype=bool))


def cart_of(traffic: Traffic, start: int, end: int) -> Any:
    return np.array([path == "/cart" for path in traffic.events(start, end).path])


# --- conservation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_requests_of_a_caller_are_its_pages_times_the_calls_plus_the_retries(share: float) -> None:
    traffics = world([FIRST], {"stock": failing(share)})
    start, end = DAY + HOUR, DAY + 3 * HOUR
    shop = traffics["shop"].events(start, end)
    pages = Counter(cell.status for cell in (shop.cells[i] for i in shop.cell) if cell.path == "/cart")
    # An attempt comes at most so late after its page; nothing of the hour before reaches in, nothing is cut off after.
    late = -(-FIRST.longest_ms // 1000) + 1
    tail = of_client(traffics["stock"], FIRST.client, end, end + late)
    got = of_client(traffics["stock"], FIRST.client, start, end)
    asked = sum(pages.values()) * FIRST.count
    if share == 0:
        # A rare answer is late, and asked for again.
        retried = int((got.ms > FIRST.timeout_ms).sum())
        assert abs(len(got) - asked - retried) <= 4
        assert pages[502] == pages[504] == 0 < asked
    elif share == 1:
        assert set(got.status.tolist()) == {503}
        assert set(pages) <= {502, 504}
        assert pages[502] > 100
        # Each of the calls is tried three times; those at the edges are half in.
        assert abs(len(got) - 3 * asked) <= 3 * 2 * 4
    else:
        wrong = int(((got.status >= 500) | (got.ms > FIRST.timeout_ms)).sum())
        # 1 + f + f**2 attempts each; the share that fails is the cube of f, for two calls.
        assert len(got) / asked == pytest.approx(1 + share + share**2, rel=0.03)
        assert wrong / len(got) == pytest.approx(share, abs=0.02)
        assert pages[502] / sum(pages.values()) == pytest.approx(1 - (1 - share**3) ** 2, abs=0.012)
    assert len(tail)


def test_every_attempt_goes_back_to_a_request_of_the_caller_one_by_one() -> None:
    """From the first moment of a call to a moment after its end everything is inside, so it adds up to the last one."""
    call = replace(FIRST, end=DAY + 2 * HOUR)
    for share in (0.0, 0.4, 1.0):
        traffics = world([call], {"stock": failing(share)})
        shop = traffics["shop"].events(call.start, DAY + 3 * HOUR)
        served = [
            (int(time), shop.cells[code])
            for time, code in zip(shop.time.tolist(), shop.cell.tolist(), strict=True)
            if time < DAY * 1_000_000 + 2 * HOUR * 1_000_000 and shop.cells[code].path == "/cart"
        ]
        got = of_client(traffics["stock"], call.client, DAY, DAY + 3 * HOUR)
        wrong = (got.status >= 500) | (got.ms > call.timeout_ms)
        given_up = len(got) - int((~wrong).sum())
        calls = len(served) * call.count
        # Each call ends with an answer, or with its last retry: attempts = calls + retries, and a retry follows each
        # failure but the last of those that were given up.
        answered = int((~wrong).sum())
        lost = calls - answered
        assert len(got) == calls + (given_up - lost)
        assert lost >= sum(cell.cause is Cause.CALL_FAILED for _, cell in served) > -1
        assert (share == 1) == (answered == 0)
        first = {time // 1000 + 1 for time, _ in served}
        times = Counter((got.time // 1000).tolist())
        assert all(times[time] >= call.count for time in first)


def test_errors_go_on_along_the_chain_and_each_log_names_whom_it_waited_for() -> None:
    traffics = world(segments={"prices": failing(1.0)})
    window = (DAY + HOUR, DAY + 2 * HOUR)
    assert traffics["prices"].success_percentage(*window) == 0
    stock = traffics["stock"].cells(*window)
    assert {s for p, s in zip(stock.path, stock.status.tolist(), strict=True) if p == "/v1/stock"} == {502}
    assert {s for p, s in zip(stock.path, stock.status.tolist(), strict=True) if p == "/healthz"} == {200}
    shop = traffics["shop"].cells(*window)
    assert {s for p, s in zip(shop.path, shop.status.tolist(), strict=True) if p == "/cart"} == {502, 504}
    assert {s for p, s in zip(shop.path, shop.status.tolist(), strict=True) if p == "/"} == {200}
    log = "\n".join(str(line) for line in traffics["stock"].logs(DAY + HOUR, DAY + HOUR + 120))
    assert "https://prices.example.com answered 503 Service Unavailable" in log
    assert "stock.example.com" not in log
    log = "\n".join(str(line) for line in traffics["shop"].logs(DAY + HOUR, DAY + HOUR + 120))
    assert "https://stock.example.com answered 502 Bad Gateway" in log
    assert "prices.example.com" not in log


@pytest.mark.parametrize(
    ("segments", "status"),
    [
        ([], 404),
        ([Segment(start=DAY, asleep=True)], 503),
        ([Segment(start=DAY, behavior=Behavior(listens=9))], 502),
        (failing(1.0), 503),
    ],
)
def test_whatever_does_not_answer_fails_its_caller(segments: list[Segment], status: int) -> None:
    traffics = world([FIRST], {"stock": segments})
    window = (DAY + HOUR, DAY + 2 * HOUR)
    assert set(of_client(traffics["stock"], FIRST.client, *window).status.tolist()) == {status}
    assert traffics["shop"].top_errors(*window, limit=1)[0][:2] == ("/cart", 502)
    assert 200 not in traffics["shop"].events(*window).take(cart_of(traffics["shop"], *window)).status
    assert any(f"answered {status} " in line.text for line in traffics["shop"].logs(DAY + HOUR, DAY + HOUR + 60))


def test_a_callee_that_is_slow_makes_its_caller_wait_and_then_time_out() -> None:
    window = (DAY + HOUR, DAY + 2 * HOUR)
    call = replace(FIRST, retries=0, timeout=5.0)

    def cart(slow: float) -> Any:
        traffics = world([call], {"stock": [Segment(start=DAY, behavior=Behavior(slow=slow))]})
        return traffics["shop"].events(*window).take(cart_of(traffics["shop"], *window))

    quick, waiting, late = cart(1), cart(20), cart(100)
    assert np.median(waiting.ms) > np.median(quick.ms) + 700
    assert set(quick.status.tolist()) == {200}
    assert 504 in late.status
    assert late.ms[late.status == 504].min() >= 5000
    assert waiting.ms.max() < 5000 + 1000


def test_bots_and_cron_jobs_call_too_and_what_the_gateway_refuses_does_not() -> None:
    window = (DAY + HOUR, DAY + 2 * HOUR)
    job = Scheduled(name="job", schedule="*/5 * * * *", start=DAY, path="/cart")
    with_job = world([FIRST], scheduled={"shop": [job]})["stock"].totals(*window)["total"]
    assert with_job == world([FIRST])["stock"].totals(*window)["total"] + 12 * FIRST.count
    asleep = world([FIRST], {"shop": [Segment(start=DAY, asleep=True)]})["stock"]
    assert len(of_client(asleep, FIRST.client, *window)) == 0


def test_a_retry_budget_keeps_retries_within_a_share_of_the_calls() -> None:
    window = (DAY + HOUR, DAY + 5 * HOUR)
    for budget in (0.0, 0.5):
        call = replace(FIRST, retries=5, retry_budget=budget, count=1)
        traffics = world([call], {"stock": failing(0.9)})
        pages = sum(path == "/cart" for path in traffics["shop"].events(*window).path)
        got = len(of_client(traffics["stock"], call.client, *window))
        assert got == pytest.approx(pages * (1 + budget), rel=0.03)


def test_the_gateway_answers_what_visitors_get_and_its_calls_count() -> None:
    traffics = world([FIRST], {"stock": failing(1.0)})
    answer = traffics["shop"].answer(DAY + HOUR, "GET", "/cart")
    assert (answer.status, answer.cause) == (502, Cause.CALL_FAILED)
    assert len(answer.calls) == 3 * FIRST.count
    before = traffics["stock"].totals(DAY + HOUR, DAY + HOUR + 60)["total"]
    for attempt in answer.calls:
        attempt.record()
    assert traffics["stock"].totals(DAY + HOUR, DAY + HOUR + 60)["total"] == before + 3 * FIRST.count
    assert traffics["shop"].answer(DAY + HOUR, "GET", "/").calls == ()


# --- windows and the past ---------------------------------------------------------------------------------------------

CROWD = Incident(name="crowd", start=DAY + HOUR + 77, end=DAY + HOUR + 900, rate=6, ramp=45, fade=100)
BUSY = [
    Segment(start=DAY, end=DAY + 2 * HOUR + 13, behavior=Behavior(cpu_ms=45, slow_start=90)),
    Segment(start=DAY + 2 * HOUR + 13, version=2, behavior=Behavior(cpu_ms=45, crash_after=400)),
]


def test_windows_add_up_however_they_are_cut() -> None:
    traffics = world(segments={"stock": BUSY}, incidents={"shop": [CROWD]})
    start, end = DAY + HOUR - 31, DAY + 2 * HOUR + 1171
    for name, traffic in traffics.items():
        whole = traffic.events(start, end)
        assert traffic.totals(start, end)["total"] == len(whole), name
        assert traffic.cells(start, end).totals() == traffic.totals(start, end)
        assert Counter(traffic.statuses(start, end)) == Counter(whole.status.tolist())
        for width in (17, 60, 300):
            assert traffic.series(start, end, width).total.sum() == len(whole)
        for cuts in ([start, start + 1, start + 60, end], [start, DAY + HOUR + 77, DAY + HOUR + 100, end - 1, end]):
            parts = list(pairwise(cuts))
            assert np.array_equal(np.concatenate([traffic.events(a, b).time for a, b in parts]), whole.time)
            assert np.array_equal(np.concatenate([traffic.events(a, b).ms for a, b in parts]), whole.ms)
            tally: Counter[tuple[str, str, int]] = Counter()
            for a, b in parts:
                cells = traffic.cells(a, b)
                tally.update(dict(zip(zip(cells.method, cells.path, cells.status.tolist(), strict=True),
                                      cells.count.tolist(), strict=True)))  # fmt: skip
            cells = traffic.cells(start, end)
            keys = zip(cells.method, cells.path, cells.status.tolist(), strict=True)
            assert tally == Counter(dict(zip(keys, cells.count.tolist(), strict=True)))
            assert (cells.count > 0).all()


def _later(time: int) -> dict[str, dict[str, Traffic]]:
    """The world, with something that is done at a time in it."""
    old = {"stock": [replace(BUSY[0], end=None)]}
    crowd = {"shop": [replace(CROWD, start=DAY + 900, end=None)]}

    def cut(segment: Segment, **other: Any) -> list[Segment]:
        return [replace(segment, end=time), replace(segment, start=time, end=None, **other)]

    slow = Incident(name="slow", start=time, slow=30.0)
    return {
        "nothing": world(segments=old, incidents=crowd),
        "callee falls": world(segments={"stock": [replace(old["stock"][0], end=time)]}, incidents=crowd),
        "callee grows": world(segments={"stock": cut(old["stock"][0], replicas=3)}, incidents=crowd),
        "last one fails": world(segments={**old, "prices": [replace(LIVE, end=time), *failing(1.0, time)]},
                                incidents=crowd),
        "caller falls": world(segments={**old, "shop": [replace(LIVE, end=time)]}, incidents=crowd),
        "crowd goes": world(segments=old, incidents={"shop": [replace(CROWD, start=DAY + 900, end=time)]}),
        "provider is slow": world(segments=old, incidents={**crowd, "prices": [slow]}),
        "call ends": world([replace(FIRST, end=time), SECOND], old, crowd),
        "call begins": world([FIRST, SECOND, replace(FIRST, name="more", start=time)], old, crowd),
    }  # fmt: skip


@pytest.mark.parametrize("time", [DAY + HOUR + 1234, pytest.param(DAY + HOUR + 1260, marks=pytest.mark.slow)])
def test_what_is_done_at_a_time_changes_nothing_before_it_even_within_a_minute(time: int) -> None:
    worlds = _later(time)
    before = worlds.pop("nothing")
    window = (time - 700, time)
    for what, after in worlds.items():
        for name in before:
            assert told(before[name], *window) == told(after[name], *window), (what, name)
        assert any(told(before[name], time, time + 300) != told(after[name], time, time + 300) for name in before), what


def test_an_environment_that_is_joined_later_has_the_past_that_it_had_alone() -> None:
    time = DAY + HOUR + 1234
    joined = world([replace(FIRST, start=time)], {"stock": BUSY}, {"shop": [CROWD]})
    alone = world([replace(FIRST, start=time)], {"stock": BUSY}, {"shop": [CROWD]}, joined=False)
    for name in joined:
        assert told(joined[name], DAY, time) == told(alone[name], DAY, time)
        assert told(joined[name], time, time + 600) != told(alone[name], time, time + 600)


def test_what_was_asked_before_does_not_matter() -> None:
    asked, fresh = (world(segments={"stock": BUSY}, incidents={"shop": [CROWD]}) for _ in range(2))
    for name in ("prices", "shop", "stock"):
        asked[name].series(DAY, DAY + 5 * HOUR)
        asked[name].events(DAY + HOUR + 7, DAY + 2 * HOUR)
    for name in asked:
        window = (DAY + 2 * HOUR - 200, DAY + 2 * HOUR + 200)
        assert told(asked[name], *window) == told(fresh[name], *window)


# --- storms -----------------------------------------------------------------------------------------------------------

CALL = replace(FIRST, count=1, retries=3, timeout=0.4, backoff=0.2, start=DAY)
#: 30 calls a minute come to what serves 90 of them: all of them four times is too many.
NARROW = Behavior(cpu_ms=135)
TRIGGER = Incident(name="crowd", start=DAY + 6 * HOUR, end=DAY + 6 * HOUR + 600, rate=5)


def storm(profile: Profile = SHOP, **more: Any) -> dict[str, Traffic]:
    segments = more.pop("segments", [Segment(start=DAY, behavior=NARROW)])
    incidents = more.pop("incidents", {"shop": [TRIGGER]})
    return world(more.pop("calls", [CALL]), {"stock": segments}, incidents, shop=profile)


def errors(traffic: Traffic, hour: float) -> float:
    totals = traffic.totals(DAY + round(hour * HOUR), DAY + round((hour + 0.5) * HOUR))
    return 100 * totals["5xx"] / totals["total"]


def test_a_storm_of_retries_outlives_its_cause_by_days() -> None:
    shop = storm()["shop"]
    assert errors(shop, 5) < 0.5
    assert errors(shop, 6) > 20
    assert min(errors(shop, hour) for hour in (7, 20, 30, 60)) > 20
    calm = storm(incidents={})
    assert max(errors(calm["shop"], hour) for hour in (7, 20, 30, 60)) < 0.5
    # As many visitors come, and four times as many requests reach the callee.
    window = (DAY + 20 * HOUR, DAY + 21 * HOUR)
    loud = len(of_client(storm()["stock"], CALL.client, *window))
    assert loud > 3 * len(of_client(calm["stock"], CALL.client, *window))


@pytest.mark.parametrize("mended", ["twice the replicas", "nobody retries", "a budget", "few come for a while"])
def test_it_ends_with_more_capacity_fewer_requests_or_without_retries(mended: str) -> None:
    time = DAY + 9 * HOUR + 20
    live = Segment(start=DAY, behavior=NARROW)
    if mended == "twice the replicas":
        traffics = storm(segments=[replace(live, end=time), replace(live, start=time, replicas=2)])
    elif mended == "nobody retries":
        traffics = storm(calls=[replace(CALL, end=time), replace(CALL, name="once", retries=0, start=time)])
    elif mended == "a budget":
        traffics = storm(calls=[replace(CALL, end=time), replace(CALL, name="some", retry_budget=0.1, start=time)])
    else:
        gone = Incident(name="gone", start=time, end=time + 600, rate=0.1)
        traffics = storm(incidents={"shop": [TRIGGER, gone]})
    assert errors(traffics["shop"], 8.5) > 20
    assert errors(traffics["shop"], 10) < 0.5
    assert errors(traffics["shop"], 30) < 0.5


def test_a_storm_is_the_same_whichever_day_is_asked_for_first() -> None:
    late, whole = storm(), storm()
    for number in range(4):
        whole["stock"].series(DAY + number * 86_400, DAY + (number + 1) * 86_400)
    window = (DAY + 3 * 86_400 + 100, DAY + 3 * 86_400 + 700)
    for name in late:
        assert told(late[name], *window) == told(whole[name], *window)


def test_a_day_long_after_costs_no_more_than_the_days_that_can_matter() -> None:
    """Where nights are quiet, the day before says all; a storm that never ends has to be followed from its begin."""
    night = {"day": (10,) * 6 + (100,) * 18}
    for profile, days in ((replace(SHOP, **night), 3), (SHOP, 13)):
        traffics = storm(profile=profile)
        traffics["stock"].totals(DAY + 12 * 86_400, DAY + 12 * 86_400 + 60)
        assert len(traffics["stock"].flow_ends(1 << 60)) == days


# --- declarations -----------------------------------------------------------------------------------------------------


def test_calls_do_not_go_in_circles() -> None:
    back = Call(name="back", caller="prices", callee="shop", start=DAY)
    assert cycle_of([FIRST, SECOND]) is None
    assert cycle_of([FIRST, SECOND, back]) == ["shop", "stock", "prices", "shop"]
    with pytest.raises(ValueError, match="circle: shop → stock → prices → shop"):
        world([FIRST, SECOND, back])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"callee": "shop"}, "does not call itself"),
        ({"endpoint": "stock"}, "starts with /"),
        ({"path": "cart"}, "starts with /"),
        ({"status": 404}, "500 to 599"),
        ({"end": DAY}, "before it starts"),
        ({"retries": 11}, "retries of call stock is 0 to 10"),
        ({"timeout": 0}, "timeout of call stock is"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(FIRST, **fields)
