"""What can be set of a world: limits, delays and widths that the platform does not document, or lets differ."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from createos_nb.errors import InvalidInput
from createos_nb.hosts import host_name
from createos_nb.naming import nearest
from createos_nb.simulator.times import SECOND, duration
from createos_nb.webhooks.signature import Scheme

Seconds = Annotated[int, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
UnknownFields = Literal["refuse", "ignore"]
Positive = Annotated[int, Meta(ge=1)]


class WorldSettings(Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """Settings of a world. Durations are whole seconds; a text such as "15min" serves as well.

    Attributes:
        base_domain: the domain that the addresses of projects, environments and deployments end in.
        idle: seconds without a request after which a deployment falls asleep; 0: never.
        live_limit: live deployments that a project may have; one more, and the oldest is terminated.
        dns_delay: seconds until the DNS record of a new domain is found.
        bucket: width of a bucket of requests over time.
        longest_window: the longest window that one call for requests over time may ask for.
        log_window: how much runtime log one call gives at most.
        log_lines: how many of its last lines one call gives at most; the oldest are left out.
        activities: runs of a cron job that are kept.
        cronjobs: cron jobs that a project may have.
        projects, api_keys, apps, drafts: how many of them an account may have.
        environments: how many a project may have.
        uploads, transfers: how many an account may make in a day.
        upload_bytes: the largest upload.
        body_bytes: the largest body of any other request.
        rate_per_minute, rate_per_hour: requests of a key; 0: no limit.
        uploads_per_minute: uploads of a key; 0: no limit.
        transfer_token: how long a transfer token lives.
        signed_address: how long a download address lives.
        suspending: how long a project or a cron job takes to be suspended.
        deleting: how long a project, an environment, a domain or a cron job takes to be deleted.
        promoting: how long an environment is busy after a deployment was made live in it.
        resizing: how long an environment is busy after it got other resources.
        updating: how long an environment is busy after it got other variables or another name.
        verifying: how long the check of a domain's DNS records takes, once it is asked for.
        issuing: how long a verified domain takes to get its certificate.
        terminating: how long a deployment takes to go.
        waking: how long a sleeping deployment takes to be awake.
        scanning: how long a scan takes.
        reviewing: how long the review of a template takes.
        unknown_fields: "refuse" a write with a field that the contract does not declare (400), or "ignore" the field:
            a platform that is newer than this version may know it.
        webhook_endpoints: webhook endpoints that an account may have.
        webhook_attempts: attempts at a delivery until it is given up.
        webhook_backoff: how long after the first attempt the second one follows; each wait is twice as long.
        webhook_longest_backoff: the longest of these waits.
        webhook_signature: how the signature is written: "hex", "sha256=hex" or "base64".

    Examples:
        >>> world = createos_nb.simulator.open_world("wrong-port", idle="2h", live_limit=3)
        >>> world.state.settings.idle, world.state.settings.live_limit
        (7200, 3)
    """

    base_domain: str = "createos.nodeops.network"
    idle: Seconds = 3 * 86_400
    live_limit: Positive = 10
    dns_delay: Seconds = 4 * 3600
    bucket: Positive = 60
    longest_window: Annotated[int, Meta(ge=60)] = 86_400
    log_window: Positive = 86_400
    log_lines: Positive = 5_000
    activities: Count = 10
    cronjobs: Count = 4
    projects: Count = 20
    api_keys: Count = 10
    apps: Count = 10
    environments: Count = 8
    drafts: Count = 5
    uploads: Count = 200
    transfers: Count = 5
    upload_bytes: Count = 50_000_000
    body_bytes: Count = 20_000_000
    rate_per_minute: Count = 0
    rate_per_hour: Count = 0
    uploads_per_minute: Count = 0
    transfer_token: Seconds = 6 * 3600
    signed_address: Seconds = 900
    suspending: Seconds = 5
    deleting: Seconds = 20
    promoting: Seconds = 4
    resizing: Seconds = 12
    updating: Seconds = 6
    verifying: Seconds = 5
    issuing: Seconds = 45
    terminating: Seconds = 15
    waking: Seconds = 8
    scanning: Seconds = 90
    reviewing: Seconds = 2 * 86_400
    unknown_fields: UnknownFields = "refuse"
    webhook_endpoints: Count = 10
    webhook_attempts: Positive = 12
    webhook_backoff: Seconds = 30
    webhook_longest_backoff: Seconds = 3600
    webhook_signature: Scheme = "hex"


NAMES: Final = WorldSettings.__struct_fields__
#: Settings that are lengths of time; the others are counts.
DURATIONS: Final = frozenset(
    {
        "idle",
        "dns_delay",
        "bucket",
        "longest_window",
        "log_window",
        "transfer_token",
        "signed_address",
        "suspending",
        "deleting",
        "promoting",
        "resizing",
        "updating",
        "verifying",
        "issuing",
        "terminating",
        "waking",
        "scanning",
        "reviewing",
        "webhook_backoff",
        "webhook_longest_backoff",
    }
)


def settled(overrides: dict[str, Any], base: WorldSettings | None = None) -> WorldSettings:
    """Return settings with overrides over a base. Raises `InvalidInput` that names the setting."""
    values = msgspec.structs.asdict(base) if base is not None else {}
    for name, value in overrides.items():
        if name not in NAMES:
            raise InvalidInput(f"a world has no setting {name!r}; it has: {', '.join(NAMES)}{nearest(name, NAMES)}")
        values[name] = host_name(value) if name == "base_domain" and isinstance(value, str) else value
        if name in DURATIONS and not isinstance(value, int):
            length = duration(value, f"setting {name}")
            if length % SECOND:
                raise InvalidInput(f"setting {name}: {value!r} is no whole number of seconds")
            values[name] = length // SECOND
    if values.get("unknown_fields", "refuse") not in get_args(UnknownFields):
        choices = ", ".join(get_args(UnknownFields))
        raise InvalidInput(f"setting unknown_fields={values['unknown_fields']!r} is none of: {choices}")
    try:
        return msgspec.convert(values, WorldSettings)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"setting: {error}") from None
