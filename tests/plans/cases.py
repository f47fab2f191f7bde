"""Runbooks, and what each is tried on."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from createos_nb import plans, recipes, runbooks
from createos_nb.client.client import Client
from createos_nb.plans import gates
from createos_nb.simulator.ids import hex_of
from tests.plans.worlds import client_of

WHOLESALE = "wholesale.juniper-goods.example.com"
PENDING = "shop.juniper-goods.example.net"
GIFTS = "gifts.juniper-goods.example.com"

#: The code with which the browser comes back in the world of the cases.
CODE = hex_of(20, 7, "github code", 51902266)

#: What the recipes of the cases need.
AGENT = {
    "OPENAI_API_KEY": "0pen-s3cret",
    "ANTHROPIC_API_KEY": "anthr0pic-s3cret",
    "LANGCHAIN_API_KEY": "l4ng-s3cret",
    "REDIS_URL": "redis://s3cret",
}
BOT = {"DISCORD_TOKEN": "t0ken-s3cret", "DISCORD_CLIENT_ID": "1", "LOG_CHANNEL_ID": "2"}
RAG = {"PINECONE_API_KEY": "p1ne-s3cret", "OPENAI_API_KEY": "0pen-s3cret"}
PYTHON = {"requirements.txt": "fastapi", "main.py": "app = 1", "agent.py": "app = 1"}
#: Two agents with the same variable and another value.
SWARM = {"gift-orchestrator.TOKEN": "0ne-s3cret", "gift-researcher.TOKEN": "tw0-s3cret", "NPM_TOKEN": "npm-s3cret"}

Write = Callable[[Client], object]


@dataclass
class Case:
    """A runbook and what it is tried on.

    `other`: a second writer, who changes what the plan changes to another value than the plan does; left out where
    there is none, as for on and off. `merges`: both changes have room beside each other.
    """

    name: str
    make: Callable[[Client], plans.Plan]
    prepare: Callable[[Any], Any] = lambda world: None
    reversible: bool = False
    variables: dict[str, str | None] | None = None
    source: dict[str, Any] | None = None
    token: str | None = None
    other: Write | None = None
    merges: bool = False
    #: Changes that come in pairs where a run was interrupted in between: what was lost is taken back, and made again.
    spare: tuple[str, ...] = ()

    def same(self, made: Counter[tuple[str, ...]], calm: Counter[tuple[str, ...]]) -> bool:
        """Whether a run that was disturbed has made the changes of one that was not, apart from spare ones."""
        more = made - calm
        counts = {what: sum(n for one, n in more.items() if one[0] == what) for what in self.spare}
        paired = len(set(counts.values())) < 2 and {one[0] for one in more} <= set(self.spare)
        return not calm - made and paired

    def resume(self, journal: Any, client: Client) -> plans.Receipt:
        return plans.resume(journal, client, variables=self.variables, source=self.source, token=self.token)


def assigned(project: str, environment: str, version: int) -> Write:
    """Somebody assigns a version."""
    return lambda client: client.environments.assign_deployment(project, environment, version)


def resized(client: Client) -> object:
    return client.environments.update_resources("storefront", "production", cpu=400, memory=1024, replicas=1)


def another_variable(project: str) -> Write:
    def write(client: Client) -> object:
        held = client.environments.reveal_variables(project, "staging").to_dict()
        return client.environments.update_variables(project, "staging", run_envs={**held, "THEIRS": "1"}, **port)

    port = {"port": 8080} if project == "edge-gateway" else {}
    return write


def routed(environment: str) -> Write:
    return lambda client: client.domains.update_environment("storefront", WHOLESALE, environment=environment)


def renamed(client: Client) -> object:
    """Somebody gives the environment another description, and leaves the rest as it is."""
    row = client.environments.get("orders-api", "production")
    return client.environments.update(
        "orders-api",
        "production",
        display_name=row["display_name"],
        description="By somebody else",
        branch="main",
        is_auto_promote_enabled=bool(row["is_auto_promote_enabled"]),
    )


def cancelled(project: str) -> Write:
    """Somebody cancels the deployment that the plan has made, once it is there."""

    def write(client: Client) -> object:
        newest = int(client.deployments.list(project)["version_number"].max())
        return client.deployments.cancel(project, max(newest, 19))

    return write


def awake(world: Any) -> None:
    """A second version runs, for another to make live."""
    client_of(world).deployments.wakeup("landing-pages", 2)
    world.advance("2min")


def offered(world: Any) -> None:
    """The second user has a project and offers it."""
    project = next(one for one in world.state.projects.values() if one.name == "chat-bot")
    project.user = next(user.id for user in world.state.users.values() if user.username == "tamsin")
    project.tokens["s3same-t0ken"] = world.state.now + 6 * 3600 * 10**6
    world.touch(project)


def taken_over(client: Client) -> plans.Plan:
    projects = client.world.state.projects.values()
    return runbooks.take_over(client, next(one.id for one in projects if one.name == "chat-bot"), "s3same-t0ken")


def withdrawn(client: Client) -> plans.Plan:
    offers = client.world.state.templates.values()
    template = next(one.id for one in offers if one.name == "Landing page of a season")
    return runbooks.delete_template(client, template, missing_ok=True)


def frozen(client: Client) -> plans.Plan:
    return plans.freeze(client, until=None, reason="the sale", scope="orders-api", hold_auto_promotion=True)


def froze(world: Any) -> None:
    """The project is frozen."""
    apply(frozen(client_of(world)))


def overtaken(world: Any) -> None:
    """A build waits that a newer one of its branch has overtaken."""
    for message in ("First", "Second"):
        world.push("orders-api", "develop", message=message)


def scheduled(client: Client) -> object:
    """Somebody makes a cron job of the name that the plan gives its own."""
    name, settings = "keep-awake-staging", {"path": "/", "method": "GET"}
    return client.cronjobs.create(
        "edge-gateway", environment="staging", name=name, schedule="@hourly", type="http", settings=settings
    )


def kept_awake(world: Any) -> None:
    """A cron job keeps it awake."""
    apply(runbooks.keep_awake(client_of(world), "edge-gateway", "staging"))


def asleep_again(world: Any) -> None:
    """The cron job that kept it awake is suspended."""
    kept_awake(world)
    apply(runbooks.keep_awake(client_of(world), "edge-gateway", "staging", on=False))


def connecting(client: Client) -> plans.Plan:
    return runbooks.connect_github(client, f"https://example.com/?code={CODE}&installation_id=51902266")


#: Where the cases keep a key; a run in a world that has not made it begins without.
KEY_FILE = Path(tempfile.mkdtemp()) / "ci.key"
#: A key that was made and lost is revoked, and made again.
REMADE = ("API key made", "API key revoked")


def rotated(client: Client) -> plans.Plan:
    if not any(key.name == "ci-deployments-2" for key in client.world.state.keys.values()):
        KEY_FILE.unlink(missing_ok=True)
    return runbooks.rotate_key(client, "ci-deployments", file=KEY_FILE, missing_ok=True)


def founded(kind: str) -> Write:
    """Somebody makes a project of the name that the plan gives its own."""
    settings = {"port": 8080} if kind == "image" else {"runtime": "static", "port": 80}
    return lambda client: client.projects.create(
        unique_name="gift-cards", display_name="Gift cards", type=kind, settings=settings
    )


def swarm(client: Client) -> plans.Plan:
    """Three agents, of files, of an image and of a repository, in an app that is not there yet."""
    return recipes.multi_agent(
        client,
        "gift",
        orchestrator={"source": PYTHON, "settings": {"port": 8000}, "variables": {"TOKEN": "0ne-s3cret"}},
        workers={
            "researcher": {
                "image": "ghcr.io/juniper-goods/researcher:v1",
                "settings": {"port": 8000},
                "variables": {"TOKEN": "tw0-s3cret"},
            },
            "executor": {
                "repository": "juniper-goods/services@develop",
                "settings": {"directory_path": "apps/orders", "build_vars": {"NPM_TOKEN": "npm-s3cret"}},
            },
        },
    )


CASES = [
    Case(
        "rollback",
        # a diagnosis beside it only reads: tests/runbooks/test_opinion.py
        lambda c: runbooks.rollback(c, "storefront", "production", diagnosis=False),
        reversible=True,
        other=assigned("storefront", "production", 12),
    ),
    Case(
        "rollback-held-and-asleep",
        lambda c: runbooks.rollback(c, "orders-api", "production", diagnosis=False),
        other=assigned("orders-api", "production", 5),
    ),
    Case(
        "rollback-held",
        lambda c: runbooks.rollback(c, "orders-api", "production", to=2, diagnosis=False),
        reversible=True,
        other=assigned("orders-api", "production", 5),
    ),
    Case(
        "assign",
        lambda c: runbooks.assign(c, "storefront", 10, "production"),
        reversible=True,
        other=assigned("storefront", "production", 12),
    ),
    Case(
        "scale",
        lambda c: runbooks.scale(c, "storefront", "production", replicas=2, cpu=300),
        reversible=True,
        other=resized,
    ),
    Case(
        "variables",
        lambda c: runbooks.set_variables(
            c, "storefront", "staging", {"LOG_LEVEL": "tr4ce-s3cret", "NEW": "n3w-s3cret"}, redeploy=False
        ),
        reversible=True,
        variables={"LOG_LEVEL": "tr4ce-s3cret", "NEW": "n3w-s3cret"},
        other=another_variable("storefront"),
    ),
    Case(
        "variables-redeployed",
        lambda c: runbooks.set_variables(c, "edge-gateway", "staging", {"NEW": "n3w-s3cret"}),
        variables={"NEW": "n3w-s3cret"},
        other=another_variable("edge-gateway"),
    ),
    Case(
        "copy-variables",
        lambda c: runbooks.copy_variables(c, "storefront", "production", "staging", redeploy=False),
        reversible=True,
        other=another_variable("storefront"),
    ),
    Case(
        "copy-variables-redeployed",
        lambda c: runbooks.copy_variables(c, "storefront", "production", "staging", names=["LOG_LEVEL"]),
        # the value that is copied changes
        other=lambda c: c.environments.update_variables("storefront", "production", run_envs={"LOG_LEVEL": "debug"}),
    ),
    Case(
        "settings",
        lambda c: runbooks.settings(
            c,
            "storefront",
            port=3100,
            build_command=None,
            directory_path="shop",
            has_dockerfile=True,
            ignore_branches=["docs"],
            build_vars={"NPM_TOKEN": "npm-s3cret", "NEXT_TELEMETRY_DISABLED": None},
            run_envs={"LOG_LEVEL": "d3bug-s3cret"},
        ),
        reversible=True,
        variables={"build_vars.NPM_TOKEN": "npm-s3cret", "run_envs.LOG_LEVEL": "d3bug-s3cret"},
        other=lambda c: c.projects.update_settings("storefront", run_command="npm run serve"),
    ),
    Case(
        "settings-redeployed",
        lambda c: runbooks.settings(c, "storefront", run_command="npm run serve", redeploy=True, environment="staging"),
        other=lambda c: c.projects.update_settings("storefront", run_command="node server.js"),
    ),
    Case(
        "hold",
        lambda c: runbooks.hold(c, "orders-api", "production"),
        reversible=True,
        other=renamed,
        merges=True,
    ),
    Case(
        "release",
        lambda c: runbooks.release(c, "storefront", "production"),
        reversible=True,
        other=lambda c: c.environments.delete("storefront", "production"),
    ),
    Case("freeze", frozen, reversible=True, other=renamed, merges=True),
    Case("lift-freeze", lambda c: plans.lift_freeze(c), prepare=froze, reversible=True),
    Case("wake", lambda c: runbooks.wake(c, "chat-bot"), other=lambda c: c.deployments.delete("chat-bot", 1)),
    Case(
        "deploy-image",
        lambda c: runbooks.deploy(c, "edge-gateway", image="nginx:1.27", environment="staging"),
        other=assigned("edge-gateway", "staging", 1),
    ),
    Case(
        "deploy-files",
        lambda c: runbooks.deploy(c, "landing-pages", source={"index.html": "<p>hello"}, environment="production"),
        source={"index.html": "<p>hello"},
        prepare=awake,
        other=assigned("landing-pages", "production", 2),
    ),
    Case(
        "deploy-branch",
        lambda c: runbooks.deploy(c, "storefront", branch="feature/gift-cards"),
        # a branch whose pushes deploy nothing
        prepare=lambda world: world.push("storefront", "feature/gift-cards", message="Cards"),
        other=cancelled("storefront"),
    ),
    Case(
        "route-domain",
        lambda c: runbooks.route_domain(c, "storefront", WHOLESALE, "green"),
        reversible=True,
        other=routed("production"),
    ),
    Case(
        "blue-green",
        lambda c: runbooks.blue_green(c, "storefront", WHOLESALE, version=12, requests=20, seconds=40),
        reversible=True,
        other=routed("production"),
    ),
    Case(
        "canary",
        lambda c: runbooks.canary(c, "storefront", "production", version=15, stages=[(20, 30), (20, 60)]),
        other=assigned("storefront", "production", 12),
    ),
    Case(
        "canary-in-staging",
        lambda c: runbooks.canary(c, "storefront", "production", version=15, side="staging", stages=[(20, 30)]),
        reversible=True,
        other=assigned("storefront", "staging", 12),
    ),
    Case(
        "deploy-scanned",
        lambda c: runbooks.deploy(
            c, "storefront", branch="feature/gift-cards", environment="green", gate=gates.scan("critical")
        ),
        prepare=lambda world: world.push("storefront", "feature/gift-cards", message="Cards"),
        other=assigned("storefront", "green", 12),
    ),
    Case("scan", lambda c: runbooks.scan(c, "storefront", 16), other=lambda c: c.deployments.delete("storefront", 16)),
    Case("retry-failed", lambda c: runbooks.retry_failed(c, "storefront", 13), other=cancelled("storefront")),
    Case(
        "delete-environment",
        lambda c: runbooks.delete(c, "storefront", environment="staging", missing_ok=True),
        other=assigned("storefront", "staging", 12),
    ),
    Case(
        "delete-deployment",
        lambda c: runbooks.delete(c, "storefront", deployment=10, missing_ok=True),
        other=assigned("storefront", "staging", 10),
    ),
    Case(
        "delete-domain",
        lambda c: runbooks.delete(c, "storefront", domain=WHOLESALE, missing_ok=True),
        other=routed("production"),
    ),
    Case(
        "delete-cron-job",
        lambda c: runbooks.delete(c, "storefront", cronjob="refresh-stock", missing_ok=True),
    ),
    Case(
        "delete-project",
        lambda c: runbooks.delete(c, "orders-api", missing_ok=True),
        other=assigned("orders-api", "development", 2),
    ),
    Case("delete-app", lambda c: runbooks.delete_app(c, "Shop", missing_ok=True)),
    Case("delete-template", withdrawn),
    Case("revoke-key", lambda c: runbooks.revoke_key(c, "ci-deployments", missing_ok=True)),
    Case(
        "create-key",
        lambda c: runbooks.create_key(c, "nightly-report", description="Reads figures"),
        reversible=True,
        spare=REMADE,
        other=lambda c: c.api_keys.create(name="nightly-report", expiry_at="+10d"),
    ),
    Case(
        "rotate-key",
        rotated,
        spare=REMADE,
        other=lambda c: c.api_keys.create(name="ci-deployments-2", expiry_at="+10d"),
    ),
    Case(
        "launch-files",
        lambda c: runbooks.launch(
            c,
            "gift-cards",
            source={"index.html": "<p>hello"},
            variables={"LOG_LEVEL": "tr4ce-s3cret"},
            domain=GIFTS,
        ),
        variables={"LOG_LEVEL": "tr4ce-s3cret"},
        source={"index.html": "<p>hello"},
        other=founded("image"),
    ),
    Case(
        "launch-image",
        lambda c: runbooks.launch(c, "gift-cards", image="nginx:1.27", settings={"port": 80}, app="Shop"),
        other=founded("upload"),
    ),
    Case(
        "launch-repository",
        lambda c: runbooks.launch(
            c,
            "gift-cards",
            repository="juniper-goods/services@develop",
            settings={"directory_path": "apps/orders", "build_vars": {"NPM_TOKEN": "npm-s3cret"}},
        ),
        variables={"NPM_TOKEN": "npm-s3cret"},
        other=founded("image"),
    ),
    Case(
        "recipe-agent",
        lambda c: recipes.agent(c, "gift-cards", source=PYTHON, variables=AGENT, app="Shop"),
        variables=AGENT
        | {"LANGCHAIN_TRACING": "true", "AGENT_MEMORY_BACKEND": "redis"},  # all that the environment gets
        source=PYTHON,
        other=founded("image"),
    ),
    Case(
        "recipe-mcp-server",
        lambda c: recipes.mcp_server(
            c, "gift-cards", repository="juniper-goods/storefront", domain="gifts.juniper-goods.example.com"
        ),
        variables={"MCP_TRANSPORT": "sse", "MCP_PATH": "/mcp"},
        other=founded("image"),
    ),
    Case(
        "recipe-rag-service",
        lambda c: recipes.rag_service(c, "gift-cards", source=PYTHON, variables=RAG),
        variables=RAG
        | {
            "PINECONE_ENVIRONMENT": "us-west1-gcp",
            "EMBEDDING_MODEL": "text-embedding-3-small",
            "CHUNK_SIZE": "512",
            "CHUNK_OVERLAP": "50",
        },
        source=PYTHON,
        other=founded("image"),
    ),
    Case(
        "recipe-chat-bot",
        lambda c: recipes.chat_bot(c, "gift-cards", image="ghcr.io/juniper-goods/my-discord-bot:v1.0.0", variables=BOT),
        variables=BOT | {"BOT_PREFIX": "!"},
        other=founded("upload"),
    ),
    Case("recipe-multi-agent", swarm, variables=SWARM, source={"gift-orchestrator": PYTHON}),
    Case(
        "add-domain",
        lambda c: runbooks.add_domain(c, "storefront", GIFTS, environment="production"),
        reversible=True,
        other=lambda c: c.domains.create("storefront", name=GIFTS),
    ),
    Case(
        "verify-and-route-domain",
        lambda c: runbooks.route_domain(c, "storefront", PENDING, "green"),
        prepare=lambda world: world.set_dns(PENDING, after="2min"),
        # what is verified stays so after the undo, which is not reversible=True: test_domains holds what it restores
        other=lambda c: c.domains.update_environment("storefront", PENDING, environment="production"),
    ),
    Case("connect-github", connecting, token=CODE),
    Case(
        "clean-up",
        lambda c: runbooks.clean_up(c, "storefront", keep=5),
        # what was being built is deployed, and live
        prepare=lambda world: world.advance("10min"),
        other=assigned("storefront", "staging", 10),
    ),
    Case(
        "clean-up-overtaken",
        lambda c: runbooks.clean_up(c, "orders-api", keep=1),
        prepare=overtaken,
        other=lambda c: c.deployments.wakeup("orders-api", 1),
    ),
    Case(
        "suspend-project",
        lambda c: runbooks.suspend_project(c, "chat-bot"),
        reversible=True,
        other=lambda c: c.projects.delete("chat-bot"),
    ),
    Case(
        "resume-project",
        lambda c: runbooks.resume_project(c, "winter-sale"),
        reversible=True,
        other=lambda c: c.projects.delete("winter-sale"),
    ),
    Case(
        "group",
        lambda c: runbooks.group(c, ["orders-api", "landing-pages"], "Back office"),
        reversible=True,
        other=lambda c: c.apps.add_projects("Shop", projects=["landing-pages"]),
    ),
    Case(
        "ungroup",
        lambda c: runbooks.group(c, ["orders-api", "chat-bot"], None),
        reversible=True,
        other=lambda c: c.apps.add_projects("Back office", projects=["orders-api"]),
    ),
    Case(
        "keep-awake",
        lambda c: runbooks.keep_awake(c, "edge-gateway", "staging"),
        reversible=True,
        other=scheduled,
    ),
    Case(
        "keep-awake-again",
        lambda c: runbooks.keep_awake(c, "edge-gateway", "staging"),
        prepare=asleep_again,
        reversible=True,
        other=lambda c: c.cronjobs.delete("edge-gateway", "keep-awake-staging"),
    ),
    Case(
        "let-sleep",
        lambda c: runbooks.keep_awake(c, "edge-gateway", "staging", on=False),
        prepare=kept_awake,
        reversible=True,
        other=lambda c: c.cronjobs.delete("edge-gateway", "keep-awake-staging"),
    ),
    Case("transfer", lambda c: runbooks.transfer(c, "chat-bot")),
    Case("take-over", taken_over, prepare=offered, token="s3same-t0ken"),
]


def apply(plan: plans.Plan, journal: Path | None = None, **more: Any) -> plans.Receipt:
    return plan.apply(confirm=plan.confirmation, reason="a test", journal=journal, **more)
