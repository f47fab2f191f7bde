"""What a learner has harmed: the account as it was when the lesson began, beside what it is now."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from createos_nb.client.client import Client
from createos_nb.display import is_missing

Snapshot = dict[str, dict[str, Any]]


def look_over(client: Client) -> Snapshot:
    """Return what an account has, by name: projects, environments, domains, API keys.

    It reads the lists of projects, environments and domains of each, deployments of each, and keys.
    """
    result: Snapshot = {}
    for row in client.projects.list().to_dict("records"):
        result[row["unique_name"]] = {"state": row["state"]}
    versions = {row["id"]: int(row["version_number"]) for row in client.fleet.deployments().to_dict("records")}
    names = {}
    for row in client.fleet.environments().to_dict("records"):
        place = f"{row['project']}/{row['unique_name']}"
        names[row["id"]] = row["unique_name"]
        result[place] = {
            "live": versions.get(row["project_deployment_id"]),
            "replicas": int(row["resources_replicas"]),
            "cpu": int(row["resources_cpu"]),
            "memory": int(row["resources_memory"]),
            "branch": _text(row["branch"]),
            "auto_promote": bool(row["is_auto_promote_enabled"]),
            "variables": _variables(row["run_envs"]),
        }
    for row in client.fleet.domains().to_dict("records"):
        result[f"domain {row['name']}"] = {"leads_to": names.get(row["environment_id"], ""), "state": row["state"]}
    for row in client.api_keys.list().to_dict("records"):
        if is_missing(row["revoked_at"]):
            result[f"key {row['name']}"] = {"state": "there"}
    return result


def compare(before: Snapshot, now: Snapshot, may_change: list[str]) -> list[str]:
    """Return what is gone or other than it was, and may not be; what came in addition harms nothing."""
    harm = []
    for place, fields in before.items():
        if place not in now or now[place].get("state") in ("deleting", "deleted"):
            if not _may(may_change, f"{place}.gone"):
                what = "was revoked" if place.startswith("key ") else "was deleted"
                harm.append(f"{place} {what}")
            continue
        for field, value in fields.items():
            other = now[place].get(field)
            if other != value and not _may(may_change, f"{place}.{field}"):
                harm.append(f"{place}: {field.replace('_', ' ')} {_shown(value)} → {_shown(other)}")
    return harm


def _may(patterns: list[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _variables(held: Any) -> list[str]:
    return sorted(held) if isinstance(held, Mapping) else []


def _text(value: Any) -> str:
    return "" if is_missing(value) else str(value)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "nothing" if is_missing(value) or value == "" else str(value)
