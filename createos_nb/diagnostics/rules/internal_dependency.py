"""Another project of the account, which the app asks, fails or is slow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import errors_text, percent
from createos_nb.diagnostics.rules._dependency import dependency


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find an environment of the account that most failures name."""
    asked = dependency(evidence)
    if asked is None or asked.inside is None:
        return
    place = asked.inside
    texts = [
        asked.text,
        errors_text(evidence),
    ]
    against = []
    weight = 0.75
    if place.stretch is not None:
        weight = 0.92
        texts.append(
            f"{place.where} fails {percent(place.stretch.within)} of its requests since {place.stretch.start:%H:%M}"
        )
    elif not place.live:
        weight = 0.9
        texts.append(f"{place.where} has no deployment")
    else:
        against.append(f"{place.where} answers its requests as ever")
    yield Finding(
        "internal_dependency",
        evidence.where,
        evidence.requests.since,
        weight,
        tuple(texts),
        tuple(against),
        f'Mend {place.where}: diagnostics.diagnose(client, "{place.project}", "{place.environment}") says how.',
    )
