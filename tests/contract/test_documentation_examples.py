"""The examples of the platform's documentation, as it spells them: each reaches the state that it promises.

`data/documentation_examples.json` holds them, with what the documentation leaves out filled in; `data/README.md` says
how they are written.
"""

from __future__ import annotations

import copy
import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

import createos_nb
from createos_nb import contract
from createos_nb.client.client import Client
from createos_nb.contract.fields import unknown_fields
from createos_nb.errors import RequestError
from createos_nb.redaction import Secret
from createos_nb.simulator import World
from createos_nb.simulator.platform.github import code_of
from createos_nb.times import parse_duration

Step = dict[str, Any]
EXAMPLES: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "data" / "documentation_examples.json").read_text(encoding="utf-8")
)


#: Sections of the documentation, and how many examples each has.
SECTIONS: Final = {
    "Patterns": 7,
    "Three ways to deploy": 7,
    "Lifecycle": 4,
    "Environments": 6,
    "Domains": 2,
    "GitHub": 3,
    "Analytics": 2,
    "Common errors": 8,
    "Limits of names": 2,
    "Runtimes and frameworks": 3,
    "Edge cases": 4,
    "Best practices": 16,
}


#: What a client of MCP takes.
ACCEPT: Final = "application/json, text/event-stream"


class Example:
    """Carries out the steps of one example on a simulated platform."""

    def __init__(self, client: Client) -> None:
        self.client = client
        assert isinstance(client.world, World)
        self.world = client.world
        self.kept: dict[str, Any] = {}

    def carry_out(self, step: Step) -> None:
        if "wait" in step:
            self.world.advance(step["wait"])
        elif "until" in step:
            self.wait_for(step["until"])
        elif "browser" in step:
            (account,) = [a for a in self.world.state.github if a.installation == step["browser"]]
            self.kept["code"] = code_of(self.world, account)
        elif "push" in step:
            self.world.push(**step["push"])
        elif "probe" in step:
            assert_holds(step["expect"], self.client.probe(self.value(step["probe"])).to_dict())
        elif "post" in step:
            with httpx.Client(transport=self.world.transport(), headers={"accept": ACCEPT}) as http:
                answer = http.post(self.value(step["post"]), json=step["body"])
            assert answer.status_code == 200, answer.text
            assert_holds(step["expect"], answer.json())
        elif "refused" in step:
            self.refused(step)
        else:
            self.check(step, self.call(step))

    def call(self, step: Step) -> Any:
        return self.client.call(step["call"], **{name: self.value(given) for name, given in step["given"].items()})

    def refused(self, step: Step) -> None:
        with pytest.raises(RequestError, match=step["refused"]["words"]) as caught:
            self.call(step)
        assert type(caught.value).__name__ == step["refused"]["error"]

    def check(self, step: Step, answer: Any) -> None:
        if "where" in step:
            rows = answer if isinstance(answer, list) else answer.get("data", answer.get("tree"))
            found = [row for row in rows if holds(self.value(step["where"]), row)]
            assert found, f"no row has {step['where']}: {rows}"
            answer = found[0]
        if "without" in step:
            assert not [row for row in answer if holds(self.value(step["without"]), row)]
        if "expect" in step:
            assert_holds(self.value(step["expect"]), answer)
        for name, path in step.get("keep", {}).items():
            self.kept[name] = at(answer, path)

    def wait_for(self, status: str) -> None:
        """Let seconds pass until the deployment at hand is in a status."""
        for _ in range(1_000):
            deployment = self.client.call(
                "GetDeployment", project_id=self.kept["project"], deployment_id=self.kept["deployment"]
            )
            if deployment["status"] == status:
                return
            self.world.advance(1)
        raise AssertionError(f"it is never {status}")

    def value(self, given: Any) -> Any:
        """What stands for an earlier answer (`$project`), a time (`$now`, `$-1h`) or files, replaced by it."""
        if isinstance(given, list):
            return [self.value(item) for item in given]
        if isinstance(given, dict) and set(given) == {"zip"}:
            return archive(given["zip"])
        if isinstance(given, dict):
            return {name: self.value(item) for name, item in given.items()}
        if not isinstance(given, str) or not given.startswith("$"):
            return given
        if given == "$now" or given.startswith("$-"):
            ago = 0.0 if given == "$now" else parse_duration(given[2:])
            return int(self.client.now.timestamp() - ago)
        if given.startswith("$empty_files."):
            return [{"path": f"{n}.html", "content": ""} for n in range(int(given.partition(".")[2]))]
        name, _, path = re.sub(r"/.*", "", given[1:]).partition(".")
        value = at(self.kept[name], path)
        return value if "/" not in given else str(value).rstrip("/") + given[given.index("/") :]


def at(answer: Any, path: str) -> Any:
    """What is at a place of an answer, such as `data.0.id`."""
    for part in filter(None, path.split(".")):
        answer = answer[int(part)] if part.isdigit() else answer[part]
    return answer


def archive(files: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as folder:
        for name, content in files.items():
            folder.writestr(name, content)
    return file.getvalue()


def holds(expected: Any, found: Any) -> bool:
    """Whether an answer holds what is expected: all named fields; a text that begins with ~ is a pattern."""
    if isinstance(found, Secret):
        found = found.reveal()
    if isinstance(expected, dict) and expected.keys() <= {"least", "most"} and expected:
        return expected.get("least", found) <= found <= expected.get("most", found)
    if isinstance(expected, dict):
        return isinstance(found, Mapping) and all(
            name in found and holds(value, found[name]) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(expected) == len(found) and all(map(holds, expected, found))
    if isinstance(expected, str) and expected.startswith("~"):
        return re.search(expected[1:], found) is not None
    return bool(expected == found)


def assert_holds(expected: Any, found: Any) -> None:
    assert holds(expected, found), f"expected {expected}, found {found}"


def carry_out(example: dict[str, Any], dialect: str) -> None:
    settings = example.get("settings", {})
    run = Example(createos_nb.simulate(example.get("scenario", "storefront"), dialect=dialect, **settings))
    for step in example["steps"]:
        run.carry_out(step)


@pytest.mark.grid(3)
@pytest.mark.parametrize("dialect", ["production", "documented"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['section']}: {example['title']}")
def test_an_example_reaches_what_it_promises(example: dict[str, Any], dialect: str) -> None:
    carry_out(example, dialect)


@pytest.mark.parametrize("title", ["AI agent", "blue-green", "one for each environment", "health check fails"])
def test_a_promise_that_is_not_kept_is_found(title: str) -> None:
    """Another end than the one that is reached fails."""
    example = copy.deepcopy(next(example for example in EXAMPLES if example["title"] == title))
    example["steps"][-1]["expect"] = {"status": "another state"}
    with pytest.raises(AssertionError, match="another state"):
        carry_out(example, "production")


@pytest.mark.parametrize(("section", "count"), SECTIONS.items())
def test_every_row_of_the_documentation_is_here(section: str, count: int) -> None:
    titles = [example["title"] for example in EXAMPLES if example["section"] == section]
    assert len(titles) == len(set(titles)) == count


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['section']}: {example['title']}")
def test_an_example_is_in_the_platforms_spelling_and_ends_in_a_promise(example: dict[str, Any]) -> None:
    for step in example["steps"]:
        if "call" in step:
            operation = contract.find(step["call"])
            given = dict(step["given"])
            assert not list(unknown_fields(operation, given.pop("body", {})))
            assert given.keys() <= {p.wire for p in operation.parameters}
    assert example["steps"][-1].keys() & {"expect", "where", "without", "refused", "keep"}
