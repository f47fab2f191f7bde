"""What other CreateOS tools get wrong, each as a test by name: D1 to D17, where the client is concerned."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from createos_nb import contract, errors


def test_d01_every_word_for_a_failure_is_a_failure(wire: Any) -> None:
    """A tool that waits for `failed` waits for ever: the wire says build_error, error or crashing."""
    words = ["build_error", "error", "crashing"]
    rows = [{"id": wire.uuid(n), "status": word} for n, word in enumerate(words)]
    client, _ = wire.client(lambda request: wire.page(rows, request))
    frame = client.deployments.list(wire.uuid(1, 9))
    assert frame["state"].tolist() == ["failed"] * 3
    assert frame["status"].tolist() == words


def test_d02_logs_can_be_asked_for_farther_back_than_the_last_minute(wire: Any) -> None:
    """The answer is a window that looks back: lines older than it are lost unless it is asked for long enough."""
    client, seen = wire.client(wire.ok("line"))
    client.deployments.logs(wire.uuid(1), wire.uuid(2), start="-2h")
    client.environments.logs(wire.uuid(1), wire.uuid(2), start="-2h")
    assert all(7200 < int(one.url.params["since-seconds"]) < 7300 for one in seen)
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(401, errors.Unauthorized), (403, errors.Forbidden), (404, errors.NotFound)]
)
def test_d03_a_refusal_ends_a_read_at_once(status: int, kind: type[Exception], wire: Any) -> None:
    """Loops that swallow every error go on for ever after a revoked key."""
    client, seen = wire.client(wire.fail(status, "no"))
    with pytest.raises(kind):
        client.deployments.logs(wire.uuid(1), wire.uuid(2))
    assert len(seen) == 1


@pytest.mark.parametrize("rows", [9, 10, 11, 20, 21, 45])
def test_d04_lists_are_complete(rows: int, wire: Any) -> None:
    """Without limit and offset the platform gives the first ten rows, and says nothing."""
    everything = [{"id": wire.uuid(n), "uniqueName": f"p{n}"} for n in range(rows)]
    client, seen = wire.client(lambda request: wire.page(everything, request))
    frame = client.projects.list()
    assert frame["unique_name"].tolist() == [f"p{n}" for n in range(rows)]
    assert frame.attrs["complete"] is True
    assert all({"limit", "offset"} <= set(one.url.params) for one in seen)


def test_d05_variables_are_sent_whole_and_never_merged_behind_the_users_back(wire: Any) -> None:
    """Read, merge and put in one call loses what another writer put in between: the call sends what it is given."""
    client, seen = wire.client(wire.ok("done"))
    client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs={"A": "1"})
    assert seen.lines == [f"PUT /v1/projects/{wire.uuid(1)}/environments/{wire.uuid(2)}/environment-variables"]
    assert seen.bodies == [{"runEnvs": {"A": "1"}}]
    assert "gone" in (client.environments.update_variables.__doc__ or "")


def test_d06_what_deletes_is_called_deletion(wire: Any) -> None:
    """`sleep` elsewhere is the same DELETE that marks a deployment for deletion."""
    deleting = contract.find("DeleteDeployment")
    assert (deleting.method, deleting.call, deleting.effect) == ("DELETE", "deployments.delete", "destroy")
    client, _ = wire.client(wire.ok("done"))
    assert not hasattr(client.deployments, "sleep")
    assert "sleep" in (deleting.function.__doc__ or "")


def test_d09_there_are_timeouts_and_retries_without_asking_for_them(wire: Any) -> None:
    left = [httpx.Response(502), httpx.Response(503), wire.ok({"email": "me@shop.test"})]
    client, seen = wire.client(lambda request: left.pop(0))
    assert client.whoami() == "me@shop.test"
    assert len(seen) == 3
    assert all(seconds is not None for one in seen for seconds in one.extensions["timeout"].values())


@pytest.mark.parametrize(
    ("call", "arguments", "query"),
    [
        ("deployments.build_logs", {"skip": 0}, {"skip": "0"}),
        ("deployments.build_logs", {"skip": 40}, {"skip": "40"}),
        ("deployments.retrigger", {"settings": "project"}, {"settings": "project"}),
    ],
)
def test_d10_what_is_offered_is_sent(call: str, arguments: dict[str, Any], query: dict[str, str], wire: Any) -> None:
    client, seen = wire.client(wire.ok([] if "build" in call else "text"))
    resource, name = call.split(".")
    getattr(getattr(client, resource), name)(wire.uuid(1), wire.uuid(2), **arguments)
    assert dict(seen[0].url.params) == query


def test_d10_branches_are_paged_and_filtered(wire: Any) -> None:
    client, seen = wire.client(wire.ok([{"name": "main"}]))
    client.github.branches("4711", repository="o/r", protected="true")
    assert dict(seen[0].url.params) == {"repository": "o/r", "protected": "true", "page": "1", "per-page": "100"}


SHAPES = [
    {"status": "fail", "data": "the port is taken"},
    {"status": "fail", "data": {"port": "the port is taken"}},
    {"success": False, "message": "the port is taken"},
    {"error": {"code": "CONFLICT", "message": "the port is taken"}},
]


@pytest.mark.parametrize("body", SHAPES)
@pytest.mark.parametrize("status", [400, 409, 422, 500])
def test_d11_and_d16_the_platforms_reason_reaches_the_user_in_whichever_shape(
    status: int, body: Any, wire: Any
) -> None:
    client, _ = wire.client(httpx.Response(status, json=body), retry=wire.no_retries)
    with pytest.raises(errors.RequestRefused, match="the port is taken") as caught:
        client.projects.suspend(wire.uuid(1))
    assert str(caught.value).startswith("SuspendProject: ")
    assert f"HTTP {status}" in str(caught.value)


def test_d12_every_operation_says_what_it_does_to_the_account() -> None:
    effects = {one.name: one.effect for one in contract.OPERATIONS.values()}
    assert set(effects.values()) == {"read", "write", "destroy"}
    assert effects["TransferProject"] == "destroy"  # by a GET
    assert effects["CheckProjectUniqueName"] == effects["GetGithubRepositoryContent"] == "read"  # by a POST
    assert all(effects[one.name] == "destroy" for one in contract.OPERATIONS.values() if one.method == "DELETE")


def test_d13_ids_are_quoted_and_lists_are_paged_under_a_timeout(wire: Any) -> None:
    client, seen = wire.client(
        lambda request: wire.page([{"id": wire.uuid(n)} for n in range(30)], request), timeout=7.0
    )
    client.call("ListDeployments", project_id="a/../b?c#d")
    assert seen[0].url.raw_path == b"/v1/projects/a%2F..%2Fb%3Fc%23d/deployments"
    assert set(seen[0].extensions["timeout"].values()) == {7.0}
    assert len(client.deployments.list(wire.uuid(1, 9))) == 30


@pytest.mark.parametrize("kind", ["image", "upload"])
def test_d15_nothing_is_added_that_was_not_given(kind: str, wire: Any) -> None:
    """An image project has no runtime, and must not get one."""
    client, seen = wire.client(wire.ok({"id": "1"}, 201))
    client.projects.create(unique_name="shop", display_name="shop", type=kind, settings={"port": 80})
    assert seen.bodies == [{"uniqueName": "shop", "displayName": "shop", "type": kind, "settings": {"port": 80}}]


def test_d15_zero_and_empty_texts_are_sent(wire: Any) -> None:
    client, seen = wire.client(wire.ok([]))
    client.analytics.top_hit_paths(wire.uuid(1), wire.uuid(2), start=0, end=60)
    assert dict(seen[0].url.params) == {"start": "0", "end": "60"}
    client, seen = wire.client(wire.ok("done"))
    client.projects.update_settings(wire.uuid(1), run_command="", build_vars={"EMPTY": ""})
    assert seen.bodies == [{"runCommand": "", "buildVars": {"EMPTY": ""}}]


def test_d17_a_branch_travels_in_the_query_and_none_is_not_an_empty_one(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1"}))
    client.deployments.trigger_latest(wire.uuid(1), branch="feature/x y")
    client.deployments.trigger_latest(wire.uuid(1))
    assert [one.url.query for one in seen] == [b"branch=feature%2Fx+y", b""]
    assert [one.content for one in seen] == [b"", b""]
    assert not any("content-type" in one.headers for one in seen)
