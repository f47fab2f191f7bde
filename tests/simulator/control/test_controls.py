"""Each control over real HTTP: what it does to the world, and what people get wrong."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb.contract.openapi import document
from createos_nb.simulator import open_world
from createos_nb.simulator.control.operations import CONTROLS
from createos_nb.simulator.world.snapshot import dump_state

NOON = "2026-03-02T12:00:00Z"

#: A request of every control, with what it gives or how the world shows it.
REQUESTS: dict[str, tuple[str, Any, Callable[[Any, Any], bool]]] = {
    "describe": ("GET /", None, lambda _, got: (got["scenario"], got["now"]) == ("storefront", "2026-03-02T09:00:00Z")),
    "events": ("GET /events", None, lambda world, got: len(got) == len(world.state.journal) > 20),
    "advance": ("POST /advance", {"by": "15min"}, lambda _, got: got == "2026-03-02T09:15:00Z"),
    "at": ("POST /at", {"time": NOON}, lambda world, got: got == NOON and world.now.hour == 12),
    "push": ("POST /push", {"project": "storefront", "message": "Free shipping"}, lambda _, got: got == 19),
    "set_behavior": (
        "POST /behavior",
        {"project": "storefront", "version": 17, "errors": [{"status": 500, "share": 0.3}]},
        lambda world, _: any(b.errors and b.errors[0].share == 0.3 for b in world.state.behaviors.values()),
    ),
    "traffic": (
        "POST /traffic",
        {"project": "storefront", "environment": "staging", "rpm": 120},
        lambda world, _: world.find_environment("storefront/staging")[1].visitors.rpm == 120,
    ),
    "incident": (
        "POST /incidents",
        {"environments": ["storefront/production"], "rate": 7.0, "name": "crowd"},
        lambda world, got: got == "crowd" and world.state.incidents[-1][0].rate == 7.0,
    ),
    "end_incident": (
        "DELETE /incidents/crowd",
        None,
        lambda world, _: world.state.incidents[-1][0].end == world.state.now // 1_000_000,
    ),
    "connect": (
        "POST /calls",
        {"caller": "storefront/production", "callee": "orders-api/production", "retries": 2, "name": "orders"},
        lambda world, got: got == "orders" and world.state.calls[-1].retries == 2,
    ),
    "disconnect": (
        "DELETE /calls/orders",
        None,
        lambda world, _: world.state.calls[-1].end == world.state.now // 1_000_000,
    ),
    "inject": (
        "POST /faults",
        {"faults": [{"what": "error", "count": 1}]},
        lambda world, got: got == {"id": "1", "active": True, "injected": [0]} and world.api.faults.active,
    ),
    "injected": ("GET /faults/1", None, lambda _, got: got["injected"] == [0]),
    "stop_faults": ("POST /faults/1/stop", None, lambda world, got: not got["active"] and not world.api.faults.active),
    "start_faults": ("POST /faults/1/start", None, lambda world, got: got["active"] and world.api.faults.active),
    "accounts": ("GET /accounts", None, lambda _, got: [row["username"] for row in got] == ["marlow", "tamsin"]),
    "key_of": ("GET /accounts/tamsin/key", None, lambda world, got: got == world.key_of("tamsin")),
    "access_token_of": (
        "GET /accounts/tamsin/access-token",
        None,
        lambda world, got: got == world.access_token_of("tamsin"),
    ),
    "github_accounts": ("GET /github", None, lambda _, got: got[-1]["installation_id"] == 51902266),
    "github_code": ("GET /github/juniper-labs/code", None, lambda world, got: got == world.github_code("juniper-labs")),
    "set_dns": (
        "POST /dns",
        {"domain": "shop.juniper-goods.example.net"},
        lambda world, _: world.events()["what"].iloc[-1] == "DNS changed",
    ),
    "set_dns_record": (
        "POST /dns-records",
        {"domain": "shop.juniper-goods.example.net", "type": "A", "values": ["198.51.100.7"]},
        lambda world, _: world.events()["text"].iloc[-1] == "shop.juniper-goods.example.net: A 198.51.100.7",
    ),
    "fail_scan": (
        "POST /failing-scans",
        {"project": "storefront", "version": 16},
        lambda world, _: world.events()["what"].iloc[-1] == "scan will fail",
    ),
    "fork": ("POST /forks", None, lambda _, got: got == {"path": "/_world/forks/1"}),
    "reset": ("POST /reset", None, lambda world, got: dump_state(world) == world.initial_state),
    "set_speed": ("POST /speed", {"speed": 2.5}, lambda _, got: got["speed"] == 2.5),
}
#: What travels as a file has tests of its own, below.
FILES = {"replay", "snapshot", "load_snapshot"}


def test_each_control_does_what_it_says(steered: Any) -> None:
    assert set(REQUESTS) | FILES == set(CONTROLS)
    for name, (line, body, holds) in REQUESTS.items():
        got = steered(line, body)
        assert holds(steered.running.world, got), (name, got)


def test_a_log_is_replayed_from_the_body(steered: Any) -> None:
    log = createos_nb.sample("access.log").read_bytes()
    query = {"project": "landing-pages", "environment": "production", "end": "now", "query": "false"}
    got = steered("POST /replay", params=query, content=log)
    assert got["lines"] == got["kept"] + got["malformed"] > 3_000
    assert got["last"] == "2026-03-02T08:59:59Z"
    assert steered.running.world.find_environment("landing-pages/production")[1].replayed


def test_a_snapshot_is_a_saved_world(steered: Any, tmp_path: Any) -> None:
    steered("POST /advance", {"by": "1h"})
    file = steered.raw("GET", "/snapshot")
    assert file.headers["content-type"] == "application/octet-stream"
    path = tmp_path / "monday.world"
    path.write_bytes(file.content)
    assert str(open_world(path).now) == "2026-03-02 10:00:00+00:00"
    steered("POST /advance", {"by": "1d"})
    assert steered("PUT /snapshot", content=file.content) == "2026-03-02T10:00:00Z"
    assert steered("GET /")["now"] == "2026-03-02T10:00:00Z"
    before = dump_state(steered.running.world)
    for wrong in (b"", b"PK", file.content[:-1]):
        assert steered.refused("PUT /snapshot", content=wrong)[:2] == (400, "INVALID_INPUT")
    assert dump_state(steered.running.world) == before


# --- what people get wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "body", "words"),
    [
        ("POST /advance", {}, "by"),
        ("POST /advance", {"by": "15min", "speed": 2}, "it takes by"),
        ("POST /advance", {"by": "soon"}, "give one such as"),
        ("POST /advance", {"by": [1]}, "by"),
        ("POST /advance", [], "no JSON object"),
        ("POST /at", {"time": "2020-01-01T00:00:00Z"}, "time only goes forward"),
        ("POST /speed", {"speed": -1}, "0 to 1,000,000"),
        ("POST /push", {"project": "nothing"}, "there is: "),
        ("POST /push", {"project": "storefront", "behavior": {"eror": []}}, "'eror'; it has: errors"),
        ("POST /push", {"project": "storefront", "files": {"a": 1}}, "files"),
        ("POST /behavior", {"project": "storefront", "version": 17, "slow": "fast"}, "slow"),
        ("POST /traffic", {"project": "storefront", "environment": "staging", "rpm": "many"}, "rpm"),
        ("POST /traffic", {"project": "storefront", "environment": "staging", "pages": [{"pth": "/"}]}, "path"),
        ("POST /incidents", {"environments": "storefront/production"}, "environments"),
        ("POST /faults", {"faults": []}, "no fault given"),
        ("POST /faults", {"faults": [{"what": "errors"}]}, "errors"),
        ("POST /faults", {"faults": [{"what": "error", "operations": ["ListProjcts"]}]}, "ListProjects"),
        ("GET /faults/9", None, "there is no fault '9'"),
        ("DELETE /incidents/none", None, "there is no incident"),
        ("GET /accounts/nobody/key", None, "there is: marlow, tamsin"),
        ("POST /replay", None, "project"),
    ],
)
def test_wrong_input_is_400_and_says_what_to_do(line: str, body: Any, words: str, steered: Any) -> None:
    before = dump_state(steered.running.world)
    status, code, message = steered.refused(line, body)
    assert (status, code in ("INVALID_INPUT", "UNKNOWN_NAME")) == (400, True)
    assert words in message
    assert dump_state(steered.running.world) == before


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b'{"by": 1e999}', b"null"])
def test_broken_json_is_400(content: bytes, steered: Any) -> None:
    assert steered.refused("POST /advance", content=content)[:2] == (400, "INVALID_INPUT")


def test_an_unknown_path_is_404_and_a_wrong_method_405(steered: Any) -> None:
    status, code, message = steered.refused("GET /nothing")
    assert (status, code) == (404, "NOT_FOUND")
    assert "/_world/openapi.json" in message
    answer = steered.raw("GET", "/advance")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert steered.raw("DELETE", "/snapshot").headers["allow"] == "GET, PUT"


def test_a_body_is_as_large_as_the_platform_takes_it(steered: Any) -> None:
    answer = steered.raw("PUT", "/snapshot", content=b"x" * 60_000_000)
    assert answer.status_code == 413


# --- together ---------------------------------------------------------------------------------------------------------


def test_two_who_steer_at_once_do_not_get_between_each_other(steered: Any) -> None:
    def steer(versions: list[int]) -> None:
        with httpx.Client(timeout=60) as http:
            for _ in range(20):
                headers = {"Authorization": f"Bearer {steered.token}"}
                answer = http.post(f"{steered.url}/_world/push", json={"project": "storefront"}, headers=headers)
                versions.append(answer.json()["data"])

    lists: list[list[int]] = [[], [], []]
    threads = [threading.Thread(target=steer, args=(versions,)) for versions in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(itertools.chain(*lists)) == list(range(19, 79))
    assert all(versions == sorted(versions) for versions in lists)


def test_speed_is_told_to_every_client(steered: Any) -> None:
    assert steered.platform("GET", "/users/me").headers["x-createos-speed"] == "0"
    steered("POST /speed", {"speed": 3600})
    assert steered.platform("GET", "/users/me").headers["x-createos-speed"] == "3600.0"
    assert steered("GET /")["now"] > "2026-03-02T09:00:00Z"
    steered("POST /speed", {"speed": 0})
    assert steered("GET /")["now"] == steered("GET /")["now"]


# --- documents --------------------------------------------------------------------------------------------------------


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_the_platform_is_described_to_everybody(steered: Any) -> None:
    found = httpx.get(f"{steered.url}/openapi.json")
    assert found.status_code == 200
    assert found.json() == json.loads(json.dumps(document(server=steered.url)))


def test_the_controls_are_described_as_they_are(steered: Any) -> None:
    found = httpx.get(f"{steered.url}/_world/openapi.json").json()
    assert found["openapi"] == "3.1.0"
    assert found["servers"] == [{"url": steered.url}]
    operations = {
        (method.upper(), path): operation for path, one in found["paths"].items() for method, operation in one.items()
    }
    assert set(operations) == {(control.method, control.path) for control in CONTROLS.values()}
    for reference in references(found):
        assert reference.removeprefix("#/components/schemas/") in found["components"]["schemas"]
    body = found["components"]["schemas"]["SetBehavior"]
    assert body["required"] == ["project", "version"]
    assert body["properties"]["slow"]["description"] == "factor on every duration."
    assert "$ref" in json.dumps(body["properties"]["behavior"])
    assert "Args" not in json.dumps(found)
    for control in CONTROLS.values():
        assert operations[control.method, control.path]["summary"].endswith(".")
