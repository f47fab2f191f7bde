"""The sections of a scenario's file: an account, what it holds and when what happens; ground truth and expectations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from createos_nb.causes import Cause
from createos_nb.contract.types import CronjobType, ProjectType
from createos_nb.naming import DomainStatus, TemplateStatus
from createos_nb.simulator.scenario.steps import Step
from createos_nb.simulator.traffic import Failing

When = Annotated[str, Meta(description='"-6d 10:12" (that day, at that time), "-90min", "+10min" or "now"')]


class Section(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the file."""


class UserSection(Section, kw_only=True):
    """`[[users]]`: the first one is whose account it is."""

    username: str
    display: str
    email: str
    made: When = "-400d"


class RepositorySection(Section, kw_only=True):
    """`[[github.repositories]]`."""

    id: int
    name: str
    branch: str = "main"
    branches: list[str] = field(default_factory=list)
    protected: list[str] = field(default_factory=list)
    private: bool = True
    files: list[str] = field(default_factory=list)


class GithubSection(Section, kw_only=True):
    """`[[github]]`: an account; one that is not connected can be, with the code that its browser would bring."""

    username: str
    installation: int
    owner: int
    connected: bool = True
    repositories: list[RepositorySection] = field(default_factory=list)


class KeySection(Section, kw_only=True):
    """`[[api_keys]]`; `own` marks the one that the world hands out."""

    name: str
    expires: When
    made: When = "-120d"
    description: str | None = None
    revoked: When | None = None
    own: bool = False


class AppSection(Section, kw_only=True):
    """`[[apps]]`; a project names its app."""

    name: str
    description: str | None = None
    color: str = ""
    services: list[str] = field(default_factory=list)
    made: When = "-120d"


class EnvironmentSection(Section, kw_only=True):
    """`[[projects.environments]]`; `traffic` names a profile: who comes to its own address."""

    name: str
    display: str
    description: str | None = None
    branch: str | None = None
    auto_promote: bool = False
    cpu: int = 200
    memory: int = 500
    replicas: int = 1
    port: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    traffic: str = ""
    rpm: float | None = None
    made: When | None = None


class DomainSection(Section, kw_only=True):
    """`[[projects.domains]]`; `dns` says how long after `made` its record is found ("never" for never).

    `traffic` names a profile: who comes through the domain, to whatever environment it is routed to.
    """

    name: str
    environment: str = ""
    made: When
    dns: str = ""
    traffic: str = ""
    rpm: float | None = None
    refreshed: list[When] = field(default_factory=list)
    status: DomainStatus | Literal[""] = ""
    message: str = ""


class CronjobSection(Section, kw_only=True):
    """`[[projects.cronjobs]]`."""

    name: str
    environment: str
    schedule: str
    type: CronjobType = "http"
    made: When
    settings: dict[str, Any] | None = None
    suspended: When | None = None


class ProjectSection(Section, kw_only=True):
    """`[[projects]]`; `repository` is "owner/name" of a repository of the file.

    `repository_id` takes the place of that repository's id, for one that was mistyped.
    """

    name: str
    display: str
    type: ProjectType
    made: When
    description: str | None = None
    app: str = ""
    repository: str = ""
    repository_id: int | None = None
    owner: str = ""
    scanning: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    environments: list[EnvironmentSection] = field(default_factory=list)
    domains: list[DomainSection] = field(default_factory=list)
    cronjobs: list[CronjobSection] = field(default_factory=list)
    history: list[Step] = field(default_factory=list)


class TemplateSection(Section, kw_only=True):
    """`[[templates]]`; without an author it is the account's own."""

    name: str
    author: str = ""
    status: TemplateStatus = "listed"
    amount: float = 0
    categories: list[str] = field(default_factory=list)
    description: str
    overview: str
    use_cases: str
    made: When = "-60d"
    project: str = ""
    rejected: str = ""
    bought: When | None = None
    configuration: dict[str, Any] = field(default_factory=dict)


class IncidentSection(Section, kw_only=True):
    """`[[incidents]]`: something from outside; `environments` are "project/environment"."""

    name: str
    start: When
    end: When | None = None
    environments: list[str]
    rate: float = 1.0
    ramp: int = 0
    fade: int = 0
    failing: list[Failing] = field(default_factory=list)
    jitter: float = 0.3
    slow: float = 1.0
    stolen: float = 0.0


class CallSection(Section, kw_only=True):
    """`[[calls]]`: pages of an environment call another one; `caller` and `callee` are "project/environment".

    By default from when both are there; the other fields are those of `world.connect`.
    """

    caller: str
    callee: str
    name: str = ""
    start: When | None = None
    end: When | None = None
    path: str = "*"
    method: str = "GET"
    endpoint: str = "/"
    count: int = 1
    timeout: float = 5.0
    retries: int = 0
    backoff: float = 0.1
    max_backoff: float = 10.0
    retry_budget: float | None = None
    status: int = 0


class FleetSection(Section, kw_only=True):
    """`[fleet]`: many projects, worked out from the seed."""

    projects: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    deployments: Annotated[int, Meta(ge=0, le=10_000_000)] = 100_000


class CauseSection(Section, kw_only=True):
    """`[[ground_truth.causes]]`: what a diagnosis should find, likeliest first.

    Attributes:
        cause: the word for it.
        where: "project" or "project/environment", the name of a domain or a key, or "" for the account.
        began: since when it shows; by default as the whole.
        version: the deployment to blame.
        runbook: the runbook that puts it right ("" where none does), such as "rollback".
        arguments: those of its arguments that count, such as `{ replicas = 3 }`; of variables, the names.
    """

    cause: Cause
    where: str
    began: When | None = None
    version: int | None = None
    runbook: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)


class GroundTruthSection(Section, kw_only=True):
    """`[ground_truth]`: what is the matter, for a machine to read.

    Attributes:
        healthy: nothing is wrong.
        kind: what it is called, such as "bad release" or, in the documentation's words, "502 Bad Gateway".
        root_cause: in a sentence.
        where: what is concerned: "project" or "project/environment".
        version: the deployment to blame.
        last_good: the last one before it that was all right.
        began: since when it shows.
        ended: until when.
        fix: what puts it right.
        facts: whatever else is to be known.
        causes: what a diagnosis should find.
    """

    healthy: bool
    kind: str = ""
    root_cause: str = ""
    where: list[str] = field(default_factory=list)
    version: int | None = None
    last_good: int | None = None
    began: When | None = None
    ended: When | None = None
    fix: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    causes: list[CauseSection] = field(default_factory=list)


Range = Annotated[list[float], Meta(min_length=2, max_length=2)]


class ExpectSection(Section, kw_only=True):
    """`[[expect]]`: what the API shows at a moment; after the start, if nobody interferes.

    Of a moment before the start only figures can be asked for: rpm, errors, client_errors, top_error.

    Attributes:
        at: the moment.
        what: in a sentence.
        where: "project" or "project/environment".
        live: version that is live in the environment.
        version: a deployment of the project, for `status`, `build_log` and `log`.
        domain: a domain of the project, for `status`.
        status: the wire's word for the status of the domain or the deployment.
        over: how long the window is that ends at `at`.
        rpm: least and most requests a minute, on average.
        errors: least and most 5xx, percent of all requests.
        client_errors: the same of 4xx.
        top_error: path with the most 4xx and 5xx.
        build_log: stands in the build log.
        log: stands in the runtime log of the environment, or of the version.
        quota: "projects" or "apiKeys", for `remaining`.
        remaining: how many more there may be.
    """

    at: When
    what: str
    where: str = ""
    live: int | None = None
    version: int | None = None
    domain: str = ""
    status: str = ""
    over: str = "30min"
    rpm: Range | None = None
    errors: Range | None = None
    client_errors: Range | None = None
    top_error: str = ""
    build_log: str = ""
    log: str = ""
    quota: Literal["projects", "apiKeys"] | None = None
    remaining: int | None = None


class Scenario(Section, kw_only=True):
    """A whole file; one that is made up and stands in none gives its `name`."""

    title: str
    shows: str
    start: datetime
    ground_truth: GroundTruthSection | None = None
    expect: list[ExpectSection] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    users: Annotated[list[UserSection], Meta(min_length=1)]
    github: list[GithubSection] = field(default_factory=list)
    api_keys: list[KeySection] = field(default_factory=list)
    apps: list[AppSection] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    profiles: dict[str, Any] = field(default_factory=dict)
    behaviors: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    projects: list[ProjectSection] = field(default_factory=list)
    templates: list[TemplateSection] = field(default_factory=list)
    incidents: list[IncidentSection] = field(default_factory=list)
    calls: list[CallSection] = field(default_factory=list)
    fleet: FleetSection | None = None
    name: str = ""
