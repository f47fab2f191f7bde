"""The projects that the documentation's patterns describe can be made, deployed and used through the client.

The examples leave fields out (display names, sources, environments); what is added here is what the production dialect
wants of a vcs project beside them: a framework, or Build AI, in place of a command that is not named.
"""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb import runbooks

SIZE = {"cpu": 200, "memory": 500, "replicas": 1}


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def source(client: Any) -> dict[str, str]:
    row = client.projects.get("storefront")
    return {name: str(row[f"source_{name}"]) for name in ("vcs_name", "vcs_installation_id", "vcs_repo_id")}


def environment(client: Any, project: str, name: str = "production", **fields: Any) -> None:
    client.environments.create(
        project,
        unique_name=name,
        display_name=name.capitalize(),
        description="Where it serves",
        resources=SIZE,
        settings=fields.pop("settings", {}),
        **fields,
    )


def from_repository(client: Any, name: str, settings: dict[str, Any], **fields: Any) -> Any:
    """The live row of a new project from a repository, deployed and promoted."""
    client.projects.create(
        unique_name=name, display_name=name, type="vcs", source=source(client), settings=settings, **fields
    )
    environment(client, name, branch="main", is_auto_promote_enabled=True)
    client.deployments.trigger_latest(name, branch="main")
    client.world.advance("15min")
    row = client.environments.get(name, "production")
    assert isinstance(row["project_deployment_id"], str)
    return row


PYTHON = {"runtime": "python:3.12", "port": 8000, "install_command": "pip install -r requirements.txt"}
REPOSITORIES = {
    "ai-agent": {
        **PYTHON,
        "framework": "fastapi",
        "run_command": "python -m uvicorn agent:app --host 0.0.0.0 --port 8000",
        "run_envs": {
            "OPENAI_API_KEY": "sk-1",
            "ANTHROPIC_API_KEY": "sk-2",
            "LANGCHAIN_TRACING": "true",
            "AGENT_MEMORY_BACKEND": "redis",
        },
    },
    "mcp-server": {
        "runtime": "node:20",
        "port": 3000,
        "use_build_ai": True,
        "install_command": "npm install",
        "run_command": "node server.js",
        "run_envs": {"MCP_TRANSPORT": "sse", "MCP_PATH": "/mcp"},
    },
    "rag-pipeline": {
        **PYTHON,
        "use_build_ai": True,
        "run_command": "uvicorn main:app --host 0.0.0.0 --port 8000",
        "run_envs": {
            "PINECONE_API_KEY": "pc-1",
            "PINECONE_ENVIRONMENT": "us-west1-gcp",
            "OPENAI_API_KEY": "sk-1",
            "EMBEDDING_MODEL": "text-embedding-3-small",
            "CHUNK_SIZE": "512",
            "CHUNK_OVERLAP": "50",
        },
    },
}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_what_comes_from_a_repository_is_built_and_answers_at_its_address(client: Any, name: str) -> None:
    row = from_repository(client, name, {**REPOSITORIES[name], "directory_path": "."})
    assert row["endpoint"] == f"https://{name}.createos.nodeops.network"
    answer = client.probe(row["endpoint"])
    assert (answer["status"], answer["version"]) == (200, 1)
    assert "starting version 1" in " ".join(client.environments.logs(name, "production", start="-1h")["text"])
    assert client.probe(row["endpoint"] + "/mcp")["status"] == (405 if name == "mcp-server" else 404)


@pytest.mark.parametrize(
    "image",
    [
        "my-discord-bot:v1.0.0",
        "nginx:latest",
        "myregistry.com/myapp:v1.2.3",
        "ghcr.io/org/repo:sha-abc123",
        "registry/my-discord-bot:v1.0.0",
        "registry.example.com:5000/team/app@sha256:" + "a" * 64,
    ],
)
def test_a_bot_is_deployed_from_an_image_of_any_registry(client: Any, image: str) -> None:
    client.projects.create(
        unique_name="discord-bot",
        display_name="Discord bot",
        type="image",
        settings={"port": 8080, "run_envs": {"DISCORD_TOKEN": "t", "DISCORD_CLIENT_ID": "1", "BOT_PREFIX": "!"}},
    )
    environment(client, "discord-bot")
    plan = runbooks.deploy(client, "discord-bot", image=image, environment="production")
    assert plan.apply(confirm=plan.confirmation, reason="the first version").checks.result == "PASS"
    assert client.deployments.list("discord-bot")["source_image"].tolist() == [image]
    assert client.probe(client.environments.get("discord-bot", "production")["endpoint"])["ok"]


def test_a_multi_agent_system_is_an_app_whose_parts_find_one_another(client: Any) -> None:
    client.apps.create(name="Agent Swarm", description="An orchestrator and its workers")
    workers = {}
    for name in ("researcher", "executor"):
        row = from_repository(client, name, {**PYTHON, "framework": "fastapi"}, app="Agent Swarm")
        workers[f"WORKER_{name.upper()}_URL"] = row["endpoint"]
    settings = {**PYTHON, "framework": "fastapi", "run_envs": workers}
    from_repository(client, "orchestrator", settings, app="Agent Swarm")
    members = client.apps.projects("Agent Swarm")
    assert set(members["unique_name"]) == {"orchestrator", "researcher", "executor"}
    for address in workers.values():
        assert client.probe(address)["ok"]


def test_blue_green_switches_the_domain_after_a_test_through_greens_own_address(client: Any) -> None:
    domain, standby = "wholesale.juniper-goods.example.com", "green"
    plan = runbooks.deploy(client, "storefront", branch="release", environment=standby)
    assert plan.apply(confirm=plan.confirmation, reason="the new version").checks.result == "PASS"
    tested = client.probe(client.environments.get("storefront", standby)["endpoint"])
    assert tested["ok"]
    plan = runbooks.route_domain(client, "storefront", domain, standby)
    assert plan.apply(confirm=plan.confirmation, reason="green was tested").checks.result == "PASS"
    assert client.probe(f"https://{domain}")["version"] == tested["version"]
    assert client.probe(client.environments.get("storefront", "blue")["endpoint"])["ok"]


def test_a_rollback_assigns_the_last_known_good_version(client: Any) -> None:
    before = client.probe("https://storefront.createos.nodeops.network")["version"]
    good = client.deployments.list("storefront")
    last = good[(good["status"] == "deployed") & (good["source_branch"] == "main") & (good["version_number"] < before)]
    client.environments.assign_deployment("storefront", "production", deployment=int(last["version_number"].iloc[0]))
    assert client.probe("https://storefront.createos.nodeops.network")["version"] == last["version_number"].iloc[0]


def test_a_static_site_is_reachable_at_its_own_address_before_any_environment_exists(client: Any) -> None:
    client.projects.create(
        unique_name="prototype", display_name="Prototype", type="upload", settings={"runtime": "static", "port": 80}
    )
    client.deployments.upload("prototype", {"index.html": "<h1>Hello</h1>"})
    client.world.advance("10min")
    (endpoint,) = client.deployments.list("prototype")["endpoint"]
    for address in (endpoint, "https://prototype.createos.nodeops.network"):
        assert client.probe(address)["ok"], address
