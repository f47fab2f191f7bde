"""The counts have the means, spreads and correlations that the parameters promise. All seeds are fixed."""

from __future__ import annotations

import numpy as np
import pytest

from createos_nb.simulator.traffic import Behavior, Bot, Failing, Incident, Page, Profile, Segment, Traffic
from createos_nb.simulator.traffic.profile import FLAT_DAY, FLAT_WEEK, NIGHT_AND_DAY
from createos_nb.simulator.traffic.randomness import words
from createos_nb.simulator.traffic.tables import SMALL_RATE, counts, normal, overdispersion_factors, root

DAY = 86_400
MONDAY = 1_767_571_200  # 2026-01-05
PLAIN = {"day": FLAT_DAY, "week": FLAT_WEEK, "overdispersion": 0.0, "jitter": 0.0, "daily_jitter": 0.0}
ONE_PAGE = (Page(path="/"),)


def minutes(profile: Profile, days: int = 28, **more: object) -> np.ndarray:
    segments = [Segment(start=MONDAY, **more)]  # type: ignore[arg-type]  # whatever a test asks for
    return Traffic(11, "e", profile, segments, created=MONDAY).series(MONDAY, MONDAY + days * DAY).total


@pytest.mark.parametrize("mean", [0.004, 0.3, 1.99, 2.5, 17, 31.99, 32.01, 90, 4096, 250_000])
def test_counts_are_poisson(mean: float) -> None:
    word = words((5, 6), 7, 0, 100_000).ravel()
    drawn = counts(np.full(len(word), round(mean * 65_536)), word)
    error = np.sqrt(mean / len(word))
    assert abs(drawn.mean() - mean) < 4 * error
    assert abs(drawn.var() / mean - 1) < 0.03
    skewness = ((drawn - drawn.mean()) ** 3).mean() / drawn.std() ** 3
    assert abs(skewness - mean**-0.5) < 0.1 + 0.2 * mean**-0.5


def test_more_is_never_less() -> None:
    """The same word with a larger mean gives no smaller count, across the seams between the tables."""
    word = words((5, 6), 8, 0, 500).ravel()
    before = np.zeros(len(word), dtype=np.int64)
    for mean in (0.01, 0.5, 1.99, 2.0, 2.01, 3, 8, 31.9, 33, 34, 80, 4095, 4097, 9000):
        now = counts(np.full(len(word), round(mean * 65_536)), word)
        assert np.all(now >= before)
        before = now


def test_tables_are_what_they_say() -> None:
    z = normal().z / 65_536
    assert abs(z.mean()) == 0
    assert abs(z.std() - 1) < 1e-3
    assert abs(z[round(0.975 * 65_536)] - 1.95996) < 1e-3
    assert np.all(np.diff(z) >= 0)
    assert root()[99] ** 2 == pytest.approx(99 * 65_536**2, rel=1e-5)
    assert root()[4097 + 99] ** 2 == pytest.approx(99 * 256 * 65_536**2, rel=1e-5)
    for cv in (0.05, 0.3, 1.0, 2.0):
        factor = overdispersion_factors(round(cv * 1000)) / 4096
        assert factor.mean() == 1
        assert factor.std() == pytest.approx(cv, rel=0.01)


@pytest.mark.parametrize(("rpm", "overdispersion"), [(3, 0.0), (200, 0.0), (200, 0.3), (200, 1.0)])
def test_overdispersion_adds_the_variance_that_it_promises(rpm: float, overdispersion: float) -> None:
    drawn = minutes(Profile(rpm=rpm, pages=ONE_PAGE, **{**PLAIN, "overdispersion": overdispersion}))  # type: ignore[arg-type]
    expected = rpm + (overdispersion * rpm) ** 2
    assert drawn.mean() == pytest.approx(rpm, rel=5 * np.sqrt(expected / len(drawn)) / rpm)
    assert drawn.var() == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("autocorrelation", [0.0, 0.6, 0.95])
def test_slow_noise_has_its_spread_and_its_memory(autocorrelation: float) -> None:
    rpm = 60_000
    profile = Profile(
        rpm=rpm,
        pages=ONE_PAGE,
        autocorrelation=autocorrelation,
        **{**PLAIN, "jitter": 0.1},  # type: ignore[arg-type]
    )
    knots = minutes(profile, days=120)[::5] / rpm - 1
    assert knots.std() == pytest.approx(0.1, rel=0.08)
    for lag in (1, 2, 5):
        measured = np.corrcoef(knots[:-lag], knots[lag:])[0, 1]
        assert measured == pytest.approx(autocorrelation**lag, abs=0.04)


def test_midnight_does_not_break_the_memory() -> None:
    profile = Profile(rpm=60_000, pages=ONE_PAGE, autocorrelation=0.95, **{**PLAIN, "jitter": 0.1})  # type: ignore[arg-type]
    days = minutes(profile, days=120).reshape(120, 1440) / 60_000 - 1
    assert np.corrcoef(days[:-1, -5], days[1:, 0])[0, 1] > 0.9


def test_the_day_and_the_week_have_their_shape_and_the_mean_is_the_weeks() -> None:
    profile = Profile(rpm=120, day=NIGHT_AND_DAY, overdispersion=0.0, jitter=0.0, daily_jitter=0.0, utc_offset=120)
    drawn = minutes(profile, days=28).reshape(4, 7, 24, 60)
    assert drawn.mean() == pytest.approx(120, rel=0.01)
    hours = drawn.mean(axis=(0, 1))[:, 0]
    local = np.roll(np.array(NIGHT_AND_DAY), -2)
    assert np.corrcoef(hours, local)[0, 1] > 0.99
    weekend, workday = drawn[:, 5:].mean(), drawn[:, 1:3].mean()
    assert weekend / workday == pytest.approx(77 / 112, rel=0.03)


def test_growth_compounds_by_the_week() -> None:
    weeks = minutes(Profile(rpm=300, growth=0.1, pages=ONE_PAGE, **PLAIN), days=70).reshape(10, -1).mean(axis=1)  # type: ignore[arg-type]
    assert weeks[1:] / weeks[:-1] == pytest.approx(np.full(9, 1.1), rel=0.01)


def test_statuses_and_paths_have_their_shares_and_vary_like_single_draws() -> None:
    pages = tuple(Page(path=f"/{i}", weight=i + 1) for i in range(12))
    behavior = Behavior(errors=(Failing(status=500, share=0.05, path="/3"), Failing(status=404, share=0.02)))
    traffic = Traffic(
        11, "e", Profile(rpm=90, pages=pages, **PLAIN), [Segment(start=MONDAY, behavior=behavior)], created=MONDAY
    )  # type: ignore[arg-type]
    hours = [traffic.cells(MONDAY + h * 3600, MONDAY + (h + 1) * 3600) for h in range(400)]
    table = np.array([[dict(c.top_paths(20)).get(f"/{i}", 0) for i in range(12)] for c in hours])
    share = (np.arange(12) + 1) / 78
    assert table.sum(axis=0) / table.sum() == pytest.approx(share, rel=0.03)
    # Each path by itself is a Poisson count, too.
    assert table.var(axis=0) / table.mean(axis=0) == pytest.approx(np.ones(12), abs=0.25)
    failed = [sum(n for p, s, n in c.top_errors(30) if (p, s) == ("/3", 500)) for c in hours]
    assert np.mean(failed) == pytest.approx(90 * 60 * share[3] * 0.05, rel=0.05)
    assert np.var(failed) / np.mean(failed) == pytest.approx(1, abs=0.25)
    missing = [c.statuses().get(404, 0) for c in hours]
    assert np.mean(missing) == pytest.approx(90 * 60 * 0.02 * (1 - share[3] * 0.05), rel=0.03)


def test_requests_fall_evenly_within_their_minute() -> None:
    traffic = Traffic(11, "e", Profile(rpm=900, pages=ONE_PAGE, **PLAIN), [Segment(start=0)])  # type: ignore[arg-type]
    ms = traffic.events(0, 7200).time // 1000 % 60_000
    bins = np.bincount(ms // 1000, minlength=60)
    assert ((bins - bins.mean()) ** 2 / bins.mean()).sum() < 100


def test_an_incident_moves_environments_together() -> None:
    incident = Incident(name="upstream", start=MONDAY, failing=(Failing(status=503, share=0.2),), jitter=0.5)

    def failures(stream: str) -> np.ndarray:
        profile = Profile(rpm=3000, pages=ONE_PAGE, **PLAIN)  # type: ignore[arg-type]
        traffic = Traffic(11, stream, profile, [Segment(start=MONDAY)], [incident], created=MONDAY)
        return traffic.series(MONDAY, MONDAY + 2 * DAY, 300).counts[:, 3]

    one, other = failures("a"), failures("b")
    assert np.corrcoef(one, other)[0, 1] > 0.97
    assert not np.array_equal(one, other)
    assert one.mean() == pytest.approx(3000 * 5 * 0.2, rel=0.1)


def test_a_bot_is_at_work_for_its_share_of_the_hours() -> None:
    bot = Bot(name="b", rpm=40, duty=0.25, pages=(Page(path="/x", status=404),), client="198.51.100.200")
    profile = Profile(rpm=0, bots=(bot,))
    hours = minutes(profile, days=200).reshape(-1, 60).sum(axis=1)
    assert (hours > 0).mean() == pytest.approx(0.25, abs=0.03)
    assert hours[hours > 0].mean() == pytest.approx(2400, rel=0.02)


def test_few_clients_make_most_requests() -> None:
    traffic = Traffic(11, "e", Profile(rpm=600, clients=400), [Segment(start=0)])
    events = traffic.events(0, 7200)
    busiest = np.sort(np.bincount(events.client))[::-1]
    assert len(busiest) > 390
    assert busiest[:40].sum() > 0.25 * len(events)


def test_the_largest_word_is_a_count_at_every_rate():
    rates = np.arange(0, (SMALL_RATE << 16) + 1, 1 << 9, dtype=np.int64)
    drawn = counts(rates, np.full(len(rates), np.iinfo(np.uint64).max, dtype=np.uint64))
    assert drawn[0] == 0
    assert (np.diff(drawn) >= 0).all()
    assert drawn[-1] < 3 * SMALL_RATE
