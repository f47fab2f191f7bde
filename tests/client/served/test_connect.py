"""A client of a served world that is steered: its waits, its probes, its keys, and how it is opened."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator

import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.simulator import Server, open_world, serve


@pytest.fixture
def running() -> Iterator[Server]:
    with serve(open_world("storefront"), speed=0, control=True) as running:
        yield running


def connected(running: Server, **more: str) -> createos_nb.Client:
    assert running.token is not None
    return createos_nb.connect_world(running.url, running.token, **more)


def test_waits_let_the_worlds_time_pass_and_nothing_waits_for_real(running: Server) -> None:
    results = []
    started = time.monotonic()
    for client in (createos_nb.simulate(), connected(running)):
        plan = runbooks.scale(client, "storefront", "production", replicas=2)
        receipt = plan.apply(confirm=plan.confirmation, reason="a sale")
        lines = sum(len(new) for new in client.deployments.follow("storefront", 17, every="20s", lasting="10min"))
        client.clock.sleep(3600)
        results.append((client.now, receipt.ended, lines, client.log()["operation"].tolist()))
    assert results[0] == results[1]
    assert str(results[0][0]) > "2026-03-02 10:10"
    assert time.monotonic() - started < 60


def test_a_probe_takes_the_worlds_time_as_in_this_process(running: Server) -> None:
    rows = []
    for client in (createos_nb.simulate(), connected(running)):
        probes = [client.probe(f"storefront.createos.nodeops.network{path}") for path in ("/", "/products", "/nothing")]
        unknown = client.probe("https://nobody.createos.nodeops.network.example.com/")
        rows.append(([probe.drop("headers").to_dict() for probe in probes], unknown["error"], client.now))
    embedded, served = rows
    for one in (*embedded[0], *served[0]):
        one.pop("text")  # it names the host that was asked
    assert served == embedded


def test_a_key_of_another_account_is_taken(running: Server) -> None:
    client = connected(running, api_key=running.world.key_of("tamsin"))
    assert client.world.account == "marlow"
    assert len(client.projects.list()) == len(
        createos_nb.Client(api_key=running.world.key_of("tamsin"), base_url=running.url).projects.list()
    )


def test_two_clients_see_one_time(running: Server) -> None:
    one, other = connected(running), connected(running)
    one.world.advance("2h")
    other.projects.list()
    assert one.now == other.now == one.world.now
    other.world.reset()
    one.projects.list()
    assert one.now == other.now
    assert str(one.now) == "2026-03-02 09:00:00+00:00"


def test_journals_of_a_served_world_stay_where_others_are(running: Server) -> None:
    assert createos_nb.simulate().embedded
    assert not connected(running).embedded


def test_an_address_opens_an_account_with_the_token_of_the_environment(
    running: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREATEOS_NB_WORLD_TOKEN", raising=False)
    with pytest.raises(createos_nb.ConfigurationError, match="set CREATEOS_NB_WORLD_TOKEN to the control token"):
        createos_nb.open_account(running.url)
    assert running.token is not None
    monkeypatch.setenv("CREATEOS_NB_WORLD_TOKEN", running.token.reveal())
    client = createos_nb.open_account(running.url, read_only=True)
    assert client.world.account == "marlow"
    with pytest.raises(createos_nb.ReadOnlyError):
        client.apps.create(name="no")


def test_where_nothing_answers_it_says_so() -> None:
    with pytest.raises(createos_nb.TransportError, match="Start it again with `createos-nb serve --control`"):
        createos_nb.connect_world("http://127.0.0.1:1", "x" * 43)


def test_the_token_of_another_server_is_refused(running: Server) -> None:
    with serve(open_world("storefront"), speed=0, control=True) as other:
        assert other.token is not None
        with pytest.raises(createos_nb.ConfigurationError, match="printed when it was started last"):
            createos_nb.connect_world(running.url, other.token)


def test_a_served_world_belongs_to_its_process(running: Server) -> None:
    client = connected(running)
    with pytest.raises(createos_nb.InvalidInput, match=r"connect_world\(\)"):
        copy.deepcopy(client.world)


def test_the_token_is_in_no_traceback(running: Server) -> None:
    assert running.token is not None
    client = connected(running)
    for wrong in (
        lambda: client.world.push("nothing"),
        lambda: createos_nb.connect_world(f"{running.url}/nowhere", running.token or ""),
        lambda: createos_nb.connect_world("http://127.0.0.1:1", running.token or ""),
    ):
        with pytest.raises(createos_nb.CreateOSError) as raised:
            wrong()
        frames, trace = [], raised.value.__traceback__
        while trace is not None:
            frames.append(repr(trace.tb_frame.f_locals))
            trace = trace.tb_next
        assert running.token.reveal() not in "".join(frames) + str(raised.value)
