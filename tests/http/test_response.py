"""Every envelope, every shape of failure, and what is no answer of the platform at all."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb import contract, errors
from createos_nb.contract.operation import Record, Rows
from createos_nb.frames import Builder, reader
from createos_nb.http.failures import RequestFacts
from createos_nb.http.lenient_json import json_of
from createos_nb.http.response import RawResponse, excerpt, parse_response, to_exception

BARE = ["GetProjectEnvironmentAnalytics", "GetSupportedProjectTypes"]
IDS = {"project_id": "p", "environment_id": "e"}
UPDATE = ("UpdateProjectEnvironmentResources", {**IDS, "cpu": 300, "memory": 600, "replicas": 1})


def call(client: Any, name: str) -> Any:
    return client.call(name, **{key: value for key, value in IDS.items() if key in contract.find(name).by_key})


def refused(wire: Any, answer: httpx.Response, name: str = "GetProject", **values: Any) -> errors.RequestError:
    client, _ = wire.client(answer, retry=wire.no_retries)
    with pytest.raises(errors.RequestError) as caught:
        client.call(name, **({"project_id": "p"} | values if name == "GetProject" else values))
    return caught.value


# --- envelopes


@pytest.mark.parametrize("value", [{"id": "1"}, [], [1], "text", "", None, 0, False, {"status": "fail", "data": "x"}])
@pytest.mark.parametrize("wrap", [{"status": "success"}, {"success": True}, {"status": "success", "message": "done"}])
def test_both_dialects_give_what_is_inside(value: Any, wrap: dict[str, Any], wire: Any) -> None:
    client, _ = wire.client(httpx.Response(200, json={**wrap, "data": value}))
    assert client.call("GetProject", project_id="p") == value


@pytest.mark.parametrize("wrap", [{"status": "success"}, {"success": True}])
def test_success_without_data_is_null(wrap: dict[str, Any], wire: Any) -> None:
    client, _ = wire.client(httpx.Response(200, json=wrap))
    assert client.call("GetProject", project_id="p") is None
    assert client.environments.delete(wire.uuid(1), wire.uuid(2)) == ""


def test_a_sentence_that_repeats_a_secret_is_redacted(wire: Any) -> None:
    client, _ = wire.client(wire.ok("TOKEN is hunter2-hunter2 now"))
    sentence = client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs={"TOKEN": "hunter2-hunter2"})
    assert sentence == "TOKEN is •••••• now"


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_every_2xx_is_read(status: int, wire: Any) -> None:
    client, _ = wire.client(wire.ok({"id": "1"}, status))
    assert client.call("GetProject", project_id="p") == {"id": "1"}


def test_the_content_type_does_not_matter_as_long_as_it_is_json(wire: Any) -> None:
    body = json.dumps({"status": "success", "data": 1}).encode()
    client, _ = wire.client(httpx.Response(200, content=body, headers={"content-type": "text/plain"}))
    assert client.call("GetProject", project_id="p") == 1


@pytest.mark.parametrize("name", BARE)
@pytest.mark.parametrize("wrap", [None, "status", "success"])
def test_two_operations_are_read_bare_and_wrapped(name: str, wrap: str | None, wire: Any) -> None:
    value: Any = [{"name": "node:20", "type": "runtime"}] if "Types" in name else {"successPercentage": 99.0}
    body = {None: value, "status": {"status": "success", "data": value}, "success": {"success": True, "data": value}}
    client, _ = wire.client(httpx.Response(200, json=body[wrap]))
    assert call(client, name) == value


@pytest.mark.parametrize("name", [one.name for one in contract.OPERATIONS.values() if one.enveloped][::9])
def test_all_others_are_not_read_bare(name: str, wire: Any) -> None:
    one = contract.OPERATIONS[name]
    for bare in ({"id": "1"}, [], "text", None):
        with pytest.raises(errors.InvalidResponse):
            parse_response(RawResponse(RequestFacts(one, one.path), 200, {}, json.dumps(bare).encode()))


@pytest.mark.parametrize("name", BARE)
@pytest.mark.parametrize(
    "body",
    [
        {"status": "fail", "data": "no"},
        {"success": False, "message": "no"},
        {"error": {"message": "no"}},
        {"error": "no"},
    ],
)
def test_a_failure_is_no_bare_payload(name: str, body: Any, wire: Any) -> None:
    client, _ = wire.client(httpx.Response(200, json=body))
    with pytest.raises(errors.RequestRefused, match="no"):
        call(client, name)


# --- failures

KINDS = {
    400: errors.Invalid,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.Invalid,
    408: errors.RequestTimeout,
    409: errors.Conflict,
    410: errors.NotFound,
    413: errors.Invalid,
    415: errors.Invalid,
    418: errors.Invalid,
    422: errors.Invalid,
    500: errors.ServerError,
    502: errors.ServerError,
    503: errors.ServerError,
    504: errors.ServerError,
}
SHAPES: list[tuple[Any, str]] = [
    ({"status": "fail", "data": "too many replicas"}, "too many replicas"),
    ({"status": "error", "message": "too many replicas"}, "too many replicas"),
    ({"status": "fail", "data": None, "message": "too many replicas"}, "too many replicas"),
    ({"status": "fail", "data": "too many replicas", "message": "too many replicas"}, "too many replicas"),
    ({"status": "fail", "data": {"replicas": "too many", "cpu": "too few"}}, "replicas: too many; cpu: too few"),
    ({"status": "fail", "data": {"replicas": ["too many"]}}, 'replicas: ["too many"]'),
    ({"success": False, "message": "too many replicas"}, "too many replicas"),
    ({"success": False, "data": "too many replicas"}, "too many replicas"),
    ({"error": {"code": "VALIDATION_ERROR", "message": "too many replicas", "details": {}}}, "too many replicas"),
    ({"error": "too many replicas"}, "too many replicas"),
    ({"detail": "too many replicas"}, "too many replicas"),
    ("too many replicas", "too many replicas"),
]


@pytest.mark.parametrize("status", KINDS)
def test_each_status_has_its_error(status: int, wire: Any) -> None:
    error = refused(wire, wire.fail(status, "because"))
    assert type(error) is KINDS[status]
    assert (error.status, error.reason, error.operation) == (status, "because", "GetProject")
    assert (error.method, error.path) == ("GET", "/v1/projects/p")
    assert error.hint
    assert str(error).startswith(f"GetProject: because (HTTP {status}, GET /v1/projects/p)\n→ ")


@pytest.mark.parametrize(("body", "reason"), SHAPES)
@pytest.mark.parametrize("status", [400, 422])
def test_the_platforms_reason_is_found_in_every_shape(status: int, body: Any, reason: str, wire: Any) -> None:
    error = refused(wire, httpx.Response(status, json=body))
    assert type(error) is errors.Invalid
    assert error.reason == reason


def test_reasons_by_field_are_kept_by_field(wire: Any) -> None:
    error = refused(wire, wire.fail(400, {"replicas": "too many", "cpu": "too few"}))
    assert error.fields == {"replicas": "too many", "cpu": "too few"}
    third = {"error": {"code": "VALIDATION_ERROR", "message": "no", "details": {"cpu": "too few", "at": 1}}}
    assert refused(wire, httpx.Response(400, json=third)).fields == {"cpu": "too few", "at": "1"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"status": "fail", "data": "no"}, errors.Invalid),
        ({"status": "error", "message": "no"}, errors.ServerError),
        ({"success": False, "message": "no"}, errors.Invalid),
        ({"status": "success", "success": False, "message": "no"}, errors.Invalid),
        ({"error": {"code": "NOT_FOUND", "message": "no"}}, errors.NotFound),
        ({"error": {"code": "RATE_LIMITED", "message": "no"}}, errors.RateLimited),
    ],
)
def test_a_failure_that_comes_as_http_200_is_a_failure(body: Any, kind: type, wire: Any) -> None:
    error = refused(wire, httpx.Response(200, json=body))
    assert type(error) is kind
    assert (error.status, error.reason) == (200, "no")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("VALIDATION_ERROR", errors.Invalid),
        ("UNAUTHORIZED", errors.Unauthorized),
        ("FORBIDDEN", errors.Forbidden),
        ("NOT_FOUND", errors.NotFound),
        ("CONFLICT", errors.Conflict),
        ("RATE_LIMITED", errors.RateLimited),
        ("INTERNAL_ERROR", errors.ServerError),
        ("SOMETHING_NEW", errors.Invalid),
    ],
)
def test_the_third_shapes_code_decides(code: str, kind: type, wire: Any) -> None:
    error = refused(wire, httpx.Response(400, json={"error": {"code": code, "message": "no", "details": {}}}))
    assert type(error) is kind
    assert error.code == code


def test_a_quota_and_a_rate_limit_can_be_told_apart(wire: Any) -> None:
    create = {
        "unique_name": "shop",
        "display_name": "shop",
        "type": "image",
        "settings": {"port": 80},
    }
    quota = refused(wire, wire.fail(429, "at most 3 projects"), "CreateProject", **create)
    assert type(quota) is errors.QuotaExceeded
    for headers in ({"retry-after": "7"}, {"x-ratelimit-remaining": "0"}):
        limited = refused(wire, wire.fail(429, "slow down", headers), "CreateProject", **create)
        assert type(limited) is errors.RateLimited
    assert type(refused(wire, wire.fail(429, "slow down"))) is errors.RateLimited  # no quota on a read


@pytest.mark.parametrize(
    ("value", "headers", "seconds"),
    [
        ("7", {}, 7.0),
        (" 7 ", {}, 7.0),
        ("0.5", {}, 0.5),
        ("-3", {}, 0.0),
        ("Mon, 02 Mar 2026 09:00:30 GMT", {}, 30.0),
        ("Mon, 02 Mar 2026 09:00:30 GMT", {"date": "Mon, 02 Mar 2026 09:00:10 GMT"}, 20.0),
        ("Mon, 02 Mar 2026 09:00:30 -0000", {"date": "Mon, 02 Mar 2026 09:00:10 GMT"}, 20.0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", {}, 0.0),
        ("Mon, 02 Mar 2026 09:00:30 GMT", {"date": "yesterday"}, 30.0),
        ("soon", {}, None),
        ("", {}, None),
        ("nan", {}, None),
        ("inf", {}, None),
        ("Mon, 32 Foo 99999999999 09:00:30 GMT", {}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_clock(
    value: str, headers: dict[str, str], seconds: float | None, wire: Any
) -> None:
    error = refused(wire, wire.fail(503, "busy", {"retry-after": value, **headers}))
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("answer", "applied"),
    [
        (httpx.Response(422, json={"status": "fail", "data": "no"}), False),
        (httpx.Response(429, json={"status": "fail", "data": "no"}), False),
        (httpx.Response(200, json={"status": "fail", "data": "no"}), False),
        (httpx.Response(200, json={"status": "error", "message": "no"}), None),
        (httpx.Response(500, json={"status": "error", "message": "no"}), None),
        (httpx.Response(502, text="<html>Bad gateway</html>"), None),
        (httpx.Response(408, text=""), None),
        (httpx.Response(302, headers={"location": "/login"}), None),
        (httpx.Response(400, json={"error": {"code": "INTERNAL_ERROR", "message": "no"}}), None),
        (httpx.Response(200, text="<html>Sign in</html>"), None),
        (httpx.Response(200, text=""), None),
    ],
)
def test_an_error_says_whether_it_is_certain_that_nothing_changed(
    answer: httpx.Response, applied: bool | None, wire: Any
) -> None:
    error = refused(wire, answer, UPDATE[0], **UPDATE[1])
    assert error.applied is applied


# --- what is no answer of the platform

NOT_JSON = {
    "html": b"<!doctype html><html><head><title>Sign in</title></head><body>Corporate proxy</body></html>",
    "empty": b"",
    "blank": b" \r\n",
    "cut off": b'{"status":"success","data":{"id":"1","uni',
    "cut in a character": '{"status":"success","data":"é'.encode()[:-1],
    "two documents": b'{"status":"success","data":1}{"status":"success"}',
    "deeper than any reader goes": b'{"status":"success","data":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("name", ["GetProject", "ListProjects", *BARE])
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_unreadable_with_status_and_a_short_excerpt(body: bytes, name: str, wire: Any) -> None:
    client, _ = wire.client(httpx.Response(200, content=body), retry=wire.no_retries)
    with pytest.raises(errors.InvalidResponse) as caught:
        call(client, name)
    error = caught.value
    assert (error.operation, error.status) == (name, 200)
    assert len(error.reason) < 300
    assert error.reason.isprintable()


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_a_noun_meets_the_same_error(body: bytes, wire: Any) -> None:
    client, _ = wire.client(httpx.Response(200, content=body), retry=wire.no_retries)
    for run in (client.projects.list, client.account.current_user, lambda: client.projects.suspend(wire.uuid(1))):
        with pytest.raises(errors.InvalidResponse):
            run()


def test_html_is_shown_without_its_markup(wire: Any) -> None:
    error = refused(wire, httpx.Response(502, content=NOT_JSON["html"]))
    assert type(error) is errors.ServerError
    assert error.reason == "Sign in Corporate proxy"
    assert "an empty body" in refused(wire, httpx.Response(200, content=b"")).reason


def test_an_excerpt_is_one_short_line() -> None:
    text = excerpt(b"<p>line one\r\n\tline \x00two \x1b[31mred</p>" + b"x" * 10_000)
    assert text.startswith("line one line two [31mred xxx")
    assert len(text) == 160
    assert text.isprintable()


@pytest.mark.parametrize(
    "name", [one.name for one in contract.OPERATIONS.values() if isinstance(one.answer, Record | Rows)][::5]
)
@pytest.mark.parametrize("value", ["text", 5, True, [[]], {"a": 1}])
def test_a_payload_of_another_shape_gives_what_can_be_given_or_an_error_of_ours(
    name: str, value: Any, wire: Any
) -> None:
    client, _ = wire.client(wire.ok(value))
    with contextlib.suppress(errors.InvalidInput):  # some need more than ids
        assert call(client, name) == value
    read = reader(contract.OPERATIONS[name])
    builder = Builder(read.of)
    try:
        read.read(json.dumps(value).encode()).into(builder)
    except errors.InvalidResponse:
        return
    assert len(builder.frame()) == len(value) if isinstance(value, list) else 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ENVELOPES = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(["success", "fail", "error", 1, None, {}]),
            "success": st.sampled_from([True, False, None, "yes"]),
            "data": JSON,
            "message": JSON,
            "error": JSON | st.fixed_dictionaries({"code": JSON, "message": JSON, "details": JSON}),
        },
    ),
)


@settings(max_examples=150, deadline=None)
@given(body=ENVELOPES | st.binary(max_size=60), status=st.sampled_from([200, 201, 301, 400, 401, 404, 429, 500]))
def test_any_answer_gives_its_payload_or_an_error_of_ours(body: Any, status: int) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body, allow_nan=False).encode()
    for name in ("GetProject", "CreateProject", *BARE):
        operation = contract.find(name)
        facts = RequestFacts(operation, operation.path, secrets=("hush-hush",))
        found = outcome(RawResponse(facts, status, {}, content))
        if isinstance(found, errors.RequestError):
            assert found.status == status
            assert found.reason
            assert str(found)
        else:
            assert 200 <= status < 300
            assert found in (body, body.get("data") if isinstance(body, dict) else None)


def outcome(response: RawResponse) -> Any:
    """The decoded payload, or the error that the answer is."""
    try:
        return json.loads(bytes(json_of(parse_response(response))))
    except errors.RequestError as error:
        return error


@pytest.mark.parametrize("secret", ["first-half?second-half", "a-key?"])
def test_an_address_is_masked_before_it_is_cut(secret: str) -> None:
    facts = RequestFacts(contract.find("ListProjects"), "/v1/projects", secrets=(secret,))
    said = str(to_exception(RawResponse(facts, 308, {"location": f"/at/{secret}/x?y=1"}, b"")))
    assert "redirected to /at/••••••/x (" in said
    assert secret.split("?")[0] not in said
