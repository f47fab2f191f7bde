"""The state of a watch survives: a restart, a kill at any moment, a second watch, and damage."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import createos_nb
from createos_nb.diagnostics import Watcher
from createos_nb.diagnostics.alerts.state import StateFile
from createos_nb.notify import Message

TOKEN = "T0kenOfTheHook42"


def test_a_restart_repeats_nothing(tmp_path: Path) -> None:
    state = tmp_path / "folder" / "state.json"
    client = createos_nb.simulate("dns-pending")
    told: list[Message] = []
    with Watcher(client, state=state, notify=told.append) as watcher:
        first = watcher.round()
    assert len(first.events) == len(told) == 3
    assert state.stat().st_mode & 0o077 == 0
    for _ in range(3):
        client.clock.sleep(900)
        with Watcher(client, state=state, notify=told.append) as watcher:
            again = watcher.round()
        assert again.events == ()
        assert [alert.key for alert in again.open] == [alert.key for alert in first.open]
    assert len(told) == 3


def test_an_end_is_told_by_the_next_watch(tmp_path: Path) -> None:
    client = createos_nb.simulate("dns-pending")
    told: list[Message] = []
    with Watcher(client, state=tmp_path / "state.json", notify=told.append) as watcher:
        watcher.round()
    client.domains.delete("storefront", "old-gifts.juniper-goods.example.org")
    client.clock.sleep(900)
    with Watcher(client, state=tmp_path / "state.json", notify=told.append) as watcher:
        (event,) = watcher.round().events
    assert (event.change, event.alert.what) == ("ends", "old-gifts.juniper-goods.example.org")
    assert told[-1].kind == "success"


def test_a_message_that_was_not_taken_is_sent_by_the_next_watch(tmp_path: Path) -> None:
    client = createos_nb.simulate("dns-pending")
    told: list[Message] = []
    down = True

    def chat(message: Message) -> None:
        if down:
            raise ConnectionError("it is down")
        told.append(message)

    with Watcher(client, state=tmp_path / "state.json", notify=chat) as watcher:
        assert watcher.round().undelivered == {"chat": "ConnectionError: it is down"}
    down = False
    client.clock.sleep(60)
    with Watcher(client, state=tmp_path / "state.json", notify=chat) as watcher:
        assert watcher.round().undelivered == {}
    assert len(told) == 3


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_a_kill_at_any_moment_loses_no_alert_and_says_what_may_be_told_twice(tmp_path: Path) -> None:
    root = Path(createos_nb.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "tests.diagnostics.alerts.killed", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=root,
    )
    children = int(done.stdout or -1)
    assert children > 8, done.stderr
    taken = [ast.literal_eval(line) for line in (tmp_path / "taken").read_text().splitlines()]
    plain = Counter(title for title, repeated in taken if not repeated)
    assert len({title for title, _ in taken}) == 3
    assert max(plain.values()) == 1, "an alert was told twice without a word"
    assert sum(repeated for _, repeated in taken) >= 1  # some were killed just after sending
    assert StateFile(tmp_path / "state.json").damaged is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"alerts": 7}', b'{"format": 99}', b"null"])
def test_damage_is_told_by_name_and_not_lost(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    for number in (1, 2):
        with pytest.warns(
            UserWarning, match=rf"state\.json is damaged and was moved to .*state\.json\.damaged-{number}"
        ):
            file = StateFile(path)
        file.close()
        assert file.damaged == tmp_path / f"state.json.damaged-{number}"
        assert file.damaged.read_bytes() == content
        path.write_bytes(content)


def test_half_a_state_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Watcher(createos_nb.simulate("dns-pending"), state=path) as watcher:
        watcher.round()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match="damaged"):
        watcher = Watcher(createos_nb.simulate("dns-pending"), state=path)
    with watcher:
        assert len(watcher.round().events) == 3
        assert watcher.damaged is not None


def test_one_watch_at_a_time(tmp_path: Path) -> None:
    client = createos_nb.simulate("dns-pending")
    with (
        Watcher(client, state=tmp_path / "state.json"),
        pytest.raises(createos_nb.InvalidInput, match=rf"process {os.getpid()} watches with the state .*state\.json"),
    ):
        Watcher(client, state=tmp_path / "state.json")
    Watcher(client, state=tmp_path / "state.json").close()


def test_a_state_of_another_account_or_of_a_later_time_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    client = createos_nb.simulate("dns-pending")
    with Watcher(client, state=path) as watcher:
        client.clock.sleep(3600)
        watcher.round()
    kept = path.read_bytes()
    with pytest.raises(createos_nb.InvalidInput, match="still to come"):
        Watcher(createos_nb.simulate("dns-pending"), state=path)
    path.write_bytes(kept.replace(b"marlow", b"others"))
    with pytest.raises(createos_nb.InvalidInput, match=r"is of .*others, not of .*marlow"):
        Watcher(client, state=path)
    path.write_bytes(kept)
    Watcher(client, state=path).close()  # a refusal has left no lock


def test_a_state_of_another_world_is_refused(tmp_path: Path) -> None:
    """Whose account, address and time are the same: its alerts are none of this world."""
    path = tmp_path / "state.json"
    with Watcher(createos_nb.simulate("bad-release"), state=path) as watcher:
        assert watcher.round().open
    for other in (createos_nb.simulate("slow-leak"), createos_nb.simulate("bad-release", seed=8)):
        with pytest.raises(createos_nb.InvalidInput, match="is of the simulated world bad-release, seed 7, not of"):
            Watcher(other, state=path)
    with Watcher(createos_nb.simulate("bad-release"), state=path) as watcher:
        assert watcher.round().events == ()


def test_a_folder_is_no_state(tmp_path: Path) -> None:
    with pytest.raises(createos_nb.InvalidInput, match="is a folder"):
        StateFile(tmp_path)


def test_a_state_that_can_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("createos_nb.diagnostics.alerts.state.atomic_write", full)
    told: list[Message] = []
    with (
        Watcher(createos_nb.simulate("dns-pending"), state=tmp_path / "state.json", notify=told.append) as watcher,
        pytest.raises(createos_nb.ConfigurationError, match=r"can't be written: No space left"),
    ):
        watcher.round()
    assert not told  # it would be told again by the next watch


def test_no_address_stands_in_the_state(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Watcher(createos_nb.simulate("dns-pending"), state=path, notify=f"json://127.0.0.1:9/{TOKEN}") as watcher:
        assert list(watcher.round().undelivered) == ["json"]
    content = path.read_text()
    assert '"target":"json"' in content
    assert TOKEN not in content
    assert "127.0.0.1" not in content
