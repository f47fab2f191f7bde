"""The release verdict as a person calls it: frames in, one answer out."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

from benchmarks.statistics.verdict import judge, weights_of
from benchmarks.statistics.verdict_worlds import World, draw
from createos_nb.analysis import release_verdict
from createos_nb.analysis.releases.weights import PRIOR
from tests.analysis.watches import START, before, frame, poisson


def test_five_times_the_errors_are_rolled_back(regression):
    found = release_verdict(*regression, history=before())
    assert found.decision == "rollback"
    assert found.low > 1
    assert found.low <= found.ratio <= found.high
    assert found.evidence >= 100
    assert found.evidence_exact >= 100
    assert found.reason == "worse"
    assert found.decided_at == found.path.index[(found.path["decision"] == "rollback").argmax()]
    assert found.decided_at < START + pd.Timedelta(minutes=20)
    assert "Roll back" in found.sentence
    known = found.decided_at + pd.Timedelta(minutes=1)
    assert f"{known:%H:%M} UTC" in found.sentence


def test_a_healthy_release_is_promoted(healthy):
    found = release_verdict(*healthy, history=before(rpm=600))
    assert found.decision == "promote"
    assert found.high < 2
    assert found.low < 1 < found.high
    assert START + pd.Timedelta(minutes=22) <= found.promoted_at < START + pd.Timedelta(minutes=40)


def test_the_ratio_is_that_of_the_pooled_error_rates(regression):
    old, new = regression
    found = release_verdict(old, new)
    counted = found.path.index[found.path["judged"] & (found.path.index <= found.decided_at)]
    rates = [float(one.loc[counted, "status_5xx"].sum() / one.loc[counted, "count"].sum()) for one in (old, new)]
    assert found.ratio == pytest.approx(rates[1] / rates[0], rel=0.05)


def test_few_requests_are_not_enough_traffic_and_later_it_keeps_watching():
    old, new = poisson(5, 50), poisson(6, 50)
    found = release_verdict(old, new)
    assert list(found.path["decision"].iloc[:5]) == ["not enough traffic"] * 5
    assert found.decision == "keep watching"
    assert found.decided_at is None
    assert found.promoted_at is None


def test_what_was_decided_stays_decided(regression):
    old, new = regression
    flood = frame(np.full(300, 600), 0, start=old.index[-1] + pd.Timedelta(minutes=1))
    worse_old = frame(np.full(300, 600), 30, start=old.index[-1] + pd.Timedelta(minutes=1))
    first = release_verdict(old, new)
    found = release_verdict(pd.concat([old, worse_old]), pd.concat([new, flood]))
    assert found.path["evidence"].iloc[-1] < 1, "all later minutes speak for the candidate"
    assert found.decision == "rollback"
    assert found.decided_at == first.decided_at
    assert found.evidence == pytest.approx(first.path.loc[first.decided_at, "evidence"])
    assert found.sentence == first.sentence
    assert (found.low, found.high) == pytest.approx((first.low, first.high))


@pytest.mark.parametrize("share", [0.005, 0.025])
def test_one_call_replays_the_whole_watch(share):
    old, new = poisson(7), poisson(8, share=share)
    past = before()
    whole = release_verdict(old, new, history=past).path
    for length in (1, 6, 11, 30, 59):
        look = release_verdict(old.iloc[:length], new.iloc[:length], history=past)
        assert list(look.path["decision"]) == list(whole["decision"].iloc[:length])
        assert look.path["evidence"].to_numpy() == pytest.approx(whole["evidence"].to_numpy()[:length], rel=1e-9)
        assert look.decision == whole["decision"].iloc[length - 1]


@pytest.mark.parametrize("history", [0, 60])
def test_frames_and_the_simulation_are_judged_by_the_same_code(history):
    world = World("noise", old=300, new=150, own=0.5, ratio=3, releases=6)
    drawn = draw(world, 11, history=history)
    watched, past = drawn.watch, drawn.before
    weights = weights_of(drawn, pair=False) if history else PRIOR
    judged = judge([watched], [weights])
    for row in range(world.releases):
        old, new = (
            frame(one[row].astype(int), bad[row].astype(int))
            for one, bad in ((watched.old_requests, watched.old_errors), (watched.new_requests, watched.new_errors))
        )
        before_it = None
        if history:
            counts = past.old_requests[row].astype(int), past.old_errors[row].astype(int)
            before_it = frame(*counts, start=START - pd.Timedelta(minutes=history))
        found = release_verdict(old, new, history=before_it)
        assert np.log(found.path["evidence"]).to_numpy() == pytest.approx(judged.evidence[row], abs=1e-6)
        assert (found.path["decision"] == "rollback").to_numpy().tolist() == judged.rolled[row].tolist()
        assert (found.path["decision"] == "promote").to_numpy().tolist() == judged.promoted[row].tolist()


def test_no_errors_at_all_are_promoted_once_that_proves_enough():
    asked = np.full(60, 1_000)
    found = release_verdict(frame(asked), frame(asked))
    assert found.decision == "not enough traffic"
    assert "no errors in baseline or candidate" in found.sentence
    assert np.isnan(found.ratio)
    assert (found.low, found.high) == (0.0, np.inf)
    longer = np.full(180, 1_000)
    found = release_verdict(frame(longer), frame(longer))
    assert found.decision == "promote"
    assert "0.02 %" in found.sentence
    assert release_verdict(frame(longer), frame(longer), negligible=None).decision != "promote"


@pytest.mark.parametrize("errors", [(0, 4), (0, 7)])
def test_four_or_seven_errors_against_none_are_not_yet_a_regression(errors):
    old, new = np.zeros(30, int), np.zeros(30, int)
    new[np.linspace(2, 28, errors[1]).astype(int)] = 1
    found = release_verdict(frame(np.full(30, 100), old), frame(np.full(30, 100), new), history=before(share=0.002))
    assert found.decision in {"keep watching", "not enough traffic"}
    assert found.ratio == np.inf
    assert "∞" not in found.sentence
    assert found.evidence < 100


def test_twenty_errors_against_none_are_a_regression():
    new = np.tile([1, 1, 0], 10)
    found = release_verdict(frame(np.full(30, 100)), frame(np.full(30, 100), new), history=before(share=0.001))
    assert found.decision == "rollback"
    assert found.high == np.inf


def test_a_new_side_without_traffic_cannot_be_judged():
    found = release_verdict(poisson(1), frame(np.zeros(60, int)))
    assert found.decision == "not enough traffic"
    assert "candidate had no requests" in found.sentence


def test_an_old_side_that_fails_wholly_does_not_condemn_the_new_one():
    asked = np.full(60, 100)
    assert release_verdict(frame(asked, 100), frame(asked, 1)).decision == "promote"


def test_nothing_goes_live_in_an_outage_of_both_sides():
    """Twice as many failures as all there are can't be: that there are fewer proves nothing."""
    asked = np.full(60, 100)
    found = release_verdict(frame(asked, 100), frame(asked, 100))
    assert found.decision == "keep watching"
    assert "not promoted while so much fails, 100 % so far" in found.sentence
    ended = np.where(np.arange(60) < 10, 60, 1)
    found = release_verdict(frame(asked, ended), frame(asked, ended))
    assert found.decision == "promote"
    assert found.decided_at >= START + pd.Timedelta(minutes=10)


def late(worse, begins=60, length=120, rpm=3000):
    """A baseline with 1 % of errors, and a candidate that has so many per minute from a minute on."""
    count, bad = np.full(length, rpm), np.random.default_rng(1).poisson(rpm / 100, (2, length))
    return frame(count, bad[0]), frame(count, np.where(np.arange(length) < begins, bad[1], worse))


def test_a_promoted_release_that_gets_worse_is_rolled_back_and_both_are_told():
    found = release_verdict(*late(150))
    assert found.decision == "rollback"
    assert found.promoted_at == START + pd.Timedelta(minutes=22)
    assert START + pd.Timedelta(minutes=62) <= found.decided_at <= START + pd.Timedelta(minutes=70)
    assert "It had been promoted at 10:23 UTC" in found.sentence
    assert "since about 11:00 UTC the candidate fails 5" in found.sentence
    decisions = found.path["decision"]
    assert decisions[decisions != decisions.shift()].tolist()[-3:] == ["promote", "keep watching", "rollback"]
    assert found.low <= found.ratio <= found.high


def test_a_regression_before_the_promotion_is_never_promoted():
    found = release_verdict(*late(150, begins=10))
    assert found.promoted_at is None
    assert found.decision == "rollback"


def test_nothing_is_promoted_before_its_exposure():
    old, new = late(30)
    for exposure, minute in (("20min", 22), ("40min", 42), ("5min", 7)):
        assert release_verdict(old, new, exposure=exposure).promoted_at == START + pd.Timedelta(minutes=minute)
    assert release_verdict(old, new, exposure="20min", warm_up=0).promoted_at == START + pd.Timedelta(minutes=19)


def test_a_promotion_that_no_longer_holds_is_taken_back():
    found = release_verdict(*late(18, begins=40, length=46, rpm=600))
    assert found.promoted_at is not None
    assert found.decision == "keep watching"
    assert found.decided_at is None
    assert "which no longer holds" in found.sentence


def test_a_cold_start_is_not_condemned_and_does_not_count():
    old, new = late(30)
    cold = new.copy()
    cold.iloc[:3, cold.columns.get_loc("status_5xx")] = 600
    found = release_verdict(old, cold)
    assert found.decision == "promote"
    assert found.ratio == pytest.approx(release_verdict(old, new).ratio)
    assert "its warm-up, don't count" in found.sentence
    assert not found.path["judged"].iloc[:3].any()
    assert release_verdict(old, cold, warm_up=0).decision == "rollback"


def test_a_side_that_served_before_has_no_warm_up():
    old, new = late(30)
    earlier = late(30)
    pair = [one.set_axis(one.index - pd.Timedelta(minutes=120)) for one in earlier]
    assert release_verdict(old, new, history=pair).path["judged"].all()
    assert release_verdict(old, new, history=pair).history.kind == "a pair"


@pytest.mark.parametrize(("begins", "length"), [(0, 2), (1, 2), (30, 2)])
def test_a_side_that_is_down_is_rolled_back_within_two_minutes_and_in_its_warm_up(begins, length):
    count = np.full(60, 100)
    failed = np.where((np.arange(60) >= begins) & (np.arange(60) < begins + length), 60, 1)
    found = release_verdict(frame(count, 1), frame(count, failed))
    assert (found.decision, found.reason) == ("rollback", "down")
    assert found.decided_at == START + pd.Timedelta(minutes=begins + 1)
    assert "is down" in found.sentence


def test_one_minute_down_or_both_sides_down_are_not_down():
    count = np.full(60, 100)
    once = np.where(np.arange(60) == 5, 60, 1)
    assert release_verdict(frame(count, 1), frame(count, once)).decision != "rollback"
    both = np.where((np.arange(60) >= 5) & (np.arange(60) < 9), 60, 1)
    assert release_verdict(frame(count, both), frame(count, both)).decision != "rollback"
    near = np.where((np.arange(60) >= 5) & (np.arange(60) < 9), 45, 1)
    assert release_verdict(frame(count, near), frame(count, both)).decision != "rollback"
    client = frame(count, 0, client_errors=60)
    assert release_verdict(frame(count, 0, client_errors=60), client).reason != "down"


def test_bounds_stand_in_order_when_a_rolled_back_side_recovers():
    count = np.full(120, 3000)
    found = release_verdict(frame(count, 30), frame(count, np.where(np.arange(120) < 20, 300, 0)))
    assert found.decision == "rollback"
    assert 1 < found.low <= found.ratio <= found.high


def test_sides_that_never_served_together_can_not_be_compared():
    first, second = np.where(np.arange(60) < 30, 600, 0), np.where(np.arange(60) < 30, 0, 600)
    found = release_verdict(frame(first, first // 100), frame(second, second // 3))
    assert found.decision == "not enough traffic"
    assert "never served in the same bucket" in found.sentence


def test_where_nothing_is_known_it_says_so():
    found = release_verdict(frame(np.full(5, 10)), frame(np.full(5, 10), missing=range(5)))
    assert "no bucket for which baseline and candidate have data" in found.sentence


@pytest.mark.parametrize("every", ["5min", "1h"])
def test_in_wide_buckets_an_outage_is_known_at_once(every):
    found = release_verdict(*(frame(np.full(6, 6000), bad, every=every) for bad in (30, 5000)))
    assert found.decision == "rollback"
    assert found.decided_at <= START + pd.Timedelta(every)


def test_a_new_side_that_fails_wholly_is_rolled_back_within_minutes():
    asked = np.full(20, 100)
    found = release_verdict(frame(asked, 0), frame(asked, 100), history=before(share=0.001))
    assert found.decision == "rollback"
    assert found.decided_at <= START + pd.Timedelta(minutes=10)


def test_client_errors_roll_back_too_but_later():
    old, new = frame(np.full(60, 600), client_errors=6), frame(np.full(60, 600), client_errors=30)
    found = release_verdict(old, new)
    assert found.decision == "rollback"
    assert found.errors == "4xx"
    assert found.ratio == pytest.approx(5, rel=0.05)
    assert list(found.by_class.index) == ["5xx", "4xx"]
    assert found.by_class.loc["4xx", "new_errors"] == 57 * 30
    assert release_verdict(old, new, errors="5xx").decision != "rollback"
    assert release_verdict(old, new, errors="4xx").decided_at <= found.decided_at
    assert release_verdict(old, new, errors="4xx+5xx").errors == "4xx+5xx"


def test_a_rise_of_client_errors_alone_is_never_promoted():
    rng = np.random.default_rng(4)
    count = rng.poisson(600, (2, 60))
    old, new = (
        frame(one, rng.binomial(one, 0.005), client_errors=rng.binomial(one, share))
        for one, share in zip(count, (0.02, 0.04), strict=True)
    )
    found = release_verdict(old, new)
    assert found.promoted_at is None
    assert found.decision == "rollback"
    healthy = release_verdict(old, frame(count[1], rng.binomial(count[1], 0.005), client_errors=count[1] // 50))
    assert healthy.decision == "promote"


def test_a_stricter_alpha_decides_later(regression):
    loose, strict = (release_verdict(*regression, alpha=alpha) for alpha in (0.05, 0.001))
    assert strict.boundary == pytest.approx(1_000)
    assert loose.decided_at < strict.decided_at


def test_worse_is_what_is_held_against_a_promotion(healthy):
    strict, loose = (release_verdict(*healthy, worse=worse) for worse in (1.5, 3.0))
    assert loose.promoted_at <= (strict.promoted_at or START + pd.Timedelta(days=1))
    assert (loose.path["evidence_promote"] >= strict.path["evidence_promote"]).mean() > 0.8
    assert "3 times" in loose.sentence


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"alpha": 0}, "alpha"),
        ({"beta": 1.5}, "beta"),
        ({"worse": 1.0}, "worse"),
        ({"errors": "3xx"}, "errors"),
        ({"errors": ()}, "errors"),
        ({"negligible": 2.0}, "negligible"),
        ({"client_share": 0.0}, "client_share"),
        ({"warm_up": "soon"}, "warm_up"),
        ({"exposure": -1}, "exposure"),
    ],
)
def test_an_option_beyond_its_bounds_is_named(regression, options, named):
    with pytest.raises(ValueError, match=named):
        release_verdict(*regression, **options)


def test_the_intervals_narrow_and_agree_with_the_result(regression):
    found = release_verdict(*regression, history=before())
    shown = found.intervals
    assert shown.index.equals(found.path.index[3:])
    assert list(shown.columns) == ["ratio", "low", "high"]
    assert shown.loc[found.decided_at, "low"] == pytest.approx(found.low)
    assert shown.loc[found.decided_at, "high"] == pytest.approx(found.high)
    assert shown["low"].iloc[-1] > shown["low"].iloc[12]


def test_the_result_cannot_be_changed(regression):
    found = release_verdict(*regression)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.decision = "promote"


def test_the_result_shows_itself_as_text_and_as_html(regression):
    found = release_verdict(*regression)
    assert "Roll back" in repr(found)
    assert "path guard" in repr(found)
    html = found._repr_html_()
    assert html.startswith("<div>")
    assert "of 100" in html


def test_the_result_can_be_pickled(regression):
    found = release_verdict(*regression)
    again = pickle.loads(pickle.dumps(found))
    assert again.sentence == found.sentence
    assert again.intervals.equals(found.intervals)


@pytest.mark.slow
def test_a_month_of_minutes_is_followed_to_its_decision():
    rng = np.random.default_rng(12)
    count = rng.poisson(100, (2, 20_000))
    old, new = (frame(one, rng.binomial(one, 0.005)) for one in count)
    found = release_verdict(old, new)
    assert found.decision == "promote"
    assert len(found.path) == 20_000
    assert found.path["decision"].iloc[-1] == "promote"
    assert release_verdict(old.iloc[:1000], new.iloc[:1000]).decided_at == found.decided_at
