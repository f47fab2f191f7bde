"""The project's directory is not in the repository."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._builds import build_settings_call, builds, finding
from createos_nb.naming import nearest


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find builds that looked in a directory without a program."""
    for build, signal in builds(evidence, "monorepo_path"):
        path = build.row["settings_directory_path"]
        now = str(path) if isinstance(path, str) else "/"
        folders = [folder.lstrip("/") for folder in signal.directories]
        more = [f"the project's directory_path is {now!r}"]
        if build.before is not None and isinstance(build.before["settings_directory_path"], str):
            earlier = build.before["settings_directory_path"]
            more += [f"it was {earlier!r} when version {build.last_good} was built"] if earlier != path else []
            folders = [earlier, *folders] if earlier != path else folders
        guess = nearest(now.lstrip("/"), folders)
        target = folders[0] if build.before is not None and folders else ""
        fix = f"Set directory_path to {target!r}" if target else f"Set directory_path to the program's folder{guess}"
        yield finding(
            evidence,
            "monorepo_path",
            build,
            f"{fix}, and deploy the commit again with the project's settings.",
            build_settings_call(evidence, build, {"directory_path": target}) if target else None,
            more=tuple(more),
        )
