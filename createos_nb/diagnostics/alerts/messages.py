"""The messages of a watch: what happened where, since when, what the diagnosis says, and what to type."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING

from createos_nb.display import human_duration
from createos_nb.notify.message import Kind, Message

if TYPE_CHECKING:
    from createos_nb.diagnostics.alerts.alert import Alert
    from createos_nb.diagnostics.alerts.tracker import Event
    from createos_nb.diagnostics.diagnosis import Diagnosis


def message_of(event: Event, where: str) -> Message:
    """Return the message of an event of an alert on an account."""
    alert = event.alert
    kind: Kind = "success" if event.change == "ends" else "failure" if alert.severity == "page" else "warning"
    lines = [f"{alert.kind} since {alert.since:%Y-%m-%d %H:%M} UTC"]
    if event.change == "ends":
        title = f"[over] {alert.place}: {alert.sentence}"
        ended = alert.ended or alert.seen
        lines = [f"{lines[0]}, over since {ended:%H:%M} UTC after {human_duration(_seconds(alert.since, ended))}"]
    else:
        title = f"[{alert.severity}] {alert.place}: {alert.sentence}"
        lines += alert.diagnosis.splitlines()
        lines += [f"  {command}" for command in alert.commands]
    return Message(title=title, body="\n".join([*lines, where]), kind=kind)


def diagnosis_lines(diagnosis: Diagnosis) -> str:
    """Return what a message says of a diagnosis: its sentence, and the likeliest cause with what speaks against it."""
    lines = [f"diagnosis: {diagnosis.sentence}"]
    if diagnosis.findings:
        first = diagnosis.findings[0]
        lines.append(f"cause: {first.cause} at {first.where} ({first.confidence} confidence)")
        lines += [f"against it: {text}" for text in first.against]
        lines += [f"fix: {first.fix}"] if first.fix not in diagnosis.sentence else []
    lines += [f"not read: {name} ({reason})" for name, reason in diagnosis.missing.items()]
    return "\n".join(lines)


def diagnose_command(project: str, environment: str) -> str:
    """Return the command that explains what is wrong at a place."""
    return shlex.join(["createos-nb", "diagnose", project, *([environment] if environment else [])])


def line_of(event: Event) -> str:
    """Return the line of an event, for a terminal or a log."""
    alert = event.alert
    word = {"begins": alert.severity.upper(), "rises": "PAGE", "ends": "over"}[event.change]
    return f"{word:<6} {alert.place}: {alert.sentence} ({alert.kind}, since {alert.since:%Y-%m-%d %H:%M} UTC)"


def alert_facts(alert: Alert) -> dict[str, object]:
    """Return an alert in values that JSON knows."""
    return {
        "key": alert.key,
        "kind": alert.kind,
        "place": alert.place,
        "severity": alert.severity,
        "since": alert.since.isoformat(),
        "ended": alert.ended.isoformat() if alert.ended else None,
        "sentence": alert.sentence,
        "diagnosis": alert.diagnosis or None,
        "commands": list(alert.commands),
        "unknown": alert.unknown or None,
    }


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
