"""Each environment has a clear description."""

from __future__ import annotations

from collections.abc import Iterator

from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import quoted, slug, text

GROUP = "order"
SEVERITY = "low"
SCOPE = "environment"
ASKS = "a clear description for each environment"


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Look whether there is one that says more than the names do; a single word may be clear, or not."""
    row = environment.row
    description = text(row, "description")
    names = {slug(environment.name), slug(text(row, "display_name")), slug(environment.project.name), ""}
    names |= {f"{name}-environment" for name in names}
    update = (
        f"client.environments.update({environment.project.name!r}, {environment.name!r}, "
        f"display_name={text(row, 'display_name')!r}, branch={text(row, 'branch') or None!r}, description=…)"
    )
    if not description:
        yield Outcome(False, "it has none", f"Say what it is for: {update}.")
    elif slug(description) in names:
        yield Outcome(False, f"{quoted(description)} says no more than its name", f"Say what it is for: {update}.")
    elif len(description.split()) == 1:
        yield Outcome(None, f"{quoted(description)}: whether one word is clear, nobody can tell from here")
    else:
        yield Outcome(True, quoted(description))
