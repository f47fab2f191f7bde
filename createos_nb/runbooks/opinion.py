"""What the diagnosis of an environment says of a plan for it: a line among the warnings, which refuses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb import threads
from createos_nb.client.shared_reads import sharing
from createos_nb.diagnostics.diagnose import diagnose
from createos_nb.diagnostics.diagnosis import Diagnosis, Finding
from createos_nb.errors import InvalidInput
from createos_nb.plans.snapshot import SLOW, name_of
from createos_nb.progress import reading_line

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.plans.snapshot import Named

#: From this weight on a cause counts as known.
_LIKELY: Final = 0.5
#: A diagnosis that is older says so: things may be otherwise by now.
_FRESH: Final = pd.Timedelta("10min")
#: What a plan of a runbook does, in words.
_ACTS: Final[Mapping[str, str]] = {
    "rollback": "a rollback",
    "scale": "scaling",
}


class Opinion:
    """A diagnosis that is there, is being made, or could not be made; `given`: a diagnosis, or whether to make one."""

    def __init__(self, given: object, runbook: str) -> None:
        if not (given is None or isinstance(given, bool | Diagnosis)):
            raise InvalidInput(
                f"{runbook}: diagnosis={type(given).__name__} is no diagnosis: pass what diagnostics.diagnose returned"
                ", True to make one, or False for none"
            )
        self._runbook, self._make = runbook, given is True
        self.diagnosis = given if isinstance(given, Diagnosis) else None
        self._error: Exception | None = None

    @contextmanager
    def beside(self, client: Client, project: str, environment: str) -> Iterator[None]:
        """Make a diagnosis, if one is to be made, while the plan is; what both read is read once, its error is kept."""
        if not self._make:
            yield
            return

        def make() -> None:
            try:
                self.diagnosis = diagnose(client, project, environment)
            except Exception as error:  # noqa: BLE001  # a plan is made without it, and says so
                self._error = error

        with sharing():
            context = copy_context()
            thread = threads.start(lambda: context.run(make), "createos-nb-diagnosis")
            try:
                yield
            except Exception:
                if thread is not None:
                    thread.join()  # nothing is asked for after the error was told
                raise
            if thread is None:
                make()
            else:
                with reading_line("diagnosis", client.clock, slow=client.transport.log.last_duration > SLOW):
                    thread.join()

    def lines(
        self, client: Client, owner: Project, row: Environment, options: Mapping[str, int | str | None]
    ) -> list[str]:
        """Return what is to be known of it before a plan with these options is applied: a line, or none."""
        if self._error is not None:
            reason = str(self._error).split("\n", 1)[0] or type(self._error).__name__
            return [f"there is no diagnosis: {reason}; whether {self._act} helps is not known"]
        if self.diagnosis is None:
            return []
        places = {f"{project}/{environment}" for project in _names(owner) for environment in _names(row)}
        if self.diagnosis.where not in places:
            raise InvalidInput(
                f"{self._runbook}: this diagnosis is of {self.diagnosis.where}, and the plan is for "
                f"{name_of(owner)}/{name_of(row)}: diagnose that one, or pass diagnosis=False"
            )
        verdict = self._verdict(self.diagnosis, options)
        if not verdict:
            return []
        unread = ", ".join(self.diagnosis.missing)
        return [verdict + (f" (not read: {unread})" if unread else "") + _age(self.diagnosis, client)]

    @property
    def _act(self) -> str:
        return _ACTS[self._runbook]

    def _verdict(self, diagnosis: Diagnosis, options: Mapping[str, int | str | None]) -> str:
        likely = [finding for finding in diagnosis.findings if finding.weight >= _LIKELY]
        if not likely:
            if diagnosis.status != "healthy":
                return f"the diagnosis does not know whether {self._act} helps: {_plain(diagnosis.sentence)}"
            # what is well can be scaled for what is to come; to take it back needs a fault
            against = f"the diagnosis speaks against it: {_plain(diagnosis.sentence)}; {self._act} cures nothing"
            return against if self._runbook == "rollback" else ""
        first = likely[0]
        cured = next((one for one in likely if one.runbook and one.runbook.function == self._runbook), None)
        if cured is None and f"until then {self._act}" in first.fix:  # it serves, and cures nothing
            return f"the diagnosis agrees in part: {_cause(first, diagnosis)}. {_plain(first.fix)}"
        if cured is None:
            cures = "" if self._act in first.fix else f"; {self._act} does not cure that"
            return f"the diagnosis speaks against it: {_cause(first, diagnosis)}{cures}. {_plain(first.fix)}"
        assert cured.runbook is not None
        other = {name: value for name, value in cured.runbook.options.items() if options.get(name) != value}
        says = "".join(f"; it says {name}={value!r}" for name, value in other.items())
        if cured is first:
            return f"the diagnosis agrees: {_cause(first, diagnosis)}{says}"
        return (
            f"the diagnosis agrees in part: {_cause(cured, diagnosis)}{says}; likelier is {_cause(first, diagnosis)}. "
            f"{_plain(first.fix)}"
        )


def _age(diagnosis: Diagnosis, client: Client) -> str:
    age = pd.Timedelta(0) if diagnosis.at is None else client.now - diagnosis.at
    return f" (diagnosed {age // pd.Timedelta('1min')} minutes ago: diagnose it again)" if age > _FRESH else ""


def _plain(sentence: str) -> str:
    return sentence.rstrip(".")


def _names(row: Named) -> list[str]:
    return [name for name in (row.unique_name, row.id) if name]


def _cause(finding: Finding, diagnosis: Diagnosis) -> str:
    """Return a cause with since when, how sure it is, and what speaks for it."""
    since = ""
    if finding.since is not None:
        same_day = diagnosis.at is not None and finding.since.date() == diagnosis.at.date()
        since = f" since {finding.since:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}} UTC"
    sure = "" if finding.confidence == "high" else f", {finding.confidence} confidence"
    place = "" if finding.where == diagnosis.where else f" at {finding.where}"
    return f"{finding.cause}{place}{since}{sure} ({'; '.join(finding.evidence)})"
