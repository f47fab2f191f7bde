"""Columns of the tables that no single operation gives: of the fleet, of an upload, of the client's own log."""

from __future__ import annotations

from typing import Final, TypeAlias

from createos_nb.contract.row import Row
from createos_nb.contract.webhooks import WebhookDelivery

#: Name, dtype, meaning and unit of a column.
ColumnFacts: TypeAlias = tuple[str, str, str, str]

_TIME: Final = "datetime64[us, UTC]"
_PROJECT: Final = ("project", "str", "unique name of its project", "")
_APP: Final = ("app", "str", "name of the app that groups its project; NA where it is in none", "")
_ENVIRONMENT: Final = ("environment", "str", "unique name of the environment", "")

#: Tables that have the columns of an operation's call, after some of their own.
EXTENDED: Final[dict[str, tuple[tuple[ColumnFacts, ...], str]]] = {
    "fleet.projects": ((_APP,), "projects.list"),
    "fleet.environments": ((_PROJECT, _APP), "environments.list"),
    "fleet.deployments": ((_PROJECT, _APP), "deployments.list"),
    "fleet.domains": ((_PROJECT, _APP), "domains.list"),
    "fleet.requests_over_time": ((_PROJECT, _ENVIRONMENT), "analytics.requests_over_time"),
    "fleet.logs": ((_PROJECT, _ENVIRONMENT), "environments.logs"),
}

#: Tables whose rows are declared, and lie beside something else in the answer of an operation.
DECLARED: Final[dict[str, type[Row]]] = {"webhooks.deliveries": WebhookDelivery}

#: Tables that have columns of their own only.
OWN: Final[dict[str, tuple[ColumnFacts, ...]]] = {
    "fleet.overview": (
        _PROJECT,
        _APP,
        _ENVIRONMENT,
        ("status", "str", "how it does now: down, degraded, unknown, asleep or healthy", ""),
        ("reason", "str", "why, with the figure that decides it", ""),
        ("state", "str", "state of the environment", ""),
        ("version", "Int64", "version number of the live deployment", ""),
        ("live_state", "str", "state of the live deployment", ""),
        ("replicas", "Int64", "number of replicas", "replicas"),
        ("requests", "Int64", "requests of the window", "requests"),
        ("rpm", "Float64", "requests per minute, mean of the window", "requests/min"),
        ("success_percentage", "Float64", "share of answers with 2xx or 3xx, 0–100; NA without requests", "%"),
        ("status_5xx", "Int64", "requests answered with 5xx", "requests"),
        ("server_error_percentage", "Float64", "share answered with 5xx, 0–100; NA without requests", "%"),
        ("client_error_percentage", "Float64", "share answered with 4xx, 0–100; NA without requests", "%"),
        ("error_change", "Float64", "5xx percentage, less that of a week before; NA unless known", "percentage points"),
        ("burn", "Float64", "burn rate of the window: share of 5xx over the error budget", ""),
        ("last_change", "str", "what changed last, as far as the times of its resources say", ""),
        ("changed_at", _TIME, "when that was", "UTC"),
        ("trend", "object", "requests in each thirtieth of the window; None where there is no data", "requests"),
        ("error_trend", "object", "5xx in each thirtieth of the window; None where there is no data", "requests"),
        ("read_at", _TIME, "when its project was read", "UTC"),
        ("pending", "str", "what is on its way there, such as version 5 building; NA where nothing is", ""),
        ("budget_left", "Float64", "share of 30 days' error budget that is left; NA unless a history knows it", ""),
    ),
    "fleet.live_versions": (
        _PROJECT,
        _ENVIRONMENT,
        ("version", "Int64", "version number of the deployment", ""),
        ("deployment", "str", "id of the deployment", ""),
        ("start", _TIME, "when it became live", "UTC"),
        ("end", _TIME, "when another did; NaT while it is live", "UTC"),
        ("source", "str", "who says so: journal, history, or inferred", ""),
        ("exactness", "str", "what is known of the start: exact, within, built, or guess", ""),
        ("not_before", _TIME, "the earliest moment at which it may have become live", "UTC"),
        ("not_after", _TIME, "the latest", "UTC"),
    ),
    "fleet.changes": (
        ("time", _TIME, "when it changed", "UTC"),
        _PROJECT,
        ("kind", "str", "environment, deployment or domain", ""),
        ("name", "str", "its name, or version number", ""),
        ("change", "str", "what became of it, such as changed", ""),
        ("state", "str", "its state now", ""),
    ),
    "deployments.upload_plan": (
        ("path", "str", "path in the upload; a folder's ends with a slash", ""),
        ("bytes", "Int64", "size; NA for folders", "bytes"),
        ("included", "boolean", "it would be sent", ""),
        ("content", "str", "text or binary", ""),
        ("reason", "str", "why it is left out; of what is included, something to mind", ""),
    ),
    "security.findings": (
        ("severity", "str", "severity, as the scanner says it", ""),
        ("id", "str", "id of the vulnerability", ""),
        ("package", "str", "the package that has it", ""),
        ("installed_version", "str", "version of the package", ""),
        ("fixed_version", "str", "first version without it", ""),
        ("title", "str", "what it is", ""),
    ),
    "log": (
        ("time", _TIME, "when the request was sent", "UTC"),
        ("operation", "str", "the platform's name of the operation", ""),
        ("method", "str", "method of HTTP", ""),
        ("path", "str", "path of the request", ""),
        ("status", "Int64", "status of the answer; NA without one", ""),
        ("duration", "Float64", "time until the answer was read", "s"),
        ("attempt", "Int64", "number of the attempt, from 1", ""),
        ("bytes", "Int64", "size of the answer", "bytes"),
    ),
}
