"""The port of the settings is the one that the app listens on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import count, text, whole
from createos_nb.diagnostics.runbook_calls import settings_call

GROUP = "reliability"
SEVERITY = "high"
SCOPE = "environment"
ASKS = "the port is the one the app listens on"

_HOUR: Final = pd.Timedelta("1h")


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Look whether requests are answered; where none is, the log says on which port the app listens.

    A deployment whose health check failed says so in its build log. A log is read only where something failed.
    """
    project = environment.project
    port = whole(project.row, "settings_port")
    for build in project.unhealthy_builds(environment.row["branch"], environment.live):
        if build.signal is not None and build.signal.cause == "wrong_port" and build.signal.port:
            call = settings_call(
                project.client,
                project.name,
                {"port": build.signal.port},
                environment=environment.name,
                version=build.version,
            )
            fix = f"Set the port to {build.signal.port}, and deploy v{build.version} again."
            yield Outcome(False, f"v{build.version} failed: {build.signal.line[:160]}", fix, call)
            return
    if port is None and project.row["type"] == "vcs":
        yield Outcome(False, "no port is set: the health check of the next deployment fails", "Set the port.")
        return
    if environment.is_live:
        yield _of_live(environment, port)


def _of_live(environment: EnvironmentEvidence, port: int | None) -> Outcome:
    live = environment.live
    if live is None:
        return Outcome(None, "the live deployment can't be read")
    deployed_with = whole(live, "settings_port") or port
    # before it was built, or assigned, another version answered
    moments = [live["created_at"], live["updated_at"], environment.row["updated_at"]]
    since = max((moment for moment in moments if pd.notna(moment)), default=environment.now)
    sums = environment.requests_since(max(since, environment.now - _HOUR))
    if sums is None:
        return Outcome(None, "its requests can't be read")
    asked, failed = sums if sums[0] else environment.requests_since(since) or (0, 0)
    if not asked:
        return Outcome(None, f"nobody has asked for v{environment.version} lately")
    if failed < asked:
        answers = f"{asked - failed:,} of {count(asked, 'request')} were answered on port {deployed_with}"
        if port is not None and port != deployed_with:
            return Outcome(None, f"{answers}; the next deployment takes {port}, on which nobody has asked yet")
        return Outcome(True, answers)
    if text(live, "status") == "sleeping":
        return Outcome(None, "it sleeps, and answers nobody")
    return _of_log(environment, asked)


def _of_log(environment: EnvironmentEvidence, asked: int) -> Outcome:
    signals = environment.signals
    if signals is None:
        return Outcome(None, f"none of {count(asked, 'request')} was answered, and the log can't be read")
    for signal in signals.of("port"):
        if signal.detail:
            return Outcome(
                False,
                f'the log says "{signal.example[:160]}" {count(signal.count, "time")}',
                f"Set the port to {signal.detail}, and deploy again.",
                settings_call(
                    environment.client,
                    environment.project.name,
                    {"port": int(signal.detail)},
                    environment=environment.name,
                ),
            )
    return Outcome(None, f"none of {count(asked, 'request')} was answered, and the log names no port")
