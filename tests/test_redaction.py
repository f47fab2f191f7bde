"""Secrets don't print: not in an error, a repr, a log, a frame or a pickle, however the platform repeats them."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb import errors
from createos_nb.redaction import MASK, Secret, redacted_json, wrap_secrets

SECRET = 'p@ss "wörd"/<&> 1'
KEY = "skp_0123456789abcdef"
SPELLED = {
    "as it is": lambda s: s,
    "as JSON": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "as ASCII JSON": lambda s: json.dumps(s)[1:-1],
    "in an address": quote,
    "in a query": quote_plus,
    "in a path": lambda s: quote(s, safe=""),
    "in a page": escape,
}

CALLS: dict[str, Callable[[Any, Any, str], Any]] = {
    "variables": lambda c, i, s: c.environments.update_variables(i(1), i(2), run_envs={"A": s, "B": "short"}),
    "variables at the wire": lambda c, i, s: c.call(
        "UpdateProjectEnvironmentEnvironmentVariables", project_id="p", environment_id="e", run_envs={"A": s}
    ),
    "build variables": lambda c, i, s: c.projects.update_settings(i(1), build_vars={"A": s}),
    "settings": lambda c, i, s: c.projects.create(
        unique_name="shop", display_name="shop", type="image", settings={"port": 80, "run_envs": {"A": s}}
    ),
    "headers of a job": lambda c, i, s: c.cronjobs.create(
        i(1), environment=i(2), name="job", schedule="* * * * *", type="http",
        settings={"path": "/", "method": "GET", "headers": {"Authorization": s}},
    ),
    "token": lambda c, i, s: c.projects.transfer(i(1), token=s),
    "key": lambda c, i, s: c.projects.get(i(1)),
}  # fmt: skip


def everything(error: BaseException) -> str:
    """All that is shown of an error, in a traceback, a notebook, a pickle, and to whoever reports errors."""
    parts = [str(error), repr(error), repr(error.args), "".join(traceback.format_exception(error))]
    parts.append(repr(vars(error)))
    parts.append(pickle.dumps(error).decode("latin-1"))
    parts.append(repr(pickle.loads(pickle.dumps(error))))
    for cause in (error.__cause__, error.__context__):
        if isinstance(cause, httpx.RequestError):
            parts += [str(cause.request.url), str(cause.request.headers.raw), str(cause.request.content)]
    return "\n".join(parts)


def shown(client: Any, wire: Any, call: str, secret: str) -> str:
    with pytest.raises(errors.CreateOSError) as caught:
        CALLS[call](client, wire.uuid, secret)
    return everything(caught.value) + repr(client) + client.log().to_string()


ECHOES: dict[str, Callable[[str], httpx.Response]] = {
    "a reason": lambda s: httpx.Response(422, json={"status": "fail", "data": f"bad value {s}!"}),
    "a reason by field": lambda s: httpx.Response(400, json={"status": "fail", "data": {"runEnvs.A": f"bad: {s}"}}),
    "a field's name": lambda s: httpx.Response(400, json={"status": "fail", "data": {s: "bad"}}),
    "an object": lambda s: httpx.Response(400, json={"status": "fail", "data": {"runEnvs": {"A": s}}}),
    "a message": lambda s: httpx.Response(400, json={"success": False, "message": s}),
    "the third shape": lambda s: httpx.Response(400, json={"error": {"code": s, "message": s, "details": {"a": s}}}),
    "a page": lambda s: httpx.Response(502, text=f"<html><body>Can't proxy {s}</body></html>"),
    "HTTP 200": lambda s: httpx.Response(200, text=f"<html>Sign in to see {s}</html>"),
    "a cut-off body": lambda s: httpx.Response(200, text='{"status":"success","data":"' + s),
    "a redirect": lambda s: httpx.Response(
        302, headers={"location": f"https://elsewhere.test/{quote(s)}?t={quote(s)}"}
    ),
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("call", CALLS)
def test_no_error_repeats_a_secret_that_the_platform_repeats(call: str, echo: str, wire: Any) -> None:
    secret = KEY if call == "key" else SECRET
    client, _ = wire.client(lambda request: ECHOES[echo](secret), retry=wire.no_retries, api_key=KEY)
    text = shown(client, wire, call, secret)
    assert not [name for name, spell in SPELLED.items() if spell(secret) in text]


@pytest.mark.parametrize("spelling", SPELLED)
def test_however_the_platform_spells_it(spelling: str, wire: Any) -> None:
    for body in ("{}", "<p>{}</p>", '{{"status":"fail","data":"{}"}}'):
        answer = httpx.Response(500, text=body.format(SPELLED[spelling](SECRET)))
        client, _ = wire.client(answer, retry=wire.no_retries)
        text = shown(client, wire, "variables", SECRET)
        assert SPELLED[spelling](SECRET) not in text


@pytest.mark.parametrize("before", range(100, 165, 3))
def test_no_excerpt_ends_within_a_secret(before: int, wire: Any) -> None:
    """An excerpt is cut after some 160 characters: half a key is as good as a key."""
    page = f"<html>{'x' * before} {KEY} and more {'y' * 100}</html>"
    client, _ = wire.client(httpx.Response(502, text=page), retry=wire.no_retries, api_key=KEY)
    assert KEY[:8] not in shown(client, wire, "key", KEY)


def test_a_key_of_several_lines_is_masked_although_an_excerpt_is_one_line(wire: Any) -> None:
    pem = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    for body in (pem, json.dumps({"status": "fail", "data": pem}), f"<pre>{pem}</pre>"):
        client, _ = wire.client(httpx.Response(502, text=body), retry=wire.no_retries)
        assert "MIIEvQ" not in shown(client, wire, "variables", pem)


@pytest.mark.parametrize(
    "kind", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.DecodingError]
)
@pytest.mark.parametrize("call", CALLS)
def test_no_error_of_the_network_carries_the_key_or_what_was_sent(call: str, kind: type[Exception], wire: Any) -> None:
    secret = KEY if call == "key" else SECRET

    def broken(request: httpx.Request) -> httpx.Response:
        raise kind(f"no way to {request.url}: {dict(request.headers)} {request.content!r}", request=request)

    client, _ = wire.client(broken, retry=wire.no_retries, api_key=KEY)
    with pytest.raises(errors.TransportError) as caught:
        CALLS[call](client, wire.uuid, secret)
    cause = caught.value.__cause__
    assert isinstance(cause, httpx.RequestError)
    assert KEY not in str(cause.request.headers.raw)
    assert b"wrd" not in cause.request.content
    assert "token" not in str(cause.request.url)
    assert not [
        name for name, spell in SPELLED.items() if spell(secret) in str(caught.value) + repr(vars(caught.value))
    ]


def test_the_log_of_a_client_and_httpxs_own_show_no_token(wire: Any, caplog: pytest.LogCaptureFixture) -> None:
    client, seen = wire.client(wire.ok("done"))
    with caplog.at_level(logging.DEBUG):
        client.projects.transfer(wire.uuid(1), token="hush-hush")
        client.projects.transfer(wire.uuid(1), token=Secret("hush-hush"))
    assert all(one.url.params["token"] == "hush-hush" for one in seen)
    assert "hush" not in client.log().to_string() + client.log().to_csv() + caplog.text


@pytest.mark.parametrize("unknown", [{}, {"new": 1}], ids=["fast", "slow"])
def test_what_an_answer_holds_is_shown_by_no_frame_and_no_record(unknown: dict[str, Any], wire: Any) -> None:
    answers: dict[str, Any] = {
        "/environments": [
            {"id": wire.uuid(2), "uniqueName": "prod", "settings": {"runEnvs": {"A": "hush"}, **unknown}}
        ],
        "/cronjobs": [
            {"id": wire.uuid(3), "name": "job", "settings": {"headers": {"Authorization": "hush"}}, **unknown}
        ],
        "/transfer-uri": {"token": "hush", "frontendUri": "https://x.test?token=hush", **unknown},
        "/download": {"downloadUri": "https://x.test?sig=hush", **unknown},
        "/api-keys": {"id": wire.uuid(4), "secret": "hush", **unknown},
    }
    client, _ = wire.client(lambda request: wire.ok(answers["/" + request.url.path.rsplit("/", 1)[1]]))
    project = wire.uuid(1)
    found = [
        client.environments.list(project),
        client.environments.get(project, "prod"),
        client.cronjobs.list(project),
        client.projects.transfer_uri(project),
        client.security.scan_download_uri(project, wire.uuid(8)),
        client.api_keys.create(name="ci-key", expiry_at="+90d"),
    ]
    for one in found:
        frame = one.to_frame() if isinstance(one, pd.Series) else one
        assert "hush" not in repr(one) + one.to_string() + frame.to_html() + repr(one.to_dict()) + repr(
            frame.values.tolist()
        )
    assert client.projects.transfer_uri(project)["token"].reveal() == "hush"
    assert client.environments.reveal_variables(project, "prod")["A"] == "hush"


def test_the_wire_level_masks_secrets_and_gives_them_on_request(wire: Any) -> None:
    data = {
        "settings": {"runEnvs": {"A": "hush", "B": 4711, "C": None, "D": ["hush"], "E": {"f": "hush"}}},
        "token": "hush",
    }
    data |= {"list": [{"buildVars": "hush"}, {"headers": [{"name": "hush"}]}, {"secret": {"value": "hush"}}]}
    client, _ = wire.client(wire.ok(data))
    found = client.call("GetProject", project_id="p")
    assert "hush" not in repr(found) + str(found) + f"{found}"
    assert "4711" not in repr(found)
    assert found["token"] == "hush"
    assert found["settings"]["runEnvs"]["A"].reveal() == "hush"
    assert list(found["settings"]["runEnvs"]) == ["A", "B", "C", "D", "E"]
    assert found["settings"]["runEnvs"]["C"] is None


# --- the type itself


@given(st.text(max_size=30))
def test_a_secret_equals_its_value_and_shows_nothing_of_it(value: str) -> None:
    secret = Secret(value)
    assert secret == value
    assert hash(secret) == hash(value)
    assert secret == Secret(value)
    assert secret != Secret(value + "x")
    assert secret != value + "x"
    assert bool(secret) == bool(value)
    assert secret.reveal() == value
    assert type(secret.reveal()) is str
    assert {str(secret), f"{secret}", "%s" % secret, "{}".format(secret), repr(secret)[7:-1]} == {MASK}  # noqa: UP031, UP032  # all ways to print it
    assert f"{secret:>10}".strip() == MASK


@pytest.mark.parametrize("again", [lambda s: Secret(s), copy.copy, copy.deepcopy, lambda s: copy.copy({"a": s})["a"]])
def test_a_secret_made_of_a_secret_holds_the_value(again: Callable[[Secret], Secret]) -> None:
    """`str(secret)` is dots, and a key made of a key must not become them: nothing would be masked any more."""
    made = again(Secret("hush"))
    assert type(made) is Secret
    assert made.reveal() == "hush"


def test_a_key_that_is_a_secret_is_masked_in_errors_too(wire: Any) -> None:
    client, _ = wire.client(wire.fail(401, f"bad key {KEY}"), api_key=Secret(KEY))
    with pytest.raises(errors.Unauthorized) as caught:
        client.call("GetCurrentUser")
    assert KEY not in everything(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["runEnvs", "headers", "token", "secret", "a", "b"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(JSON)
def test_hiding_changes_nothing_but_how_it_shows(payload: Any) -> None:
    hidden = wrap_secrets(copy.deepcopy(payload))

    def same(one: Any, other: Any) -> bool:
        if isinstance(other, dict):
            return list(one) == list(other) and all(same(one[key], other[key]) for key in other)
        if isinstance(other, list):
            return len(one) == len(other) and all(map(same, one, other))
        if isinstance(one, Secret):
            return one.reveal() == str(other)
        return bool(one == other)

    assert same(hidden, payload)
    assert isinstance(json.loads(redacted_json(hidden)), type(payload))


def test_base64_of_an_upload_is_no_secret_that_garbles_errors(wire: Any) -> None:
    files = [{"path": "a", "content": base64.b64encode(b"data").decode()}]
    client, _ = wire.client(wire.fail(422, "the file a is refused"))
    with pytest.raises(errors.Invalid, match="the file a is refused"):
        client.deployments.upload_base64_files(wire.uuid(1), files=files)


def test_a_secret_comes_from_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VALUE", SECRET)
    found = Secret.from_environment("SOME_VALUE")
    assert (str(found), found.reveal()) == (MASK, SECRET)
    for value in ("", None):
        if value is None:
            monkeypatch.delenv("SOME_VALUE")
        else:
            monkeypatch.setenv("SOME_VALUE", value)
        with pytest.raises(errors.InvalidInput, match="SOME_VALUE is not set here"):
            Secret.from_environment("SOME_VALUE")
