"""Readers of answers are made one at a time, whichever thread asks first."""

from __future__ import annotations

import threading
import time
from typing import Any

import msgspec
import pytest

from createos_nb import contract
from createos_nb.frames import read


def test_no_two_readers_are_being_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that is made beside another of the same rows may end the process when it is first used."""
    names = ["ListDeployments", "GetDeployment", "ListProjectEnvironments", "ListProjects", "ListDomains"]
    at_work, most = 0, 0
    decoder = msgspec.json.Decoder

    def slowly(*given: Any) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.002)  # lets the others come
        at_work -= 1
        return decoder(*given)

    monkeypatch.setattr(msgspec.json, "Decoder", slowly)
    read._cached_reader.cache_clear()
    go = threading.Barrier(8)
    got: list[Any] = []

    def ask() -> None:
        go.wait()
        got.extend(read.reader(contract.find(name)) for name in names)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == 1
    assert len(got) == 8 * len(names)
    assert len({id(one) for one in got}) == len(names)
