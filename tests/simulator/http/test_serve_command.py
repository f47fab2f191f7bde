"""`createos-nb serve` in a process of its own: what it says, how it ends, and what a kill leaves of its world."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from createos_nb.cli import main
from createos_nb.simulator import World, open_world
from createos_nb.simulator.http.state_file import StateFile

LIMIT = 30
"""Seconds after which whatever is waited for is not coming."""
COMMAND = "import sys; from createos_nb.cli import main; sys.exit(main())"


class Command:
    """The running command."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        )
        assert self.process.stdout is not None
        said = b""
        while said.count(b"\n") < 2:
            assert select.select([self.process.stdout], [], [], 2 * LIMIT)[0], "it said nothing"
            more = os.read(self.process.stdout.fileno(), 1_000)
            assert more, self.process.communicate()[1].decode()
            said += more
        self.lines = said.decode().splitlines()
        self.url, self.key, *rest = (line.partition(": ")[2] for line in self.lines)
        self.token = rest[0] if rest else ""
        self.http = httpx.Client(base_url=self.url, headers={"X-Api-Key": self.key}, timeout=LIMIT)

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; gives the exit code and what was said of errors."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, said.decode()


@contextmanager
def serving(*arguments: str) -> Iterator[Command]:
    command = Command(*arguments)
    try:
        yield command
    finally:
        command.http.close()
        if command.process.poll() is None:
            command.process.kill()
        command.process.communicate(timeout=LIMIT)


def until(condition: Callable[[], Any]) -> None:
    ends = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)


@pytest.fixture
def roomy(empty_file: Path) -> Path:
    """A scenario in which nothing has been made, and much may be."""
    empty_file.write_text(empty_file.read_text(encoding="utf-8") + "\n[settings]\napps = 100000\n", encoding="utf-8")
    return empty_file


@pytest.mark.grid(2)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_its_first_two_lines_are_url_and_key_and_a_signal_ends_it_cleanly(number: int) -> None:
    with serving("--scenario", "storefront", "--seed", "11", "--dialect", "documented", "--speed", "0") as command:
        assert command.lines[0].startswith("url: http://127.0.0.1:")
        assert command.lines[1] == f"key: {open_world('storefront', seed=11).key}"
        assert command.key.startswith("skp_")
        assert command.http.get("/v1/users/me").json()["success"] is True
        assert command.end(number) == (130 if number == signal.SIGINT else 0, "")


def test_faults_of_a_file_strike(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[faults]]\nwhat = "error"\nstatus = 503\ncount = 1\n', encoding="utf-8")
    with serving("--speed", "0", "--faults", str(faults)) as command:
        assert [command.http.get("/v1/users/me").status_code for _ in range(2)] == [503, 200]


def test_mistakes_are_said_in_a_sentence_and_leave_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = str(tmp_path / "world")
    assert main(["serve", "--port", "0", "--scenario", "nowhere", "--state", state]) == 2
    assert main(["serve", "--port", "0", "--speed", "-1"]) == 2
    assert main(["serve", "--port", "0", "--state", str(tmp_path / "no" / "folder")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.startswith("createos-nb: ") for line in said.err.splitlines()] == [True, True, True]
    assert list(tmp_path.iterdir()) == []
    assert main(["serve", "--port", "70000"]) == 2


def test_a_state_of_another_scenario_is_refused_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "world"
    open_world("storefront", seed=3).save(state)
    assert main(["serve", "--port", "0", "--state", str(state), "--seed", "4"]) == 2
    assert "seed 3" in capsys.readouterr().err
    assert open_world(state).state.seed == 3


def test_two_servers_do_not_share_a_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = str(tmp_path / "world")
    with serving("--state", state, "--speed", "0") as command:
        assert main(["serve", "--port", "0", "--state", state]) == 2
        assert "in use" in capsys.readouterr().err
        assert command.http.post("/v1/apps", json={"name": "still-here"}).is_success


@pytest.mark.slow
def test_after_a_clean_end_the_state_is_one_file_that_only_its_owner_reads(tmp_path: Path, roomy: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    state = folder / "world"
    with serving("--state", str(state), "--scenario", str(roomy)) as command:
        made = command.http.post("/v1/apps", json={"name": "first"}).json()["data"]["id"]
        seen = parsedate_to_datetime(command.http.get("/v1/users/me").headers["date"])
        assert command.end(signal.SIGTERM) == (0, "")
    assert [path.name for path in folder.iterdir()] == ["world"]
    assert state.stat().st_mode & 0o077 == 0
    assert open_world(state).now >= seen
    with serving("--state", str(state)) as command:
        assert [row["id"] for row in command.http.get("/v1/apps").json()["data"]] == [made]


class Load:
    """Threads that make apps and ask an address, and remember what they were answered."""

    def __init__(self, command: Command, address: str, name: str) -> None:
        self.made: list[str] = []
        self.visits = 0
        self.newest = 0.0
        self._command, self._address, self._name = command, address, name
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(3)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(LIMIT)

    def _work(self, number: int) -> None:
        command = self._command
        headers = {"X-Api-Key": command.key}
        with httpx.Client(base_url=command.url, headers=headers, timeout=LIMIT) as http:
            for n in range(10_000):
                try:
                    made = http.post("/v1/apps", json={"name": f"{self._name}-{number}-{n}"})
                    with self._lock:
                        self.made.append(made.json()["data"]["id"])
                    visited = http.get(f"/~/{self._address}/")
                    with self._lock:
                        self.visits += visited.status_code == 200
                        self.newest = max(self.newest, parsedate_to_datetime(visited.headers["date"]).timestamp())
                except httpx.TransportError:
                    return


def site(command: Command) -> str:
    """The host of a new upload project's deployment, once it runs."""
    body = {
        "uniqueName": "leaflet",
        "displayName": "Leaflet",
        "type": "upload",
        "settings": {"runtime": "static", "port": 80},
    }
    project = command.http.post("/v1/projects", json=body).json()["data"]["id"]
    files = [{"path": "index.html", "content": "<h1>Here</h1>"}]
    made = command.http.put(f"/v1/projects/{project}/deployments/files", json={"files": files}).json()["data"]["id"]
    path = f"/v1/projects/{project}/deployments/{made}"
    until(lambda: command.http.get(path).json()["data"]["status"] == "deployed")
    return str(command.http.get(path).json()["data"]["extra"]["endpoint"]).removeprefix("https://")


def visits(world: World) -> int:
    return sum(len(one) for one in world.recorded.values())


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path, roomy: Path) -> None:
    """Three kills under load: all that was answered is there, once, and the world's time has not gone back."""
    state = tmp_path / "world"
    made: set[str] = set()
    visited, newest, address = 0, 0.0, ""
    for kill in range(3):
        with serving("--state", str(state), "--scenario", str(roomy), "--speed", "600") as command:
            address = address or site(command)
            with Load(command, address, f"run{kill}") as load:
                until(lambda load=load, kill=kill: len(load.made) > 30 + 17 * kill)
                command.process.kill()
            assert len(load.made) == len(set(load.made))
            made |= set(load.made)
            visited += load.visits
            newest = max(newest, load.newest)
        kept = StateFile(state, lambda: open_world(roomy))
        world = kept.world
        assert made <= set(world.state.apps)
        assert len({app.name for app in world.state.apps.values()}) == len(world.state.apps)
        assert visits(world) >= visited
        assert world.state.now / 1e6 >= newest
        kept.close()
