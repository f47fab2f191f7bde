"""Attacks by what may be raised at any moment: an interrupt, and a warning that is made an error. No value is shown."""

from __future__ import annotations

import json
import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

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
    """Counts the moments at which Python notices a signal where a value is on its way, and interrupts at one of them.

    These are the beginnings of functions, and the ends of calls of what is written in C. Between the lines of a `with`
    it notices none, so what it holds is let go.
    """

    def __init__(self, at: int | None = None) -> None:
        self.at, self.moments = at, 0

    def watch(self, frame: FrameType, event: str, _: Any) -> None:
        if event in ("call", "c_return") and any(one in frame.f_code.co_filename for one in INSIDE):
            self.moments += 1
            if self.moments == self.at:
                raise KeyboardInterrupt

    @contextmanager
    def armed(self) -> Iterator[None]:
        before = sys.getprofile()
        sys.setprofile(self.watch)
        try:
            yield
        finally:
            sys.setprofile(before)


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
        data = payloads.get(request.url.path.rsplit("/", 1)[1], "done")
        text = json.dumps({"status": "success", "data": data}).replace('"ODD"', odd)
        return httpx.Response(200, headers={"content-type": "application/json"}, content=text.encode())

    return serve


def _client(serve: Callable[[httpx.Request], httpx.Response], wire: Any) -> Client:
    client, _ = wire.client(serve, retry=RetryPolicy(attempts=1, budget=0.0), api_key=KEY)
    return client


def _ends(call: Call, client: Client, secret: Secret) -> bool:
    """Whether a call comes to its end; asked in another thread, for what holds it up would hold this one up, too."""
    beside = threading.Thread(target=call, args=(client, secret), daemon=True)
    beside.start()
    beside.join(30)
    return not beside.is_alive()


# an interrupt in the closing of a generator goes to nobody
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_interrupt_at_any_moment_shows_a_value_or_leaves_a_lock_held(wire: Any) -> None:
    # what an interrupt leaves behind in its thread ends with that thread
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_interrupt_everywhere, wire).result()


def _interrupt_everywhere(wire: Any) -> None:
    chance = random.Random(16)
    with tally(
        AREA, "an interrupt at any moment while a value is sent or read", "no value; the next call works"
    ) as kept:
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
                    for at in chance.sample(range(1, counted.moments + 1), min(times(60), counted.moments)):
                        value = next(planted)
                        client, secret = _client(_answers(value, wire, odd), wire), Secret(value)
                        with Interrupt(at).armed():
                            error = caught(call, client, secret)
                        assert _ends(call, client, secret), f"{name}, moment {at}: the next call never ends"
                        if not isinstance(error, KeyboardInterrupt):  # it fell into what cleans up
                            continue
                        for how, shown in with_variables(error).items():
                            kept.check(not (found := leaks(value, shown)), f"{name}, moment {at}, {how}: {found[:1]}")
                            kept.check(KEY not in shown, f"{name}, moment {at}, {how}: the key")


@pytest.mark.slow
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
