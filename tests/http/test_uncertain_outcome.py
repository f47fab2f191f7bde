"""A write without a usable answer: the error says that it may have been applied, and what shows whether it was."""

from __future__ import annotations

import inspect
from typing import Any

import httpx
import pytest

from createos_nb import errors
from createos_nb.contract import OPERATIONS
from createos_nb.http.uncertain_outcome import SHOWS, reading_call
from createos_nb.simulator.control.operations import CONTROLS

CALLS = {operation.call: operation for operation in (*OPERATIONS.values(), CONTROLS["events"].operation)}
WRITES = [operation for operation in OPERATIONS.values() if operation.effect != "read"]
WRITES += [control.operation for control in CONTROLS.values() if control.effect != "read"]
ID = "5f0c1c1e-2f0a-4b6e-9d35-0a6f3b1f6c11"


def given(answer: httpx.Response | Exception) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def test_what_shows_a_write_is_a_read_of_the_client() -> None:
    for call, ids in SHOWS.values():
        operation = CALLS[call]
        assert operation.effect == "read", call
        needed = [p for p in inspect.signature(operation.function).parameters.values() if p.default is p.empty]
        assert len(needed) - 1 == ids, call


@pytest.mark.parametrize("operation", WRITES, ids=lambda one: one.name)
def test_every_write_has_one(operation: Any) -> None:
    said = reading_call(operation, operation.path)
    assert said.removeprefix("client.").partition("(")[0] in CALLS
    assert "{" not in said or operation.path.count("{")


def test_an_id_of_the_path_is_in_the_call() -> None:
    operation = OPERATIONS["CancelDeployment"]
    assert reading_call(operation, f"/v1/projects/{ID}/deployments/7/cancel") == f"client.deployments.list({ID!r})"


@pytest.mark.parametrize(
    ("answer", "error", "more"),
    [
        (httpx.ReadError("reset"), errors.Unreachable, ""),
        (httpx.ReadTimeout("slow"), errors.RequestTimeout, ""),
        (httpx.Response(503, json={"status": "fail", "data": "no"}), errors.ServerError, ""),
        (httpx.Response(200, content=b'{"status":"succ'), errors.InvalidResponse, "check the base URL and the proxy"),
    ],
)
def test_the_error_of_a_write_says_so_and_that_of_a_read_does_not(
    answer: Any, error: type[errors.RequestError], more: str, wire: Any
) -> None:
    client, seen = wire.client(lambda request: given(answer))
    with pytest.raises(error) as caught:
        client.call("CreateApp", name="shops")
    assert len(seen) == 1
    assert caught.value.applied is None
    said = "It may have been applied all the same. Before you send it again, look: client.apps.list()"
    assert str(caught.value).partition("\n→ ")[2].startswith(said)
    assert more in caught.value.hint
    with pytest.raises(error) as caught:
        client.call("ListApps")
    assert "applied" not in caught.value.hint


def test_where_no_connection_was_made_nothing_was_applied(wire: Any) -> None:
    client, seen = wire.client(lambda request: given(httpx.ConnectError("refused")))
    with pytest.raises(errors.Unreachable) as caught:
        client.call("CreateApp", name="shops")
    assert len(seen) > 1
    assert caught.value.applied is False
    assert caught.value.hint.startswith("Nothing was applied. Check the base URL")
