"""Attacks by tracebacks that show variables: whatever fails while a secret is on its way, its value is nowhere."""

from __future__ import annotations

import contextlib
import json
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import nbclient
import nbformat
import pytest

import createos_nb
from createos_nb import Secret, contract, runbooks
from createos_nb.client.client import Client
from createos_nb.contract.operation import Operation, Parameter
from createos_nb.errors import CreateOSError, RequestError
from createos_nb.http.retry import RetryPolicy
from createos_nb.redaction import holds_secrets
from tests.attacks.fault_server import Behavior, FaultServer, answer
from tests.attacks.planted import caught, leaks, values, with_variables
from tests.attacks.tally import Tally, tally, times

AREA = "secrets"
KEY = "k" * 40
P, E = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
ONCE = RetryPolicy(attempts=1, budget=0.0)

Call = Callable[[Client, Secret], object]


# --- what takes secrets -----------------------------------------------------------------------------------------------


def _in(parameter: Parameter) -> list[str]:
    """The wire's names of the secret fields that a parameter is, or has."""
    if holds_secrets(parameter.wire):
        return [parameter.wire]
    kinds = parameter.fields.of if parameter.fields else ()
    return [f.encode_name for kind in kinds for f in msgspec.structs.fields(kind) if holds_secrets(f.encode_name)]


TAKING: dict[str, Operation] = {
    name: one for name, one in contract.OPERATIONS.items() if any(_in(parameter) for parameter in one.parameters)
}


def _on_the_wire(operation: Operation) -> Call:
    """The operation by the platform's name, a secret in each field that may hold one."""

    def call(client: Client, secret: Secret) -> object:
        given: dict[str, Any] = {one.key: one.key for one in operation.parameters if one.required}
        for one in operation.parameters:
            filled = {name: {"A": secret} if name not in ("body", "token") else secret for name in _in(one)}
            if filled:
                given[one.key] = filled[one.wire] if holds_secrets(one.wire) else filled
        return client.call(operation.name, **given)

    return call


_SET = "UpdateProjectEnvironmentEnvironmentVariables"
_JOB = {"path": "/", "method": "POST"}
#: The same by the nouns, with values that are accepted here and go out.
BY_NOUN: dict[str, Call] = {
    "CreateProject": lambda c, s: c.projects.create(
        unique_name="shop",
        display_name="shop",
        type="upload",
        settings={"port": 80, "runtime": "node:20", "run_envs": {"A": s}, "build_vars": {"B": s}},
    ),
    "UpdateProjectSettings": lambda c, s: c.projects.update_settings(P, run_envs={"A": s}, build_vars={"B": s}),
    "TransferProject": lambda c, s: c.projects.transfer(P, token=s),
    "CreateCronjob": lambda c, s: c.cronjobs.create(
        P,
        environment=E,
        name="job",
        schedule="* * * * *",
        type="http",
        settings={**_JOB, "headers": {"Authorization": s}, "body": s},
    ),
    "UpdateCronjob": lambda c, s: c.cronjobs.update(
        P, E, name="job", schedule="* * * * *", settings={**_JOB, "headers": {"Authorization": s}, "body": s}
    ),
    "CreateProjectEnvironment": lambda c, s: c.environments.create(
        P,
        unique_name="prod",
        display_name="prod",
        description="prod",
        resources={"cpu": 200, "memory": 500, "replicas": 1},
        settings={"run_envs": {"A": s}},
    ),
    "UpdateProjectEnvironmentEnvironmentVariables": lambda c, s: c.environments.update_variables(
        P, E, run_envs={"A": s}
    ),
}
#: What is refused here, before anything is sent.
REFUSED: dict[str, Call] = {
    "not a variable": lambda c, s: c.environments.update_variables(P, E, run_envs={"A": s, "B": object()}),
    "no JSON": lambda c, s: c.call(_SET, project_id="p", environment_id="e", run_envs={"A": s, "B": object()}),
    "half a pair": lambda c, s: c.call(
        _SET, project_id="p", environment_id="e", run_envs={"C": Secret(s.reveal() + "\ud800")}
    ),
    "wrong settings": lambda c, s: c.projects.create(
        unique_name="shop", display_name="shop", type="image", settings={"port": "80", "run_envs": {"A": s}}
    ),
    "a token with half a pair": lambda c, s: c.projects.transfer(P, token=Secret(s.reveal() + "\ud800")),
    "a token of the wrong kind": lambda c, s: c.projects.transfer(P, token=[s]),
    "unknown argument": lambda c, s: c.environments.update_variables(P, E, run_env={"A": s}),
    "unknown argument, on the wire": lambda c, s: c.call(_SET, project_id="p", environment_id="e", run_env={"A": s}),
    "an empty path": lambda c, s: c.call(_SET, project_id="", environment_id="e", run_envs={"A": s}),
}

CALLS: dict[str, Call] = {
    **BY_NOUN,
    **{f"{name}, on the wire": _on_the_wire(one) for name, one in TAKING.items()},
}


def test_every_operation_that_takes_secrets_is_attacked() -> None:
    assert set(BY_NOUN) == set(TAKING)


# --- what fails -------------------------------------------------------------------------------------------------------


def _raising(kind: type[BaseException]) -> Callable[[httpx.Request, Any, str], httpx.Response]:
    def broken(request: httpx.Request, wire: Any, value: str) -> httpx.Response:
        sent, headers = request.content, dict(request.headers)
        said = f"no way to {request.url}: {headers} {sent!r} {value}"
        raise kind(said, request=request) if issubclass(kind, httpx.RequestError) else kind("stopped")  # type: ignore[call-arg]  # httpx takes it

    return broken


def _page_two(request: httpx.Request, wire: Any, value: str) -> httpx.Response:
    if request.url.params.get("offset") not in (None, "0"):
        return wire.fail(500, "no")
    rows = [{"id": wire.uuid(n), "settings": {"runEnvs": {"A": value}}} for n in range(10)]
    return wire.ok({"data": rows, "pagination": {"total": 40, "limit": 10, "offset": 0, "count": 10}})


FAILURES: dict[str, Callable[[httpx.Request, Any, str], httpx.Response]] = {
    "no connection": _raising(httpx.ConnectError),
    "a timeout": _raising(httpx.ReadTimeout),
    "a broken protocol": _raising(httpx.RemoteProtocolError),
    "not decoded": _raising(httpx.DecodingError),
    "an interrupt": _raising(KeyboardInterrupt),
    "no memory": _raising(MemoryError),
    "a bug": _raising(RuntimeError),
    **{
        f"HTTP {status}": lambda r, wire, v, status=status: wire.fail(status, f"bad value {v}!")
        for status in (400, 401, 403, 404, 408, 409, 422, 429, 500, 503)
    },
    "by field": lambda r, wire, v: wire.fail(400, {"runEnvs.A": f"bad: {v}"}),
    "a page": lambda r, wire, v: httpx.Response(502, text=f"<html>can't proxy {v}</html>"),
    "a redirect": lambda r, wire, v: httpx.Response(308, headers={"location": f"/x?{quote(v)}"}, text=v),
    "HTTP 200 of another": lambda r, wire, v: httpx.Response(200, text=f"<html>sign in, {v}</html>"),
    "cut off": lambda r, wire, v: httpx.Response(200, text='{"status":"success","data":' + json.dumps(v)[:-1]),
    "failed with data": lambda r, wire, v: httpx.Response(200, json={"status": "error", "message": v, "data": [v]}),
    "not UTF-8": lambda r, wire, v: httpx.Response(
        200, content=b'{"status":"success","data":{"token":"' + v.encode() + b'\xff"}}'
    ),
    "a deep one": lambda r, wire, v: httpx.Response(
        200, text='{"status":"success","data":' + "[" * 9_000 + json.dumps(v) + "]" * 9_000 + "}"
    ),
    "a text for rows": lambda r, wire, v: wire.ok({"data": {"token": v}, "token": v}),
    "a second page": _page_two,
}

READS: dict[str, Call] = {
    "a list": lambda c, s: c.projects.list(),
    "rows": lambda c, s: c.environments.list(P),
    "a record": lambda c, s: c.api_keys.create(name="ci-key", expiry_at="+90d"),
    "variables in clear text": lambda c, s: c.environments.reveal_variables(P, "prod"),
    "a download, on the wire": lambda c, s: c.call("GetProjectTransferUri", project_id="p"),
}
#: Answers that a write takes for its own.
ONLY_READS = ("a text for rows", "a second page")
#: Failures after which the platform's own answer holds the value, in a field that is a secret or in half a JSON text.
ANSWERED = ("cut off", "not UTF-8", "a text for rows", "a second page")


def _client(fail: Callable[[httpx.Request, Any, str], httpx.Response], value: str, wire: Any) -> Client:
    client, _ = wire.client(lambda request: fail(request, wire, value), retry=ONCE, api_key=KEY)
    return client


def _look(kept: Tally, what: str, error: BaseException, value: str, *, all_ways: bool) -> None:
    for how, shown in with_variables(error, all_ways=all_ways).items():
        kept.check(not (found := leaks(value, shown)), f"{what}, {how}: {found[:1]}")
        kept.check(KEY not in shown, f"{what}, {how}: the key")


def test_no_traceback_with_variables_shows_what_was_sent(wire: Any) -> None:
    what = "every operation that takes secrets, failing in every way, in tracebacks with variables"
    with tally(AREA, what, "no value, no key") as kept:
        pairs = [(call, failure) for call in CALLS for failure in FAILURES if failure not in ONLY_READS]
        # a read does not know the value: it must not come out of what the platform has answered
        pairs += [(call, failure) for call in READS for failure in ANSWERED]
        pairs += [(call, "HTTP 400") for call in REFUSED]
        planted = values(len(pairs) * times(1), seed=8)
        slow = set(random.Random(8).sample(range(len(planted)), times(6)))
        for number, value in enumerate(planted):
            call, failure = pairs[number % len(pairs)]
            client = _client(FAILURES[failure], value, wire)
            error = caught({**CALLS, **READS, **REFUSED}[call], client, Secret(value))
            kept.check(error is not None or call in READS, f"{call}, {failure}: it did not fail")
            if error is not None:
                _look(kept, f"{call}, {failure}", error, value, all_ways=number in slow)


def test_an_error_still_says_what_failed_where_and_why(wire: Any) -> None:
    for failure, kind in {"no connection": httpx.ConnectError, "a timeout": httpx.ReadTimeout}.items():
        error = caught(BY_NOUN[_SET], _client(FAILURES[failure], "planted-value-in-flight", wire), Secret("planted"))
        assert isinstance(error, RequestError)
        assert (error.operation, error.method) == (_SET, "PUT")
        assert error.path.endswith(f"/environments/{E}/environment-variables")
        assert "Before you send it again, look" in error.hint or error.applied is False
        assert isinstance(error.__cause__, kind)
        assert "no way to" in str(error.__cause__)
        assert any("in broken" in note for note in error.__cause__.__notes__)  # where it was raised, without variables
    bug = caught(BY_NOUN[_SET], _client(FAILURES["a bug"], "planted-value-in-flight", wire), Secret("planted"))
    assert type(bug) is RuntimeError
    assert any("test_tracebacks.py" in note and "in broken" in note for note in bug.__notes__)


# --- real connections -------------------------------------------------------------------------------------------------


def _behaviors(value: str) -> dict[str, Behavior]:
    body = json.dumps({"status": "fail", "data": f"bad value {value}!"}).encode()
    return {
        "reset": lambda line, head: line.reset(),
        "closed in an answer": lambda line, head: line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"),
        "no HTTP": lambda line, head: line.send(b"SSH-2.0-" + value.encode() + b"\r\n\r\n"),
        "a broken header": lambda line, head: line.send(b"HTTP/1.1 200 OK\r\nA" + value.encode() + b"\r\n\r\n"),
        "a broken length": lambda line, head: line.send(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n" + body),
        "no answer": lambda line, head: line.hold(),
        "no gzip": lambda line, head: line.send(answer(body, "Content-Encoding: gzip")),
        "HTTP 400": lambda line, head: line.send(answer(body, status="400 Bad Request")),
        "half a JSON": lambda line, head: line.send(answer(body[:-1])),
        "a page": lambda line, head: line.send(answer(b"<html>" + value.encode(), status="502 Bad Gateway")),
    }


@pytest.mark.slow
def test_nor_does_one_over_a_real_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = {name: CALLS[name] for name in ("TransferProject", "CreateCronjob", f"{_SET}, on the wire")}
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    with tally(AREA, "connections that break, over real sockets", "no value in a traceback") as kept:
        for number, value in enumerate(values(times(2), seed=9)):
            for name, behavior in _behaviors(value).items():

                def once(line: Any, head: bytes, behavior: Behavior = behavior) -> None:
                    behavior(line, head)
                    line.peer.close()

                with (
                    FaultServer(once) as server,
                    Client(api_key=KEY, base_url=server.url, retry=ONCE, timeout=0.2) as client,
                ):
                    for call, run in calls.items():
                        error = caught(run, client, Secret(value))
                        kept.check(isinstance(error, RequestError), f"{call}, {name}: {error!r}")
                        assert error is not None
                        _look(
                            kept,
                            f"{call}, {name}",
                            error,
                            value,
                            all_ways=not number and call == "CreateCronjob" and name == "HTTP 400",
                        )
            for name, (address, proxy) in {
                "refused": (f"http://{nobody}", ""),
                "refused, by TLS": (f"https://{nobody}", ""),
                "a proxy that is not there": ("http://platform.test", f"http://user:{KEY}@{nobody}"),
            }.items():
                monkeypatch.setenv("HTTP_PROXY", proxy)
                with Client(api_key=KEY, base_url=address, retry=ONCE, timeout=2) as client:
                    for call, run in calls.items():
                        error = caught(run, client, Secret(value))
                        kept.check(isinstance(error, RequestError), f"{call}, {name}: {error!r}")
                        assert error is not None
                        _look(kept, f"{call}, {name}", error, value, all_ways=False)


# --- simulated worlds, plans, notebooks -------------------------------------------------------------------------------


def _planned(client: Client, secret: Secret) -> object:
    plan = runbooks.set_variables(client, "storefront", "production", {"PLANTED": secret}, redeploy=False)
    return plan.apply(confirm=plan.confirmation, reason="an attack")


IN_A_WORLD: dict[str, Call] = {
    "variables": lambda c, s: c.environments.update_variables("storefront", "production", run_envs={"A": s}),
    "a job": lambda c, s: c.cronjobs.create(
        "storefront",
        environment="production",
        name="job",
        schedule="* * * * *",
        type="http",
        settings={**_JOB, "headers": {"Authorization": s}, "body": s},
    ),
    "a token": lambda c, s: c.projects.transfer("storefront", token=s),
    "a plan that sets variables": _planned,
}


@pytest.mark.slow
def test_nor_does_one_out_of_a_simulated_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path))
    faults = (
        "latency",
        "rate-limit",
        "quota",
        "error",
        "refused",
        "drop-before",
        "drop-after",
        "cut",
        "html",
        "failure-200",
    )
    with tally(AREA, "faults of a simulated world, calls and plans", "no value in a traceback") as kept:
        planted = iter(values(len(faults) * len(IN_A_WORLD) * times(1), seed=14))
        for fault in faults:
            for name, call in IN_A_WORLD.items():
                for _ in range(times(1)):
                    value = next(planted)
                    client = createos_nb.simulate("storefront", seed=3)
                    with client.world.faults(what=fault, operations=["write"], seconds=100.0):
                        error = caught(call, client, Secret(value))
                    # a plan reads whether an unanswered write was applied, and ends well where it was
                    unsure = call is _planned and fault in ("latency", "drop-after", "cut")
                    kept.check(isinstance(error, CreateOSError) or unsure, f"{name}, {fault}: {error!r}")
                    if error is not None:
                        _look(kept, f"{name}, {fault}", error, value, all_ways=fault == "html" and name == "a job")


@pytest.mark.slow
def test_nor_does_an_executed_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = (
        "client.environments.update_variables(P, E, run_envs={'A': secret})",
        "client.call('TransferProject', project_id='p', token=secret)",
        "client.cronjobs.update(P, E, name='job', schedule='* * * * *', settings={'path': '/', 'method': 'POST', "
        "'headers': {'A': secret}, 'body': secret})",
    )
    opening = (
        "from createos_nb import Secret\nfrom createos_nb.client.client import Client\n"
        f"secret, P, E = Secret.from_environment('PLANTED'), {P!r}, {E!r}"
    )
    ways = {
        "Verbose": "%xmode Verbose",
        "locals": "import rich.traceback; _ = rich.traceback.install(show_locals=True)",
    }
    with tally(AREA, "notebooks executed with %xmode Verbose and with rich", "no value in the file") as kept:
        (value,) = values(1, seed=15)
        monkeypatch.setenv("PLANTED", value)
        monkeypatch.setenv("PLANTED_KEY", KEY)
        body = json.dumps({"status": "fail", "data": f"bad value {value}!"}).encode()
        replies = (answer(body[:-1]), body)
        with contextlib.ExitStack() as stack:
            servers = [
                stack.enter_context(FaultServer(lambda line, head, reply=reply: line.send(reply))) for reply in replies
            ]
            sources = [opening]
            for switch in ways.values():
                sources.append(switch)
                for server in servers:
                    key = "Secret.from_environment('PLANTED_KEY')"
                    sources += [f"client = Client(api_key={key}, base_url={server.url!r}, timeout=2)", *calls]
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in sources])
            nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="python3").execute(
                cwd=str(tmp_path)
            )
        failing = [cell for cell in notebook.cells if cell.source in calls]
        for number, cell in enumerate(failing):
            shown = nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))
            rich_way = number >= len(failing) // 2
            kept.check(("locals" if rich_way else "Operation(name=") in shown, f"cell {number} shows no variables")
            kept.check(not (found := leaks(value, shown)), f"cell {number}: {found[:1]}")
            kept.check(KEY not in shown, f"cell {number}: the key")
