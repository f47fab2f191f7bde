"""The causes that a draft holds, and the ground truth that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from createos_nb.causes import Cause
from createos_nb.simulator.scenario.drafts.app import App, Release, ago
from createos_nb.simulator.scenario.schema import CauseSection, GroundTruthSection


@dataclass
class Finding:
    """A cause that a draft holds.

    Attributes:
        cause: the word for it.
        where: what it concerns.
        began: seconds before the start; negative for what is still to come, None for what always was.
        sentence: what is the matter.
        fix: what puts it right.
        app: the app that it is about.
        release: the deployment to blame.
        runbook: the runbook that puts it right.
        arguments: those of its arguments that count; a `Release` stands for its number.
    """

    cause: Cause
    where: str
    began: int | None
    sentence: str
    fix: str
    app: App | None = None
    release: Release | None = None
    runbook: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Return the place of the account that it concerns; empty where it is in none."""
        if self.app is None:
            return ""
        return self.where if self.where == self.app.place else self.app.name

    def section(self) -> CauseSection:
        """Return it as a section of a file; the draft must be finished."""
        app, began = self.app, self.began
        arguments = {
            name: app.number(value) if app is not None and isinstance(value, Release) else value
            for name, value in self.arguments.items()
        }
        return CauseSection(
            cause=self.cause,
            where=self.where,
            began=None if began is None else ago(began) if began >= 0 else f"+{-began // 60}min",
            version=app.number(self.release) if app is not None and self.release is not None else None,
            runbook=self.runbook,
            arguments=arguments,
        )


def ground_truth(findings: Sequence[Finding], facts: dict[str, Any]) -> GroundTruthSection:
    """Return what findings and facts come to; without findings all is well."""
    if not findings:
        return GroundTruthSection(healthy=True, facts=facts)
    causes = [finding.section() for finding in findings]
    first = findings[0]
    last_good = None
    if first.app is not None and first.release is not None and first.release.live != first.release.pushed:
        last_good = first.app.number(first.app.last_good(first.release))
    return GroundTruthSection(
        healthy=False,
        kind=first.cause.replace("_", " "),
        root_cause=" ".join(dict.fromkeys(finding.sentence for finding in findings)),
        where=list(dict.fromkeys(finding.place for finding in findings if finding.place)),
        version=causes[0].version,
        last_good=last_good,
        began=causes[0].began,
        fix=" ".join(dict.fromkeys(finding.fix for finding in findings)),
        facts=facts,
        causes=causes,
    )
