"""Secrets are in no answer and no journal, and each call is in the journal."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pandas as pd
import pytest

import createos_nb
from createos_nb.agents.call_journal import CallJournal
from createos_nb.client.environments import Environments
from createos_nb.plans.journal import Journal
from tests.agents.conftest import MODES, Open

TOKEN = "tok-8f3a9b2c7d41"
PLACE = {"project": "storefront", "environment": "staging"}


def test_each_call_is_in_the_journal_as_it_begins_and_as_it_ends(open_agent: Open) -> None:
    with open_agent(allow_changes=True) as agent:
        agent.data("overview")
        agent.refused("diagnose", project="storefrnt")
        scale = {"project": "storefront", "environment": "production", "replicas": 3}
        planned = agent.data("plan", runbook="scale", parameters=scale)
        agent.data("apply", digest=planned["digest"], reason="the sale")
        lines = agent.server.journal.lines()
    assert [(line["call"], line["event"]) for line in lines] == [
        (1, "called"),
        (1, "answered"),
        (2, "called"),
        (2, "refused"),
        (3, "called"),
        (3, "answered"),
        (4, "called"),
        (4, "answered"),
    ]
    assert lines[6]["arguments"] == {"digest": planned["digest"], "reason": "the sale"}
    assert lines[6]["where"].startswith("SIMULATOR")
    assert "mcp" in lines[0]["caller"]
    assert lines[3]["error"] == "UnknownName"
    assert lines[7]["run"].endswith(".jsonl")


@pytest.mark.parametrize("mode", MODES)
def test_a_question_to_a_person_is_in_the_journal(open_agent: Open, mode: str) -> None:
    with open_agent("storefront", allow_changes=True, mode=mode, types="no") as agent:
        plan = agent.data("plan", runbook="delete", parameters={"project": "storefront"})
        agent.refused("apply", digest=plan["digest"], reason="it is not used")
        assert [line["event"] for line in agent.server.journal.lines()].count("asked") == 1


def test_what_can_not_be_kept_is_not_done(open_agent: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_agent() as agent:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("createos_nb.agents.call_journal.append_line", full)
        before = len(agent.account.log())
        refused = agent.refused("overview")
        assert "the journal of calls can't be written (No space left on device)" in refused["message"]
        assert len(agent.account.log()) == before


def test_the_journal_is_its_owners_and_only_grows(tmp_path: Path) -> None:
    path = tmp_path / "agents" / "calls.jsonl"
    for number in range(2):
        journal = CallJournal(path)
        journal.end(journal.begin("overview", {"number": number}), "answered", {})
        journal.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().splitlines()) == 4


def test_values_of_variables_are_nowhere(open_agent: Open, journals: Path) -> None:
    with open_agent("storefront", allow_changes=True) as agent:
        said = []
        for name, parameters in (
            ("set_variables", {**PLACE, "variables": {"PAYMENT_TOKEN": TOKEN}}),
            ("set_variable", {**PLACE, "variables": {"PAYMENT_TOKEN": TOKEN}}),  # there is no such runbook
            ("set_variables", {**PLACE, "variabels": {"PAYMENT_TOKEN": TOKEN}}),  # and no such parameter
            ("take_over", {"project": "storefront", "token": TOKEN}),
            ("launch", {"name": "shop", "image": "nginx", "settings": {"run_envs": {"A": TOKEN}}}),
        ):
            result = agent.call("plan", runbook=name, parameters=parameters)
            said.append(str(result))
            if name == "set_variables" and not result.is_error:
                digest = result.structured_content["digest"]  # type: ignore[index]
                said.append(str(agent.call("apply", digest=digest, reason="payments")))
        said.append(str(agent.call("get_resource", kind="environment", name="staging", project="storefront")))
        assert agent.account.environments.reveal_variables("storefront", "staging")["PAYMENT_TOKEN"] == TOKEN
        said.append(json.dumps(agent.server.journal.lines()))
    assert not [text for text in said if TOKEN in text]
    files = [path for path in journals.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if TOKEN in path.read_text(encoding="utf-8")]
    assert Journal(next(path for path in files if path.suffix == ".jsonl" and "set-variables" in path.name)).completed


def test_a_secret_that_a_log_line_holds_is_dots(open_agent: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-ant-" + "a1B2c3D4" * 6
    real = Environments.logs

    def logs(*positional: object, **named: object) -> pd.DataFrame:
        frame = real(*positional, **named)  # type: ignore[arg-type]
        frame.loc[frame.index[-1], "text"] = f"GET /cart?api_key={key} password=hunter2"
        return frame

    monkeypatch.setattr(Environments, "logs", logs)
    with open_agent("storefront") as agent:
        lines = agent.data("logs", project="storefront", environment="production")
        assert lines["rows"][-1][-1] == "GET /cart?api_key=•••••• password=••••••"
        assert key not in str(lines)


def test_the_key_of_the_account_is_in_no_answer(open_agent: Open) -> None:
    client = createos_nb.simulate("storefront")
    with open_agent(client) as agent:
        said = [str(agent.call(name)) for name in ("account", "overview", "changes")]
        said.append(str(agent.call("list_resources", kind="api_keys")))
        assert not [text for text in said if client.world.key in text]
