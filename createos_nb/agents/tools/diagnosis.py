"""What is wrong, and why; whether a release is worse; whether an environment can be told from another."""

from __future__ import annotations

from typing import Any

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.agents.runbook_calls import named_arguments
from createos_nb.agents.tool import tool
from createos_nb.diagnostics.diagnose import diagnose as find_causes
from createos_nb.diagnostics.diagnosis import RunbookCall
from createos_nb.plans.release_judgement import judge_release
from createos_nb.times import beginning


@tool()
def diagnose(context: ToolContext, project: str | None = None, environment: str | None = None) -> Answer:
    """Say what is wrong with an environment, a project's builds or the account, since when, and what mends it.

    It costs 7 to 26 requests. Each cause has what speaks for it and against it, a confidence, and, where a runbook
    mends it, what plan takes.

    Args:
        context: what tools share.
        project: by name or id; by default the account's keys and quotas.
        environment: by name or id; by default the project's builds and domains.

    Returns:
        status, a sentence, causes (likeliest first), notes, and in `missing` what could not be read.
    """
    found = find_causes(context.client, project, environment)
    data = found.to_dict()
    for cause, finding in zip(data["causes"], found.findings, strict=True):
        call = finding.runbook
        cause.pop("command")
        cause["runbook"] = None if call is None else _call(call)
    complete = data.pop("complete")
    return Answer(data, complete=complete)


@tool()
def verdict(
    context: ToolContext, project: str, environment: str, since: str = "1h", beside: str | None = None
) -> Answer:
    """Judge whether a new version is as healthy as the old one, from all traffic since the release.

    Args:
        context: what tools share.
        project: by name or id.
        environment: where the new version serves.
        since: when the release was, such as 40min (ago) or a time in ISO 8601 (UTC).
        beside: an environment that serves the old version at the same time; by default the environment itself before
            the release.

    Returns:
        decision (promote, rollback, or what is missing) and a sentence.
    """
    found, missing = judge_release(context.client, project, beside, environment, beginning(since))
    if found is None:
        sentence = "There is not enough traffic of both to compare."
        return Answer({"decision": "not enough traffic", "sentence": sentence, "missing": missing}, complete=False)
    facts: dict[str, Any] = {"decision": found.decision, "sentence": found.sentence}
    facts |= {
        name: getattr(found, name, None)
        for name in ("ratio", "low", "high", "decided_at", "promoted_at", "evidence_exact")
    }
    return Answer(facts, complete=not missing, notes=(missing,) if missing else ())


def _call(call: RunbookCall) -> dict[str, Any]:
    """A runbook as the tool plan takes it."""
    return {
        "runbook": call.function,
        "parameters": named_arguments(call.function, call.arguments, call.options),
    }
