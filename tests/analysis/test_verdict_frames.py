"""Which buckets of two frames are judged, and which frames are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb.analysis import FrameError, release_verdict
from tests.analysis.watches import before, poisson


def test_the_path_counts_what_was_judged(regression):
    old, new = regression
    path = release_verdict(old, new).path
    assert list(path.columns) == [
        "decision", "evidence", "evidence_exact", "evidence_promote",
        "old_requests", "new_requests", "old_errors", "new_errors", "judged",
    ]  # fmt: skip
    assert path.index.equals(old.index)
    assert path["old_errors"].dtype == "Int64"
    assert path["new_errors"].sum() == new["status_5xx"].sum()
    assert path["judged"].tolist() == [False] * 3 + [True] * 57


def test_a_running_bucket_is_left_out_until_it_is_over(regression):
    old, new = (one.iloc[:9].copy() for one in regression)
    whole = release_verdict(old, new)
    new.iloc[-1] = [40, 10, 0, 0, 30]
    new.attrs["partial"] = [new.index[-1].isoformat()]
    found = release_verdict(old, new)
    assert not found.path["judged"].iloc[-1]
    assert found.path["evidence"].iloc[-1] == found.path["evidence"].iloc[-2] == whole.path["evidence"].iloc[-2]
    assert pd.isna(found.path["new_errors"].iloc[-1])


def test_a_first_bucket_that_the_window_cuts_counts(regression):
    old, new = (one.copy() for one in regression)
    new.attrs["partial"] = [new.index[0].isoformat()]
    assert release_verdict(old, new, warm_up=0).path["judged"].all()


def test_of_two_cut_buckets_the_first_is_over(regression):
    """A watch of a minute or so: it began within a bucket, and now is within the next one."""
    old, new = (one.iloc[:2].copy() for one in regression)
    for one in (old, new):
        one.attrs["partial"] = [moment.isoformat() for moment in one.index]
    found = release_verdict(old, new, warm_up=0)
    assert found.path["judged"].tolist() == [True, False]


def test_buckets_without_data_are_skipped():
    old, new = poisson(1, missing=[3, 4]), poisson(2, share=0.025, missing=[4, 5, 20])
    found = release_verdict(old, new, warm_up=0)
    assert list(np.flatnonzero(~found.path["judged"])) == [3, 4, 5, 20]
    assert found.path["evidence"].iloc[5] == found.path["evidence"].iloc[2]
    assert found.decision == "rollback"


def test_all_buckets_without_data_are_no_traffic():
    found = release_verdict(poisson(1, missing=range(60)), poisson(2))
    assert found.decision == "not enough traffic"
    assert np.isnan(found.ratio)


def test_rows_of_the_old_side_before_the_new_one_are_history(regression):
    old, new = regression
    past = before()
    assert release_verdict(pd.concat([past, old]), new).evidence == pytest.approx(
        release_verdict(old, new, history=past).evidence
    )


def test_history_that_reaches_into_the_watch_counts_once(regression):
    old, new = regression
    past = before()
    found = release_verdict(old, new, history=pd.concat([past, old]))
    assert found.evidence == pytest.approx(release_verdict(old, new, history=past).evidence)


def test_a_history_after_the_watch_is_refused(regression):
    old, new = regression
    after = old.set_axis(old.index + pd.Timedelta(hours=2))
    with pytest.raises(FrameError, match=r"history lies after the watch begins"):
        release_verdict(old, new, history=after)
    with pytest.raises(FrameError, match=r"the second frame of history lies after"):
        release_verdict(old, new, history=[before(), after])
    with pytest.raises(FrameError, match=r"not 3 frames"):
        release_verdict(old, new, history=[before()] * 3)
    with pytest.raises(FrameError, match=r"history have no bucket in common"):
        release_verdict(old, new, history=[before(length=20), before(length=300).iloc[:20]])


def test_what_of_the_history_was_used_is_told(regression):
    old, new = regression
    for history, kind, enough in (
        (None, "none", False),
        (before(length=20), "one side", False),
        (before(length=300), "one side", True),
        ([before(1, 300), before(2, 300)], "a pair", True),
    ):
        used = release_verdict(old, new, history=history).history
        assert (used.kind, used.enough) == (kind, enough)
        assert ("too little to calibrate by" in used.sentence) == (kind != "none" and not enough)


def test_a_split_beyond_what_was_measured_is_not_judged():
    found = release_verdict(poisson(1, rpm=40_000), poisson(2, rpm=100))
    assert found.decision == "can't be judged"
    assert found.sentence.startswith("Can't be judged at this split")
    assert release_verdict(poisson(1, rpm=10_000), poisson(2, rpm=100)).decision != "can't be judged"


@pytest.mark.parametrize("length", [0, 1, 4])
def test_a_history_of_a_few_buckets_is_taken(regression, length):
    past = before(length=5).iloc[:length]
    past.attrs["bucket_seconds"] = 60
    assert release_verdict(*regression, history=past).decision == "rollback"


def test_sides_of_unequal_length_are_judged_where_they_meet(regression):
    old, new = regression
    found = release_verdict(old.iloc[5:50], new.iloc[:40])
    assert found.path.index[0] == old.index[5]
    assert found.path.index[-1] == new.index[39]


def test_buckets_that_begin_at_other_times_are_refused_with_both_times(regression):
    old, new = regression
    with pytest.raises(FrameError, match=r"10:00:00.*10:00:30"):
        release_verdict(old, new.set_axis(new.index + pd.Timedelta(seconds=30)))


def test_buckets_of_other_widths_are_refused(regression):
    old, new = regression
    with pytest.raises(FrameError, match=r"60 s wide.*300 s"):
        release_verdict(old, new.resample("5min").sum())
    with pytest.raises(FrameError, match="history"):
        release_verdict(old, new, history=before(length=120).resample("5min").sum())


def test_sides_that_never_meet_are_refused(regression):
    old, new = regression
    with pytest.raises(FrameError, match="no bucket in common"):
        release_verdict(old, new.set_axis(new.index + pd.Timedelta(hours=3)))


def test_a_frame_without_the_column_is_refused_by_name(regression):
    old, new = regression
    with pytest.raises(FrameError, match=r"new has no column 'status_5xx'"):
        release_verdict(old, new.drop(columns="status_5xx"))
    with pytest.raises(FrameError, match="old has no rows"):
        release_verdict(old.iloc[:0], new)


def test_wide_and_narrow_buckets_are_judged_alike(regression):
    past = before()
    found = [
        release_verdict(*(one.resample(every).sum() for one in regression), history=past.resample(every).sum())
        for every in ("1min", "2min", "5min")
    ]
    assert {one.decision for one in found} == {"rollback"}


@pytest.mark.parametrize(("asked", "share"), [(100, 0.5), (900, 0.1)])
def test_a_history_of_one_side_says_that_it_tells_less_of_a_small_new_side(asked, share):
    used = release_verdict(poisson(7, rpm=asked), poisson(8), history=before()).history
    assert used.share == pytest.approx(share, abs=0.03)
    small = f"less of it, as the new side has {100 * used.share:.2g} % of the traffic"
    assert (small in used.sentence) == (share < 0.4)
