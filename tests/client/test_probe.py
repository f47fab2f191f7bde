"""A probe: what an address answers, as somebody outside gets it, without a key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb.errors import InvalidInput


def test_a_probe_is_a_series_of_what_came() -> None:
    client = createos_nb.simulate()
    found = client.probe("https://landing-pages.createos.nodeops.network/style.css")
    fields = "url status ok version ms bytes content_type headers text error time simulated"
    assert list(found.index) == fields.split()
    assert (found["status"], found["ok"], found["version"], found["error"]) == (200, True, 3, None)
    assert found["headers"]["content-type"] == found["content_type"] == "text/css; charset=utf-8"
    assert found["bytes"] == len(found["text"])
    assert 1 <= found["ms"] < 200


def test_a_probe_without_an_answer_says_why_and_does_not_raise() -> None:
    found = createos_nb.simulate().probe("juniper-gifts.example.org")
    assert (found["status"], found["ok"]) == (None, False)
    assert "juniper-gifts.example.org" in found["error"]


@pytest.mark.parametrize(
    "address",
    ["", "ftp://storefront.createos.nodeops.network", "https://", "https://me:secret@a.createos.nodeops.network"],
)
def test_what_is_no_address_of_http_is_refused_before_anything_is_sent(address: str) -> None:
    client = createos_nb.simulate()
    with pytest.raises(InvalidInput) as refused:
        client.probe(address)
    assert "secret" not in str(refused.value)


def test_a_probe_of_the_platform_is_a_plain_get_without_the_key(wire: Any) -> None:
    answer = httpx.Response(200, text="hello", headers={"Set-Cookie": "a=b"})
    client, seen = wire.client(answer, base_url=createos_nb.PLATFORM_URL)
    client.probe("https://shop.createos.nodeops.network/health?deep=1")
    client.probe("https://shop.createos.nodeops.network/health")
    assert seen.lines == ["GET /health?deep=1", "GET /health"]
    for one in seen:
        assert one.url.host == "shop.createos.nodeops.network"
        assert (one.method, one.content) == ("GET", b"")
        assert wire.KEY not in str(one.headers.raw)
        assert {"x-api-key", "x-access-token", "authorization", "cookie"}.isdisjoint(one.headers)


def test_a_probe_follows_no_redirect(wire: Any) -> None:
    answer = httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"})
    client, seen = wire.client(answer, base_url=createos_nb.PLATFORM_URL)
    assert client.probe("https://shop.createos.nodeops.network/")["status"] == 302
    assert [one.url.host for one in seen] == ["shop.createos.nodeops.network"]


def test_a_read_only_client_may_probe() -> None:
    assert createos_nb.simulate(read_only=True).probe("storefront.createos.nodeops.network")["ok"]


def test_a_stream_of_events_is_an_answer_and_is_not_waited_for(wire: Any) -> None:
    def events() -> Any:
        yield b"event: endpoint\n\n"
        pytest.fail("the stream was read on")

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "text/event-stream; charset=utf-8"}, content=events())

    client, _ = wire.client(serve, base_url=createos_nb.PLATFORM_URL)
    found = client.probe("https://tools.createos.nodeops.network/mcp")
    assert (found["status"], found["ok"], found["bytes"]) == (200, True, 0)
