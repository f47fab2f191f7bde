"""A fleet judged by a Dask cluster of two workers: the same answers, and what the cluster loses is named."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import distributed
import pytest

from createos_nb import analysis
from createos_nb.analysis.fleets import cluster
from createos_nb.errors import IncompleteWarning, InvalidInput
from tests.analysis.fleet_parts import FaultyFleet, FaultyPart, Unsendable, fleet_frame
from tests.analysis.test_fleet import same

SECONDS = 120


def local_cluster(**options: Any) -> distributed.LocalCluster:
    return distributed.LocalCluster(threads_per_worker=1, dashboard_address=":0", **options)


@pytest.fixture(scope="module")
def workers() -> Iterator[distributed.LocalCluster]:
    """Two workers in this process."""
    with local_cluster(n_workers=2, processes=False) as made:
        yield made


@pytest.fixture
def client(workers: distributed.LocalCluster) -> Iterator[distributed.Client]:
    with distributed.Client(workers, set_as_default=False) as made:
        yield made


def test_it_answers_as_the_frame(client: distributed.Client) -> None:
    frame = fleet_frame(6)
    same(analysis.fleet(frame, "slo", scheduler=client), analysis.slo(frame))
    same(analysis.fleet(FaultyFleet([FaultyPart(n) for n in range(6)]), "slo", scheduler=client), analysis.slo(frame))
    lazy = dd.from_pandas(frame, npartitions=4)
    expected = analysis.slo(lazy.compute(scheduler="synchronous"))
    same(analysis.fleet(lazy, "slo", scheduler=client), expected)
    same(analysis.fleet(client.persist(lazy), "slo", scheduler=client), expected)
    del lazy
    end = time.monotonic() + SECONDS
    while client.futures:  # nothing stays with the cluster
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_what_a_worker_dies_of_is_missing(tmp_path: Path) -> None:
    parts = [FaultyPart(n, {1: "die", 2: "memory"}.get(n, ""), str(tmp_path)) for n in range(5)]
    # a task whose worker dies is not tried by others, for a process takes seconds to start
    failures = dask.config.set({"distributed.scheduler.allowed-failures": 0})
    with failures, local_cluster(n_workers=2) as two, distributed.Client(two, set_as_default=False) as client:
        with pytest.warns(IncompleteWarning, match="2 of 5 environments"):
            found = analysis.fleet(FaultyFleet(parts), "slo", scheduler=client)
        again = analysis.fleet(fleet_frame(3), "slo", scheduler=client)
        assert os.getpid() not in client.run(os.getpid).values()
    same(again, analysis.slo(fleet_frame(3)))
    frame = fleet_frame(5)
    same(found, analysis.slo(frame[~frame["environment"].isin(["e1", "e2"])]))
    assert found.attrs["missing"]["p0/e1"].startswith("each worker that tried it died, as where memory runs out")
    assert found.attrs["missing"]["p1/e2"].startswith("memory ran out (Unable to allocate")
    assert len(list(tmp_path.glob("1.*"))) == 2  # once more, for another one may have killed it


def test_a_cluster_that_goes_away_leaves_what_it_has_answered(tmp_path: Path) -> None:
    with local_cluster(n_workers=1, processes=False) as gone, distributed.Client(gone, set_as_default=False) as client:
        parts = [FaultyPart(n, "wait" if n == 2 else "", str(tmp_path)) for n in range(4)]

        def close() -> None:
            end = time.monotonic() + SECONDS
            while not list(tmp_path.glob("2.*")) and time.monotonic() < end:
                time.sleep(0.02)
            time.sleep(1)  # for what was answered before it to arrive
            client.close(timeout=1)
            (tmp_path / "end").touch()

        closing = threading.Thread(target=close)
        closing.start()
        with pytest.warns(IncompleteWarning, match="[23] of 4 environments"):
            found = analysis.fleet(FaultyFleet(parts), "slo", scheduler=client)
        closing.join()
    missing = set(found.attrs["missing"])
    assert {"p1/e2", "p1/e3"} <= missing
    frame = fleet_frame(2)
    same(found, analysis.slo(frame[~(frame["project"] + "/" + frame["environment"]).isin(missing)]))
    with pytest.raises(InvalidInput, match="client whose cluster is gone"):
        analysis.fleet(FaultyFleet(parts), "slo", scheduler=client)


def test_a_cluster_without_workers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with (
        local_cluster(n_workers=0, processes=False) as empty,
        distributed.Client(empty, set_as_default=False) as none,
        pytest.warns(IncompleteWarning, match="2 of 2 environments"),
    ):
        found = analysis.fleet(fleet_frame(2), "slo", scheduler=none)
    assert set(found.attrs["missing"].values()) == {"the cluster has had no worker for 1 s"}
    assert len(found) == 0


def test_what_cannot_be_sent_is_missing(client: distributed.Client) -> None:
    with pytest.warns(IncompleteWarning, match="1 of 3 environments"):
        found = analysis.fleet(FaultyFleet([FaultyPart(0), Unsendable(1), FaultyPart(2)]), "slo", scheduler=client)
    assert found["environment"].tolist() == ["e0", "e2"]
    assert "Could not serialize" in found.attrs["missing"]["p0/e1"]


def test_what_is_no_cluster_to_ask_is_refused(client: distributed.Client) -> None:
    with pytest.raises(InvalidInput, match="a cluster has its own workers"):
        analysis.fleet(fleet_frame(1), "slo", scheduler=client, workers=2)
    with pytest.raises(InvalidInput, match=r"scheduler= is a distributed\.Client, not LocalCluster"):
        analysis.fleet(fleet_frame(1), "slo", scheduler=client.cluster)
