"""Diagnose: what is wrong with an environment, or with a project's builds, and why."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from createos_nb.causes import Status
from createos_nb.diagnostics.diagnosis import LIKELY, Diagnosis, Finding, Material
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock
from createos_nb.diagnostics.rules import rules
from createos_nb.diagnostics.sentence import in_words, sentence
from createos_nb.errors import InvalidInput, Unauthorized

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: From this share of failing requests on an environment is down.
_DOWN = 0.5
#: Where nobody has asked for so long, nothing is known.
_RECENT = pd.Timedelta("1h")
#: Causes that do not concern what is running.
_ELSEWHERE = frozenset({"quota_exceeded", "key_expired", "vulnerability"})
#: Causes of builds; the others may be causes of a build or of a process.
_MAY_BE_BUILDS = frozenset({"missing_variable", "wrong_port", "out_of_memory"})
_BUILDS = frozenset({"build_failed", "build_timeout", "private_package", "monorepo_path"})


def diagnose(client: Client, project: str | None = None, environment: str | None = None) -> Diagnosis:
    """Say what is wrong with an environment, since when, why, and what puts it right.

    Without an environment, the same of a project's builds and domains; without a project, of the account's keys and
    quotas.

    It reads what runs, requests by status, paths that fail, the runtime log, failed builds, domains, quotas and keys,
    and, where requests fail, a few other projects: 7 to 10 requests where all is well, up to 26 in trouble. Causes are
    ranked by what speaks for and against them; what could not be read stands in `missing`. The share of diagnoses that
    are right, by cause and confidence, is measured on generated faults: docs/diagnosis.md.

    Args:
        client: An open client, of the platform or of a simulated world.
        project: A project: its unique name or id; None for the account.
        environment: An environment of it; None for the project's builds and domains.

    Returns:
        Status, sentence and causes.

    Raises:
        InvalidInput: An environment without its project.
        UnknownName: There is no such project or environment.
        CreateOSError: The projects can't be read at all.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> diagnosis = createos_nb.diagnostics.diagnose(client, "storefront", "production")
        >>> diagnosis.status, diagnosis.causes["cause"].tolist()
        ('degraded', ['bad_release'])
    """
    if project is None and environment is not None:
        raise InvalidInput(f"diagnose: environment={environment!r} needs its project, too")
    with client.transport.log.counting() as requests:
        try:
            evidence = Evidence(client, project, environment)
        except Unauthorized as error:
            return _unauthorized(project, environment, error)
        if evidence.environment is not None and evidence.requests.trouble is not None:
            # whatever the trouble is, rules ask for both
            reads = (partial(getattr, evidence.logs, "log"), partial(getattr, evidence.requests, "paths"))
            for _ in client.session.map_concurrently(lambda read: read(), reads):
                pass
        found = _found(evidence)
    own = [finding for finding in found if _concerns(evidence, finding)]
    status = _status(evidence, own)
    return Diagnosis(
        evidence.where,
        status,
        sentence(evidence, status, own),
        tuple(own),
        (
            *(f"{in_words(evidence, one)}: {one.evidence[0]}" for one in found if one not in own),
            *_reach(evidence, status, own),
        ),
        dict(evidence.missing),
        len(requests),
        evidence.now,
        None if evidence.environment is None else _material(evidence),
    )


def _material(evidence: Evidence) -> Material:
    """Return what was read of an environment; log and changes only where a rule has asked for them."""
    read_logs = vars(evidence).get("logs")
    return Material(
        evidence.requests.traffic,
        None if read_logs is None else vars(read_logs).get("log"),
        evidence.deployments,
        tuple(vars(evidence).get("changes", ())),
        evidence.version,
        evidence.earlier,
        evidence.requests.since,
    )


def _found(evidence: Evidence) -> list[Finding]:
    """Return what the rules find, likeliest first."""
    found: list[Finding] = []
    for name, rule in sorted(rules(), key=lambda pair: getattr(pair[1], "ORDER", 0)):
        if evidence.is_of_account and not getattr(rule, "ACCOUNT", False):
            continue
        if isinstance(rule, Exception):
            evidence.missing[f"rule {name}"] = f"it can't be loaded: {rule}"
        else:
            try:
                found += rule.find(evidence, tuple(found))
            except Exception as error:  # noqa: BLE001  # one rule that fails must not cost the others
                evidence.missing[f"rule {name}"] = f"it failed: {type(error).__name__}: {error}"
    return sorted(found, key=lambda finding: -finding.weight)


def _reach(evidence: Evidence, status: Status, found: list[Finding]) -> Iterator[str]:
    """Say how far back the log was read, where the trouble has no likely cause and older lines might name it."""
    log = None if evidence.environment is None or status == "healthy" else evidence.logs.log
    if log is None or log.attrs.get("complete", True) or any(finding.weight >= LIKELY for finding in found):
        return
    begins = log["time"].min()
    if pd.notna(begins):
        yield f"only the newest {len(log):,} lines of the log were read, from {clock(begins, evidence.now)} on"


def _concerns(evidence: Evidence, finding: Finding) -> bool:
    """Return whether a cause is one of what was asked for, not of the project or the account around it."""
    if evidence.environment is None or finding.where == evidence.where or finding.cause == "suspended":
        return True
    return finding.cause in _BUILDS | _MAY_BE_BUILDS and finding.where == evidence.name and evidence.live is None


def _status(evidence: Evidence, found: list[Finding]) -> Status:
    causes = {finding.cause for finding in found if finding.weight >= LIKELY}
    if evidence.is_of_account:
        unread = evidence.quotas is None or evidence.keys is None
        return "degraded" if causes else "unknown" if unread else "healthy"
    if not evidence.is_active:
        return "down"
    if evidence.environment is None:
        if evidence.deployments is None or evidence.environments is None:
            return "unknown"
        return "degraded" if causes - _ELSEWHERE else "healthy"
    if "asleep" in causes:
        return "asleep"
    live = evidence.live
    asked = int(evidence.requests.sums(evidence.now - _RECENT, evidence.now + _RECENT).get("count", 0))
    if live is None:
        # where nothing is deployed and nobody comes, nothing is missed
        return "down" if asked and "live deployment" not in evidence.missing else "unknown"
    if live["status"] not in ("deployed", "crashing", "sleeping"):
        return "unknown" if live["status"] in ("queue", "building", "deploying") else "down"
    if evidence.traffic is None:
        return "unknown"
    if evidence.requests.failing >= _DOWN:
        return "down"
    if live["status"] == "crashing":
        return "down" if not evidence.requests.recent.get("count", 0) else "degraded"
    if evidence.requests.trouble is not None or causes - _ELSEWHERE - _BUILDS:
        return "degraded"
    if not asked:
        return "unknown"
    return "healthy"


def _unauthorized(project: str | None, environment: str | None, error: Unauthorized) -> Diagnosis:
    """Return a diagnosis of nothing but the key: with it nothing can be read."""
    where = "/".join(part for part in (project, environment) if part) or "account"
    reason = str(error).split("\n", 1)[0]
    expired = "expired" in reason
    findings = (
        (
            Finding(
                "key_expired",
                "account",
                None,
                0.95,
                (f'the platform says "{reason}"',),
                (),
                "Make a new key in the dashboard, and log in with it: createos-nb login.",
            ),
        )
        if expired
        else ()
    )
    text = "the API key has expired" if expired else "the API key is refused"
    return Diagnosis(
        where, "unknown", f"Nothing can be said of {where}: {text}.", findings, (), {"everything": reason}, 1
    )
