"""The patterns as data: settings and variables, those of the platform's documentation and those that complete them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret
from createos_nb.runbooks.arguments import validate_variables
from createos_nb.runbooks.launch_sources import PatternSetting

Origin = Literal["documentation", "createos_nb"]

_DOCUMENTED: Final = "the documentation's pattern"
#: It compiles, so that an error of syntax fails the build and not the start.
_COMPILE: Final = "python -m compileall -q ."
_ALL_COMMANDS: Final = "a repository's project needs all three commands; it finds errors of syntax"


class Variable(NamedTuple):
    """A run-time variable of a pattern.

    Attributes:
        purpose: what it is for.
        default: its value where none is given; None: it has to be given.
        origin: whose it is; of a pattern that a package adds the catalog names the package.
        only_with: name and value of the variable with which it is needed; None: always.
    """

    purpose: str
    default: str | None = None
    origin: Origin = "documentation"
    only_with: tuple[str, str] | None = None


@dataclass(frozen=True)
class Pattern:
    """A deployment pattern, as data: a package adds one as a recipe under the entry point `createos_nb.recipes`.

    Attributes:
        name: what the plan's runbook is called: the name of the recipe.
        settings: in the wire's spelling, such as runCommand; each with the reason that the plan shows.
        variables: run-time variables by name.

    Examples:
        >>> from createos_nb.recipes import Pattern, PatternSetting, Variable
        >>> pattern = Pattern(
        ...     "django",
        ...     {"runtime": PatternSetting("python:3.12", "ours"), "port": PatternSetting(8000, "ours")},
        ...     {"DATABASE_URL": Variable("address of the database")},
        ... )
        >>> pattern.variables["DATABASE_URL"].default is None  # it has to be given
        True
    """

    name: str
    settings: Mapping[str, PatternSetting]
    variables: Mapping[str, Variable] = field(default_factory=dict)


def _documented(value: str | int) -> PatternSetting:
    return PatternSetting(value, _DOCUMENTED)


def _own(value: str | int, reason: str) -> PatternSetting:
    return PatternSetting(value, f"createos_nb: {reason}")


def is_documented(setting: PatternSetting) -> bool:
    """Return whether a setting is the documentation's."""
    return setting.reason == _DOCUMENTED


AGENT: Final = Pattern(
    "agent",
    {
        "runtime": _documented("python:3.12"),
        "port": _documented(8000),
        "installCommand": _documented("pip install -r requirements.txt"),
        "buildCommand": _own(_COMPILE, _ALL_COMMANDS),
        "runCommand": _documented("python -m uvicorn agent:app --host 0.0.0.0 --port {port}"),
    },
    {
        "OPENAI_API_KEY": Variable("key of the OpenAI API, for models and embeddings of OpenAI"),
        "ANTHROPIC_API_KEY": Variable("key of the Anthropic API, for models of Anthropic"),
        "LANGCHAIN_TRACING": Variable("whether LangChain records each run", "true"),
        "AGENT_MEMORY_BACKEND": Variable("where the agent keeps what it remembers", "redis"),
        "LANGCHAIN_API_KEY": Variable(
            "key of LangSmith, which the traces go to", None, "createos_nb", ("LANGCHAIN_TRACING", "true")
        ),
        "REDIS_URL": Variable(
            "address of the Redis that holds the memory", None, "createos_nb", ("AGENT_MEMORY_BACKEND", "redis")
        ),
    },
)

MCP_SERVER: Final = Pattern(
    "mcp_server",
    {
        "runtime": _documented("node:20"),
        "port": _documented(3000),
        "installCommand": _documented("npm install"),
        "buildCommand": _own("npm run build --if-present", "a repository's project needs all three commands"),
        "runCommand": _documented("node server.js"),
    },
    {
        "MCP_TRANSPORT": Variable("how the server speaks to its clients", "sse"),
        "MCP_PATH": Variable("path at which it answers", "/mcp"),
    },
)

RAG_SERVICE: Final = Pattern(
    "rag_service",
    {
        "runtime": _documented("python:3.12"),
        "port": _documented(8000),
        "installCommand": _own("pip install -r requirements.txt", "as in the documentation's AI agent"),
        "buildCommand": _own(_COMPILE, _ALL_COMMANDS),
        "runCommand": _documented("uvicorn main:app --host 0.0.0.0 --port {port}"),
    },
    {
        "PINECONE_API_KEY": Variable("key of Pinecone, which holds the vectors"),
        "PINECONE_ENVIRONMENT": Variable("Pinecone's region of the index", "us-west1-gcp"),
        "OPENAI_API_KEY": Variable("key of the OpenAI API, for the embeddings and the answers"),
        "EMBEDDING_MODEL": Variable("model that makes the vectors; that of the index", "text-embedding-3-small"),
        "CHUNK_SIZE": Variable("length of the pieces that a text is cut into", "512"),
        "CHUNK_OVERLAP": Variable("what two pieces have in common", "50"),
    },
)

DISCORD_BOT: Final = Pattern(
    "chat_bot",
    {"port": _documented(8080)},
    {
        "DISCORD_TOKEN": Variable("token of the bot, from Discord's developer portal"),
        "DISCORD_CLIENT_ID": Variable("id of the application there"),
        "BOT_PREFIX": Variable("what a command begins with", "!"),
        "LOG_CHANNEL_ID": Variable("id of the channel that the bot logs to"),
    },
)

SLACK_BOT: Final = Pattern(
    "chat_bot",
    {"port": _documented(8080)},
    {
        "SLACK_BOT_TOKEN": Variable("token of the bot user, which begins with xoxb-", None, "createos_nb"),
        "SLACK_SIGNING_SECRET": Variable("secret by which Slack signs its requests", None, "createos_nb"),
        "BOT_PREFIX": Variable("what a command begins with", "!"),
        "LOG_CHANNEL_ID": Variable("id of the channel that the bot logs to"),
    },
)

#: Name of the app of the multi-agent system.
APP: Final = "Agent Swarm"
ORCHESTRATOR: Final = "orchestrator"
#: Workers of the documentation's multi-agent system.
WORKERS: Final = ("researcher", "executor")


def variables_of(
    pattern: Pattern, given: Mapping[str, str | Secret | None] | None, what: str
) -> dict[str, str | Secret]:
    """Return the variables of a pattern: those that are given, and the defaults of the others.

    Args:
        pattern: whose variables.
        given: values by name; None leaves one out.
        what: what errors begin with.

    Raises:
        InvalidInput: some that it needs are missing; it names all of them.
    """
    own = validate_variables(given or {}, f"{what}: variables")
    values: dict[str, str | Secret | None] = {
        name: variable.default for name, variable in pattern.variables.items() if variable.default is not None
    }
    values |= own
    missing = {
        name: variable.purpose
        for name, variable in pattern.variables.items()
        if variable.default is None and _is_needed(variable, values) and _is_missing(name, values)
    }
    if missing:
        raise InvalidInput(
            f"{what}: variables that it needs are missing: "
            + ", ".join(f"{name} ({purpose})" for name, purpose in missing.items())
            + f": give variables={{{next(iter(missing))!r}: …}}; None leaves out one that this app does not read"
        )
    return {name: value for name, value in values.items() if value is not None}


def worker_variable(worker: str) -> str:
    """Return the name of the orchestrator's variable that holds the address of a worker."""
    return f"WORKER_{''.join(letter if letter.isalnum() else '_' for letter in worker).upper()}_URL"


def _is_needed(variable: Variable, values: Mapping[str, str | Secret | None]) -> bool:
    if variable.only_with is None:
        return True
    name, value = variable.only_with
    return _text(values.get(name)) == value


def _is_missing(name: str, values: Mapping[str, str | Secret | None]) -> bool:
    return name not in values or (values[name] is not None and not _text(values[name]).strip())


def _text(value: str | Secret | None) -> str:
    return value.reveal() if isinstance(value, Secret) else value or ""
