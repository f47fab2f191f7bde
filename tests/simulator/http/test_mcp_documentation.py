"""The examples of the platform's documentation, carried out by an agent over `/mcp`: they reach the same states."""

from __future__ import annotations

import base64
from typing import Any

import pytest

import createos_nb
from createos_nb import contract
from createos_nb.client.client import Client
from createos_nb.simulator import serve
from tests.contract.test_documentation_examples import EXAMPLES, Example, Step
from tests.simulator.http.agents import Agent, agent


class ByAgent(Example):
    """Carries out the steps of one example with the tools of a served world."""

    def __init__(self, client: Client, someone: Agent) -> None:
        super().__init__(client)
        self.agent = someone

    def call(self, step: Step) -> Any:
        operation = contract.find(step["call"])
        given = {name: self.value(value) for name, value in step["given"].items()}
        if operation.upload:
            (part,) = operation.at("file")
            given["body"] = {part.wire: base64.b64encode(given.pop(part.wire)).decode()}
        return self.agent.data(operation.name, **given)

    def refused(self, step: Step) -> None:
        operation = contract.find(step["call"])
        reason = self.agent.refused(operation.name, **{name: self.value(v) for name, v in step["given"].items()})
        assert step["refused"]["words"].lower() in reason.lower()
        assert reason[:3].isdigit()


@pytest.mark.grid(3)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['section']}: {example['title']}")
def test_an_example_reaches_what_it_promises_over_mcp(example: dict[str, Any]) -> None:
    client = createos_nb.simulate(example.get("scenario", "storefront"), **example.get("settings", {}))
    assert client.world is not None
    with serve(client.world, speed=0) as served, agent(served) as someone:
        run = ByAgent(client, someone)
        for step in example["steps"]:
            run.carry_out(step)
