"""Recipes that launch one project: an agent, an MCP server, a RAG service, a chat bot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from createos_nb.errors import InvalidInput
from createos_nb.plans.steps.checks import ProbeMcp
from createos_nb.recipes.patterns import (
    AGENT,
    DISCORD_BOT,
    MCP_SERVER,
    RAG_SERVICE,
    SLACK_BOT,
    Pattern,
    variables_of,
)
from createos_nb.redaction import Secret
from createos_nb.runbooks.launch import launch_plan
from createos_nb.runbooks.launch_steps import LaunchRequest

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.plan import Plan

Variables = Mapping[str, str | Secret | None]

_BOTS: Final[Mapping[str, Pattern]] = {"discord": DISCORD_BOT, "slack": SLACK_BOT}


def agent(
    client: Client,
    name: str,
    *,
    source: Any = None,
    image: str | None = None,
    repository: str | None = None,
    settings: Mapping[str, Any] | None = None,
    variables: Variables | None = None,
    environment: str = "production",
    cpu: int = 200,
    memory: int = 1024,
    replicas: int = 1,
    domain: str | None = None,
    app: str | None = None,
) -> Plan:
    """Launch an AI agent in Python.

    The documentation's: runtime python:3.12, port 8000, install `pip install -r requirements.txt`, run `python -m
    uvicorn agent:app --host 0.0.0.0 --port 8000`; LANGCHAIN_TRACING=true, AGENT_MEMORY_BACKEND=redis;
    OPENAI_API_KEY and ANTHROPIC_API_KEY have to be given.

    Ours: a build command that compiles all files, because the platform wants all three commands of a repository's
    project; LANGCHAIN_API_KEY and REDIS_URL have to be given, because tracing and a memory in Redis do nothing
    without (give LANGCHAIN_TRACING="false" or another AGENT_MEMORY_BACKEND, and they are not asked for); 1024 MB,
    because the libraries of an agent fill 500; environment production, one replica.

    Args:
        client: an open client, of the platform or of a simulated world.
        name: unique name of the new project, which its address begins with.
        source: files to deploy: anything that `client.deployments.upload` takes. One of source, image and repository is
            given.
        image: a container image to deploy; of the settings only the port is used.
        repository: a repository of a connected GitHub account, as "owner/name" or "owner/name@branch".
        settings: settings in place of those above, as for `runbooks.launch`; None leaves one out, and it is then found
            in the source. With has_dockerfile or use_build_ai of those above only the port is used.
        variables: run-time variables by name, in place of those above and beside them; None leaves one out. Their
            values are in no plan and no journal.
        environment: unique name of the environment.
        cpu: CPU limit in millicores.
        memory: memory limit in MB.
        replicas: number of replicas.
        domain: a host name of one's own, as for `runbooks.launch`.
        app: name or id of the app that groups the project.

    Returns:
        The plan of `runbooks.launch`, verified at /. Nothing is changed before `apply`.

    Raises:
        InvalidInput: a variable that it needs is missing; or what `runbooks.launch` refuses.
        UnknownName: there is no such app, repository or branch.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.recipes.agent(
        ...     client,
        ...     "shop-agent",
        ...     source={"agent.py": "from fastapi import FastAPI", "requirements.txt": "fastapi"},
        ...     variables={
        ...         "OPENAI_API_KEY": "sk-…",
        ...         "ANTHROPIC_API_KEY": None,  # this one does not use it
        ...         "LANGCHAIN_TRACING": "false",
        ...         "REDIS_URL": "redis://…",
        ...     },
        ... )
        >>> plan.frame().set_index("field")["after"]["port"]
        "8000: the documentation's pattern"
        >>> plan.apply().checks.result
        'PASS'
    """
    return launch_pattern(
        client,
        AGENT,
        app,
        variables,
        name=name,
        source=source,
        image=image,
        repository=repository,
        settings=settings,
        environment=environment,
        cpu=cpu,
        memory=memory,
        replicas=replicas,
        domain=domain,
    )


def mcp_server(
    client: Client,
    name: str,
    *,
    source: Any = None,
    image: str | None = None,
    repository: str | None = None,
    settings: Mapping[str, Any] | None = None,
    variables: Variables | None = None,
    environment: str = "production",
    cpu: int = 200,
    memory: int = 500,
    replicas: int = 1,
    domain: str | None = None,
    app: str | None = None,
) -> Plan:
    """Launch an MCP server in Node.js, which answers at its address under /mcp.

    The documentation's: runtime node:20, port 3000, install `npm install`, run `node server.js`; MCP_TRANSPORT=sse,
    MCP_PATH=/mcp.

    Ours: build `npm run build --if-present`, because the platform wants all three commands of a repository's
    project; environment production, 200 millicores, 500 MB, one replica (a session lives in one process). Where
    there is a package-lock.json, settings={"install_command": "npm ci"} is what the documentation's best practices
    say.

    Args:
        client: an open client, of the platform or of a simulated world.
        name: unique name of the new project, which its address begins with.
        source: files to deploy: anything that `client.deployments.upload` takes. One of source, image and repository is
            given.
        image: a container image to deploy; of the settings only the port is used.
        repository: a repository of a connected GitHub account, as "owner/name" or "owner/name@branch".
        settings: settings in place of those above, as for `runbooks.launch`; None leaves one out, and it is then found
            in the source. With has_dockerfile or use_build_ai of those above only the port is used.
        variables: run-time variables by name, in place of those above and beside them; None leaves one out. Their
            values are in no plan and no journal.
        environment: unique name of the environment.
        cpu: CPU limit in millicores.
        memory: memory limit in MB.
        replicas: number of replicas.
        domain: a host name of one's own, as for `runbooks.launch`.
        app: name or id of the app that groups the project.

    Returns:
        The plan of `runbooks.launch`, verified at MCP_PATH: a stream that opens is an answer, and so is
        400, 405 or 406, which say that a message is wanted. Nothing is changed before `apply`.

    Raises:
        InvalidInput: a variable that it needs is missing; or what `runbooks.launch` refuses.
        UnknownName: there is no such app, repository or branch.

    Examples:
        >>> client = createos_nb.simulate()
        >>> files = {"server.js": "…", "package.json": "{}"}
        >>> plan = createos_nb.recipes.mcp_server(client, "stock-tools", source=files)
        >>> plan.apply().checks.result
        'PASS'
    """
    return launch_pattern(
        client,
        MCP_SERVER,
        app,
        variables,
        path_variable="MCP_PATH",
        probe=ProbeMcp,
        name=name,
        source=source,
        image=image,
        repository=repository,
        settings=settings,
        environment=environment,
        cpu=cpu,
        memory=memory,
        replicas=replicas,
        domain=domain,
    )


def rag_service(
    client: Client,
    name: str,
    *,
    source: Any = None,
    image: str | None = None,
    repository: str | None = None,
    settings: Mapping[str, Any] | None = None,
    variables: Variables | None = None,
    environment: str = "production",
    cpu: int = 200,
    memory: int = 1024,
    replicas: int = 1,
    domain: str | None = None,
    app: str | None = None,
) -> Plan:
    """Launch a RAG service in Python.

    The documentation's: runtime python:3.12, port 8000, run `uvicorn main:app --host 0.0.0.0 --port 8000`;
    PINECONE_ENVIRONMENT=us-west1-gcp, EMBEDDING_MODEL=text-embedding-3-small, CHUNK_SIZE=512, CHUNK_OVERLAP=50;
    PINECONE_API_KEY and OPENAI_API_KEY have to be given.

    Ours: install `pip install -r requirements.txt`, as in the documentation's agent; a build command that compiles
    all files, because the platform wants all three commands of a repository's project; 1024 MB, because texts and
    vectors are held in memory; environment production, one replica.

    Args:
        client: an open client, of the platform or of a simulated world.
        name: unique name of the new project, which its address begins with.
        source: files to deploy: anything that `client.deployments.upload` takes. One of source, image and repository is
            given.
        image: a container image to deploy; of the settings only the port is used.
        repository: a repository of a connected GitHub account, as "owner/name" or "owner/name@branch".
        settings: settings in place of those above, as for `runbooks.launch`; None leaves one out, and it is then found
            in the source. With has_dockerfile or use_build_ai of those above only the port is used.
        variables: run-time variables by name, in place of those above and beside them; None leaves one out. Their
            values are in no plan and no journal.
        environment: unique name of the environment.
        cpu: CPU limit in millicores.
        memory: memory limit in MB.
        replicas: number of replicas.
        domain: a host name of one's own, as for `runbooks.launch`.
        app: name or id of the app that groups the project.

    Returns:
        The plan of `runbooks.launch`, verified at /. Nothing is changed before `apply`.

    Raises:
        InvalidInput: a variable that it needs is missing; or what `runbooks.launch` refuses.
        UnknownName: there is no such app, repository or branch.

    Examples:
        >>> client = createos_nb.simulate()
        >>> files = {"main.py": "from fastapi import FastAPI", "requirements.txt": "fastapi"}
        >>> try:
        ...     createos_nb.recipes.rag_service(client, "manuals", source=files)
        ... except createos_nb.InvalidInput as error:
        ...     print(str(error).split(" (")[0])
        rag_service: variables that it needs are missing: PINECONE_API_KEY
        >>> keys = {"PINECONE_API_KEY": "…", "OPENAI_API_KEY": "…"}
        >>> plan = createos_nb.recipes.rag_service(client, "manuals", source=files, variables=keys)
        >>> plan.apply().checks.result
        'PASS'
    """
    return launch_pattern(
        client,
        RAG_SERVICE,
        app,
        variables,
        name=name,
        source=source,
        image=image,
        repository=repository,
        settings=settings,
        environment=environment,
        cpu=cpu,
        memory=memory,
        replicas=replicas,
        domain=domain,
    )


def chat_bot(
    client: Client,
    name: str,
    *,
    image: str,
    service: Literal["discord", "slack"] = "discord",
    settings: Mapping[str, Any] | None = None,
    variables: Variables | None = None,
    environment: str = "production",
    cpu: int = 200,
    memory: int = 500,
    replicas: int = 1,
    domain: str | None = None,
    app: str | None = None,
) -> Plan:
    """Launch a Discord or Slack bot from a container image.

    The documentation's: an image such as my-discord-bot:v1.0.0, port 8080; BOT_PREFIX=!; DISCORD_TOKEN,
    DISCORD_CLIENT_ID and LOG_CHANNEL_ID have to be given.

    Ours: SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET in place of Discord's for `service="slack"`, because the
    documentation names Slack and none of its variables; environment production, 200 millicores, 500 MB, one
    replica, because a second one answers each message once more. A bot that only calls out has to answer on its
    port all the same: the platform checks its health there.

    Args:
        client: an open client, of the platform or of a simulated world.
        name: unique name of the new project, which its address begins with.
        image: the container image to deploy.
        service: what the bot talks to: "discord" or "slack".
        settings: settings in place of the one above: an image has `port` only.
        variables: run-time variables by name, in place of those above and beside them; None leaves one out. Their
            values are in no plan and no journal.
        environment: unique name of the environment.
        cpu: CPU limit in millicores.
        memory: memory limit in MB.
        replicas: number of replicas.
        domain: a host name of one's own, as for `runbooks.launch`.
        app: name or id of the app that groups the project.

    Returns:
        The plan of `runbooks.launch`, verified at /. Nothing is changed before `apply`.

    Raises:
        InvalidInput: a variable that it needs is missing, or another service is given; or what `runbooks.launch`
            refuses.
        UnknownName: there is no such app.

    Examples:
        >>> client = createos_nb.simulate()
        >>> secrets = {"DISCORD_TOKEN": "…", "DISCORD_CLIENT_ID": "…", "LOG_CHANNEL_ID": "…"}
        >>> plan = createos_nb.recipes.chat_bot(
        ...     client, "helper-bot", image="ghcr.io/juniper-goods/my-discord-bot:v1.0.0", variables=secrets
        ... )
        >>> plan.apply().checks.result
        'PASS'
    """
    if service not in _BOTS:
        raise InvalidInput(f"chat_bot: service: {' or '.join(map(repr, _BOTS))}, not {service!r}")
    return launch_pattern(
        client,
        _BOTS[service],
        app,
        variables,
        name=name,
        image=image,
        settings=settings,
        environment=environment,
        cpu=cpu,
        memory=memory,
        replicas=replicas,
        domain=domain,
    )


def launch_pattern(
    client: Client,
    pattern: Pattern,
    app: str | None,
    variables: Variables | None,
    *,
    path_variable: str = "",
    **request: Any,
) -> Plan:
    """Return the plan of the launch of a pattern, verified at the path that a variable of it holds, else at /."""
    values = variables_of(pattern, variables, pattern.name)
    path = values.get(path_variable, "/")
    asked = LaunchRequest(
        **request,
        variables=values,
        pattern=pattern.settings,
        paths=path if isinstance(path, str) else path.reveal(),
        what=pattern.name,
    )
    return launch_plan(client, asked, app, pattern.name)
