"""Locks between processes: they end with their process, and say who holds them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from createos_nb.process_lock import LockHeld, ProcessLock


def test_a_held_lock_names_its_holder_after_its_patience_and_keeps_the_note(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    first, second = ProcessLock(path), ProcessLock(path)
    first.acquire("ana on build-7\nand more")
    first.note = "the newest run"
    first.write()
    assert first.held_here
    assert second.is_held()
    began = time.monotonic()
    with pytest.raises(LockHeld) as held:
        second.acquire("ben", timeout=0.1)
    assert held.value.holder == "ana on build-7 and more"
    assert time.monotonic() - began >= 0.1
    first.release()
    assert not second.is_held()
    second.acquire("ben")
    assert second.note == second.read_note() == "the newest run"
    second.release()


def test_a_lock_that_changes_hands_is_waited_for(tmp_path: Path) -> None:
    """Between taking it and writing who holds it, and between removing that and releasing it."""
    first, second = ProcessLock(tmp_path / "a.lock"), ProcessLock(tmp_path / "a.lock")
    first.acquire("")
    releasing = threading.Timer(0.2, first.release)
    releasing.start()
    second.acquire("ben")
    assert second.held_here
    with pytest.raises(LockHeld) as held:  # whoever has waited for it holds it in their own name
        first.acquire("ana")
    assert held.value.holder == "ben"
    second.release()
    first.acquire("")

    def named() -> None:
        (tmp_path / "a.lock.holder").write_text("ana\n")

    naming = threading.Timer(0.2, named)
    naming.start()
    with pytest.raises(LockHeld, match="ana"):
        second.acquire("ben")
    releasing.join()
    naming.join()
    first.release()


def test_looking_at_a_lock_creates_no_file(tmp_path: Path) -> None:
    assert not ProcessLock(tmp_path / "a.lock").is_held()
    assert os.listdir(tmp_path) == []


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    code = (
        "import sys, time; from pathlib import Path; from createos_nb.process_lock import ProcessLock\n"
        "lock = ProcessLock(Path(sys.argv[1])); lock.acquire('the other one'); print('held', flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        lock = ProcessLock(path)
        with pytest.raises(LockHeld, match="the other one"):
            lock.acquire("me")
        process.kill()
    lock.acquire("me")
    assert lock.held_here
    lock.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_neither_holds_nor_ends_the_lock_of_its_parent(tmp_path: Path) -> None:
    lock, other = ProcessLock(tmp_path / "a.lock"), ProcessLock(tmp_path / "a.lock")
    lock.acquire("the parent")
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        os.write(ready[1], b"held" if lock.held_here else b"free")
        lock.release()
        os.write(ready[1], b".")
        os.read(go[0], 1)
        os._exit(0)
    assert os.read(ready[0], 4) == b"free"
    os.read(ready[0], 1)
    assert other.is_held()
    lock.release()
    assert not other.is_held()  # although the child still runs
    os.write(go[1], b".")
    os.waitpid(child, 0)
    for end in (*ready, *go):
        os.close(end)
