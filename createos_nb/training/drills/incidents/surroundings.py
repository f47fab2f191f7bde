"""What lies around an app: providers, settings, domains, keys, quotas, scans."""

from __future__ import annotations

from createos_nb.training.drills.family import Family

FAMILIES = (
    Family(
        "external_dependency",
        "A provider fails that one or several projects ask.",
        {"external_dependency_shared": "errors", "external_dependency_alone": "errors"},
    ),
    Family(
        "configuration_change",
        "A variable, replicas or memory were changed, and errors began.",
        {
            "configuration_change_variables": "errors",
            "configuration_change_resources": "errors",
            "configuration_change_memory": "errors",
        },
    ),
    Family("not_deployed", "What served was deleted, and nothing serves in its place.", {"not_deployed": "refusals"}),
    Family("asleep", "Nobody asked, so it fell asleep; who comes gets an error.", {"asleep": "errors"}),
    Family("key_expired", "A key that something uses has expired.", {"key_expired": "key"}),
    Family(
        "quota_exceeded",
        "The account has as many keys or projects as it may have.",
        {"quota_exceeded_keys": "quota", "quota_exceeded_projects": "quota"},
    ),
    Family("dns_change", "The records of a domain that was fine now lead elsewhere.", {"dns_change": "domain"}),
    Family("vulnerability", "A scan of what is live has found something severe.", {"vulnerability": "scan"}),
)
