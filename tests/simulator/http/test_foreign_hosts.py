"""A served world answers to names of this machine and of its own, and to no other that DNS may have led here."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from createos_nb.errors import InvalidInput
from createos_nb.hosts import host_name, is_local, name_of
from createos_nb.simulator import open_world, serve
from createos_nb.simulator.http.server import Server

#: Of an attacker, and look-alikes of what is let in; no request of a browser can name its server in another header.
FOREIGN = (
    "evil.example",
    "evil.example:8765",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.1@evil.example",
    "evil.example@127.0.0.1",
    "createos.nodeops.network.evil.example",
    "xcreateos.nodeops.network",
    "192.168.1.10",
    "[::2]",
    "0.0.0.0",
    "[::1].evil.example",
    "localhost, evil.example",
)


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with serve(open_world("storefront"), speed=0, hosts=["sim.example.test"]) as found:
        yield found


def test_a_foreign_name_is_refused_on_every_path_with_words_and_also_with_the_key(served: Server) -> None:
    for host in FOREIGN:
        for path in (
            "/v1/projects",
            "/v1/nothing",
            "/~/",
            "/~/landing-pages.createos.nodeops.network/",
            "/signed/x",
            "/",
        ):
            answer = httpx.get(served.url + path, headers={"Host": host, "X-Api-Key": served.key})
            assert answer.status_code == 403, (host, path)
            assert "--allow-host" in answer.text
            assert "juniper" not in answer.text


def test_a_foreign_name_changes_nothing(served: Server) -> None:
    before = served.world.state.counter
    for method in ("POST", "PUT", "DELETE"):
        headers = {"Host": "evil.example", "X-Api-Key": served.key}
        assert httpx.request(method, served.url + "/v1/projects", headers=headers, json={}).status_code == 403
    assert served.world.state.counter == before


def test_names_of_this_machine_and_the_one_that_was_allowed_reach_the_api(served: Server) -> None:
    port = served.url.rpartition(":")[2]
    for name in ("127.0.0.1", "localhost", "LocalHost", "127.0.0.2", "[::1]", "sim.example.test", "SIM.example.test"):
        for host in (name, f"{name}:{port}", f"{name}:1"):
            answer = httpx.get(served.url + "/v1/projects", headers={"Host": host, "X-Api-Key": served.key})
            assert answer.status_code == 200, host


def test_addresses_of_the_world_still_answer_by_their_name(served: Server) -> None:
    for host in (
        "landing-pages.createos.nodeops.network",
        "www.juniper-goods.example.com",
        "nobody-has-this.createos.nodeops.network:80",
    ):
        answer = httpx.get(served.url + "/", headers={"Host": host})
        assert answer.status_code != 403, host
    shop = httpx.get(served.url + "/products", headers={"Host": "www.juniper-goods.example.com"})
    assert shop.headers["x-createos-version"] == "17"


def test_a_whole_address_in_the_request_line_is_what_counts(served: Server) -> None:
    """As sent to a proxy: the Host header beside it is not looked at, by the standard."""
    with httpx.Client(proxy=served.url) as proxied:
        assert proxied.get("http://evil.example/v1/projects", headers={"Host": "localhost"}).status_code == 403
        assert proxied.get("http://www.juniper-goods.example.com/products").status_code == 200


def test_names_of_hosts_are_read_strictly() -> None:
    assert name_of("Notebooks.Example.com:443") == "notebooks.example.com"
    assert [is_local(one) for one in ("", "a b", "127.0.0.1:x", "127.0.0.1:123456", "0x7f.1", "[::1")] == [False] * 6
    assert host_name(" Notebooks.Example.com ") == "notebooks.example.com"
    for bad in ("", "https://a.example", "a.example:80", "a/b", "*.example", "a..b", "-a.example", "ä.example"):
        with pytest.raises(InvalidInput, match="no host's name"):
            host_name(bad)
