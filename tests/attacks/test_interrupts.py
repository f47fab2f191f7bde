"""Attacks by what may be raised at any line: an interrupt, and a warning that is made an error. No value is shown."""

from __future__ import annotations

import json
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import httpx

import createos_nb
from createos_nb import Secret
from createos_nb.client.client import Client
from createos_nb.http.retry import RetryPolicy
from tests.attacks.planted import caught, leaks, values, with_variables
from tests.attacks.tally import tally, times

AREA = "secrets"
KEY = "k" * 40
P, E = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
#: Where a value is on its way: this library, and what it sends and reads by.
INSIDE = (str(Path(createos_nb.__file__).parent), "/httpx/", "/httpcore/", "/h11/", "/json/", "/urllib/")

Call = Callable[[Client, Secret], object]
WRITES: dict[str, Call] = {
    "variables": lambda c, s: c.environments.update_variables(P, E, run_envs={"A": s}),
    "a token": lambda c, s: c.projects.transfer(P, token=s),
    "a job": lambda c, s: c.cronjobs.update(
        P, E, name="job", schedule="* * * * *", settings={"path": "/", "method": "POST", "headers": {"A": s}, "body": s}
    ),
    "variables, on the wire": lambda c, s: c.call(
        "UpdateProjectEnvironmentEnvironmentVariables", project_id="p", environment_id="e", run_envs={"A": s}
    ),
}
#: These do not know the value: the platform's answer holds it.
READS: dict[str, Call] = {
    "rows": lambda c, s: c.environments.list(P),
    "a page": lambda c, s: c.projects.list(),
    "a record": lambda c, s: c.api_keys.create(name="ci-key", expiry_at="+90d"),
    "rows, on the wire": lambda c, s: c.call("ListProjectEnvironments", project_id="p"),
    "what is live": lambda c, s: c.environments.get(P, E),
}


class Interrupt:
    """Counts lines as they are run where a value is on its way, and interrupts at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.lines = at, 0

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if not any(one in frame.f_code.co_filename for one in INSIDE):
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                raise KeyboardInterrupt
        return self.trace

    @contextmanager
    def armed(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)


def _answers(value: str, wire: Any, odd: str = "") -> Callable[[httpx.Request], httpx.Response]:
    """What is asked for, with the value wherever a secret may stand; `odd`: JSON of a field that no contract knows."""
    settings = {"runEnvs": {"A": value}, "buildVars": {"B": value}}
    row = {"id": E, "uniqueName": "shop", "settings": settings, **({"new": "ODD"} if odd else {})}
    payloads: dict[str, Any] = {
        "environments": [row],
        "projects": {"data": [row], "pagination": {"total": 1}},
        "api-keys": {"id": E, "secret": value, **({"new": "ODD"} if odd else {})},
    }

    def serve(request: httpx.Request) -> httpx.Response:
        data = payloads.get(request.url.path.rsplit("/", 1)[1], f"done: {value}")
        text = json.dumps({"status": "success", "data": data}).replace('"ODD"', odd)
        return httpx.Response(200, headers={"content-type": "application/json"}, content=text.encode())

    return serve


def _client(serve: Callable[[httpx.Request], httpx.Response], wire: Any) -> Client:
    client, _ = wire.client(serve, retry=RetryPolicy(attempts=1, budget=0.0), api_key=KEY)
    return client


def test_no_interrupt_at_any_line_shows_a_value(wire: Any) -> None:
    chance = random.Random(16)
    with tally(AREA, "an interrupt at any line while a value is sent or read", "no value in a traceback") as kept:
        calls = {**WRITES, **READS}
        planted = iter(values(len(calls) * times(60) * 2, seed=16))
        for name, call in calls.items():
            for odd in ("", "1e999999"):
                if odd and name in WRITES:
                    continue
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    client = _client(_answers("nothing planted", wire, odd), wire)
                    call(client, Secret("nothing planted"))  # what is made once is made
                    counted = Interrupt()
                    client = _client(_answers("nothing planted", wire, odd), wire)
                    with counted.armed():
                        call(client, Secret("nothing planted"))
                    for at in chance.sample(range(1, counted.lines + 1), min(times(60), counted.lines)):
                        value = next(planted)
                        client, secret = _client(_answers(value, wire, odd), wire), Secret(value)
                        with Interrupt(at).armed():
                            error = caught(call, client, secret)
                        if not isinstance(error, KeyboardInterrupt):  # it fell into what cleans up
                            continue
                        for how, shown in with_variables(error).items():
                            kept.check(not (found := leaks(value, shown)), f"{name}, line {at}, {how}: {found[:1]}")
                            kept.check(KEY not in shown, f"{name}, line {at}, {how}: the key")


def test_no_warning_that_is_made_an_error_shows_a_value(wire: Any) -> None:
    """As under `python -W error`: what can't be read is warned of in the midst of raw answers."""
    with tally(AREA, "warnings made errors while answers with secrets are read", "no value in a traceback") as kept:
        planted = iter(values(len(READS) * 3 * times(5), seed=17))
        for name, call in READS.items():
            for odd in ("1e999999", '"\\ud800"', "9" * 5_000):
                for number in range(times(5)):
                    value = next(planted)
                    client, secret = _client(_answers(value, wire, odd), wire), Secret(value)
                    with warnings.catch_warnings():
                        warnings.simplefilter("error")
                        error = caught(call, client, secret)
                    kept.check(isinstance(error, createos_nb.ReplacedWarning), f"{name}, {odd[:9]}: {error!r}")
                    assert error is not None
                    for how, shown in with_variables(error, all_ways=not number and len(odd) > 99).items():
                        kept.check(not (found := leaks(value, shown)), f"{name}, {odd[:9]}, {how}: {found[:1]}")
