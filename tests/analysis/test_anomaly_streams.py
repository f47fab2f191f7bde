"""A stream gets the answers of the whole, with a memory that does not grow; what does not follow is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis


def noise(seed, length):
    return pd.Series(np.random.default_rng(seed).standard_t(3, length), name="value")


def daily(seed, days):
    """A noisy series with a daily shape, a value every five minutes."""
    values = 50 + 20 * np.sin(2 * np.pi * np.arange(days * 288) / 288)
    values += np.random.default_rng(seed).normal(0, 2, days * 288)
    return pd.Series(values, index=pd.date_range("2026-03-02", periods=days * 288, freq="5min", tz="UTC"))


def irregular(length):
    rng = np.random.default_rng(18)
    seconds = rng.choice([0, 300, 300, 300, 900], length).cumsum()
    values = rng.standard_t(3, length) + 10 * np.sin(2 * np.pi * seconds / 86_400)
    values[rng.random(length) < 0.05] = np.nan
    return pd.Series(values, index=pd.Timestamp("2026-03-02", tz="UTC") + pd.to_timedelta(seconds, unit="s"))


def shaped_requests(made, seed, days):
    rng = np.random.default_rng(seed)
    count = rng.poisson(60 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(days * 1440) / 1440)))
    return made(count, rng.binomial(count, 0.004))


def steady(made, length=3500):
    return made(np.random.default_rng(22).poisson(30, length))


def streamed(data, sizes):
    """The answers of a detector to pieces of such sizes, in turn, and the detector."""
    detector, parts, at = analysis.AnomalyDetector(), [], 0
    while at < len(data):
        size = sizes[len(parts) % len(sizes)]
        parts.append(detector.update(data.iloc[at : at + size]))
        at += size
    return pd.concat(parts), detector


def marked(piece, *starts):
    """The piece, with these buckets marked as cut."""
    piece = piece.copy()
    piece.attrs = {"partial": [str(start) for start in starts]}
    return piece


@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.slow), 50])
def test_a_stream_gets_the_same_answers_as_the_whole(size):
    series = daily(9, 4)
    found, _ = streamed(series, [size])
    pd.testing.assert_frame_equal(found, analysis.anomalies(series), rtol=1e-9, check_freq=False)


@pytest.mark.slow
def test_a_stream_of_irregular_rows_gets_the_same_answers_one_by_one():
    """The first day ends between two rows, and repeated times are looked up in what is there."""
    rng = np.random.default_rng(2)
    seconds = rng.choice([0, 1, 300, 300, 900], 400).cumsum()
    index = pd.Timestamp("2026-03-02", tz="UTC") + pd.to_timedelta(seconds, unit="s")
    series = pd.Series(rng.standard_t(3, 400), index=index)
    found, _ = streamed(series, [1])
    pd.testing.assert_frame_equal(found.iloc[60:], analysis.anomalies(series).iloc[60:], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.grid(3)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_long_stream_gets_the_same_answers_and_its_memory_does_not_grow(seed):
    series = noise([19, seed], 20_000)
    found, detector = streamed(series, [97])
    pd.testing.assert_frame_equal(found, analysis.anomalies(series), rtol=1e-9)
    assert len(detector._past.values) < 13_500


@pytest.mark.slow
@pytest.mark.grid(2)
@pytest.mark.parametrize("series", [daily(20, 100), irregular(28_000)], ids=["daily", "irregular"])
def test_a_long_stream_with_times_gets_the_same_answers(series):
    found, detector = streamed(series, [500, 1300, 41])
    pd.testing.assert_frame_equal(found, analysis.anomalies(series), rtol=1e-9, check_freq=False)
    assert len(detector._past.values) < 21_000


def test_a_long_stream_of_requests_gets_the_same_answers(made):
    frame = shaped_requests(made, 21, 26)
    frame.iloc[20_000:20_100] = pd.NA
    frame.iloc[30_000:30_020] = 0
    found, detector = streamed(frame, [6000, 2500])
    whole = analysis.anomalies(frame)
    assert whole["anomaly"].any()
    pd.testing.assert_frame_equal(found, whole, rtol=1e-9, check_freq=False)
    assert len(detector._past.count) < 51_000


def test_a_partial_bucket_is_not_judged_and_may_come_again(made):
    frame = steady(made)
    cut, last = frame.copy(), frame.index[-2]
    cut.loc[last] = [1, 1, 0, 0, 0]
    detector = analysis.AnomalyDetector()
    detector.update(cut.iloc[:-2])
    piece = marked(cut.iloc[-2:-1], last)
    assert detector.update(piece)["count"].isna().all()
    assert not detector.update(piece)["anomaly"].any()  # still cut
    again = detector.update(frame.iloc[-2:])
    pd.testing.assert_frame_equal(again, analysis.anomalies(frame).iloc[-2:], rtol=1e-9, check_freq=False)


def test_a_partial_bucket_that_never_comes_again_stays_unknown(made):
    frame = steady(made)
    cut = frame.index[3000]
    detector = analysis.AnomalyDetector()
    parts = [detector.update(marked(frame.iloc[:3001], cut)), detector.update(marked(frame.iloc[3001:]))]
    whole = analysis.anomalies(marked(frame, cut))
    pd.testing.assert_frame_equal(pd.concat(parts), whole, rtol=1e-9, check_freq=False)


def test_an_alarm_before_partial_buckets_is_not_told_again_after_them(made):
    frame = steady(made)
    frame.iloc[3400:] = 0
    detector = analysis.AnomalyDetector()
    parts = [detector.update(frame.iloc[:3402])]
    for at in range(3402, 3440):
        piece = frame.iloc[at : at + 1]
        detector.update(marked(piece, piece.index[0]))
        parts.append(detector.update(piece))
    whole = analysis.anomalies(frame.iloc[:3440])
    assert whole["anomaly"].iloc[3400:].any()
    pd.testing.assert_frame_equal(pd.concat(parts), whole, rtol=1e-9, check_freq=False)


def test_rows_that_do_not_follow_are_refused_and_change_nothing(made):
    frame = steady(made)
    detector = analysis.AnomalyDetector()
    detector.update(frame.iloc[:3000])
    for rows, words in [
        (frame.iloc[2999:3010], "was judged before"),
        (frame, "was judged before"),
        (frame.iloc[3001:3010], "next bucket begins at 2"),
        (frame.iloc[3000:3060:5].asfreq("5min"), "300 s wide"),
        (frame["count"], "have no requests"),
    ]:
        with pytest.raises(analysis.FrameError, match=words):
            detector.update(rows)
    detector.update(frame.iloc[:0])
    rest = detector.update(frame.iloc[3000:])
    pd.testing.assert_frame_equal(rest, analysis.anomalies(frame).iloc[3000:], rtol=1e-9, check_freq=False)


def test_a_fleet_is_refused_with_what_to_do(made, as_fleet):
    fleet = as_fleet({("p", "a"): steady(made, 200), ("p", "b"): steady(made, 200)})
    with pytest.raises(analysis.FrameError, match=r"one AnomalyDetector for each.*set_index\('time'\)"):
        analysis.AnomalyDetector().update(fleet)


def test_times_that_fall_are_refused_in_a_series_and_in_a_stream_of_it():
    series = irregular(2000)
    order = np.arange(2000)
    order[[1200, 1210]] = [1210, 1200]
    with pytest.raises(analysis.FrameError, match=r"\(row 1201\) is earlier than row 1200: sort it"):
        analysis.anomalies(series.iloc[order])
    detector = analysis.AnomalyDetector()
    detector.update(series.iloc[:1500])
    with pytest.raises(analysis.FrameError, match=r"\(row 0\) is earlier than the rows given before"):
        detector.update(series.iloc[1400:])
    rest = detector.update(series.iloc[1500:])
    pd.testing.assert_frame_equal(rest, analysis.anomalies(series).iloc[1500:], rtol=1e-9)


def test_a_series_with_times_is_not_followed_by_one_without():
    detector = analysis.AnomalyDetector()
    detector.update(daily(23, 1))
    with pytest.raises(analysis.FrameError, match="have no times, and those before them had some"):
        detector.update(noise(24, 3))
