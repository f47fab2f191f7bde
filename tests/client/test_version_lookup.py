"""Versions instead of ids: one among thousands of deployments is found in few requests."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.errors import InvalidInput, UnknownName


class Deployments:
    """Deployments of one project, newest first; `gone` are versions that were deleted."""

    def __init__(self, wire: Any, versions: list[int]) -> None:
        self.wire, self.versions = wire, versions
        self.requests = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and request.url.path.endswith("/deployments"):
            self.requests += 1
            offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
            cut = self.versions[offset : offset + limit]
            rows = [{"id": self.wire.uuid(n, 8), "versionNumber": n} for n in cut]
            return self.wire.ok(
                {"data": rows, "pagination": {"total": len(self.versions), "limit": limit, "offset": offset}}
            )
        return self.wire.ok({"id": request.url.path.rsplit("/", 1)[1]})


@pytest.mark.parametrize("version", [20_000, 19_999, 19_950, 10_000, 777, 21, 1])
def test_a_version_among_twenty_thousand_is_found_in_few_requests(version: int, wire: Any) -> None:
    server = Deployments(wire, list(range(20_000, 0, -1)))
    client, _ = wire.client(server)
    assert client.deployments.get(wire.uuid(1, 1), version)["id"] == wire.uuid(version, 8)
    assert server.requests <= 3
    before = server.requests
    client.deployments.get(wire.uuid(1, 1), str(version))
    assert server.requests == before


@settings(max_examples=150, deadline=None)
@given(data=st.data(), size=st.integers(0, 3000))
def test_any_version_is_found_whatever_is_gone(wire: Any, data: st.DataObject, size: int) -> None:
    top = data.draw(st.integers(1, 30_000))
    gaps = data.draw(st.lists(st.tuples(st.integers(1, top), st.integers(0, top)), max_size=4))
    versions = [n for n in range(top, max(0, top - size), -1) if not any(at <= n < at + long for at, long in gaps)]
    server = Deployments(wire, versions)
    client, _ = wire.client(server)
    for wanted in data.draw(
        st.lists(st.sampled_from(versions or [1]) | st.integers(0, top + 5), min_size=1, max_size=3)
    ):
        server.requests = 0
        if wanted in versions:
            assert client.deployments.get(wire.uuid(1, 1), wanted)["id"] == wire.uuid(wanted, 8)
        else:
            with pytest.raises(UnknownName):
                client.deployments.get(wire.uuid(1, 1), wanted)
        assert server.requests <= 40


def test_versions_in_no_order_are_found_as_well(wire: Any) -> None:
    versions = [(n * 37) % 101 for n in range(101)]
    client, _ = wire.client(Deployments(wire, versions))
    for wanted in (0, 50, 100):
        assert client.deployments.get(wire.uuid(1, 1), wanted)["id"] == wire.uuid(wanted, 8)


def test_a_version_is_found_although_others_go_while_it_is_searched(wire: Any) -> None:
    server = Deployments(wire, list(range(2000, 0, -1)))

    def handle(request: httpx.Request) -> httpx.Response:
        answer = server(request)
        if server.requests == 1:
            del server.versions[:300]
        return answer

    client, _ = wire.client(handle)
    assert client.deployments.get(wire.uuid(1, 1), 1690)["id"] == wire.uuid(1690, 8)


def test_an_unknown_version_lists_some_that_there_are(wire: Any) -> None:
    client, _ = wire.client(Deployments(wire, [5, 4, 2]))
    with pytest.raises(UnknownName, match=r"there is no deployment 3 in project .*; there is: 5, 4, 2"):
        client.deployments.get(wire.uuid(1, 1), 3)


@pytest.mark.parametrize("value", [np.int64(7), np.int32(7), "7", "007"])
def test_a_version_out_of_a_frame_is_a_version(value: Any, wire: Any) -> None:
    client, _ = wire.client(Deployments(wire, list(range(20, 0, -1))))
    assert client.deployments.get(wire.uuid(1, 1), value)["id"] == wire.uuid(7, 8)


@pytest.mark.parametrize("value", [True, 7.0, "seven", "²", "7.0", "", None, "-1", "9" * 5000])
def test_what_is_no_version_is_refused(value: Any, wire: Any) -> None:
    client, seen = wire.client(Deployments(wire, [7]))
    with pytest.raises(InvalidInput, match="version number or id"):
        client.deployments.get(wire.uuid(1, 1), value)
    assert not seen


@pytest.mark.parametrize("value", [None, np.nan, pd.NA])
def test_a_missing_version_is_said_to_be_one(value: Any, wire: Any) -> None:
    client, _ = wire.client(Deployments(wire, [3, 2, 1]))
    with pytest.raises(InvalidInput, match="is nothing live there"):
        client.deployments.get(wire.uuid(1, 1), value)


def test_a_version_out_of_a_list_needs_no_conversion(wire: Any) -> None:
    client, _ = wire.client(Deployments(wire, list(range(45, 0, -1))))
    frame = client.deployments.list(wire.uuid(1, 1))
    for version in (
        frame["version_number"].iloc[3],
        frame.iloc[3]["version_number"],
        frame["version_number"].tolist()[3],
    ):
        assert client.deployments.get(wire.uuid(1, 1), version)["id"] == wire.uuid(42, 8)
