"""The documentation's patterns: they are launched and answer, ask for what they need, and show whose a setting is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb import plans, recipes
from createos_nb.errors import InvalidInput
from createos_nb.plans import PreconditionFailed
from createos_nb.redaction import Secret
from createos_nb.simulator.world.faults import Fault
from tests.plans.cases import AGENT, BOT, PYTHON, RAG, SWARM, swarm
from tests.plans.worlds import Between, client_of

NODE = {"server.js": "", "package.json": "{}"}


def made(client: Any, plan: plans.Plan) -> Any:
    """The plan is applied; returns the settings and variables of the project, as the world holds them."""
    receipt = plan.apply()
    assert receipt.checks.result == "PASS"
    project = next(one for one in client.world.state.projects.values() if one.name == "gift-cards")
    return project.settings, next(iter(project.environments.values())).variables


def test_an_agent_has_the_documented_settings_and_answers(client: Any) -> None:
    settings, variables = made(client, recipes.agent(client, "gift-cards", source=PYTHON, variables=AGENT))
    assert {name: settings[name] for name in ("runtime", "port", "installCommand", "runCommand")} == {
        "runtime": "python:3.12",
        "port": 8000,
        "installCommand": "pip install -r requirements.txt",
        "runCommand": "python -m uvicorn agent:app --host 0.0.0.0 --port 8000",
    }
    assert variables == AGENT | {"LANGCHAIN_TRACING": "true", "AGENT_MEMORY_BACKEND": "redis"}
    row = client.environments.get("gift-cards", "production")
    assert client.probe(row["endpoint"])["status"] == 200


def test_an_mcp_server_answers_messages_at_its_address(client: Any) -> None:
    plan = recipes.mcp_server(client, "gift-cards", source=NODE)
    settings, variables = made(client, plan)
    assert (settings["runtime"], settings["port"], settings["runCommand"]) == ("node:20", 3000, "node server.js")
    assert variables == {"MCP_TRANSPORT": "sse", "MCP_PATH": "/mcp"}
    assert plan.steps[4].what == "send 3 requests to /mcp of production"
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}}
    with httpx.Client(transport=client.world.transport()) as outside:
        answer = outside.post("https://gift-cards.createos.nodeops.network/mcp", json=message)
    assert answer.json()["result"]["serverInfo"]["name"] == "gift-cards"


def test_an_mcp_server_that_does_not_answer_at_its_path_fails_its_verification(client: Any) -> None:
    plan = recipes.mcp_server(client, "gift-cards", image="nginx:1.27", variables={"MCP_TRANSPORT": ""})
    with pytest.raises(plans.CheckFailed, match="404"):
        plan.apply()


def test_a_rag_service_has_the_documented_settings(client: Any) -> None:
    settings, variables = made(client, recipes.rag_service(client, "gift-cards", source=PYTHON, variables=RAG))
    assert settings["runCommand"] == "uvicorn main:app --host 0.0.0.0 --port 8000"
    assert variables == RAG | {
        "PINECONE_ENVIRONMENT": "us-west1-gcp",
        "EMBEDDING_MODEL": "text-embedding-3-small",
        "CHUNK_SIZE": "512",
        "CHUNK_OVERLAP": "50",
    }


@pytest.mark.parametrize("service", ["discord", "slack"])
def test_a_chat_bot_is_an_image_with_the_variables_of_its_service(client: Any, service: Any) -> None:
    own = (
        BOT if service == "discord" else {"SLACK_BOT_TOKEN": "xoxb", "SLACK_SIGNING_SECRET": "s", "LOG_CHANNEL_ID": "1"}
    )
    plan = recipes.chat_bot(client, "gift-cards", image="my-discord-bot:v1.0.0", service=service, variables=own)
    settings, variables = made(client, plan)
    assert settings["port"] == 8080
    assert variables == own | {"BOT_PREFIX": "!"}


@pytest.mark.parametrize("make", [recipes.agent, recipes.mcp_server, recipes.rag_service])
def test_a_repository_is_created_by_the_rules_of_the_platform(client: Any, make: Any) -> None:
    """All three commands, which the documentation's examples leave out."""
    names = {"OPENAI_API_KEY": "a", "ANTHROPIC_API_KEY": "b", "LANGCHAIN_API_KEY": "c", "REDIS_URL": "d"}
    own = {} if make is recipes.mcp_server else {**names, "PINECONE_API_KEY": "e"}
    settings = {"directory_path": "apps/orders"}
    where: Any = {"repository": "juniper-goods/services@develop", "variables": own}
    with pytest.raises(InvalidInput, match=r"several apps.*apps/mailer"):
        make(client, "gift-cards", **where)
    plan = make(client, "gift-cards", settings=settings, **where)
    assert plan.problems().empty
    settings, _ = made(client, plan)
    assert {"installCommand", "buildCommand", "runCommand"} <= set(settings)
    assert not settings.get("useBuildAI")


def test_the_folder_of_the_app_is_found(client: Any) -> None:
    plan = recipes.mcp_server(client, "gift-cards", source={f"tools/{name}": text for name, text in NODE.items()})
    assert plan.frame().set_index("field")["after"]["directoryPath"] == "tools: package.json is only there"


def test_the_plan_says_whose_each_setting_is(client: Any) -> None:
    plan = recipes.rag_service(client, "gift-cards", source=PYTHON, variables=RAG, settings={"port": 9000})
    shown = plan.frame().set_index("field")["after"]
    assert shown["port"] == "9000: given"
    assert shown["runCommand"] == "uvicorn main:app --host 0.0.0.0 --port 9000: the documentation's pattern"
    assert shown["installCommand"].startswith("pip install -r requirements.txt: createos_nb: ")


def test_a_setting_that_is_left_out_is_found_in_the_source(client: Any) -> None:
    package = '{"scripts": {"start": "node tools.js"}}'
    plan = recipes.mcp_server(
        client, "gift-cards", source={"package.json": package, "tools.js": ""}, settings={"run_command": None}
    )
    assert plan.frame().set_index("field")["after"]["runCommand"] == "npm start: package.json's start script"


def test_a_dockerfile_decides_the_build(client: Any) -> None:
    plan = recipes.agent(
        client, "gift-cards", source={"Dockerfile": ""}, settings={"has_dockerfile": True}, variables=AGENT
    )
    fields = plan.frame()["field"].tolist()
    assert "hasDockerfile" in fields
    assert not {"runtime", "runCommand"} & set(fields)


def test_all_variables_that_are_missing_are_named_with_what_they_are_for(client: Any) -> None:
    transport = Between(client.world.transport())
    here = client_of(client.world, transport)
    with pytest.raises(InvalidInput) as caught:
        recipes.agent(here, "gift-cards", source=PYTHON, variables={"OPENAI_API_KEY": " ", "LANGCHAIN_API_KEY": "k"})
    text = str(caught.value)
    for word in ("OPENAI_API_KEY (key of the OpenAI API", "ANTHROPIC_API_KEY (key", "REDIS_URL (address"):
        assert word in text
    assert "LANGCHAIN_API_KEY" not in text
    assert transport.sent == []


def test_what_an_app_does_not_read_is_left_out_and_asks_for_nothing(client: Any) -> None:
    own = {"OPENAI_API_KEY": Secret("k"), "ANTHROPIC_API_KEY": None}
    own |= {"LANGCHAIN_TRACING": "false", "AGENT_MEMORY_BACKEND": "files"}
    _, variables = made(client, recipes.agent(client, "gift-cards", source=PYTHON, variables=own))
    assert variables == {"OPENAI_API_KEY": "k", "LANGCHAIN_TRACING": "false", "AGENT_MEMORY_BACKEND": "files"}


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({}, "nothing is given to launch"),
        ({"source": PYTHON, "settings": {"prot": 1}}, "did you mean port"),
        ({"source": PYTHON, "variables": {**RAG, "A B": "1"}}, "'A B' is no name"),
        ({"source": PYTHON, "settings": {"run_envs": {}}}, "give variables="),
        ({"source": PYTHON, "settings": {"runtime": "python:2.7"}}, "python:2.7"),
    ],
)
def test_what_can_not_be_is_refused_under_the_name_of_the_recipe(client: Any, what: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=f"(?s)rag_service.*{says}"):
        recipes.rag_service(client, "gift-cards", **{"variables": RAG, **what})


def test_another_service_of_a_chat_bot_is_refused(client: Any) -> None:
    with pytest.raises(InvalidInput, match="'discord' or 'slack', not 'irc'"):
        recipes.chat_bot(client, "gift-cards", image="bot:1", service="irc", variables=BOT)  # type: ignore[arg-type]


def test_no_value_of_a_variable_is_written_down(client: Any) -> None:
    plan = recipes.agent(client, "gift-cards", source=PYTHON, variables=AGENT)
    receipt = plan.apply()
    texts = receipt.journal.read_text() + repr(plan) + repr(receipt) + plan._repr_html_() + str(plan.arguments)
    assert "s3cret" not in texts


def test_the_catalog_says_what_each_recipe_sets_and_needs(client: Any) -> None:
    catalog = recipes.catalog()
    assert set(catalog["recipe"]) == {name for name in recipes.__all__ if name[0].islower()} - {"catalog", "find"}
    plan = recipes.rag_service(client, "gift-cards", source=PYTHON, variables=RAG)
    shown = plan.frame().set_index("field")["after"]
    rag = catalog[catalog["recipe"] == "rag_service"]
    for row in rag[rag["kind"] == "setting"].itertuples():
        wire = {"install_command": "installCommand", "build_command": "buildCommand", "run_command": "runCommand"}
        whose = "the documentation's pattern" if row.origin == "documentation" else f"createos_nb: {row.purpose}"
        assert shown[wire.get(row.name, row.name)] == f"{row.value}: {whose}"
    assert set(rag[rag["kind"] == "variable"]["name"]) <= set(shown.index)
    assert catalog.dtypes["needed"] == "boolean"


# --- several agents ---------------------------------------------------------------------------------------------------


def test_a_multi_agent_system_is_one_app_whose_orchestrator_knows_the_workers(client: Any) -> None:
    plan = swarm(client)
    assert plan.problems().empty
    assert len(plan.steps) == 16
    assert plan.frame().set_index("field")["after"]["WORKER_RESEARCHER_URL"] == "the address of gift-researcher"
    receipt = plan.apply()
    assert receipt.checks.result == "PASS"
    assert "s3cret" not in receipt.journal.read_text() + repr(plan) + str(plan.arguments)
    projects = client.apps.projects("Agent Swarm")["unique_name"]
    assert sorted(projects) == ["gift-executor", "gift-orchestrator", "gift-researcher"]
    held = client.environments.reveal_variables("gift-orchestrator", "production").to_dict()
    for worker in ("researcher", "executor"):
        address = client.environments.get(f"gift-{worker}", "production")["endpoint"]
        assert held[f"WORKER_{worker.upper()}_URL"] == address
        assert client.probe(address)["status"] == 200
    assert held["TOKEN"] == "0ne-s3cret"
    assert client.environments.reveal_variables("gift-researcher", "production")["TOKEN"] == "tw0-s3cret"


def test_an_app_that_is_there_is_joined(client: Any) -> None:
    image = {"image": "agent:v1", "settings": {"port": 8000}}
    plan = recipes.multi_agent(client, "gift", orchestrator=image, workers={"researcher": image}, app="Shop")
    assert [step.what for step in plan.steps if "app" in step.what] == []
    plan.apply()
    assert {"gift-orchestrator", "gift-researcher"} <= set(client.apps.projects("Shop")["unique_name"])
    assert client.apps.list()["name"].tolist().count("Shop") == 1


def test_the_undo_of_several_deletes_all_that_the_run_has_created(client: Any) -> None:
    undo = swarm(client).apply().undo()
    assert [step.what for step in undo.steps] == [
        "delete project gift-orchestrator",
        "delete project gift-executor",
        "delete project gift-researcher",
        "delete app Agent Swarm",
    ]
    undo.apply(confirm=undo.confirmation, reason="a test")
    assert "Agent Swarm" not in client.apps.list()["name"].tolist()
    assert not client.projects.list()["unique_name"].str.startswith("gift-").any()


def test_a_quota_that_has_no_room_for_all_is_a_precondition_that_fails(client: Any) -> None:
    for number in range(int(client.account.quotas()["projects_remaining"]) - 2):
        client.projects.create(
            unique_name=f"filler-{number}", display_name="Filler", type="image", settings={"port": 80}
        )
    plan = swarm(client)
    assert "room for 2" in " ".join(plan.problems()["detail"])
    with pytest.raises(PreconditionFailed):
        plan.apply()


def test_what_a_resumed_run_needs_is_told_apart_by_project(client: Any) -> None:
    fault = Fault(what="drop-before", operations=["CreateProject"], count=1)
    with client.world.faults(fault), pytest.raises(plans.StepFailed) as caught:
        swarm(client).apply()
    rest = plans.resumption(caught.value.journal, client)
    assert rest.needs == ["gift-executor.NPM_TOKEN", "gift-orchestrator.TOKEN", "gift-researcher.TOKEN"]
    with pytest.raises(InvalidInput, match="files by project"):
        plans.resume(caught.value.journal, client, variables=SWARM, source="site/")
    with pytest.raises(InvalidInput, match="TOKEN has another value"):
        plans.resume(caught.value.journal, client, variables={**SWARM, "gift-researcher.TOKEN": "x"})
    source = {"gift-orchestrator": PYTHON}
    assert plans.resume(caught.value.journal, client, variables=SWARM, source=source).checks.result == "PASS"


IMAGE = {"image": "agent:v1", "settings": {"port": 8000}}


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"workers": {}}, "what each is"),
        ({"workers": {"orchestrator": IMAGE}}, "name of the orchestrator"),
        ({"workers": {"a-b": IMAGE, "a_b": IMAGE}}, "one variable"),
        ({"workers": {"researcher": {"img": "a"}}}, "img: an agent has source"),
        ({"workers": {"researcher": "agent:v1"}}, "researcher: a map such as"),
        ({"workers": {"researcher": {"image": "agent:v1"}}}, "researcher: an image does not say its port"),
        ({"orchestrator": {**IMAGE, "variables": {"WORKER_RESEARCHER_URL": "x"}}}, "WORKER_RESEARCHER_URL"),
    ],
)
def test_agents_that_can_not_be_are_refused_in_words(client: Any, what: dict[str, Any], says: str) -> None:
    given = {"orchestrator": IMAGE, "workers": {"researcher": IMAGE}, **what}
    with pytest.raises(InvalidInput, match=says):
        recipes.multi_agent(client, "gift", **given)


def test_it_can_be_made_on_the_first_day_of_an_account() -> None:
    client = createos_nb.simulate("empty")
    plan = recipes.multi_agent(client, "gift", orchestrator=IMAGE, workers={"researcher": IMAGE})
    assert plan.apply().checks.result == "PASS"
