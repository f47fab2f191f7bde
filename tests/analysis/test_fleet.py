"""A fleet judged environment by environment is what its frame is judged to be, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest

from createos_nb import analysis
from createos_nb.analysis import FrameError
from createos_nb.errors import IncompleteWarning, InvalidInput, MissingExtra
from tests.analysis.fleet_parts import FaultyFleet, FaultyPart, fleet_frame

FUNCTIONS: dict[str, dict[str, Any]] = {
    "slo": {"target": 0.999, "window": "3h", "errors": ("4xx", "5xx")},
    "burn_alerts": {"window": "3h", "guard": None},
    "anomalies": {"alarm": 2.0},
    "summary": {"every": "1h"},
    "change_points": {"arl": "1h"},
}


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same rows to the last bit, with the same dtypes; and what the function says in attrs is said."""
    assert {name: found.attrs[name] for name in expected.attrs} == expected.attrs
    found, expected = found.copy(), expected.copy()
    found.attrs, expected.attrs = {}, {}
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """A fleet with an outage, a young environment, an old one, one without data, gaps of NA and a cut bucket."""
    frame = fleet_frame(6, 400)
    start, end = frame["time"].min(), frame["time"].max()
    outage = (frame["environment"] == "e1") & (frame["time"] > end - pd.Timedelta("40min"))
    frame.loc[outage, "status_5xx"] = frame.loc[outage, "count"] // 2
    frame.loc[outage, "status_2xx"] = frame.loc[outage, "count"] - frame.loc[outage, "status_5xx"]
    kept = (frame["environment"] != "e2") | (frame["time"] >= start + pd.Timedelta("100min"))
    kept &= (frame["environment"] != "e3") | (frame["time"] < end - pd.Timedelta("150min"))
    columns = [name for name in frame if name == "count" or name.startswith("status")]
    frame.loc[frame["environment"] == "e4", columns] = pd.NA
    frame.loc[(frame["environment"] == "e5") & (frame["time"].dt.minute == 7), columns] = pd.NA
    frame = frame[kept].reset_index(drop=True)
    frame.attrs = {"partial": [start.isoformat(), end.isoformat()], "bucket_seconds": 60}
    return frame


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=3)


def of_kind(dtype: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.astype({"project": dtype, "environment": dtype})

    return change


def numbered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(project=frame["project"].str[1:].astype("int64"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_answers_as_for_the_frame(frame: pd.DataFrame, name: str) -> None:
    arguments = FUNCTIONS[name]
    expected = getattr(analysis, name)(frame, **arguments)
    with pytest.warns(IncompleteWarning, match="1 of 6 environments .p2/e4: it has no data"):
        found = analysis.fleet(frame, name, **arguments)
    assert len(expected) > 0
    same(found, expected)
    assert found.attrs["function"] == name
    assert not found.attrs["complete"]
    assert found.attrs["missing"] == {"p2/e4": "it has no data in this window"}


@pytest.mark.parametrize(
    "change", [shuffled, of_kind(object), of_kind("category"), numbered], ids=["shuffled", "object", "category", "int"]
)
@pytest.mark.filterwarnings("ignore::createos_nb.errors.IncompleteWarning")
def test_order_and_dtypes_of_names_are_those_of_the_frame(
    frame: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    changed = change(frame)
    for name in ("slo", "burn_alerts"):
        same(analysis.fleet(changed, name), getattr(analysis, name)(changed))


@pytest.mark.filterwarnings("ignore::createos_nb.errors.IncompleteWarning")
def test_a_polars_lazy_frame_answers_as_its_pandas_frame(frame: pd.DataFrame) -> None:
    lazy = pl.from_pandas(frame).lazy()
    frame = frame.copy()
    frame.attrs = {}
    for name, arguments in FUNCTIONS.items():
        same(analysis.fleet(lazy, name, **arguments), getattr(analysis, name)(frame, **arguments))
    renamed = lazy.rename({"project": "project_id", "environment": "environment_id"})
    same(analysis.fleet(renamed, "slo"), analysis.slo(frame))


@pytest.mark.filterwarnings("ignore::createos_nb.errors.IncompleteWarning")
def test_a_dask_frame_answers_as_its_pandas_frame(frame: pd.DataFrame) -> None:
    frame = frame.copy()
    frame.attrs = {}
    with dask.config.set(scheduler="synchronous"):
        # an environment in several partitions, and several environments in one
        lazy = dd.from_pandas(frame, npartitions=5)
        whole = lazy.compute()
        for name, arguments in FUNCTIONS.items():
            same(analysis.fleet(lazy, name, **arguments), getattr(analysis, name)(whole, **arguments))


def test_only_some_rows_are_kept(frame: pd.DataFrame) -> None:
    whole = frame[frame["environment"] != "e4"]
    expected = analysis.anomalies(whole)
    expected = expected[expected["anomaly"]]
    same(analysis.fleet(whole, "anomalies", only="anomaly"), expected.reset_index(drop=True))
    assert 0 < len(expected) < 30
    none = analysis.fleet(whole, "burn_alerts", only="firing", target=0.5)
    same(none, analysis.burn_alerts(whole, target=0.5))
    assert len(none) == 0


def test_an_environment_that_is_wrong_is_missing_and_the_others_are_judged(frame: pd.DataFrame) -> None:
    whole = frame[frame["environment"] != "e4"].copy()
    gap = whole[(whole["environment"] != "e0") | (whole["time"].dt.minute != 20)].copy()
    gap.loc[gap.index[gap["environment"] == "e5"][0], "status_5xx"] = -1
    with pytest.raises(FrameError):
        analysis.slo(gap)
    with pytest.warns(IncompleteWarning, match="2 of 5 environments"):
        found = analysis.fleet(gap, "slo")
    assert found["environment"].tolist() == ["e1", "e2", "e3"]
    assert "gap in p0/e0: no row for" in found.attrs["missing"]["p0/e0"]
    assert "counts requests, but holds -1" in found.attrs["missing"]["p2/e5"]
    same(found, analysis.slo(whole).query("environment in ['e1', 'e2', 'e3']").reset_index(drop=True))


def test_memory_that_runs_out_is_said_of_its_environment() -> None:
    fleet = FaultyFleet([FaultyPart(0), FaultyPart(1, "memory"), FaultyPart(2)])
    with pytest.warns(IncompleteWarning, match="memory ran out"):
        found = analysis.fleet(fleet, "slo")
    assert found["environment"].tolist() == ["e0", "e2"]
    assert found.attrs["missing"] == {
        "p0/e1": "memory ran out (Unable to allocate 7.45 TiB): give fewer workers=, or a shorter window"
    }


def test_where_all_are_missing_the_frame_has_its_columns() -> None:
    with pytest.warns(IncompleteWarning):
        found = analysis.fleet(FaultyFleet([FaultyPart(1, "memory")]), "slo")
    same(found, analysis.slo(fleet_frame()).iloc[:0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("slos",), "function is slo, burn_alerts, anomalies, summary, change_points, not 'slos'"),
        (("slo", {"tarpit": 1}), "unexpected keyword argument 'tarpit'"),
        (("slo", {"workers": 0}), "workers=0 is a number of processes"),
        (("slo", {"start": "-1d"}), "start choose of a history"),
        (("slo", {"only": "achieved"}), "only='achieved' is a column of slo that says yes or no: met"),
        (("summary", {"only": "met"}), "it has none"),
        (("slo", {"scheduler": "threads"}), "scheduler= is a distributed.Client, not str"),
    ],
)
def test_a_wrong_question_is_refused(arguments: Any, words: str) -> None:
    name, *rest = arguments
    with pytest.raises(InvalidInput, match=words):
        analysis.fleet(fleet_frame(1), name, **(rest[0] if rest else {}))


def test_what_is_no_fleet_is_refused() -> None:
    frame = fleet_frame(1)
    for wrong in (3, None, [frame], frame["count"]):
        with pytest.raises(InvalidInput, match="a fleet is a history, a pandas frame, a Polars lazy frame or a Dask"):
            analysis.fleet(wrong, "slo")
    lazy = pl.from_pandas(frame).lazy()
    for make in (lambda frame: frame, lambda frame: pl.from_pandas(frame).lazy()):
        with pytest.raises(FrameError, match="no column 'status_4xx'"):
            analysis.fleet(make(frame.drop(columns="status_4xx")), "slo", errors="4xx")
        with pytest.raises(FrameError, match="no rows"):
            analysis.fleet(make(frame.iloc[:0]), "slo")
        far = frame.iloc[[-1]].assign(time=pd.Timestamp("2056-01-01", tz="UTC").as_unit("us"))
        with pytest.raises(FrameError, match="a time is far off"):
            analysis.fleet(make(pd.concat([frame, far], ignore_index=True)), "slo")
    with pytest.raises(FrameError, match="one environment"):
        analysis.fleet(frame.set_index("time")[["count", "status_5xx"]], "slo")
    with pytest.raises(FrameError, match="without a project, an environment or a time"):
        analysis.fleet(lazy.with_columns(project=pl.lit(None, pl.String)), "slo")
    with pytest.raises(FrameError, match="time zone"):
        analysis.fleet(lazy.with_columns(pl.col("time").dt.replace_time_zone(None)), "slo")
    with pytest.raises(ValueError, match="target"):
        analysis.fleet(frame, "slo", target=2)


def test_without_its_extra_a_cluster_is_refused_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("createos_nb.extras._is_installed", lambda package: package != "distributed")
    with pytest.raises(
        MissingExtra, match=r"needs distributed: pip install 'createos-nb\[dask\]', or leave scheduler="
    ):
        analysis.fleet(fleet_frame(1), "slo", scheduler=object())


def test_a_single_bucket_takes_its_width_from_the_attrs() -> None:
    one = fleet_frame(3, 1)
    with pytest.raises(FrameError, match="bucket_seconds"):
        analysis.fleet(one, "slo")
    one.attrs["bucket_seconds"] = 60
    same(analysis.fleet(one, "slo", window="1h"), analysis.slo(one, window="1h"))
    assert np.isfinite(analysis.fleet(one, "slo", window="1h")["achieved"]).all()
