"""Parameter types of the contract: each limit of the platform is written here once.

`Annotated` marks say what checkers can't: what a name refers to, the platform's bounds, the unit. They become the check
before sending, a 400 in the simulator, a slider in a panel and a line in the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from createos_nb.contract.operation import Fields, Moment, Ref

# --- references: an id or a name --------------------------------------------------------------------------------------

ProjectRef = Annotated[str, Ref("project"), Meta(description="a project: its unique name or id")]
EnvironmentRef = Annotated[str, Ref("environment"), Meta(description="an environment: its unique name or id")]
DeploymentRef = Annotated[str | int, Ref("deployment"), Meta(description="a deployment: its version number or id")]
DomainRef = Annotated[str, Ref("domain"), Meta(description="a domain: its host name or id")]
AppRef = Annotated[str, Ref("app"), Meta(description="an app: its name or id")]
ApiKeyRef = Annotated[str, Ref("api_key"), Meta(description="an API key: its name or id")]
CronjobRef = Annotated[str, Ref("cronjob"), Meta(description="a cron job: its name or id")]
InstallationRef = Annotated[
    str | int, Ref("installation"), Meta(description="a GitHub account: name or installation id")
]
TemplateId = Annotated[str, Meta(description="a template's id")]
PurchaseId = Annotated[str, Meta(description="a purchase's id")]
ServiceId = Annotated[str, Ref("service"), Meta(description="a service's id")]

# --- names and texts --------------------------------------------------------------------------------------------------

UniqueName = Annotated[
    str,
    Meta(min_length=4, max_length=32, pattern=r"^[a-zA-Z0-9-]+$", description="4–32 letters, digits and hyphens"),
]
DisplayName = Annotated[
    str,
    Meta(
        min_length=4,
        max_length=48,
        pattern=r"^[a-zA-Z0-9 _-]+$",
        description="4–48 letters, digits, spaces, underscores and hyphens",
    ),
]
Description = Annotated[str, Meta(min_length=4, max_length=2048, description="4–2048 characters")]
PlainDescription = Annotated[
    str,
    Meta(
        min_length=4,
        max_length=2048,
        pattern=r"^[a-zA-Z0-9 _-]+$",
        description="4–2048 letters, digits, spaces, underscores and hyphens",
    ),
]
KeyName = Annotated[
    str,
    Meta(min_length=4, max_length=48, pattern=r"^[a-zA-Z0-9-]+$", description="4–48 letters, digits and hyphens"),
]
AppDescription = Annotated[str, Meta(min_length=1, max_length=2048, description="1–2048 characters")]
Color = Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$", description="a colour such as #1f77b4")]
HostName = Annotated[str, Meta(min_length=3, max_length=255, description="a host name such as www.example.com")]
Branch = Annotated[str, Meta(min_length=1, max_length=255, description="a branch of the repository")]
Short = Annotated[str, Meta(max_length=255)]

# --- figures ----------------------------------------------------------------------------------------------------------

Cpu = Annotated[int, Meta(ge=200, le=500, description="CPU limit in millicores", extra={"unit": "millicores"})]
Memory = Annotated[int, Meta(ge=500, le=1024, description="memory limit in MB", extra={"unit": "MB"})]
Replicas = Annotated[int, Meta(ge=1, le=3, description="number of replicas", extra={"unit": "replicas"})]
Port = Annotated[int, Meta(ge=1, le=65535, description="the port that the app listens on")]
SinceSeconds = Annotated[
    int,
    Meta(
        ge=1,
        description='how far back: seconds, or "1h" (platform\'s default: 60 s)',
        extra={"unit": "s", "duration": True},
    ),
]
Skip = Annotated[int, Meta(ge=0, description="first line number to give")]
Limit = Annotated[int, Meta(ge=1, description="at most that many rows (default: all)")]

# --- closed lists -----------------------------------------------------------------------------------------------------

ProjectType = Literal["vcs", "image", "upload"]
CronjobType = Literal["http", "artifact"]

# --- times ------------------------------------------------------------------------------------------------------------

TimeLike: TypeAlias = "datetime | str | int | float"
Start = Annotated[
    TimeLike,
    Moment("s", "first moment, in Unix seconds (default: an hour ago)"),
    Meta(description='first moment, such as "-24h" (default: an hour ago)'),
]
End = Annotated[
    TimeLike,
    Moment("s", "moment after the last, in Unix seconds (default: now)"),
    Meta(description="moment after the last (default: now)"),
]
Expiry = Annotated[
    TimeLike,
    Moment("iso", "a future moment, in RFC 3339 with a zone"),
    Meta(description='a future moment: "+90d", ISO text, Timestamp'),
]

# --- objects ----------------------------------------------------------------------------------------------------------

Variables: TypeAlias = Annotated[Mapping[str, str], Meta(description="a map from name to text; it is sent whole")]
Object: TypeAlias = Mapping[str, Any]


class Part(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An object inside a request."""


class VcsSettings(Part):
    """Build and run settings of a project from a repository."""

    build_command: Short | msgspec.UnsetType | None = msgspec.UNSET
    build_dir: Short | msgspec.UnsetType | None = msgspec.UNSET
    build_flag: Short | msgspec.UnsetType | None = msgspec.UNSET
    build_flags: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    build_vars: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    directory_path: Short | msgspec.UnsetType | None = msgspec.UNSET
    framework: Short | msgspec.UnsetType | None = msgspec.UNSET
    has_dockerfile: bool | msgspec.UnsetType = msgspec.UNSET
    ignore_branches: list[Short] | msgspec.UnsetType = msgspec.UNSET
    install_command: Short | msgspec.UnsetType | None = msgspec.UNSET
    port: Port | msgspec.UnsetType = msgspec.UNSET
    run_command: Short | msgspec.UnsetType | None = msgspec.UNSET
    run_envs: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    run_flag: Short | msgspec.UnsetType | None = msgspec.UNSET
    runtime: Short | msgspec.UnsetType | None = msgspec.UNSET
    use_build_ai: bool | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="useBuildAI")


class ImageSettings(Part):
    """Run settings of a project from a container image."""

    port: Port
    run_envs: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class UploadSettings(Part):
    """Build and run settings of a project from uploaded files."""

    build_command: Short | msgspec.UnsetType | None = msgspec.UNSET
    build_dir: Short | msgspec.UnsetType | None = msgspec.UNSET
    build_flag: Short | msgspec.UnsetType | None = msgspec.UNSET
    build_vars: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    directory_path: Short | msgspec.UnsetType | None = msgspec.UNSET
    framework: Short | msgspec.UnsetType | None = msgspec.UNSET
    has_dockerfile: bool | msgspec.UnsetType = msgspec.UNSET
    install_command: Short | msgspec.UnsetType | None = msgspec.UNSET
    port: Port | msgspec.UnsetType | None = msgspec.UNSET
    run_command: Short | msgspec.UnsetType | None = msgspec.UNSET
    run_envs: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    run_flag: Short | msgspec.UnsetType | None = msgspec.UNSET
    runtime: Short | msgspec.UnsetType | None = msgspec.UNSET
    use_build_ai: bool | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="useBuildAI")


class VcsSource(Part):
    """Which repository a project is built from."""

    vcs_name: Literal["github"]
    vcs_installation_id: str
    vcs_repo_id: str


class NoSource(Part):
    """The source of a project that has no repository: empty."""


class ResourceLimits(Part):
    """The resources of an environment."""

    cpu: Cpu
    memory: Memory
    replicas: Replicas


class EnvironmentSettings(Part):
    """Settings of an environment."""

    run_envs: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class CronjobSettings(Part):
    """The request that a scheduled job makes."""

    path: Annotated[str, Meta(max_length=2048, pattern="^/")]
    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
    body: Annotated[str, Meta(max_length=65536)] | msgspec.UnsetType | None = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    timeout_in_seconds: Annotated[int, Meta(ge=1, le=5)] | msgspec.UnsetType = msgspec.UNSET


class File(Part):
    """One file of an upload: where it goes and what it holds (text, or base64)."""

    path: str
    content: str


ProjectSettings = Annotated[
    Object,
    Fields((VcsSettings, UploadSettings, ImageSettings), types=("vcs", "upload", "image")),
    Meta(description="port, run_envs, runtime, …: the fields of the project's type"),
]
Source = Annotated[
    Object,
    Fields((VcsSource, NoSource, NoSource), types=("vcs", "upload", "image")),
    Meta(description="vcs: vcs_name, vcs_installation_id, vcs_repo_id; else empty"),
]
Limits = Annotated[
    Object, Fields((ResourceLimits,)), Meta(description="cpu (200–500), memory (500–1024), replicas (1–3)")
]
EnvironmentOptions = Annotated[Object, Fields((EnvironmentSettings,)), Meta(description="run_envs")]
JobSettings = Annotated[
    Object,
    Fields((CronjobSettings,)),
    Meta(description="path, method, headers, body, timeout_in_seconds (1–5)"),
]
Files = Annotated[
    Sequence[Object], Fields((File,), many=True), Meta(max_length=100, description="path and content of each")
]
