"""Figures of a world, as checks of lessons name them: each reads through the client, as a learner could.

A fact is a function of this file whose name has no underscore before it: the client, then arguments of its own. It
returns a value, or None where there is none. It tells nothing of how the world came there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from createos_nb.client.client import Client
from createos_nb.display import is_missing
from createos_nb.errors import Forbidden, InvalidInput, NotFound, Unauthorized, UnknownName
from createos_nb.plans.journal_files import default_folder
from createos_nb.plans.runs import runs
from createos_nb.redaction import Secret

_SERVED_BY_NOBODY: Final = 0


def projects(client: Client) -> int:
    """How many projects the account has."""
    return len(client.projects.list())


def environments(client: Client) -> int:
    """How many environments the account has."""
    return len(client.fleet.environments())


def project(client: Client, project: str) -> str | None:
    """The state of a project, such as "active"."""
    found = _found(lambda: client.projects.get(project))
    return None if found is None else str(found["state"])


def project_setting(client: Client, project: str, field: str) -> Any:
    """A field of a project, such as "settings_port"."""
    found = _found(lambda: client.projects.get(project))
    return None if found is None else _value(found.get(field))


def build_variables(client: Client, project: str) -> list[str] | None:
    """Names of the build variables of a project."""
    found = _found(lambda: client.projects.get(project))
    if found is None:
        return None
    held = found["build_vars"]
    return sorted(held) if isinstance(held, dict) else []


def environment(client: Client, project: str, environment: str, field: str = "state") -> Any:
    """A field of an environment, such as "is_auto_promote_enabled"."""
    found = _found(lambda: client.environments.get(project, environment))
    return None if found is None else _value(found.get(field))


def has_environment(client: Client, project: str, environment: str) -> bool:
    """Whether a project has an environment that is not being deleted."""
    found = _found(lambda: client.environments.get(project, environment))
    return found is not None and found["state"] != "deleting"


def variables(client: Client, project: str, environment: str) -> list[str] | None:
    """Names of the run-time variables of an environment."""
    found = _found(lambda: client.environments.get(project, environment))
    if found is None:
        return None
    held = found["run_envs"]
    return sorted(held) if isinstance(held, dict) else []


def key_in_variable(client: Client, project: str, environment: str, variable: str) -> bool | None:
    """Whether the value of a run-time variable is an API key that opens this account now."""
    values = _found(lambda: client.environments.reveal_variables(project, environment))
    if values is None or variable not in values:
        return None
    try:
        with client.transport.signed_with(Secret(str(values[variable]))):
            client.account.current_user()
    except (Unauthorized, Forbidden, InvalidInput):
        # what is no key at all can't even be sent
        return False
    return True


def variable_is(client: Client, project: str, environment: str, variable: str, value: str) -> bool | None:
    """Whether a run-time variable has a value."""
    values = _found(lambda: client.environments.reveal_variables(project, environment))
    return None if values is None or variable not in values else bool(str(values[variable]) == value)


def live_version(client: Client, project: str, environment: str) -> int | None:
    """The number of the version that is live in an environment."""
    found = _found(lambda: client.environments.get(project, environment))
    if found is None or is_missing(found["project_deployment_id"]):
        return None
    return int(client.deployments.get(project, found["project_deployment_id"])["version_number"])


def live_state(client: Client, project: str, environment: str) -> str | None:
    """The state of the version that is live in an environment, such as "deployed" or "sleeping"."""
    found = _found(lambda: client.environments.get(project, environment))
    if found is None or is_missing(found["project_deployment_id"]):
        return None
    return str(client.deployments.get(project, found["project_deployment_id"])["state"])


def newest_version(client: Client, project: str) -> int | None:
    """The number of the newest version of a project."""
    found = _found(lambda: client.deployments.list(project))
    return None if found is None or found.empty else int(found["version_number"].max())


def answers(client: Client, project: str, environment: str, path: str = "/") -> int | None:
    """The HTTP status that an environment answers with at its own address; 0 where nobody answers."""
    found = _found(lambda: client.environments.get(project, environment))
    if found is None or is_missing(found["endpoint"]):
        return None
    status = client.probe(str(found["endpoint"]) + path)["status"]
    return _SERVED_BY_NOBODY if is_missing(status) else int(status)


def domain(client: Client, project: str, domain: str) -> str | None:
    """The state of a domain, such as "pending" or "active"."""
    row = _domain(client, project, domain)
    return None if row is None else str(row["state"])


def records_missing(client: Client, project: str, domain: str) -> int | None:
    """How many DNS records of a domain are not there as wanted; 0 for one that is verified."""
    row = _domain(client, project, domain)
    if row is None:
        return None
    if str(row["state"]) != "pending":
        return 0
    return int((client.domains.look_up(project, domain)["state"] != "set").sum())


def domain_leads_to(client: Client, project: str, domain: str) -> str | None:
    """The name of the environment that a domain is routed to; "" where it is routed nowhere."""
    row = _domain(client, project, domain)
    if row is None:
        return None
    if is_missing(row["environment_id"]):
        return ""
    listed = client.environments.list(project).set_index("id")
    return str(listed["unique_name"].get(row["environment_id"], ""))


def domain_version(client: Client, project: str, domain: str) -> int | None:
    """The number of the version that somebody gets who comes by a domain."""
    name = domain_leads_to(client, project, domain)
    return live_version(client, project, name) if name else None


def api_key(client: Client, name: str) -> str | None:
    """What became of an API key: "valid", "expired" or "revoked"; of several with the name, whether one is valid."""
    listed = client.api_keys.list()
    listed = listed[listed["name"] == name]
    if listed.empty:
        return None
    left = listed[listed["revoked_at"].isna()]
    if left.empty:
        return "revoked"
    return "valid" if bool((left["expired_at"] > client.now).any()) else "expired"


def valid_keys(client: Client, name: str) -> int:
    """How many API keys that are valid have a text in their name."""
    listed = client.api_keys.list()
    valid = listed["revoked_at"].isna() & (listed["expired_at"] > client.now)
    return int((valid & listed["name"].str.contains(name, regex=False)).sum())


def longest_key_days(client: Client, name: str) -> float | None:
    """For how many days more the API key is valid that has a text in its name and lasts longest."""
    listed = client.api_keys.list()
    listed = listed[listed["name"].str.contains(name, regex=False) & listed["revoked_at"].isna()]
    return None if listed.empty else float((listed["expired_at"].max() - client.now) / pd.Timedelta(days=1))


def requests(client: Client, project: str, environment: str, start: str = "-24h", end: str = "now") -> int | None:
    """How many requests came to an environment in a window."""
    totals = _found(lambda: client.analytics.overall_requests(project, environment, start=start, end=end))
    return None if totals is None else int(totals["total"])


def server_errors(client: Client, project: str, environment: str, start: str = "-24h", end: str = "now") -> int | None:
    """How many requests of a window were answered with 5xx."""
    totals = _found(lambda: client.analytics.overall_requests(project, environment, start=start, end=end))
    return None if totals is None else int(totals["status_5xx"])


def error_percentage(
    client: Client, project: str, environment: str, start: str = "-1h", end: str = "now", classes: str = "5xx"
) -> float | None:
    """The share of requests of a window that were answered with 5xx, or with "4xx", or with "4xx+5xx", in percent."""
    totals = _found(lambda: client.analytics.overall_requests(project, environment, start=start, end=end))
    if totals is None or not totals["total"]:
        return None
    return 100 * float(sum(totals[f"status_{one}"] for one in classes.split("+"))) / float(totals["total"])


def budget(
    client: Client, project: str, environment: str, target: float, start: str = "-24h", end: str = "now"
) -> float | None:
    """How many of the requests of a window may fail by an objective."""
    total = requests(client, project, environment, start, end)
    return None if total is None else total * (1 - target)


def budget_spent(
    client: Client, project: str, environment: str, target: float, start: str, end: str = "now"
) -> float | None:
    """The share of an error budget that the requests of a window have spent, in percent."""
    traffic = _found(lambda: client.analytics.requests_over_time(project, environment, start=start, end=end))
    if traffic is None:
        return None
    total, failed = float(traffic["count"].sum()), float(traffic["status_5xx"].sum())
    return 100 * failed / (total * (1 - target)) if total else None


def log_lines(
    client: Client, project: str, environment: str, search: str, start: str = "-10min", end: str = "now"
) -> int | None:
    """How many lines of a runtime log match."""
    found = _found(lambda: client.environments.logs(project, environment, start=start, end=end, search=search))
    return None if found is None else len(found)


def runs_of(client: Client, title: str, state: str = "finished") -> int:
    """How many runs of plans on this world have a text in their title, such as "canary", and ended in that state."""
    return count_runs(known_runs(client), title, state)


def hours_passed(client: Client, since: str) -> float:
    """How many hours have passed since a moment (UTC), such as "2026-03-04T14:00:00Z"."""
    return float((client.now - pd.Timestamp(since)) / pd.Timedelta(hours=1))


def known_runs(client: Client) -> list[str]:
    """Return the runs on the client's world by the journals of this machine, as "state: title"."""
    if client.world is None:
        return []
    table = runs(default_folder(embedded=client.embedded))
    table = table[(table["world"] == client.world.id) & ~table["state"].isin(["at work", "damaged", "unreadable"])]
    return [f"{state}: {title}" for state, title in zip(table["state"], table["title"], strict=True)]


def count_runs(known: list[str], title: str, state: str) -> int:
    """Return how many of them ended in a state and have a text in their title."""
    return sum(title.casefold() in one.casefold() and one.startswith(f"{state}: ") for one in known)


def _domain(client: Client, project: str, domain: str) -> pd.Series | None:
    listed = _found(lambda: client.domains.list(project))
    if listed is None:
        return None
    rows = listed[listed["name"] == domain]
    return None if rows.empty else rows.iloc[0]


def _found(read: Callable[[], Any]) -> Any:
    """Return what is read, or None where there is no such thing."""
    try:
        return read()
    except (NotFound, UnknownName):
        return None


def _value(value: Any) -> Any:
    return None if is_missing(value) else value


#: The facts by name, without what a lesson keeps of runs.
FACTS: Final[dict[str, Callable[..., Any]]] = {
    name: value
    for name, value in list(globals().items())
    if inspect.isfunction(value) and value.__module__ == __name__ and not name.startswith("_")
}
del FACTS["known_runs"], FACTS["count_runs"]
