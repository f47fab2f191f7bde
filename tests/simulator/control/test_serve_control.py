"""`createos-nb serve --control` in a process of its own: what it prints, and what a kill leaves of what was steered."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

import createos_nb
from tests.simulator.http.test_serve_command import serving


def test_it_is_off_by_default() -> None:
    with serving("--speed", "0") as command:
        assert command.lines[-1].startswith("key: ")
        assert httpx.get(f"{command.url}/_world/").status_code == 404
        assert httpx.get(f"{command.url}/openapi.json").is_success
        with pytest.raises(createos_nb.ConfigurationError, match="createos-nb serve --control"):
            createos_nb.connect_world(command.url, "x" * 43)


def test_the_token_is_printed_once_and_opens_the_controls() -> None:
    with serving("--speed", "0", "--control") as command:
        assert [line.partition(":")[0] for line in command.lines] == ["url", "key", "control token"]
        with createos_nb.connect_world(command.url, command.token) as client:
            assert client.where == f"SIMULATOR {command.url} · account marlow"
            assert client.world.push("storefront") == 19
            client.world.advance("10min")
            assert client.deployments.list("storefront")["state"].iloc[0] == "deployed"
            assert command.token not in repr(client) + repr(client.world) + str(client.log().to_dict())
        with pytest.raises(createos_nb.ConfigurationError, match="the control token is not that of the world") as wrong:
            createos_nb.connect_world(command.url, command.token[:-1])
        assert command.token[:-1] not in str(wrong.value)
        code, errors = command.end(signal.SIGTERM)
    assert (code, errors) == (0, "")


def test_what_was_steered_is_there_after_a_kill_and_the_token_is_another(tmp_path: Path) -> None:
    options = ("--speed", "0", "--control", "--state", str(tmp_path / "shop.world"))
    with serving(*options) as command:
        old = command.token
        with createos_nb.connect_world(command.url, old) as client:
            course = client.world.id
            client.world.push("storefront")
            client.world.advance("10min")
            client.world.incident("storefront/production", slow=4.0)
            events = client.world.events()
        command.end(signal.SIGKILL)
    with serving(*options) as command:
        assert command.token != old
        assert httpx.get(f"{command.url}/_world/", headers={"Authorization": f"Bearer {old}"}).status_code == 401
        with createos_nb.connect_world(command.url, command.token) as client:
            assert client.world.id == course
            assert client.world.events().equals(events)
            assert client.deployments.list("storefront")["state"].iloc[0] == "deployed"
        command.end(signal.SIGTERM)
