"""A watch of a served world over real HTTP, at sixty times the speed, and a receiver that fails at first."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from createos_nb.client.client import Client
from createos_nb.diagnostics import watch
from createos_nb.simulator import open_world, serve
from tests.notify.receiver import TOKEN, Receiver


def test_a_bad_release_is_told_over_http(tmp_path: Path) -> None:
    with (
        Receiver() as receiver,
        serve(open_world("bad-release"), speed=60.0) as served,
        Client(api_key=served.key, base_url=served.url, read_only=True) as client,
    ):
        receiver.statuses = [500]
        state = tmp_path / "state.json"
        watched = watch(client, "storefront", every="1min", duration="8min", state=state, notify=receiver.address)
        assert watched.result == "FAIL"
        assert len(watched.rounds) >= 3
        assert len(receiver.refused) == 1  # the alert was not lost
        assert len(receiver.titles) == 1  # and not doubled
        assert receiver.titles[0].startswith("[page] storefront/production: ")
        assert "createos-nb run 42_rollback" in receiver.posted[0]["message"]
        assert " --live" in receiver.posted[0]["message"]
        again = watch(client, "storefront", duration="0s", state=state, notify=receiver.address)
        assert again.result == "FAIL"
        assert len(receiver.titles) == 1
    assert TOKEN not in state.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_the_command_ends_cleanly_when_it_is_told_to(number: int, code: int, tmp_path: Path) -> None:
    with Receiver() as receiver, serve(open_world("bad-release"), speed=60.0) as served:
        environment = {
            **os.environ,
            "CREATEOS_API_KEY": served.key,
            "CREATEOS_API_URL": served.url,
            "CREATEOS_NB_CONFIG": str(tmp_path / "config.toml"),
            "CREATEOS_NB_NOTIFY": receiver.address,
            "CREATEOS_NB_HEARTBEAT": f"{tmp_path / 'heartbeat.json'} {receiver.url}",
        }
        command = [sys.executable, "-m", "createos_nb.cli", "watch", "--json", "--state", str(tmp_path / "state.json")]
        if not (Path(__file__).parents[3] / "createos_nb" / "cli" / "__main__.py").exists():
            main = "import sys; from createos_nb.cli import main; sys.exit(main(sys.argv[1:]))"
            command[1:3] = ["-c", main]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + 90
            while not receiver.asked and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == code, err
    assert "Traceback" not in err
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events][:2] == ["begins", "round"]
    assert events[0]["key"] == "burn_rate:storefront/production:page"
    assert len(receiver.titles) == 1
    assert json.loads((tmp_path / "heartbeat.json").read_text())["open"] == ["burn_rate:storefront/production:page"]
    assert TOKEN not in out + err + (tmp_path / "heartbeat.json").read_text()
