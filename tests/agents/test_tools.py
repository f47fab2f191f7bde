"""What agents read: every tool, its schema and hints, its errors, and what an answer leaves out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mcp.shared.exceptions import MCPError

import createos_nb
from createos_nb import history
from createos_nb.agents.answer import Answer, text_of
from createos_nb.agents.registry import tools
from createos_nb.agents.tool_reference import markdown
from createos_nb.data_files import folder
from createos_nb.errors import InvalidInput, UnknownName
from tests.agents.conftest import Agent, Open

PLACE = {"project": "storefront", "environment": "production"}
#: A call of each tool that reads, on the scenario bad-release.
READS: dict[str, dict[str, Any]] = {
    "account": {},
    "build_logs": {"project": "storefront", "deployment": 4},
    "changes": {},
    "diagnose": PLACE,
    "error_paths": PLACE,
    "get_resource": {"kind": "deployment", "name": "4", "project": "storefront"},
    "list_resources": {"kind": "environments"},
    "list_runbooks": {},
    "logs": {**PLACE, "level": "ERROR"},
    "overview": {},
    "plan": {"runbook": "hold", "parameters": PLACE},
    "requests": PLACE,
    "runs": {},
    "verdict": {**PLACE, "since": "40min"},
}


@pytest.fixture(scope="module")
def client() -> createos_nb.Client:
    """An account that is only read: what its traffic was is worked out once."""
    return createos_nb.simulate("bad-release")


def rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]


def test_every_tool_is_called_somewhere() -> None:
    elsewhere = {"alert", "apply", "plan_undo", "sql", "submit"}
    assert set(READS) | elsewhere == set(tools())


def test_the_reference_equals_the_tools() -> None:
    path = folder("data") / "agent_tools.md"
    assert path.read_text(encoding="utf-8") == markdown(), "run python -m tools.agent_tools"


def test_every_tool_that_reads_answers_and_writes_nothing(open_agent: Open, client: createos_nb.Client) -> None:
    with open_agent(client, allow_changes=True) as agent:
        for name, arguments in READS.items():
            result = agent.call(name, **arguments)
            assert not result.is_error, (name, result.content)
            assert result.structured_content is not None
            # who reads only the text reads the same
            assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]
            assert isinstance(result.structured_content["complete"], bool)
        effects = agent.account.operations().set_index("operation")["effect"]
        assert set(agent.account.log()["operation"].map(effects)) == {"read"}


def test_schemas_and_hints_say_what_a_tool_does(open_agent: Open) -> None:
    with open_agent(allow_changes=True) as agent:
        found = agent.tools()
    for name, one in found.items():
        changes = name == "apply"
        hints = one.annotations
        assert (hints.read_only_hint, hints.destructive_hint) == (not changes, changes), name
        assert hints.idempotent_hint is True
        assert one.input_schema["type"] == "object"
        assert one.input_schema["additionalProperties"] is False
        for argument, schema in one.input_schema["properties"].items():
            assert schema.get("description"), f"{name}: say under Args: what {argument} is"
    # what an agent that connects is sent whether or not it needs it
    assert len(json.dumps([one.model_dump(mode="json", exclude_none=True) for one in found.values()])) < 20_000


def test_an_agent_finds_the_cause_and_is_told_what_plans_its_cure(open_agent: Open, client: createos_nb.Client) -> None:
    with open_agent(client) as agent:
        worst = rows(agent.data("overview"))[0]
        assert (worst["project"], worst["environment"], worst["status"]) == ("storefront", "production", "degraded")
        found = agent.data("diagnose", project=worst["project"], environment=worst["environment"])
        cause = found["causes"][0]
        assert cause["cause"] == "bad_release"
        planned = agent.data("plan", **cause["runbook"])
        assert rows(planned)[0]["after"] == "v3"


def test_logs_are_searched_and_say_what_they_leave_out(open_agent: Open, client: createos_nb.Client) -> None:
    with open_agent(client) as agent:
        few = agent.data("logs", **PLACE, level="ERROR", newest=3)
        assert (few["complete"], few["rows_shown"]) == (False, 3)
        assert few["lines_matching"] > 3
        assert few["notes"][0].startswith("the newest 3 of")
        all_of_it = agent.data("logs", **PLACE, level="ERROR", newest=10_000)
        assert all_of_it["rows_total"] == few["lines_matching"]
        assert all_of_it["rows"][-3:] == few["rows"] or not all_of_it["complete"]


def test_requests_over_time_keep_no_data_apart_from_no_requests(open_agent: Open) -> None:
    with open_agent() as agent:
        found = rows(agent.data("requests", project="storefront", environment="production", start="1h", step="30min"))
        assert [row["time"] for row in found] == ["2026-03-04T13:00:00Z", "2026-03-04T13:30:00Z"]
        assert all(row["count"] > 0 for row in found)
        frame = agent.account.analytics.requests_over_time("storefront", "production", start="-1h", step="30min")
        assert [row["count"] for row in found] == frame["count"].tolist()


@pytest.mark.parametrize("kind", ["projects", "environments", "deployments", "domains", "apps", "api_keys", "scans"])
def test_resources_are_listed(open_agent: Open, kind: str) -> None:
    with open_agent("storefront") as agent:
        data = agent.data("list_resources", kind=kind)
        assert data["complete"]
        assert data["rows_total"] > 0


def test_a_list_is_of_one_project_and_of_some_columns(open_agent: Open) -> None:
    with open_agent("storefront") as agent:
        found = agent.data("list_resources", kind="environments", project="orders-api", columns=["unique_name"])
        assert found["rows"] == [["production"], ["development"]]
        refused = agent.refused("list_resources", kind="environments", columns=["nam"])
        assert "environments have no column 'nam'; they have: project" in refused["message"]


# --- errors -----------------------------------------------------------------------------------------------------------


def test_an_error_is_in_the_words_of_the_library(open_agent: Open) -> None:
    with open_agent() as agent:
        refused = agent.refused("diagnose", project="storefrnt")
        with pytest.raises(UnknownName) as known:
            createos_nb.diagnostics.diagnose(agent.account, "storefrnt")
        assert refused == {"complete": True, "error": "UnknownName", "message": str(known.value)}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("requests", {"project": "storefront"}, "requests: Object missing required field `environment`"),
        ("overview", {"windw": "1h"}, "overview has no argument 'windw'; it takes: project, app, window, offset; did"),
        ("list_resources", {"kind": "servers"}, "Invalid enum value 'servers', in kind"),
        ("logs", {"environment": "production"}, "give the project that the environment is of"),
        ("requests", {**PLACE, "start": "yesterday at noon"}, "start"),
        ("plan", {"runbook": "rolback", "parameters": {}}, "did you mean rollback?"),
        ("plan_undo", {}, "there is no run of this account here yet"),
        ("apply", {"digest": "x", "reason": "y", "wait_seconds": 1e9}, "wait_seconds is 0 to 600"),
    ],
)
def test_a_wrong_argument_is_named(open_agent: Open, name: str, arguments: dict[str, Any], message: str) -> None:
    with open_agent(allow_changes=True) as agent:
        assert message in agent.refused(name, **arguments)["message"]


def test_a_tool_that_is_not_there_is_named(open_agent: Open) -> None:
    with open_agent() as agent, pytest.raises(MCPError, match="no tool 'diagnos'; did you mean diagnose"):
        agent.call("diagnos")


def test_a_mistake_of_the_server_says_nothing_of_its_inside(
    open_agent: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with open_agent() as agent:

        def broken(*_: Any) -> None:
            raise RuntimeError("the key is skp_0123456789abcdef")

        monkeypatch.setattr(agent.account, "whoami", broken)
        refused = agent.refused("account")
        assert refused["message"] == "this is a mistake in the server: see its log"
        assert "skp_" not in str(refused)
    assert "account failed" in caplog.text


# --- size -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [2_000, 5_000, 20_000])
def test_no_answer_is_longer_than_its_limit_and_none_is_cut_in_silence(open_agent: Open, limit: int) -> None:
    with open_agent("storefront", limit=limit) as agent:
        for name, arguments in (
            ("list_resources", {"kind": "deployments"}),
            ("logs", {"project": "storefront", "environment": "production", "newest": 5_000}),
            ("list_runbooks", {}),
            ("list_runbooks", {"name": "launch"}),
            ("requests", {"project": "storefront", "environment": "production", "start": "6h"}),
        ):
            data = agent.data(name, **arguments)
            assert len(text_of(data)) <= limit, name
            cut = data.get("rows_shown", 0) < data.get("rows_total", 0)
            assert not (cut and data["complete"]), name
            assert data["complete"] or data.get("notes") or data.get("cut"), name


def test_the_rest_of_a_long_table_is_asked_for_by_its_offset(open_agent: Open) -> None:
    with open_agent("storefront", limit=4_000) as agent:
        seen: list[Any] = []
        while True:
            data = agent.data("requests", **PLACE, start="6h", offset=len(seen))
            seen += data["rows"]
            assert data["rows_shown"] > 0
            if len(seen) == data["rows_total"]:
                break
            assert f"offset={len(seen)}" in data["notes"][0]
        frame = agent.account.analytics.requests_over_time("storefront", "production", start="-6h")
        assert len(seen) == len(frame) == 360
        assert [row[1] for row in seen] == frame["count"].tolist()


def test_a_long_text_and_a_long_list_are_cut_and_say_so() -> None:
    frame = pd.DataFrame({"text": ["x" * 1_000, "short"]})
    shown = Answer({"items": [f"item {number}" * 10 for number in range(200)]}, frame).rendered(3_000)
    assert shown["complete"] is False
    assert shown["rows"][0][0].endswith("… (600 more characters)")
    assert any(note.startswith("items: ") and note.endswith("of 200 are shown") for note in shown["notes"])
    assert any("cells are cut" in note for note in shown["notes"])
    assert len(text_of(shown)) <= 3_000


def test_a_row_that_is_too_long_is_shown_all_the_same() -> None:
    frame = pd.DataFrame([{f"column {number}": "x" * 500 for number in range(20)}] * 2)
    shown = Answer(frame=frame).rendered(2_500)
    assert shown["rows_shown"] == 1
    assert "offset=1" in shown["notes"][0]


def test_what_a_frame_lacks_is_said() -> None:
    frame = pd.DataFrame({"project": ["storefront"]})
    frame.attrs |= {"complete": False, "failed": {"orders-api": "it could not be read"}}
    shown = Answer(frame=frame).rendered()
    assert (shown["complete"], shown["failed"]) == (False, {"orders-api": "it could not be read"})


# --- history ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def remembering(open_agent: Open, tmp_path: Path) -> Any:
    client = createos_nb.simulate("bad-release")
    kept = history.open(client, tmp_path / "account")
    kept.sync(since="-2h")
    with open_agent(client, history=kept) as agent:
        yield agent


def test_the_history_is_queried_with_sql(remembering: Agent) -> None:
    data = remembering.data("sql", query="select count(*) as n from environments")
    assert data["rows"] == [[2]]
    assert "requests" in str(remembering.data("sql", query="show tables")["rows"])


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('{folder}/../secret.txt')",
        "select * from glob('/etc/*')",
        "select * from '{folder}/../secret.txt'",
        "copy (select 1) to '{folder}/out.csv'",
        "select 1; select 2",
        "attach '/tmp/other.db'",
        "install httpfs",
        "set enable_external_access = true",
        "create table t as select 1",
        "selec 1",
    ],
)
def test_sql_reads_the_history_alone(remembering: Agent, query: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("password\nhunter2\n")
    refused = remembering.refused("sql", query=query.format(folder=tmp_path / "account"))
    assert refused["error"] == InvalidInput.__name__
    assert "hunter2" not in str(refused)
    assert not (tmp_path / "account" / "out.csv").exists()


def test_without_a_history_there_is_no_sql(open_agent: Open) -> None:
    with open_agent() as agent:
        assert "sql" not in agent.tools()
