"""A world over real HTTP: what real clients send, what people get wrong, and its addresses."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Iterator

import httpx
import pytest

import createos_nb
from createos_nb.simulator import Server, open_world, serve

LIMIT = 20
"""Seconds after which whatever is waited for is not coming."""


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    """A world whose time stands still, so that every answer is the same on every run."""
    with serve(open_world("storefront"), speed=0) as running:
        yield running


@pytest.fixture
def http(served: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, headers={"X-Api-Key": served.key}, timeout=LIMIT) as client:
        yield client


def talk(served: Server, *parts: bytes, shut: bool = False) -> bytes:
    """All that comes back for these bytes, up to the end of the connection."""
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT) as connection:
        for part in parts:
            connection.sendall(part)
        if shut:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(65_536):
            received += more
        return received


def lines(served: Server, *rows: str, body: bytes = b"") -> bytes:
    """A request as it stands on the wire."""
    return "\r\n".join([*rows, f"X-Api-Key: {served.key}", "", ""]).encode() + body


def project_id(http: httpx.Client, name: str) -> str:
    rows = http.get("/v1/projects", params={"limit": 20}).json()["data"]["data"]
    return str(next(row for row in rows if row["uniqueName"] == name)["id"])


# --- what real clients send -------------------------------------------------------------------------------------------


def test_an_answer_is_that_of_the_world_in_this_process(served: Server, http: httpx.Client) -> None:
    world = served.world
    for path in ("/v1/projects?limit=3", "/v1/users/me", "/v1/nothing", "/v1/projects/x"):
        answer = http.get(path)
        inside = world.handle("GET", *path.partition("?")[::2], {"x-api-key": world.key}, b"")
        assert (answer.status_code, answer.content) == (inside.status, inside.body)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-createos-simulator"] == "1"


def test_the_date_is_that_of_the_world(http: httpx.Client) -> None:
    assert http.get("/v1/users/me").headers["date"] == "Mon, 02 Mar 2026 09:00:00 GMT"


def test_a_connection_serves_many_requests(served: Server) -> None:
    get = lines(served, "GET /v1/users/me HTTP/1.1", "Host: localhost")
    last = lines(served, "GET /v1/users/me HTTP/1.1", "Host: localhost", "Connection: close")
    received = talk(served, get, get, last)
    assert received.count(b"HTTP/1.1 200 OK") == 3


def test_requests_that_are_sent_ahead_are_answered_in_their_order(served: Server) -> None:
    paths = ["/v1/users/me", "/v1/nothing", "/v1/projects/supported"]
    rows = [lines(served, f"GET {path} HTTP/1.1", "Host: localhost") for path in paths]
    rows.append(lines(served, "GET /v1/apps HTTP/1.1", "Host: localhost", "Connection: close"))
    received = talk(served, b"".join(rows))
    assert re.findall(rb"HTTP/1\.1 (\d{3})", received) == [b"200", b"404", b"200", b"200"]


def test_http_1_0_is_answered_and_the_connection_closed(served: Server) -> None:
    received = talk(served, lines(served, "GET /v1/users/me HTTP/1.0"))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"transfer-encoding" not in head.lower()
    assert json.loads(body)["status"] == "success"


def test_head_gives_the_length_and_no_body(served: Server, http: httpx.Client) -> None:
    whole = http.get("/v1/projects")
    received = talk(served, lines(served, "HEAD /v1/projects HTTP/1.1", "Host: localhost", "Connection: close"))
    head, _, body = received.partition(b"\r\n\r\n")
    assert body == b""
    assert f"content-length: {len(whole.content)}".encode() in head.lower()


def test_head_of_a_get_that_changes_something_is_refused(served: Server, http: httpx.Client) -> None:
    """A transfer is a GET, and HEAD must be safe."""
    project = project_id(http, "edge-gateway")
    answer = http.head(f"/v1/projects/{project}/transfer-uri")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "framing",
    [
        ("Transfer-Encoding: chunked", b"0\r\n\r\n"),
        ("Content-Length: 0", b""),
        ("X-Neither: nor", b""),
    ],
)
def test_a_post_without_a_body_arrives_in_three_ways(framing: tuple[str, bytes]) -> None:
    with serve(open_world("storefront"), speed=0) as running:
        project = next(one for one in running.world.state.projects.values() if one.name == "chat-bot")
        deployment = next(iter(running.world.deployments(project).values()))
        path = f"/v1/projects/{project.id}/deployments/{deployment.id}/wakeup"
        head = (
            f"POST {path} HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            framing[0],
            "Connection: close",
        )
        assert b"HTTP/1.1 200 OK" in talk(running, lines(running, *head, body=framing[1]))
        assert deployment.status == "deploying"


def test_a_body_in_chunks_is_put_together(served: Server) -> None:
    body = b'{"uniqueName":"storefront"}'
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, body[n : n + 1]) for n in range(len(body))) + b"0\r\n\r\n"
    head = (
        "POST /v1/projects/available-unique-name HTTP/1.1",
        "Host: localhost",
        "Transfer-Encoding: chunked",
        "Connection: close",
    )
    received = talk(served, lines(served, *head, body=chunks))
    assert json.loads(received.partition(b"\r\n\r\n")[2])["data"] == {"isAvailable": False}


def test_a_json_content_type_comes_even_with_get(http: httpx.Client) -> None:
    assert http.get("/v1/users/me", headers={"Content-Type": "application/json"}).status_code == 200


def test_a_client_that_waits_before_it_sends_is_told_to_go_on(served: Server) -> None:
    body = b'{"uniqueName":"storefront"}'
    head = (
        "POST /v1/projects/available-unique-name HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
        "Connection: close",
    )
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT) as connection:
        connection.sendall(lines(served, *head))
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        received = b""
        while more := connection.recv(65_536):
            received += more
    assert received.startswith(b"HTTP/1.1 200 OK")


def test_a_zip_comes_as_a_form_and_goes_as_a_signed_url(http: httpx.Client, zipped: bytes) -> None:
    project = project_id(http, "landing-pages")
    form = {"file": ("site.zip", zipped, "application/zip")}
    made = http.put(f"/v1/projects/{project}/deployments/upload-zip", files=form)
    assert made.is_success, made.text
    address = http.get(f"/v1/projects/{project}/deployments/{made.json()['data']['id']}/download").json()["data"]
    assert address["downloadUri"].startswith(str(http.base_url).rstrip("/") + "/signed/")
    assert httpx.get(address["downloadUri"]).headers["content-type"] == "application/zip"


@pytest.fixture
def zipped() -> bytes:
    """A zip archive of two files."""
    from createos_nb.simulator.platform.signed_urls import zip_archive

    return zip_archive({"index.html": b"<h1>Hello</h1>", "style.css": b"h1 { color: teal }"})


def test_the_client_of_this_package_works_over_http(served: Server) -> None:
    with createos_nb.connect(api_key=served.key, base_url=served.url) as client:
        frame = client.projects.list()
        assert len(frame) == 8
        assert client.simulated
        inside = createos_nb.simulate()
        assert frame.equals(inside.projects.list())


# --- what people get wrong --------------------------------------------------------------------------------------------


def failed(answer: httpx.Response) -> tuple[int, str]:
    """Status and reason of a refusal in its envelope."""
    whole = answer.json()
    assert whole["status"] == "fail"
    assert whole["data"] == whole["message"]
    return answer.status_code, whole["message"]


def test_without_a_key_or_with_a_wrong_one_it_is_401(served: Server) -> None:
    assert failed(httpx.get(served.url + "/v1/projects"))[0] == 401
    assert failed(httpx.get(served.url + "/v1/projects", headers={"X-Api-Key": "skp_wrong"}))[0] == 401


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/projects", "/favicon.ico", "/v1/projects/x/y/z", "/%00", "/v1/é"])
def test_an_unknown_path_is_404(http: httpx.Client, path: str) -> None:
    assert failed(http.get(path))[0] == 404


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/v1/projects"), ("OPTIONS", "/v1/projects"), ("TRACE", "/v1/users/me")]
)
def test_a_wrong_method_is_405_and_says_which_are_right(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path)
    assert failed(answer)[0] == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"uniqueName":1}'])
def test_broken_json_and_wrong_types_are_400(http: httpx.Client, content: bytes) -> None:
    assert failed(http.post("/v1/projects/available-unique-name", content=content))[0] == 400


def test_too_many_files_are_400(http: httpx.Client) -> None:
    project = project_id(http, "landing-pages")
    files = [{"path": f"{n}.txt", "content": "x"} for n in range(101)]
    answer = http.put(f"/v1/projects/{project}/deployments/files", json={"files": files})
    status, text = failed(answer)
    assert status == 400
    assert "100" in text


@pytest.fixture(scope="module")
def narrow() -> Iterator[Server]:
    """A world that takes small bodies only."""
    with serve(open_world("storefront", body_bytes=1_000, upload_bytes=2_000), speed=0) as running:
        yield running


@pytest.mark.parametrize("size", [1_001, 1_200_000, 8_000_000])
def test_a_body_that_is_too_large_is_413_whatever_its_size(narrow: Server, size: int) -> None:
    """Also one that is refused by its length alone, while the client is still sending."""
    headers = {"X-Api-Key": narrow.key}
    with httpx.Client(base_url=narrow.url, headers=headers, timeout=LIMIT) as client:
        assert failed(client.post("/v1/projects/available-unique-name", content=b"x" * size))[0] == 413
        pieces = (b"x" * 65_536 for _ in range(size // 65_536 + 1))
        assert failed(client.post("/v1/projects/available-unique-name", content=pieces))[0] == 413
        assert client.get("/v1/users/me").status_code == 200


def test_a_large_body_is_refused_before_it_is_sent_where_the_client_waits(narrow: Server) -> None:
    head = ("POST /v1/projects HTTP/1.1", "Host: localhost", "Content-Length: 99999999", "Expect: 100-continue")
    received = talk(narrow, lines(narrow, *head), shut=True)
    assert received.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("rubbish", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"x" * 100_000])
def test_what_is_no_http_is_400_and_harms_nobody(served: Server, rubbish: bytes) -> None:
    with contextlib.suppress(ConnectionError):  # where it is closed while we are still sending
        assert talk(served, rubbish, shut=True)[:12] in (b"HTTP/1.1 400", b"")
    assert httpx.get(served.url + "/v1/users/me", headers={"X-Api-Key": served.key}).status_code == 200


def test_who_leaves_in_the_middle_of_a_body_leaves_nothing(served: Server) -> None:
    head = ("POST /v1/projects HTTP/1.1", "Host: localhost", "Content-Length: 500")
    count = len(served.world.state.projects)
    assert talk(served, lines(served, *head, body=b'{"uniqueName":'), shut=True)[:12] in (b"", b"HTTP/1.1 400")
    assert httpx.get(served.url + "/v1/users/me", headers={"X-Api-Key": served.key}).status_code == 200
    assert len(served.world.state.projects) == count


def test_a_fault_of_the_simulator_is_500_in_the_envelope(monkeypatch: pytest.MonkeyPatch) -> None:
    world = open_world("storefront")
    with serve(world, speed=0) as running:
        monkeypatch.setattr(world.api, "handle", lambda *_: 1 / 0)
        assert failed(httpx.get(running.url + "/v1/users/me"))[0] == 500
        monkeypatch.undo()
        assert httpx.get(running.url + "/v1/users/me", headers={"X-Api-Key": running.key}).status_code == 200


# --- addresses --------------------------------------------------------------------------------------------------------


def test_an_address_answers_to_its_host_header_and_under_its_path(served: Server) -> None:
    by_host = httpx.get(served.url + "/products", headers={"Host": "www.juniper-goods.example.com"})
    by_path = httpx.get(served.url + "/~/www.juniper-goods.example.com/products")
    for answer in (by_host, by_path):
        assert (answer.status_code, answer.headers["x-createos-version"]) == (200, "17")
        assert answer.json()["path"] == "/products"


def test_it_can_be_used_as_a_proxy(served: Server) -> None:
    with httpx.Client(proxy=served.url) as client:
        assert client.get("http://storefront.createos.nodeops.network/").headers["x-createos-version"] == "17"


def test_links_of_a_page_under_a_path_lead_back_to_its_address(served: Server) -> None:
    base = served.url + "/~/landing-pages.createos.nodeops.network"
    assert httpx.get(base).headers["location"] == "/~/landing-pages.createos.nodeops.network/"
    assert httpx.get(base + "/spring").headers["location"] == "/~/landing-pages.createos.nodeops.network/spring/"
    back = httpx.get(served.url + "/style.css?v=1", headers={"Referer": base + "/spring/"})
    assert (back.status_code, back.headers["location"]) == (
        307,
        "/~/landing-pages.createos.nodeops.network/style.css?v=1",
    )
    assert (
        failed(
            httpx.get(served.url + "/style.css", headers={"Referer": "http://elsewhere/~/a.createos.nodeops.network/"})
        )[0]
        == 404
    )


def test_the_addresses_are_listed(served: Server) -> None:
    text = httpx.get(served.url + "/~/").text
    assert '<a href="/~/www.juniper-goods.example.com/">' in text
    assert "shop.juniper-goods.example.net" not in text


def test_a_path_leaves_no_upload_over_the_wire(served: Server) -> None:
    """As raw bytes: clients tidy such paths up before they send them."""
    for path in ("/../../etc/passwd", "/..%2f..%2fetc/passwd", "/spring/../../index.html", "/%2e%2e/index.html"):
        row = f"GET /~/landing-pages.createos.nodeops.network{path} HTTP/1.1"
        assert talk(served, lines(served, row, "Host: localhost", "Connection: close")).startswith(b"HTTP/1.1 404")


def test_a_probe_asks_the_served_world_and_not_the_internet(served: Server) -> None:
    with createos_nb.connect(api_key=served.key, base_url=served.url) as client:
        assert client.probe("storefront.createos.nodeops.network")["version"] == 17
        assert client.probe("https://landing-pages.createos.nodeops.network/style.css")["content_type"].startswith(
            "text/css"
        )
        unknown = client.probe("https://example.com/")
        assert (unknown["status"], unknown["error"]) == (None, "the name example.com is not known")


def test_what_sleeps_is_not_woken_by_who_asks_for_it() -> None:
    for speed in (200, 0):
        with serve(open_world("storefront"), speed=speed) as running:
            answer = httpx.get(running.url, headers={"Host": "chat-bot.createos.nodeops.network"}, timeout=LIMIT)
            assert (answer.status_code, answer.headers.get("retry-after")) == (503, None)
