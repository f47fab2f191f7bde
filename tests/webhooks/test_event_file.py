"""The file of events: what is in it, what a crash or a full disk leaves, and how it is read."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.webhooks import read_events
from createos_nb.webhooks.event_file import EventFile, event_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
COLUMNS = {
    "received_at": "datetime64[us, UTC]",
    "created_at": "datetime64[us, UTC]",
    "id": "str",
    "event": "str",
    "project": "str",
    "environment": "str",
    "version": "Int64",
    "resource": "str",
    "status": "str",
    "text": "str",
    "audit_log_id": "str",
    "user_id": "str",
    "body": "object",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def written(path: Path, *bodies: bytes) -> Path:
    file = EventFile(path)
    for body in bodies:
        file.append(event_of(body, NOW))
    file.close()
    return path


def test_what_a_world_sends_is_a_frame(path: Path) -> None:
    client = createos_nb.simulate()
    client.webhooks.create(url="https://hooks.example.com/", events=["environment.update_resources", "api_key.create"])
    file = EventFile(path)
    client.world.on_webhook(lambda request: file.append(event_of(request.body, NOW)))
    client.environments.update_resources("storefront", "production", cpu=300, memory=600, replicas=2)
    client.world.advance("1min")
    client.api_keys.create(name="told-key", expiry_at="+90d")
    client.world.advance("1min")
    file.close()
    frame = read_events(path)
    assert frame.attrs == {"complete": True, "damaged": [], "where": str(path)}
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == COLUMNS
    assert frame["event"].to_list() == ["environment.update_resources", "api_key.create"]
    assert frame["environment"].iloc[0] == "production"
    assert frame["resource"].iloc[1] == "told-key"
    assert frame["received_at"].iloc[0] == pd.Timestamp(NOW)
    assert frame["created_at"].iloc[1] - frame["created_at"].iloc[0] == pd.Timedelta("1min")
    deliveries = client.webhooks.deliveries("https://hooks.example.com/")
    assert frame["id"].to_list() == deliveries["id"].to_list()[::-1]
    assert frame["body"].to_list() == deliveries["payload"].to_list()[::-1]


def test_an_empty_file_has_the_same_columns(path: Path) -> None:
    full, empty = read_events(written(path, b'{"id": "a"}')), read_events(written(path.with_name("empty")))
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)


def test_fields_of_another_type_are_missing_and_stay_in_the_body(path: Path) -> None:
    body = {"id": 7, "eventAction": ["a"], "versionNumber": 2**63, "createdAt": "yesterday", "more": {"a": 1}}
    frame = read_events(written(path, json.dumps(body).encode(), b"[1]"))
    assert frame.drop(columns=["received_at", "body"]).isna().all().all()
    assert frame["body"].to_list() == [body, {}]


@pytest.mark.parametrize("damage", [b"\x00" * 20, b"{}", b'{"received_at":', b"[]", b'{"received_at": 1}'])
def test_a_damaged_line_is_said_and_the_others_are_read(path: Path, damage: bytes) -> None:
    written(path, b'{"id": "a"}', b'{"id": "b"}', b'{"id": "c"}')
    lines = path.read_bytes().split(b"\n")
    lines[1] = damage
    path.write_bytes(b"\n".join(lines))
    frame = read_events(path)
    assert frame["id"].to_list() == ["a", "c"]
    assert (frame.attrs["complete"], frame.attrs["damaged"]) == (False, [2])
    file = EventFile(path)
    assert (file.events, file.damaged) == (2, 1)
    assert not file.knows(event_of(b'{"id": "b"}', NOW)), "what is damaged is taken again"
    file.close()


def test_a_file_that_is_cut_at_any_byte_keeps_each_whole_line(path: Path) -> None:
    content = written(path, b'{"id": "a"}', b"\xff", b'{"id": "c"}').read_bytes()
    for end in range(len(content) + 1):
        path.write_bytes(content[:end])
        whole = content[:end].count(b"\n")
        file = EventFile(path)
        assert (file.events, file.damaged) == (whole, 0)
        file.append(event_of(b'{"id": "d"}', NOW))
        file.close()
        frame = read_events(path)
        assert frame.attrs["complete"]
        assert len(frame) == whole + 1


def test_a_full_disk_leaves_no_part_of_a_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = EventFile(path)
    file.append(event_of(b'{"id": "a"}', NOW))
    before, write = path.read_bytes(), os.write

    def full(handle: int, content: Any) -> int:
        write(handle, bytes(content)[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        file.append(event_of(b'{"id": "b"}', NOW))
    assert path.read_bytes() == before
    monkeypatch.setattr(os, "write", write)
    assert not file.knows(event_of(b'{"id": "b"}', NOW))
    file.append(event_of(b'{"id": "b"}', NOW))
    file.close()
    assert read_events(path)["id"].to_list() == ["a", "b"]


def test_a_line_is_on_the_disk_before_it_is_acknowledged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = EventFile(path)

    def fails(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="Input/output"):
        file.append(event_of(b'{"id": "a"}', NOW))
    assert not file.knows(event_of(b'{"id": "a"}', NOW))
    assert path.read_bytes() == b""
    file.close()
