"""The whole state of a world: one tree of plain structs, so that to save, load, fork or reset is to write and read it.

Times are whole microseconds since 1970 (UTC); 0 stands for "not (yet)". A map that a user gave (settings, variables) is
kept as it came.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from createos_nb.contract.types import CronjobType, ProjectType
from createos_nb.naming import (
    CronjobStatus,
    DeploymentStatus,
    DomainStatus,
    EnvironmentStatus,
    ProjectStatus,
    TemplateStatus,
)
from createos_nb.simulator.settings import WorldSettings
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import Behavior, BuildBehavior, Call, Incident, Profile, Scheduled, Segment
from createos_nb.simulator.webhook_state import WebhookEndpoint

ScanStatus = Literal["pending", "in_progress", "success", "failed"]
ScanOutcome = Literal["success", "failed"]
DnsType = Literal["A", "TXT"]
#: What asking a name server comes to: values, none of that type, no such name at all, no answer in time, a refusal.
DnsOutcome = Literal["found", "no record", "no such name", "timeout", "refused"]


class Outcome(Struct, omit_defaults=True):
    """The outcome of a commit, an image or an upload; what is not listed is built and runs well.

    Attributes:
        source: name of what the source is like when it is built (`State.sources`).
        behavior: name of what it does once it runs (`State.behaviors`).
        requires: run-time variables without which it ends at its start.
        values: run-time variables with the values that are right.
        otherwise: name of what it does with other values.
    """

    source: str = ""
    behavior: str = ""
    requires: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    otherwise: str = ""


class Scan(Struct, omit_defaults=True):
    """A vulnerability scan of one deployment."""

    id: str
    status: ScanStatus
    created: int
    updated: int
    outcome: ScanOutcome = "success"
    findings: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    expires: int = 0


class Deployment(Struct, omit_defaults=True):
    """One version of a project."""

    id: str
    version: int
    status: DeploymentStatus
    created: int
    updated: int
    settings: dict[str, Any] = field(default_factory=dict)
    branch: str = ""
    commit: str = ""
    message: str = ""
    image: str = ""
    artifact: str = ""
    upload: str = ""
    source: str = ""
    """Name of what its source is like; see `Outcome`."""
    behavior: str = ""
    missing: str = ""
    """A run-time variable without which it ends at its start."""
    launched_at: int = 0
    live_at: int = 0
    runs: list[Segment] = field(default_factory=list)
    """How it ran at its own address until it fell asleep, ended or came to behave otherwise."""
    ended_at: int = 0
    cancelled_at: int = 0
    cancel_reason: str = ""
    scan: Scan | None = None
    next_scan: ScanOutcome = "success"
    """How the scan ends that is started next."""


class Environment(Struct, omit_defaults=True):
    """A place where a project serves, such as production."""

    id: str
    name: str
    display: str
    created: int
    updated: int
    host: str
    description: str | None = None
    branch: str | None = None
    auto_promote: bool = False
    status: EnvironmentStatus = "active"
    deployment: str = ""
    cpu: int = 200
    memory: int = 500
    replicas: int = 1
    variables: dict[str, str] = field(default_factory=dict)
    port: int = 0
    """Of an image project's environment; it counts from the next assignment on."""
    serving_port: int = 0
    visitors: Profile | None = None
    """Who comes to its own address; those of a domain come with the domain."""
    replayed: bool = False
    """Its traffic is a replayed log, and nobody else comes."""
    profiles: list[tuple[int, Profile | None]] = field(default_factory=list)
    """Who came in all, from when on."""
    segments: list[Segment] = field(default_factory=list)
    assignments: list[tuple[int, str]] = field(default_factory=list)
    scheduled: list[Scheduled] = field(default_factory=list)
    """What its cron jobs asked for, from when to when; also those that are gone."""

    @property
    def traffic_start(self) -> int:
        """Unix seconds from which on it has traffic of its own."""
        if not self.profiles:
            return self.created // SECOND
        return min([self.profiles[0][0], *(run.start for run in self.scheduled[:1])])


class DnsRecord(Struct, omit_defaults=True):
    """What name servers are to answer for a record of a domain, whatever its owner has set.

    `server`: one of them, or "" for all; `cname`: the name that it is said to be another name of.
    """

    type: DnsType
    outcome: DnsOutcome = "found"
    values: list[str] = field(default_factory=list)
    server: str = ""
    cname: str = ""
    seconds: float = 0


class Domain(Struct, omit_defaults=True):
    """A host name of its owner's own."""

    id: str
    name: str
    status: DomainStatus
    created: int
    updated: int
    token: str
    resolves_at: int
    """From when on its DNS record is found; 0: never."""
    dns_set_at: int = 0
    """When its owner has set the records, where that is known: the name servers of its zone have them from then on."""
    dns: list[DnsRecord] = field(default_factory=list)
    """What name servers answer otherwise."""
    visitors: Profile | None = None
    environment: str = ""
    message: str = ""
    failures: int = 0
    failed_at: int = 0
    certificate: str = ""
    deleting_at: int = 0


class Cronjob(Struct, omit_defaults=True):
    """A request on a schedule."""

    id: str
    name: str
    environment: str
    type: CronjobType
    schedule: str
    status: CronjobStatus
    created: int
    updated: int
    settings: dict[str, Any] | None = None
    active_at: int = 0
    suspended_at: int = 0


class Transfer(Struct):
    """One change of a project's owner."""

    id: str
    before: str
    after: str
    at: int


class Seeded(Struct):
    """A history that is worked out from the seed when it is first asked for."""

    deployments: int
    until: int


class Project(Struct, omit_defaults=True):
    """A project: an app that is deployed, with all that belongs to it."""

    id: str
    user: str
    name: str
    display: str
    type: ProjectType
    created: int
    updated: int
    status: ProjectStatus = "active"
    description: str | None = None
    app: str = ""
    source: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    scanning: bool = False
    deleted_at: int = 0
    versions: int = 0
    environments: dict[str, Environment] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    """In order of their version."""
    domains: dict[str, Domain] = field(default_factory=dict)
    cronjobs: dict[str, Cronjob] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    tokens: dict[str, int] = field(default_factory=dict)
    """Transfer tokens and when they end."""
    seeded: Seeded | None = None


class User(Struct, omit_defaults=True):
    """A user of the platform."""

    id: str
    username: str
    email: str
    display: str
    created: int
    token: str
    """An access token, which a browser's session would hold."""
    secret: str = ""
    """A key that opens the account and stands in no list."""


class Key(Struct, omit_defaults=True):
    """An API key."""

    id: str
    user: str
    name: str
    secret: str
    created: int
    updated: int
    expires: int
    description: str | None = None
    revoked_at: int = 0


class App(Struct, omit_defaults=True):
    """A group of projects and services; a project knows its app, a service is named here."""

    id: str
    user: str
    name: str
    created: int
    updated: int
    color: str = ""
    description: str | None = None
    services: list[str] = field(default_factory=list)


class Service(Struct):
    """A service that an app uses, such as a database."""

    id: str
    user: str
    name: str


class Repository(Struct, omit_defaults=True):
    """A repository; `heads` is the newest commit of each branch, `files` what is in it."""

    id: int
    name: str
    branch: str
    private: bool = False
    protected: list[str] = field(default_factory=list)
    heads: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Branch → (id of the newest commit, its message)."""
    files: list[str] = field(default_factory=list)


class GithubAccount(Struct, omit_defaults=True):
    """A GitHub account; connected once it has a `user`."""

    installation: int
    username: str
    owner: int
    user: str = ""
    repositories: list[Repository] = field(default_factory=list)


class Template(Struct, omit_defaults=True):
    """A project to start from."""

    id: str
    user: str
    author: str
    name: str
    status: TemplateStatus
    created: int
    updated: int
    amount: float = 0
    categories: list[str] = field(default_factory=list)
    description: str = ""
    overview: str = ""
    use_cases: str = ""
    project: str = ""
    environment: str = ""
    image: str = ""
    video: str = ""
    project_configuration: dict[str, Any] = field(default_factory=dict)
    environment_configuration: dict[str, Any] = field(default_factory=dict)
    build_resources: dict[str, Any] = field(default_factory=dict)
    deployment_resources: dict[str, Any] = field(default_factory=dict)
    rejections: list[tuple[int, str]] = field(default_factory=list)
    review: str = ""
    """What its review is going to say: a reason to reject it, or nothing."""


class Purchase(Struct):
    """A bought template."""

    id: str
    user: str
    template: str
    amount: float
    at: int


class Upload(Struct):
    """Files of one deployment, as a zip archive."""

    archive: bytes


class ScheduledEvent(Struct, order=True):
    """An event that is going to happen by itself; `name` says which handler it has."""

    at: int
    order: int
    name: str
    target: tuple[str, ...] = ()


class JournalEntry(Struct, omit_defaults=True):
    """One entry of the world's journal; names, for what is gone has no id that could be looked up."""

    at: int
    what: str
    project: str = ""
    environment: str = ""
    version: int = 0
    text: str = ""


class State(Struct):
    """Everything that a world knows."""

    seed: int
    scenario: str
    now: int
    settings: WorldSettings
    counter: int = 0
    users: dict[str, User] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    """In order of their creation."""
    github: list[GithubAccount] = field(default_factory=list)
    templates: dict[str, Template] = field(default_factory=dict)
    purchases: dict[str, Purchase] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    behaviors: dict[str, Behavior] = field(default_factory=dict)
    sources: dict[str, BuildBehavior] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By commit, image or upload."""
    incidents: list[tuple[Incident, list[str]]] = field(default_factory=list)
    """Each with the ids of the environments that it reaches."""
    calls: list[Call] = field(default_factory=list)
    """What environments call one another for, by their ids; also what has ended."""
    removed: dict[str, Environment] = field(default_factory=dict)
    """Environments that are gone, and that others called or were called by."""
    recorded: dict[str, bytes] = field(default_factory=dict)
    """By environment: requests that are known one by one."""
    scheduled_events: list[ScheduledEvent] = field(default_factory=list)
    journal: list[JournalEntry] = field(default_factory=list)
    limits: dict[str, list[int]] = field(default_factory=dict)
    """Moments of recent uses of what is limited by time, by user and kind."""
    webhooks: dict[str, WebhookEndpoint] = field(default_factory=dict)
    audit_logs: dict[str, int] = field(default_factory=dict)
    """Events that webhooks could be told of, by user."""
