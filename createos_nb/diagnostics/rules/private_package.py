"""A build asks for a package that it may not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.build_fixes import build_fix
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._builds import build_variable_call, builds, finding


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find builds that were refused a package."""
    for build, signal in builds(evidence, "private_package"):
        more: tuple[str, ...] = ()
        if signal.variable and _among_run_envs(build.row, signal.variable):
            more = (f"{signal.variable} is set among the run_envs, which a build does not see",)
        call = build_variable_call(evidence, build, signal.variable)
        yield finding(evidence, "private_package", build, build_fix(signal).text, call, more=more)


def _among_run_envs(row: object, name: str) -> bool:
    values = row["run_envs"]  # type: ignore[index]  # a row of the list
    return isinstance(values, dict) and name in values
