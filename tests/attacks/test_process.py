"""Attacks on what belongs to one process: forks while threads read, copies, pickles."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from typing import Any

import pytest

import createos_nb
from createos_nb import Client, InvalidInput, RateLimit, RetryPolicy
from tests.attacks.tally import tally, times

#: Threads read a served world while children are forked; each child uses the client, and one that it opens itself.
FORKS = """
import json, os, select, sys, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: a fork beside threads
import createos_nb
from createos_nb import Client, CreateOSError
from createos_nb.simulator import open_world, serve

found = []
with serve(open_world("storefront"), speed=0) as served:
    client = Client(api_key=served.key, base_url=served.url, retry=createos_nb.RetryPolicy(attempts=1))
    simulated = createos_nb.simulate()
    stop = threading.Event()

    def reading():
        while not stop.is_set():
            client.projects.list()
            client.deployments.list("storefront")
            simulated.projects.list()

    threads = [threading.Thread(target=reading, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    for number in range(int(sys.argv[1])):
        time.sleep(0.01 * (number % 7))
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            said = []
            for work in (
                client.projects.list,
                client.whoami,
                lambda: client.call("GetCurrentUser"),
                lambda: client.probe(served.url + "/"),
                lambda: client.environments.list("storefront"),
                simulated.projects.list,
                lambda: createos_nb.simulate().projects.list(),
                lambda: Client(api_key=served.key, base_url=served.url).projects.list(),
            ):
                try:
                    work()
                    said.append("worked")
                except CreateOSError as error:
                    said.append(type(error).__name__ + ": " + str(error)[:60])
                except BaseException as error:
                    said.append("RAW " + repr(error))
            os.write(into, json.dumps(said).encode())
            os._exit(0)
        os.close(into)
        ready, _, _ = select.select([out], [], [], 20)
        if ready:
            found.append(json.loads(os.read(out, 65536) or b'["died"]'))
        else:
            found.append(["hung"])
            os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(out)
    stop.set()
    for thread in threads:
        thread.join(10)
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_client_in_a_forked_child_says_so_and_a_new_one_works() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS, str(times(18))],
        capture_output=True,
        text=True,
        timeout=60 * times(1),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with tally("process", "forks while six threads read", "an inherited client says so, a new one works") as kept:
        for said in json.loads(done.stdout):
            inherited, own = said[:6], said[6:]
            told = all("opened in process" in one for one in inherited)
            kept.check(told and own == ["worked", "worked"], said)


def parts(client: Client) -> list[Any]:
    return [
        client,
        client.projects,
        client.deployments,
        client.projects.get,
        client.fleet,
        client.transport,
        client.transport.log,
        client.transport.limiter,
        client.session,
        client.session.names,
        client.session.lists,
        client.world,
        {"inside": [client]},
    ]


def test_no_part_of_a_client_is_copied_or_pickled() -> None:
    ways = [copy.copy, copy.deepcopy, *(lambda one, n=n: pickle.dumps(one, n) for n in range(6))]
    with tally(
        "process", "copies and pickles of a client and its parts", "refused in words, the key not in them"
    ) as kept:
        client = createos_nb.simulate()
        limited = Client(api_key="skp_hush_hush_hush", base_url="http://127.0.0.1:9", rate_limit=RateLimit())
        for one in [*parts(client), *parts(limited)]:
            for way in ways:
                if one is None or (way is copy.copy and isinstance(one, dict)):
                    continue
                try:
                    way(one)
                    said: object = "copied"
                except Exception as error:  # noqa: BLE001  # what is raised is what is looked at
                    said = error
                told = isinstance(said, InvalidInput) and "belongs to this process" in str(said)
                kept.check(told and "hush" not in str(said), f"{one!r:.60}: {said!r}")


def test_what_is_only_settings_is_copied() -> None:
    for one in (RateLimit(per_minute=3), RetryPolicy(attempts=2)):
        assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
