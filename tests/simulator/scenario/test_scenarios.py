"""Scenario files: every one opens, and a mistake in one is shown with its line and field."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from createos_nb.data_files import folder
from createos_nb.errors import InvalidInput
from createos_nb.simulator import open_world

FILES = sorted(path.stem for path in (folder("data") / "scenarios").glob("*.toml"))

HEAD = """title = "A trial"
shows = "One mistake."
start = 2026-03-02T09:00:00Z

[[users]]
username = "marlow"
display = "Marlow Ashdown"
email = "marlow@juniper-goods.example.com"

[sources.bad]
error = "SyntaxError"

[[github]]
username = "juniper-goods"
installation = 1
owner = 2

[[github.repositories]]
id = 3
name = "shop"

"""
PROJECT = """[[projects]]
name = "shop"
display = "Shop"
type = "vcs"
repository = "juniper-goods/shop"
made = "-9d"
settings = { runtime = "node:20", port = 3000 }

[[projects.environments]]
name = "production"
display = "Production"
branch = "main"

"""


def opened(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "trial.toml"
    path.write_text(text, encoding="utf-8")
    return open_world(path)


@pytest.mark.parametrize("name", FILES)
def test_every_scenario_opens_in_both_dialects(name: str) -> None:
    for dialect in ("production", "documented"):
        world = open_world(name, dialect=dialect)
        assert world.handle("GET", "/v1/projects", "", {"x-api-key": world.key}, b"").status == 200


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(InvalidInput, match=r"there is no scenario 'storefornt'; there is: .*storefront"):
        open_world("storefornt")


def test_an_unknown_setting_or_dialect_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="no setting 'idel'"):
        open_world("storefront", idel=3)
    with pytest.raises(InvalidInput, match="setting idle='soon' is no length of time"):
        open_world("storefront", idle="soon")
    with pytest.raises(InvalidInput, match="production or documented"):
        open_world("storefront", dialect="klingon")


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        ("colour = 3\n", 22, "github[0].repositories[0].colour: unknown"),
        (PROJECT.replace('type = "vcs"', 'type = "git"'), 25, "projects[0].type"),
        (PROJECT.replace('made = "-9d"', 'made = "a week ago"'), 27, "projects[0].made: not a time"),
        (PROJECT.replace('made = "-9d"', 'made = "+9d"'), 27, "lies after the start"),
        (PROJECT.replace("juniper-goods/shop", "juniper-goods/shoe"), 26, "there is no repository"),
        (PROJECT.replace("port = 3000", "port = 0"), 28, "projects[0].settings: port: expected int >= 1"),
        (PROJECT.replace('branch = "main"', ""), 30, "needs a branch"),
        (PROJECT + '[[projects.history]]\nat = "-1d"\ndo = "jump"\n', 37, "jump"),
        (PROJECT + '[[projects.history]]\nat = "-1d 25:00"\ndo = "push"\nmessage = "a"\n', 36, "not a time"),
        (PROJECT + '[[projects.history]]\nat = "-1d"\ndo = "push"\nmessag = "a"\n', 38, "messag: unknown"),
        (
            PROJECT + '[[projects.history]]\nat = "-1d"\ndo = "push"\nmessage = "a"\nsource = "good"\n',
            39,
            "there is no source",
        ),
        (
            PROJECT + '[[projects.history]]\nat = "-1d"\ndo = "assign"\nversion = 7\nenvironment = "production"\n',
            38,
            "no version 7",
        ),
        (PROJECT + PROJECT, 40, "two projects named shop"),
        (
            PROJECT + '[[projects.domains]]\nname = "a.example.com"\nmade = "-1d"\ndns = "soon"\n',
            38,
            "is no length of time",
        ),
        ("[settings]\nidel = 3\n", 23, "idel"),
        ('[[incidents]]\nname = "a"\nstart = "-1d"\nenvironments = ["shop/nowhere"]\n', 25, "there is no environment"),
        ("[behaviors.odd]\nslow = 1000\n", 23, "slow is 0.1 to 100"),
        ("[behaviors.odd]\nslow = 1\nfast = 2\n", 24, "behaviors.odd.fast: unknown"),
        ("oops\n", 22, "line 22"),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_field(tmp_path: Path, wrong: str, line: int, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        opened(tmp_path, HEAD + wrong)
    text = str(caught.value)
    assert "trial.toml" in text
    assert f"line {line}" in text, text
    assert words in text


def test_a_step_after_the_start_happens_when_its_time_comes(tmp_path: Path) -> None:
    world = opened(tmp_path, HEAD + PROJECT + '[[projects.history]]\nat = "+10min"\ndo = "push"\nmessage = "Later"\n')
    project = next(iter(world.state.projects.values()))
    world.advance("9min")
    assert not world.deployments(project)
    world.advance("1min")
    assert [one.message for one in world.deployments(project).values()] == ["Later"]


def test_a_step_that_has_become_impossible_is_noted_and_the_world_goes_on(tmp_path: Path) -> None:
    step = '[[projects.history]]\nat = "+10min"\ndo = "assign"\nversion = 9\nenvironment = "production"\n'
    world = opened(tmp_path, HEAD + PROJECT + step)
    world.advance("1h")
    assert "no version 9" in world.state.journal[-1].text


# --- the same bytes everywhere ----------------------------------------------------------------------------------------

SCRIPT = """
import hashlib, json, sys
from createos_nb.simulator import open_world
from createos_nb.contract import OPERATIONS
world = open_world(sys.argv[1], seed=int(sys.argv[2]))
digest = hashlib.sha256()
headers = {"x-api-key": world.key}
def ask(method, path, query="", body=b""):
    reply = world.handle(method, path, query, headers, body)
    digest.update(repr((reply.status, reply.headers)).encode() + reply.body)
    return json.loads(reply.body)["data"] if reply.status < 300 else None
for minute in range(0, 60, 20):
    for project in ask("GET", "/v1/projects", "limit=6")["data"]:
        at = "/v1/projects/" + project["id"]
        rows = ask("GET", at + "/deployments", "limit=20")
        ask("GET", at + "/domains"); ask("GET", at + "/cronjobs")
        for row in (rows or {"data": []})["data"][:3]:
            ask("GET", at + "/deployments/" + row["id"] + "/build-logs")
            ask("POST", at + "/deployments/" + row["id"] + "/retrigger")
            ask("POST", at + "/deployments/" + row["id"] + "/wakeup")
        for row in ask("GET", at + "/environments") or []:
            there = at + "/environments/" + row["id"]
            ask("GET", there + "/analytics"); ask("GET", there + "/analytics/requests-over-time")
            ask("GET", there + "/logs", "since-seconds=30")
    world.advance("20min")
print(digest.hexdigest())
"""


def digest_of(scenario: str, seed: int, hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, scenario, str(seed)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_same_scenario_and_seed_give_the_same_bytes_whatever_the_hash_seed() -> None:
    assert digest_of("storefront", 7, "1") == digest_of("storefront", 7, "2") != digest_of("storefront", 8, "1")


def test_two_worlds_of_one_process_have_the_same_state() -> None:
    one, two = (msgspec.msgpack.encode(open_world("storefront").state) for _ in range(2))
    assert one == two
