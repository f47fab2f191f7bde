"""Logs by window, level and text: one request each, exactly the lines that are asked for, and what may be missing."""

from __future__ import annotations

import re
import warnings
from typing import Any

import httpx
import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import ClockWarning, IncompleteWarning
from createos_nb.times import iso


def log(wire: Any, *lines: tuple[float, str]) -> httpx.Response:
    """A log of lines so many seconds ago; what is indented has no time of its own."""
    return wire.ok("".join(f"{'' if text[0] == ' ' else iso(wire.NOW - ago) + ' '}{text}\n" for ago, text in lines))


TRACE = [
    (50, "INFO GET /cart 200 3 ms"),
    (40, "ERROR Error: connect ECONNREFUSED 10.0.0.7:5432"),
    (40, "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16)"),
    (30, "WARN pool is nearly full"),
    (20, "GET /checkout 200 7 ms"),
    (10, "FATAL out of connections"),
]


@pytest.mark.parametrize(
    ("arguments", "ago"),
    [
        ({}, [50, 40, 40, 30, 20, 10]),
        ({"level": "warn"}, [40, 40, 30, 10]),
        ({"level": "WARNING"}, [40, 40, 30, 10]),
        ({"level": "error"}, [40, 40, 10]),
        ({"level": ["warn", "INFO"]}, [50, 30]),
        ({"level": {"critical"}}, [10]),
        ({"search": "econnrefused"}, [40]),
        ({"search": "10.0.0.7"}, [40]),
        ({"search": "10.0.0.."}, []),
        ({"search": "re:GET /(CART|checkout)"}, [50, 20]),
        ({"search": re.compile("GET /(CART|checkout)")}, [20]),
        ({"search": "POOL", "level": "warn"}, [30]),
        ({"search": "pool", "level": "error"}, []),
        ({"start": "-35s"}, [30, 20, 10]),
        ({"start": "-45s", "end": "-20s"}, [40, 40, 30]),
    ],
)
@pytest.mark.parametrize("resource", ["environments", "deployments"])
def test_the_lines_that_are_asked_for_come_and_no_others(
    resource: str, arguments: dict[str, Any], ago: list[float], wire: Any
) -> None:
    client, seen = wire.client(log(wire, *TRACE), clock=wire.Clock())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = getattr(client, resource).logs(wire.uuid(1), wire.uuid(2), **arguments)
    found = [wire.NOW - time.timestamp() for time in frame["time"].ffill()]
    assert found == ago
    assert frame.attrs["lines_matching"] == len(ago)
    assert frame.attrs["lines_read"] == (6 if "start" not in arguments else len(ago))
    assert frame.attrs["complete"] is True
    assert len(seen) == 1


def test_a_line_before_the_window_proves_that_the_window_is_whole(wire: Any) -> None:
    """As many lines as one answer holds would otherwise mean that older ones are missing."""
    many = [(3_600 * (1 - at / 4_999), f"INFO line {at}") for at in range(4_999)]
    client, _ = wire.client(log(wire, (3_610, "INFO older"), *many), clock=wire.Clock())
    whole = client.environments.logs(wire.uuid(1), wire.uuid(2), start="-1h")
    assert (whole.attrs["complete"], len(whole), whole["line_number"].iloc[0]) == (True, 4_999, 1)
    client, _ = wire.client(log(wire, (3_599.5, "INFO in it"), *many), clock=wire.Clock())
    with pytest.warns(IncompleteWarning, match="5,000 lines came"):
        cut = client.environments.logs(wire.uuid(1), wire.uuid(2), start="-1h")
    assert cut.attrs["complete"] is False


@pytest.mark.parametrize("arguments", [{}, {"search": "nothing of this"}, {"level": "fatal"}, {"end": "-50min"}])
def test_no_filter_hides_that_lines_may_be_missing(arguments: dict[str, Any], wire: Any) -> None:
    many = [(1_800 * (1 - at / 5_000), f"INFO line {at}") for at in range(5_000)]
    client, _ = wire.client(log(wire, *many), clock=wire.Clock())
    words = "may be among them" if {"search", "level"} & set(arguments) else "ask for less"
    with pytest.warns(IncompleteWarning, match=words):
        frame = client.deployments.logs(wire.uuid(1), wire.uuid(2), start="-1h", **arguments)
    assert frame.attrs["complete"] is False
    assert "5,000 lines" in frame.attrs["cut"]
    if arguments:
        assert frame.empty
        assert list(frame.columns) == ["time", "line_number", "stage", "level", "text"]


def test_lines_that_say_no_level_are_counted_where_a_level_is_asked_for(wire: Any) -> None:
    client, _ = wire.client(log(wire, *TRACE, (5, "level=custom msg=odd")), clock=wire.Clock())
    frame = client.environments.logs(wire.uuid(1), wire.uuid(2), level="WARN")
    assert frame.attrs["lines_without_level"] == 2  # the access line, and a level that is none
    assert "lines_without_level" not in client.environments.logs(wire.uuid(1), wire.uuid(2)).attrs


def test_a_log_without_times_can_be_read_up_to_now_and_says_so_of_the_past(wire: Any) -> None:
    client, _ = wire.client(wire.ok("one\ntwo\n"), clock=wire.Clock())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert client.environments.logs(wire.uuid(1), wire.uuid(2))["text"].tolist() == ["one", "two"]
    with pytest.warns(IncompleteWarning, match="no line says its time"):
        past = client.environments.logs(wire.uuid(1), wire.uuid(2), start="-1h", end="-30min")
    assert (len(past), past.attrs["complete"]) == (2, False)


def test_an_empty_log_is_an_empty_frame(wire: Any) -> None:
    client, _ = wire.client(wire.ok(""), clock=wire.Clock())
    frame = client.environments.logs(wire.uuid(1), wire.uuid(2), level="warn", search="x")
    assert (len(frame), frame.attrs["complete"], frame.attrs["lines_read"]) == (0, True, 0)


def test_a_window_in_the_future_says_so(wire: Any) -> None:
    client, seen = wire.client(wire.ok(""), clock=wire.Clock())
    with pytest.warns(ClockWarning, match="future"):
        frame = client.environments.logs(wire.uuid(1), wire.uuid(2), start="+1h", end="+2h")
    assert frame.attrs["complete"] is False
    assert len(seen) == 1


def test_an_answer_that_came_late_is_not_called_whole(wire: Any) -> None:
    """A log looks back from when the request arrives: what it waited for is missing at the beginning."""
    clock = wire.Clock()

    def slow(request: httpx.Request) -> httpx.Response:
        clock.at += 90
        return wire.ok(f"{iso(clock.at - 60)} INFO ready\n")

    client, _ = wire.client(slow, clock=clock)
    with pytest.warns(IncompleteWarning, match="came late"):
        frame = client.environments.logs(wire.uuid(1), wire.uuid(2), start="-1min")
    assert frame.attrs["complete"] is False


def test_build_logs_are_searched_as_well() -> None:
    client = createos_nb.simulate()
    whole = client.deployments.build_logs("storefront", 17)
    found = client.deployments.build_logs("storefront", 17, search="re:cloning|HEAD")
    assert (
        found["line_number"].tolist() == whole.loc[whole["text"].str.contains("cloning|HEAD"), "line_number"].tolist()
    )
    assert (found.attrs["lines_read"], found.attrs["lines_matching"]) == (len(whole), len(found))
    assert client.deployments.build_logs("storefront", 17, level="error").empty


def test_what_the_simulator_wrote_is_found_in_any_part_of_a_window() -> None:
    client = createos_nb.simulate("slow-leak")
    whole = client.environments.logs("storefront", "production", start="-6h")
    assert whole.attrs["complete"] is True
    for start, end in (("-6h", "-3h"), ("-3h", "now"), ("-90min", "-89min")):
        part = client.environments.logs("storefront", "production", start=start, end=end)
        low, high = (pd.Timestamp(text) for text in part.attrs["window"])
        expected = whole[(whole["time"] >= low) & (whole["time"] < high)]
        assert part["text"].tolist() == expected["text"].tolist()


def test_the_wire_keeps_its_own_word() -> None:
    client = createos_nb.simulate()
    there = client.environments.get("storefront", "production")
    ids = {"project_id": there["project_id"], "environment_id": there["id"]}
    text = client.call("GetProjectEnvironmentLogs", **ids, since_seconds=30)
    assert text.count("\n") == len(client.environments.logs("storefront", "production", start="-30s"))
    with pytest.raises(TypeError, match="since_seconds"):
        client.environments.logs("storefront", "production", since_seconds=30)  # type: ignore[call-arg]


@pytest.mark.parametrize("search", ["skp_abcDEF4567ghiJKL8901mnop", re.compile("skp_abcDEF4567ghiJKL8901mnop")])
def test_a_key_that_is_looked_for_stands_in_no_frame(search: str | re.Pattern[str]) -> None:
    frame = createos_nb.simulate().environments.logs("storefront", "production", search=search)
    assert frame.attrs["asked"]["search"] == "••••••"
    assert "skp_" not in str(frame.attrs)
