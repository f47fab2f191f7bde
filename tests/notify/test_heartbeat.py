"""A heartbeat renews its files and asks its addresses; what fails is told without the address."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

import createos_nb
from createos_nb.notify.heartbeat import Heartbeat
from tests.notify.receiver import TOKEN, Receiver


def test_a_file_is_renewed_with_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    heartbeat = Heartbeat([path])
    assert heartbeat.beat({"rounds": 1}) == {}
    os.utime(path, (0, 0))
    assert heartbeat.beat({"rounds": 2}) == {}
    assert path.stat().st_mtime > 1_000_000
    assert json.loads(path.read_text()) == {"rounds": 2}


def test_an_address_is_asked_once_a_beat(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    heartbeat = Heartbeat([f"{receiver.url}?create=1"])
    assert heartbeat.beat({}) == {}
    assert receiver.asked == [f"/ping/{TOKEN}?create=1"]
    receiver.statuses = [503]
    assert heartbeat.beat({}) == {"address 1": "it answered 503"}
    assert TOKEN not in caplog.text
    heartbeat.close()


def test_nobody_listens() -> None:
    with Receiver() as gone:
        heartbeat = Heartbeat([gone.url])
    (reason,) = heartbeat.beat({}).values()
    assert "refused" in reason
    assert TOKEN not in reason
    heartbeat.close()


@pytest.mark.parametrize("place", ["missing/heartbeat.json", ".", f"https://user:{TOKEN}@example.com/", "https://"])
def test_a_place_that_is_none_is_refused(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(createos_nb.InvalidInput, match="heartbeat: ") as caught:
        Heartbeat([place])
    assert TOKEN not in str(caught.value)
