"""What a diagnosis says: a status, a sentence, and causes with what speaks for and against each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pandas as pd

from createos_nb.causes import Status
from createos_nb.diagnostics.evidence.changes import Change
from createos_nb.dtypes import TEXT
from createos_nb.html import Html, code, escaped, html_table

Confidence = Literal["high", "medium", "low"]

_COLUMNS: Final = ("cause", "where", "since", "evidence", "against", "confidence", "fix", "runbook")
#: From these weights on a confidence is high, and medium.
_HIGH, _MEDIUM = 0.8, 0.5
#: From this weight on a cause is told; below it is mentioned.
LIKELY: Final = _MEDIUM
_COLORS: Final[Mapping[Status, str]] = {
    "healthy": "#1a7f37",
    "degraded": "#9a6700",
    "down": "#cf222e",
    "asleep": "#0969da",
    "unknown": "#59636e",
}


@dataclass(frozen=True)
class RunbookCall:
    """A runbook with its arguments, as a call to type, and as a notebook to run.

    Attributes:
        function: its name in `createos_nb.runbooks`.
        arguments: the arguments after the client, by position.
        options: those by name.
        notebook: the notebook that does it step by step; "" where there is none.
        parameters: those of the notebook.
    """

    function: str
    arguments: tuple[str | int, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    notebook: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def call(self) -> str:
        """Return the call in Python."""
        options = [f"{name}={value!r}" for name, value in self.options.items()]
        return f"runbooks.{self.function}({', '.join(['client', *map(repr, self.arguments), *options])})"

    @property
    def command(self) -> str:
        """Return the command to type; "" where no notebook does it."""
        if not self.notebook:
            return ""
        values = [shlex.quote(f"{name}={value}") for name, value in self.parameters.items()]
        return " ".join(["createos-nb run", self.notebook, *(f"-p {value}" for value in values)])


@dataclass(frozen=True)
class Finding:
    """One cause.

    Attributes:
        cause: a word of `createos_nb.causes.CAUSES`, or one that an added rule brings.
        where: "project/environment", "project" or "account".
        since: when it began, as far as is known (UTC).
        weight: how much speaks for it, 0 to 1: it orders the causes and is no probability. How often a cause of each
            confidence is right stands in docs/diagnosis.md.
        evidence: what speaks for it: figures, lines of logs, moments.
        against: what speaks against it.
        fix: what puts it right, as a sentence.
        runbook: the runbook that does it; None where nothing here does.
    """

    cause: str
    where: str
    since: pd.Timestamp | None
    weight: float
    evidence: tuple[str, ...]
    against: tuple[str, ...]
    fix: str
    runbook: RunbookCall | None = None

    @property
    def confidence(self) -> Confidence:
        """Return the weight in a word."""
        return "high" if self.weight >= _HIGH else "medium" if self.weight >= _MEDIUM else "low"


@dataclass(frozen=True, eq=False, repr=False)
class Material:
    """What a diagnosis of an environment has read anyway, so that nobody asks for it once more.

    Attributes:
        traffic: requests of the last 24 hours by status, on their times (UTC), as `analytics.requests_over_time` gives
            them; None where they could not be read.
        log: lines of the runtime log, as `environments.logs` gives them; None where no rule needed it.
        deployments: the newest twenty of the project; None where they could not be read.
        changes: what was changed, newest first, as far as a rule has asked for it.
        live: the version that is live; None where none is, or it is not known.
        earlier: the newest version before it that runs or sleeps; None where none does, or it is not known.
        since: when the trouble began (UTC); None where there is none, or that is not known.
    """

    traffic: pd.DataFrame | None
    log: pd.DataFrame | None
    deployments: pd.DataFrame | None
    changes: tuple[Change, ...]
    live: int | None
    earlier: int | None
    since: pd.Timestamp | None


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """How an environment, or a project's builds, are doing, and why.

    Attributes:
        where: "project/environment" or "project".
        status: "healthy", "degraded", "down", "asleep" or "unknown".
        sentence: the answer, in a sentence.
        findings: the causes, likeliest first.
        notes: what is to be known of the project and the account beside it, and concerns something else.
        missing: what could not be read, and the reason; whoever reads the causes has to know it.
        requests: how many requests it took.
        at: when it was made (UTC).
        material: what it was made of, to be shown beside it.
    """

    where: str
    status: Status
    sentence: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0
    at: pd.Timestamp | None = None
    material: Material | None = field(default=None, compare=False)

    @property
    def complete(self) -> bool:
        """Return whether all that it looks at could be read."""
        return not self.missing

    @property
    def commands(self) -> list[str]:
        """Return the commands that the causes call for, likeliest first."""
        commands = [finding.runbook.command for finding in self.findings if finding.runbook]
        return [command for command in dict.fromkeys(commands) if command]

    @property
    def causes(self) -> pd.DataFrame:
        """Return the causes, likeliest first.

        Returns:
            `cause`, `where`, `since` (UTC), `evidence` and `against` (lines), `confidence`, `fix`, `runbook` (a call).
            `attrs["complete"]` and `attrs["missing"]` say what could not be read.
        """
        rows = [
            {
                "cause": finding.cause,
                "where": finding.where,
                "since": finding.since,
                "evidence": "\n".join(finding.evidence),
                "against": "\n".join(finding.against),
                "confidence": finding.confidence,
                "fix": finding.fix,
                "runbook": finding.runbook.call if finding.runbook else None,
            }
            for finding in self.findings
        ]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        frame["since"] = pd.to_datetime(frame["since"], utc=True).astype("datetime64[us, UTC]")
        frame = frame.astype({name: TEXT for name in _COLUMNS if name != "since"})
        frame.attrs |= {"complete": self.complete, "missing": dict(self.missing)}
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return all of it in values that JSON knows.

        Returns:
            `where`, `at`, `status`, `sentence`, `complete`, `missing`, `causes` (with the command of each), `notes`,
            `requests`.

        Examples:
            >>> client = createos_nb.simulate("crash-loop")
            >>> data = createos_nb.diagnostics.diagnose(client, "storefront", "production").to_dict()
            >>> data["status"], data["causes"][0]["cause"]
            ('down', 'missing_variable')
        """
        causes = [
            {
                "cause": finding.cause,
                "where": finding.where,
                "since": finding.since.isoformat() if finding.since is not None else None,
                "evidence": list(finding.evidence),
                "against": list(finding.against),
                "confidence": finding.confidence,
                "fix": finding.fix,
                "runbook": finding.runbook.call if finding.runbook else None,
                "command": finding.runbook.command or None if finding.runbook else None,
            }
            for finding in self.findings
        ]
        return {
            "where": self.where,
            "at": self.at.isoformat() if self.at is not None else None,
            "status": self.status,
            "sentence": self.sentence,
            "complete": self.complete,
            "missing": dict(self.missing),
            "causes": causes,
            "notes": list(self.notes),
            "requests": self.requests,
        }

    def to_json(self) -> str:
        """Return `to_dict` as a text.

        Returns:
            JSON, indented.

        Examples:
            >>> import json
            >>> client = createos_nb.simulate("storefront")
            >>> text = createos_nb.diagnostics.diagnose(client, "storefront", "production").to_json()
            >>> json.loads(text)["status"]
            'healthy'
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def __repr__(self) -> str:
        lines = [f"{self.where}: {self.status}", f"  {self.sentence}"]
        for number, finding in enumerate(self.findings, start=1):
            since = f", since {finding.since:%Y-%m-%d %H:%M} UTC" if finding.since is not None else ""
            lines += ["", f"  {number}. {finding.cause} at {finding.where}{since} ({finding.confidence} confidence)"]
            lines += [f"     + {text}" for text in finding.evidence]
            lines += [f"     - {text}" for text in finding.against]
            lines += [f"     fix: {finding.fix}"]
            lines += [f"     {finding.runbook.call}"] if finding.runbook else []
        lines += [f"  also: {note}" for note in self.notes]
        lines += [f"  not read: {name} ({reason})" for name, reason in self.missing.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        color = _COLORS.get(self.status, _COLORS["unknown"])
        badge = Html(f'<b style="color:{color}">{escaped(self.status)}</b>')
        parts = [f"<p><b>{escaped(self.where)}</b>: {badge}. {escaped(self.sentence)}</p>"]
        if self.findings:
            rows = [
                (
                    finding.cause,
                    finding.where,
                    f"{finding.since:%Y-%m-%d %H:%M}" if finding.since is not None else "not known",
                    _lines(finding.evidence),
                    _lines(finding.against),
                    finding.confidence,
                    Html(escaped(finding.fix) + (f"<br>{code(finding.runbook.call)}" if finding.runbook else "")),
                )
                for finding in self.findings
            ]
            titles = ("cause", "where", "since (UTC)", "evidence", "against", "confidence", "fix")
            parts.append(html_table(rows, titles))
        parts += [f"<p>Also: {escaped(note)}</p>" for note in self.notes]
        parts += [f"<p>Not read: {escaped(name)} ({escaped(reason)})</p>" for name, reason in self.missing.items()]
        return "".join(parts)


def _lines(texts: tuple[str, ...]) -> Html:
    return Html("<br>".join(escaped(text) for text in texts))
