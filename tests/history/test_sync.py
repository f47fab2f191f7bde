"""A history grows by what is new, within a budget, and is equal to what the platform says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import Client
from createos_nb.errors import IncompleteWarning, InvalidInput, UnknownName
from createos_nb.history import DATASETS, History, HistoryError
from createos_nb.history import open as open_history
from tests.history.conftest import client_of, kept, nothing_twice, same, sent, truth

ALL = tuple(DATASETS)


def test_it_says_what_the_platform_says(client: Client, history: History) -> None:
    assert history.sync(since="-2d").complete
    frame = kept(history, "-2d")
    same(frame, truth(client, "-2d"))
    assert frame.attrs["complete"]
    assert frame.attrs["from_history"] == len(frame) == 2 * 2 * 1440


def test_a_second_look_in_the_same_minute_asks_nothing_and_a_later_one_for_what_is_new(
    client: Client, history: History
) -> None:
    first = sent(client, lambda: history.sync(since="-2d"))
    assert sent(client, lambda: history.sync(since="-2d")) == []
    client.world.advance("59s")
    assert sent(client, lambda: history.sync(since="-2d", datasets=["requests"])) == []
    client.world.advance("3541s")
    later = Counter(sent(client, lambda: history.sync(since="-2d")))
    # lists are read again, and of each environment the last hour in one request
    assert later["GetProjectEnvironmentAnalyticsRequestsOverTime"] == 2
    assert sum(later.values()) < len(first)
    same(kept(history, "-2d"), truth(client, "-2d"))
    nothing_twice(history)


def test_what_may_still_grow_is_read_again_until_it_is_settled(origin: Any, tmp_path: Path) -> None:
    world = origin.fork()
    late = False

    def change(request: Any, answer: Any) -> Any:
        """The newest minutes lack half of their requests until they are five minutes old."""
        if late or "requests-over-time" not in str(request.url):
            return answer
        rows = answer.json()
        for row in rows["data"]:
            if row["timestamp"] > int(client.now.timestamp()) - 240:
                row["count"] //= 2
        return type(answer)(answer.status_code, json=rows)

    client = client_of(world, change)
    history = open_history(client, tmp_path / "account")
    history.sync(since="-2h")
    late = True
    world.advance("3min")
    history.sync(since="-2h")
    same(kept(history, "-2h"), truth(client, "-2h"))


def test_a_budget_is_kept_and_the_next_time_goes_on_from_there(origin: Any, tmp_path: Path) -> None:
    client = client_of(createos_nb.simulate("storefront").world)
    history = open_history(client, tmp_path / "account")
    spent, left = [], 1
    while left:
        count = len(sent(client, lambda: spent.append(history.sync(budget=11, since="-2d"))))
        assert count == spent[-1].requests <= 11
        left = spent[-1].left
        assert len(spent) < 20
    assert history.sync(since="-2d").requests == 0
    assert sum(result.requests for result in spent) == len(client.log())
    same(kept(history, "-2d"), truth(client, "-2d"))
    nothing_twice(history)


def test_the_newest_comes_first(client: Client, history: History) -> None:
    history.sync(budget=6, since="-3d")
    with pytest.warns(IncompleteWarning, match="not all of the window is known"):
        frame = history.requests("-3d")
    known = frame[frame["count"].notna()]
    assert len(known)
    assert known["time"].min() > frame["time"].min()
    assert known["time"].max() == frame["time"].max()
    assert not frame.attrs["complete"]
    assert set(frame.attrs["unknown"]) <= {"storefront/production", "storefront/staging"}


def test_it_says_beforehand_what_it_will_cost(client: Client, history: History) -> None:
    assert history.cost() == 2  # the lists of projects and of keys; what they hold is not known yet
    history.sync(since="-1d", budget=None)
    assert history.cost(since="-1d") == 0
    client.world.advance("1h")
    cost = history.cost(since="-4d")
    assert history.sync(since="-4d", budget=None).requests == cost


def test_all_datasets(client: Client, history: History) -> None:
    result = history.sync(since="-3d", datasets=ALL, budget=None)
    assert result.complete, str(result)
    there = history.datasets().set_index("dataset")["rows"]
    assert there[["paths", "error_paths", "status_codes", "logs"]].gt(0).all()
    paths = pd.read_parquet(history.files("paths"))
    # whole days in UTC, each top ten beside the window that it is of
    assert set((paths["end"] - paths["start"]).unique()) == {pd.Timedelta("1D")}
    day = paths["start"].max()
    asked = client.analytics.top_hit_paths("storefront", "production", start=day, end=day + pd.Timedelta("1D"))
    production = client.environments.get("storefront", "production")["id"]
    of_day = paths[(paths["start"] == day) & (paths["environment_id"] == production)]
    assert dict(zip(of_day["path"], of_day["count"], strict=True)) == dict(
        zip(asked["path"], asked["count"], strict=True)
    )
    again = history.sync(since="-3d", datasets=ALL, budget=None)
    assert again.rows.get("paths", 0) == 0
    assert pd.read_parquet(history.files("logs")).duplicated(["environment_id", "time", "message", "number"]).sum() == 0


def test_bad_input_is_told(client: Client, history: History, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no dataset 'request', but requests"):
        history.sync(datasets=["request"])
    with pytest.raises(InvalidInput, match="number of requests"):
        history.sync(budget=0)
    history.sync(since="-1h")
    with pytest.raises(UnknownName, match="shop"):
        history.requests(projects="shop")
    with pytest.raises(InvalidInput, match="empty"):
        history.requests("-1h", "-2h")
    with pytest.raises(HistoryError, match="no history in"):
        open_history(path=tmp_path / "nothing")
    with pytest.raises(HistoryError, match="needs a client"):
        open_history(path=history.folder).sync()


def test_it_is_of_one_account_and_one_world(client: Client, history: History, origin: Any) -> None:
    history.sync(since="-1h")
    other = createos_nb.simulate("bad-release")
    with pytest.raises(HistoryError, match="another simulated world"):
        open_history(other, history.folder)
    fork = client_of(client.world.fork())
    assert open_history(fork, history.folder).sync(since="-1h").complete
    client.world.advance("1h")
    fork.world.advance("1h")
    open_history(fork, history.folder).sync(since="-1h")
    with pytest.raises(HistoryError, match="it has never happened here"):
        open_history(client, history.folder)


def test_a_client_asks_only_for_the_rest(client: Client, history: History) -> None:
    before = truth(client, "-1d")
    history.sync(since="-2d")
    calls = sent(client, lambda: client.fleet.requests_over_time(start="-1d"))
    frame = client.fleet.requests_over_time(start="-1d").sort_values(
        ["project", "environment", "time"], ignore_index=True
    )
    same(frame, before)
    # of each environment the last five minutes, in one request
    assert calls.count("GetProjectEnvironmentAnalyticsRequestsOverTime") == 2
    assert frame.attrs["from_history"] >= 2 * (1440 - 6)
    assert frame.attrs["from_history"] + frame.attrs["from_platform"] == len(frame)
    settled = client.analytics.requests_over_time("storefront", "production", start="-1d", end="-10min")
    assert settled.attrs["from_history"] == len(settled)
    history.close()
    assert "from_history" not in client.fleet.requests_over_time(start="-1h").attrs


def test_an_overview_of_a_window_on_the_disk_is_the_same(client: Client, history: History) -> None:
    plain = client_of(client.world)
    expected = plain.fleet.overview(start="-6h")
    history.sync(since="-1d")
    overview = client.fleet.overview(start="-6h")
    same(overview, expected)
    assert overview.attrs["from_history"] >= 2 * 354
    assert 0 < overview.attrs["from_platform"] <= 2 * 6
    assert "from_history" not in expected.attrs
    client.world.advance("1h")
    later = client.fleet.overview(start="-6h")  # what it read before, the client knows itself
    assert 0 < later.attrs["from_platform"] <= 2 * 66


@pytest.mark.parametrize("step", ["5min", "1h"])
def test_steps_are_exact_sums(client: Client, history: History, step: str) -> None:
    history.sync(since="-1d")
    frame = history.requests("-12h", step=step).sort_values(["project", "environment", "time"], ignore_index=True)
    asked = client_of(client.world).fleet.requests_over_time(start="-12h", step=step)
    same(frame, asked.sort_values(["project", "environment", "time"], ignore_index=True))


def test_files_are_folded_into_months(client: Client, history: History) -> None:
    for _ in range(52):
        client.world.advance("10min")
        history.sync(since="-1d", datasets=["requests"])
    files = history.files("requests")
    assert len(files) < 52
    assert any("month=2026-03" in path.parent.name for path in files)
    same(kept(history, "-1d"), truth(client, "-1d"))
    nothing_twice(history)
    assert history.verify() == []
    on_disk = set((history.folder / "requests").rglob("*.parquet"))
    assert on_disk == set(files)


@pytest.mark.slow
def test_a_log_that_was_not_read_for_longer_than_it_is_kept_has_a_gap(client: Client, history: History) -> None:
    history.sync(since="-1d", datasets=["logs"])
    client.world.advance("36h")
    history.sync(since="-3d", datasets=["logs"])
    production = client.environments.get("storefront", "production")["id"]
    asked = history._store.reload().asked["logs"][production]
    assert sum(end - start for start, end in asked.gaps) >= 12 * 3600
    lines = pd.read_parquet(history.files("logs"))
    assert not lines.duplicated(["environment_id", "time", "message", "number"]).any()
