"""A client that goes on with another key, and one that borrows a key for some requests of one thread."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb import Secret
from createos_nb.client.client import Client
from createos_nb.errors import ConfigurationError, Unauthorized


class Keys(httpx.BaseTransport):
    """Notes which key each request carries."""

    def __init__(self, world: Any) -> None:
        self.inner = world.transport()
        self.seen: list[str | None] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.headers.get("x-api-key"))
        return self.inner.handle_request(request)


@pytest.fixture
def opened() -> tuple[Client, Keys, str]:
    world = createos_nb.simulate().world
    keys = Keys(world)
    other = next(key.secret for key in world.state.keys.values() if key.name == "status-board")
    return Client(api_key=world.key, base_url=world.base_url, transport=keys, clock=world.clock), keys, other


def test_all_later_requests_carry_the_new_key(opened: tuple[Client, Keys, str]) -> None:
    client, keys, other = opened
    client.projects.list()
    own = keys.seen[-1]
    before = client.transport.fingerprint(Secret("a value"))
    client.use_api_key(other)
    client.projects.list()
    assert (own != other, keys.seen[-1]) == (True, other)
    assert client.transport.fingerprint(Secret("a value")) == before, "plans that were made before still compare"
    assert other not in repr(client) + repr(vars(client.transport)) + client.log().to_json(date_format="iso")
    with pytest.raises(ConfigurationError):
        client.use_api_key("skp_\u2026")
    assert client.transport.signature.key == other


def test_a_borrowed_key_is_of_one_thread_and_for_one_block(opened: tuple[Client, Keys, str]) -> None:
    client, keys, other = opened
    client.account.current_user()
    own = keys.seen[-1]
    with client.transport.signed_with(Secret(other)):
        client.account.current_user()
        thread = threading.Thread(target=client.account.current_user)
        thread.start()
        thread.join()
    client.account.current_user()
    assert keys.seen[-3:] == [other, own, own]


def test_an_error_repeats_no_borrowed_key(opened: tuple[Client, Keys, str]) -> None:
    client, keys, _ = opened
    wrong = "skp_0123456789abcdef0123"
    with client.transport.signed_with(Secret(wrong)), pytest.raises(Unauthorized) as refused:
        client.account.current_user()
    assert keys.seen[-1] == wrong
    assert wrong not in str(refused.value) + repr(refused.value) + repr(vars(refused.value))
    assert client.account.current_user()["username"] == "marlow"


def test_a_client_of_an_access_token_goes_on_with_a_key() -> None:
    world = createos_nb.simulate().world
    keys = Keys(world)
    client = Client(access_token="no t0ken", base_url=world.base_url, transport=keys, clock=world.clock)
    with pytest.raises(Unauthorized):
        client.account.current_user()
    assert keys.seen[-1] is None
    client.use_api_key(world.key)
    client.account.current_user()
    assert keys.seen[-1] == world.key
