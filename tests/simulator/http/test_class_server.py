"""A class: a world and a key for each learner, in one server, and nothing shared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import createos_nb
from createos_nb import runbooks, training
from createos_nb.cli import main
from createos_nb.errors import ConfigurationError, InvalidInput, Unauthorized
from createos_nb.simulator import open_world
from createos_nb.simulator.http.class_server import ClassServer, Seat
from createos_nb.training.curriculum.reader import read_lesson
from createos_nb.training.curriculum.worlds import lesson_world


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))
    monkeypatch.setenv("CREATEOS_NB_LESSONS", str(tmp_path / "lessons"))


def client_of(seat: Seat) -> createos_nb.Client:
    return createos_nb.connect_world(seat.url, seat.token, seat.key)


def test_each_has_a_world_of_its_own() -> None:
    with ClassServer(lambda: open_world("storefront"), 3) as served:
        seats = served.seats()
        assert [seat.name for seat in seats] == ["learner-01", "learner-02", "learner-03"]
        assert len({seat.key.reveal() for seat in seats}) == len({seat.token.reveal() for seat in seats}) == 3
        first, second = client_of(seats[0]), client_of(seats[1])
        assert first.world.id != second.world.id
        runbooks.add_domain(first, "storefront", "gifts.juniper-goods.example.com").apply()
        first.world.advance("1h")
        assert "gifts.juniper-goods.example.com" in first.domains.list("storefront")["name"].tolist()
        assert "gifts.juniper-goods.example.com" not in second.domains.list("storefront")["name"].tolist()
        assert second.now == createos_nb.simulate("storefront").now
        assert len(served.world_of("learner-01").events()) > len(served.world_of("learner-02").events())
        place = first.environments.get("storefront", "production")
        assert first.probe(place["endpoint"])["status"] == 200


def test_no_key_and_no_token_opens_the_world_of_another() -> None:
    with ClassServer(lambda: open_world("storefront"), 2) as served:
        first, second = served.seats()
        stranger = createos_nb.Client(api_key=second.key, base_url=first.url)
        with pytest.raises(Unauthorized):
            stranger.projects.list()
        with pytest.raises(ConfigurationError):
            createos_nb.connect_world(first.url, second.token, first.key)
        # nor the key that the scenario gives to whoever opens it at home
        home = createos_nb.Client(api_key=open_world("storefront").key, base_url=first.url)
        with pytest.raises(Unauthorized):
            home.projects.list()
        own = createos_nb.Client(api_key=first.key, base_url=first.url)
        assert len(own.projects.list()) == 8


def test_keys_and_addresses_that_are_made_alike_differ() -> None:
    with ClassServer(lambda: open_world("storefront"), 2) as served:
        clients = [client_of(seat) for seat in served.seats()]
        made = [client.api_keys.create(name="spare", expiry_at="+30d")["secret"].reveal() for client in clients]
        assert made[0] != made[1]
        seat = served.seats()[0]
        with pytest.raises(Unauthorized):
            createos_nb.Client(api_key=made[1], base_url=seat.url).projects.list()


def test_nobody_is_answered_beside_the_learners() -> None:
    with ClassServer(lambda: open_world("empty"), 1) as served:
        url = served.seats()[0].url
        answer = httpx.get(url.removesuffix("/learner-01") + "/v1/projects")
        assert answer.status_code == 404
        assert "learner" in answer.text
        assert httpx.get(url + "x/v1/projects").status_code == 404
        assert httpx.get(url + "/../learner-02/v1/projects").status_code == 404
    assert not served.running
    assert served.seats()[0].url == ""


@pytest.mark.parametrize("learners", [0, 201])
def test_a_class_has_a_size(learners: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 200"):
        ClassServer(lambda: open_world("empty"), learners)
    with pytest.raises(InvalidInput, match="there is no learner 'x'"):
        ClassServer(lambda: open_world("empty"), 1).world_of("x")


def test_two_learners_take_a_lesson() -> None:
    source = read_lesson("05-rollback")
    with ClassServer(lambda: lesson_world(source), 2) as served:
        first, second = [training.lesson("05-rollback", client=client_of(seat), keep=False) for seat in served.seats()]
        plan = runbooks.rollback(first.client, "storefront", "production", diagnosis=False)
        plan.apply(confirm=plan.confirmation, reason="the checkout fails")
        first.wait("40min")
        second.client.environments.assign_deployment("storefront", "production", 6)
        second.wait("40min")
        assert first.check().right == ["rolled_back", "held"]
        report = second.check()
        assert report.right == []
        assert "promotes by itself" in report.missing["held"]


def test_an_app_that_has_a_key_gets_the_new_one() -> None:
    source = read_lesson("08-keys")
    with ClassServer(lambda: lesson_world(source), 1) as served:
        lesson = training.lesson("08-keys", client=client_of(served.seats()[0]), keep=False)
        assert not lesson.check().harmed


def test_the_command_prints_what_each_learner_is_given() -> None:
    code = "import sys; from createos_nb.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "serve", "--class", "2", "--lesson", "05-rollback", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(3)]
        assert lines[0] == "learner,url,key,token"
        name, url, key, token = lines[2].split(",")
        assert name == "learner-02"
        client = createos_nb.connect_world(url, token, key)
        assert client.deployments.list("storefront")["version_number"].max() == 7
        process.terminate()
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--lesson", "05-rollback"], "--lesson goes with --class"),
        (["--class", "2", "--control"], "--control is for one world"),
        (["--class", "2", "--state", "x"], "--state is for one world"),
        (["--class", "2", "--lesson", "05-rollback", "--seed", "3"], "a lesson says its world"),
        (["--class", "0"], "1 to 200"),
    ],
)
def test_what_does_not_go_together(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", *arguments]) == 2
    assert told in capsys.readouterr().err
