"""Others read the files without this package's code, and see each row once."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from createos_nb import Client
from createos_nb.errors import InvalidInput
from createos_nb.history import DATASETS, History
from createos_nb.history import open as open_history
from tests.history.conftest import kept


@pytest.fixture
def full(client: Client, history: History) -> History:
    history.sync(since="-2d", budget=None)
    client.world.advance("1h")
    history.sync(since="-2d", budget=None)
    return history


def test_every_engine_sums_the_same(full: History) -> None:
    expected = int(pd.read_parquet(full.files("requests"))["count"].sum())
    assert full.sql("select sum(count) as total from requests")["total"].tolist() == [expected]
    assert full.scan("requests").to_table(columns=["count"])["count"].to_numpy().sum() == expected
    assert full.scan("requests", "polars").select("count").sum().collect().item() == expected
    assert int(full.scan("requests", "dask")["count"].sum().compute(scheduler="synchronous")) == expected
    manifest = json.loads((full.folder / "manifest.json").read_text())
    listed = {full.folder / file["path"] for group in ("files", "unsettled") for file in manifest[group]["requests"]}
    assert listed == set(full.files("requests"))


def test_sql_has_names_whole_numbers_and_times_in_utc(full: History) -> None:
    frame = full.sql(
        "select project, environment, min(time) as first, sum(status_5xx) as failed "
        "from requests group by all order by all"
    )
    assert frame["environment"].tolist() == ["production", "staging"]
    assert frame.dtypes.astype(str).to_dict()["failed"] == "Int64"
    assert str(frame["first"].dtype) == "datetime64[us, UTC]"
    ours = kept(full, "-2d")
    assert frame["failed"].sum() >= ours["status_5xx"].sum() > 0
    assert full.sql("select * from domains").empty
    with pytest.raises(InvalidInput, match=r"history.sql: .*nothing_of_the_kind"):
        full.sql("select * from nothing_of_the_kind")


def test_every_dataset_is_there_also_without_rows(full: History) -> None:
    for name in DATASETS:
        assert len(full.sql(f"select * from {name} limit 1")) <= 1
        assert set(DATASETS[name].columns) <= set(full.sql(f"select * from {name} limit 0").columns)
        assert full.scan(name).count_rows() == full.datasets().set_index("dataset").loc[name, "rows"]
        assert full.scan(name, "polars").collect().height == full.scan(name).count_rows()


def test_an_engine_that_is_none(full: History) -> None:
    with pytest.raises(InvalidInput, match="engine= is arrow, polars, dask, not 'spark'"):
        full.scan("requests", "spark")  # type: ignore[arg-type]


def test_old_rows_are_deleted_and_not_asked_for_again(full: History, client: Client) -> None:
    before = full.datasets().set_index("dataset").loc["requests", "rows"]
    deleted = full.prune(older_than="1d")
    assert deleted == before - full.datasets().set_index("dataset").loc["requests", "rows"] > 2000
    assert full.datasets().set_index("dataset").loc["requests", "first"] >= client.now - pd.Timedelta("25h")
    assert full.sync(since="-1d").requests == 0
    assert full.verify() == []
    reader = open_history(path=full.folder)
    assert reader.requests("-23h").attrs["complete"]
