"""Causes of trouble: the words of a diagnosis, of scenarios' ground truth and of drills, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

#: How an environment, or a project's builds, are doing.
Status = Literal["healthy", "degraded", "down", "asleep", "unknown"]

Cause = Literal[
    "bad_release",
    "build_failed",
    "build_timeout",
    "private_package",
    "monorepo_path",
    "runtime_crash",
    "missing_variable",
    "wrong_port",
    "out_of_memory",
    "memory_leak",
    "capacity",
    "noisy_neighbor",
    "external_dependency",
    "internal_dependency",
    "configuration_change",
    "asleep",
    "suspended",
    "not_deployed",
    "domain_pending",
    "domain_misconfigured",
    "quota_exceeded",
    "key_expired",
    "vulnerability",
]

#: The most exact word that the evidence supports is used: a crash by an absent variable is `missing_variable`.
CAUSES: Final[Mapping[Cause, str]] = {
    "bad_release": "a version that became live fails where the one before it did not",
    "build_failed": "a build ends with an error in the code, a package that does not exist, or its settings",
    "build_timeout": "a build takes longer than the platform allows",
    "private_package": "a build asks for a package that it may not read",
    "monorepo_path": "the project's directory is not in the repository",
    "runtime_crash": "the process of a version ends with an error, and is started again and again",
    "missing_variable": "a build or a process ends because a variable is not set",
    "wrong_port": "the program listens on another port than the project's settings say",
    "out_of_memory": "the process needs more memory than it has, and is killed",
    "memory_leak": "the memory of the process grows until it is killed, again and again",
    "capacity": "more requests come than the replicas can serve",
    "noisy_neighbor": "as many requests come as ever, and the replicas get less CPU than they are given",
    "external_dependency": "a service outside the account, which an app asks, fails or is slow",
    "internal_dependency": "another project of the account, which an app asks, fails or is slow",
    "configuration_change": "errors began when variables, settings or resources were changed",
    "asleep": "the deployment fell asleep because nobody asked for it",
    "suspended": "the project is suspended",
    "not_deployed": "no deployment was assigned to the environment",
    "domain_pending": "a domain waits for its DNS records to be found",
    "domain_misconfigured": "a domain's DNS records point elsewhere, or its set-up was given up",
    "quota_exceeded": "the account has as many projects, keys or other resources as it may have",
    "key_expired": "an API key has expired, or is about to",
    "vulnerability": "a security scan of what is live has found something critical or high",
}
